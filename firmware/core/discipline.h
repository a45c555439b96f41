/* discipline.h -- one estimate -> what the clk shall do; hold-over.
 *
 * Two things kept apart: the estimate, a straight line of UTC over the raw
 * counter, and the steered clk that follows it. This module keeps the newest
 * line and says how to follow it; the caller (core/timekeeper, nobody
 * else) applies that with clk_step and clk_set_rate. Samples and filters
 * never see the steering, so a step voids no sample and no filter.
 *
 *     boot:  discipline_init(&d, &conf, hz, saved rate, saved sigma);
 *            clk_init(..floor..); clk_set_rate(&clk, ticks, d.est.rate_e12);
 *            discipline_prior(&d, &rate, &sigma) -> filter_init per source,
 *            also for a source that joins later
 *     after each sample, when select_sources said ok (all at one `ticks`):
 *            discipline_update(&d, &sel, &clk, ticks, interval, &act);
 *            apply(act);
 *     at act.until_ticks (a little late is fine):
 *            discipline_follow(&d, &clk, ticks, interval, &act); apply(act);
 *     apply: if (act.step) clk_step(&clk, ticks, act.step_by);
 *            clk_set_rate(&clk, ticks, act.rate_e12);
 *            remember act.until_ticks
 *     no update comes: nothing to call. The clk runs on at the last rate
 *     (hold-over); discipline_error grows with time.
 *     journal: at the first sync and every 15 minutes discipline_save.
 *
 * Policy: the first update always steps, whatever the size, for before it
 * nobody was given time. Later ones step only beyond makestep's threshold
 * and within its limit; all else is slewed, at most CLK_RATE_MAX in all.
 *
 * Contradiction: an update whose line lies more than 2 s from the clk (slewed
 * away, that takes over an hour), and farther than the clk was said to be off
 * (discipline_error) and the line's source by its root delay and dispersion, or
 * more than 1000 s, and that makestep does not let step.
 * Such a line is not followed: nobody can tell whether the sources are wrong
 * now or were when the clk was set. The clk runs on by the line that it has
 * and nobody is told that it is right (synced false) until
 * - an update agrees with it again: then all is as before; or
 * - updates have contradicted it, and agreed with each other to 2 s, for as
 *   long as the clk has been set, at least 5 minutes and at most an hour: then
 *   the next one is the first update once more, and steps. The longer story
 *   wins. No other step comes after makestep's first updates, and this one
 *   only after everybody has been told not to trust the clk.
 *
 * maxchange: chronyd ignores so many too large corrections, then exits. There
 * is nothing to exit to here: the clk runs on, nobody is told that it is right
 * (synced false, so leap 3 and stratum 16), and only a restart ends that.
 * corrtimeratio is not needed: a slew lasts as long as costs least of both
 * time and frequency error.
 *
 * Signs: offset = reference - local; a positive rate speeds the clk up.
 * Pure; caller owns the struct, fields are readable. */
#ifndef DISCIPLINE_H
#define DISCIPLINE_H

#include "clk.h"
#include "select.h"

struct discipline_conf {
    double makestep_s;      /* threshold, chrony's makestep; e.g. 1.0        */
    int32_t makestep_limit; /* in the first so many updates; < 0: always     */
    /* chrony's, parts per 10^12 or s; 0 stands for no limit (max_clock_error:
     * for 1 ppm). */
    int64_t max_slew_e12;  /* maxslewrate: faster or slower than the line   */
    int64_t max_skew_e12;  /* maxupdateskew: a rate known worse is not used */
    int64_t max_drift_e12; /* maxdrift: of the crystal, either way          */
    int64_t max_clock_error_e12; /* dispersion grows by so much              */
    double maxchange_s;      /* a greater correction is ignored ...           */
    int32_t maxchange_start; /* ... after so many updates,                  */
    int32_t maxchange_ignore; /* so many times; < 0: for ever                */
};

struct discipline {
    struct discipline_conf conf;
    uint32_t hz;
    bool synced; /* an update has come since boot, and none
                  * contradicts the clk                           */
    uint32_t updates;
    struct estimate est;   /* the line being followed; before the first
                             * update only its rate counts (saved or 0)      */
    uint8_t stratum, leap; /* ours: selected one's + 1; 0 (unset), 3 before */
    span_ns root_delay_ns, root_disp_ns; /* at est.ticks                     */
    span_ns spread_ns;      /* the line's sources differ by so much         */
    span_ns last_offset_ns; /* line - clk at the last update, before it      */
    span_ns rms_offset_ns;  /* long-term, exponential; first update left out */
    int32_t resid_e12;      /* new rate - rate followed before               */
    double moved2;          /* mean square of what an update moves the line,
                             * in sigmas of it                               */
    double update_s;        /* last interval between updates, 0 none         */
    double wander2;  /* of the crystal, per s, as its rate shows in hours     */
    bool rate_known; /* once it is, ...                                       */
    double mean_e12; /* ... its mean of the last hour                         */
    uint64_t first_ticks;   /* of the first update; the last time it was     */
    bool contradicted;      /* by updates since contra_ticks ...             */
    struct estimate contra; /* ... the newest line of which is this          */
    uint64_t contra_ticks;
    int64_t contra_by; /* and lies so far from the clk, 2^-32 s            */
    /* The line has been bent since the last update, by so much in rate, and has
     * moved by so much until bent_ticks; sizes. */
    double bent_s;
    int64_t bent_e12;
    uint64_t bent_ticks;
    uint32_t ignored; /* updates, by maxchange                         */
    bool gave_up;     /* maxchange: one too many; nothing is followed
                             * any more and synced is false until restart    */
};

