#include "poll_adapt.h"

#include <math.h>

#define POLL_COST   2.0
#define SURPRISE    4.0
#define FLOOR_S     5e-6
#define RATE_KNOWN  2e-6
#define REFUSED_MAX 2
#define TRUSTED     8 /* samples before a spread of delays is one        */

void poll_adapt_init(struct poll_adapt *p, int8_t minpoll, int8_t maxpoll)
{
    *p = (struct poll_adapt){.minpoll = minpoll,
                             .maxpoll = maxpoll < minpoll ? minpoll : maxpoll,
                             .poll = minpoll};
}

/* The longest wait that costs little. */
static int allowed(const struct poll_adapt *p, const struct filter *f)
{
    double most = POLL_COST * fmax(filter_noise(f), FLOOR_S);
    int e = p->minpoll;
    while (e < p->maxpoll && filter_foresee(f, exp2(e + 1)) <= most)
        e++;
    return e;
}

int8_t poll_adapt(struct poll_adapt *p, const struct filter *f, bool taken)
{
    p->refused = (uint8_t)(taken ? 0 : p->refused < 99 ? p->refused + 1 : 99);
    bool known = filter_rate_sigma(f) <= RATE_KNOWN;
    bool news = p->refused >= REFUSED_MAX || f->surprise > SURPRISE;
    if (news || !known || f->samples < TRUSTED) {
        p->poll = p->minpoll;
        return p->poll;
    }
    if (!taken)
        return p->poll;
    int e = allowed(p, f);
    p->poll = (int8_t)(e > p->poll ? p->poll + 1 : e);
    return p->poll;
}
