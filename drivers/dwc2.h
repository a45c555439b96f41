/* dwc2.h -- Synopsys DesignWare USB 2.0 host (BCM2835..2837), buffer DMA.
 *
 *     dwc2_init once; then dwc2_poll(now) from the loop, at the latest at
 *     dwc2_due(); dwc2_irq from the interrupt handler, if there is one.
 *     Fill a dwc2_pipe per endpoint, dwc2_open it, queue dwc2_xfers on it.
 *
 * Nothing waits: start-up, port reset and each transfer are states with a
 * deadline. A transfer ends with its `done` call, always from dwc2_poll.
 * Transfers of one pipe run in the order they were queued; when one ends well
 * the interrupt starts the next, so a queue of bulk INs keeps receiving (and
 * stamping) while the loop is busy elsewhere.
 *
 * A bulk IN may ask for no timeout: a device with nothing to say NAKs for
 * ever, which is no fault. It ends when its pipe is closed, and whoever queued
 * it closes the pipe when port or health check say that the device is gone.
 * Everything else is bounded.
 *
 * Pipes and transfers belong to the caller and must stay where they are while
 * queued; data buffers are aligned to HW_LINE, and an IN buffer has room for
 * the length rounded up to whole packets (the hardware writes whole packets).
 *
 * Data toggles: each pipe carries the PID of its next packet, read back from
 * the channel whenever it halts. QEMU ignores toggles; silicon does not.
 * Not here: isochronous and split transactions. */
#ifndef DWC2_H
#define DWC2_H

#include "core/mono.h"
#include "hw.h"

#define DWC2_CHANNELS 8

enum dwc2_type { DWC2_CONTROL = 0, DWC2_BULK = 2, DWC2_INTERRUPT = 3 };
enum dwc2_speed { DWC2_HIGH = 0, DWC2_FULL = 1, DWC2_LOW = 2 };

/* How a transfer ended, where "RC_IO" is not enough for its owner. */
enum dwc2_end {
    DWC2_DONE,    /* RC_OK: `actual` bytes moved                             */
    DWC2_STALLED, /* RC_IO: endpoint halted (control: request refused)       */
    DWC2_ERROR,   /* RC_IO: three bus errors in a row, or babble, or AHB     */
    DWC2_LATE,    /* RC_TIMEOUT                                              */
    DWC2_CLOSED,  /* RC_STATE: the pipe was closed under it                  */
};

struct dwc2_xfer {
    /* Set by the owner before dwc2_submit. */
    uint8_t *buf;         /* data; may be NULL when len is 0                 */
    const uint8_t *setup; /* control only: 8 bytes, aligned to HW_LINE       */
    uint32_t len;
    bool zlp;           /* OUT: end with an empty packet if len fills the
                             last one                                        */
    span_ns timeout_ns; /* from its start; 0: none (bulk IN only)          */
    void (*done)(void *ctx, struct dwc2_xfer *x); /* or NULL                 */
    void *ctx;
    /* Results, valid when done. */
    enum dwc2_end end;
    int rc;
    uint32_t actual;
    uint64_t start_ticks; /* hw_ticks() just before the channel was started  */
    uint64_t done_ticks;  /* hw_ticks() in the interrupt that reported it    */
    bool done_early; /* that was so early in a (micro)frame that it may have
                        waited for it: at the end of the one before, the
                        controller starts nothing that does not fit         */
    /* Private. */
    struct dwc2_xfer *next;
    struct dwc2_pipe *pipe;
    mono_ns deadline; /* of the present stage                            */
    uint8_t state, stage, errors, pid;
    uint32_t pos;
};

struct dwc2_pipe {
    /* Set by the owner before dwc2_open. */
    uint8_t addr, ep; /* device address, endpoint number without 0x80    */
    bool in;
    uint8_t type;        /* enum dwc2_type                                  */
    uint8_t speed;       /* enum dwc2_speed                                 */
    uint16_t mps;        /* wMaxPacketSize                                  */
    uint16_t mps_qemu;   /* 0, or what to tell QEMU's channel instead       */
    span_ns interval_ns; /* interrupt: pause after a NAK                    */
    /* Private. */
    struct dwc2_xfer *head, *tail;
    struct dwc2_pipe *next;
    mono_ns not_before;
    int8_t chan;        /* or -1                                           */
    uint8_t pid, ended; /* next data PID; transfers awaiting done          */
    bool open, halted, closing;
};

