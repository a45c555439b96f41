/* core/entropy_health and adapters/entropy: what a broken generator gives is
 * not used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "adapters/entropy.h"
#include "core/entropy_health.h"
#include "port.h"
#include "services/log.h"

static uint32_t (*generator)(uint32_t turn);
static uint32_t turn;
static unsigned lines;

int port_entropy(uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i += 4) {
        uint32_t word = generator(turn++);
        memcpy(buf + i, &word, len - i < 4 ? len - i : 4);
    }
    return RC_OK;
}

void log_at(enum log_severity severity, const void *limit, const char *f, ...)
{
    (void)severity;
    (void)limit;
    (void)f;
    lines++;
}

static uint32_t good(uint32_t i)
{
    uint64_t x = (i + 1) * UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(x >> 32);
}

static uint32_t stuck(uint32_t i)
{
    (void)i;
    return 0x12345678;
}

static uint32_t alternating(uint32_t i)
{
    return i & 1 ? 0xaaaaaaaa : 0x12345678;
}

static uint32_t sixteen_values(uint32_t i)
{
    return good(i) & 15;
}

/* How many words until it is found; 0: never. */
static unsigned found(uint32_t (*g)(uint32_t))
{
    struct entropy_health h = {0};
    for (unsigned i = 0; i < 100000; i++)
        if (!entropy_health_word(&h, g(i))) {
            assert_false(entropy_health_word(&h, good(i))); /* for good */
            return i + 1;
        }
    return 0;
}

static void health(void **state)
{
    (void)state;
    assert_int_equal(found(good), 0);
    assert_int_equal(found(stuck), ENTROPY_HEALTH_RUN);
    assert_int_equal(found(alternating), 2 * ENTROPY_HEALTH_SAME - 1);
    assert_in_range(found(sixteen_values), 2, 2 * ENTROPY_HEALTH_WINDOW);
    assert_true(2 * ENTROPY_HEALTH_SAME - 1 <= ENTROPY_HEALTH_START);
}

static void not_used_and_said(void **state)
{
    (void)state;
    uint8_t key[32], zero[32] = {0};
    generator = good;
    assert_int_equal(entropy_draw(key, sizeof key), RC_OK);
    assert_memory_not_equal(key, zero, sizeof key);
    assert_int_equal(lines, 0);
    generator = alternating;
    for (unsigned i = 0; i < 100; i++) /* to the next window's beginning */
        (void)!entropy_draw(key, sizeof key);
    assert_int_equal(lines, 1);
    assert_memory_equal(key, zero, sizeof key);
    generator = good;
    assert_int_equal(entropy_draw(key, sizeof key), RC_IO);
    assert_int_equal(lines, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health),
        cmocka_unit_test(not_used_and_said),
    };
    return cmocka_run_group_tests_name("entropy_health", tests, NULL, NULL);
}
