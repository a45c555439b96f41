#include "usb_eth.h"

#include <string.h>

enum {
    ASKED_HALT_IN = 1,
    ASKED_HALT_OUT,
    ASKED_HALT_NOTE,
    ASKED_HEALTH
}; /* e->asked       */

#define REQ_GET_STATUS    0
#define REQ_CLEAR_FEATURE 1

#define TX_NS        (1000 * MONO_MS)
#define NOTE_NS      (1000 * MONO_MS)
#define HEALTH_NS    (10000 * MONO_MS)
#define SILENT_MAX   3
#define ERRORS_MAX   20
#define FRAME_MIN    14
#define DEAF_NS      (60000 * MONO_MS) /* at first; then twice as long       */
#define DEAF_MOST_NS (3600000 * MONO_MS)
#define DEAF_SENT    8 /* fewer frames need not have had an answer          */

static struct dwc2 *host(const struct usb_eth *e)
{
    return e->dev->core->host;
}

/* ---- receiving ----------------------------------------------------------- */

static void received(void *ctx, struct dwc2_xfer *x);

static void listen(struct usb_eth *e, struct dwc2_xfer *x)
{
    size_t i = (size_t)(x - e->rx);
    x->buf = e->rx_buf[i];
    x->len = USB_ETH_RX_BYTES;
    x->timeout_ns = 0; /* silence is no fault; the health check watches */
    x->done = received;
    x->ctx = e;
    if (dwc2_submit(host(e), &e->in, x) != RC_OK)
        e->stats.rx_errors++; /* pipe closed: the device is going */
}

static void received(void *ctx, struct dwc2_xfer *x)
{
    struct usb_eth *e = ctx;
    if (x->end == DWC2_CLOSED || !e->dev)
        return;
    if (x->end == DWC2_DONE) {
        e->errors = e->silent = 0;
        e->heard = usb_now(e->dev);
        unsigned at = (unsigned)e->full_head + e->full_count;
        e->full[at % USB_ETH_RX] = (uint8_t)(x - e->rx);
        e->full_count++;
        return;
    }
    e->stats.rx_errors++;
    if (e->chip->lost)
        e->chip->lost(e->self);
    if (++e->errors > ERRORS_MAX)
        usb_reset(e->dev, "Ethernet: receive errors");
    else
        listen(e, x);
}

static struct usb_eth_frame next_frame(struct usb_eth *e,
                                       const struct dwc2_xfer *x)
{
    struct usb_eth_frame f = {NULL, 0};
    size_t left = x->actual - e->taken;
    size_t n = e->chip->take(e->self, x->buf + e->taken, left, &f);
    ASSERT(n <= left && (n > 0 || left == 0));
    e->taken += (uint32_t)n;
    return f;
}

/* Preamble, frame, FCS. */
static uint64_t wire_ticks(const struct usb_eth *e, size_t len)
{
    if (!e->mbps)
        return 0;
    return (8 + len + 4) * 8 * e->machine.tick_hz / (e->mbps * 1000000ull);
}

static int eth_recv(void *dev, uint8_t *buf, size_t cap, uint64_t *stamp)
{
    struct usb_eth *e = dev;
    int n = RC_AGAIN;

    while (n == RC_AGAIN && e->dev && e->full_count) {
        struct dwc2_xfer *x = &e->rx[e->full[e->full_head]];
        struct usb_eth_frame f = next_frame(e, x);
        if (f.data && f.len >= FRAME_MIN && f.len <= USB_ETH_FRAME &&
            f.len <= cap) {
            memcpy(buf, f.data, f.len);
            *stamp = x->done_ticks - wire_ticks(e, f.len);
            n = (int)f.len;
            e->stats.rx++;
            e->stats.rx_gap += x->done_early;
            e->unheard = 0;
            e->deaf_ns = DEAF_NS;
        } else if (f.data) {
            e->stats.rx_bad++;
        }
        if (e->taken == x->actual) {
            e->taken = 0;
            e->full_head = (uint8_t)((e->full_head + 1) % USB_ETH_RX);
            e->full_count--;
            listen(e, x);
        }
    }
    return n;
}

/* ---- sending ------------------------------------------------------------- */

static size_t pack(struct usb_eth *e, uint8_t *buf, const uint8_t *frame,
                   size_t len)
{
    if (e->chip->pack)
        return e->chip->pack(e->self, buf, frame, len);
    memcpy(buf, frame, len);
    return len;
}

