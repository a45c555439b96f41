#include "poll_adapt.h"

#include <math.h>

#define POLL_COST  2.0
#define SURPRISE   4.0
#define RATE_KNOWN 2e-6

void poll_adapt_init(struct poll_adapt *p, int8_t minpoll, int8_t maxpoll)
{
    *p = (struct poll_adapt){.minpoll = minpoll,
                             .maxpoll = maxpoll < minpoll ? minpoll : maxpoll,
                             .poll = minpoll};
}

/* The longest wait that costs little. */
static int allowed(const struct poll_adapt *p, const struct filter *f)
{
    double most = POLL_COST * filter_noise(f);
    int e = p->minpoll;
    while (e < p->maxpoll && filter_foresee(f, exp2(e + 1)) <= most)
        e++;
    return e;
}

int8_t poll_adapt(struct poll_adapt *p, const struct filter *f, bool taken)
{
    bool known = filter_rate_sigma(f) <= RATE_KNOWN;
    if (f->surprise > SURPRISE || !known || f->samples < FILTER_KNOWN) {
        p->poll = p->minpoll;
        return p->poll;
    }
    if (!taken)
        return p->poll;
    int e = allowed(p, f);
    p->poll = (int8_t)(e > p->poll ? p->poll + 1 : e);
    return p->poll;
}
