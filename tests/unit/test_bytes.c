/* bytes.h: big-endian access, and that reader and writer stay inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/bytes.h"

static void big_endian(void **state)
{
    (void)state;
    uint8_t b[8] = {0x01, 0x02, 0x03, 0x04, 0x85, 0x86, 0x87, 0x88};
    assert_int_equal(bytes_get16(b), 0x0102);
    assert_int_equal(bytes_get32(b), 0x01020304);
    assert_int_equal(bytes_get64(b), UINT64_C(0x0102030485868788));
    assert_int_equal(bytes_get32(b + 4), 0x85868788u);
    uint8_t o[8];
    bytes_put64(o, UINT64_C(0x0102030485868788));
    assert_memory_equal(o, b, 8);
    bytes_put32(o, 0x85868788u);
    assert_memory_equal(o, b + 4, 4);
    bytes_put16(o, 0x0304);
    assert_memory_equal(o, b + 2, 2);
}

static void reader_reads_all(void **state)
{
    (void)state;
    const uint8_t b[] = {1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 9};
    struct reader r = reader_of(b, sizeof b);
    assert_int_equal(reader_u8(&r), 1);
    assert_int_equal(reader_u16(&r), 2);
    assert_int_equal(reader_u32(&r), 3);
    assert_int_equal(reader_u64(&r), 4);
    assert_int_equal(r.left, 1);
    assert_ptr_equal(reader_take(&r, 1), b + 15);
    assert_false(r.bad);
    assert_non_null(reader_take(&r, 0)); /* nothing at the end is no error */
    assert_false(r.bad);
}

static void reader_error_sticks(void **state)
{
    (void)state;
    const uint8_t b[] = {1, 2, 3};
    struct reader r = reader_of(b, sizeof b);
    assert_int_equal(reader_u32(&r), 0);
    assert_true(r.bad);
    assert_int_equal(reader_u8(&r), 0); /* although three bytes are left */
    assert_null(reader_take(&r, 0));
    r = reader_of(b, sizeof b);
    assert_null(reader_take(&r, SIZE_MAX));
    assert_true(r.bad);
}

static void writer_fills_to_the_brim(void **state)
{
    (void)state;
    uint8_t b[16] = {0};
    struct writer w = writer_of(b, 15);
    writer_u8(&w, 1);
    writer_u16(&w, 2);
    writer_u32(&w, 3);
    writer_u64(&w, 4);
    assert_false(w.full);
    assert_int_equal(w.len, 15);
    const uint8_t want[] = {1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0};
    assert_memory_equal(b, want, 16);
    writer_bytes(&w, NULL, 0);
    assert_false(w.full);
    writer_u8(&w, 0xff);
    assert_true(w.full);
    assert_int_equal(w.len, 15);
    assert_int_equal(b[15], 0);
}

static void writer_error_sticks(void **state)
{
    (void)state;
    uint8_t b[4] = {0};
    struct writer w = writer_of(b, 3);
    writer_u32(&w, 0xffffffff);
    writer_u8(&w, 0xff); /* would fit, but the message is broken already */
    assert_true(w.full);
    assert_int_equal(w.len, 0);
    assert_null(writer_room(&w, SIZE_MAX));
    assert_int_equal(b[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(big_endian),
        cmocka_unit_test(reader_reads_all),
        cmocka_unit_test(reader_error_sticks),
        cmocka_unit_test(writer_fills_to_the_brim),
        cmocka_unit_test(writer_error_sticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
