/* Four hundred days of serving, the services as they are (years.h), from the
 * summer of 2035 into NTP's next era. Two servers set the clock; an honest
 * client asks with NTS every quarter of an hour, and makes one key exchange in all of
 * it; every noon come others, and strangers who do everything wrong.
 *
 *   day  60 .. 70    the servers are silent, the clock runs on
 *   day  90          the power fails for an hour; the servers come two days
 *                    later, until then the clock is not set
 *   day 120          the certificate ends; it is served all the same, and the
 *                    log has said so once a day from 14 days before
 *   day 126          a new one is on the card, and the board is started anew
 *   day 150          2036-02-07: NTP's seconds begin at 0
 *   day 200 or so    the power fails in the write of a rotation
 *   day 295          a leap second
 *
 * Counters begin just below 2^32. After each day all of them add up with what
 * was sent and what came back, no session is open, the arenas are at their
 * marks, and card and log have grown by what is known. */
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapters/tls_platform.h"
#include "services/cookies.h"
#include "services/ke_server.h"
#include "services/server.h"
#include "years.h"

#define POLL       (900 * MONO_S)
#define ROTATE     (7 * YEARS_DAY)
#define LOST       60
#define FOUND      70
#define POWER_CUT  90
#define FOUND_TOO  92
#define CERT_ENDS  120
#define RENEWED    126
#define ROTATE_CUT 200
#define LEAP       295
#define HONEST     0x0a000201u
#define DENIED     0xc0000201u
#define PEER_PLAIN 0x0a000301u
#define PEER_FLOOD 0x0a000302u
#define PEER_DEAF  0x0a000400u
#define NEWCOMER   0x0a010000u

struct years *w;

_Noreturn void years_fail(int line, const char *what, const char *why)
{
    printf("# day %.3f, line %d: %s (%s)\n", (double)w->now / YEARS_DAY, line,
           why, what);
    fflush(NULL);
    _exit(1);
}

static int day(void)
{
    return (int)(w->now / YEARS_DAY);
}

/* ---- what this boot has been asked, and has to have counted --------------- */

static struct {
    struct status_server server; /* when it began                           */
    struct status_ke ke;
    unsigned requests, answers, authentic, naks, interleaved;
    unsigned drops[STATUS_DROPS];
    unsigned exchanges, tried;
    size_t common, pairs; /* arenas' marks                                  */
    mono_ns set_since;    /* sources answer; 0: they never did              */
    span_ns bound;        /* that was stated yesterday, without sources     */
} boot;

static struct status_ke ke_status(void)
{
    struct status_ke k;
    ke_server_status(&k);
    return k;
}

static struct status_server server_status_now(void)
{
    struct status_server s;
    server_status(&s);
    return s;
}

/* ---- invariants ---------------------------------------------------------- */

static void counters_add_up(void)
{
    struct status_server s = server_status_now();
    const struct status_server *b = &boot.server;
    uint64_t drops = 0;
    for (unsigned i = 0; i < STATUS_DROPS; i++) {
        uint64_t more = s.ntp_dropped[i] - b->ntp_dropped[i];
        MUST(i == STATUS_DROP_LIMIT || more == boot.drops[i],
             "each kind of drop is counted");
        drops += more;
    }
    uint64_t hits = s.ntp_hits - b->ntp_hits;
    MUST(hits == w->requests - boot.requests, "all that came is counted");
    MUST(hits == w->answers - boot.answers + drops,
         "received = answered + each kind of drop");
    MUST(s.ntp_drops - b->ntp_drops == drops, "drops are the sum of its kinds");
    MUST(s.authenticated - b->authenticated == boot.authentic, "authenticated");
    MUST(s.naks - b->naks == boot.naks, "NAKs");
    MUST(s.interleaved - b->interleaved == boot.interleaved, "interleaved");
}

static void exchanges_add_up(void)
{
    struct status_ke k = ke_status();
    uint64_t drops = k.not_allowed + k.ratelimited + k.too_many + k.gave_way +
                     k.timed_out + k.no_tls + k.closed;
    MUST(k.hits - boot.ke.hits == boot.tried, "all connections are counted");
    MUST(k.answered - boot.ke.answered == w->exchanges - boot.exchanges,
         "key exchanges");
    MUST(k.drops == drops && k.hits == k.answered + drops,
         "connections = answered + each kind of drop");
    const struct status_ke *b = &boot.ke;
    MUST(boot.tried < 40 ||
             (k.not_allowed > b->not_allowed &&
              k.ratelimited > b->ratelimited && k.too_many > b->too_many &&
              k.gave_way > b->gave_way && k.timed_out > b->timed_out &&
              k.no_tls > b->no_tls && k.closed > b->closed),
         "each kind has been there");
}

