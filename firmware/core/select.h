/* select.h -- the sources' estimates -> truechimers -> one estimate.
 *
 * Each source claims that UTC at one counter value lies in its interval
 * utc +- bound. Moments on which more than half of those that have a say
 * agree are believed (Marzullo; RFC 5905 section 11.2.1 with f < n/2), if at
 * least conf.need of them do somewhere. The truth is in the interval lo .. hi
 * around all such moments as long as fewer than half lie.
 *
 * Of the survivors, those whose lines a majority does not share are put aside:
 * who runs at another rate, or has come to differ from the others by what it
 * did not before. Of the rest the nearest is selected, and those not much
 * farther are combined with it: each less its bias, what it has always differed
 * by for the asymmetry of its path, weighted by how sure it is of its line. The
 * biases come to nothing together, weighted by how near the sources are. So a
 * static difference moves nothing, whoever answers, comes or goes.
 *
 *     for each configured source i:
 *         in[i].usable = reach != 0 && filter_estimate(&f, ticks, &in[i].est)
 *         and the rest from chrony.conf and ntp_client.last
 *     select_apply_auth(in, n, mode);
 *     select_sources(in, n, &conf, &out);
 *     out.ok -> discipline_update
 *
 * Options, limits and state letters mean what chrony 4's mean
 * (chrony.conf(5), chronyc(1) selectdata), with these differences:
 * - a source is voted on by the interval it shares with a majority, not by
 *   the one moment that most share;
 * - an unreachable source is out at once, not when its samples are old;
 * - nobody waits for sources that have no sample yet (chrony's w): before
 *   the first sync conf.need is a majority of the configured ones instead;
 * - once near enough to be combined again is near enough: no penalty (D)
 *   for having been distant.
 *
 * Pure; history is conf.current and conf.score, which the caller keeps. A
 * source's values may be hostile; nothing asserts on them. */
#ifndef SELECT_H
#define SELECT_H

#include "limit.h"
#include "authselect.h"
#include "filter.h"

struct select_in {
    bool usable; /* reachable, synchronised, est is filled for ticks  */
    bool stale;  /* if not usable: it had samples, but is unreachable */
    bool auth;   /* NTS                                               */
    /* As in chrony.conf, then as select_apply_auth leaves them. */
    bool noselect, prefer;
    bool trust;          /* if any usable source is trusted, only those have a
                         * say, the rest must lie within what they say       */
    bool require;        /* not ok unless one of these is selectable          */
    struct estimate est; /* all for the same est.ticks                       */
    uint8_t stratum, leap;
    uint32_t refid;
    span_ns delay_ns; /* the least round trip to it, so that no single packet
                       * moves what is stated                                 */
    span_ns root_delay_ns, root_disp_ns; /* of the last sample               */
    span_ns jitter_ns; /* spread of its samples, 0 unknown                  */
};

struct select_limits { /* chrony.conf's words */
    size_t minsources; /* selectable ones, of any kind                */
    span_ns maxdistance_ns, maxjitter_ns;
    span_ns reselectdist_ns;  /* added to those not selected                 */
    span_ns stratumweight_ns; /* added per stratum                           */
    double combinelimit;      /* times the selected one's distance; 0: none
                               * is combined                                 */
    uint8_t minstratum, maxstratum; /* that may be selected                  */
};
extern const struct select_limits select_limits_default; /* chrony's        */

/* What a source's line differs by from what all combine to, most of all by the
 * asymmetry of its path. That is static and must not move the clock whenever
 * weights change. */
struct select_bias {
    double ns;
    uint16_t samples; /* that it was learnt from, at most so many as count   */
};

struct select_conf {
    size_t need; /* how many that have a say must agree; before the first
                       * sync the quorum, select_quorum. 0 counts as 1       */
    int current; /* index selected last time, -1 none                   */
    const struct select_limits *limits; /* NULL: chrony's defaults           */
    double *score; /* LIMIT_SOURCES of them, kept from call to call: a
                       * nearer source takes over once its score, the product
                       * of how much nearer it was at each new sample, passes
                       * 10. NULL: it does at once                           */
    /* LIMIT_SOURCES of them, kept from call to call, all zero for a source that
     * is new. NULL: none is known. */
    struct select_bias *bias;
    int updated; /* with score and bias: who has a new sample, -1 nobody     */
};

enum select_why {
    SELECT_OK,
    SELECT_NONE,     /* no usable source                                     */
    SELECT_FEW,      /* they agree, but fewer than need or minsources        */
    SELECT_SPLIT,    /* no majority: states are x                            */
    SELECT_REQUIRED, /* no required source among the survivors               */
};
/* Returns the reason in words; static text. */
const char *select_why_text(enum select_why w);

struct select_out {
    bool ok; /* est is filled and may steer the clock            */
    enum select_why why;
    /* chronyc selectdata's first column, per input:
     * N noselect  M no estimate  S unreachable  s its server is not
     * synchronised  r stratum not within minstratum .. maxstratum
     * d beyond maxdistance  ~ beyond maxjitter  x falseticker
     * T not within what trusted ones say  W waits for more (need,
     * minsources, require)  P not preferred  D too far to be combined, or
     * away from a majority's lines  + combined  * selected */
    char letter[LIMIT_SOURCES];
    /* chronyc sources' second column: '*' '+' 'x' '~' as above, '-' for P D
     * W, '?' for the rest */
    char state[LIMIT_SOURCES];
    int selected;         /* index, -1 none                                   */
    size_t agree, voters; /* agree: at the moment that most share            */
    size_t selectable;    /* survivors, with and without a say                */
    struct estimate est;  /* combined                                         */
    span_ns spread_ns;    /* what the combined ones' lines have always differed
                           * by, a quadratic mean: static, so est does not know
                           * UTC any better, whatever its sigma             */
    ntp64 lo, hi;         /* the truth lies between, if fewer than half lie   */
    uint8_t stratum, leap; /* of the selected one; leap: of more than half of
                            * those survivors that have a say, else 0        */
    /* Ours. Half the delay and the dispersion come to est.bound_ns, what the
     * majority vouches for: true as long as fewer than half of all that have a
     * say lie, the silent ones included, whatever the selected one claims of
     * itself. The delay is the way by the selected one, but at most twice
     * that. */
    span_ns root_delay_ns, root_disp_ns;
};

/* Writes why the state `letter` of a source keeps it out, with the limit and
 * the value ("root distance 10.5 s is beyond maxdistance 3 s"), cut at cap, for
 * s r d ~ T; "" for the others, which depend on more than the source. Returns
 * the length. */
#define SELECT_REASON 64
size_t select_reason(const struct select_in *in,
                     const struct select_limits *limits, char letter, char *out,
                     size_t cap);

/* Turns the options of in[] as configured into those in force (chronyc's
 * EOpts), by authselectmode. Sources with noselect count as neither
 * authenticated nor plain, and keep their options. */
void select_apply_auth(struct select_in *in, size_t n, enum authselect mode);

/* Returns how many sources have to agree before the clock is set: a majority
 * of the configured ones that have a say, the silent ones included, and at
 * least 1. */
size_t select_quorum(const struct select_in *in, size_t n,
                     const struct select_limits *limits);

/* Finds the truechimers among in[n], n <= LIMIT_SOURCES, and combines them
 * into out->est; see the top of this file. Call it after select_apply_auth. */
void select_sources(const struct select_in *in, size_t n,
                    const struct select_conf *conf, struct select_out *out);

#endif
