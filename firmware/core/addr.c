#include "addr.h"

#include <string.h>

#include "bytes.h"
#include "md5.h"
#include "fmt.h"

struct addr addr_of(uint8_t family, const uint8_t *b)
{
    struct addr a = {.family = family};
    memcpy(a.b, b, addr_size(&a));
    return a;
}

size_t addr_size(const struct addr *a)
{
    return a->family == 4 ? 4 : a->family == 6 ? 16 : 0;
}

/* ---- reading ------------------------------------------------------------- */

/* A decimal number up to max without leading zeros; moves *p past it.
 * -1: there is none. */
static int take_decimal(const char **p, int max)
{
    int v = 0, digits = 0;
    bool zero = **p == '0';
    for (; **p >= '0' && **p <= '9' && digits < 4; (*p)++, digits++)
        v = v * 10 + (**p - '0');
    return digits == 0 || v > max || (zero && digits > 1) ? -1 : v;
}

static bool read_ip4(const char *p, uint8_t b[4])
{
    for (int i = 0; i < 4; i++) {
        if (i > 0 && *p++ != '.')
            return false;
        int v = take_decimal(&p, 255);
        if (v < 0)
            return false;
        b[i] = (uint8_t)v;
    }
    return *p == 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Up to four hexadecimal digits; moves *p past them. -1: there is none. */
static int take_group(const char **p)
{
    int v = 0, digits = 0;
    for (; digits < 4 && hex_value(**p) >= 0; (*p)++, digits++)
        v = v * 16 + hex_value(**p);
    return digits == 0 ? -1 : v;
}

/* RFC 4291 section 2.2: eight groups, one run of zeros as "::", the last two
 * groups perhaps as A.B.C.D. */
static bool read_ip6(const char *p, uint8_t b[16])
{
    size_t n = 0, gap = 0; /* bytes so far; where "::" stood among them */
    bool has_gap = p[0] == ':' && p[1] == ':';
    if (has_gap)
        p += 2;
    while (*p) {
        if (n <= 12 && read_ip4(p, b + n)) {
            n += 4;
            break;
        }
        int v = take_group(&p);
        if (v < 0 || n == 16)
            return false;
        bytes_put16(b + n, (uint16_t)v);
        n += 2;
        if (*p == 0)
            break;
        if (*p++ != ':' || *p == 0)
            return false;
        if (*p == ':') {
            if (has_gap)
                return false;
            has_gap = true;
            gap = n;
            p++;
        }
    }
    if (!has_gap)
        return n == 16;
    if (n > 14) /* "::" stands for one group at least */
        return false;
    memmove(b + 16 - (n - gap), b + gap, n - gap);
    memset(b + gap, 0, 16 - n);
    return true;
}

int addr_parse(const char *text, struct addr *out)
{
    uint8_t b[16];
    if (read_ip4(text, b))
        *out = addr_of(4, b);
    else if (read_ip6(text, b))
        *out = addr_of(6, b);
    else
        return RC_BAD;
    return RC_OK;
}

int addr_prefix_parse(const char *text, struct addr_prefix *out)
{
    char address[ADDR_TEXT];
    struct addr a;
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    if (len >= sizeof address)
        return RC_BAD;
    memcpy(address, text, len);
    address[len] = 0;
    if (addr_parse(address, &a) < 0)
        return RC_BAD;
    int most = (int)addr_size(&a) * 8, bits = most;
    if (slash) {
        slash++;
        bits = take_decimal(&slash, most);
        if (bits < 0 || *slash)
            return RC_BAD;
    }
    *out = (struct addr_prefix){.addr = a, .bits = (uint8_t)bits};
    return RC_OK;
}

/* ---- writing ------------------------------------------------------------- */

/* RFC 5952 section 4.2: the first of the longest runs of two or more groups
 * that are 0, as [*first, *first + length). */
static size_t longest_zeros(const uint8_t b[16], size_t *first)
{
    size_t best = 0, run = 0;
    for (size_t i = 0; i < 8; i++) {
        run = bytes_get16(b + 2 * i) == 0 ? run + 1 : 0;
        if (run > best) {
            best = run;
            *first = i + 1 - run;
        }
    }
    return best < 2 ? 0 : best;
}

static void add_ip4(struct fmt_text *t, const uint8_t b[4])
{
    fmt_add(t, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

static void add_ip6(struct fmt_text *t, const uint8_t b[16])
{
    size_t first = 0, zeros = longest_zeros(b, &first);
    /* Section 5: an IPv4 address inside shows where everybody knows it does,
     * ::ffff:0:0/96 and, as the C library has it, ::/96. */
    bool mixed =
        zeros && first == 0 &&
        (zeros == 6 || (zeros == 5 && bytes_get16(b + 10) == UINT16_MAX));
    for (size_t i = 0; i < (mixed ? 6 : 8); i++) {
        if (zeros && i == first)
            fmt_add(t, "::");
        if (zeros && i >= first && i < first + zeros)
            continue;
        fmt_add(t, "%s%x", i == 0 || (zeros && i == first + zeros) ? "" : ":",
                (unsigned)bytes_get16(b + 2 * i));
    }
    if (mixed) {
        if (zeros == 5)
            fmt_add(t, ":");
        add_ip4(t, b + 12);
    }
}

void addr_text(const struct addr *a, char out[ADDR_TEXT])
{
    struct fmt_text t = fmt_text_of(out, ADDR_TEXT);
    if (a->family == 4)
        add_ip4(&t, a->b);
    else if (a->family == 6)
        add_ip6(&t, a->b);
}

void addr_prefix_text(const struct addr_prefix *p, char out[ADDR_PREFIX_TEXT])
{
    char address[ADDR_TEXT];
    addr_text(&p->addr, address);
    struct fmt_text t = fmt_text_of(out, ADDR_PREFIX_TEXT);
    if (address[0])
        fmt_add(&t, "%s/%u", address, p->bits);
}

/* ---- comparing ----------------------------------------------------------- */

int addr_compare(const struct addr *a, const struct addr *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->b, b->b, addr_size(a));
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
    return addr_compare(a, b) == 0;
}

bool addr_in_prefix(const struct addr *a, const struct addr_prefix *p)
{
    size_t whole = p->bits / 8;
    unsigned rest = p->bits % 8;
    if (a->family != p->addr.family || a->family == 0 ||
        memcmp(a->b, p->addr.b, whole) != 0)
        return false;
    return rest == 0 || (a->b[whole] ^ p->addr.b[whole]) >> (8 - rest) == 0;
}

bool addr_is_unicast(const struct addr *a)
{
    static const uint8_t zero[15], mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (a->family == 4)
        return a->b[0] != 0 && a->b[0] != 127 && a->b[0] < 224;
    return a->family == 6 && a->b[0] != 0xff &&
           memcmp(a->b, mapped, sizeof mapped) != 0 &&
           !(memcmp(a->b, zero, sizeof zero) == 0 && a->b[15] <= 1);
}

uint32_t addr_refid(const struct addr *a)
{
    uint8_t digest[16];
    if (a->family == 4)
        return bytes_get32(a->b);
    if (a->family != 6)
        return 0;
    md5_short(a->b, addr_size(a), digest);
    return bytes_get32(digest);
}
