/* poll_adapt: grows while waiting costs little, falls at once on news, and
 * stays within minpoll and maxpoll. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/poll_adapt.h"
#include "core/utc.h"

#define HZ 1000000u
#define T0 ((ntp64)0xee000000 << 32)

static struct filter f;
static struct poll_adapt p;
static uint64_t now;

static void begin(int8_t minpoll, int8_t maxpoll)
{
    now = 0;
    filter_init(&f, HZ, 0, FILTER_SIGMA_UNKNOWN);
    poll_adapt_init(&p, minpoll, maxpoll);
    assert_int_equal(p.poll, minpoll);
}

/* A sample after the poll, off by so much, its round trip 2 ms and more. */
static int8_t sample(span_ns off, span_ns more)
{
    now += (uint64_t)HZ << p.poll;
    int64_t since = utc_ticks_ntp((int64_t)now, HZ);
    struct ntp_sample s = {.at_ticks = now,
                           .utc = utc_add_ns(T0 + (uint64_t)since, off),
                           .delay_ns = 2000000 + more,
                           .server_precision = -24,
                           .stratum = 1};
    return poll_adapt(&p, &f, filter_sample(&f, &s));
}

/* Jitter of some 100 us, the crystal exact. */
static void calm(int samples)
{
    for (int i = 0; i < samples; i++) {
        span_ns more = (i * 7 % 11) * 30000;
        (void)sample(i & 1 ? more / 2 : -more / 2, more);
    }
}

static void grows_to_maxpoll(void **state)
{
    (void)state;
    begin(6, 10);
    calm(6);
    assert_int_equal(p.poll, 6); /* too few to know */
    calm(200);
    assert_int_equal(p.poll, 10);
}

static void one_step_a_sample(void **state)
{
    (void)state;
    begin(4, 10);
    int8_t last = 4;
    for (int i = 0; i < 200; i++) {
        calm(1);
        assert_true(p.poll <= last + 1);
        last = p.poll;
    }
}

static void news(void **state)
{
    (void)state;
    begin(6, 10);
    calm(200);
    assert_int_equal(p.poll, 10);
    for (int i = 0; i < 2; i++) /* time has jumped by 50 ms */
        (void)sample(50000000, 0);
    assert_int_equal(p.poll, 6);
}

static void one_outlier_is_none(void **state)
{
    (void)state;
    begin(6, 10);
    calm(200);
    (void)sample(50000000, 100000000); /* late by as much: no contradiction */
    assert_int_equal(p.poll, 10);
}

static void fixed(void **state)
{
    (void)state;
    begin(7, 7);
    calm(200);
    assert_int_equal(p.poll, 7);
    (void)sample(50000000, 0);
    assert_int_equal(p.poll, 7);
    poll_adapt_init(&p, 8, 6); /* maxpoll below minpoll: it is minpoll */
    assert_int_equal(p.maxpoll, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_to_maxpoll),
        cmocka_unit_test(one_step_a_sample),
        cmocka_unit_test(news),
        cmocka_unit_test(one_outlier_is_none),
        cmocka_unit_test(fixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
