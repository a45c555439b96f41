#include "filter_delay.h"

#include <math.h>
#include <string.h>

#define AGE_MAX    86400
#define RUN        20  /* round trips that show a longer way                  */
#define TURN       32  /* or so many on either way, in the mean               */
#define SHARP      0.2 /* of the shift                                        */
#define SPAN       14400 /* s; of all but the newest span                   */
#define LATELY     12
#define NEAR       0.5 /* of the median's excess                            */
#define FRESH      4.0 /* one round trip: the least may be a quarter less     */
#define DELAY_MAX  1e6
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

/* ---- the least ones of a day --------------------------------------------- */

static void lowest(struct filter_lowest *l, float v)
{
    unsigned at = l->n;
    if (l->n < FILTER_LOWEST)
        l->n++;
    for (; at > 0 && l->v[at - 1] > v; at--)
        if (at < FILTER_LOWEST)
            l->v[at] = l->v[at - 1];
    if (at < FILTER_LOWEST)
        l->v[at] = v;
}

static void remember(struct filter_delay *d, float v, uint32_t now_s)
{
    for (unsigned i = 0; i < FILTER_SPANS && now_s - d->begun >= SPAN; i++) {
        memmove(&d->span[1], &d->span[0], sizeof d->span - sizeof d->span[0]);
        d->span[0].n = 0;
        d->begun += SPAN;
    }
    if (now_s - d->begun >= SPAN)
        d->begun = now_s;
    lowest(&d->span[0], v);
}

static struct filter_lowest of_the_day(const struct filter_delay *d)
{
    struct filter_lowest all = {.n = 0};
    for (unsigned i = 0; i < FILTER_SPANS; i++)
        for (unsigned k = 0; k < d->span[i].n; k++)
            lowest(&all, d->span[i].v[k]);
    return all;
}

/* ---- a longer way -------------------------------------------------------- */

/* Those before the last RUN: did they change sides of `low` so seldom that
 * the way was another one for long, now and then? */
static bool in_turns(const struct filter_delay *d, float low)
{
    unsigned turns = 0;
    for (unsigned i = RUN + 1; i < d->n; i++)
        turns += (back(d, i) < low) != (back(d, i + 1) < low);
    return turns <= d->n / TURN;
}

static struct filter_lowest of_the_last(const struct filter_delay *d)
{
    struct filter_lowest low = {.n = 0};
    for (unsigned i = 1; i <= RUN && i <= d->n; i++)
        lowest(&low, back(d, i));
    return low;
}

/* Have the last RUN, of which these are the least, come by a longer way than
 * all before? */
static bool longer_way(const struct filter_delay *d,
                       const struct filter_lowest *low)
{
    if (d->n < RUN + FILTER_KNOWN)
        return false;
    unsigned old = d->n - RUN;
    unsigned above = d->n - rank_of(d, low->v[0]) - RUN;
    float shift = low->v[0] - d->sorted[0];
    return low->v[FILTER_LOWEST - 1] - low->v[0] < SHARP * shift &&
           (above <= old / 8 || in_turns(d, low->v[0] - shift / 2));
}

static bool usual(const struct filter_delay *d)
{
    double low = d->least + (d->median - d->least) * NEAR;
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
    return d->n >= FILTER_KNOWN && d->iqr > ENDS_LEAST * range &&
           d->iqr < ENDS_MOST * range &&
           fabs(d->median - (d->most + d->least) / 2) < ENDS_OFF * range;
}

/* The least one, and how far it may be above the least possible. */
static double least_of(const struct filter_lowest *l, unsigned n, double doubt,
                       double *lo)
{
    *lo = l->v[l->n - 1] - l->v[0] + doubt + l->v[0] / FRESH / ((double)n * n);
    return l->v[0];
}

static struct filter_lowest of_all(const struct filter_delay *d)
{
    struct filter_lowest all = {.n = 0};
    for (unsigned i = 0; i < d->n && i < FILTER_LOWEST; i++)
        lowest(&all, d->sorted[i]);
    return all;
}

static void digest(struct filter_delay *d, double doubt)
{
    unsigned n = d->n, k = n < FILTER_LOWEST ? n : FILTER_LOWEST;
    struct filter_lowest day = of_the_day(d), all = of_all(d);
    struct filter_lowest last = of_the_last(d);
    bool kept = day.v[0] <= all.v[0]; /* but for polls of hours, always */
    d->least = least_of(kept ? &day : &all, n, doubt, &d->lo);
    d->sharp = longer_way(d, &last);
    d->lately = d->sharp ? least_of(&last, RUN, doubt, &d->lately_lo)
                         : least_of(&all, n, doubt, &d->lately_lo);
    d->most = d->sorted[n - 1];
    d->hi = d->most - d->sorted[n - k] + doubt;
    d->median = d->sorted[n / 2];
    d->iqr = d->sorted[n * 3 / 4] - d->sorted[n / 4];
    d->usual = usual(d);
    d->ends = two_ends(d);
}

void filter_delay_forget(struct filter_delay *d, double doubt)
{
    while (d->sharp && d->n > RUN)
        drop_oldest(d);
    for (unsigned i = 0; i < FILTER_SPANS; i++)
        d->span[i].n = 0;
    d->span[0] = of_all(d);
    d->routes++;
    digest(d, doubt);
}

void filter_delay_add(struct filter_delay *d, double delay, uint32_t now_s,
                      double doubt)
{
    if (d->n == FILTER_DELAYS)
        drop_oldest(d);
    float v = (float)(delay < DELAY_MAX ? delay : DELAY_MAX);
    insert(d, v, now_s);
    remember(d, v, now_s);
    while (now_s - d->at[oldest(d)] > AGE_MAX)
        drop_oldest(d);
    digest(d, doubt);
}