struct dwc2_chan {
    struct dwc2_pipe *pipe;      /* NULL: free                               */
    uint32_t size, packets, mps; /* as programmed                            */
    uint64_t stamp;
    uint32_t hfnum;        /* HFNUM, read behind the stamp              */
    volatile bool stamped; /* the interrupt saw it halt, at `stamp`    */
    bool in, stopping;
    mono_ns stop_by;
};

struct dwc2_stats {
    uint32_t xfers, naks, errors, stalls, toggles, timeouts, restarts, irqs;
};

struct dwc2 {
    uintptr_t base;
    mono_ns now, when; /* of the last poll; of the state's deadline     */
    uint8_t state;
    bool emulated;          /* QEMU's model: it has no high-speed PHY        */
    const char *trouble;    /* NULL, or why the controller is not running    */
    uint8_t channels, turn; /* present; where the next search begins         */
    uint32_t gintmsk;
    struct dwc2_chan chan[DWC2_CHANNELS];
    struct dwc2_pipe *pipes;              /* all open ones                   */
    struct dwc2_xfer *ended, *ended_tail; /* waiting for their done call     */
    volatile bool locked, irq_seen;
    struct dwc2_stats stats;
    _Alignas(HW_LINE) uint8_t scratch[HW_LINE]; /* empty status stages       */
};

/* Begins to start the controller, which stands after some polls. The board has
 * powered it (mailbox: SET_POWER_STATE, device 3). */
void dwc2_init(struct dwc2 *h, uintptr_t base, mono_ns now);

/* Whether it stands. */
bool dwc2_ready(const struct dwc2 *h);

/* One pass: start-up, transfers that ended (their done calls come from here
 * only), time limits, and what can be started. */
void dwc2_poll(struct dwc2 *h, mono_ns now);

/* When dwc2_poll has something to do without an interrupt, or MONO_NEVER. Until
 * a first interrupt was seen, that is soon whenever a transfer is under way. */
mono_ns dwc2_due(struct dwc2 *h);

/* Stamps finished channels and hands queued bulk transfers on. Must be called
 * from the interrupt; it makes no done calls. */
void dwc2_irq(struct dwc2 *h);

/* The root port. */
struct dwc2_port {
    bool connected, connect_changed, enabled, enable_changed, over_current;
    enum dwc2_speed speed;
};

/* How the port stands; the changes it tells are told once. */
struct dwc2_port dwc2_port_take(struct dwc2 *h);

/* Drives the port's reset, or ends it: the caller holds it for 50 ms. */
void dwc2_port_reset(struct dwc2 *h, bool on);

/* The port came up at this speed: sets the frame interval. */
void dwc2_port_enabled(struct dwc2 *h, enum dwc2_speed speed);

/* Opens a pipe, whose first data packet is DATA0. */
void dwc2_open(struct dwc2 *h, struct dwc2_pipe *p);

/* Ends all its transfers with DWC2_CLOSED, through polls. The pipe's memory
 * and buffers are free once dwc2_idle says so. */
void dwc2_close(struct dwc2 *h, struct dwc2_pipe *p);

/* Whether the pipe is closed and all its transfers have had their done call. */
bool dwc2_idle(const struct dwc2_pipe *p);

/* Goes on with DATA0. Must be called after CLEAR_FEATURE(ENDPOINT_HALT). */
void dwc2_clear_halt(struct dwc2 *h, struct dwc2_pipe *p);

/* Queues a transfer, which must not be busy. Returns RC_STATE where the pipe is
 * not open. */
int dwc2_submit(struct dwc2 *h, struct dwc2_pipe *p,
                struct dwc2_xfer *x) MUST_CHECK;
/* Starts a transfer now, so that x->start_ticks is true on return; or returns
 * RC_AGAIN, and nothing was queued. */
int dwc2_submit_now(struct dwc2 *h, struct dwc2_pipe *p,
                    struct dwc2_xfer *x) MUST_CHECK;

/* Whether the transfer is queued, under way, or awaits its done call. */
bool dwc2_busy(const struct dwc2_xfer *x);

#endif
