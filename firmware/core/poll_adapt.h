/* poll_adapt.h -- how long a source may be left alone: its poll interval
 * between minpoll and maxpoll.
 *
 *     poll_adapt_init(&p, minpoll, maxpoll);    with its filter_init
 *     after each filter_sample, refused or not:
 *         ntp_client_set_poll(&client, poll_adapt(&p, &filter, taken));
 *
 * chrony grows its poll while its regression holds polltarget samples; what
 * waiting costs it does not ask. Here the filter is asked: one sigma of the
 * offset after another 2^e s without a sample, from the offset and rate
 * uncertainties and the crystal's learned wander (filter_foresee), against
 * the noise of a single sample. While the first is at most POLL_COST times
 * the second, a longer wait loses little that the next sample does not give
 * back, and the poll grows, by one (twice as long) per calm sample. Beyond,
 * it shrinks at once to what that rule allows. A sample that is SURPRISE
 * sigmas from what was foreseen is news of the crystal or the path: minpoll at
 * once, the request under way included.
 *
 * Nor does it grow before the crystal's rate is known to 2 ppm (one sigma) and
 * FILTER_KNOWN samples were taken, lest a full queue at cold start pass for a
 * noisy path.
 *
 * A server's reply can move the poll within minpoll .. maxpoll only. With
 * minpoll == maxpoll nothing ever changes. Pure; caller owns the struct. */
#ifndef POLL_ADAPT_H
#define POLL_ADAPT_H

#include "filter.h"

struct poll_adapt {                /* poll is readable */
    int8_t minpoll, maxpoll, poll; /* log2 s                                 */
};

/* Begins at minpoll; both are log2 s. Call it with each filter_init. */
void poll_adapt_init(struct poll_adapt *p, int8_t minpoll, int8_t maxpoll);

/* Returns the interval from now on, log2 s. Call it after each filter_sample;
 * taken is what that returned. */
int8_t poll_adapt(struct poll_adapt *p, const struct filter *f, bool taken);

#endif
