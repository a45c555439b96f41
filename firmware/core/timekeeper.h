/* timekeeper.h -- a whole clock: sources' samples in, UTC out. One struct that
 * the caller owns holds the filters, selection, discipline, bootstrap, leap
 * seconds and the clk that they steer; counter values are arguments. On the
 * board there is one, owned by services/timekeeper; a test or a simulated
 * world may have a hundred.
 *
 *     tk_init(&tk, &conf, &start, hz, ticks);
 *     tk_source(&tk, slot, &conf_source);        slots 0, 1 ..
 *     after each request to a source:            tk_asked
 *     for each valid reply:                      tk_reply
 *     when the source has another address:       tk_forget
 *     at the counter value that tk_poll returned, and after each of the above:
 *                                                tk_poll
 *     after any of these, until it says false:   tk_event, to the log
 *
 * The clock is set (tk_is_set) from the first update until maxchange gives up,
 * and not while its sources contradict it by what cannot be slewed in an hour
 * (discipline.h). This is the one truth for whether time is served, whether
 * certificates are judged by the clock or by the time floor, and whether
 * replies are judged by bootstrap.h: a clock that was given up, or is
 * contradicted, counts as never set, though it runs on.
 *
 * Replies come from authentic packets with a lying server behind them at
 * worst: nothing asserts on their values. `slot` is our own number (else
 * ASSERT). ticks never go back from one call to the next.
 *
 * Functions begin with tk_, for the board's one clock has the longer names of
 * services/timekeeper.h. Signs: offset = reference - local. Pure. */
#ifndef CORE_TIMEKEEPER_H
#define CORE_TIMEKEEPER_H

#include "addr.h"
#include "bootstrap.h"
#include "clk.h"
#include "conf.h"
#include "discipline.h"
#include "leap.h"
#include "logring.h"
#include "mono.h"
#include "ntp_client.h"
#include "ntp_reference.h"
#include "poll_adapt.h"
#include "residuals.h"
#include "select.h"
#include "thermal.h"

struct timekeeper_start {   /* what is known at power-on                    */
    int64_t floor_unix_s;   /* no time below this is believed               */
    bool floor_by_operator; /* bootstrap.h                                  */
    bool freq_known;        /* the journal had one                          */
    int32_t freq_e12;       /* parts per 10^12, + our crystal is slow       */
    int32_t freq_sigma_e12; /* one sigma of it                              */
    size_t law_len;         /* bytes of law, 0: the journal had none        */
    uint8_t law[THERMAL_RECORD]; /* the record, any bytes: thermal.h        */
};

struct timekeeper_reply { /* a reply that passed every test of the packet    */
    const struct ntp_sample *sample;
    int64_t cert_lo, cert_hi; /* window of its association's certificates,
                               * Unix seconds; hi 0: none known             */
    uint8_t reach;            /* the source's reach register, this reply in */
};

struct timekeeper_verdict {
    bool falseticker;   /* the set clock's other sources do not agree       */
    bool ask_again;     /* an outlier: ask soon whether time has jumped, or
                         * the rate has changed                             */
    int8_t poll_wanted; /* how long to wait till the next request, log2 s   */
    const char *doubt;  /* why the reply was not believed, "" if it was;
                         * stands until the source's next reply             */
    bool doubt_window;  /* for the sake of the certificates' window         */
};

struct timekeeper_event { /* a line for the log                              */
    enum log_severity severity;
    const void *limit; /* NULL: always said; else the key of log_limited */
    char text[LIMIT_LOG_LINE];
};

struct timekeeper_slot { /* one source                                      */
    const struct conf_source *conf; /* NULL: unused                          */
    struct addr addr; /* of its server, and its port; family 0: not known   */
    uint16_t port;
    uint8_t reach;
    uint32_t refid; /* its address as a reference identifier        */
    struct filter filter;
    struct poll_adapt adapt;
    struct residuals residuals;
    struct ntp_sample last;     /* that passed all tests                     */
    struct ntp_sample shown;    /* of the last valid reply                   */
    span_ns measured_ns;        /* that - clk, when it came                  */
    bool refused;               /* the last sample, by the filter            */
    uint32_t good;              /* samples the filter took, since boot       */
    int64_t cert_lo, cert_hi;   /* window of the last reply's association    */
    enum bootstrap_doubt doubt; /* of the last reply                         */
    char doubt_text[96];        /* the same in words                         */
};

