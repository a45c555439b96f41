/* genet_model.h -- GENET version 5 and its PHY as registers behind
 * drivers/hw.h, written from what is known of the chip and not from the
 * driver: rings that are registers, indices that nothing zeroes, MDIO that
 * takes its time, memory that the chip sees only when caches are cleaned. It
 * counts what a real one would not forgive (faults) and breaks on demand.
 *
 * Who links it gives hw_ticks(), at GENET_MODEL_HZ; things happen when
 * registers are touched, and in genet_model_run. */
#ifndef GENET_MODEL_H
#define GENET_MODEL_H

#include "core/base.h"

#define GENET_MODEL_BASE 0xfd580000u
#define GENET_MODEL_HZ   50000000u

/* What a link partner can do, as in PHY register 4, and 1000 full. */
#define CAN_10_HALF   0x0020u
#define CAN_10_FULL   0x0040u
#define CAN_100_HALF  0x0080u
#define CAN_100_FULL  0x0100u
#define CAN_1000_FULL 0x8000u

struct genet_model {
    /* set by the test */
    bool cable;
    uint32_t partner;     /* CAN_...                                      */
    bool partner_fixed;   /* does not negotiate: the one speed of partner */
    uint32_t revision;    /* SYS_REV_CTRL                                 */
    unsigned phy_address; /* where the PHY is                             */
    uint16_t first_index; /* of both rings at power-on                    */
    uint32_t aneg_ms;
    uint32_t tx_lag_us; /* from memory to the wire, beyond the usual      */
    void (*irq)(void);  /* while the interrupt line is active; or NULL     */
    void (*wire)(const uint8_t *frame, size_t len); /* what was sent      */

    /* faults, set any time */
    bool phy_dead, phy_in_reset, mdio_stuck;
    bool deaf, tx_stuck; /* until the MAC is reset                        */
    bool mute;           /* all registers read ones                       */
    uint32_t next_flags; /* of the next frame's descriptor                */

    /* what happened */
    unsigned faults;
    char fault[120]; /* the first */
    uint32_t delivered, discarded, filtered, lost, sent, resets;
    uint64_t sent_began, sent_ended; /* of the last frame sent, in ticks */
    unsigned mbps;                   /* of the link; 0: down             */
    bool full;
};
extern struct genet_model genet_model;

/* Power on: registers hold what a boot loader may have left. [mem, mem + len)
 * is memory that the chip may reach. */
void genet_model_power(void *mem, size_t len);

/* The last bit of a frame without FCS arrives. Returns whether it went to
 * memory. */
bool genet_model_receive(const uint8_t *frame, size_t len);

/* What has come to pass by now; calls irq while the line is active. */
void genet_model_run(void);

/* Whether a frame is on its way to the wire. */
bool genet_model_sending(void);

/* The PHY forgets what it was told, and negotiates as at power-on. */
void genet_model_phy_reset(void);

/* A register as it stands, no matter who may read it; at any time. */
uint32_t genet_model_register(uint32_t offset);
void genet_model_set(uint32_t offset, uint32_t value);

#endif
