/* delay_limit.h -- chrony's tests B and C of a valid reply: was it too long
 * under way beside the others of its source? Off unless configured, for the
 * filter weighs every sample by its delay already (kalman_bank.h): a limit
 * takes samples away from it, and after a change to a longer route refuses all
 * until the least delay, a day old at most, is forgotten.
 *
 *   B  maxdelayratio R: delay > R * least
 *   C  maxdelaydevratio R: half of what the delay is above the least exceeds R
 *      standard deviations of the offsets; and the offset is off what was
 *      foreseen by no more than the delay can explain, or it is news. */
#ifndef DELAY_LIMIT_H
#define DELAY_LIMIT_H

#include "base.h"

#define DELAY_LIMIT_SAMPLES 6 /* known before C judges; chrony's too */

struct delay_limits { /* < 1: off */
    double ratio, devratio;
};

struct delay_known { /* of the source, before this sample */
    unsigned samples;
    span_ns least_ns;
    span_ns sd_ns;
};

/* Judges the round trip of a valid reply by what was known of its source before
 * it. off_ns is the sample's offset less what was foreseen. Returns the tests
 * that it failed: NTP_TEST_B, NTP_TEST_C, both or 0. */
unsigned delay_limit(const struct delay_limits *l, const struct delay_known *k,
                     span_ns delay_ns, span_ns off_ns);

#endif