struct timekeeper { /* fields readable; changed only by these functions */
    const struct conf *conf;
    uint32_t hz;
    struct clk clk;
    struct timekeeper_slot slot[LIMIT_SOURCES];
    unsigned slots;
    bool nts; /* one of them has it                           */
    struct select_limits limits;
    struct select_in in[LIMIT_SOURCES]; /* as of the last selection          */
    double score[LIMIT_SOURCES];        /* select.h                          */
    struct select_bias bias[LIMIT_SOURCES];
    struct select_out sel;
    bool agreed;   /* sel may steer the clock                      */
    bool reselect; /* tk_poll has to                               */
    struct discipline d;
    struct thermal thermal;
    struct leap leap;
    uint64_t until;        /* discipline_follow is due here                */
    mono_ns first_sync;    /* since the counter's zero; -1: not yet        */
    uint32_t refid;        /* whom the last update came from, ...          */
    int8_t reference;      /* ... and its slot                             */
    uint32_t steps, leaps; /* of the clock since boot, apart               */
    struct bootstrap boot;
    struct bootstrap_verdict verdict;
    bool raised;           /* the floor is a quorum's, not the start's     */
    int64_t base_unix_s;   /* the floor was so much at base_ticks; it may  */
    uint64_t base_ticks;   /* rise by what passes, and by more after hours */
    uint32_t agreed_s;     /* of a quorum and the clock agreeing           */
    uint64_t agreed_ticks; /* counted up to here                           */
    char warning[96];      /* nobody confirms the time; "" otherwise       */
    char why[128];         /* what it lacks to be set, "" if it is         */
    struct timekeeper_event event[LIMIT_CLOCK_EVENTS];
    uint8_t events;
};

/* Sets the clock to the time floor at `ticks`, running at the rate that the
 * card knew. hz is the counter's rate. conf stays the caller's and must outlive
 * *t. */
void tk_init(struct timekeeper *t, const struct conf *conf,
             const struct timekeeper_start *start, uint32_t hz, uint64_t ticks);

/* Adds a source at an unused slot below LIMIT_SOURCES (else ASSERT); conf stays
 * the caller's. A source may join at any time. */
void tk_source(struct timekeeper *t, unsigned slot,
               const struct conf_source *conf);

/* Notes where a source's server is. Sources at one address and port are one
 * server, under whatever names: they have one vote together and count as one
 * source where the configured ones are counted. It is the vote of the first
 * that is reachable, but of one with NTS before any without. */
void tk_server(struct timekeeper *t, unsigned slot, const struct addr *addr,
               uint16_t port);

/* Returns the slot of the source that votes for this one's server, or -1: this
 * one votes itself. */
int tk_votes_for(const struct timekeeper *t, unsigned slot);

/* Notes that a request to a source has left: its reach register from now on,
 * and its address as a reference identifier (RFC 5905 section 7.3). */
void tk_asked(struct timekeeper *t, unsigned slot, uint8_t reach,
              uint32_t refid);

/* Takes a valid reply, `ticks` being now, and says in *out what its source
 * should do next. While the clock is not set the reply is first judged by
 * bootstrap.h; one that is not believed is refused and told in out->doubt. A
 * sample that failed one of chrony's tests (A and D: sample->failed; B and C
 * are judged here) is shown by ntpdata and not used. Nor is one used within 5 s
 * of a leap second, or from before it. What is used goes to the filter, and if
 * that takes it the sources are compared anew and the clock is steered. */
void tk_reply(struct timekeeper *t, uint64_t ticks, unsigned slot,
              const struct timekeeper_reply *reply,
              struct timekeeper_verdict *out);

/* Forgets what a source has said, because it is at another address now or its
 * keys are not trusted any more. */
void tk_forget(struct timekeeper *t, unsigned slot);

