#include "filter_delay.h"

#include <math.h>
#include <string.h>

#define AGE_MAX    86400
#define RUN        32  /* round trips that show a longer way                  */
#define OLD_MIN    16  /* and so many to compare them with                    */
#define TURN       32  /* or so many on either way, in the mean               */
#define SHARP      0.2 /* of the shift                                        */
#define RANK       6   /* the k-th smallest bounds the doubt of the smallest  */
#define LATELY     12
#define NEAR       0.5f /* of the median's excess                            */
#define FRESH      4.0 /* one round trip: the least may be a quarter less     */
#define DELAY_MAX  1e6
#define ENDS_KNOWN 64   /* round trips that tell a law                       */
#define ENDS_LEAST 0.20 /* of all that they take up: the middle half, ...    */
#define ENDS_MOST  0.38
#define ENDS_OFF   0.1 /* ... and the median, from the middle               */

static unsigned rank_of(const struct filter_delay *d, float v)
{
    unsigned lo = 0, hi = d->n;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (d->sorted[mid] < v)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static unsigned oldest(const struct filter_delay *d)
{
    return (unsigned)(d->next + FILTER_DELAYS - d->n) % FILTER_DELAYS;
}

static void drop_oldest(struct filter_delay *d)
{
    unsigned at = rank_of(d, d->ring[oldest(d)]);
    memmove(&d->sorted[at], &d->sorted[at + 1],
            (d->n - at - 1u) * sizeof d->sorted[0]);
    d->n--;
}

static void insert(struct filter_delay *d, float v, uint32_t now_s)
{
    unsigned at = rank_of(d, v);
    memmove(&d->sorted[at + 1], &d->sorted[at],
            (d->n - at) * sizeof d->sorted[0]);
    d->sorted[at] = v;
    d->ring[d->next] = v;
    d->at[d->next] = now_s;
    d->next = (uint16_t)((d->next + 1) % FILTER_DELAYS);
    d->n++;
}

static float back(const struct filter_delay *d, unsigned i)
{
    return d->ring[(d->next + FILTER_DELAYS - i) % FILTER_DELAYS];
}

/* Those before the last RUN: did they change sides of `low` so seldom that
 * the way was another one for long, now and then? */
static bool in_turns(const struct filter_delay *d, float low)
{
    unsigned turns = 0;
    for (unsigned i = RUN + 1; i < d->n; i++)
        turns += (back(d, i) < low) != (back(d, i + 1) < low);
    return turns <= d->n / TURN;
}

/* Have the last RUN come by a longer way than all before? */
static bool longer_way(const struct filter_delay *d)
{
    if (d->n < RUN + OLD_MIN)
        return false;
    float low[RANK];
    unsigned n = 0;
    for (unsigned i = 1; i <= RUN; i++) {
        float v = back(d, i);
        unsigned at = n < RANK ? n++ : RANK;
        for (; at > 0 && low[at - 1] > v; at--)
            if (at < RANK)
                low[at] = low[at - 1];
        if (at < RANK)
            low[at] = v;
    }
    unsigned old = d->n - RUN;
    unsigned above = d->n - rank_of(d, low[0]) - RUN;
    float shift = low[0] - d->sorted[0];
    return low[RANK - 1] - low[0] < SHARP * shift &&
           (above <= old / 8 || in_turns(d, low[0]));
}

static bool usual(const struct filter_delay *d)
{
    float low = d->sorted[0] + (d->sorted[d->n / 2] - d->sorted[0]) * NEAR;
    for (unsigned i = 1; i <= LATELY && i <= d->n; i++)
        if (back(d, i) <= low)
            return true;
    return false;
}

/* Do they spread as two ways do of which neither can take longer than so much?
 * Their density is a triangle: the middle half takes 0.29 of all, and the
 * median is in the middle. A heavy tail's is not, nor are two routes, nor one
 * way alone. */
static bool two_ends(const struct filter_delay *d)
{
    double range = d->most - d->least;
    return d->n >= ENDS_KNOWN && d->iqr > ENDS_LEAST * range &&
           d->iqr < ENDS_MOST * range &&
           fabs(d->median - (d->most + d->least) / 2) < ENDS_OFF * range;
}

static void digest(struct filter_delay *d, double doubt)
{
    unsigned n = d->n, k = n < RANK ? n : RANK;
    d->usual = usual(d);
    d->least = d->sorted[0];
    d->most = d->sorted[n - 1];
    d->hi = d->most - d->sorted[n - k] + doubt;
    d->median = d->sorted[n / 2];
    d->iqr = d->sorted[n * 3 / 4] - d->sorted[n / 4];
    d->lo = d->sorted[k - 1] - d->least + doubt +
            d->least / FRESH / ((double)n * n);
    d->ends = two_ends(d);
}

void filter_delay_add(struct filter_delay *d, double delay, uint32_t now_s,
                      double doubt)
{
    if (d->n == FILTER_DELAYS)
        drop_oldest(d);
    insert(d, (float)(delay < DELAY_MAX ? delay : DELAY_MAX), now_s);
    while (now_s - d->at[oldest(d)] > AGE_MAX)
        drop_oldest(d);
    if (longer_way(d)) {
        while (d->n > RUN)
            drop_oldest(d);
        d->routes++;
    }
    digest(d, doubt);
}