static void nothing_leaks(void)
{
    struct status_ke k = ke_status();
    MUST(k.sessions == 0, "no session is left");
    MUST(k.arena_used == 0, "the sessions' arenas are empty");
    MUST(k.pairs_used == boot.pairs, "the arena of keys is at its mark");
    size_t common = tls_platform_used(TLS_PLATFORM_COMMON);
    if (boot.common == 0) /* the first day's */
        boot.common = common;
    MUST(common == boot.common, "the common arena is at its mark");
}

/* ---- a boot -------------------------------------------------------------- */

static void begin_boot(void)
{
    years_boot();
    years_run(w->now + 100 * MONO_MS); /* the keys are on the card */
    MUST(cookies_jar(), "cookies are given out at once");
    boot.server = server_status_now();
    boot.ke = ke_status();
    MUST(boot.ke.open && boot.ke.pair[0].used, "NTS-KE is served");
    boot.pairs = boot.ke.pairs_used;
    boot.requests = w->requests;
    boot.answers = w->answers;
    boot.exchanges = w->exchanges;
}

static bool sources_answer(void)
{
    return !(day() >= LOST && day() < FOUND) &&
           !(day() >= POWER_CUT && day() < FOUND_TOO && w->boots == 2);
}

/* In this boot, and long enough ago for the next request to a source. */
static bool is_set(void)
{
    return boot.set_since && w->now - boot.set_since > 2 * 3600 * MONO_S;
}

static void poll(struct customer *c, enum years_answer want)
{
    enum years_answer got = years_poll(c);
    MUST(got == want || (want == ANY && got >= UNSET),
         "what an NTS client gets");
    boot.authentic += got >= UNSET;
    boot.naks += got == NAKED;
}

static enum years_answer wanted(void)
{
    return is_set() ? SET : boot.set_since ? ANY : UNSET;
}

/* ---- every noon ---------------------------------------------------------- */

static void bad_requests(void)
{
    MUST(!years_plain(DENIED, 0x23, 48), "who is not allowed");
    boot.drops[STATUS_DROP_DENIED]++;
    MUST(!years_plain(PEER_PLAIN, 0x23, 47), "47 bytes");
    MUST(!years_plain(PEER_PLAIN, 0x26, 48), "mode 6");
    MUST(!years_plain(PEER_PLAIN, 0x2b, 48), "version 5");
    boot.drops[STATUS_DROP_MALFORMED] += 3;
    MUST(!years_spoilt(&w->honest, false), "NTS without an authenticator");
    boot.drops[STATUS_DROP_NTS]++;
    MUST(years_spoilt(&w->honest, true), "a wrong authenticator");
    boot.naks++;
    w->no_buffers = true;
    MUST(!years_plain(PEER_PLAIN, 0x23, 48), "no buffer is left");
    boot.drops[STATUS_DROP_FULL]++;
    w->no_buffers = false;
    MUST(years_plain(PEER_PLAIN, 0x1b, 48), "version 3");
    MUST(years_interleaved(PEER_PLAIN), "interleaved");
    boot.interleaved++;
    for (unsigned i = 0; i < 60; i++) { /* and none of it makes a line */
        (void)years_plain(PEER_FLOOD, 0x23, 48);
        (void)years_plain(PEER_FLOOD + 1 + i, 0x23, 40);
    }
    boot.drops[STATUS_DROP_MALFORMED] += 60;
}

static struct years_tcp *knock(uint32_t ip)
{
    boot.tried++;
    w->now += 100 * MONO_US;
    return years_connect(ip);
}

static void hang_up(struct years_tcp *t)
{
    if (t)
        years_hang_up(t);
}

