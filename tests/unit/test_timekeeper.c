/* A whole clock as the caller's struct: quorum, windows and floor before it is
 * set, what it says of itself after, maxchange, and several side by side.
 * Samples come as if from servers that are right to a millisecond about a time
 * of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/timekeeper.h"
#include "core/utc.h"

#define HZ  1000000
#define DAY INT64_C(86400)
#define B   INT64_C(1796083200) /* the build */
#define ANY 0, INT64_MAX

struct board {
    struct timekeeper tk;
    struct conf conf;
    uint64_t ticks, began;
    struct timekeeper_verdict v; /* of the last reply */
    char said[8192];
};
static struct board one, two;

static void log_all(struct board *b)
{
    struct timekeeper_event e;
    while (tk_event(&b->tk, &e)) {
        size_t n = strlen(b->said);
        assert_true(n + strlen(e.text) + 2 < sizeof b->said);
        strcat(b->said, e.text);
        strcat(b->said, "\n");
    }
}

/* A start at tick `at` with n NTS sources. */
static void boot(struct board *b, const char *lines, unsigned n, uint64_t at)
{
    const struct timekeeper_start start = {.floor_unix_s = B};
    memset(b, 0, sizeof *b);
    b->began = b->ticks = at;
    assert_int_equal(conf_parse(&b->conf, lines, strlen(lines)), 0);
    tk_init(&b->tk, &b->conf, &start, HZ, b->ticks);
    for (unsigned i = 0; i < n; i++) {
        struct conf_source *s = &b->conf.sources[i];
        *s = (struct conf_source){.nts = true, .minpoll = 6, .maxpoll = 10};
        s->name[0] = s->label[0] = (char)('a' + i);
        tk_source(&b->tk, i, s);
        tk_asked(&b->tk, i, 0, 0x0a000001 + i);
    }
    log_all(b);
}

static void reply(struct board *b, unsigned i, ntp64 utc, span_ns delay_ns,
                  int64_t lo, int64_t hi)
{
    const struct ntp_sample s = {
        .at_ticks = b->ticks,
        .utc = utc,
        .delay_ns = delay_ns,
        .root_delay_ns = 4 * MONO_MS,
        .root_disp_ns = MONO_MS,
        .stratum = 1,
        .poll = 6,
        .server_precision = -20,
    };
    const struct timekeeper_reply r = {
        .sample = &s, .cert_lo = lo, .cert_hi = hi, .reach = 1};
    tk_reply(&b->tk, b->ticks, i, &r, &b->v);
    b->ticks += 1000;
    (void)tk_poll(&b->tk, b->ticks);
    log_all(b);
}

/* Source i's clock showed unix_s at the start. */
static void hear(struct board *b, unsigned i, int64_t unix_s, int64_t lo,
                 int64_t hi)
{
    reply(b, i,
          utc_of_unix(unix_s, 500000000) +
              (uint64_t)utc_ticks_ntp((int64_t)(b->ticks - b->began), HZ),
          MONO_MS, lo, hi);
}

static void wait_s(struct board *b, int64_t s)
{
    b->ticks += (uint64_t)s * HZ;
    (void)tk_poll(&b->tk, b->ticks);
    log_all(b);
}

static int64_t shows(const struct board *b)
{
    return tk_unix_s(&b->tk, b->ticks);
}

static struct cert_clock judge(const struct board *b)
{
    return tk_cert_clock(&b->tk, b->ticks);
}

/* ---- before it is set ---------------------------------------------------- */

static void quorum(void **state)
{
    (void)state;
    int64_t floor;
    int32_t freq, sigma;
    boot(&one, "", 3, HZ);
    assert_int_equal(shows(&one), B);
    hear(&one, 0, B + 9 * DAY, B, B + 80 * DAY);
    assert_false(tk_is_set(&one.tk));
    assert_false(tk_to_save(&one.tk, &floor, &freq, &sigma));
    assert_string_equal(one.tk.why, "1 of 3 sources agree, 2 needed");
    wait_s(&one, 2);
    hear(&one, 1, B + 9 * DAY, B, B + 80 * DAY);
    assert_true(tk_is_set(&one.tk));
    assert_int_equal(one.tk.steps, 1);
    assert_string_equal(one.tk.why, "");
    assert_non_null(strstr(one.said, "synchronised: 2 of 3 sources agree"));
    assert_in_range(shows(&one), B + 9 * DAY + 2, B + 9 * DAY + 4);
    assert_true(tk_to_save(&one.tk, &floor, &freq, &sigma));
    assert_int_equal(floor, B + 2); /* what has passed; test floor_rises */
    assert_int_equal(judge(&one).floor, floor);
    assert_true(tk_window_ok(&one.tk, one.ticks, B, B + 80 * DAY));
    assert_false(tk_window_ok(&one.tk, one.ticks, B, B + 8 * DAY));
}

