/* core/clientlog: the rate limit of each client, and the table under floods
 * of forged addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/bytes.h"
#include "core/clientlog.h"

#define NEVER 0xffffffffu /* a chance that lets nobody through               */

static struct clientlog l;
static const struct clientlog_limit limit = {
    .on = true, .interval = 3, .burst = 8, .leak = 2};

static int setup(void **state)
{
    static const uint64_t key[5] = {
        UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xbf58476d1ce4e5b9),
        UINT64_C(0x94d049bb133111eb), UINT64_C(0xd6e8feb86659fd93),
        UINT64_C(0xa0761d6478bd642f)};
    (void)state;
    clientlog_init(&l, key);
    return 0;
}

static struct addr ip4(uint32_t n)
{
    uint8_t b[4];
    bytes_put32(b, n);
    return addr_of(4, b);
}

static struct addr ip6(const char *text)
{
    struct addr a;
    assert_int_equal(addr_parse(text, &a), RC_OK);
    return a;
}

static enum clientlog_verdict ask(const struct addr *a, mono_ns now,
                                  uint32_t chance)
{
    return clientlog_admit(clientlog_of(&l, CLIENTLOG_NTP, a, now),
                           CLIENTLOG_NTP, &limit, now, chance);
}

static void burst_then_rate(void **state)
{
    (void)state;
    const struct addr a = ip4(1);
    for (int i = 0; i < 8; i++)
        assert_int_equal(ask(&a, MONO_S, NEVER), CLIENTLOG_ANSWER);
    assert_int_equal(ask(&a, MONO_S, NEVER), CLIENTLOG_DROP);
    assert_int_equal(ask(&a, 8 * MONO_S, NEVER), CLIENTLOG_DROP);
    assert_int_equal(ask(&a, 9 * MONO_S, NEVER), CLIENTLOG_ANSWER);
    assert_int_equal(ask(&a, 9 * MONO_S, NEVER), CLIENTLOG_DROP);
    const struct clientlog_client *c =
        clientlog_of(&l, CLIENTLOG_NTP, &a, 10 * MONO_S);
    assert_int_equal(c->use[CLIENTLOG_NTP].hits, 13);
    assert_int_equal(c->use[CLIENTLOG_NTP].drops, 3);
    /* A day later it has its burst again, and no more. */
    for (int i = 0; i < 8; i++)
        assert_int_equal(ask(&a, 86400 * MONO_S, NEVER), CLIENTLOG_ANSWER);
    assert_int_equal(ask(&a, 86400 * MONO_S, NEVER), CLIENTLOG_DROP);
}

/* At exactly the rate nobody is ever dropped. */
static void a_client_within_the_limit(void **state)
{
    (void)state;
    const struct addr a = ip4(1);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(ask(&a, i * 8 * MONO_S, NEVER), CLIENTLOG_ANSWER);
}

/* One in four, and after that the bucket is empty. */
static void leaks(void **state)
{
    (void)state;
    const struct addr a = ip4(1);
    unsigned answered = 0;
    for (uint32_t i = 0; i < 4000; i++)
        answered += ask(&a, MONO_S, i) == CLIENTLOG_ANSWER;
    assert_int_equal(answered, 8 + (4000 - 8) / 4);
    assert_int_equal(ask(&a, 8 * MONO_S, NEVER), CLIENTLOG_DROP);
    assert_int_equal(ask(&a, 9 * MONO_S, NEVER), CLIENTLOG_ANSWER);
}

static void kisses(void **state)
{
    (void)state;
    struct clientlog_limit kod = limit;
    kod.kod = 3;
    const struct addr a = ip4(1);
    unsigned kissed = 0, dropped = 0;
    for (uint32_t i = 0; i < 8 + 8192; i++) {
        enum clientlog_verdict v =
            clientlog_admit(clientlog_of(&l, CLIENTLOG_NTP, &a, MONO_S),
                            CLIENTLOG_NTP, &kod, MONO_S, i << 8 | 1);
        kissed += v == CLIENTLOG_KISS;
        dropped += v == CLIENTLOG_DROP;
    }
    assert_int_equal(kissed, 8192 / 8);
    assert_int_equal(dropped, 8192 - 8192 / 8);
}

