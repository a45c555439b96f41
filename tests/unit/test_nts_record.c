/* NTS-KE records: reading, writing, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/limit.h"
#include "core/nts_record.h"

static void critical_bit_and_type(void **s)
{
    (void)s;
    static const uint8_t b[] = {0x80, 4, 0, 2, 0, 15, 0x7f, 0xff, 0, 0};
    struct reader r = reader_of(b, sizeof b);
    struct nts_record rec;
    assert_int_equal(nts_record_next(&r, &rec), RC_OK);
    assert_int_equal(rec.type, NTS_RECORD_AEAD);
    assert_true(rec.critical);
    assert_int_equal(rec.len, 2);
    assert_ptr_equal(rec.body, b + 4);
    assert_int_equal(nts_record_next(&r, &rec), RC_OK);
    assert_int_equal(rec.type, 0x7fff);
    assert_false(rec.critical);
    assert_int_equal(rec.len, 0);
    assert_int_equal(nts_record_next(&r, &rec), RC_AGAIN);
}

static void part_of_a_record_waits(void **s)
{
    (void)s;
    static const uint8_t b[] = {0, 5, 0, 3, 1, 2, 3};
    struct nts_record rec;
    for (size_t len = 0; len < sizeof b; len++) {
        struct reader r = reader_of(b, len);
        assert_int_equal(nts_record_next(&r, &rec), RC_AGAIN);
        assert_int_equal(r.left, len);
    }
    struct reader r = reader_of(b, sizeof b);
    assert_int_equal(nts_record_next(&r, &rec), RC_OK);
    assert_int_equal(r.left, 0);
}

static void written_as_figure_2(void **s)
{
    (void)s;
    static const uint8_t want[] = {0x80, 1, 0,    2,    0,    0,    0x04, 0,
                                   0,    0, 0x00, 0x07, 0x00, 0x02, 0x10, 0x92};
    static const uint16_t ntpv4 = 0, port = 4242;
    uint8_t out[16];
    struct writer w = writer_of(out, sizeof out);
    nts_record_put16(&w, true, NTS_RECORD_PROTOCOL, &ntpv4, 1);
    nts_record_put(&w, false, NTS_RECORD_COMPLIANT_GCM_SIV, NULL, 0);
    nts_record_put16(&w, false, NTS_RECORD_PORT, &port, 1);
    assert_false(w.full);
    assert_int_equal(w.len, sizeof want);
    assert_memory_equal(out, want, sizeof want);
    nts_record_put(&w, true, NTS_RECORD_END, NULL, 0);
    assert_true(w.full);
}

static void one_number_is_two_bytes(void **s)
{
    (void)s;
    static const uint8_t b[4] = {0x12, 0x34};
    uint16_t v = 0;
    for (size_t len = 0; len <= 4; len++) {
        struct nts_record r = {.body = b, .len = len};
        assert_int_equal(nts_record_get16(&r, &v), len == 2 ? RC_OK : RC_BAD);
    }
    assert_int_equal(v, 0x1234);
}

static int name_of(const char *in, size_t len, char *out, size_t cap)
{
    struct nts_record r = {.body = (const uint8_t *)in, .len = len};
    return nts_record_name(&r, out, cap);
}

static void names_that_are_names(void **s)
{
    (void)s;
    static const char *const good[][2] = {
        {"ntp.example.com", "ntp.example.com"},
        {"ntp.example.com.", "ntp.example.com"}, /* trailing dot */
        {"192.0.2.1", "192.0.2.1"},
        {"2001:db8::1", "2001:db8::1"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"a_b.Example", "a_b.Example"},
    };
    char out[LIMIT_NAME];
    for (size_t i = 0; i < LEN(good); i++) {
        assert_int_equal(
            name_of(good[i][0], strlen(good[i][0]), out, sizeof out), RC_OK);
        assert_string_equal(out, good[i][1]);
    }
}

static void names_that_are_not(void **s)
{
    (void)s;
    char out[LIMIT_NAME];
    static const struct {
        const char *b;
        size_t len;
    } bad[] = {{"", 0},
               {".", 1},
               {"..", 2},
               {".a", 2},
               {"a\0b", 3},
               {"a\0", 2},
               {"a b", 3},
               {"a\n", 2},
               {"fe80::1%eth0", 12},
               {"[::1]", 5},
               {"b\xc3\xbc"
                "c",
                4},
               {"a/../b", 6},
               {"\x1b[2J", 4},
               {"a\x7f", 2}};
    for (size_t i = 0; i < LEN(bad); i++)
        assert_int_equal(name_of(bad[i].b, bad[i].len, out, sizeof out),
                         RC_BAD);
}

static void names_have_a_longest(void **s)
{
    (void)s;
    char in[LIMIT_NAME + 8], out[LIMIT_NAME];
    memset(in, 'n', sizeof in);
    assert_int_equal(name_of(in, LIMIT_NAME - 1, out, sizeof out), RC_OK);
    assert_int_equal(strlen(out), LIMIT_NAME - 1);
    assert_int_equal(name_of(in, LIMIT_NAME, out, sizeof out), RC_BAD);
    in[LIMIT_NAME - 1] = '.';
    assert_int_equal(name_of(in, LIMIT_NAME, out, sizeof out), RC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(critical_bit_and_type),
        cmocka_unit_test(part_of_a_record_waits),
        cmocka_unit_test(written_as_figure_2),
        cmocka_unit_test(one_number_is_two_bytes),
        cmocka_unit_test(names_that_are_names),
        cmocka_unit_test(names_that_are_not),
        cmocka_unit_test(names_have_a_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
