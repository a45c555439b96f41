/* core/md5: RFC 1321's vectors that are one block long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/md5.h"

static void vectors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *digest;
    } row[] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"a", "0cc175b9c0f1b6a831c399e269772661"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
        {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
        {"0123456789012345678901234567890123456789012345678901234",
         "6e7a4fc92eb1c3f6e652425bcc8d44b5"},
    };
    for (size_t i = 0; i < LEN(row); i++) {
        uint8_t out[16];
        char hex[33];
        md5_short((const uint8_t *)row[i].text, strlen(row[i].text), out);
        for (unsigned k = 0; k < 16; k++) {
            hex[2 * k] = "0123456789abcdef"[out[k] >> 4];
            hex[2 * k + 1] = "0123456789abcdef"[out[k] & 15];
        }
        hex[32] = 0;
        assert_string_equal(hex, row[i].digest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(vectors)};
    return cmocka_run_group_tests_name("md5", tests, NULL, NULL);
}
