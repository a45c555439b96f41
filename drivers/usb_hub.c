#include <string.h>

#include "usb_hub.h"
#include "usb_private.h"

enum { HUB_DESC, HUB_POWER, HUB_SETTLE, HUB_RUN }; /* hub.state               */

/* hub_port.state */
enum {
    PORT_EMPTY,
    PORT_DEBOUNCE, /* until `when`                                          */
    PORT_WAIT,     /* a device waits for its turn                           */
    PORT_ASKED,    /* for a reset                                           */
    PORT_RESETTING,
    PORT_RECOVER, /* until `when`                                          */
    PORT_UP,
    PORT_OFF, /* switched off, until something else is plugged in      */
};

/* hub.op: the control transfer under way */
enum {
    OP_NONE,
    OP_DESC,
    OP_STATUS,
    OP_CLEAR,
    OP_POWER,
    OP_RESET,
    OP_DISABLE,
    OP_HUB_STATUS,
    OP_HUB_CLEAR,
    OP_HALT,
};

/* USB 2.0, 11.24.2 */
#define REQ_GET_STATUS    0
#define REQ_CLEAR_FEATURE 1
#define REQ_SET_FEATURE   3
#define REQ_DESCRIPTOR    6
#define TO_HUB            0x20
#define TO_PORT           0x23
#define FROM_HUB          0xa0
#define FROM_PORT         0xa3

#define F_PORT_ENABLE 1
#define F_PORT_RESET  4
#define F_PORT_POWER  8
#define F_C_FIRST     16 /* feature number of change bit 0                    */

#define S_CONNECTION 0x0001
#define S_ENABLE     0x0002
#define S_OVER       0x0008
#define S_RESET      0x0010
#define S_LOW        0x0200
#define S_HIGH       0x0400
#define C_CONNECTION 0x0001
#define C_OVER       0x0008
#define C_RESET      0x0010
#define C_ALL        0x001f

#define DEBOUNCE_NS (100 * MONO_MS)
#define RESET_NS    (12 * MONO_MS) /* 7.1.7.5: the hub drives 10..20 ms */
#define RESET_LOOKS 20
#define RECOVER_NS  (10 * MONO_MS)
#define RETRY_NS    (1000 * MONO_MS)
#define LISTEN_NS   (1000 * MONO_MS)
#define ERRORS_MAX  5

static void hub_next(struct usb_hub *h);

static void drop_child(struct usb_hub_port *p)
{
    if (p->child)
        usb_detach(p->child);
    p->child = NULL;
}

static void wait_for(struct usb_hub *h, struct usb_hub_port *p, uint8_t state,
                     span_ns wait)
{
    p->state = state;
    p->when = usb_now(h->dev) + wait;
}

/* ---- what a port says ---------------------------------------------------- */

static void port_attach(struct usb_hub *h, uint8_t n)
{
    struct usb_hub_port *p = &h->port[n];
    p->child = usb_attach(h->dev->core, h->dev, n);
    p->state = PORT_WAIT;
    p->when = MONO_NEVER;
    if (!p->child)
        wait_for(h, p, PORT_DEBOUNCE, RETRY_NS);
}

static void port_resetting(struct usb_hub *h, struct usb_hub_port *p,
                           uint16_t status)
{
    if (status & S_ENABLE && !(status & S_RESET)) {
        p->speed = status & S_HIGH  ? DWC2_HIGH
                   : status & S_LOW ? DWC2_LOW
                                    : DWC2_FULL;
        wait_for(h, p, PORT_RECOVER, RECOVER_NS);
    } else if (++p->tries < RESET_LOOKS) {
        wait_for(h, p, PORT_RESETTING, RECOVER_NS);
    } else {
        p->state = PORT_WAIT;
        p->when = MONO_NEVER;
        usb_port_failed(p->child, "hub port is not enabled by its reset");
    }
}

