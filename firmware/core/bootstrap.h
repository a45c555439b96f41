/* bootstrap.h -- which times may be believed before the clock is set.
 *
 * A board without a battery has to judge certificates by a clock it does not
 * have (RFC 8915 section 8.5). What it has is a floor F: the last time that a
 * quorum agreed on, or the build time if that is later. True time is in
 * [F, unknown). In order:
 *
 * 1. A key exchange before the clock is set checks signatures, chain, name
 *    and usage as ever. Of the dates, only what F can judge: notAfter below F
 *    is refused, notBefore above F is not, yet; a board that was off for a
 *    year meets nothing else. The chain's window (latest notBefore, earliest
 *    notAfter) stays with the association, also on the card.
 * 2. A reply is believed if it is not before F and inside the window of its
 *    own association, whether that is fresh or came from the card.
 * 3. Quorum: a majority of the configured NTS sources (two of two, two of
 *    three; one that is alone is enough), and at least minsources, agree on
 *    an interval that lies inside all their windows. A source that agrees,
 *    but whose window does not hold the whole interval, is not counted.
 * 4. The strict check of the windows that make the quorum, at the time found,
 *    is therefore part of finding it, and comes before the step. What does
 *    not pass leaves the clock as it was: unsynchronised, leap 3, stratum 16,
 *    F where it stood. Nobody is ever shown a time that had to be undone.
 * 5. One step. Then every other stored window, of sources that were silent,
 *    disagreed or were not believed, is checked at the time found. What
 *    fails loses its keys and needs a new key exchange, judged strictly.
 *    What passes is proved: its keys, and the cookies that they fetch, were
 *    given by a server whose certificate was good at a time that is known, so
 *    its window is forgotten and no later reply is held against it. A clock
 *    that has run for years on renewed cookies, or was off for one, starts
 *    from them though that certificate is long over.
 * 6. F rises by what a quorum of NTS sources agrees on, and by nothing else:
 *    not in hold-over, not from plain NTP, not from the one source that is
 *    left. It is never above the lower end of their interval, nor above what
 *    the clock itself shows less what it may be off, and stays while the two
 *    differ by more than a second. For the first four hours in which quorum
 *    and clock agree - since the clock was set or stepped, or contradicted its
 *    sources (discipline.h) - it rises by no more than the counter has counted
 *    since it was last known: so much is past, whoever lies. So a board that
 *    was off for a year has time at once, and its F has come along after four
 *    hours; one that is never on for so long keeps an F that lags behind. A
 *    quorum that lies together for more than four hours poisons F, and `floor
 *    reset' is the cure.
 *
 * What this promises: as long as fewer than a quorum of the configured
 * sources lie, the clock is right. A stolen key of an expired certificate
 * cannot bring the clock below F, nor outside that certificate's window. What
 * it does not: a quorum that lies together, within all their windows and
 * above F, is believed; so is a delay up to the distance that selection
 * admits (section 8.6). Who can write the card can lower F to the build time.
 *
 * Modes.
 * - default: the above.
 * - strict (own directive `bootstrap strict`): no deferral. While the clock is
 *   not set, certificates are judged as if it were F: notBefore above F is
 *   refused, too. Nobody is asked for anything until an operator has set a
 *   floor; one that rose from it in strict mode is as good.
 * - lower bound only (chrony's `nocerttimecheck N`, for its first N clock
 *   updates): windows do not count, F does: notAfter or a reply below F is
 *   refused. A stolen certificate is good for any time above F then.
 *
 * Once the clock is set, key exchanges are judged strictly by it, at
 * both ends, within what it may be off (long hold-over makes that seconds,
 * then more).
 *
 * Pure. All times in Unix seconds. A window's or a reply's values may be
 * hostile; nothing asserts on them. */
#ifndef BOOTSTRAP_H
#define BOOTSTRAP_H

#include "limit.h"
#include "base.h"

enum bootstrap_mode {
    BOOTSTRAP_DEFAULT,
    BOOTSTRAP_STRICT,
    BOOTSTRAP_LOWER_BOUND, /* nocerttimecheck, for its first N updates      */
};

struct bootstrap { /* whether the clock is set is the caller's to say       */
    bool strict;   /* as configured                                         */
    uint32_t nocerttimecheck; /* N                                          */
    uint32_t updates;         /* of the clock since boot                    */
    int64_t floor;
    bool by_operator; /* who set the floor, or what it rose from            */
};

