/* genet.h -- BCM2711's Ethernet: GENET version 5 with a BCM54213PE or 54210PE
 * at its RGMII port.
 *
 *     genet_init once; genet_poll as often as the loop turns, by genet_due at
 *     the latest; genet_irq from its first interrupt. Frames: genet_ops.
 *
 * Nothing waits: reset, PHY and link are steps of genet_poll, each bounded in
 * time. A chip that is mute, deaf or stuck is started anew.
 *
 * Stamps. Receiving: the counter in the interrupt that reported the frame, one
 * interrupt a frame, less the frame's time on the wire, since the MAC has it
 * whole before it says so: the stamp is the frame's beginning. Of frames that
 * one interrupt reports together, the earlier ones are taken to have come back
 * to back. Sending: the counter just before the frame is given to an empty
 * ring; send() with a stamp pointer says RC_AGAIN while another frame is on its
 * way. left() is the interrupt for the frame sent, less its time on the wire.
 *
 * EEE stays off on all three levels (not advertised, MAC, buffers): with it
 * receiving stops silently while the link is up.
 *
 * DMA sees RAM where the processor does. Lengths, status and indices are
 * registers that the chip writes: outside input. */
#ifndef GENET_H
#define GENET_H

#include "core/base.h"
#include "eth.h"
#include "genet_phy.h"
#include "hw.h"

#define GENET_RX       256u
#define GENET_RX_BYTES 2048u
#define GENET_TX       16u /* buffers; the ring has 256 places */
#define GENET_TX_BYTES 1536u
#define GENET_FRAME    1514u
#define GENET_GROUPS   15u

struct genet_setup { /* what the board tells */
    uintptr_t base;
    uint32_t tick_hz; /* of hw_ticks()                                   */
    uint8_t mac[6];   /* the board's; zero: one is made up for this run  */
};

struct genet_stats {
    uint32_t rx, tx;
    uint32_t rx_bad;    /* marked as bad by the chip, or of a false length  */
    uint32_t rx_lost;   /* came while no buffer was free                    */
    uint32_t rx_polled; /* found by a poll: their interrupt did not come    */
    uint32_t tx_busy;
    uint32_t links; /* times the link came up                              */
    uint32_t deaf;  /* restarts, since frames went out and none came in    */
    uint32_t stuck; /* restarts, since a frame did not go out, or indices
                        were impossible                                     */
    uint32_t tx_wait_ticks; /* most from stamp to the interrupt for the frame
                               sent, less its time on the wire              */
};

struct genet { /* board's; fields are private */
    uintptr_t base;
    uint32_t tick_hz;
    uint8_t mac[6];
    enum genet_state {
        GENET_ABSENT, /* not a GENET that we know */
        GENET_STOP,
        GENET_RESET,
        GENET_RESET_END,
        GENET_SOFT_RESET,
        GENET_QUIET, /* ready, no link */
        GENET_UP,
    } state;
    mono_ns resume, deadline;
    struct genet_phy phy;
    uint32_t revision;

    uint8_t group[GENET_GROUPS][6];
    uint8_t groups;
    bool all_groups, filter_changed;

    /* Receiving. The interrupt writes seen, stamp and status. */
    volatile uint16_t seen;
    uint16_t consumed, discarded;
    volatile bool nonsense;
    volatile uint64_t stamp[GENET_RX];
    volatile uint32_t status[GENET_RX];
    /* Sending. */
    uint16_t produced;
    volatile uint64_t sent_at; /* stamp of the frame under way, 0: none */
    uint32_t sent_wire;
    volatile bool has_left; /* the interrupt has said so, and not been asked */
    volatile uint64_t left_at;
    mono_ns tx_since; /* MONO_NEVER: nothing is under way */

    uint32_t unheard; /* frames sent since one came in */
    mono_ns unheard_from;
    span_ns patience;
    bool heard_any; /* since the last poll */

    struct genet_stats stats;
    _Alignas(HW_LINE) uint8_t rx_buf[GENET_RX][GENET_RX_BYTES];
    _Alignas(HW_LINE) uint8_t tx_buf[GENET_TX][GENET_TX_BYTES];
};

/* Begins to start the chip. The counter's rate is at least 1 MHz. */
void genet_init(struct genet *g, const struct genet_setup *setup, mono_ns now);

/* One pass of the loop. */
void genet_poll(struct genet *g, mono_ns now);

/* When genet_poll has something to do by itself. */
mono_ns genet_due(const struct genet *g);

/* Interrupt 0 of the chip. */
void genet_irq(struct genet *g);

/* The multicast addresses to be heard from now on, beside our own and
 * broadcast; more than GENET_GROUPS, or never called: everything is heard. */
void genet_groups(struct genet *g, const uint8_t (*mac)[6], size_t count);

/* One sentence that names cause and cure while the chip or its PHY does not
 * work, or NULL. A link that is down is no trouble. */
const char *genet_trouble(const struct genet *g);

/* dev is a struct genet. */
extern const struct eth_ops genet_ops;

#endif
