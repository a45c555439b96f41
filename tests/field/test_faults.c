/* A day of random faults: the whole firmware in the simulated world
 * (tests/world), whose servers, path, names, addresses, card and power fail
 * by a schedule that a seed makes (faults.c). Some ten storms of ten minutes
 * to two and a half hours, each of up to twelve faults, each followed by a
 * calm.
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
 * Arguments: seeds, or `planted`: for each of these checks an hour or a day in
 * which it is not so, which the check must see. test_faults.py chooses.
 * FAULTS_SHOW=1 prints the schedule, SIM_SHOW=1 the console since the last
 * boot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"

#define RIGHT  "right, or not synchronised"
#define FLOOR  "the floor is never above the truth"
#define COOKIE "no cookie twice"
#define KEY    "the log shows no key"
#define RESET  "it does not reset itself"
#define FIRST  "set before the first fault"
#define AGAIN  "synchronised ten minutes after the last fault"
#define LOOKED "ten looks a second"

static struct {
    struct faults plan;
    int64_t begin_ns; /* true time at which the day began                  */
    unsigned cuts;
    int64_t slowest; /* recovery, s                                        */
    int64_t off_s;   /* without power                                      */
    bool no_card;    /* when the board was last switched on                */
    bool told_wrong, told_high, told_twice, told_key;
} day;

static double now_s(void)
{
    return (double)(sim_true_ns() - day.begin_ns) / 1e9;
}

/* ---- what must be so ----------------------------------------------------- */

static void tell(const char *what, int64_t at_ns)
{
    double at = (double)(at_ns - day.begin_ns) / 1e9;
    printf("# at %.1f s: %s; then:", at, what);
    for (unsigned i = 0; i < day.plan.count; i++) {
        const struct fault *f = &day.plan.fault[i];
        if ((double)f->from <= at && at < (double)f->to + 1800)
            printf(" [%s %x %lld, %lld to %lld]", fault_name[f->kind],
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
        sim_check(false, RIGHT);
    }
    if (v->high && !day.told_high) {
        day.told_high = true;
        tell("floor above the truth", v->high_at_ns);
        sim_check(false, FLOOR);
    }
    if (w->repeats && !day.told_twice) {
        day.told_twice = true;
        tell("a cookie came twice", sim_true_ns());
        sim_check(false, COOKIE);
    }
}

static void look_at_console(void)
{
    unsigned run = 0;
    for (const char *p = w->text; p < w->text + w->len && run < 24; p++)
        run = *p && strchr("0123456789abcdefABCDEF", *p) ? run + 1 : 0;
    if (run >= 24 && !day.told_key) {
        day.told_key = true;
        sim_check(false, KEY);
    }
}

/* ---- running ------------------------------------------------------------- */

static void start(void)
{
    day.no_card = w->card_gone;
    sim_boot();
}

static void start_again(int64_t off_s)
{
    look_at_console();
    sim_off(off_s);
    faults_afflict(&day.plan, (int64_t)now_s());
    start();
    day.off_s += off_s;
    day.cuts++;
}

/* The power failed in a write, as the schedule says, or the board has ended by
 * itself. One restart is wanted: a board that started without its card has no
 * chrony.conf, and starts again once the card can be read
 * (services/restart.c). That card was not there at the start, is there now,
 * and the log has said so. */
static void ended(void)
{
    bool late = day.no_card && !w->card_gone &&
                strstr(w->text, "card: it can be read now");
    if (sim_exit() != SIM_EXIT_CUT && !late) {
        tell("it ended by itself", sim_true_ns());
        sim_check(sim_exit() != SIM_EXIT_RESET, RESET);
    }
    start_again(2);
}

/* Runs until so many seconds of the day; through the cut in a write, too. */
static void go(int64_t to_s)
{
    while (now_s() < (double)to_s) {
        sim_run((double)to_s - now_s() + 0.001);
        check_always();
        if (!sim_alive())
            ended();
    }
}

static void weather(int64_t at);

/* What happens once, when a fault begins. */
static void begin_fault(struct fault *f, int64_t at)
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
        weather(at);
    }
}

static void weather(int64_t at)
{
    faults_afflict(&day.plan, at);
    for (unsigned i = 0; i < day.plan.count; i++)
        if (at >= day.plan.fault[i].from && !day.plan.fault[i].begun)
            begin_fault(&day.plan.fault[i], at);
}

