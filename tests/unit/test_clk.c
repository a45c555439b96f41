/* clk: against a 128-bit reference; no jump, no creep, ASSERTs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clk.h"

/* True when call() fails an ASSERT; tried in a child, which then aborts. */
static bool asserts(void (*call)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        (void)dup2(open("/dev/null", O_WRONLY), 2);
        call();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static uint64_t seed = 42;

static uint64_t random64(void)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed;
}

/* Rates and pins at random, the same clock beside it as one 32.64 number. */
static void pins_as_int128(void **state)
{
    (void)state;
    static const uint32_t hz[] = {1000000, 19200000, 62500000, 100000000};
    for (size_t k = 0; k < LEN(hz); k++) {
        struct clk c;
        uint64_t ticks = random64() >> 20;
        ntp64 utc = random64();
        clk_init(&c, hz[k], ticks, utc);
        uint64_t nominal = UINT64_MAX / hz[k], scale = nominal;
        unsigned __int128 t = (unsigned __int128)utc << 32;
        for (int i = 0; i < 20000; i++) {
            /* from a tick to months between two changes */
            uint64_t d = random64() >> (14 + i % 50);
            t += (unsigned __int128)d * scale;
            ticks += d;
            int32_t rate = (int32_t)(random64() % 1000000001) - 500000000;
            assert_true(clk_at(&c, ticks) == (ntp64)(t >> 32));
            assert_int_equal(clk_set_rate(&c, ticks, rate), rate);
            assert_true(clk_at(&c, ticks) == (ntp64)(t >> 32)); /* no jump */
            assert_true(c.pin_frac == (uint32_t)t);
            scale = c.scale;
            long double want = (long double)nominal * (1 + rate * 1e-12L);
            long double off = (long double)scale - want;
            assert_true(off < 2 && off > -2); /* 2^-64 s per tick */
        }
    }
}

/* A rate of 1e-12 shows, to within the resolution the header states. */
static void rate_resolution(void **state)
{
    (void)state;
    static const uint32_t hz[] = {1000000, 62500000, 100000000};
    static const int32_t rates[] = {
        1, -1, 1000, 100000000, -100000000, CLK_RATE_MAX, -CLK_RATE_MAX};
    for (size_t k = 0; k < LEN(hz); k++) {
        for (size_t i = 0; i < LEN(rates); i++) {
            struct clk a, b;
            clk_init(&a, hz[k], 0, 0);
            clk_init(&b, hz[k], 0, 0);
            clk_set_rate(&b, 0, rates[i]);
            uint64_t day = (uint64_t)hz[k] * 86400;
            double gained =
                (double)(int64_t)(clk_at(&b, day) - clk_at(&a, day)) /
                4294967296.0;
            double want = 86400 * (rates[i] * 1e-12);
            double unit = 86400.0 * 2 * hz[k] / 18446744073709551616.0;
            assert_true(gained - want < unit + 3e-10 &&
                        want - gained < unit + 3e-10);
        }
    }
}

static void nominal_rate(void **state)
{
    (void)state;
    struct clk c;
    clk_init(&c, 62500000, 1000, (ntp64)7 << 32);
    assert_true(clk_at(&c, 1000) == (ntp64)7 << 32);
    int64_t off = (int64_t)(clk_at(&c, 1000 + 62500000ull * 86400) -
                            ((ntp64)(7 + 86400) << 32));
    /* under half a microsecond a day, and never ahead */
    assert_true(off <= 0 && off > -2147);
}

static void clamps(void **state)
{
    (void)state;
    struct clk c;
    clk_init(&c, 1000000, 0, 0);
    assert_int_equal(clk_set_rate(&c, 0, INT32_MAX), CLK_RATE_MAX);
    assert_int_equal(c.rate_e12, CLK_RATE_MAX);
    assert_int_equal(clk_set_rate(&c, 0, INT32_MIN), -CLK_RATE_MAX);
    assert_int_equal(clk_set_rate(&c, 0, CLK_RATE_MAX), CLK_RATE_MAX);
}

/* Positive makes the clock faster, and time never runs backwards. */
static void sign_and_monotony(void **state)
{
    (void)state;
    struct clk c;
    clk_init(&c, 100000000, 0, 0);
    ntp64 last = 0;
    uint64_t ticks = 0;
    for (int i = 0; i < 200000; i++) {
        ticks += random64() % 3;
        if (i % 7 == 0)
            clk_set_rate(&c, ticks, i % 2 ? CLK_RATE_MAX : -CLK_RATE_MAX);
        ntp64 t = clk_at(&c, ticks);
        assert_true(t >= last);
        last = t;
    }
    struct clk fast, slow;
    clk_init(&fast, 1000000, 0, 0);
    clk_init(&slow, 1000000, 0, 0);
    clk_set_rate(&fast, 0, 1000000);
    clk_set_rate(&slow, 0, -1000000);
    assert_true(clk_at(&fast, 1000000) > clk_at(&slow, 1000000));
}

