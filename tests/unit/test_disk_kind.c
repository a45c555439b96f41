/* core/disk_kind: names by the first bytes, where they belong and nowhere
 * else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/disk_kind.h"

static void names(void **state)
{
    (void)state;
    static const struct {
        unsigned sector, at;
        const char *bytes, *name;
        bool packed;
    } row[] = {
        {0, 3, "EXFAT   ", "exFAT", false},
        {0, 3, "NTFS    ", "NTFS", false},
        {2, 56, "\x53\xef", "ext4", false},
        {64, 1, "BEA01", "UDF", false},
        {128, 64, "_BHRfS_M", "btrfs", false},
        {7, 502, "SWAPSPACE2", "swap space", false},
        {0, 0, "PK\3\4", "a .zip file", true},
        {0, 0, "\x1f\x8b\x08", "a .gz file", true},
    };
    for (size_t i = 0; i < LEN(row); i++) {
        uint8_t b[DISK_KIND_SECTOR] = {0};
        memcpy(b + row[i].at, row[i].bytes, strlen(row[i].bytes));
        for (size_t k = 0; k < DISK_KIND_LOOKS; k++) {
            unsigned n = disk_kind_sector[k];
            const struct disk_kind *kind = disk_kind_of(n, b);
            assert_int_equal(kind != NULL, n == row[i].sector);
            if (kind) {
                assert_string_equal(kind->name, row[i].name);
                assert_int_equal(kind->packed, row[i].packed);
            }
        }
    }
}

static void nothing(void **state)
{
    (void)state;
    uint8_t b[DISK_KIND_SECTOR];
    for (unsigned fill = 0; fill < 256; fill++) {
        memset(b, (int)fill, sizeof b);
        for (size_t k = 0; k < DISK_KIND_LOOKS; k++)
            assert_null(disk_kind_of(disk_kind_sector[k], b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(nothing),
    };
    return cmocka_run_group_tests_name("disk_kind", tests, NULL, NULL);
}