static void at(struct board *b, unsigned i, unsigned last, uint16_t port)
{
    const struct addr a = {.family = 4, .b = {192, 0, 2, (uint8_t)last}};
    tk_server(&b->tk, i, &a, port);
}

/* Three names of one server that is wrong, beside two that are right. */
static void one_address_one_vote(void **state)
{
    (void)state;
    boot(&one, "", 5, HZ);
    for (unsigned i = 0; i < 5; i++)
        at(&one, i, i < 3 ? 1 : i, 123);
    for (unsigned i = 0; i < 3; i++)
        hear(&one, i, B + 9 * DAY + 3600, ANY);
    assert_false(tk_is_set(&one.tk));
    assert_string_equal(one.tk.why, "1 of 3 sources agree, 2 needed");
    hear(&one, 3, B + 9 * DAY, ANY);
    hear(&one, 4, B + 9 * DAY, ANY);
    assert_true(tk_is_set(&one.tk));
    assert_in_range(shows(&one), B + 9 * DAY, B + 9 * DAY + 2);
    assert_string_equal(one.tk.sel.letter + 1, "NN*+");
    assert_int_equal(one.tk.sel.letter[0], 'x');
    assert_int_equal(tk_votes_for(&one.tk, 0), -1);
    assert_int_equal(tk_votes_for(&one.tk, 2), 0);
    assert_int_equal(tk_votes_for(&one.tk, 3), -1);
}

/* At another port is another server; who moves away has a vote again; one that
 * is silent leaves its vote to the other; NTS goes before plain NTP. */
static void whose_vote(void **state)
{
    (void)state;
    boot(&one, "", 3, HZ);
    one.conf.sources[0].nts = false;
    at(&one, 0, 1, 123);
    at(&one, 1, 1, 124);
    at(&one, 2, 1, 124);
    assert_int_equal(tk_votes_for(&one.tk, 0), -1);
    assert_int_equal(tk_votes_for(&one.tk, 1), -1);
    assert_int_equal(tk_votes_for(&one.tk, 2), 1);
    tk_asked(&one.tk, 2, 1, 0);
    assert_int_equal(tk_votes_for(&one.tk, 1), 2);
    assert_int_equal(tk_votes_for(&one.tk, 2), -1);
    at(&one, 2, 2, 124);
    assert_int_equal(tk_votes_for(&one.tk, 1), -1);
    at(&one, 2, 1, 123);
    tk_asked(&one.tk, 0, 1, 0);
    tk_asked(&one.tk, 2, 0, 0);
    assert_int_equal(tk_votes_for(&one.tk, 0), 2);
    assert_int_equal(tk_votes_for(&one.tk, 2), -1);
    one.conf.sources[2].noselect = true; /* has none to lend */
    assert_int_equal(tk_votes_for(&one.tk, 0), -1);
}

/* Expired between the floor and now, two of three: nothing moves. */
static void two_expired(void **state)
{
    (void)state;
    int64_t floor;
    int32_t freq, sigma;
    boot(&one, "", 3, HZ);
    for (int round = 0; round < 5; round++) {
        hear(&one, 2, B + 90 * DAY, B, B + 99 * DAY);
        assert_string_equal(one.v.doubt, "");
        assert_false(one.v.doubt_window);
        hear(&one, 1, B + 90 * DAY, B, B + 31 * DAY);
        hear(&one, 0, B + 90 * DAY, B, B + 30 * DAY);
        assert_true(one.v.doubt_window);
        one.ticks += 16 * HZ;
    }
    assert_false(tk_is_set(&one.tk));
    assert_false(tk_to_save(&one.tk, &floor, &freq, &sigma));
    assert_int_equal(judge(&one).floor, B);
    assert_string_equal(one.tk.why,
                        "1 of 3 sources agree, 2 needed, 2 outside their "
                        "certificates' validity");
    assert_int_equal(tk_leap(&one.tk, 0), 3);
    assert_non_null(strstr(one.v.doubt, "outside its certificate's validity"));
    assert_non_null(strstr(one.said, "a: says "));
    assert_non_null(strstr(one.said, "outside its certificate's validity: not "
                                     "believed"));
}

