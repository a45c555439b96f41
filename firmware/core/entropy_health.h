/* entropy_health.h -- is a random generator alive? The two tests of NIST SP
 * 800-90B section 4.4, on words of 32 bits, which are taken to have 8 bits of
 * entropy at least; a generator in order fails one of them once in 2^30.
 *
 * They find what is broken (stuck, alternating, few values), not what is
 * merely predictable. A failure is for good: only a restart begins anew. */
#ifndef ENTROPY_HEALTH_H
#define ENTROPY_HEALTH_H

#include "base.h"

#define ENTROPY_HEALTH_RUN    5   /* equal words in a row: section 4.4.1     */
#define ENTROPY_HEALTH_WINDOW 512 /* words, of which the first one may come  */
#define ENTROPY_HEALTH_SAME   17  /* back less often: section 4.4.2          */
#define ENTROPY_HEALTH_START  64  /* words to look at before one is used     */

struct entropy_health { /* all zero: nothing seen yet                        */
    uint32_t last;      /* of the repetition count test                      */
    unsigned run;
    uint32_t first; /* of the adaptive proportion test's window              */
    unsigned seen, same;
    bool failed;
};

/* Looks at one more word. Returns false if the generator has failed, now or
 * before. */
bool entropy_health_word(struct entropy_health *h, uint32_t word) MUST_CHECK;

#endif
