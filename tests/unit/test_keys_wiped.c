/* Keys and cookies do not stay on the stack behind those who read and write a
 * source's record. The stack is not cleared by a return, so what was left there
 * can be looked for from here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/aead.h"
#include "core/bytes.h"
#include "entropy.h"
#include "port.h"
#include "services/log.h"
#include "services/source_record.h"
#include "services/store.h"

#define DEPTH 16384 /* bytes of stack that are looked through */

static uint8_t card[SOURCE_RECORD_MAX];
static size_t card_len;

uint64_t port_ticks(void)
{
    return 0;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

size_t port_console(const char *s, size_t len)
{
    (void)s;
    return len;
}

int store_get(enum store_kind kind, uint8_t id, uint8_t *buf, size_t cap)
{
    assert_true(kind == STORE_ASSOC && card_len <= cap);
    if (id != 0)
        return RC_STATE;
    memcpy(buf, card, card_len);
    return (int)card_len;
}

/* The pattern is made here and now, so that this function's own arguments are
 * no copy of it. */
__attribute__((noinline, no_sanitize("address", "undefined"))) static size_t
left_behind(uint8_t first)
{
    const volatile uint8_t *top = __builtin_frame_address(0);
    size_t found = 0;
    for (const volatile uint8_t *p = top - DEPTH; p < top - 512; p++) {
        size_t n = 0;
        while (n < 16 && p[n] == (uint8_t)(first + n))
            n++;
        found += n == 16;
    }
    return found;
}

__attribute__((noinline, no_sanitize("address", "undefined"))) static void
clear(void)
{
    volatile uint8_t room[DEPTH + 4096];
    for (size_t i = 0; i < sizeof room; i++)
        room[i] = 0;
}

static const struct conf_source line = {
    .name = "a.example", .nts = true, .port = 123, .ntsport = 4460};
static struct conf conf = {.aeads = {AEAD_AES_SIV_CMAC_256}, .aead_count = 1};

#define KEY    0x40
#define COOKIE 0x90

static void run(uint8_t *b, size_t len, uint8_t first)
{
    for (size_t i = 0; i < len; i++)
        b[i] = (uint8_t)(first + i);
}

static struct source with_keys(void)
{
    struct source s = {.conf = &line, .step = SOURCE_RUN};
    uint8_t key[32], other[32] = {1}, cookie[64];
    run(key, sizeof key, KEY);
    run(cookie, sizeof cookie, COOKIE);
    s.addr = (struct addr){.family = 4, .b = {192, 0, 2, 1}};
    assert_int_equal(
        nts_assoc_keys(&s.ntp.nts, AEAD_AES_SIV_CMAC_256, key, other), RC_OK);
    assert_int_equal(nts_assoc_put(&s.ntp.nts, cookie, sizeof cookie), RC_OK);
    return s;
}

static struct source source;

static void restored(void **state)
{
    (void)state;
    source = with_keys();
    int len = source_record_write(&source, 0, card, sizeof card);
    assert_true(len > 0);
    card_len = (size_t)len;
    /* The first time, the dynamic linker's look-ups save registers there. */
    for (int i = 0; i < 2; i++) {
        source = (struct source){.conf = &line, .step = SOURCE_KEYS};
        clear();
        source_record_restore(&source, 1, &conf, 0);
    }
    size_t keys = left_behind(KEY), cookies = left_behind(COOKIE);
    assert_int_equal(source.ntp.nts.count, 1);
    assert_int_equal(keys, 0);
    assert_int_equal(cookies, 0);
}

static void joined(void **state)
{
    (void)state;
    source = (struct source){.conf = &line, .step = SOURCE_KEYS};
    clear();
    source_record_join(&source, &source, 1, true, 0);
    size_t keys = left_behind(KEY), cookies = left_behind(COOKIE);
    assert_int_equal(source.ntp.nts.count, 1);
    assert_int_equal(keys, 0);
    assert_int_equal(cookies, 0);
}

/* The looking itself finds what is there. */
__attribute__((noinline)) static void leave(void)
{
    volatile uint8_t b[4096];
    for (size_t i = 0; i < sizeof b; i++)
        b[i] = (uint8_t)(KEY + i);
}

static void finds(void **state)
{
    (void)state;
    clear();
    assert_int_equal(left_behind(KEY), 0);
    leave();
    assert_true(left_behind(KEY) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),
        cmocka_unit_test(restored),
        cmocka_unit_test(joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