static void port_status(struct usb_hub *h, uint8_t n, uint16_t status,
                        uint16_t change)
{
    struct usb_hub_port *p = &h->port[n];
    bool there = status & S_CONNECTION;
    bool ripe = p->when == MONO_NEVER; /* its timer asked for this look */

    p->clear |= change & C_ALL;
    if (change & C_OVER && !(status & S_OVER))
        p->want_power = true;
    if (change & C_CONNECTION || (!there && p->state != PORT_EMPTY)) {
        drop_child(p);
        wait_for(h, p, there ? PORT_DEBOUNCE : PORT_EMPTY, DEBOUNCE_NS);
        if (!there)
            p->when = MONO_NEVER;
    } else if (there && p->state == PORT_EMPTY) {
        wait_for(h, p, PORT_DEBOUNCE, DEBOUNCE_NS);
    } else if (p->state == PORT_DEBOUNCE && ripe) {
        port_attach(h, n);
    } else if (p->state == PORT_RESETTING && ripe) {
        port_resetting(h, p, status);
    } else if (p->state == PORT_UP && !(status & S_ENABLE)) {
        drop_child(p);
        wait_for(h, p, PORT_DEBOUNCE, DEBOUNCE_NS);
    }
}

/* ---- control transfers, one after the other ------------------------------ */

static void hub_descriptor(struct usb_hub *h, size_t actual)
{
    const uint8_t *b = h->dev->buf;
    if (actual < 7 || b[1] != USB_DT_HUB || b[2] == 0) {
        usb_reset(h->dev, "malformed hub descriptor");
        return;
    }
    h->ports = b[2] < USB_HUB_PORTS ? b[2] : USB_HUB_PORTS;
    h->power_good_ns = (span_ns)b[5] * 2 * MONO_MS;
    for (uint8_t n = 1; n <= h->ports; n++)
        h->port[n].want_power = true;
    h->state = HUB_POWER;
}

/* Lost on the bus: it is still to be done. */
static void again(struct usb_hub *h, uint8_t op)
{
    struct usb_hub_port *p = &h->port[h->op_port];
    uint16_t bit = (uint16_t)(1u << h->op_bit);

    switch (op) {
    case OP_STATUS:
        p->check = true;
        break;
    case OP_CLEAR:
        p->clear |= bit;
        break;
    case OP_POWER:
        p->want_power = true;
        break;
    case OP_RESET:
        p->want_reset = p->state == PORT_ASKED;
        break;
    case OP_DISABLE:
        p->want_disable = true;
        break;
    case OP_HUB_STATUS:
        h->check_hub = true;
        break;
    case OP_HUB_CLEAR:
        h->hub_clear |= bit;
        break;
    case OP_HALT:
        h->clear_halt = true;
        break;
    default:
        break; /* OP_DESC: the state asks again */
    }
}

static void answered(struct usb_hub *h, uint8_t op, size_t actual)
{
    struct usb_hub_port *p = &h->port[h->op_port];
    const uint8_t *b = h->dev->buf;

    if (op == OP_DESC) {
        hub_descriptor(h, actual);
    } else if (op == OP_STATUS) {
        port_status(h, h->op_port, usb_get16(b), usb_get16(b + 2));
    } else if (op == OP_RESET && p->state == PORT_ASKED) {
        p->tries = 0;
        wait_for(h, p, PORT_RESETTING, RESET_NS);
    } else if (op == OP_DISABLE && p->child) {
        p->state = PORT_OFF;
        usb_port_off(p->child);
    } else if (op == OP_HUB_STATUS) {
        h->hub_clear = usb_get16(b + 2) & 3;
    } else if (op == OP_HALT) {
        dwc2_clear_halt(h->dev->core->host, &h->pipe);
    }
}

/* A refused CLEAR or SET is the hub's opinion and ends the matter; a status
 * that is refused, or anything that got lost, is asked for again. */
static void hub_done(struct usb_dev *d, int rc, size_t actual)
{
    struct usb_hub *h = d->cls;
    uint8_t op = h->op;
    bool asks = op == OP_STATUS || op == OP_HUB_STATUS || op == OP_DESC;
    bool opinion = d->ctl.end == DWC2_STALLED && !asks;
    bool whole = rc == RC_OK && (!asks || actual >= 4);

    h->op = OP_NONE;
    if (whole || opinion) {
        h->errors = 0;
        answered(h, op, actual);
    } else if (++h->errors > ERRORS_MAX) {
        usb_reset(d, "hub does not answer");
    } else {
        again(h, op);
    }
    if (h->dev)
        hub_next(h);
}

static void request(struct usb_hub *h, uint8_t op, uint8_t port,
                    struct usb_request r)
{
    h->op = op;
    h->op_port = port;
    if (usb_control(h->dev, r, hub_done) != RC_OK)
        h->op = OP_NONE; /* being closed */
}

