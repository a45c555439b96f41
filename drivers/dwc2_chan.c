/* Channels and transfers. A pipe with work gets a free channel, keeps it
 * until the channel halts, and gives it back: what happens next (next stage,
 * retry, next transfer, done) is decided from the pipe alone. */
#include <string.h>

#include "dwc2_private.h"

#define ERRORS_MAX   3
#define STOP_NS      (20 * MONO_MS)
#define ERROR_GAP_NS (1 * MONO_MS) /* a dead device must not eat the bus    */
#define FAIL_GAP_NS  (10 * MONO_MS)
#define POLLED_NS    (250000)

static void finish(struct dwc2 *h, struct dwc2_pipe *p, enum dwc2_end end)
{
    static const int rc[] = {RC_OK, RC_IO, RC_IO, RC_TIMEOUT, RC_STATE};
    struct dwc2_xfer *x = p->head;

    p->head = x->next;
    if (!p->head)
        p->tail = NULL;
    x->next = NULL;
    x->end = end;
    x->rc = rc[end];
    x->actual = x->pos;
    h->stats.xfers++;
    if (!x->done) {
        x->state = X_IDLE;
        return;
    }
    x->state = X_ENDED;
    p->ended++;
    if (h->ended_tail)
        h->ended_tail->next = x;
    else
        h->ended = x;
    h->ended_tail = x;
}

struct dwc2_xfer *dwc2_chan_ended(struct dwc2 *h)
{
    struct dwc2_xfer *x = h->ended;
    if (!x)
        return NULL;
    h->ended = x->next;
    if (!h->ended)
        h->ended_tail = NULL;
    x->next = NULL;
    x->state = X_IDLE;
    x->pipe->ended--;
    return x;
}

/* ---- one channel --------------------------------------------------------- */

/* What the present stage of a transfer moves. */
struct leg {
    bool in;
    uint32_t pid, len;
    const uint8_t *at;
};

static struct leg leg_of(struct dwc2 *h, const struct dwc2_pipe *p,
                         const struct dwc2_xfer *x)
{
    struct leg l = {.at = h->scratch};

    if (x->stage == SETUP)
        return (struct leg){.pid = PID_SETUP, .len = 8, .at = x->setup};
    if (x->stage == DATA) {
        l.in = dwc2_data_in(p, x);
        l.pid = p->type == DWC2_CONTROL ? x->pid : p->pid;
        l.len = x->len - x->pos;
        if (x->buf)
            l.at = x->buf + x->pos;
    } else if (p->type == DWC2_CONTROL) {
        l.in = !(x->len && dwc2_data_in(p, x));
        l.pid = PID_DATA1;
    } else {
        l.pid = p->pid; /* the empty packet that ends an OUT */
    }
    return l;
}

static int free_channel(struct dwc2 *h)
{
    for (uint32_t i = 0; i < h->channels; i++) {
        uint32_t n = (h->turn + i) % h->channels;
        if (!h->chan[n].pipe) {
            h->turn = (uint8_t)(n + 1);
            return (int)n;
        }
    }
    return RC_AGAIN;
}

static uint32_t hcchar_of(const struct dwc2 *h, const struct dwc2_pipe *p,
                          const struct dwc2_chan *c)
{
    uint32_t v = c->mps | (uint32_t)p->ep << 11 | (c->in ? HC_IN : 0) |
                 (uint32_t)p->type << 18 | HC_ONE | (uint32_t)p->addr << 22;
    if (p->speed == DWC2_LOW)
        v |= HC_LOW;
    /* Periodic: in the next (micro)frame. */
    if (p->type == DWC2_INTERRUPT && !(dwc2_read(h, HFNUM) & 1))
        v |= HC_ODD;
    return v | HC_ENA;
}

