/* adapters/tls_platform: what one session's peer makes us allocate is taken
 * from no other's memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mbedtls/platform.h>
#include <string.h>

#include "adapters/tls_platform.h"
#include "core/limit.h"
#include "entropy.h"
#include "port.h"

uint64_t port_ticks(void)
{
    return 0;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

static unsigned fill(void **block, unsigned cap, size_t size)
{
    unsigned n = 0;
    while (n < cap && (block[n] = mbedtls_calloc(1, size)) != NULL)
        n++;
    return n;
}

static void one_peer_fills_its_own(void **state)
{
    (void)state;
    static void *block[LIMIT_TLS_ARENA / 16];
    tls_platform_init();
    size_t before = tls_platform_arena_used();
    tls_platform_use(1);
    unsigned n = fill(block, LEN(block), 100);
    assert_true(n > 300 && n < LEN(block));
    for (unsigned i = 0; i <= LIMIT_TLS_SESSIONS; i++) {
        if (i == 1)
            continue;
        tls_platform_use(i);
        void *p =
            mbedtls_calloc(1, i == TLS_PLATFORM_COMMON ? 4096 : 48 * 1024);
        assert_non_null(p);
        mbedtls_free(p);
    }
    while (n > 0) /* whoever is current */
        mbedtls_free(block[--n]);
    assert_int_equal(tls_platform_arena_used(), before);
    mbedtls_free(NULL);
    assert_null(mbedtls_calloc(SIZE_MAX / 2, 3));
    assert_true(tls_platform_arena_peak() <= LIMIT_TLS_ARENA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_peer_fills_its_own),
    };
    return cmocka_run_group_tests_name("tls_platform", tests, NULL, NULL);
}
