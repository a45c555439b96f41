/* history.h -- what the clock did: a slot for each minute of the last six
 * hours and one for each quarter of an hour of the last week, in RAM only.
 *
 *     struct history h;                       all zero: nothing yet
 *     at each update of the clock:            history_correction
 *     when the clock is stepped:              history_step
 *     every few seconds, while it is set:     history_state
 *     to show it:                             history_last, history_read
 *
 * Slots are numbered by the monotonic clock: slot n of a level is the time
 * from n * width to (n + 1) * width since boot. What they are in UTC is for
 * whoever shows them to say, by the clock as it is then. A slot in which
 * nothing was told is a gap and stays one; a step marks its slot, and nothing
 * is smoothed over it. The slot that is being filled is not shown.
 *
 * A reader that shows the history in pieces keeps the number that history_last
 * gave: slots up to it do not change any more, and the oldest HISTORY_SPARE of
 * a ring are not shown, so that none goes away meanwhile.
 *
 * Corrections have our sign (reference - local). Values are kept to 0.1 %:
 * they are for plots. Pure. */
#ifndef HISTORY_H
#define HISTORY_H

#include "mono.h"

#define HISTORY_MINUTES  360
#define HISTORY_QUARTERS 672
#define HISTORY_SPARE    3

enum history_level { HISTORY_MINUTE, HISTORY_QUARTER, HISTORY_LEVELS };

struct history_slot { /* as kept: private to history.c                       */
    float least_ns, most_ns, last_ns;
    int32_t freq_e12;
    uint16_t rms, skew, bound; /* logarithms                                 */
    uint8_t agree, flags;
};

struct history_open { /* the slot that is being filled; private too          */
    int64_t number;
    double square; /* sum of the corrections' squares                        */
    uint32_t corrections;
    span_ns skew_e12, bound_ns; /* the most of the slot                      */
    struct history_slot slot;
};

struct history {
    struct history_slot minute[HISTORY_MINUTES], quarter[HISTORY_QUARTERS];
    struct history_open open[HISTORY_LEVELS];
};
static_assert(sizeof(struct history) <= 32768, "what it may cost of RAM");

struct history_state { /* of a clock that is set                            */
    int64_t freq_e12;  /* as discipline.h: positive, the crystal is slow     */
    int64_t skew_e12;  /* one sigma of it                                    */
    span_ns bound_ns;  /* UTC is nearer than this                            */
    uint8_t agree;     /* sources that agree                                 */
};

/* Notes a correction of the clock, reference - local. */
void history_correction(struct history *h, mono_ns now, span_ns offset_ns);
/* Notes that the clock was stepped. */
void history_step(struct history *h, mono_ns now);
/* Notes how the clock stands. */
void history_state(struct history *h, mono_ns now,
                   const struct history_state *s);

struct history_view { /* a slot, to be drawn                                */
    bool corrected;   /* there were corrections: the next four count         */
    double least_ns, most_ns, last_ns, rms_ns;
    bool known; /* the clock was set: the next four count                    */
    double freq_e12, skew_e12; /* the last rate, the most of its sigma       */
    double bound_ns;           /* the most                                   */
    uint8_t agree;             /* the least                                 */
    bool stepped;
};

/* Returns how long a slot of this level is. */
span_ns history_width(enum history_level level);
/* Returns how many slots of this level can be shown. */
int64_t history_slots(enum history_level level);
/* Returns the number of the last slot that is over by now; -1: none. */
int64_t history_last(enum history_level level, mono_ns now);
/* Reads slot `number`, at most `last`, which is what history_last gave a minute
 * ago or less. Returns false and an empty view where it is a gap, or no longer
 * or not yet kept. */
bool history_read(const struct history *h, enum history_level level,
                  int64_t number, int64_t last, struct history_view *out);

#endif