static void chan_start(struct dwc2 *h, uint32_t n, struct dwc2_pipe *p)
{
    struct dwc2_chan *c = &h->chan[n];
    struct dwc2_xfer *x = p->head;
    struct leg l = leg_of(h, p, x);

    c->pipe = p;
    p->chan = (int8_t)n;
    c->in = l.in;
    c->stopping = c->stamped = false;
    c->mps = p->mps_qemu && !l.in ? p->mps_qemu : p->mps;
    c->packets = l.len ? (l.len + c->mps - 1) / c->mps : 1;
    c->size = l.in ? c->packets * c->mps : l.len; /* IN: whole packets */
    if (x->deadline == MONO_NEVER && x->timeout_ns)
        x->deadline = h->now + x->timeout_ns;

    dwc2_write(h, HCINT(n), HCI_ALL);
    dwc2_write(h, HCINTMSK(n), HCI_HALT);
    dwc2_write(h, HCSPLT(n), 0);
    dwc2_write(h, HCTSIZ(n), l.pid << 29 | c->packets << 19 | c->size);
    dwc2_write(h, HCDMA(n), hw_bus_addr(l.at));
    uint32_t v = hcchar_of(h, p, c);
    uint64_t t = hw_ticks();
    dwc2_write(h, HCCHAR(n), v);
    if (!x->start_ticks)
        x->start_ticks = t;
}

/* Ask for a halt; until it comes the buffer is still the hardware's. */
void dwc2_chan_stop(struct dwc2 *h, uint32_t n)
{
    struct dwc2_chan *c = &h->chan[n];
    if (c->stopping)
        return;
    c->stopping = true;
    c->stop_by = h->now + STOP_NS;
    uint32_t v = dwc2_read(h, HCCHAR(n));
    dwc2_write(h, HCCHAR(n), v | HC_ENA | HC_DIS);
}

static bool startable(const struct dwc2 *h, const struct dwc2_pipe *p)
{
    return dwc2_ready(h) && p->head && p->chan < 0 && !p->halted &&
           !p->closing && h->now >= p->not_before;
}

bool dwc2_pipe_start(struct dwc2 *h, struct dwc2_pipe *p)
{
    if (!startable(h, p))
        return false;
    int n = free_channel(h);
    if (n < 0)
        return false;
    chan_start(h, (uint32_t)n, p);
    return true;
}

/* ---- a channel halted ---------------------------------------------------- */

void dwc2_pipe_drop(struct dwc2 *h, struct dwc2_pipe *p)
{
    while (p->head)
        finish(h, p, DWC2_CLOSED);
    struct dwc2_pipe **at = &h->pipes;
    while (*at && *at != p)
        at = &(*at)->next;
    if (*at)
        *at = p->next;
    p->open = p->closing = false;
}

/* HFNUM counts down what is left of the frame, in the clocks of HFIR. The
 * longest packet takes an eighth of a microframe. */
static bool early(const struct dwc2 *h, uint32_t hfnum)
{
    uint32_t whole = dwc2_read(h, HFIR) & 0xffff, left = hfnum >> 16;
    return left <= whole && whole - left < whole / 8;
}

/* The stage went through: next stage, or the end. */
static void stage_done(struct dwc2 *h, struct dwc2_pipe *p,
                       const struct dwc2_chan *c)
{
    struct dwc2_xfer *x = p->head;
    bool control = p->type == DWC2_CONTROL;

    x->errors = 0;
    x->deadline = MONO_NEVER;
    x->done_ticks = c->stamp;
    x->done_early = early(h, c->hfnum);
    if (control && x->stage == SETUP)
        x->stage = x->len ? DATA : STATUS;
    else if (control && x->stage == DATA)
        x->stage = STATUS;
    else if (!control && x->stage == MAIN && x->zlp && !p->in && x->len &&
             x->len % p->mps == 0)
        x->stage = EMPTY;
    else
        finish(h, p, DWC2_DONE);
}

static void fail(struct dwc2 *h, struct dwc2_pipe *p, enum dwc2_end end)
{
    finish(h, p, end);
    if (p->type != DWC2_CONTROL)
        p->not_before = h->now + FAIL_GAP_NS;
}

