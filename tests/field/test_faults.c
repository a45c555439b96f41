/* A day of random faults: the whole firmware in the simulated world
 * (tests/world), whose servers, path, names, addresses, card and power fail
 * by a schedule that a seed makes. Some ten storms of ten minutes to two and a
 * half hours, each of up to twelve faults, each followed by a calm.
 *
 * All the time (every tenth of a second of true time):
 *   - the clock is within root delay / 2 + root dispersion of the truth, or
 *     says that it is not synchronised;
 *   - the time floor is not above the truth;
 *   - no cookie comes to a server twice, power cuts included;
 *   - the firmware neither dies nor resets itself, and its log shows no key.
 * In each calm: synchronised ten minutes after the last fault's end.
 *
 * What lies or misbehaves is a minority, the same servers for a whole storm:
 * a majority that lies together is believed (firmware/core/bootstrap.md).
 *
 * Without arguments: seeds 1 and 2. With arguments: those
 * seeds; `make faults`: 1 to 20 and a random one. FAULTS_SHOW=1 prints the
 * schedule, SIM_SHOW=1 the console since the last boot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../world/case.h"

#define MINUTE  60
#define HOUR    3600
#define FAULTS  300
#define RECOVER (10 * MINUTE)

#define POWER_SHARE 3 /* cuts are so much likelier than other faults */

enum kind {
    /* of a minority of the servers */
    LIE,
    NAK,
    TAMPER,
    REPLAY,
    PLAIN,
    KISS,
    KE_BAD,
    /* of any servers */
    SILENT,
    SLOW,
    ASYMMETRIC,
    LOSS,
    JITTER,
    TWICE,
    KE_AWAY,
    KEYS,
    OLD,
    /* of the board's surroundings */
    LINK,
    NAMES,
    LEASE,
    MOVED,
    CARD_FAILS,
    CARD_GONE,
    FLOOD,
    POWER,
    POWER_IN_WRITE,
    KINDS,
};
static const char *const kind_name[KINDS] = {
    "lie",        "NAK",       "tampered", "replayed",  "without NTS",
    "kiss",       "KE bad",    "silent",   "slow",      "one-sided",
    "loss",       "jitter",    "twice",    "KE away",   "new keys",
    "version 3",  "link down", "names",    "no lease",  "moved",
    "card fails", "card gone", "flood",    "power cut", "cut in write"};

struct fault {
    enum kind kind;
    unsigned servers; /* a bit each                                      */
    int64_t from, to; /* seconds since the day began                     */
    int64_t amount;
    bool begun;
};

static struct {
    unsigned servers, storms;
    int64_t begin_ns; /* true time at which the day began                  */
    struct fault fault[FAULTS];
    unsigned faults;
    int64_t storm_end[32];
    unsigned cuts;
    int64_t slowest; /* recovery, s                                        */
    bool no_card;    /* when the board was last switched on               */
    bool told_wrong, told_high, told_twice, told_key;
} day;

/* ---- the schedule -------------------------------------------------------- */

static int64_t between(int64_t lo, int64_t hi)
{
    return lo + (int64_t)simpath_random((unsigned)(hi - lo + 1));
}

static int64_t pick(const int64_t *of, unsigned count)
{
    return of[simpath_random(count)];
}
#define PICK(...)                                                              \
    pick((const int64_t[]){__VA_ARGS__},                                       \
         sizeof(const int64_t[]){__VA_ARGS__} / sizeof(int64_t))

static int64_t amount_of(enum kind kind)
{
    switch (kind) {
    case LIE: /* ms */
        return PICK(1, -1) * PICK(1, 3, 6, 8, 20, 120, 1000, 5000, 60000,
                                  3600000, 86400 * INT64_C(400000));
    case KE_BAD:
        return PICK(KE_HANG, KE_HANG_ANSWER, KE_DRIP, KE_COOKIES_NONE,
                    KE_ENDLESS, KE_ERROR);
    case KISS: /* which code, and whose */
        return between(0, 11);
    case SLOW: /* ms, there and back */
    case ASYMMETRIC:
        return PICK(5, 30, 100, 400, 1200);
    case LOSS: /* of 1000 */
    case TWICE:
        return between(50, 900);
    case JITTER: /* ms */
        return between(1, 300);
    case KE_AWAY:
        return PICK(KE_DEAF, KE_REFUSE);
    case NAMES:
        return PICK(SIM_DNS_DEAD, SIM_DNS_FAILS, SIM_SERVERS - 1);
    case CARD_FAILS: /* of 1000 */
        return PICK(100, 500, 1000);
    case FLOOD: /* its kind */
        return between(0, FLOOD_KINDS - 1);
    case POWER: /* off so long, s */
        return PICK(1, 5, 60, 600);
    case POWER_IN_WRITE: /* in which, how */
        return between(1, 6) * CUT_KINDS + between(0, CUT_KINDS - 1);
    default:
        return 0;
    }
}