/* The ends of chrony's range: 1.9 us and 1.1 hours. */
static void ends_of_the_range(void **state)
{
    (void)state;
    struct clientlog_limit most = {
        .on = true, .interval = 12, .burst = 255, .leak = 4};
    struct clientlog_client c = {.addr.family = 4};
    for (int i = 0; i < 255; i++)
        assert_int_equal(clientlog_admit(&c, CLIENTLOG_NTP, &most, 0, NEVER),
                         CLIENTLOG_ANSWER);
    assert_int_equal(
        clientlog_admit(&c, CLIENTLOG_NTP, &most, 4095 * MONO_S, NEVER),
        CLIENTLOG_DROP);
    assert_int_equal(
        clientlog_admit(&c, CLIENTLOG_NTP, &most, 4096 * MONO_S, NEVER),
        CLIENTLOG_ANSWER);
    struct clientlog_limit least = {
        .on = true, .interval = -19, .burst = 1, .leak = 4};
    c = (struct clientlog_client){.addr.family = 4};
    assert_int_equal(clientlog_admit(&c, CLIENTLOG_NTP, &least, 0, NEVER),
                     CLIENTLOG_ANSWER);
    assert_int_equal(clientlog_admit(&c, CLIENTLOG_NTP, &least, 1000, NEVER),
                     CLIENTLOG_DROP);
    assert_int_equal(clientlog_admit(&c, CLIENTLOG_NTP, &least, 2000, NEVER),
                     CLIENTLOG_ANSWER);
}

static void off_counts_and_answers(void **state)
{
    (void)state;
    struct clientlog_limit off = {0};
    const struct addr a = ip4(1);
    for (int i = 0; i < 100; i++)
        assert_int_equal(clientlog_admit(clientlog_of(&l, CLIENTLOG_NTP, &a, 0),
                                         CLIENTLOG_NTP, &off, 0, NEVER),
                         CLIENTLOG_ANSWER);
    assert_int_equal(
        clientlog_of(&l, CLIENTLOG_NTP, &a, 0)->use[CLIENTLOG_NTP].hits, 101);
}

static void ip6_by_network(void **state)
{
    (void)state;
    const struct addr a = ip6("2001:db8:1:2::1"), b = ip6("2001:db8:1:2:9::"),
                      other = ip6("2001:db8:1:3::1"), four = ip4(0x20010db8);
    assert_ptr_equal(clientlog_of(&l, CLIENTLOG_NTP, &a, 0),
                     clientlog_of(&l, CLIENTLOG_NTP, &b, 0));
    assert_ptr_not_equal(clientlog_of(&l, CLIENTLOG_NTP, &a, 0),
                         clientlog_of(&l, CLIENTLOG_NTP, &other, 0));
    assert_ptr_not_equal(clientlog_of(&l, CLIENTLOG_NTP, &a, 0),
                         clientlog_of(&l, CLIENTLOG_NTP, &four, 0));
}

/* A million forged sources, each once: whoever asks within the limit among
 * them is answered each time. */
static void forged_addresses_silence_nobody(void **state)
{
    (void)state;
    const struct addr honest = ip4(0xc0000201);
    uint32_t forged = 1;
    for (int i = 0; i < 1000; i++) {
        mono_ns now = i * 8 * MONO_S;
        assert_int_equal(ask(&honest, now, NEVER), CLIENTLOG_ANSWER);
        for (int j = 0; j < 1000; j++) {
            forged = forged * 1664525u + 1013904223u;
            const struct addr a = ip4(forged);
            (void)ask(&a, now, NEVER);
        }
    }
    assert_true(l.replaced > 900000);
}