/* The sum of what they may be off sticks out of a window: not counted. */
static void interval(void **state)
{
    (void)state;
    boot(&one, "", 2, HZ);
    hear(&one, 0, B + 9 * DAY, B, B + 80 * DAY);
    hear(&one, 1, B + 9 * DAY, B, B + 9 * DAY); /* ends within this second */
    assert_true(tk_is_set(&one.tk));
    boot(&one, "", 2, HZ);
    for (unsigned i = 0; i < 2; i++)
        reply(&one, i, utc_of_unix(B + 9 * DAY, 0), 400 * MONO_MS,
              i ? B : B + 9 * DAY, B + 80 * DAY);
    assert_false(tk_is_set(&one.tk));
    assert_string_equal(one.tk.why,
                        "1 of 2 sources agree, 2 needed, 1 outside its "
                        "certificate's validity");
}

/* One source that is left steers the clock, but the floor stays. */
static void floor_needs_quorum(void **state)
{
    (void)state;
    int64_t floor;
    int32_t freq, sigma;
    boot(&one, "", 3, HZ);
    hear(&one, 0, B + 9 * DAY, ANY);
    hear(&one, 1, B + 9 * DAY, ANY);
    assert_true(tk_to_save(&one.tk, &floor, &freq, &sigma));
    int64_t first = floor;
    tk_asked(&one.tk, 1, 0, 0);
    for (int i = 1; i < 20; i++) {
        one.ticks += 64 * HZ;
        hear(&one, 0, B + 9 * DAY, ANY);
    }
    assert_true(tk_to_save(&one.tk, &floor, &freq, &sigma));
    assert_int_equal(floor, first);
    one.ticks += 64 * HZ;
    hear(&one, 1, B + 9 * DAY, ANY);
    assert_true(tk_to_save(&one.tk, &floor, &freq, &sigma));
    assert_in_range(floor, first + 64 * 20 - 2, first + 64 * 20 + 2);
}

static int64_t floor_of(const struct board *b)
{
    int64_t floor = 0;
    int32_t freq, sigma;
    assert_true(tk_to_save(&b->tk, &floor, &freq, &sigma));
    return floor;
}

static void agree(struct board *b, int64_t unix_s, int64_t hours)
{
    for (int64_t s = 0; s < hours * 3600; s += 300) {
        b->ticks += (uint64_t)300 * HZ;
        hear(b, 0, unix_s, ANY);
        hear(b, 1, unix_s, ANY);
    }
}

/* By what has passed, and to what the clock shows after four hours in which
 * nothing contradicted it; before, a jump was the floor's at once. */
static void floor_rises(void **state)
{
    (void)state;
    boot(&one, "", 2, HZ);
    hear(&one, 0, B + 400 * DAY, ANY);
    hear(&one, 1, B + 400 * DAY, ANY);
    agree(&one, B + 400 * DAY, 3);
    assert_in_range(floor_of(&one), B + 3 * 3590, B + 3 * 3600);
    agree(&one, B + 400 * DAY, 2);
    assert_in_range(floor_of(&one), B + 400 * DAY + 5 * 3600 - 2,
                    B + 400 * DAY + 5 * 3600);
    int64_t before = floor_of(&one);
    agree(&one, B + 800 * DAY, 1); /* not followed yet */
    assert_false(tk_is_set(&one.tk));
    assert_int_equal(one.tk.boot.floor, before);
    agree(&one, B + 400 * DAY, 1); /* and back */
    assert_true(tk_is_set(&one.tk));
    assert_in_range(floor_of(&one), B + 400 * DAY + 7 * 3600 - 20,
                    B + 400 * DAY + 7 * 3600);
}