static void plan_fault(int64_t from, int64_t to, unsigned liars)
{
    unsigned all = (1u << day.servers) - 1;
    struct fault *f = &day.fault[day.faults];
    if (day.faults++ == FAULTS)
        sim_broken("more faults than there is room for");
    f->kind = (enum kind)simpath_random(KINDS + POWER_SHARE);
    if (f->kind >= KINDS)
        f->kind = POWER;
    f->servers = f->kind <= KE_BAD ? liars : 1 + simpath_random(all);
    f->from = between(from, to - 10);
    f->to = between(f->from + 5, to);
    f->amount = amount_of(f->kind);
    if (f->kind == FLOOD && f->to > f->from + 3 * MINUTE)
        f->to = f->from + 3 * MINUTE;
}

static void plan_day(void)
{
    int64_t at = 15 * MINUTE;
    day.servers = 3 + simpath_random(3);
    w->lease_s = (uint32_t)PICK(120, 600, 3600, 86400);
    while (at < 23 * HOUR) {
        int64_t end = at + between(10 * MINUTE, 150 * MINUTE);
        unsigned liars = 1u << simpath_random(day.servers);
        if (day.servers == 5)
            liars |= 1u << simpath_random(day.servers);
        end = end < 24 * HOUR - 15 * MINUTE ? end : 24 * HOUR - 15 * MINUTE;
        for (int64_t n = between(2, 12); n > 0; n--)
            plan_fault(at, end, liars);
        day.storm_end[day.storms++] = end;
        at = end + between(15, 30) * MINUTE;
    }
}

/* ---- the weather --------------------------------------------------------- */

static void heal(void)
{
    for (unsigned i = 0; i < SIM_SERVERS; i++) {
        struct sim_server *s = &w->server[i];
        s->ke = KE_OK;
        s->ntp = NTP_OK;
        s->lie_ns = s->jitter_ns = 0;
        memset(s->kiss, 0, sizeof s->kiss);
        s->kiss_plain = s->kiss_forged = false;
        s->version = 0;
        s->lost = s->twice = 0;
        s->up_ns = s->down_ns = SIM_LINK_NS;
    }
    w->link = true;
    w->dns_lie = SIM_DNS_TRUE;
    w->dhcp_dead = w->card_gone = false;
    w->card_fails = w->flood.per_s = w->cut_after = 0;
}

static void afflict_server(struct sim_server *s, const struct fault *f)
{
    int64_t ms = f->amount * MONO_MS;
    switch (f->kind) {
    case LIE:
        s->lie_ns = ms;
        break;
    case NAK:
        s->ntp = NTP_NAK_ONLY;
        break;
    case TAMPER:
        s->ntp = NTP_TAMPER;
        break;
    case REPLAY:
        s->ntp = NTP_REPLAY;
        break;
    case PLAIN:
        s->ntp = NTP_PLAIN;
        break;
    case KISS:
        memcpy(s->kiss, "RATEDENYRSTRXYZW" + f->amount / 3 * 4, 4);
        s->kiss_plain = f->amount % 3 == 1;
        s->kiss_forged = f->amount % 3 == 2;
        break;
    case OLD:
        s->version = 3;
        break;
    case SILENT:
        s->ntp = NTP_SILENT;
        break;
    case KE_BAD:
    case KE_AWAY:
        s->ke = (enum sim_ke)f->amount;
        break;
    case SLOW:
        s->up_ns += ms / 2;
        s->down_ns += ms / 2;
        break;
    case ASYMMETRIC:
        s->down_ns += ms;
        break;
    case LOSS:
        s->lost = (unsigned)f->amount;
        break;
    case TWICE:
        s->twice = (unsigned)f->amount;
        break;
    case JITTER:
        s->jitter_ns = ms;
        break;
    default:
        break;
    }
}