/* Returns the mode in force. */
enum bootstrap_mode bootstrap_mode(const struct bootstrap *b);
/* Returns true while nobody may be asked: the mode is strict, the clock is not
 * set, and no operator has set a floor yet. */
bool bootstrap_waits(const struct bootstrap *b, bool set);

/* ---- certificates ------------------------------------------------------- */

/* The clock that certificates are judged by. Made here, judged by here, and
 * handed through unchanged by all in between. */
struct cert_clock {
    bool by_clock;   /* both ends by now; else by the floor                 */
    bool strict;     /* if by the floor: as if that were now                */
    int64_t floor;   /* Unix seconds                                        */
    int64_t now;     /* Unix seconds; looked at if by_clock                 */
    int64_t slack_s; /* what now may be off                                 */
};

enum bootstrap_cert {
    BOOTSTRAP_CERT_GOOD,
    BOOTSTRAP_CERT_EXPIRED,
    BOOTSTRAP_CERT_FUTURE,
};

/* Returns the clock that certificates are to be judged by, when our own, set or
 * not, shows now (Unix seconds) and may be off slack_s seconds. */
struct cert_clock bootstrap_cert_clock(const struct bootstrap *b, bool set,
                                       int64_t now, int64_t slack_s);
/* Returns the moment that it takes for now, Unix seconds: the clock's, or the
 * floor. */
int64_t cert_clock_now(const struct cert_clock *c);
/* Judges the validity from .. to, Unix seconds, of one certificate of a chain
 * in a key exchange. */
enum bootstrap_cert bootstrap_judge_cert(const struct cert_clock *c,
                                         int64_t from, int64_t to);
/* Returns whether an association with the window lo .. hi keeps its keys at the
 * time found (step 5), which may be off slack_s seconds. */
bool bootstrap_window_ok(const struct bootstrap *b, int64_t now,
                         int64_t slack_s, int64_t lo, int64_t hi);

/* ---- replies ------------------------------------------------------------ */

enum bootstrap_doubt {
    BOOTSTRAP_NO_DOUBT,
    BOOTSTRAP_BEFORE_FLOOR,
    BOOTSTRAP_OUTSIDE_WINDOW,
};
/* Judges an authentic reply that says t, of an association with the window
 * lo .. hi (0, INT64_MAX: none known). Once the clock is set there is no doubt.
 */
enum bootstrap_doubt bootstrap_doubt(const struct bootstrap *b, bool set,
                                     int64_t t, int64_t lo, int64_t hi);
/* Returns a doubt in words, "" for none; static text. */
const char *bootstrap_doubt_text(enum bootstrap_doubt d);

/* ---- quorum ------------------------------------------------------------- */

struct bootstrap_source {
    bool counts;    /* has a say: NTS, and configured to be selected. Plain NTP
                    * counts where the configuration has nothing else, or
                    * says authselectmode ignore                            */
    bool auth;      /* NTS                                                   */
    bool agrees;    /* with the interval that the majority shares            */
    int64_t lo, hi; /* its window                                            */
    enum bootstrap_doubt doubt; /* of its last reply                        */
};

struct bootstrap_verdict {
    bool may_set; /* the clock may be set (or is) by what they agree on    */
    bool raises;  /* F may rise to it                                      */
    unsigned agree, need, of; /* of: those that count                       */
    unsigned outside, before; /* replies not believed                       */
};

/* Returns how many of `of` sources have to agree: a majority, or minsources if
 * that is more. */
unsigned bootstrap_need(unsigned of, unsigned minsources);
/* Judges whether sources that agree on from .. to, Unix seconds, are a quorum.
 * n <= LIMIT_SOURCES. */
void bootstrap_judge(const struct bootstrap *b, bool set,
                     const struct bootstrap_source *s, size_t n,
                     unsigned minsources, int64_t from, int64_t to,
                     struct bootstrap_verdict *out);
/* Writes a verdict in words, as "1 of 3 sources agree, 2 needed, 2 outside
 * their certificates' validity, 1 before the time floor", and returns its
 * length. */
size_t bootstrap_text(const struct bootstrap_verdict *v, char *out, size_t cap);

#endif