static void port_feature(struct usb_hub *h, uint8_t op, uint8_t n, uint8_t req,
                         uint16_t feature)
{
    request(h, op, n,
            (struct usb_request){
                .type = TO_PORT, .request = req, .value = feature, .index = n});
}

static uint16_t lowest(uint16_t bits)
{
    uint16_t i = 0;
    while (!(bits >> i & 1))
        i++;
    return i;
}

static bool port_next(struct usb_hub *h, uint8_t n)
{
    struct usb_hub_port *p = &h->port[n];

    if (p->clear) {
        uint16_t bit = h->op_bit = lowest(p->clear);
        p->clear &= (uint16_t) ~(1u << bit);
        port_feature(h, OP_CLEAR, n, REQ_CLEAR_FEATURE,
                     (uint16_t)(F_C_FIRST + bit));
    } else if (p->want_power) {
        p->want_power = false;
        port_feature(h, OP_POWER, n, REQ_SET_FEATURE, F_PORT_POWER);
    } else if (p->check) {
        p->check = false;
        request(h, OP_STATUS, n,
                (struct usb_request){.type = FROM_PORT,
                                     .request = REQ_GET_STATUS,
                                     .index = n,
                                     .length = 4});
    } else if (p->want_disable) {
        p->want_disable = false;
        port_feature(h, OP_DISABLE, n, REQ_CLEAR_FEATURE, F_PORT_ENABLE);
    } else if (p->want_reset) {
        p->want_reset = false;
        port_feature(h, OP_RESET, n, REQ_SET_FEATURE, F_PORT_RESET);
    } else {
        return false;
    }
    return true;
}

static bool hub_own_next(struct usb_hub *h)
{
    if (h->state == HUB_DESC) {
        request(h, OP_DESC, 0,
                (struct usb_request){.type = FROM_HUB,
                                     .request = REQ_DESCRIPTOR,
                                     .value = USB_DT_HUB << 8,
                                     .length = 9});
    } else if (h->clear_halt) {
        h->clear_halt = false;
        request(h, OP_HALT, 0,
                (struct usb_request){.type = 0x02,
                                     .request = REQ_CLEAR_FEATURE,
                                     .index = 0x80u | h->pipe.ep});
    } else if (h->check_hub) {
        h->check_hub = false;
        request(h, OP_HUB_STATUS, 0,
                (struct usb_request){
                    .type = FROM_HUB, .request = REQ_GET_STATUS, .length = 4});
    } else if (h->hub_clear) {
        uint16_t bit = h->op_bit = lowest(h->hub_clear);
        h->hub_clear &= (uint16_t) ~(1u << bit);
        request(h, OP_HUB_CLEAR, 0,
                (struct usb_request){.type = TO_HUB,
                                     .request = REQ_CLEAR_FEATURE,
                                     .value = bit});
    } else {
        return false;
    }
    return true;
}

/* ---- listening for changes ----------------------------------------------- */

static void heard(void *ctx, struct dwc2_xfer *x)
{
    struct usb_hub *h = ctx;
    if (x->end == DWC2_CLOSED || !h->dev)
        return;
    if (x->end == DWC2_DONE) {
        h->errors = 0;
        h->check_hub = x->actual && h->buf[0] & 1;
        for (uint8_t n = 1; n <= h->ports && n / 8u < x->actual; n++)
            if (h->buf[n / 8] >> n % 8 & 1)
                h->port[n].check = true;
    } else if (x->end == DWC2_STALLED) {
        h->clear_halt = true;
    } else if (x->end == DWC2_ERROR && ++h->errors > ERRORS_MAX) {
        usb_reset(h->dev, "hub: bus errors");
    }
}

static void listen(struct usb_hub *h)
{
    if (dwc2_busy(&h->xfer) || h->pipe.halted)
        return;
    h->xfer.buf = h->buf;
    h->xfer.len = h->pipe.mps;
    h->xfer.timeout_ns = LISTEN_NS;
    h->xfer.done = heard;
    h->xfer.ctx = h;
    if (dwc2_submit(h->dev->core->host, &h->pipe, &h->xfer) != RC_OK)
        h->errors++; /* pipe closed: the hub is going */
}

/* Start the next piece of work; when there is none, listen. Ports take
 * turns, beginning behind the last one served. */
