/* dwc2_private.h -- what dwc2.c, dwc2_pipe.c and dwc2_chan.c share. */
#ifndef DWC2_PRIVATE_H
#define DWC2_PRIVATE_H

#include "dwc2.h"
#include "dwc2_regs.h"

/* Registers by their offset (dwc2_regs.h). */
static inline uint32_t dwc2_read(const struct dwc2 *h, uint32_t reg)
{
    return hw_read(h->base + reg);
}

static inline void dwc2_write(const struct dwc2 *h, uint32_t reg, uint32_t v)
{
    hw_write(h->base + reg, v);
}

/* The interrupt on this core keeps its hands off channels and queues while
 * `locked` stands; it only stamps. */
static inline void dwc2_lock(struct dwc2 *h)
{
    ASSERT(!h->locked);
    h->locked = true;
    __asm__ volatile("" ::: "memory");
}

static inline void dwc2_unlock(struct dwc2 *h)
{
    __asm__ volatile("" ::: "memory");
    h->locked = false;
}

/* struct dwc2_xfer: state; stage of a control transfer; stage of others. */
enum { X_IDLE, X_QUEUED, X_ENDED };
enum { SETUP, DATA, STATUS };
enum { MAIN = DATA, EMPTY };

/* Whether the transfer's data comes from the device. */
static inline bool dwc2_data_in(const struct dwc2_pipe *p,
                                const struct dwc2_xfer *x)
{
    return p->type == DWC2_CONTROL ? (x->setup[0] & 0x80) != 0 : p->in;
}

/* Discards the cache lines of an IN buffer, which is aligned and padded to
 * them. */
static inline void dwc2_discard(const struct dwc2_xfer *x)
{
    hw_dma_discard(x->buf, (x->len + HW_LINE - 1) & ~(HW_LINE - 1u));
}

/* ---- dwc2_chan.c: all of it must be called under the lock ---- */

/* Takes what a halted channel has to say. Returns whether it came free. */
bool dwc2_chan_take(struct dwc2 *h, uint32_t n);

/* Asks a channel to halt; until it has, the buffer is the hardware's. */
void dwc2_chan_stop(struct dwc2 *h, uint32_t n);

/* Gives the pipe's first transfer to a free channel, if there is one, and
 * returns whether it did. */
bool dwc2_pipe_start(struct dwc2 *h, struct dwc2_pipe *p);

/* Ends all transfers of a pipe that has no channel, and forgets the pipe. */
void dwc2_pipe_drop(struct dwc2 *h, struct dwc2_pipe *p);

/* One pass: takes halted channels, ends what is late, starts what waits. */
void dwc2_chan_scan(struct dwc2 *h);

/* The controller is being reset: every channel is free, and every pipe is
 * dropped. */
void dwc2_chan_abandon(struct dwc2 *h);

/* The next transfer whose done is to be called, or NULL. */
struct dwc2_xfer *dwc2_chan_ended(struct dwc2 *h);

/* When dwc2_chan_scan has something to do without an interrupt, or
 * MONO_NEVER. */
mono_ns dwc2_chan_due(const struct dwc2 *h);

/* ---- dwc2.c ---- */

/* Resets the controller and starts it again; why is told until it runs. */
void dwc2_restart(struct dwc2 *h, const char *why);

#endif
