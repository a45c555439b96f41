/* core/nts_sessions: whose requests are answered beyond the limit of their
 * address, and that neither a replay nor another session uses up a token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/bytes.h"
#include "core/nts_sessions.h"

static struct nts_sessions s;
static const struct clientlog_limit limit = {
    .on = true, .interval = 3, .burst = 8, .leak = 2};

static int setup(void **state)
{
    (void)state;
    memset(&s, 0, sizeof s);
    return 0;
}

static struct nts_cookie_keys keys(uint64_t session, uint64_t serial)
{
    struct nts_cookie_keys k = {.serial = serial};
    bytes_put64(k.c2s, session);
    return k;
}

static bool admit(uint64_t session, uint64_t serial, mono_ns now)
{
    struct nts_cookie_keys k = keys(session, serial);
    return nts_sessions_admit(&s, &k, &limit, now);
}

static void used(uint64_t session, uint64_t serial)
{
    struct nts_cookie_keys k = keys(session, serial);
    nts_sessions_used(&s, &k);
}

static void burst_then_rate(void **state)
{
    (void)state;
    uint64_t serial = 100;
    for (int i = 0; i < 8; i++)
        assert_true(admit(1, serial++, MONO_S));
    assert_false(admit(1, serial, MONO_S));
    assert_false(admit(1, serial, 9 * MONO_S - 1));
    assert_true(admit(1, serial, 9 * MONO_S)); /* it was not used up */
    assert_false(admit(1, serial + 1, 9 * MONO_S));
    assert_true(admit(2, serial + 2, 9 * MONO_S));
}

/* Eight cookies in a row, in the order in which they came: none of what was
 * used is ever good again, and costs no token. */
static void replays(void **state)
{
    (void)state;
    mono_ns now = 0;
    for (uint64_t serial = 1; serial < 500; serial++, now += 8 * MONO_S) {
        if (serial % 3)
            assert_true(admit(1, serial, now));
        else
            used(1, serial); /* within its address's limit */
        for (uint64_t old = 1; old <= serial; old++)
            assert_false(admit(1, old, now));
    }
    for (uint64_t serial = 500; serial < 508; serial++)
        assert_true(admit(1, serial, now + 100 * MONO_S));
}

/* Cookies that overtook each other, or came after a gap. */
static void out_of_order(void **state)
{
    (void)state;
    static const uint64_t order[] = {3, 1, 2, 9, 4, 8, 5, 700, 7, 12};
    for (unsigned i = 0; i < 8; i++)
        assert_true(admit(1, order[i], 0));
    assert_true(admit(1, order[8], 900 * MONO_S));
    assert_true(admit(1, order[9], 900 * MONO_S));
    assert_false(admit(1, 6 - 3, 900 * MONO_S)); /* older than all */
    for (unsigned i = 0; i < LEN(order); i++)
        assert_false(admit(1, order[i], 900 * MONO_S));
}

static void cookies_of_another_boot(void **state)
{
    (void)state;
    assert_false(admit(1, 0, 0));
    used(1, 0);
    for (size_t i = 0; i < LIMIT_NTS_SESSIONS; i++)
        assert_true(s.of[i].key == 0);
}

/* As many as there is room for are kept apart; one that is used stays,
 * whoever comes. */
static void many_sessions(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < LIMIT_NTS_SESSIONS; i++)
        used(i + 1, 7);
    for (uint64_t i = 0; i < LIMIT_NTS_SESSIONS; i++)
        assert_false(admit(i + 1, 7, 0));
    for (uint64_t i = 0; i < 100000; i++) {
        used(0x1000 + i, 7);
        if (i % 200 == 0)
            assert_false(admit(5, 7, 0));
    }
    assert_true(admit(6, 7, 0)); /* that one had to go */
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest all[] = {
        TEST(burst_then_rate),         TEST(replays),       TEST(out_of_order),
        TEST(cookies_of_another_boot), TEST(many_sessions),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