/* ---- sources that contradict the clock ----------------------------------- */

/* One plain story against another: the clock keeps the older one until the
 * newer one is as old, an hour at most. */
static void contradicted(void **state)
{
    (void)state;
    struct ntp_reference r;
    boot(&one, "", 2, HZ);
    agree(&one, B + 9 * DAY, 1);
    agree(&one, B + 99 * DAY, 1);
    assert_false(tk_is_set(&one.tk));
    assert_true(one.tk.d.contradicted);
    assert_int_equal(tk_leap(&one.tk, 0), 3);
    tk_reference(&one.tk, one.ticks, &r);
    assert_int_equal(r.stratum, NTP_STRATUM_UNSET);
    assert_string_equal(one.tk.why,
                        "its sources say 90 days more: set anew if they do for "
                        "60 min, at once by `reset'");
    assert_int_equal(one.tk.steps, 1);
    assert_in_range(shows(&one), B + 9 * DAY + 7100, B + 9 * DAY + 7300);
    agree(&one, B + 99 * DAY, 1);
    assert_true(tk_is_set(&one.tk));
    assert_int_equal(one.tk.steps, 2);
    assert_non_null(strstr(one.said, "clock set anew to"));
    assert_in_range(shows(&one), B + 99 * DAY, B + 99 * DAY + 11000);
    agree(&one, B + 9 * DAY, 1); /* once more, but they come back */
    assert_false(tk_is_set(&one.tk));
    agree(&one, B + 99 * DAY, 1);
    assert_true(tk_is_set(&one.tk));
    assert_int_equal(one.tk.steps, 2);
    assert_non_null(strstr(one.said, "sources and clock agree again"));
}

/* A reply that maxdelayratio bars is told as one. */
static void slow_reply(void **state)
{
    (void)state;
    boot(&one, "", 2, HZ);
    one.conf.sources[1].maxdelayratio = 2;
    agree(&one, B + 9 * DAY, 1);
    assert_string_equal(one.v.doubt, "");
    reply(&one, 1, tk_utc(&one.tk, one.ticks), 3 * MONO_MS, ANY);
    assert_string_equal(one.v.doubt,
                        "round trip beyond maxdelayratio: not used");
    agree(&one, B + 9 * DAY, 1);
    assert_string_equal(one.v.doubt, "");
}

/* chrony's logchange: the log has what the clock was found to be off. */
static void logchange(void **state)
{
    (void)state;
    boot(&one, "makestep 1 0\n", 2, HZ);
    agree(&one, B + 9 * DAY, 1);
    agree(&one, B + 9 * DAY + 1, 1);
    assert_null(strstr(one.said, "clock wrong")); /* 1 s is the limit */
    agree(&one, B + 9 * DAY + 2, 1);
    agree(&one, B + 9 * DAY, 1);
    assert_non_null(strstr(one.said, "clock wrong by -1."));
    boot(&one, "makestep 1 0\nlogchange 0.5\n", 2, HZ);
    agree(&one, B + 9 * DAY, 1); /* when it is set it is no change */
    assert_null(strstr(one.said, "clock wrong"));
    agree(&one, B + 9 * DAY - 1, 1);
    assert_non_null(strstr(one.said, "clock wrong by -"));
}

/* What can be slewed in an hour, and what the clock may be off after a long
 * hold-over, is no contradiction. */
static void not_contradicted(void **state)
{
    (void)state;
    boot(&one, "", 2, HZ);
    agree(&one, B + 9 * DAY, 1);
    agree(&one, B + 9 * DAY + 1, 1);
    assert_true(tk_is_set(&one.tk));
    assert_string_equal(one.tk.why, "");
    boot(&one, "", 2, HZ);
    agree(&one, B + 9 * DAY, 1);
    one.ticks += (uint64_t)30 * DAY * HZ;
    agree(&one, B + 9 * DAY + 20, 1);
    assert_true(tk_is_set(&one.tk));
    assert_int_equal(one.tk.steps, 1);
    assert_string_equal(one.tk.why, "");
}

