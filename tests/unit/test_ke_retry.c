/* When a key exchange may be tried again (RFC 8915 section 4.2), and what of
 * it is left after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/ke_retry.h"
#include "core/mono.h"

static struct ke_retry reread(const struct ke_retry *r, mono_ns then,
                              mono_ns now)
{
    uint8_t b[KE_RETRY_BYTES];
    struct writer w = writer_of(b, sizeof b);
    struct ke_retry out = {0};
    ke_retry_write(r, then, &w);
    assert_false(w.full);
    assert_int_equal(w.len, sizeof b);
    struct reader in = reader_of(b, sizeof b);
    ke_retry_read(&out, now, &in);
    return out;
}

static void first_never_waits(void **state)
{
    (void)state;
    struct ke_retry r = {0};
    assert_true(ke_retry_may(&r, 0));
    assert_int_equal(ke_retry_note(&r), MONO_NEVER);
    r = reread(&r, 0, 0);
    assert_true(ke_retry_may(&r, 0));
}

/* min(10 * 1.5^(n-1), 432000) s, here computed in another way. */
static void schedule(void **state)
{
    (void)state;
    struct ke_retry low = {0}, high = {0};
    double t = 10;
    for (int n = 1; n <= 300; n++) {
        ke_retry_begin(&low, 5, 0, 0);
        ke_retry_begin(&high, 5, UINT16_MAX, 0);
        ke_retry_ended(&low, 7);
        ke_retry_ended(&high, 7);
        double least = t < 432000 ? t : 432000;
        double most = t * 1.25 < 432000 ? t * 1.25 : 432000;
        assert_true((double)low.wait / 1e9 <= least);
        assert_true((double)low.wait / 1e9 > least * 0.9999);
        assert_true((double)high.wait / 1e9 <= most);
        assert_true((double)high.wait / 1e9 > most * 0.999);
        assert_false(ke_retry_may(&low, 7 + low.wait - 1));
        assert_true(ke_retry_may(&low, 7 + low.wait));
        t = t < 1e6 ? t * 1.5 : t;
    }
    ke_retry_proved(&low);
    assert_true(ke_retry_may(&low, 0));
    ke_retry_begin(&low, 0, 0, 0);
    assert_int_equal(low.wait, 10 * MONO_S);
}

/* A cut in the middle of an exchange is a failure, and the count goes on. */
static void restarts(void **state)
{
    (void)state;
    struct ke_retry r = {0};
    ke_retry_begin(&r, 100 * MONO_S, 0, 0);
    r = reread(&r, 100 * MONO_S, 0);
    for (int i = 0; i < 10; i++) { /* each boot shorter than the wait */
        assert_int_equal(r.failures, 1);
        assert_false(ke_retry_may(&r, 10 * MONO_S - 1));
        r = reread(&r, 0, 0);
    }
    assert_true(ke_retry_may(&r, 10 * MONO_S));
    ke_retry_begin(&r, 10 * MONO_S, 0, 0);
    assert_int_equal(r.wait, 15 * MONO_S);
}

/* Few writes; at most half of what was waited is forgotten. */
static void notes(void **state)
{
    (void)state;
    struct ke_retry r = {0};
    for (int i = 0; i < 40; i++)
        ke_retry_begin(&r, 0, 0, 0);
    int writes = 0;
    for (mono_ns at; (at = ke_retry_note(&r)) != MONO_NEVER; writes++) {
        assert_true(at > 0 && at < r.next);
        struct ke_retry later = reread(&r, at, 0);
        assert_int_equal(later.next, r.next - at);
        ke_retry_noted(&r, at);
        assert_true(ke_retry_note(&r) == MONO_NEVER ||
                    ke_retry_note(&r) == 2 * at);
    }
    assert_true(writes >= 10 && writes <= 16);
}

/* chrony 4.9's maxntsretry. */
static void longest_as_configured(void **state)
{
    (void)state;
    struct ke_retry r = {0};
    for (int i = 0; i < 300; i++) {
        ke_retry_begin(&r, 0, UINT16_MAX, 120);
        assert_true(r.wait <= 120 * MONO_S);
    }
    assert_int_equal(r.wait, 120 * MONO_S);
    ke_retry_begin(&r, 0, UINT16_MAX, 1000000);
    assert_int_equal(r.wait, KE_RETRY_MAX_S * MONO_S);
}

/* Another network ends a wait, a flapping one not all the time. */
static void hurried(void **state)
{
    (void)state;
    struct ke_retry r = {0};
    ke_retry_hurry(&r, 5);
    assert_true(ke_retry_may(&r, 0));
    for (int i = 0; i < 30; i++)
        ke_retry_begin(&r, 0, 0, 0);
    mono_ns now = 0;
    int asked = 0;
    for (; now < 86400 * MONO_S; now += 10 * MONO_S) {
        ke_retry_hurry(&r, now);
        if (!ke_retry_may(&r, now))
            continue;
        asked++;
        ke_retry_begin(&r, now, 0, 0);
        ke_retry_ended(&r, now);
    }
    assert_true(asked > 20 && asked < 30);
    ke_retry_hurry(&r, now + 3840 * MONO_S);
    assert_true(ke_retry_may(&r, now + 3840 * MONO_S));
    assert_true(r.failures > 50);
    ke_retry_proved(&r);
    ke_retry_begin(&r, now, 0, 0);
    ke_retry_hurry(&r, now); /* its wait is shorter than a minute */
    assert_int_equal(r.next, now + 10 * MONO_S);
    ke_retry_now(&r, now);
    assert_true(ke_retry_may(&r, now));
}

static void any_bytes(void **state)
{
    (void)state;
    uint8_t b[KE_RETRY_BYTES] = {3, 0xff, 0xff, 0xff, 0xff};
    struct ke_retry r = {0};
    struct reader in = reader_of(b, sizeof b);
    ke_retry_read(&r, 0, &in);
    assert_true(ke_retry_may(&r, KE_RETRY_MAX_S * MONO_S));
    assert_false(ke_retry_may(&r, KE_RETRY_MAX_S * MONO_S - 1));
    for (size_t len = 0; len < sizeof b; len++) {
        struct ke_retry cut = {0};
        in = reader_of(b, len);
        ke_retry_read(&cut, 0, &in);
        assert_true(in.bad && ke_retry_may(&cut, 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_never_waits),
        cmocka_unit_test(schedule),
        cmocka_unit_test(restarts),
        cmocka_unit_test(notes),
        cmocka_unit_test(longest_as_configured),
        cmocka_unit_test(hurried),
        cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