/* Whatever becomes of it, nobody is answered. */
static void bad_connections(void)
{
    struct years_tcp *deaf[24], *t;
    MUST(!knock(DENIED), "who is not allowed");
    for (unsigned i = 0; i < 18; i++) /* two more than there are places */
        deaf[i] = knock(PEER_DEAF + i);
    for (unsigned i = 18; i < LEN(deaf); i++) /* more than four of one */
        deaf[i] = knock(PEER_DEAF + 20);
    years_settle();
    years_run(w->now + 2100 * MONO_MS);
    for (unsigned i = 0; i < LEN(deaf); i++)
        hang_up(deaf[i]);
    if ((t = knock(PEER_DEAF + 30))) {
        memcpy(t->in, "GET / HTTP/1.1\r\n\r\n", t->in_len = 18);
        years_settle();
        MUST(t->closed, "no TLS");
        hang_up(t);
    }
    if ((t = knock(PEER_DEAF + 31))) {
        years_settle();
        hang_up(t); /* the client goes first */
        years_settle();
    }
    for (unsigned i = 0; i < 12; i++) /* beyond its limit */
        if ((t = knock(PEER_DEAF + 32))) {
            hang_up(t);
            years_settle();
        }
}

/* Somebody new every fifth day, who keeps one cookie of the first day. */
static void newcomer(void)
{
    struct customer c = {.ip = NEWCOMER + (uint32_t)day()};
    boot.tried++;
    MUST(years_exchange(&c), "a key exchange");
    int want =
        years_unix() > w->cert_hi ? X509_V_ERR_CERT_HAS_EXPIRED : X509_V_OK;
    MUST(c.trouble == want, "what is to be said of the certificate");
    poll(&c, wanted());
    if (w->old.cookies == 0)
        w->old = c;
}

/* A cookie of four weeks ago: a NAK, and new ones for it. */
static void old_cookies(void)
{
    poll(&w->old, NAKED);
    w->old.ip = PEER_DEAF + 40 + (uint32_t)day();
    boot.tried++;
    MUST(years_exchange(&w->old), "a key exchange after a NAK");
    poll(&w->old, wanted());
}

static void noon(void)
{
    bad_requests();
    bad_connections();
    if (day() % 5 == 0)
        newcomer();
    if (day() % 28 == 27)
        old_cookies();
}

/* ---- a day --------------------------------------------------------------- */

struct said { /* of the log                                                  */
    unsigned lines, ends_in, ended_on;
};

/* whole: the day, and the clock was set in all of it. */
static void check_log(const struct said *before, bool whole)
{
    const int64_t midnight = YEARS_START + day() * INT64_C(86400);
    const int64_t warn = w->cert_hi - 14 * 86400;
    unsigned ends_in = w->ends_in - before->ends_in;
    unsigned ended_on = w->ended_on - before->ended_on;
    MUST(w->lines - before->lines < 40, "the log's lines are bounded");
    if (midnight + 86400 < warn)
        MUST(ends_in + ended_on == 0, "a good certificate is not spoken of");
    if (whole && midnight >= warn)
        MUST(ends_in + ended_on == 1, "of one that ends, once a day");
    if (whole && midnight >= w->cert_hi)
        MUST(ended_on == 1, "that it has ended");
}

static void check_card(void)
{
    MUST(w->key_records == 1 + w->rotations, "one write for each rotation");
    MUST(w->now - w->rotated < ROTATE + 2 * 3600 * MONO_S, "keys are changed");
}

static void check_dispersion(void)
{
    bool alone = !w->sources && boot.set_since;
    MUST(!alone || years_reply.bound > boot.bound + 10 * MONO_MS,
         "dispersion grows while no source answers");
    MUST(alone || !is_set() || years_reply.bound < 100 * MONO_MS,
         "and is small while they do");
    boot.bound = alone ? years_reply.bound : 0;
}

static void check_all(const struct said *before, bool whole)
{
    counters_add_up();
    exchanges_add_up();
    nothing_leaks();
    check_log(before, whole);
    check_card();
    check_dispersion();
}

/* Until then, at most until midnight, or until the power goes. */
static void live(mono_ns until)
{
    const struct said before = {w->lines, w->ends_in, w->ended_on};
    bool whole =
        is_set() && w->now % YEARS_DAY < MONO_S && until % YEARS_DAY == 0;
    w->sources = sources_answer();
    if (w->sources && !boot.set_since)
        boot.set_since = w->now;
    for (mono_ns at = w->now - w->now % POLL + POLL / 2; at < until;
         at += POLL) {
        if (at < w->now)
            continue;
        years_run(at);
        if (w->off)
            return;
        poll(&w->honest, wanted());
        if (at % YEARS_DAY == YEARS_DAY / 2 + POLL / 2)
            noon();
    }
    years_run(until - MONO_S);
    if (!w->off)
        check_all(&before, whole);
    years_run(until);
}

