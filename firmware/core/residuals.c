#include "residuals.h"

#include <math.h>

#define SIGMAS_PER_MEDIAN 1.4826 /* of a Gaussian's magnitude */
#define SPREAD_MAX        1e18

void residuals_add(struct residuals *r, uint64_t ticks, double resid_s)
{
    r->ticks[r->next] = ticks;
    r->s[r->next] = resid_s;
    r->next = (uint8_t)((r->next + 1) % RESIDUALS);
    if (r->count < RESIDUALS)
        r->count++;
}

/* The index of the i-th oldest. */
static size_t place(const struct residuals *r, size_t i)
{
    return ((size_t)r->next + RESIDUALS - r->count + i) % RESIDUALS;
}

span_ns residuals_spread_ns(const struct residuals *r)
{
    double sorted[RESIDUALS];
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++) {
        double v = fabs(r->s[i]);
        size_t at = n++;
        for (; at > 0 && sorted[at - 1] > v; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = v;
    }
    if (n < 2)
        return 0;
    double ns =
        (sorted[(n - 1) / 2] + sorted[n / 2]) / 2 * SIGMAS_PER_MEDIAN * 1e9;
    return ns < SPREAD_MAX ? (span_ns)ns : (span_ns)SPREAD_MAX;
}

unsigned residuals_runs(const struct residuals *r)
{
    unsigned runs = 0;
    for (size_t i = 0; i < r->count; i++)
        if (i == 0 || (r->s[place(r, i)] < 0) != (r->s[place(r, i - 1)] < 0))
            runs++;
    return runs;
}

uint64_t residuals_span_ticks(const struct residuals *r)
{
    if (r->count < 2)
        return 0;
    return r->ticks[place(r, r->count - 1u)] - r->ticks[place(r, 0)];
}