static int64_t next_change(int64_t at, int64_t end)
{
    int64_t next = end;
    for (unsigned i = 0; i < day.plan.count; i++) {
        const struct fault *f = &day.plan.fault[i];
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
    faults_heal();
    int64_t took = 0;
    while (!w->witness.set && took < RECOVER)
        go(end + (took += 5));
    go(end + RECOVER);
    if (!w->witness.set)
        tell("not synchronised", sim_true_ns());
    sim_check(w->witness.set, AGAIN);
    if (!w->witness.set)
        printf("%s\n", sim_ask("tracking"));
    if (!w->witness.set)
        printf("%s\n", sim_ask("authdata"));
    day.slowest = took > day.slowest ? took : day.slowest;
}

/* The rest of a day in which everything is well until its first ten minutes
 * are over. */
static void begin(void)
{
    w->cut = CUT_DROPPED;
    day.begin_ns = sim_true_ns();
    start();
    go(10 * MINUTE);
    sim_check(w->witness.set, FIRST);
}

/* Nothing can be seen by who does not look. */
static void end(void)
{
    look_at_console();
    sim_check(w->witness.looks >= 9.9 * (now_s() - (double)day.off_s), LOOKED);
    sim_note("%u servers, %u storms, %u faults, %u starts, %u cookies; "
             "slowest recovery %lld s; %u looks",
             day.plan.servers, day.plan.storms, day.plan.count, w->boots,
             w->cookies, (long long)day.slowest, w->witness.looks);
}

static void run_seed(uint64_t seed)
{
    char name[60], conf[400] = "";
    snprintf(name, sizeof name, "a day of faults, seed %llu",
             (unsigned long long)seed);
    sim_case(name, NULL);
    memset(&day, 0, sizeof day);
    w->path_random = seed;
    faults_plan(&day.plan);
    for (unsigned i = 0; i < day.plan.servers; i++)
        snprintf(conf + strlen(conf), sizeof conf - strlen(conf),
                 "server nts%u.test iburst nts\n", i + 1);
    uint32_t lease_s = w->lease_s;
    sim_world(conf);
    w->seed = w->path_random = seed;
    w->lease_s = lease_s;
    for (unsigned i = 0; i < day.plan.count && getenv("FAULTS_SHOW"); i++)
        printf(
            "# %6lld to %6lld: %s %x %lld\n", (long long)day.plan.fault[i].from,
            (long long)day.plan.fault[i].to, fault_name[day.plan.fault[i].kind],
            day.plan.fault[i].servers, (long long)day.plan.fault[i].amount);
    begin();
    for (unsigned i = 0; i < day.plan.storms; i++)
        storm(day.plan.storm_end[i]);
    go(24 * HOUR);
    end();
    sim_end();
}

/* ---- each check sees what it is there for -------------------------------- */

static void plant(const char *name, const char *conf)
{
    sim_case(name, conf);
    memset(&day, 0, sizeof day);
    day.plan.servers = 3;
}

static void see(const char *why)
{
    end();
    sim_end_seen(why);
}

static void majority_lies(int64_t by_s)
{
    w->server[0].lie_ns = w->server[1].lie_ns = by_s * MONO_S;
}

/* A majority that lies together is believed: the clock is wrong at once, and
 * after hours its floor is, too. */
static void plant_lies(void)
{
    plant("planted: a clock that is 5 s off", NULL);
    majority_lies(5);
    begin();
    see(RIGHT);

    plant("planted: a floor a day ahead", NULL);
    majority_lies(SIM_DAY);
    begin();
    go(5 * HOUR);
    see(FLOOR);
}

/* The card of an hour ago offers cookies that have been sent since. */
static void plant_cookies(void)
{
    uint8_t *before = malloc(SIM_STATE);
    if (!before)
        sim_broken("no memory");
    plant("planted: a card that is set back", NULL);
    begin();
    go(20 * MINUTE);
    memcpy(before, w->state, SIM_STATE);
    go(90 * MINUTE);
    sim_cut();
    memcpy(w->state, before, SIM_STATE);
    free(before);
    start();
    go(100 * MINUTE);
    see(COOKIE);
}

static void plant_key(void)
{
    plant("planted: what looks like a key in the log",
          "server nts1.test iburst nts\n"
          "server 00112233445566778899aabbccddeeff.test\n");
    begin();
    see(KEY);
}

static void plant_ends(void)
{
    plant("planted: a restart that nothing asked for", NULL);
    begin();
    sim_ask("reset"); /* a person at the console did */
    go(11 * MINUTE);
    see(RESET);

    plant("planted: it dies", NULL);
    begin();
    w->len = SIM_CONSOLE - 1; /* port_console dies of it */
    sim_ask("tracking");
    go(11 * MINUTE);
    see("the firmware died");
}

static void keys_lost(void)
{
    for (unsigned i = 0; i < SIM_SERVERS; i++) {
        w->server[i].keys += 10;
        w->server[i].cert_hi = w->server[i].cert_lo;
    }
}

static void plant_no_time(void)
{
    plant("planted: servers that never answered", NULL);
    for (unsigned i = 0; i < SIM_SERVERS; i++)
        w->server[i].ke = KE_DEAF;
    begin();
    see(FIRST);

    plant("planted: no time after a storm", NULL);
    begin();
    keys_lost(); /* and it stays so when the storm is over */
    day.plan.fault[0] = (struct fault){
        .kind = POWER, .from = 12 * MINUTE, .to = 13 * MINUTE, .amount = 5};
    day.plan.count = 1;
    storm(15 * MINUTE);
    see(AGAIN);

    plant("planted: a witness that looks away", NULL);
    begin();
    w->witness.looks /= 2;
    see(LOOKED);
}

int main(int argc, char **argv)
{
    sim_setup();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "planted") != 0) {
            run_seed(strtoull(argv[i], NULL, 0));
            continue;
        }
        plant_lies();
        plant_cookies();
        plant_key();
        plant_ends();
        plant_no_time();
    }
    return sim_done();
}