static void afflict_world(const struct fault *f)
{
    switch (f->kind) {
    case LINK:
        w->link = false;
        break;
    case NAMES:
        w->dns_lie = (int)f->amount;
        break;
    case LEASE:
        w->dhcp_dead = true;
        break;
    case CARD_FAILS:
        w->card_fails = (unsigned)f->amount;
        break;
    case CARD_GONE:
        w->card_gone = true;
        break;
    case FLOOD:
        w->flood.kind = (enum sim_flood)f->amount;
        w->flood.from = FLOOD_UNKNOWN;
        w->flood.per_s = 80;
        break;
    default:
        break;
    }
}

/* Makes the weather what the schedule says of that moment. */
static void afflict(int64_t at)
{
    unsigned cut_after = w->cut_after;
    heal();
    w->cut_after = cut_after;
    for (unsigned i = 0; i < day.faults; i++) {
        const struct fault *f = &day.fault[i];
        if (at < f->from || at >= f->to)
            continue;
        for (unsigned k = 0; k < SIM_SERVERS; k++)
            if (f->servers >> k & 1)
                afflict_server(&w->server[k], f);
        afflict_world(f);
    }
}

static double now_s(void)
{
    return (double)(sim_true_ns() - day.begin_ns) / 1e9;
}

static void look_at_console(void)
{
    unsigned run = 0;
    for (const char *p = w->text; p < w->text + w->len && run < 24; p++)
        run = strchr("0123456789abcdefABCDEF", *p) ? run + 1 : 0;
    if (run >= 24 && !day.told_key) {
        day.told_key = true;
        sim_check(false, "the log shows what may be a key");
    }
}

static void start(void)
{
    day.no_card = w->card_gone;
    sim_boot();
}

static void start_again(int64_t off_s)
{
    look_at_console();
    sim_off(off_s);
    afflict((int64_t)now_s());
    start();
    day.cuts++;
}

/* What happens once, when a fault begins. */
static void begin_fault(struct fault *f)
{
    f->begun = true;
    if (f->kind == KEYS)
        for (unsigned i = 0; i < SIM_SERVERS; i++)
            if (f->servers >> i & 1)
                w->server[i].keys += 10;
    if (f->kind == POWER)
        start_again(f->amount);
    if (f->kind == POWER_IN_WRITE) {
        w->cut = (enum sim_cut)(f->amount % CUT_KINDS);
        w->cut_after = (unsigned)(f->amount / CUT_KINDS);
    }
    if (f->kind == MOVED) {
        w->address += 1;
        if (w->lease_s > 600) { /* who numbers anew begins with the switch */
            w->link = false;
            sim_run(5);
        }
    }
}

static void weather(int64_t at)
{
    afflict(at);
    for (unsigned i = 0; i < day.faults; i++)
        if (at >= day.fault[i].from && !day.fault[i].begun) {
            begin_fault(&day.fault[i]);
            if (day.fault[i].kind == MOVED)
                weather(at);
        }
}

/* ---- what must be so ----------------------------------------------------- */

static void tell(const char *what, int64_t at_ns)
{
    double at = (double)(at_ns - day.begin_ns) / 1e9;
    printf("# at %.1f s: %s; then:", at, what);
    for (unsigned i = 0; i < day.faults; i++) {
        const struct fault *f = &day.fault[i];
        if ((double)f->from <= at && at < (double)f->to + 1800)
            printf(" [%s %x %lld, %lld to %lld]", kind_name[f->kind],
                   f->servers, (long long)f->amount, (long long)f->from,
                   (long long)f->to);
    }
    printf("\n");
}

static void check_always(void)
{
    const struct sim_witness *v = &w->witness;
    if (v->wrong && !day.told_wrong) {
        char text[100];
        day.told_wrong = true;
        snprintf(text, sizeof text, "off by %.6f s, said to be within %.6f s",
                 (double)v->wrong_ns / 1e9, (double)v->wrong_bound_ns / 1e9);
        tell(text, v->wrong_at_ns);
        sim_check(false, "right, or not synchronised");
    }
    if (v->high && !day.told_high) {
        day.told_high = true;
        tell("floor above the truth", v->high_at_ns);
        sim_check(false, "the floor is never above the truth");
    }
    if (w->repeats && !day.told_twice) {
        day.told_twice = true;
        tell("a cookie came twice", sim_true_ns());
        sim_check(false, "no cookie twice");
    }
}

