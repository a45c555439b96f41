#include "disk_kind.h"

#include <string.h>

const uint8_t disk_kind_sector[DISK_KIND_LOOKS] = {0, 2, 7, 64, 128};

#define BYTES(b) b, sizeof(b) - 1

static const struct mark {
    uint8_t sector;
    uint16_t at;
    const char *bytes;
    uint8_t len;
    struct disk_kind kind;
} marks[] = {
    /* ext4: or 2, or 3 */
    {0, 3, BYTES("EXFAT   "), {"exFAT", false}},
    {0, 3, BYTES("NTFS    "), {"NTFS", false}},
    {0, 3, BYTES("ReFS\0"), {"ReFS", false}},
    {0, 3, BYTES("-FVE-FS-"), {"BitLocker", false}},
    {0, 0, BYTES("XFSB"), {"XFS", false}},
    {0, 0, BYTES("LUKS\xba\xbe"), {"encrypted (LUKS)", false}},
    {0, 0, BYTES("hsqs"), {"squashfs", false}},
    {0, 32, BYTES("NXSB"), {"APFS", false}},
    {2, 56, BYTES("\x53\xef"), {"ext4", false}},
    {2, 0, BYTES("H+\0\4"), {"HFS+", false}},
    {2, 0, BYTES("HX\0\5"), {"HFS+", false}},
    {2, 0, BYTES("\x10\x20\xf5\xf2"), {"F2FS", false}},
    {7, 502, BYTES("SWAPSPACE2"), {"swap space", false}},
    {64, 1, BYTES("CD001"), {"ISO 9660", false}},
    {64, 1, BYTES("BEA01"), {"UDF", false}},
    {128, 64, BYTES("_BHRfS_M"), {"btrfs", false}},
    {0,
     0,
     BYTES("\xfd"
           "7zXZ\0"),
     {"an .xz file", true}},
    {0, 0, BYTES("PK\3\4"), {"a .zip file", true}},
    {0, 0, BYTES("\x1f\x8b\x08"), {"a .gz file", true}},
    {0, 0, BYTES("BZh"), {"a .bz2 file", true}},
    {0, 0, BYTES("7z\xbc\xaf\x27\x1c"), {"a .7z file", true}},
    {0, 0, BYTES("\x28\xb5\x2f\xfd"), {"a .zst file", true}},
};

const struct disk_kind *disk_kind_of(unsigned number,
                                     const uint8_t sector[DISK_KIND_SECTOR])
{
    for (size_t i = 0; i < LEN(marks); i++)
        if (marks[i].sector == number &&
            memcmp(sector + marks[i].at, marks[i].bytes, marks[i].len) == 0)
            return &marks[i].kind;
    return NULL;
}
