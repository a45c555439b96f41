/* sdhci_model.h -- an SD card in an SD host controller, as registers behind
 * drivers/hw.h: written from the SD specifications (part 1 physical layer,
 * part A2 host controller), not from the driver. It counts what a real one
 * would not forgive (model.faults) and breaks on demand. */
#ifndef SDHCI_MODEL_H
#define SDHCI_MODEL_H

#include <stdio.h>

#include "core/base.h"

#define MODEL_BASE   0x3f300000u
#define MODEL_CLOCK  50000000u /* where model.clock_hz is 0 */
#define MODEL_EMMC2  0xfe340000u
#define MODEL_BLOCKS 64u /* with contents; others read as zeros */

struct model {
    /* the card, set by the test before it is powered */
    bool present, version2, high_capacity;
    uint32_t capacity;      /* blocks */
    uint8_t serial;         /* in the CID */
    unsigned op_cond_polls; /* ACMD41 answers before it is powered up */
    uint32_t program_ns;    /* busy after each write                  */

    /* the controller, and what silicon does that an emulator does not */
    bool emmc2;             /* at MODEL_EMMC2; hangs below 200 kHz      */
    uint32_t clock_hz;      /* of the controller                        */
    uint32_t status_lag_ns; /* the status register shows what was       */
    uint32_t block_ns;      /* from one block to the next               */
    uint32_t end_ns;        /* from the last word to the transfer's end */
    uint32_t r1b_late_ns;   /* an R1b's transfer complete; 0: never     */

    /* faults, set any time; counters run down */
    bool never_powered, stuck_busy, hold_commands, no_clock;
    unsigned data_crc_errors; /* this many data transfers fail so  */
    unsigned command_crc_errors;
    unsigned data_silent;   /* this many data transfers: nothing */
    unsigned silent_no_dto; /* ... and no time-out event either  */
    uint32_t write_status;  /* CMD13 after the next write: these */
    unsigned write_status_times;
    uint32_t response_flags; /* R1 of the next data command       */

    /* what happened */
    unsigned faults; /* the host did what must not be done       */
    char fault[120]; /* the first                                */
    unsigned commands[64], card_resets;
    unsigned polls_with_words; /* test's own use                     */
    unsigned words;            /* through the data register                */
    unsigned lost_writes;      /* of registers, too close to another        */
    bool hung;                 /* EMMC2 below 200 kHz                       */
    uint8_t data[MODEL_BLOCKS][512];
    FILE *log;       /* what is done to the controller, in words, or NULL */
    uint64_t now_ns; /* moves with model_advance and the counter */
};
extern struct model model;

/* Power on: registers as after reset, the card (as set in model) idle. */
void model_power(void);
void model_remove(void);
void model_insert(void); /* idle, unknown to the host */
void model_advance(uint64_t ns);

#endif
