/* port_blk.c -- the SD card on the SoC's SDHCI. */
#include "gpio.h"
#include "machine_private.h"
#include "port.h"
#include "sdhci.h"
#include "text.h"

#define PIN_SD_FIRST   48u /* clock, command, data 0..3: ALT3 is Arasan */
#define PIN_SD_LAST    53u
#define PIN_WIFI_FIRST 34u /* the same, where there is a radio */
#define PIN_WIFI_LAST  39u

#define IDENTIFY_POLL_NS (100 * MONO_US) /* a command at 400 kHz is longer */

static struct sdhci sd;
static bool pending; /* started, and done() has not told the end */

/* Where there is a radio, the firmware may have led the controller to it; two
 * sets of pins at once would mix their answers. (QEMU's card is on the Arasan
 * until all six pins are ALT0.) */
static void route_pins(void)
{
    if (machine_model->radio)
        for (unsigned pin = PIN_WIFI_FIRST; pin <= PIN_WIFI_LAST; pin++)
            gpio_function(soc->gpio, pin, GPIO_IN);
    for (unsigned pin = PIN_SD_FIRST; pin <= PIN_SD_LAST; pin++)
        gpio_function(soc->gpio, pin, GPIO_ALT3);
}

void machine_blk_init(void)
{
    const struct vc_clock *c = &machine_vc.clock[VC_SD];
    struct sdhci_slot slot = {
        .base = soc->sd, .kind = soc->sd_kind, .clock_hz = c->told ? c->hz : 0};
    if (machine_facts.emulated && soc->sd_emulated != 0) {
        slot.base = soc->sd_emulated;
        slot.kind = SDHCI_ARASAN;
    }
    if (slot.kind == SDHCI_ARASAN)
        route_pins();
    sdhci_init(&sd, &slot);
}

void machine_blk_poll(void)
{
    sdhci_poll(&sd, machine_now());
}

/* Blocks move by hand: no sleep in a transfer. */
mono_ns machine_blk_due(void)
{
    if (pending)
        return 0;
    return sdhci_blocks(&sd) == RC_AGAIN ? machine_now() + IDENTIFY_POLL_NS
                                         : MONO_NEVER;
}

uint32_t machine_blk_errors(void)
{
    return sdhci_errors(&sd);
}

void machine_blk_fact(struct text *t)
{
    static const char *const why[SDHCI_WHYS] = {
        [SDHCI_TIMEOUT] = "time-out", [SDHCI_CRC] = "CRC",
        [SDHCI_GARBLED] = "garbled",  [SDHCI_SILENT] = "controller silent",
        [SDHCI_REFUSED] = "refused",
    };
    struct sdhci_report r;
    sdhci_report(&sd, &r);
    const char *trouble = sdhci_trouble(&sd);
    if (trouble != NULL) {
        text_str(t, trouble);
        text_str(t, "; ");
    }
    text_str(t, "OCR ");
    text_hex(t, r.ocr);
    text_str(t, ", CID ");
    for (size_t i = LEN(r.cid); i > 0; i--)
        text_hex(t, r.cid[i - 1]);
    text_str(t, ", CSD ");
    for (size_t i = LEN(r.csd); i > 0; i--)
        text_hex(t, r.csd[i - 1]);
    text_str(t, ", clock ");
    text_dec(t, r.card_hz);
    text_str(t, " of ");
    text_dec(t, r.controller_hz);
    text_str(t, r.clock_assumed ? " Hz, assumed" : " Hz");
    for (size_t i = 0; i < SDHCI_WHYS; i++) {
        if (r.why[i] == 0)
            continue;
        text_str(t, ", ");
        text_dec(t, r.why[i]);
        text_str(t, " times ");
        text_str(t, why[i]);
    }
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