/* Bending a million times at one rate adds nothing: rounding cannot creep. */
static void no_creep(void **state)
{
    (void)state;
    struct clk often, once;
    clk_init(&often, 19200000, 0, 0);
    clk_init(&once, 19200000, 0, 0);
    clk_set_rate(&once, 0, 12345678);
    uint64_t ticks = 0;
    for (int i = 0; i < 1000000; i++) {
        clk_set_rate(&often, ticks, 12345678);
        ticks += 1 + random64() % 5000;
    }
    assert_true(clk_at(&often, ticks) == clk_at(&once, ticks));
}

static void far_counter_and_era(void **state)
{
    (void)state;
    struct clk c;
    uint64_t high = UINT64_C(0xfffffffff0000000); /* the last 4 s at 62.5M */
    clk_init(&c, 62500000, high, (ntp64)0xffffffff << 32);
    assert_int_equal(clk_at(&c, high + 62500000 * 3ull) >> 32, 1);
    assert_true(clk_at(&c, UINT64_MAX) - ((ntp64)0xffffffff << 32) > (ntp64)4
                                                                         << 32);
    /* 200 years in one piece wrap into the next era, not to nonsense */
    clk_init(&c, 1000000, 0, 0);
    uint64_t s = UINT64_C(200) * 365 * 86400;
    int64_t off = (int64_t)(clk_at(&c, s * 1000000) - (s << 32));
    assert_true(off <= 0 && off > -(int64_t)1000000);
}

static void steps(void **state)
{
    (void)state;
    struct clk c;
    clk_init(&c, 1000000, 0, (ntp64)10 << 32);
    clk_set_rate(&c, 0, 5000);
    ntp64 before = clk_at(&c, 123456);
    clk_step(&c, 123456, -((int64_t)20 << 32)); /* below zero: era -1 */
    assert_true(clk_at(&c, 123456) == before - ((ntp64)20 << 32));
    assert_int_equal(c.steps, 1);
    assert_int_equal(c.rate_e12, 5000); /* a step leaves the rate alone */
    clk_step(&c, 123456, 0);
    assert_int_equal(c.steps, 2);
}

static void read_before_pin(void)
{
    struct clk c;
    clk_init(&c, 1000000, 100, 0);
    (void)clk_at(&c, 99);
}

static void bend_before_pin(void)
{
    struct clk c;
    clk_init(&c, 1000000, 100, 0);
    clk_set_rate(&c, 99, 0);
}

static void too_slow(void)
{
    struct clk c;
    clk_init(&c, 999999, 0, 0);
}

static void too_fast(void)
{
    struct clk c;
    clk_init(&c, 100000001, 0, 0);
}

static void edges_are_fine(void)
{
    struct clk c;
    clk_init(&c, 1000000, 100, 0);
    clk_init(&c, 100000000, 100, 0);
    (void)clk_at(&c, 100);
}

static void our_bugs_stop_us(void **state)
{
    (void)state;
    assert_true(asserts(read_before_pin));
    assert_true(asserts(bend_before_pin));
    assert_true(asserts(too_slow));
    assert_true(asserts(too_fast));
    assert_false(asserts(edges_are_fine));
}

/* clk_when against the definition: the tick before shows less. */
static void when_is_the_first_tick(void **state)
{
    (void)state;
    static const uint32_t rates[] = {1000000, 19200000, 54000000, 62500000,
                                     100000000};
    uint64_t x = 88172645463325252u; /* xorshift64 */
    for (size_t i = 0; i < 20000; i++) {
        struct clk c;
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        clk_init(&c, rates[i % LEN(rates)], x >> 20, x * 3);
        (void)clk_set_rate(&c, x >> 20, (int32_t)(x % 1000000001) - 500000000);
        uint64_t from = (x >> 20) + x % (UINT64_C(1) << 40);
        ntp64 utc = clk_at(&c, from) + x % (UINT64_C(60) << 32);
        uint64_t t = clk_when(&c, from, utc);
        assert_true((int64_t)(clk_at(&c, t) - utc) >= 0);
        assert_true(t == from || (int64_t)(clk_at(&c, t - 1) - utc) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pins_as_int128),
        cmocka_unit_test(rate_resolution),
        cmocka_unit_test(nominal_rate),
        cmocka_unit_test(clamps),
        cmocka_unit_test(sign_and_monotony),
        cmocka_unit_test(no_creep),
        cmocka_unit_test(far_counter_and_era),
        cmocka_unit_test(steps),
        cmocka_unit_test(when_is_the_first_tick),
        cmocka_unit_test(our_bugs_stop_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