/* An operator's floor ends it: as at a start. */
static void floor_ends_contradiction(void **state)
{
    (void)state;
    boot(&one, "", 2, HZ);
    agree(&one, B + 9 * DAY, 1);
    agree(&one, B + 99 * DAY, 1);
    assert_true(one.tk.d.contradicted);
    tk_floor(&one.tk, one.ticks, B, true);
    assert_false(one.tk.d.contradicted);
    agree(&one, B + 99 * DAY, 1);
    assert_true(tk_is_set(&one.tk));
}

static void nocerttimecheck(void **state)
{
    (void)state;
    boot(&one, "nocerttimecheck 2\n", 2, HZ);
    assert_non_null(strstr(one.said, "WARNING: nocerttimecheck 2"));
    hear(&one, 0, B + 90 * DAY, B, B + 30 * DAY);
    hear(&one, 1, B + 90 * DAY, B, B + 30 * DAY);
    assert_true(tk_is_set(&one.tk));
    assert_false(judge(&one).by_clock);
    assert_true(tk_window_ok(&one.tk, one.ticks, B, B + 30 * DAY));
    one.ticks += HZ;
    hear(&one, 0, B + 90 * DAY, B, B + 30 * DAY);
    assert_true(judge(&one).by_clock);
    assert_non_null(strstr(one.said, "nocerttimecheck: 2 clock updates"));
}

/* ---- once it is set ------------------------------------------------------ */

/* Hold-over: certificates are judged within what the clock may be off. */
static void holdover(void **state)
{
    (void)state;
    boot(&one, "", 2, HZ);
    hear(&one, 0, B + 9 * DAY, ANY);
    hear(&one, 1, B + 9 * DAY, ANY);
    assert_int_equal(judge(&one).slack_s, 0);
    assert_false(tk_hold_over(&one.tk));
    tk_asked(&one.tk, 0, 0, 0);
    tk_asked(&one.tk, 1, 0, 0);
    assert_true(tk_hold_over(&one.tk));
    one.ticks += (uint64_t)30 * DAY * HZ;
    assert_true(judge(&one).by_clock);
    assert_in_range(judge(&one).slack_s, 3, 100000);
}

static span_ns off_at_most(const struct board *b)
{
    return discipline_error(&b->tk.d, &b->tk.clk, b->ticks);
}

/* What UTC is nearer than hangs on the majority, not on the last packet; it
 * holds, and grows while nobody is heard. */
static void bound(void **state)
{
    (void)state;
    boot(&one, "", 3, 0);
    assert_true(off_at_most(&one) == INT64_MAX);
    for (unsigned n = 0; n < 8; n++)
        for (unsigned i = 0; i < 3; i++)
            hear(&one, i, B + 1000, ANY);
    span_ns before = off_at_most(&one);
    assert_true(tk_is_set(&one.tk) && before > 0 && before < 10 * MONO_MS);
    ntp64 truth = utc_of_unix(B + 1000, 500000000) +
                  (uint64_t)utc_ticks_ntp((int64_t)(one.ticks - one.began), HZ);
    span_ns off = utc_diff_ns(tk_utc(&one.tk, one.ticks), truth);
    assert_true(off < before && -off < before);
    /* One packet that took long changes nothing. */
    reply(&one, 0, tk_utc(&one.tk, one.ticks), 800 * MONO_MS, ANY);
    span_ns after = off_at_most(&one);
    assert_true(after < before + MONO_MS);
    for (unsigned i = 0; i < 3; i++)
        tk_asked(&one.tk, i, 0, 0x0a000001 + i);
    wait_s(&one, 3600);
    span_ns hour = off_at_most(&one);
    wait_s(&one, DAY);
    assert_true(hour > after + MONO_MS);
    assert_true(off_at_most(&one) > 10 * hour);
}

/* maxchange gives up: from then on the clock counts as never set, for whoever
 * asks; certificates are judged by the floor, which is the last time that a
 * quorum agreed on, and no longer by a clock that is not believed itself. */