/* Runs until so many seconds of the day; through the cut in a write, too. */
static void go(int64_t to_s)
{
    while (now_s() < (double)to_s) {
        sim_run((double)to_s - now_s() + 0.001);
        check_always();
        if (sim_alive())
            continue;
        /* One restart is wanted: a board that started without its card has no
         * chrony.conf, and starts again once the card can be read
         * (services/restart.c). That card may not have been there from the
         * start, and must be there now. */
        bool late = day.no_card && !w->card_gone &&
                    strstr(w->text, "card: it can be read now");
        if (sim_exit() == SIM_EXIT_RESET && !late)
            tell("it has reset itself", sim_true_ns());
        sim_check(sim_exit() == SIM_EXIT_CUT || late,
                  "it does not reset itself");
        start_again(2);
    }
}

static int64_t next_change(int64_t at, int64_t end)
{
    int64_t next = end;
    for (unsigned i = 0; i < day.faults; i++) {
        const struct fault *f = &day.fault[i];
        if (f->from > at && f->from < next)
            next = f->from;
        if (f->to > at && f->to < next)
            next = f->to;
    }
    return next;
}

static void storm(int64_t end)
{
    int64_t at = (int64_t)now_s();
    while (at < end) {
        go(at = next_change(at, end));
        weather(at);
    }
    heal();
    int64_t took = 0;
    while (!w->witness.set && took < RECOVER)
        go(end + (took += 5));
    go(end + RECOVER);
    if (!w->witness.set)
        tell("not synchronised", sim_true_ns());
    sim_check(w->witness.set, "synchronised ten minutes after the last fault");
    if (!w->witness.set)
        printf("%s\n%s\n", sim_ask("tracking"), sim_ask("authdata"));
    day.slowest = took > day.slowest ? took : day.slowest;
}

static void run_seed(uint64_t seed)
{
    char name[60], conf[400] = "";
    snprintf(name, sizeof name, "a day of faults, seed %llu",
             (unsigned long long)seed);
    sim_case(name, NULL);
    memset(&day, 0, sizeof day);
    w->path_random = seed;
    plan_day();
    unsigned servers = day.servers;
    for (unsigned i = 0; i < servers; i++)
        snprintf(conf + strlen(conf), sizeof conf - strlen(conf),
                 "server nts%u.test iburst nts\n", i + 1);
    uint32_t lease_s = w->lease_s;
    sim_world(conf);
    w->seed = w->path_random = seed;
    w->lease_s = lease_s;
    w->cut = CUT_DROPPED;
    day.begin_ns = sim_true_ns();
    for (unsigned i = 0; i < day.faults && getenv("FAULTS_SHOW"); i++)
        printf("# %6lld to %6lld: %s %x %lld\n", (long long)day.fault[i].from,
               (long long)day.fault[i].to, kind_name[day.fault[i].kind],
               day.fault[i].servers, (long long)day.fault[i].amount);
    start();
    go(10 * MINUTE);
    sim_check(w->witness.set, "set before the first fault");
    for (unsigned i = 0; i < day.storms; i++)
        storm(day.storm_end[i]);
    go(24 * HOUR);
    look_at_console();
    sim_note("%u servers, %u storms, %u faults, %u starts, %u cookies; "
             "slowest recovery %lld s; %u looks",
             servers, day.storms, day.faults, w->boots, w->cookies,
             (long long)day.slowest, w->witness.looks);
    sim_end();
}

int main(int argc, char **argv)
{
    uint32_t random;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        sim_broken("no random seed");
    random |= 1u << 16; /* none of the fixed ones */
    sim_setup();
    for (int i = 1; i < argc; i++)
        run_seed(strcmp(argv[i], "random") == 0 ? random
                                                : strtoull(argv[i], NULL, 0));
    for (uint64_t seed = 1; argc == 1 && seed <= 2; seed++)
        run_seed(seed);
    return sim_done();
}
