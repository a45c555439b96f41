/* Servers that lie and networks that break: what is promised, and what the
 * clock does where nothing can be. Paths of 10 ms + exp(1 ms) each way, half a
 * day, many fixed seeds and one that is printed.
 *
 * Promised while fewer than half lie: the liars are marked x and never
 * followed, the clock stays within the bound that it states. A majority that
 * lies together looks like a majority that tells the truth: the honest are
 * marked x. All that is left then is that a clock that was set neither steps
 * nor runs faster or slower than 500 ppm after them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

#define RUNS  12
#define HOUR  3600.0
#define SMALL 1500 /* us, chrony's greatest errors on such a path: 500      */

static uint64_t random_seed;

static struct scenario world_of(double servers, double liars)
{
    struct scenario c = {.name = "lies",
                         .hz = 19.2e6,
                         .ppm = 10,
                         .start = 0.01,
                         .wander = 1e-9,
                         .days = 0.5,
                         .from = HOUR,
                         .to = 1e9,
                         .servers = servers,
                         .liars = liars};
    c.up = c.down = (struct path){.base = 1e-2, .exp = 1e-3};
    return c;
}

static struct figures run(const struct scenario *c, size_t i)
{
    struct figures f =
        world_run(c, i + 1 < RUNS ? 5000 + i : random_seed, 6, 6);
    assert_int_equal(f.back, 0);
    assert_true(f.steps <= 1);
    return f;
}

/* The last `liars` are x and only they are. */
static void marked(const struct figures *f, size_t servers, size_t liars)
{
    for (size_t i = 0; i < servers; i++)
        assert_int_equal(f->state[i] == 'x', i >= servers - liars);
}

static void few(double servers, double liars, double lie)
{
    struct scenario c = world_of(servers, liars);
    double worst = 0;
    c.liar = lie;
    for (size_t i = 0; i < RUNS; i++) {
        struct figures f = run(&c, i);
        assert_int_equal(f.followed_liar, 0);
        assert_int_equal(f.dishonest, 0);
        assert_true(f.max < SMALL);
        marked(&f, (size_t)servers, (size_t)liars);
        worst = fmax(worst, f.max);
    }
    printf("# %.0f of %.0f lie by %+.1f s: at most %.0f us off\n", liars,
           servers, lie, worst);
}

static void one_of_three(void **state)
{
    (void)state;
    few(3, 1, 0.5);
    few(3, 1, -0.5);
    few(3, 1, 1e6);
}

static void two_of_five(void **state)
{
    (void)state;
    few(5, 2, 0.5);
    few(5, 2, -3600);
}

/* A liar that walks away is left alone by the others' lines long before it
 * leaves their intervals. */
static void walks_away(void **state)
{
    (void)state;
    const double drift[] = {1e-6, -1e-5, 1e-4};
    for (size_t k = 0; k < LEN(drift); k++) {
        struct scenario c = world_of(3, 1);
        double worst = 0;
        c.liar_from = 3 * HOUR;
        c.liar_drift = drift[k];
        for (size_t i = 0; i < RUNS; i++) {
            struct figures f = run(&c, i);
            assert_int_equal(f.dishonest, 0);
            if (fabs(drift[k]) * 9 * HOUR > 0.1) {
                assert_int_equal(f.followed_liar, 0);
                marked(&f, 3, 1);
            }
            worst = fmax(worst, f.max);
        }
        printf("# one of three walks away at %g: at most %.0f us off\n",
               drift[k], worst);
        assert_true(worst < 1000);
    }
}

/* From the first day on, or all at once later. */
static void majority(void **state)
{
    (void)state;
    for (int later = 0; later < 2; later++)
        for (int servers = 3; servers <= 5; servers += 2) {
            struct scenario c = world_of(servers, servers / 2 + 1);
            c.liar = 0.5;
            c.liar_from = later ? 6 * HOUR : 0;
            for (size_t i = 0; i < RUNS; i++) {
                struct figures f = run(&c, i);
                for (int k = 0; k < servers; k++)
                    assert_int_equal(f.state[k] == 'x', k < servers / 2);
                assert_true(f.max > 0.49e6 && f.max < 0.51e6);
            }
            printf("# %d of %d lie by 0.5 s %s: believed, the honest are x\n",
                   servers / 2 + 1, servers,
                   later ? "later on" : "from the start");
        }
}

/* All servers jump by 0.1 s at once, as when theirs is corrected: followed by
 * slewing, 0.1 s at 500 ppm are 200 s. */
static void all_jump(void **state)
{
    (void)state;
    struct scenario c = world_of(3, 3), after;
    c.liar = 0.1;
    c.liar_from = 6 * HOUR;
    after = c;
    c.to = after.from = 6 * HOUR + 900;
    for (size_t i = 0; i < RUNS; i++) {
        struct figures f = run(&after, i);
        assert_true(fabs(f.mean - 1e5) < SMALL);
        assert_true(fabs(f.max - 1e5) < SMALL);
    }
}