/* Retry from where the hardware came to, three times in a row at most. */
static void bus_error(struct dwc2 *h, struct dwc2_pipe *p, bool moved)
{
    struct dwc2_xfer *x = p->head;
    h->stats.errors++;
    x->errors = (uint8_t)(moved ? 1 : x->errors + 1);
    if (x->errors >= ERRORS_MAX)
        fail(h, p, DWC2_ERROR);
    else
        p->not_before = h->now + ERROR_GAP_NS;
}

static void stopped(struct dwc2 *h, struct dwc2_pipe *p)
{
    if (p->closing) {
        dwc2_pipe_drop(h, p);
        return;
    }
    h->stats.timeouts++;
    fail(h, p, DWC2_LATE);
}

/* hcint: why it halted. Order matters: a transfer that ended well did so
 * even if an earlier packet was NAKed or repeated. */
static void judge(struct dwc2 *h, struct dwc2_pipe *p, uint32_t hcint,
                  bool moved, const struct dwc2_chan *c)
{
    if (hcint & HCI_DONE && !p->closing) {
        stage_done(h, p, c);
    } else if (c->stopping) {
        stopped(h, p);
    } else if (hcint & HCI_STALL) {
        h->stats.stalls++;
        p->halted = p->type != DWC2_CONTROL;
        fail(h, p, DWC2_STALLED);
    } else if (hcint & (HCI_BABBLE | HCI_AHB)) {
        h->stats.errors++;
        fail(h, p, DWC2_ERROR);
    } else if (hcint & HCI_TOGGLE) {
        h->stats.toggles++;
        bus_error(h, p, moved);
    } else if (hcint & HCI_XACT) {
        bus_error(h, p, moved);
    } else if (hcint & (HCI_NAK | HCI_OVERRUN)) {
        h->stats.naks++;
        p->head->errors = 0;
        p->not_before = h->now;
        if (hcint & HCI_NAK)
            p->not_before +=
                p->type == DWC2_INTERRUPT ? p->interval_ns : ERROR_GAP_NS;
        if (p->type == DWC2_INTERRUPT)
            p->head->deadline = MONO_NEVER; /* it is alive: anew */
    } else {
        bus_error(h, p, moved); /* halted without a word */
    }
}

static void chan_halted(struct dwc2 *h, uint32_t n, uint32_t hcint)
{
    struct dwc2_chan *c = &h->chan[n];
    struct dwc2_pipe *p = c->pipe;
    struct dwc2_xfer *x = p->head;
    uint32_t tsiz = dwc2_read(h, HCTSIZ(n));
    uint32_t left = tsiz & 0x7ffff, packets = tsiz >> 19 & 0x3ff;
    uint32_t moved = 0;

    if (c->in)
        moved = left < c->size ? c->size - left : 0;
    else if (hcint & HCI_DONE)
        moved = c->size;
    else if (packets < c->packets)
        moved = (c->packets - packets) * c->mps;

    if (x->stage == DATA) { /* = MAIN */
        x->pos += moved;
        if (x->pos > x->len)
            x->pos = x->len;
        if (c->in && x->buf)
            dwc2_discard(x);
    }
    uint8_t pid = (uint8_t)(tsiz >> 29 & 3);
    if (p->type != DWC2_CONTROL)
        p->pid = pid;
    else if (x->stage == DATA)
        x->pid = pid;
    if (!c->stamped) {
        c->stamp = hw_ticks();
        c->hfnum = dwc2_read(h, HFNUM);
    }
    c->pipe = NULL;
    p->chan = -1;
    judge(h, p, hcint, moved != 0, c);
}