static void first_exchange(void)
{
    w->honest.ip = HONEST;
    boot.tried++;
    MUST(years_exchange(&w->honest) && w->honest.trouble == 0, "cookies");
}

/* As in chronyd: announced until it comes, nobody's time for two seconds. */
static uint8_t leap_wanted(void)
{
    mono_ns after = w->now - LEAP * YEARS_DAY;
    return after < 0 ? 1 : after < 2 * MONO_S ? 3 : 0;
}

/* The clock says the same second twice, and before it that it will. */
static void cross_leap_second(void)
{
    live(LEAP * YEARS_DAY - 10 * MONO_S);
    MUST(years_reply.leap == 1, "the leap second is announced");
    for (int i = -11; i < 12; i += 2) {
        years_run(LEAP * YEARS_DAY + i * 350 * MONO_MS);
        poll(&w->honest, SET); /* its error is looked at */
        MUST(years_reply.leap == leap_wanted(), "the leap indicator");
    }
}

/* From power-on until then. */
static void life(mono_ns until)
{
    begin_boot();
    if (w->boots == 1)
        first_exchange();
    while (w->now < until && !w->off) {
        mono_ns midnight = (w->now / YEARS_DAY + 1) * YEARS_DAY;
        if (midnight == LEAP * YEARS_DAY)
            cross_leap_second();
        live(midnight < until ? midnight : until);
    }
}

/* ---- all of it ----------------------------------------------------------- */

static bool power(mono_ns until)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        life(until);
        fflush(NULL);
        _exit(0);
    }
    int status = -1;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool all_of_it(void)
{
    years_certify(YEARS_START - 10 * 86400,
                  YEARS_START + CERT_ENDS * 86400 + 5 * 3600);
    if (!power(POWER_CUT * YEARS_DAY + 46800 * MONO_S))
        return false;
    w->now += 3600 * MONO_S;
    w->honest.cookies -= 4; /* it asked in vain */
    if (!power(RENEWED * YEARS_DAY + 36000 * MONO_S))
        return false;
    w->now += 2 * MONO_S;
    years_certify(YEARS_START + 110 * 86400, YEARS_START + 500 * 86400);
    w->cut_keys = false;
    if (!power(ROTATE_CUT * YEARS_DAY))
        return false;
    w->cut_keys = true;
    if (!power(YEARS_DAYS * YEARS_DAY) || !w->off)
        return false;
    w->cut_keys = w->off = false;
    w->now += 2 * MONO_S;
    return power(YEARS_DAYS * YEARS_DAY) && w->honest.exchanges == 1 &&
           w->honest.naks == 0 &&
           w->rotations == YEARS_DAYS / 7 + 1 && /* one of them twice */
           w->ends_in == 14 && w->ended_on == RENEWED - CERT_ENDS;
}

static void blank_card(void)
{
    uint8_t *e = w->card[0] + 446;
    e[4] = 0xda;
    e[8] = YEARS_STATE;
    e[12] = (uint8_t)(2 * JOURNAL_HALF);
    e[13] = (uint8_t)(2 * JOURNAL_HALF >> 8);
    w->card[0][510] = 0x55;
    w->card[0][511] = 0xaa;
}

int main(void)
{
    w = mmap(NULL, sizeof *w, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (w == MAP_FAILED)
        return 1;
    blank_card();
    years_pki();
    bool good = all_of_it();
    printf("# %u requests, %u answers, %u of the honest client's %u; %u key "
           "exchanges, its own %u; %u rotations, %u writes of the card, %u of "
           "them of keys; %u lines in the log, %u + %u of the certificate; %u "
           "boots\n",
           w->requests, w->answers, w->honest.authentic, w->honest.asked,
           w->exchanges, w->honest.exchanges, w->rotations, w->writes,
           w->key_records, w->lines, w->ends_in, w->ended_on, w->boots);
    printf("1..1\n%sok 1 - four hundred days\n", good ? "" : "not ");
    return good ? 0 : 1;
}