/* Takes a reading of the board's sensor, in thousandths of a degree C: some a
 * minute, or none ever. */
void tk_temperature(struct timekeeper *t, uint64_t ticks, int32_t millidegrees);

/* Gives what a source's filter says of UTC at `ticks` (filter_estimate), the
 * crystal's temperature taken into account. */
bool tk_estimate(const struct timekeeper *t, const struct timekeeper_slot *s,
                 uint64_t ticks, struct estimate *out);

/* Does what is due at `ticks`: a leap second, a new selection, the end of a
 * slew. Returns the counter value at which it wants to be called again, a
 * little late is fine; UINT64_MAX: when something else has happened. */
uint64_t tk_poll(struct timekeeper *t, uint64_t ticks);

/* Takes the oldest line for the log. Returns false if there is none. When
 * nobody takes them, LIMIT_CLOCK_EVENTS are kept and newer ones are lost. */
bool tk_event(struct timekeeper *t, struct timekeeper_event *out);

/* Moves the time floor because an operator said so, and the clock with it
 * unless that is set; what was heard before is then forgotten. */
void tk_floor(struct timekeeper *t, uint64_t ticks, int64_t floor_unix_s,
              bool by_operator);

/* ---- reading ------------------------------------------------------------- */

/* Returns true while the clock is set; see the top of this file. */
bool tk_is_set(const struct timekeeper *t);

/* Returns true while the clock is set and runs on what was learnt, for no
 * source answers. */
bool tk_hold_over(const struct timekeeper *t);

/* Returns UTC at a counter value at or after the last call that changed the
 * clock, right across a leap second to the tick. */
ntp64 tk_utc(const struct timekeeper *t, uint64_t ticks);

/* Returns UTC at the stamp of a frame, which may have waited while the clock
 * was changed: then it is on the scale of `now`, a counter value that tk_utc
 * takes. */
ntp64 tk_utc_of_stamp(const struct timekeeper *t, uint64_t stamp, uint64_t now);

/* Returns a moment in whole Unix seconds, rounded down, in the era that is
 * nearest to the time floor (utc.h). */
int64_t tk_unix_of(const struct timekeeper *t, ntp64 utc);

/* Returns tk_utc in whole Unix seconds, rounded down. */
int64_t tk_unix_s(const struct timekeeper *t, uint64_t ticks);

/* Returns the counter value at which the clock, running as it does now, shows
 * utc, which is at most 60 s after what it shows at from_ticks. A leap second
 * in between is not counted, for it moves no second's beginning. */
uint64_t tk_when(const struct timekeeper *t, uint64_t from_ticks, ntp64 utc);

/* Returns the leap indicator to show and to serve at `ticks`: 3 while the clock
 * is not set, and while a leap second is in progress (leap.h). */
uint8_t tk_leap(const struct timekeeper *t, uint64_t ticks);

/* Gives what a server has to say of our clock in a reply that leaves at
 * `ticks`. Root delay / 2 + root dispersion is the most that the clock may be
 * off then, what is not yet slewed included. */
void tk_reference(const struct timekeeper *t, uint64_t ticks,
                  struct ntp_reference *out);

/* Gives the clock that certificates are to be judged by at `ticks`. */
struct cert_clock tk_cert_clock(const struct timekeeper *t, uint64_t ticks);

/* Returns true if an association with this certificate window (Unix seconds)
 * may keep its keys at `ticks`: always while the clock is not set. */
bool tk_window_ok(const struct timekeeper *t, uint64_t ticks, int64_t cert_lo,
                  int64_t cert_hi);

/* Returns false while nobody may be asked, because bootstrap is strict and no
 * operator has set a floor. */
bool tk_may_ask(const struct timekeeper *t);

/* Gives what the card keeps: the time floor, Unix seconds (0: not risen since
 * boot), and the crystal's rate with its sigma (0: not
 * known well enough). Returns false while the clock is not set. */
bool tk_to_save(const struct timekeeper *t, int64_t *floor_unix_s,
                int32_t *freq_e12, int32_t *freq_sigma_e12);

#endif
