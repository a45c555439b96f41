/* select.h -- the sources' estimates -> truechimers -> one estimate.
 *
 * Each source claims that UTC at one counter value lies in its interval
 * utc +- bound. Moments on which more than half of those that have a say
 * agree are believed (Marzullo; RFC 5905 section 11.2.1 with f < n/2), if at
 * least conf.need of them do somewhere. The truth is in the interval lo .. hi
 * around all such moments as long as fewer than half lie. Of the
 * survivors the nearest is selected, and those not much farther are combined
 * with it.
 *
 *     for each source i:
 *         in[i].usable = reach != 0 && filter_estimate(&f, ticks, &in[i].est)
 *         and the rest from ntp_client.last
 *     select_sources(in, n, &conf, &out);
 *     out.ok -> discipline_update
 *
 * Pure and without memory: `current` in conf is all the history it gets. A
 * source's values may be hostile; nothing asserts on them. */
#ifndef SELECT_H
#define SELECT_H

#include "../limit.h"
#include "filter.h"

struct select_in {
    bool usable;        /* reachable, synchronised, est is filled for ticks  */
    bool noselect, prefer; /* as in chrony.conf                              */
    bool trust;         /* chrony's trust; also authselectmode mix: every NTS
                         * source if there are plain ones. If any usable
                         * source is trusted, only those have a say, the rest
                         * must agree with them */
    bool require;       /* chrony's: not ok unless one of these is selectable*/
    struct estimate est; /* all for the same est.ticks                       */
    uint8_t stratum, leap;
    uint32_t refid;
    span_ns delay_ns, root_delay_ns, root_disp_ns; /* of the last sample     */
};

struct select_conf {
    size_t need;      /* how many must agree: minsources, and before the first
                       * sync also the quorum of DESIGN.md (a majority of the
                       * configured NTS sources). 0 counts as 1              */
    int current;      /* index selected last time, -1 none: it stays unless
                       * another is clearly nearer                           */
};

enum select_why {
    SELECT_OK,
    SELECT_NONE,     /* no usable source                                     */
    SELECT_FEW,      /* they agree, but fewer than conf.need                 */
    SELECT_SPLIT,    /* no majority: states are x                            */
    SELECT_REQUIRED, /* no required source among the survivors               */
};
const char *select_why_text(enum select_why w);

struct select_out {
    bool ok;             /* est is filled and may steer the clock            */
    enum select_why why;
    /* chronyc sources' second column, per input:
     * '*' selected  '+' combined  '-' good, not used (far, noselect)
     * 'x' falseticker  '?' unusable, or waiting for others to agree
     * '~' too variable: its error exceeds what any client should believe    */
    char state[LIMIT_SOURCES];
    int selected;        /* index, -1 none                                   */
    size_t agree, voters; /* agree: at the moment that most share            */
    struct estimate est; /* combined                                         */
    ntp64 lo, hi;        /* the truth lies between, if fewer than half lie   */
    uint8_t stratum, leap; /* of the selected one; leap by majority          */
    span_ns root_delay_ns, root_disp_ns; /* ours, by way of the selected one */
};

/* n <= LIMIT_SOURCES. */
void select_sources(const struct select_in *in, size_t n,
                    const struct select_conf *conf, struct select_out *out);

#endif