static void hub_next(struct usb_hub *h)
{
    if (h->op != OP_NONE || hub_own_next(h))
        return;
    for (uint8_t i = 0; i < h->ports; i++)
        if (port_next(h, (uint8_t)((h->op_port + i) % h->ports + 1)))
            return;
    if (h->state == HUB_POWER) {
        h->state = HUB_SETTLE;
        h->when = usb_now(h->dev) + h->power_good_ns;
    } else if (h->state == HUB_RUN) {
        listen(h);
    }
}

/* ---- the class driver ---------------------------------------------------- */

static bool hub_match(const struct usb_device_desc *d, const uint8_t *cfg,
                      size_t len)
{
    struct usb_endpoint e;
    return d->dev_class == 9 && usb_desc_hub_endpoint(cfg, len, &e) == RC_OK;
}

static int hub_start(const struct usb_class *c, struct usb_dev *dev,
                     const uint8_t *cfg, size_t len)
{
    struct usb_hub *h = c->pool;
    struct usb_endpoint e;

    if (usb_desc_hub_endpoint(cfg, len, &e) != RC_OK || e.mps > HW_LINE) {
        dev->why = "malformed hub";
        return RC_BAD;
    }
    if (dev->depth >= USB_DEPTH) {
        dev->why = "too many hubs in a row";
        return RC_SPACE;
    }
    for (int i = 0; i < USB_HUBS; i++, h++) {
        if (h->dev || !dwc2_idle(&h->pipe) || dwc2_busy(&h->xfer))
            continue;
        memset(h, 0, sizeof *h);
        for (int n = 0; n <= USB_HUB_PORTS; n++)
            h->port[n].when = MONO_NEVER;
        h->dev = dev;
        dev->cls = h;
        usb_open(dev, &h->pipe, &e);
        hub_next(h);
        return RC_OK;
    }
    dev->why = "too many hubs";
    return RC_SPACE;
}

static void port_clock(struct usb_hub_port *p, mono_ns now)
{
    if (now < p->when)
        return;
    p->when = MONO_NEVER;
    if (p->state == PORT_RECOVER) {
        p->state = PORT_UP;
        usb_port_ready(p->child, p->speed);
    } else {
        p->check = true;
    }
}

static void hub_poll(struct usb_dev *dev, mono_ns now)
{
    struct usb_hub *h = dev->cls;

    if (h->state == HUB_SETTLE && now >= h->when) {
        h->state = HUB_RUN;
        for (uint8_t n = 1; n <= h->ports; n++)
            h->port[n].check = true;
    }
    for (uint8_t n = 1; n <= h->ports; n++)
        port_clock(&h->port[n], now);
    hub_next(h);
}

static mono_ns hub_due(const struct usb_dev *dev)
{
    const struct usb_hub *h = dev->cls;
    mono_ns due = h->state == HUB_SETTLE ? h->when : MONO_NEVER;
    for (uint8_t n = 1; n <= h->ports; n++)
        if (h->port[n].when < due)
            due = h->port[n].when;
    return due;
}

static void hub_gone(struct usb_dev *dev)
{
    struct usb_hub *h = dev->cls;
    dwc2_close(dev->core->host, &h->pipe);
    h->dev = NULL;
}

static void hub_port_reset(struct usb_dev *hub, uint8_t port)
{
    struct usb_hub *h = hub->cls;
    h->port[port].want_reset = true;
    h->port[port].state = PORT_ASKED;
    h->port[port].when = MONO_NEVER;
    hub_next(h);
}

static void hub_port_disable(struct usb_dev *hub, uint8_t port)
{
    struct usb_hub *h = hub->cls;
    h->port[port].want_disable = true;
    hub_next(h);
}

static void hub_port_rescan(struct usb_dev *hub, uint8_t port)
{
    struct usb_hub *h = hub->cls;
    h->port[port].child = NULL;
    wait_for(h, &h->port[port], PORT_DEBOUNCE, DEBOUNCE_NS);
}

const struct usb_class_driver usb_hub_driver = {
    .name = "hub",
    .match = hub_match,
    .start = hub_start,
    .poll = hub_poll,
    .due = hub_due,
    .gone = hub_gone,
    .port_reset = hub_port_reset,
    .port_disable = hub_port_disable,
    .port_rescan = hub_port_rescan,
};
