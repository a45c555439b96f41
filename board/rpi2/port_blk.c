/* port_blk.c -- the SD card on the Arasan SDHCI. */
#include "board.h"
#include "gpio.h"
#include "port.h"
#include "rpi2.h"
#include "sdhci.h"

#define IDENTIFY_POLL_NS 100000 /* commands at 400 kHz take longer */

static struct sdhci sd;
static bool pending; /* started, and done() has not told the end */

void rpi2_blk_init(void)
{
    /* QEMU's card is on the Arasan until all six pins are ALT0. */
    for (unsigned pin = BOARD_PIN_SD_FIRST; pin <= BOARD_PIN_SD_LAST; pin++)
        gpio_function(BOARD_GPIO, pin, GPIO_ALT3);
    sdhci_init(&sd, BOARD_SDHCI, rpi2_facts.emmc_hz);
}

void rpi2_blk_poll(void)
{
    sdhci_poll(&sd, rpi2_now());
}

/* Blocks move by hand: no sleep in a transfer. */
mono_ns rpi2_blk_due(void)
{
    if (pending)
        return 0;
    return sdhci_blocks(&sd) == RC_AGAIN ? rpi2_now() + IDENTIFY_POLL_NS
                                         : INT64_MAX;
}

uint32_t rpi2_blk_errors(void)
{
    return sdhci_errors(&sd);
}

static int started(int rc)
{
    if (rc == RC_OK)
        pending = true;
    return rc;
}

int port_blk_write(uint32_t lba, const uint8_t *buf, uint32_t count)
{
    return started(sdhci_write(&sd, lba, buf, count));
}

int port_blk_read(uint32_t lba, uint8_t *buf, uint32_t count)
{
    return started(sdhci_read(&sd, lba, buf, count));
}

int port_blk_done(void)
{
    int rc = sdhci_done(&sd);
    pending = rc == RC_AGAIN;
    return rc;
}

int64_t port_blk_count(void)
{
    return sdhci_blocks(&sd);
}
