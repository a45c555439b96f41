/* sdhci_host.h -- the controller below sdhci.h: one exchange (a command, its
 * response, its blocks) at a time over the registers of a host of the SD Host
 * Controller specification 3.0. PIO, polled.
 *
 *     sdhci_host_begin, then one of reset, clock, start; each ends when
 *     sdhci_host_step stops saying RC_AGAIN, within a bounded time.
 *
 * The Arasan loses a register write that follows another within two cycles
 * of the card clock (its data register excepted), so writes are spaced: at
 * most 5 us in the loop while the card clock is 400 kHz, 0.1 us at 25 MHz;
 * five times that where the controller's clock is not known. */
#ifndef SDHCI_HOST_H
#define SDHCI_HOST_H

#include "core/base.h"

#define SDHCI_BLOCK      512u
#define SDHCI_BLOCKS_MAX 65535u /* of one exchange */

/* Command and response types, as the controller's command register has
 * them: 48 or 136 bits, with busy, CRC and index checked or not. */
#define SDHCI_R0                   0u
#define SDHCI_R1                   0x001a0000u /* also R6, R7 */
#define SDHCI_R1B                  0x001b0000u
#define SDHCI_R2                   0x00090000u
#define SDHCI_R3                   0x00020000u
#define SDHCI_ABORT                0x00c00000u
#define SDHCI_COMMAND(n, response) ((uint32_t)(n) << 24 | (response))

enum sdhci_kind {
    SDHCI_ARASAN, /* BCM2835's "EMMC": loses writes that come too close */
    SDHCI_EMMC2,  /* BCM2711's: hangs where the card clock is below 200 kHz */
};

/* Where a controller is, and what it runs on. */
struct sdhci_slot {
    uintptr_t base;
    enum sdhci_kind kind;
    uint32_t clock_hz;   /* of the controller, as measured; 0: not known  */
    uint32_t default_hz; /* taken then. What is higher than the truth makes
                          * the card slower, no more; 0: 250 MHz, on EMMC2
                          * what its capabilities say, or 100 MHz         */
};

enum sdhci_why {                /* of the last exchange that failed */
                 SDHCI_TIMEOUT, /* the card did not answer, or sent no data  */
                 SDHCI_CRC,     /* it did, but not what it meant to          */
                 SDHCI_GARBLED, /* end bit, index, CMD12 by the controller   */
                 SDHCI_SILENT,  /* the controller itself said nothing        */
                 SDHCI_REFUSED, /* the card's status reports an error        */
                 SDHCI_WHYS
};

struct sdhci_exchange {
    uint32_t command, argument;
    uint8_t *in;        /* blocks * 512 bytes, or NULL  */
    const uint8_t *out; /* the same; not both           */
    uint32_t blocks;    /* more than one: CMD12 follows */
};

struct sdhci_host { /* fields but response are private */
    uintptr_t base;
    enum sdhci_kind kind;
    uint32_t clock_hz;  /* of the controller */
    uint32_t least_hz;  /* the same, if EMMC2's own word is lower */
    uint32_t card_hz;   /* of the card       */
    uint32_t slower;    /* both may be so many times slower: 1, or not known */
    uint32_t gap_ticks; /* two card clocks   */
    enum sdhci_why why;
    uint64_t wrote; /* counter at the last register write */
    enum sdhci_phase {
        SDHCI_HOST_IDLE,
        SDHCI_HOST_RESET,
        SDHCI_HOST_CLOCK,
        SDHCI_HOST_LINES, /* waiting to send  */
        SDHCI_HOST_RESPONSE,
        SDHCI_HOST_DATA,
        SDHCI_HOST_BUSY,       /* after an R1b     */
        SDHCI_HOST_LINE_RESET, /* after an error   */
    } phase;
    int failed; /* what LINE_RESET ends with */
    mono_ns deadline;
    struct sdhci_exchange x;
    uint32_t moved;       /* blocks */
    uint32_t response[4]; /* as in the registers: 136 bits without the CRC */
};

/* Must be called once, first. */
void sdhci_host_begin(struct sdhci_host *h, const struct sdhci_slot *slot);

/* Resets the controller: everything is off but the card's supply. */
void sdhci_host_reset(struct sdhci_host *h, mono_ns now);

/* Sets the card's clock to the fastest of at most hz. */
void sdhci_host_clock(struct sdhci_host *h, uint32_t hz, mono_ns now);

/* From here on data moves on four lines. */
void sdhci_host_4bit(struct sdhci_host *h);

/* Begins an exchange; *x is copied, the buffers are not. */
void sdhci_host_start(struct sdhci_host *h, const struct sdhci_exchange *x,
                      mono_ns now);

/* Goes on with what was begun, and moves at most one block. Returns RC_OK where
 * it ended well (the response is valid), RC_AGAIN, RC_TIMEOUT where no answer
 * came in time, RC_IO where a wrong one did; h->why is then set. */
int sdhci_host_step(struct sdhci_host *h, mono_ns now) MUST_CHECK;

/* Whether the card holds DAT0 low. */
bool sdhci_host_card_busy(const struct sdhci_host *h);

#endif
