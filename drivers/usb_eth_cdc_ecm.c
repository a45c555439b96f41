#include <string.h>

#include "usb_eth_cdc_ecm.h"

enum {
    ECM_LANGUAGE, /* string 0                                                */
    ECM_MAC,
    ECM_ALTERNATE,
    ECM_FILTER,
    ECM_UP,
    ECM_HALT_IN, /* up, clearing a halted endpoint                          */
    ECM_HALT_OUT,
    ECM_HEALTH, /* up, asking whether the device still lives               */
};

#define REQ_GET_STATUS    0
#define REQ_CLEAR_FEATURE 1
#define REQ_DESCRIPTOR    6
#define REQ_SET_INTERFACE 11
#define REQ_PACKET_FILTER 0x43 /* ECM 1.2, 6.2.4                              */
#define FILTER            0x0e /* directed, broadcast, all multicast          */
#define ENGLISH           0x0409

#define TX_NS      (1000 * USB_MS)
#define NOTE_NS    (1000 * USB_MS)
#define HEALTH_NS  (10000 * USB_MS)
#define SILENT_MAX 3
#define ERRORS_MAX 20
#define FRAME_MIN  14

static struct dwc2 *host(const struct usb_ecm *e)
{
    return e->dev->core->host;
}

/* ---- receiving ----------------------------------------------------------- */

static void received(void *ctx, struct dwc2_xfer *x);

static void listen(struct usb_ecm *e, struct dwc2_xfer *x)
{
    size_t i = (size_t)(x - e->rx);
    x->buf = e->rx_buf[i];
    x->len = USB_ECM_RX_BYTES;
    x->timeout_ns = 0; /* silence is no fault; the health check watches */
    x->done = received;
    x->ctx = e;
    if (dwc2_submit(host(e), &e->in, x) != RC_OK)
        e->stats.rx_errors++; /* pipe closed: the device is going */
}

static void received(void *ctx, struct dwc2_xfer *x)
{
    struct usb_ecm *e = ctx;
    if (x->end == DWC2_CLOSED || !e->dev)
        return;
    if (x->end == DWC2_DONE) {
        e->errors = e->silent = 0;
        e->heard = usb_now(e->dev);
        unsigned at = (unsigned)e->full_head + e->full_count;
        e->full[at % USB_ECM_RX] = (uint8_t)(x - e->rx);
        e->full_count++;
        return;
    }
    e->stats.rx_errors++;
    if (++e->errors > ERRORS_MAX)
        usb_reset(e->dev, "Ethernet: receive errors");
    else
        listen(e, x);
}

/* A buffer filled to the brim is part of something too long: drop up to and
 * including the piece that ends it. */
static bool frame_ok(struct usb_ecm *e, uint32_t len)
{
    bool skip = e->skip;
    e->skip = len == USB_ECM_RX_BYTES;
    return !skip && len >= FRAME_MIN && len <= USB_ECM_FRAME;
}

static int ecm_recv(void *dev, uint8_t *buf, size_t cap, uint64_t *stamp)
{
    struct usb_ecm *e = dev;
    int n = RC_AGAIN;

    while (n == RC_AGAIN && e->dev && e->full_count) {
        struct dwc2_xfer *x = &e->rx[e->full[e->full_head]];
        e->full_head = (uint8_t)((e->full_head + 1) % USB_ECM_RX);
        e->full_count--;
        if (frame_ok(e, x->actual) && x->actual <= cap) {
            memcpy(buf, x->buf, x->actual);
            *stamp = x->done_ticks;
            n = (int)x->actual;
            e->stats.rx++;
        } else if (x->actual) {
            e->stats.rx_bad++;
        }
        listen(e, x);
    }
    return n;
}

/* ---- sending ------------------------------------------------------------- */

static bool up(const struct usb_ecm *e)
{
    return e->dev && e->state >= ECM_UP;
}

static int ecm_send(void *dev, const uint8_t *frame, size_t len,
                    uint64_t *stamp)
{
    struct usb_ecm *e = dev;
    if (len < FRAME_MIN || len > USB_ECM_FRAME)
        return RC_BAD;
    if (!up(e))
        return RC_STATE;
    struct dwc2_xfer *x = &e->tx[e->tx_next];
    if (dwc2_busy(x)) {
        e->stats.tx_busy++;
        return RC_AGAIN;
    }
    x->buf = e->tx_buf[e->tx_next];
    memcpy(x->buf, frame, len);
    x->len = (uint32_t)len;
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
    e->tx_next = (uint8_t)((e->tx_next + 1) % USB_ECM_TX);
    e->stats.tx++;
    return RC_OK;
}

