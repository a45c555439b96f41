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

bool pem_utf16(const uint8_t *p, size_t len)
{
    return len >= 2 &&
           ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff) ||
            (p[0] == '-' && p[1] == 0) || (p[0] == 0 && p[1] == '-'));
}