struct discipline_action {
    bool step;            /* then first clk_step by step_by                   */
    int64_t step_by;      /* 2^-32 s                                          */
    int32_t rate_e12;     /* then clk_set_rate                                */
    uint64_t until_ticks; /* and call discipline_follow here; UINT64_MAX: no
                          * slew under way, nothing to do                    */
    bool first_sync;      /* this was the first update since boot, or the one
                           * that ends a contradiction by a step              */
    bool ignored;         /* maxchange: the clock goes on as before           */
    bool contradicted;    /* the same, and it is not synced                   */
};

/* Begins without a line. saved_rate_e12 and its one-sigma saved_sigma_e12 are
 * the frequency from the card, in parts per 10^12; a sigma of 0 means that the
 * card had none. hz is the counter's rate. */
void discipline_init(struct discipline *d, const struct discipline_conf *c,
                     uint32_t hz, int32_t saved_rate_e12,
                     int32_t saved_sigma_e12);

/* Gives the rate and its one sigma that a new filter may begin with, parts per
 * 10^12. */
void discipline_prior(const struct discipline *d, int32_t *rate_e12,
                      int32_t *sigma_e12);

/* Takes the newest estimate as the line to follow and says in *out what the clk
 * has to do. sel->ok must hold. ticks is now, at or after the moment for which
 * sel's estimates were made. interval_ns is about how long it takes until the
 * next update (the selected source's poll interval): a slew is spread over it,
 * over less soon after the first sync, over more when it is large. */
void discipline_update(struct discipline *d, const struct select_out *sel,
                       const struct clk *c, uint64_t ticks, span_ns interval_ns,
                       struct discipline_action *out);

/* Returns whether a line contradicts the clk: it is off by more than 2 s, by
 * more than the two may be by what they say of themselves, and makestep does
 * not let it step. Of sel, est, root_delay_ns and root_disp_ns count. */
bool discipline_contradicts(const struct discipline *d,
                            const struct select_out *sel, const struct clk *c,
                            uint64_t ticks);
/* Notes a line that contradicts the clk, but is not to be followed, for its
 * source cannot be selected: the clk is not synced until an update agrees with
 * it or sets it anew. */
void discipline_doubt(struct discipline *d, const struct select_out *sel,
                      const struct clk *c, uint64_t ticks);

/* Says in *out how to go on following the line when a slew has ended, at
 * until_ticks of the action before. Never steps. */
void discipline_follow(const struct discipline *d, const struct clk *c,
                       uint64_t ticks, span_ns interval_ns,
                       struct discipline_action *out);

/* Returns for how many seconds updates have to contradict the clk before one of
 * them steps it. Only while d->contradicted. */
uint32_t discipline_patience_s(const struct discipline *d);

/* Begins anew: the next update is the first. For when the clk was moved by
 * somebody else. What is known of the crystal stays. */
void discipline_restart(struct discipline *d);

/* Moves the line by `by`, in 2^-32 s, because UTC itself has jumped by that
 * much (a leap second, leap.h). */
void discipline_shift(struct discipline *d, int64_t by);

/* Bends the line at `ticks`, now: from there on its rate is by_e12 more, since
 * that is what the crystal is foreseen to do (thermal.h). The dispersion grows
 * by all of what that moves the line, as if it were wrong. */
void discipline_bend(struct discipline *d, uint64_t ticks, int32_t by_e12);

/* Returns line - clk at `ticks`, chronyc tracking's "System time": what is not
 * yet slewed. 0 while not synced. */
span_ns discipline_offset(const struct discipline *d, const struct clk *c,
                          uint64_t ticks);

/* Returns the most that the clk may be off at `ticks`: root delay / 2 + root
 * dispersion grown since the update + what is not yet slewed. INT64_MAX while
 * not synced. */
span_ns discipline_error(const struct discipline *d, const struct clk *c,
                         uint64_t ticks);
/* Returns the root dispersion alone, grown to `ticks` by 1 ppm and, as a root
 * of squares, by three sigmas of the rate and of how it has walked in these
 * hours:
 * of a crystal of which nothing is known yet by 7 ms after an hour and 0.5 s
 * after a day, of a calm one by 4 ms and 0.1 s. With half the root delay it is
 * never less than what a rate that has changed by 5 ppm unseen may have come to
 * (filter.h); by less where maxclockerror says that the crystal is better.
 * INT64_MAX while not synced. */
span_ns discipline_dispersion(const struct discipline *d, uint64_t ticks);

/* Gives the frequency that is worth saving and its one sigma, parts per 10^12.
 * Returns false while it is not known better than 1 ppm. */
bool discipline_save(const struct discipline *d, int32_t *rate_e12,
                     int32_t *sigma_e12);

#endif