static void given_up(void **state)
{
    (void)state;
    struct ntp_reference r;
    int64_t floor;
    int32_t freq, sigma;
    boot(&one, "maxchange 1 1 0\n", 1, HZ);
    hear(&one, 0, B + 9 * DAY, ANY);
    assert_true(judge(&one).by_clock);
    assert_true(tk_to_save(&one.tk, &floor, &freq, &sigma));
    for (int i = 0; i < 12; i++) { /* till the jump is believed */
        one.ticks += 2 * HZ;
        hear(&one, 0, B + 99 * DAY, ANY);
    }
    assert_true(one.tk.d.gave_up);
    assert_non_null(strstr(one.said, "exceeds maxchange: given up"));
    assert_false(tk_is_set(&one.tk));
    struct cert_clock c = judge(&one);
    assert_false(c.by_clock);
    assert_int_equal(c.floor, floor);
    assert_int_equal(c.slack_s, 0);
    assert_int_equal(bootstrap_judge_cert(&c, B - 9 * DAY, B - 1),
                     BOOTSTRAP_CERT_EXPIRED);
    assert_int_equal(bootstrap_judge_cert(&c, B + 50 * DAY, B + 90 * DAY),
                     BOOTSTRAP_CERT_GOOD);
    assert_true(tk_window_ok(&one.tk, one.ticks, B, B + DAY));
    tk_reference(&one.tk, one.ticks, &r);
    assert_int_equal(r.leap, 3);
    assert_int_equal(r.stratum, NTP_STRATUM_UNSET);
    assert_false(tk_to_save(&one.tk, &floor, &freq, &sigma));
    one.ticks += 2 * HZ; /* and replies as before it was */
    hear(&one, 0, B + 99 * DAY, B, B + 20 * DAY);
    assert_true(one.v.doubt_window);
    assert_string_equal(one.tk.why, ""); /* the reason is maxchange */
}

/* What a server hands out. */
static void reference(void **state)
{
    (void)state;
    struct ntp_reference r, later;
    boot(&one, "", 2, HZ);
    tk_reference(&one.tk, one.ticks, &r);
    assert_int_equal(r.leap, 3);
    assert_int_equal(r.stratum, NTP_STRATUM_UNSET);
    assert_int_equal(r.refid, 0);
    assert_int_equal(r.precision, -19); /* a microsecond is 2^-19.9 s */
    assert_int_equal(r.root_disp_ns, 16 * MONO_S);
    hear(&one, 0, B + 9 * DAY, ANY);
    hear(&one, 1, B + 9 * DAY, ANY);
    tk_reference(&one.tk, one.ticks, &r);
    assert_int_equal(r.leap, 0);
    assert_int_equal(r.stratum, 2);
    assert_in_range(r.refid, 0x0a000001, 0x0a000002);
    assert_int_equal(utc_unix_s(r.ref_time, B), B + 9 * DAY);
    assert_in_range(r.root_delay_ns, 5 * MONO_MS - 1000, 5 * MONO_MS + 1000);
    assert_in_range(r.root_disp_ns, MONO_MS, 3 * MONO_MS);
    assert_int_equal(r.root_delay_ns / 2 + r.root_disp_ns,
                     discipline_error(&one.tk.d, &one.tk.clk, one.ticks));
    tk_asked(&one.tk, 0, 0, 0x0a000001);
    tk_asked(&one.tk, 1, 0, 0x0a000002);
    wait_s(&one, DAY); /* nobody is selected any more; it is still his time */
    tk_reference(&one.tk, one.ticks, &later);
    assert_int_equal(later.refid, r.refid);
    assert_int_equal(later.ref_time, r.ref_time);
    assert_int_equal(later.root_delay_ns, r.root_delay_ns);
    assert_true(later.root_disp_ns > r.root_disp_ns + 100 * MONO_MS);
}

/* What is said of the path is what it can do, not what the last packet did. */
static void a_slow_packet(void **state)
{
    (void)state;
    struct ntp_reference before, after;
    boot(&one, "", 2, HZ);
    for (int i = 0; i < 20; i++) {
        hear(&one, 0, B + 9 * DAY, ANY);
        hear(&one, 1, B + 9 * DAY, ANY);
        wait_s(&one, 16);
    }
    tk_reference(&one.tk, one.ticks, &before);
    for (unsigned i = 0; i < 2; i++)
        reply(&one, i,
              utc_of_unix(B + 9 * DAY, 500000000) +
                  (uint64_t)utc_ticks_ntp((int64_t)(one.ticks - one.began), HZ),
              200 * MONO_MS, ANY);
    tk_reference(&one.tk, one.ticks, &after);
    assert_int_equal(after.root_delay_ns, before.root_delay_ns);
    assert_in_range(after.root_disp_ns, 0, before.root_disp_ns + 100000);
}