/* True when the channel came free. */
bool dwc2_chan_take(struct dwc2 *h, uint32_t n)
{
    uint32_t hcint = dwc2_read(h, HCINT(n));
    if (!(hcint & HCI_HALT)) {
        if (hcint & HCI_AHB) {
            dwc2_restart(h, "USB controller: bus error on DMA");
            return true;
        }
        return false;
    }
    dwc2_write(h, HCINTMSK(n), 0);
    dwc2_write(h, HCINT(n), HCI_ALL);
    chan_halted(h, n, hcint);
    return true;
}

static void chan_clock(struct dwc2 *h, uint32_t n)
{
    struct dwc2_chan *c = &h->chan[n];

    if (!c->stopping) {
        if (h->now >= c->pipe->head->deadline)
            dwc2_chan_stop(h, n);
    } else if (h->now >= c->stop_by) {
        /* Without a live port nothing moves, so nothing can halt. */
        if (dwc2_read(h, HPRT0) & PRT_ENA)
            dwc2_restart(h, "USB controller: channel does not halt");
        else
            chan_halted(h, n, 0);
    }
}

void dwc2_chan_scan(struct dwc2 *h)
{
    for (uint32_t n = 0; n < h->channels; n++) {
        if (h->chan[n].pipe && !dwc2_chan_take(h, n))
            chan_clock(h, n);
        /* What was just told to stop may have stopped. */
        if (h->chan[n].pipe && h->chan[n].stopping)
            (void)dwc2_chan_take(h, n);
    }
    for (struct dwc2_pipe *p = h->pipes; p; p = p->next)
        if (dwc2_pipe_start(h, p))
            (void)dwc2_chan_take(h, (uint32_t)p->chan); /* QEMU: already done */
}

void dwc2_chan_abandon(struct dwc2 *h)
{
    for (uint32_t n = 0; n < DWC2_CHANNELS; n++) {
        if (h->chan[n].pipe)
            h->chan[n].pipe->chan = -1;
        h->chan[n].pipe = NULL;
    }
    while (h->pipes)
        dwc2_pipe_drop(h, h->pipes);
}

mono_ns dwc2_chan_due(const struct dwc2 *h)
{
    mono_ns due = h->ended ? h->now : MONO_NEVER;

    for (uint32_t n = 0; n < h->channels; n++) {
        const struct dwc2_chan *c = &h->chan[n];
        if (!c->pipe)
            continue;
        mono_ns t = c->stopping ? c->stop_by : c->pipe->head->deadline;
        if (!h->irq_seen && t > h->now + POLLED_NS)
            t = h->now + POLLED_NS;
        if (c->stamped)
            t = h->now;
        if (t < due)
            due = t;
    }
    for (const struct dwc2_pipe *p = h->pipes; p; p = p->next)
        if (p->head && p->chan < 0 && !p->halted && p->not_before < due)
            due = p->not_before;
    return due;
}

/* ---- the interrupt ------------------------------------------------------- */

void dwc2_irq(struct dwc2 *h)
{
    uint64_t stamp = hw_ticks();
    uint32_t hfnum = dwc2_read(h, HFNUM);
    uint32_t haint = dwc2_read(h, HAINT);

    h->irq_seen = true;
    h->stats.irqs++;
    if (dwc2_read(h, GINTSTS) & h->gintmsk & INT_PORT) {
        h->gintmsk &= ~INT_PORT; /* until dwc2_port_take has looked */
        dwc2_write(h, GINTMSK, h->gintmsk);
    }
    for (uint32_t n = 0; n < h->channels; n++) {
        struct dwc2_chan *c = &h->chan[n];
        if (!(haint >> n & 1))
            continue;
        dwc2_write(h, HCINTMSK(n), 0);
        c->stamp = stamp;
        c->hfnum = hfnum;
        c->stamped = true;
        struct dwc2_pipe *p = c->pipe;
        if (h->locked || !p || p->type != DWC2_BULK || c->stopping)
            continue; /* poll will think about it */
        if (dwc2_chan_take(h, n) && p->chan < 0)
            (void)dwc2_pipe_start(h, p);
    }
}
