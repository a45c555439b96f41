/* Pipes: opening, closing, queueing. What then happens is dwc2_chan.c's. */
#include "dwc2_private.h"

bool dwc2_busy(const struct dwc2_xfer *x)
{
    return x->state != X_IDLE;
}

void dwc2_open(struct dwc2 *h, struct dwc2_pipe *p)
{
    ASSERT(!p->open && dwc2_idle(p) && p->mps > 0);
    p->head = p->tail = NULL;
    p->not_before = 0;
    p->chan = -1;
    p->pid = PID_DATA0;
    p->halted = p->closing = false;
    p->open = true;
    dwc2_lock(h);
    p->next = h->pipes;
    h->pipes = p;
    dwc2_unlock(h);
}

void dwc2_close(struct dwc2 *h, struct dwc2_pipe *p)
{
    if (!p->open)
        return;
    dwc2_lock(h);
    p->closing = true;
    if (p->chan >= 0)
        dwc2_chan_stop(h, (uint32_t)p->chan);
    else
        dwc2_pipe_drop(h, p);
    dwc2_unlock(h);
}

bool dwc2_idle(const struct dwc2_pipe *p)
{
    return !p->open && !p->ended;
}

void dwc2_clear_halt(struct dwc2 *h, struct dwc2_pipe *p)
{
    dwc2_lock(h);
    p->pid = PID_DATA0;
    p->halted = false;
    dwc2_unlock(h);
}

static void enqueue(struct dwc2_pipe *p, struct dwc2_xfer *x)
{
    ASSERT(x->state == X_IDLE && (x->timeout_ns > 0 || p->in));
    x->state = X_QUEUED;
    x->pipe = p;
    x->next = NULL;
    x->stage = p->type == DWC2_CONTROL ? SETUP : MAIN;
    x->pid = PID_DATA1;
    x->errors = 0;
    x->pos = 0;
    x->deadline = MONO_NEVER;
    x->start_ticks = x->done_ticks = 0;
    if (p->type == DWC2_CONTROL)
        hw_dma_clean(x->setup, 8);
    if (x->len && dwc2_data_in(p, x))
        dwc2_discard(x);
    else if (x->len)
        hw_dma_clean(x->buf, x->len);
    if (p->tail)
        p->tail->next = x;
    else
        p->head = x;
    p->tail = x;
}

int dwc2_submit(struct dwc2 *h, struct dwc2_pipe *p, struct dwc2_xfer *x)
{
    if (!p->open || p->closing)
        return RC_STATE;
    dwc2_lock(h);
    enqueue(p, x);
    (void)dwc2_pipe_start(h, p);
    dwc2_unlock(h);
    return RC_OK;
}

int dwc2_submit_now(struct dwc2 *h, struct dwc2_pipe *p, struct dwc2_xfer *x)
{
    int rc = RC_AGAIN;
    if (!p->open || p->closing)
        return RC_STATE;
    dwc2_lock(h);
    /* Something on its way may have arrived by now; its empty end packet,
     * if it needs one, goes out here and, in QEMU, arrives here too. */
    for (int i = 0; i < 3 && p->head && p->chan >= 0; i++)
        if (!dwc2_chan_take(h, (uint32_t)p->chan) || !dwc2_pipe_start(h, p))
            break;
    bool room = false;
    for (uint32_t n = 0; n < h->channels; n++)
        room = room || !h->chan[n].pipe;
    if (p->open && !p->head && room && !p->halted && dwc2_ready(h) &&
        h->now >= p->not_before) {
        enqueue(p, x);
        rc = dwc2_pipe_start(h, p) ? RC_OK : RC_STATE;
    }
    dwc2_unlock(h);
    return rc;
}