/* One of three is corrected by 0.1 s: out at once, and stays out. */
static void one_jumps(void **state)
{
    (void)state;
    struct scenario c = world_of(3, 1);
    c.liar = 0.1;
    c.liar_from = 6 * HOUR;
    for (size_t i = 0; i < RUNS; i++) {
        struct figures f = run(&c, i);
        assert_int_equal(f.dishonest, 0);
        assert_true(f.max < SMALL);
        marked(&f, 3, 1);
    }
}

/* ---- worlds that no table has --------------------------------------------- */

/* Never outside the bound, never back, one step; and an envelope. */
static void envelope(const char *name, const struct scenario *c, double most)
{
    double worst = 0;
    for (size_t i = 0; i < RUNS; i++) {
        struct figures f = run(c, i);
        if (f.dishonest)
            printf("# %s, run %u: %u s outside the bound\n", name, (unsigned)i,
                   f.dishonest);
        assert_int_equal(f.dishonest, 0);
        worst = fmax(worst, f.max);
    }
    printf("# %s: at most %.0f us off\n", name, worst);
    assert_true(worst < most);
}

static void other_worlds(void **state)
{
    (void)state;
    struct scenario c = world_of(1, 0);
    c.up = c.down = (struct path){.base = 20e-6, .exp = 5e-6};
    envelope("a switch away", &c, 60);
    c.latency = 5e-6;
    c.hz = 1e6;
    envelope("... at 1 MHz, stamps up to 5 us late", &c, 80);
    c = world_of(1, 0);
    c.up = c.down = (struct path){.base = 0.28, .normal = 5e-3};
    envelope("a satellite", &c, 20000);
    c = world_of(1, 0);
    c.up = c.down = (struct path){
        .base = 5e-3, .exp = 2e-4, .spike_p = 0.02, .spike_exp = 0.2};
    envelope("2 % heavy tail", &c, 1500);
    c = world_of(1, 0);
    c.wander = 1e-7;
    envelope("a crystal that wanders ten times as much", &c, 20000);
    c = world_of(1, 0);
    c.loss = 0.5;
    envelope("three quarters of exchanges lost", &c, 2000);
    c = world_of(1, 0);
    c.sine_ppm = 10;
    envelope("10 ppm between day and night", &c, 2000);
}

/* ---- cold start ------------------------------------------------------------ */

/* Whatever the crystal's error up to 100 ppm. */
static void cold(void **state)
{
    (void)state;
    const double hz[] = {1e6, 19.2e6, 54e6, 62.5e6};
    for (int ppm = -100; ppm <= 100; ppm += 50) {
        double worst = 0, when = 0;
        for (size_t i = 0; i < RUNS; i++) {
            struct scenario c = world_of(1, 0);
            c.up = c.down = (struct path){.base = 2e-4, .exp = 1e-4};
            c.hz = hz[i % LEN(hz)];
            c.ppm = ppm;
            c.latency = 3e-6;
            c.days = 0.05;
            c.from = 0;
            struct figures f = run(&c, i);
            assert_int_equal(f.dishonest, 0);
            worst = fmax(worst, f.max_synced);
            when = fmax(when, f.under_1ms);
        }
        printf("# %+d ppm: never more than %.0f us off, 1 ms for good after "
               "%.0f s\n",
               ppm, worst, when);
        assert_true(worst < 1000 && when <= 5);
    }
}

/* ---- hold-over -------------------------------------------------------------- */

#define OUTAGES 100

/* Four hours without an answer, after a quarter of a day of service. */
static void outage(const char *name, struct scenario c)
{
    double worst = 0;
    c.dead_from = c.from = 6 * HOUR;
    c.dead_to = c.to = 10 * HOUR;
    for (uint64_t i = 0; i < OUTAGES; i++) {
        struct figures f =
            world_run(&c, i + 1 < OUTAGES ? 7000 + i : random_seed, 6, 6);
        assert_int_equal(f.dishonest, 0);
        assert_int_equal(f.steps, 1);
        worst = fmax(worst, f.max);
    }
    printf("# %s: %d outages of 4 h, at most %.0f us off, within the bound\n",
           name, OUTAGES, worst);
}

static void hold_over(void **state)
{
    (void)state;
    struct scenario c = world_of(1, 0);
    outage("Internet", c);
    c.wander = 1e-8;
    outage("Internet, a2's crystal", c);
    c.up = c.down = (struct path){.base = 2e-4, .exp = 1e-4};
    outage("LAN, a2's crystal", c);
    c.wander = 1e-9;
    outage("LAN", c);
    c.sine_ppm = 0.5;
    outage("LAN, day and night", c);
}

int main(void)
{
    random_seed = world_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_three), cmocka_unit_test(two_of_five),
        cmocka_unit_test(walks_away),   cmocka_unit_test(majority),
        cmocka_unit_test(all_jump),     cmocka_unit_test(one_jumps),
        cmocka_unit_test(other_worlds), cmocka_unit_test(cold),
        cmocka_unit_test(hold_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
