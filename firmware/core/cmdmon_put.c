#include "cmdmon_private.h"

#define NEVER UINT32_MAX

uint32_t cmdmon_float(double x)
{
    bool negative = x < 0;
    int e = 24; /* x * 2^(25 - e) is the coefficient */
    double c = negative ? -x * 2 : x * 2;
    if (!(c > 0)) /* NaN, too */
        return 0;
    for (; c >= 16777216 && e < 63; e++)
        c /= 2;
    for (; c < 8388608 && e > -64; e--)
        c *= 2;
    uint32_t n = c >= 16777216 ? 16777216 : (uint32_t)(c + 0.5);
    if (n == 16777216 && !negative) { /* 2^24 only below 0 */
        n = e < 63 ? 8388608 : 16777215;
        e += e < 63;
    }
    n = negative ? 0 - n : n;
    return n == 0 ? 0 : (uint32_t)e << 25 | (n & 0x1ffffff);
}

void cmdmon_put_float(struct cmdmon_answer *a, double x)
{
    writer_u32(&a->w, cmdmon_float(x));
}

void cmdmon_put_ns(struct cmdmon_answer *a, span_ns ns)
{
    cmdmon_put_float(a, (double)ns / 1e9);
}

void cmdmon_put_ppm(struct cmdmon_answer *a, int64_t e12)
{
    cmdmon_put_float(a, (double)e12 / 1e6);
}

void cmdmon_put_zeros(struct cmdmon_answer *a, size_t n)
{
    uint8_t *p = writer_room(&a->w, n);
    if (p)
        memset(p, 0, n);
}

void cmdmon_put_addr(struct cmdmon_answer *a, const struct addr *x)
{
    writer_bytes(&a->w, x->b, sizeof x->b);
    writer_u16(&a->w, x->family == 4 ? 1 : x->family == 6 ? 2 : 0);
    writer_u16(&a->w, 0);
}

/* A source without an address has a number, from 1. */
void cmdmon_put_source(struct cmdmon_answer *a, const struct status *s,
                       uint32_t i)
{
    const struct addr *x = status_source_addr(&s->sources.row[i]);
    if (x->family != 0) {
        cmdmon_put_addr(a, x);
        return;
    }
    writer_u32(&a->w, i + 1);
    cmdmon_put_zeros(a, 12);
    writer_u16(&a->w, 3);
    writer_u16(&a->w, 0);
}

void cmdmon_put_time(struct cmdmon_answer *a, int64_t unix_s, uint32_t ns)
{
    writer_u64(&a->w, (uint64_t)unix_s);
    writer_u32(&a->w, ns);
}

uint32_t cmdmon_ago_s(int64_t s)
{
    return s < 0 ? NEVER : s < NEVER ? (uint32_t)s : NEVER - 1;
}

struct addr cmdmon_take_addr(struct reader *r)
{
    const uint8_t *b = reader_take(r, 16);
    uint16_t family = reader_u16(r);
    return b && family == 1   ? addr_of(4, b)
           : b && family == 2 ? addr_of(6, b)
                              : (struct addr){0};
}
