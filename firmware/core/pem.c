#include "pem.h"

#define LABEL_MAX 64

bool pem_cut(struct der_view *v, const char *words, struct der_view *before)
{
    size_t n = strlen(words);
    for (size_t i = 0; i + n <= v->len; i++) {
        if (memcmp(v->p + i, words, n) != 0)
            continue;
        *before = (struct der_view){v->p, i};
        v->p += i + n;
        v->len -= i + n;
        return true;
    }
    return false;
}

bool pem_is(struct der_view v, const char *words)
{
    return der_is(v, words, strlen(words));
}

bool pem_ends_with(struct der_view v, const char *words)
{
    size_t n = strlen(words);
    return v.len >= n && memcmp(v.p + v.len - n, words, n) == 0;
}

int pem_next(struct der_view *file, struct pem *block)
{
    struct der_view skipped;
    if (!pem_cut(file, "-----BEGIN ", &skipped))
        return RC_STATE;
    if (!pem_cut(file, "-----", &block->label) ||
        block->label.len > LABEL_MAX ||
        !pem_cut(file, "-----END ", &block->body))
        return RC_BAD;
    return RC_OK;
}

static int digit64(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* How many bytes stand there that pages, mail and programs put among base64:
 * blanks, no-break ones and ones without width, > before a line, \n for one. */
static size_t no_digit(struct der_view body, size_t i)
{
    static const char *const odd[] = {
        "\xc2\xa0", "\xc2\xad", "\xe2\x80\x8b", "\xef\xbb\xbf", "\\n", "\\r"};
    uint8_t c = body.p[i];
    if (c == ' ' || (c >= '\t' && c <= '\r') || c == '>')
        return 1;
    for (size_t k = 0; k < LEN(odd); k++) {
        size_t n = strlen(odd[k]);
        if (n <= body.len - i && memcmp(body.p + i, odd[k], n) == 0)
            return n;
    }
    return 0;
}

int pem_decode(struct der_view body, uint8_t *out, size_t cap)
{
    uint32_t bits = 0;
    unsigned have = 0, digits = 0, padding = 0;
    size_t n = 0;
    for (size_t i = 0, skip; i < body.len; i++) {
        uint8_t c = body.p[i];
        if ((skip = no_digit(body, i)) > 0) {
            i += skip - 1;
            continue;
        }
        digits++;
        if (c == '=') {
            padding++;
            continue;
        }
        int d = digit64(c);
        if (d < 0 || padding)
            return RC_BAD;
        bits = bits << 6 | (uint32_t)d;
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        if (n == cap)
            return RC_SPACE;
        out[n++] = (uint8_t)(bits >> have);
    }
    bool rest = bits & ((1u << have) - 1);
    return digits % 4 || padding > 2 || rest ? RC_BAD : (int)n;
}

bool pem_utf16(const uint8_t *p, size_t len)
{
    return len >= 2 &&
           ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff) ||
            (p[0] == '-' && p[1] == 0) || (p[0] == 0 && p[1] == '-'));
}