/* Frames that ended badly are gone; count each once. */
static void count_lost(struct usb_ecm *e)
{
    for (int i = 0; i < USB_ECM_TX; i++)
        if (!dwc2_busy(&e->tx[i]) && e->tx[i].end != DWC2_DONE) {
            e->tx[i].end = DWC2_DONE;
            e->stats.tx_errors++;
        }
}

/* ---- notifications: NETWORK_CONNECTION (CDC 1.2, 6.3; PSTN 6.5.1) -------- */

static void noted(void *ctx, struct dwc2_xfer *x)
{
    struct usb_ecm *e = ctx;
    if (x->end == DWC2_CLOSED || !e->dev)
        return;
    const uint8_t *b = e->note_buf;
    if (x->end == DWC2_DONE && x->actual >= 8 && b[0] == 0xa1 && b[1] == 0)
        e->link = b[2] != 0;
}

static void watch(struct usb_ecm *e)
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

/* ---- coming up: one control transfer after the other --------------------- */

static void stepped(struct usb_dev *d, int rc, size_t actual);

static void step(struct usb_ecm *e, uint8_t state, struct usb_request r)
{
    e->state = state;
    if (usb_control(e->dev, r, stepped) != RC_OK)
        usb_reset(e->dev, "Ethernet: control pipe closed");
}

static void get_string(struct usb_ecm *e, uint8_t state, uint8_t index,
                       uint16_t language)
{
    step(e, state,
         (struct usb_request){.type = 0x80,
                              .request = REQ_DESCRIPTOR,
                              .value = (uint16_t)(USB_DT_STRING << 8 | index),
                              .index = language,
                              .length = 255});
}

static void clear_halt(struct usb_ecm *e, uint8_t state, uint16_t endpoint)
{
    step(e, state,
         (struct usb_request){
             .type = 0x02, .request = REQ_CLEAR_FEATURE, .index = endpoint});
}

static void have_language(struct usb_ecm *e, int rc, size_t actual)
{
    const uint8_t *b = e->dev->buf;
    uint16_t language = ENGLISH;
    if (rc == RC_OK && actual >= 4 && b[1] == USB_DT_STRING)
        language = usb_get16(b + 2);
    get_string(e, ECM_MAC, e->desc.mac_string, language);
}

static void have_mac(struct usb_ecm *e, int rc, size_t actual)
{
    if (rc != RC_OK || usb_desc_mac(e->dev->buf, actual, e->mac) != RC_OK) {
        usb_reset(e->dev, "Ethernet: no usable MAC address");
        return;
    }
    step(e, ECM_ALTERNATE,
         (struct usb_request){.type = 0x01,
                              .request = REQ_SET_INTERFACE,
                              .value = e->desc.data_alt,
                              .index = e->desc.data_if});
}

/* Toggles begin at DATA0 after SET_INTERFACE (USB 2.0, 9.1.1.5): the pipes
 * are opened only here. */
static void go_up(struct usb_ecm *e)
{
    usb_open(e->dev, &e->in, &e->desc.in);
    usb_open(e->dev, &e->out, &e->desc.out);
    if (e->usb_net && host(e)->emulated)
        e->out.mps_lie = USB_ECM_TX_BYTES; /* one frame per work tick */
    if (e->desc.has_notify && !e->usb_net && e->desc.notify.mps <= HW_LINE)
        usb_open(e->dev, &e->notify, &e->desc.notify);
    e->link = true;
    e->heard = usb_now(e->dev);
    e->state = ECM_UP;
    for (int i = 0; i < USB_ECM_RX; i++)
        listen(e, &e->rx[i]);
}

static void have_alternate(struct usb_ecm *e, int rc)
{
    if (rc != RC_OK && e->desc.data_alt != 0) {
        usb_reset(e->dev, "Ethernet: data interface refused");
        return;
    }
    if (e->usb_net) { /* would STALL the filter */
        go_up(e);
        return;
    }
    step(e, ECM_FILTER,
         (struct usb_request){.type = 0x21,
                              .request = REQ_PACKET_FILTER,
                              .value = FILTER,
                              .index = e->desc.control_if});
}

static void have_health(struct usb_ecm *e, int rc)
{
    if (rc == RC_OK) {
        e->heard = usb_now(e->dev);
        e->silent = 0;
    } else if (++e->silent >= SILENT_MAX) {
        usb_reset(e->dev, "Ethernet: device does not answer");
    }
}

static void cleared(struct usb_ecm *e, struct dwc2_pipe *p, int rc)
{
    if (rc == RC_OK)
        dwc2_clear_halt(host(e), p);
    else
        usb_reset(e->dev, "Ethernet: endpoint stays halted");
}

