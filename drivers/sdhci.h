/* sdhci.h -- SD memory cards (SDSC, SDHC, SDXC) on an SD host controller: the
 * BCM2835's Arasan ("EMMC") or the BCM2711's EMMC2. SD specifications part 1
 * (physical layer 3.01) and part A2 (host controller 3.00).
 *
 *     sdhci_init once; sdhci_poll from port_poll, as often as the loop turns;
 *     sdhci_read or sdhci_write, then sdhci_done until it is not RC_AGAIN.
 *
 * These four have the contract of port_blk_* (firmware/port.h) and may be
 * wired to it as they are. The board has switched the card's supply on, routed
 * the pins and asked the mailbox for the controller's clock.
 *
 * Nothing waits: a poll costs one command or one block, a few tens of us on
 * a Pi. Everything ends: identification within about SDHCI_IDENTIFY_NS; a
 * transfer after three attempts, of which none begins SDHCI_TRANSFER_NS after
 * the first, each bounded by a second without a block. A card that fails is
 * stopped, and identified anew if that does not help; one that cannot be
 * revived, or is not the card it was (other CID or size), counts as absent.
 * An absent card is looked for every SDHCI_ABSENT_NS.
 *
 * What a card says is outside input: a wrong answer is an error, never an
 * ASSERT. */
#ifndef SDHCI_H
#define SDHCI_H

#include "core/base.h"
#include "sdhci_host.h"

#define SDHCI_IDENTIFY_NS INT64_C(1800000000)
#define SDHCI_TRANSFER_NS INT64_C(3000000000)
#define SDHCI_ABSENT_NS   INT64_C(1000000000)

struct sdhci { /* board's; fields are private */
    struct sdhci_host host;
    enum sdhci_state {
        SDHCI_START,
        SDHCI_RESET,    /* the controller                        */
        SDHCI_SLOW,     /* 400 kHz becoming stable               */
        SDHCI_SUPPLY,   /* the card's power-up time              */
        SDHCI_IDENTIFY, /* a command of identification           */
        SDHCI_PAUSE,    /* before ACMD41 is repeated             */
        SDHCI_FAST,     /* 25 MHz becoming stable                */
        SDHCI_READY,
        SDHCI_TRANSFER,
        SDHCI_STOP,   /* CMD12 after an error                  */
        SDHCI_BUSY,   /* after a write, or CMD12: until DAT0   */
        SDHCI_STATUS, /* ... and then CMD13 say it is over     */
        SDHCI_ABSENT,
    } state;
    uint8_t step;     /* of identification                     */
    uint8_t tries;    /* identifications in a row              */
    mono_ns deadline; /* of ACMD41, or of BUSY and STATUS      */
    mono_ns patience; /* no identification begins after it     */
    mono_ns resume;   /* end of SUPPLY, PAUSE, ABSENT          */
    bool recovering;  /* BUSY and STATUS: after CMD12          */

    bool version2, high_capacity; /* the card as last identified */
    uint32_t rca;
    bool known; /* the first card's:                     */
    uint32_t cid[4], known_blocks;
    uint32_t blocks; /* 0: no card, or not yet                */
    bool gone;       /* it was absent, once at least          */

    bool pending;       /* an operation is under way             */
    uint8_t attempts;   /* of it                                 */
    int error;          /* of the last attempt                   */
    int result;         /* of the last operation, until told     */
    mono_ns last_start; /* no attempt begins after it            */
    uint32_t lba;
    struct sdhci_exchange op;

    uint32_t ocr, csd[4]; /* as the card last told them            */
    uint32_t errors;      /* failed attempts since init            */
    uint32_t why[SDHCI_WHYS];
    bool stranger;       /* not the card it was                   */
    const char *trouble; /* of the last identification            */
};

/* What is known of the card and of how it does. */
struct sdhci_report {
    uint32_t controller_hz, card_hz; /* clocks */
    bool clock_assumed;              /* nobody told the controller's */
    uint32_t ocr, cid[4], csd[4];    /* without the CRC, lowest word first */
    uint32_t why[SDHCI_WHYS];        /* attempts that failed so */
};

/* Begins to look for a card in this slot, which is copied. */
void sdhci_init(struct sdhci *s, const struct sdhci_slot *slot);

/* Does one step: a command, or a block. */
void sdhci_poll(struct sdhci *s, mono_ns now);

/* Begins to read or write 1 .. SDHCI_BLOCKS_MAX blocks; buf stays untouched
 * until sdhci_done has told the end. Returns RC_OK, or RC_STATE: busy, no card,
 * or not identified yet. A range past the end of the card is not asked for:
 * sdhci_done says RC_IO. */
int sdhci_read(struct sdhci *s, uint32_t lba, uint8_t *buf,
               uint32_t count) MUST_CHECK;
int sdhci_write(struct sdhci *s, uint32_t lba, const uint8_t *buf,
                uint32_t count) MUST_CHECK;

/* How the operation went: RC_OK (after a write: the card has programmed it and
 * reports no error), RC_AGAIN, RC_IO or RC_TIMEOUT. It is told once; after
 * that, RC_STATE. */
int sdhci_done(struct sdhci *s) MUST_CHECK;

/* The card's size in blocks of 512 bytes; RC_AGAIN until it is known whether
 * there is a card, RC_STATE where there is none. */
int64_t sdhci_blocks(const struct sdhci *s) MUST_CHECK;

/* How many commands and transfers have failed since sdhci_init, those that a
 * further attempt mended included. */
uint32_t sdhci_errors(const struct sdhci *s);

/* Fills *out; what no card has told yet is 0. */
void sdhci_report(const struct sdhci *s, struct sdhci_report *out);

/* One sentence that names cause and cure where the card cannot be used, or NULL
 * while it can, or is still being looked for the first time. */
const char *sdhci_trouble(const struct sdhci *s);

#endif