/* Each kind of request is counted and limited by itself. */
static void kinds_apart(void **state)
{
    (void)state;
    const struct addr a = ip4(1);
    for (int i = 0; i < 20; i++)
        (void)ask(&a, MONO_S, NEVER);
    struct clientlog_client *c =
        clientlog_of(&l, CLIENTLOG_CMD, &a, 3 * MONO_S);
    assert_int_equal(
        clientlog_admit(c, CLIENTLOG_CMD, &limit, 3 * MONO_S, NEVER),
        CLIENTLOG_ANSWER);
    assert_int_equal(c->use[CLIENTLOG_NTP].hits, 20);
    assert_int_equal(c->use[CLIENTLOG_NTP].drops, 12);
    assert_int_equal(c->use[CLIENTLOG_CMD].hits, 1);
    assert_int_equal(c->use[CLIENTLOG_KE].hits, 0);
    assert_int_equal(clientlog_ago_s(&c->use[CLIENTLOG_NTP], 9 * MONO_S), 8);
    assert_int_equal(clientlog_ago_s(&c->use[CLIENTLOG_CMD], 9 * MONO_S), 6);
    assert_int_equal(clientlog_ago_s(&c->use[CLIENTLOG_KE], 9 * MONO_S),
                     UINT32_MAX);
    assert_true(clientlog_asked(c, 20) && !clientlog_asked(c, 21));
}

static int8_t interval_of(mono_ns each)
{
    const struct addr a = ip4(7);
    struct clientlog_client *c = NULL;
    memset(l.client, 0, sizeof l.client);
    for (int i = 0; i < 100; i++)
        c = clientlog_of(&l, CLIENTLOG_NTP, &a, i * each);
    return clientlog_interval(c->use[CLIENTLOG_NTP].mean);
}

/* chronyc's Int: the power of two of the seconds between requests. */
static void intervals(void **state)
{
    (void)state;
    static const int8_t log2_s[] = {-10, -4, -1, 0, 1, 6, 10, 14};
    for (size_t i = 0; i < LEN(log2_s); i++) {
        mono_ns each =
            log2_s[i] < 0 ? MONO_S >> -log2_s[i] : MONO_S << log2_s[i];
        assert_int_equal(interval_of(each), log2_s[i]);
        assert_int_equal(interval_of(each * 4 / 3), log2_s[i]);
        assert_int_equal(interval_of(each * 3 / 2), log2_s[i] + 1);
    }
    assert_int_equal(interval_of(0), -16);
    assert_int_equal(interval_of(86400 * MONO_S), 15); /* 9 hours is most */
    assert_int_equal(clientlog_interval(0), CLIENTLOG_INTERVAL_UNKNOWN);
    /* One request has no interval; after a drop it is another one. */
    const struct addr a = ip4(9);
    const struct clientlog_client *c = clientlog_of(&l, CLIENTLOG_NTP, &a, 0);
    assert_int_equal(c->use[CLIENTLOG_NTP].mean, 0);
    for (int i = 0; i < 100; i++)
        (void)ask(&a, i * MONO_S / 4, NEVER);
    assert_int_equal(clientlog_interval(c->use[CLIENTLOG_NTP].mean_unanswered),
                     -2);
}

/* The hash spreads neighbours: a /22 fills the table, not a few buckets. */
static void neighbours_spread(void **state)
{
    (void)state;
    unsigned kept = 0;
    for (uint32_t i = 0; i < LIMIT_CLIENTS; i++) {
        const struct addr a = ip4(0xc0a80000 + i);
        (void)clientlog_of(&l, CLIENTLOG_NTP, &a, MONO_S);
    }
    for (unsigned i = 0; i < LIMIT_CLIENTS; i++)
        kept += l.client[i].addr.family != 0;
    assert_int_equal(kept + l.replaced, LIMIT_CLIENTS);
    assert_true(kept > LIMIT_CLIENTS * 3 / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(burst_then_rate, setup),
        cmocka_unit_test_setup(a_client_within_the_limit, setup),
        cmocka_unit_test_setup(leaks, setup),
        cmocka_unit_test_setup(kisses, setup),
        cmocka_unit_test_setup(ends_of_the_range, setup),
        cmocka_unit_test_setup(off_counts_and_answers, setup),
        cmocka_unit_test_setup(ip6_by_network, setup),
        cmocka_unit_test_setup(forged_addresses_silence_nobody, setup),
        cmocka_unit_test_setup(neighbours_spread, setup),
        cmocka_unit_test_setup(kinds_apart, setup),
        cmocka_unit_test_setup(intervals, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