/* Nobody takes the lines: the oldest are kept, nothing else is harmed. */
static void events_overflow(void **state)
{
    (void)state;
    struct timekeeper_event e;
    unsigned n = 0;
    const struct timekeeper_start start = {.floor_unix_s = B};
    boot(&one, "nocerttimecheck 1\n", 1, HZ);
    tk_init(&one.tk, &one.conf, &start, HZ, one.ticks);
    tk_source(&one.tk, 0, &one.conf.sources[0]);
    const struct ntp_sample s = {.at_ticks = one.ticks,
                                 .utc = utc_of_unix(B - DAY, 0)};
    const struct timekeeper_reply r = {.sample = &s, .reach = 1};
    for (int i = 0; i < 2 * LIMIT_CLOCK_EVENTS; i++)
        tk_reply(&one.tk, one.ticks, 0, &r, &one.v);
    assert_true(tk_event(&one.tk, &e));
    assert_non_null(strstr(e.text, "WARNING: nocerttimecheck 1"));
    assert_null(e.limit);
    while (tk_event(&one.tk, &e)) {
        assert_non_null(strstr(e.text, "before the time floor"));
        assert_non_null(e.limit); /* a packet can cause it */
        n++;
    }
    assert_int_equal(n, LIMIT_CLOCK_EVENTS - 1);
}

/* ---- more than one ------------------------------------------------------- */

/* Two clocks in one process, of other configurations, counters and times: what
 * each does is what it would do alone, to the byte. */
static void side_by_side(void **state)
{
    (void)state;
    static struct board alone;
    boot(&one, "", 2, HZ);
    boot(&two, "minsources 1\nleapsecmode slew\nmakestep 0.1 -1\n", 1, 77 * HZ);
    for (int i = 0; i < 40; i++) {
        one.ticks += 16 * HZ;
        two.ticks += 7 * HZ;
        hear(&one, (unsigned)i % 2, B + 9 * DAY, ANY);
        hear(&two, 0, B + 500 * DAY + (i > 20 ? 3 : 0), ANY);
    }
    assert_in_range(shows(&one), B + 9 * DAY + 640, B + 9 * DAY + 642);
    assert_in_range(shows(&two), B + 500 * DAY + 283, B + 500 * DAY + 285);
    assert_int_equal(one.tk.steps, 1);
    assert_int_equal(two.tk.steps, 2); /* its server jumped */
    boot(&alone, "", 2, HZ);
    for (int i = 0; i < 40; i++) {
        alone.ticks += 16 * HZ;
        hear(&alone, (unsigned)i % 2, B + 9 * DAY, ANY);
    }
    assert_memory_equal(&alone.tk.clk, &one.tk.clk, sizeof one.tk.clk);
    assert_memory_equal(&alone.tk.slot[0].filter, &one.tk.slot[0].filter,
                        sizeof one.tk.slot[0].filter);
    assert_memory_equal(alone.tk.score, one.tk.score, sizeof one.tk.score);
    assert_string_equal(alone.said, one.said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quorum),
        cmocka_unit_test(one_address_one_vote),
        cmocka_unit_test(whose_vote),
        cmocka_unit_test(two_expired),
        cmocka_unit_test(interval),
        cmocka_unit_test(floor_needs_quorum),
        cmocka_unit_test(floor_rises),
        cmocka_unit_test(contradicted),
        cmocka_unit_test(not_contradicted),
        cmocka_unit_test(logchange),
        cmocka_unit_test(slow_reply),
        cmocka_unit_test(floor_ends_contradiction),
        cmocka_unit_test(nocerttimecheck),
        cmocka_unit_test(holdover),
        cmocka_unit_test(bound),
        cmocka_unit_test(given_up),
        cmocka_unit_test(reference),
        cmocka_unit_test(a_slow_packet),
        cmocka_unit_test(events_overflow),
        cmocka_unit_test(side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