static void stepped(struct usb_dev *d, int rc, size_t actual)
{
    struct usb_ecm *e = d->cls;
    uint8_t state = e->state;

    if (state >= ECM_UP)
        e->state = ECM_UP;
    switch (state) {
    case ECM_LANGUAGE:
        have_language(e, rc, actual);
        break;
    case ECM_MAC:
        have_mac(e, rc, actual);
        break;
    case ECM_ALTERNATE:
        have_alternate(e, rc);
        break;
    case ECM_FILTER:
        go_up(e); /* optional: a refusal means it cannot filter */
        break;
    case ECM_HALT_IN:
        cleared(e, &e->in, rc);
        break;
    case ECM_HALT_OUT:
        cleared(e, &e->out, rc);
        break;
    default:
        have_health(e, rc);
        break;
    }
}

/* ---- the class driver ---------------------------------------------------- */

static bool ecm_match(const struct usb_device_desc *d, const uint8_t *cfg,
                      size_t len)
{
    struct usb_ecm_desc e;
    (void)d;
    return usb_desc_ecm(cfg, len, &e) == RC_OK;
}

static bool busy(const struct usb_ecm *e)
{
    bool b = e->dev || !dwc2_idle(&e->in) || !dwc2_idle(&e->out) ||
             !dwc2_idle(&e->notify) || dwc2_busy(&e->note);
    for (int i = 0; i < USB_ECM_RX; i++)
        b = b || dwc2_busy(&e->rx[i]);
    for (int i = 0; i < USB_ECM_TX; i++)
        b = b || dwc2_busy(&e->tx[i]);
    return b;
}

static int ecm_start(void *pool, struct usb_dev *dev, const uint8_t *cfg,
                     size_t len)
{
    struct usb_ecm *e = pool;
    struct usb_ecm_desc desc;

    if (usb_desc_ecm(cfg, len, &desc) != RC_OK) {
        dev->why = "malformed CDC Ethernet configuration";
        return RC_BAD;
    }
    if (busy(e)) {
        dev->why = "one USB Ethernet device is in use already";
        return RC_SPACE;
    }
    struct usb_ecm_stats stats = e->stats;
    memset(e, 0, offsetof(struct usb_ecm, rx_buf));
    e->stats = stats;
    e->dev = dev;
    e->desc = desc;
    e->usb_net = dev->desc.vid == 0x0525 && dev->desc.pid == 0xa4a2;
    dev->cls = e;
    get_string(e, ECM_LANGUAGE, 0, 0);
    return RC_OK;
}

static void ecm_poll(struct usb_dev *dev, mono_ns now)
{
    struct usb_ecm *e = dev->cls;

    if (e->state != ECM_UP)
        return;
    count_lost(e);
    watch(e);
    if (!usb_control_idle(dev))
        return;
    if (e->in.halted)
        clear_halt(e, ECM_HALT_IN, 0x80u | e->in.ep);
    else if (e->out.halted)
        clear_halt(e, ECM_HALT_OUT, e->out.ep);
    else if (now - e->heard >= HEALTH_NS)
        step(e, ECM_HEALTH,
             (struct usb_request){
                 .type = 0x80, .request = REQ_GET_STATUS, .length = 2});
}

static mono_ns ecm_due(const struct usb_dev *dev)
{
    const struct usb_ecm *e = dev->cls;
    return e->state == ECM_UP ? e->heard + HEALTH_NS : DWC2_NEVER;
}

static void ecm_gone(struct usb_dev *dev)
{
    struct usb_ecm *e = dev->cls;
    dwc2_close(host(e), &e->in);
    dwc2_close(host(e), &e->out);
    dwc2_close(host(e), &e->notify);
    e->full_count = 0;
    e->link = false;
    e->dev = NULL;
}

const struct usb_class_driver usb_ecm_driver = {
    .name = "CDC Ethernet",
    .match = ecm_match,
    .start = ecm_start,
    .poll = ecm_poll,
    .due = ecm_due,
    .gone = ecm_gone,
};

static bool ecm_link(const void *dev)
{
    const struct usb_ecm *e = dev;
    return up(e) && e->link;
}

static void ecm_mac(const void *dev, uint8_t mac[6])
{
    const struct usb_ecm *e = dev;
    memcpy(mac, e->mac, 6);
}

const struct eth_ops usb_ecm_eth = {
    .name = "usb-ecm",
    .recv = ecm_recv,
    .send = ecm_send,
    .link = ecm_link,
    .mac = ecm_mac,
};