static int eth_send(void *dev, const uint8_t *frame, size_t len,
                    uint64_t *stamp)
{
    struct usb_eth *e = dev;
    if (len < FRAME_MIN || len > USB_ETH_FRAME)
        return RC_BAD;
    if (!e->running)
        return RC_STATE;
    struct dwc2_xfer *x = &e->tx[e->tx_next];
    if (dwc2_busy(x)) {
        e->stats.tx_busy++;
        return RC_AGAIN;
    }
    x->buf = e->tx_buf[e->tx_next];
    x->len = (uint32_t)pack(e, x->buf, frame, len);
    x->zlp = true;
    x->timeout_ns = TX_NS;
    int rc = stamp ? dwc2_submit_now(host(e), &e->out, x)
                   : dwc2_submit(host(e), &e->out, x);
    if (rc == RC_AGAIN)
        e->stats.tx_busy++;
    if (rc != RC_OK)
        return rc;
    if (stamp)
        *stamp = x->start_ticks;
    e->tx_stamped = stamp != NULL;
    e->tx_next = (uint8_t)((e->tx_next + 1) % USB_ETH_TX);
    e->stats.tx++;
    if (e->unheard++ == 0)
        e->unheard_from = usb_now(e->dev);
    return RC_OK;
}

/* The chip has it whole then, and begins. */
static int eth_left(void *dev, uint64_t *stamp)
{
    struct usb_eth *e = dev;
    const struct dwc2_xfer *x =
        &e->tx[(e->tx_next + USB_ETH_TX - 1) % USB_ETH_TX];
    if (!e->tx_stamped || dwc2_busy(x))
        return RC_AGAIN;
    e->tx_stamped = false;
    if (x->end != DWC2_DONE)
        return RC_AGAIN;
    *stamp = x->done_ticks;
    return RC_OK;
}

/* Frames that ended badly are gone; count each once. */
static void count_lost(struct usb_eth *e)
{
    for (int i = 0; i < USB_ETH_TX; i++)
        if (!dwc2_busy(&e->tx[i]) && e->tx[i].end != DWC2_DONE) {
            e->tx[i].end = DWC2_DONE;
            e->stats.tx_errors++;
        }
}

/* ---- notifications ------------------------------------------------------- */

static void noted(void *ctx, struct dwc2_xfer *x)
{
    struct usb_eth *e = ctx;
    if (x->end == DWC2_DONE && e->dev)
        e->chip->noted(e->self, e->note_buf, x->actual);
}

static void watch(struct usb_eth *e)
{
    if (!e->notify.open || e->notify.halted || dwc2_busy(&e->note))
        return;
    e->note.buf = e->note_buf;
    e->note.len = e->notify.mps;
    e->note.timeout_ns = NOTE_NS;
    e->note.done = noted;
    e->note.ctx = e;
    if (dwc2_submit(host(e), &e->notify, &e->note) != RC_OK)
        e->link = true; /* pipe closed: nobody reads it any more */
}

/* ---- health -------------------------------------------------------------- */

static void cleared(struct usb_eth *e, struct dwc2_pipe *p, int rc)
{
    if (rc == RC_OK)
        dwc2_clear_halt(host(e), p);
    else
        usb_reset(e->dev, "Ethernet: endpoint stays halted");
}

static void answered(struct usb_dev *d, int rc, size_t actual)
{
    struct usb_eth *e = d->cls;
    uint8_t asked = e->asked;

    (void)actual;
    e->asked = 0;
    if (asked == ASKED_HALT_IN) {
        cleared(e, &e->in, rc);
    } else if (asked == ASKED_HALT_OUT) {
        cleared(e, &e->out, rc);
    } else if (asked == ASKED_HALT_NOTE) {
        cleared(e, &e->notify, rc);
    } else if (rc == RC_OK) {
        e->heard = usb_now(d);
        e->silent = 0;
    } else if (++e->silent >= SILENT_MAX) {
        usb_reset(d, "Ethernet: device does not answer");
    }
}

static void ask(struct usb_eth *e, uint8_t what, struct usb_request r)
{
    e->asked = what;
    if (usb_control(e->dev, r, answered) != RC_OK)
        usb_reset(e->dev, "Ethernet: control pipe closed");
}

/* Registers answer, the link is up, frames go out and for a minute nothing
 * comes in: on a network without anybody that is so, and a chip whose receiver
 * is stuck looks the same. A reset costs the former nothing. */
static bool deaf(struct usb_eth *e, mono_ns now)
{
    if (host(e)->emulated) /* QEMU ends at a reset under a transfer */
        return false;
    if (!e->link || e->unheard < DEAF_SENT ||
        now - e->unheard_from < e->deaf_ns)
        return false;
    e->stats.deaf++;
    e->deaf_ns = e->deaf_ns * 2 < DEAF_MOST_NS ? e->deaf_ns * 2 : DEAF_MOST_NS;
    usb_reset(e->dev, "Ethernet: hears nothing");
    return true;
}

static void clear_halt(struct usb_eth *e, uint8_t what, uint16_t endpoint)
{
    ask(e, what,
        (struct usb_request){
            .type = 0x02, .request = REQ_CLEAR_FEATURE, .index = endpoint});
}

