/* The board's temperature in warmth.txt's worlds: three fixed seeds and a
 * printed random one. An honest sensor is worth what is said here; one that
 * lies costs next to nothing; nothing ever leaves the stated bound. The table:
 * make bench-warmth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

#define RUNS 4
#define LIES                                                                   \
    1.05 /* what a sensor that lies may cost, of the RMS error        */

static struct scenario table[32];
static size_t worlds;
static uint64_t random_seed;

static int load(void **state)
{
    (void)state;
    worlds = scenario_load("tests/sim/warmth.txt", table, LEN(table));
    return worlds > 0 ? 0 : -1;
}

/* Quadratic mean of the RMS errors; *used: at the end of how many runs. */
static double rms(const char *name, enum sensor kind, unsigned *used)
{
    const struct scenario *world = scenario_find(table, worlds, name);
    assert_non_null(world);
    struct scenario c = *world;
    double sum2 = 0;
    c.warmth.sensor = kind;
    *used = 0;
    for (size_t i = 0; i < RUNS; i++) {
        uint64_t seed = i < RUNS - 1 ? 1001 + i : random_seed;
        struct figures f = world_run(&c, seed, 6, 6);
        assert_int_equal(f.steps, 1);
        assert_int_equal(f.back, 0);
        assert_int_equal(f.dishonest, 0);
        sum2 += f.rms * f.rms;
        *used += f.used;
    }
    return sqrt(sum2 / RUNS);
}

static void an_honest_sensor_helps(void **state)
{
    (void)state;
    const struct {
        const char *name;
        double worth; /* of the error without it, at most                     */
    } want[] = {{"i1r", 0.5},     {"i2r", 0.5},    {"i1p", 0.95}, {"i2p", 0.95},
                {"room1r", 0.95}, {"room2r", 0.9}, {"cpu2", 0.7}, {"temp", 0.5},
                {"templ", 0.5},   {"rest1", 1.03}};
    for (size_t i = 0; i < LEN(want); i++) {
        unsigned used, none;
        double with = rms(want[i].name, SENSOR_HONEST, &used);
        double without = rms(want[i].name, SENSOR_NONE, &none);
        double chrony = scenario_find(table, worlds, want[i].name)->chrony_rms;
        printf("# %-6s %.1f us without, %.2f of it with, used in %u of %u\n",
               want[i].name, without, with / without, used, RUNS);
        assert_int_equal(none, 0);
        assert_true(with <= want[i].worth * without);
        if (chrony > 0) /* of other seeds */
            assert_true(with <= 0.85 * chrony);
    }
}

/* Some lie from the second day on, when they have been believed. */
static void a_sensor_that_lies_costs_nothing(void **state)
{
    (void)state;
    const char *const names[] = {"room1r", "room2r", "cpu1", "warm1"};
    for (size_t i = 0; i < LEN(names); i++) {
        unsigned used;
        double without = rms(names[i], SENSOR_NONE, &used);
        for (int k = SENSOR_CONSTANT; k < SENSOR_KINDS; k++) {
            double with = rms(names[i], (enum sensor)k, &used);
            printf("# %-6s sensor %2d: %.2f, used in %u\n", names[i], k,
                   with / without, used);
            assert_true(with <= LIES * without);
        }
    }
}

/* Nobody can know that it lies from the moment on in which the last server
 * fell silent; the bound covers it all the same. */
static void a_lie_in_an_outage_is_within_the_bound(void **state)
{
    (void)state;
    const char *const names[] = {"i1r", "i2p"};
    for (size_t i = 0; i < LEN(names); i++)
        for (int k = SENSOR_STUCK; k < SENSOR_KINDS; k++) {
            unsigned used;
            (void)rms(names[i], (enum sensor)k, &used);
        }
}

int main(void)
{
    random_seed = world_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_sensor_helps),
        cmocka_unit_test(a_sensor_that_lies_costs_nothing),
        cmocka_unit_test(a_lie_in_an_outage_is_within_the_bound),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
