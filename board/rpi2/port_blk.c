/* port_blk.c -- the SD card on the Arasan SDHCI. */
#include "port.h"
#include "rpi2.h"

void rpi2_blk_init(void)
{
}

void rpi2_blk_poll(void)
{
}

uint64_t rpi2_blk_patience(void)
{
    return UINT32_MAX;
}

int port_blk_write(uint32_t lba, const uint8_t *buf, uint32_t count)
{
    (void)lba;
    (void)buf;
    (void)count;
    return RC_STATE;
}

int port_blk_read(uint32_t lba, uint8_t *buf, uint32_t count)
{
    (void)lba;
    (void)buf;
    (void)count;
    return RC_STATE;
}

int port_blk_done(void)
{
    return RC_STATE;
}

int64_t port_blk_count(void)
{
    return RC_STATE;
}