void usb_eth_poll(struct usb_eth *e, mono_ns now)
{
    if (!e->running)
        return;
    count_lost(e);
    if (deaf(e, now))
        return;
    watch(e);
    if (!usb_control_idle(e->dev))
        return;
    if (e->in.halted)
        clear_halt(e, ASKED_HALT_IN, 0x80u | e->in.ep);
    else if (e->out.halted)
        clear_halt(e, ASKED_HALT_OUT, e->out.ep);
    else if (e->notify.open && e->notify.halted)
        clear_halt(e, ASKED_HALT_NOTE, 0x80u | e->notify.ep);
    else if (now - e->heard >= HEALTH_NS)
        ask(e, ASKED_HEALTH,
            (struct usb_request){
                .type = 0x80, .request = REQ_GET_STATUS, .length = 2});
}

mono_ns usb_eth_due(const struct usb_eth *e)
{
    return e->running && !e->asked ? e->heard + HEALTH_NS : MONO_NEVER;
}

/* ---- coming and going ---------------------------------------------------- */

static bool busy(const struct usb_eth *e)
{
    bool b = e->dev || !dwc2_idle(&e->in) || !dwc2_idle(&e->out) ||
             !dwc2_idle(&e->notify) || dwc2_busy(&e->note);
    for (int i = 0; i < USB_ETH_RX; i++)
        b = b || dwc2_busy(&e->rx[i]);
    for (int i = 0; i < USB_ETH_TX; i++)
        b = b || dwc2_busy(&e->tx[i]);
    return b;
}

void usb_eth_init(struct usb_eth *e, const struct usb_eth_machine *machine)
{
    e->machine = *machine;
    e->deaf_ns = DEAF_NS;
}

void usb_eth_groups(struct usb_eth *e, const uint8_t (*mac)[6], size_t count)
{
    e->all_groups = count > USB_ETH_GROUPS;
    e->groups = (uint8_t)(e->all_groups ? 0 : count);
    memcpy(e->group, mac, 6u * e->groups);
    e->groups_changed++;
}

uint32_t usb_eth_crc(const uint8_t *p, size_t len)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < len; i++)
        for (int bit = 0; bit < 8; bit++) {
            uint32_t feed = (crc >> 31) ^ (p[i] >> bit & 1u);
            crc = crc << 1 ^ (feed ? 0x04c11db7u : 0);
        }
    return crc;
}

static bool usable_mac(const uint8_t m[6])
{
    return (m[0] | m[1] | m[2] | m[3] | m[4] | m[5]) && !(m[0] & 1);
}

/* Two boards must not have the same one, so it is no constant. */
static void make_up_mac(uint8_t mac[6])
{
    uint64_t t = hw_ticks() * 0x9e3779b97f4a7c15u;
    mac[0] = 0x02; /* locally administered */
    for (int i = 1; i < 6; i++)
        mac[i] = (uint8_t)(t >> (64 - 8 * i));
}

void usb_eth_choose_mac(struct usb_eth *e, const uint8_t own[6])
{
    if (!usable_mac(e->machine.mac))
        make_up_mac(e->machine.mac);
    memcpy(e->mac, own && usable_mac(own) ? own : e->machine.mac, 6);
}

int usb_eth_begin(struct usb_eth *e, struct usb_dev *dev,
                  const struct usb_eth_chip *chip, void *self)
{
    if (busy(e)) {
        dev->why = "one USB Ethernet device is in use already";
        return RC_SPACE;
    }
    memset((uint8_t *)e + offsetof(struct usb_eth, dev), 0,
           offsetof(struct usb_eth, rx_buf) - offsetof(struct usb_eth, dev));
    e->dev = dev;
    e->chip = chip;
    e->self = self;
    dev->cls = e;
    return RC_OK;
}

void usb_eth_up(struct usb_eth *e, const struct usb_endpoint *in,
                const struct usb_endpoint *out,
                const struct usb_endpoint *notify)
{
    usb_open(e->dev, &e->in, in);
    usb_open(e->dev, &e->out, out);
    if (notify && notify->mps <= HW_LINE)
        usb_open(e->dev, &e->notify, notify);
    e->link = true;
    e->heard = usb_now(e->dev);
    e->running = true;
    for (int i = 0; i < USB_ETH_RX; i++)
        listen(e, &e->rx[i]);
}

void usb_eth_gone(struct usb_eth *e)
{
    dwc2_close(host(e), &e->in);
    dwc2_close(host(e), &e->out);
    dwc2_close(host(e), &e->notify);
    e->full_count = 0;
    e->running = e->link = false;
    e->dev = NULL;
}

static bool eth_link(const void *dev)
{
    const struct usb_eth *e = dev;
    return e->running && e->link;
}

static void eth_mac(const void *dev, uint8_t mac[6])
{
    const struct usb_eth *e = dev;
    memcpy(mac, e->mac, 6);
}

const struct eth_ops usb_eth_ops = {
    .recv = eth_recv,
    .send = eth_send,
    .left = eth_left,
    .link = eth_link,
    .mac = eth_mac,
};
