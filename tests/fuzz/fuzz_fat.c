/* A card from outside: partition table, boot sectors, FATs, directories with
 * long names, files; through services/store and FatFs. The card is a good one
 * (FAT12, FAT16 or FAT32) with bytes changed, or nothing but the input.
 *
 * Input: which card (1 byte), changes. A change: block (2 bytes), offset in it
 * (2), length (1), bytes. */
#include <stdio.h>
#include <string.h>

#include "adapters/store_fat.h"
#include "core/bytes.h"
#include "core/conf_path.h"
#include "core/mono.h"
#include "fat_image.h"
#include "port.h"
#include "services/log.h"
#include "services/store.h"

#define FILE_MAX 3000
#define READS    200000 /* blocks: more than any card may ask for at start   */

static uint8_t good[3][IMAGE_BLOCKS][PORT_BLK_SIZE];
static uint8_t card[IMAGE_BLOCKS][PORT_BLK_SIZE];
static struct {
    uint64_t ticks;
    unsigned reads;
    uint32_t blocks;
    bool busy;
} sim;

uint64_t port_ticks(void)
{
    return sim.ticks += 10;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

void port_poll(void)
{
    sim.ticks += 100;
}

size_t port_console(const char *s, size_t len)
{
    return s ? len : 0;
}

int64_t port_blk_count(void)
{
    return sim.blocks;
}

/* Blocks that the image does not hold are empty. */
int port_blk_read(uint32_t lba, uint8_t *buf, uint32_t count)
{
    ASSERT(!sim.busy && count > 0);
    ASSERT(lba < sim.blocks && count <= sim.blocks - lba);
    ASSERT(++sim.reads < READS);
    for (uint32_t i = 0; i < count; i++)
        if (lba + i < IMAGE_BLOCKS)
            memcpy(buf + (size_t)i * PORT_BLK_SIZE, card[lba + i],
                   PORT_BLK_SIZE);
        else
            memset(buf + (size_t)i * PORT_BLK_SIZE, 0, PORT_BLK_SIZE);
    sim.busy = true;
    return RC_OK;
}

int port_blk_write(uint32_t lba, const uint8_t *buf, uint32_t count)
{
    (void)lba, (void)buf, (void)count;
    ASSERT(!sim.busy);
    return RC_STATE; /* nothing is put here */
}

int port_blk_done(void)
{
    if (!sim.busy)
        return RC_STATE;
    sim.busy = false;
    return RC_OK;
}

static void read_file(const char *name)
{
    static uint8_t buf[FILE_MAX + 1];
    memset(buf + FILE_MAX, 0x5a, 1);
    int n = store_read_file(name, buf, FILE_MAX);
    ASSERT(n <= FILE_MAX && buf[FILE_MAX] == 0x5a);
    ASSERT(n >= 0 || n == RC_STATE || n == RC_SPACE || n == RC_IO);
}

/* As the configuration reads a folder: in order, each name once. */
static void read_folder(const char *folder, const char *pattern)
{
    char name[CONF_PATH_MAX], last[CONF_PATH_MAX] = "";
    char path[2 * CONF_PATH_MAX];
    for (unsigned i = 0; i < 20; i++) {
        int n = store_next_file(folder, pattern, last, name);
        if (n <= 0)
            return;
        ASSERT((size_t)n == strlen(name) && n < CONF_PATH_MAX);
        ASSERT(conf_path_order(name, last) > 0);
        ASSERT(conf_path_matches(pattern, name));
        snprintf(path, sizeof path, "%s/%s", folder, name);
        read_file(path);
        memcpy(last, name, sizeof last);
    }
}

static void change(const uint8_t *in, size_t len)
{
    while (len >= 5) {
        uint32_t lba = bytes_get16(in) % IMAGE_BLOCKS;
        size_t at = bytes_get16(in + 2) % PORT_BLK_SIZE;
        size_t n = in[4] < len - 5 ? in[4] : len - 5;
        size_t room = PORT_BLK_SIZE - at;
        memcpy(card[lba] + at, in + 5, n < room ? n : room);
        in += 5 + n;
        len -= 5 + n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    static const uint32_t blocks[3] = {IMAGE_FAT12, IMAGE_FAT16, IMAGE_FAT32};
    if (len < 1 || len > 4096)
        return 0;
    unsigned kind = (in[0] & 63) % 3;
    for (unsigned i = 0; i < 3 && good[2][0][510] == 0; i++)
        fat_image(good[i], blocks[i]);
    memset(&sim, 0, sizeof sim);
    memcpy(card, good[kind], sizeof card);
    sim.blocks = blocks[kind];
    if (in[0] & 64)
        memset(card, 0, sizeof card);
    if (in[0] & 128) /* a file system without a partition table */
        memmove(card[0], card[IMAGE_FAT_AT],
                sizeof card - IMAGE_FAT_AT * sizeof card[0]);
    change(in + 1, len - 1);
    log_init();
    int rc = store_fat_mount(0, 0); /* as after a power-on */
    ASSERT(rc != RC_OK);
    rc = store_init();
    ASSERT(rc == RC_OK || rc == RC_IO);
    read_file("chrony.conf");
    read_file("a long name of a certificate.pem");
    read_file("conf.d/../chrony.conf");
    struct report_head head;
    rc = store_report_find(&head);
    ASSERT(rc <= 0 && (rc < 0 || head.number <= REPORT_MOST));
    for (uint32_t n = 1, lba; n < 8; n++) /* a file of any other size */
        if (store_fat_place("chrony.conf", n, &lba) == RC_OK)
            ASSERT(lba > 0 && lba <= sim.blocks - n);
    read_folder("", "*");
    read_folder("conf.d", "*.conf");
    for (unsigned i = 0; i < 4; i++)
        (void)store_poll((mono_ns)i * MONO_S);
    return 0;
}
