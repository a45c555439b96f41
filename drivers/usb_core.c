#include <string.h>

#include "usb_private.h"

#define TRIES_MAX 3
#define CONTROL_NS                                                             \
    (500 * MONO_MS)             /* USB 2.0, 9.2.6.4                         */
#define SETTLE_NS (2 * MONO_MS) /* 9.2.6.3                                  */
#define REVIVE_NS (30000 * MONO_MS)

enum {
    REQ_SET_ADDRESS = 5,
    REQ_GET_DESCRIPTOR = 6,
    REQ_SET_CONFIGURATION = 9,
};

#define ENGLISH 0x0409

mono_ns usb_now(const struct usb_dev *dev)
{
    return dev->core->host->now;
}

void usb_core_init(struct usb_core *c, struct dwc2 *host,
                   const struct usb_class *classes, size_t nclasses)
{
    memset(c, 0, sizeof *c);
    c->host = host;
    c->classes = classes;
    c->nclasses = nclasses;
    for (size_t i = 0; i < USB_DEVICES; i++) {
        c->dev[i].core = c;
        c->dev[i].addr = (uint8_t)(i + 1);
    }
}

/* ---- control transfers --------------------------------------------------- */

static void control_ended(void *ctx, struct dwc2_xfer *x)
{
    struct usb_dev *d = ctx;
    if (x->end == DWC2_CLOSED || d->state == USB_CLOSING)
        return;
    d->ctl_done(d, x->rc, x->actual);
}

bool usb_control_idle(const struct usb_dev *d)
{
    return !dwc2_busy(&d->ctl);
}

int usb_control(struct usb_dev *d, struct usb_request r, usb_ctl_done *done)
{
    ASSERT(r.length <= USB_CTL_BYTES);
    if (dwc2_busy(&d->ctl) || d->state == USB_CLOSING)
        return RC_STATE;
    d->setup[0] = r.type;
    d->setup[1] = r.request;
    d->setup[2] = (uint8_t)r.value;
    d->setup[3] = (uint8_t)(r.value >> 8);
    d->setup[4] = (uint8_t)r.index;
    d->setup[5] = (uint8_t)(r.index >> 8);
    d->setup[6] = (uint8_t)r.length;
    d->setup[7] = (uint8_t)(r.length >> 8);
    d->ctl_done = done;
    d->ctl.setup = d->setup;
    d->ctl.buf = d->buf;
    d->ctl.len = r.length;
    d->ctl.timeout_ns = CONTROL_NS;
    d->ctl.done = control_ended;
    d->ctl.ctx = d;
    return dwc2_submit(d->core->host, &d->ep0, &d->ctl);
}

void usb_open(struct usb_dev *d, struct dwc2_pipe *p,
              const struct usb_endpoint *e)
{
    p->addr = d->addr;
    p->ep = e->number;
    p->in = e->in;
    p->type = e->type;
    p->speed = d->speed;
    p->mps = e->mps;
    p->mps_qemu = 0;
    p->interval_ns = usb_interval_ns(e, d->speed == DWC2_HIGH);
    dwc2_open(d->core->host, p);
}

/* ---- coming and going ---------------------------------------------------- */

struct usb_dev *usb_attach(struct usb_core *c, struct usb_dev *hub,
                           uint8_t port)
{
    for (size_t i = 0; i < USB_DEVICES; i++) {
        struct usb_dev *d = &c->dev[i];
        if (d->state != USB_FREE)
            continue;
        d->parent = hub;
        d->port = port;
        d->depth = (uint8_t)(hub ? hub->depth + 1 : 0);
        d->tries = d->config = 0;
        d->seq = c->seq++;
        d->when = c->host->now;
        d->why = NULL;
        d->driver = NULL;
        d->cls = NULL;
        memset(&d->desc, 0, sizeof d->desc);
        d->name[0] = 0;
        d->kind = 0;
        d->state = USB_WAIT;
        c->attached++;
        return d;
    }
    return NULL;
}

static void close_dev(struct usb_dev *d)
{
    struct usb_core *c = d->core;
    const struct usb_class_driver *driver = d->driver;

    d->state = USB_CLOSING;
    d->driver = NULL;
    if (driver)
        driver->gone(d);
    dwc2_close(c->host, &d->ep0);
    if (c->turn == d)
        c->turn = NULL;
    if (c->root == d)
        c->root = NULL;
    c->removed++;
}

static bool gone(const struct usb_dev *d)
{
    return d->state == USB_FREE || d->state == USB_CLOSING;
}

void usb_detach(struct usb_dev *d)
{
    struct usb_core *c = d->core;
    if (gone(d))
        return;
    close_dev(d);
    /* And all that hung on it: one more level each time round. */
    for (int level = 0; level <= USB_DEPTH; level++)
        for (size_t i = 0; i < USB_DEVICES; i++) {
            struct usb_dev *e = &c->dev[i];
            if (!gone(e) && e->parent && e->parent->state == USB_CLOSING)
                close_dev(e);
        }
}

void usb_reset(struct usb_dev *d, const char *why)
{
    struct usb_dev *hub = d->parent;
    if (gone(d))
        return;
    usb_detach(d);
    d->core->resets++;
    d->core->last_reset = why;
    if (!hub)
        usb_root_rescan(d->core);
    else if (hub->driver)
        hub->driver->port_rescan(hub, d->port);
}

/* ---- enumeration --------------------------------------------------------- */

static void port_reset(struct usb_dev *d)
{
    d->state = USB_RESET;
    d->tries++;
    dwc2_close(d->core->host, &d->ep0);
    if (!d->parent)
        usb_root_reset(d->core);
    else
        d->parent->driver->port_reset(d->parent, d->port);
}

/* Whoever is at address 0 keeps the turn until its port was reset again or
 * switched off: two devices at address 0 would answer as one. */
static void give_up(struct usb_dev *d, const char *why)
{
    d->why = why;
    d->state = USB_DISABLE;
    d->when = usb_now(d) + REVIVE_NS;
    d->core->failed++;
    if (d->parent)
        d->parent->driver->port_disable(d->parent, d->port);
    else
        usb_port_off(d); /* alone on the bus: harmless */
}

static void failed(struct usb_dev *d, const char *why)
{
    if (d->tries >= TRIES_MAX) {
        give_up(d, why);
    } else if (d->core->turn == d) {
        port_reset(d);
    } else {
        d->state = USB_WAIT;
        d->seq = d->core->seq++;
        d->when = usb_now(d);
    }
}

static void enum_done(struct usb_dev *d, int rc, size_t actual);

static void ask(struct usb_dev *d, uint8_t state, struct usb_request r)
{
    d->state = state;
    if (usb_control(d, r, enum_done) != RC_OK)
        failed(d, "control pipe closed");
}

static void get_descriptor(struct usb_dev *d, uint8_t state, uint8_t type,
                           uint8_t index, uint16_t length)
{
    ask(d, state,
        (struct usb_request){.type = 0x80,
                             .request = REQ_GET_DESCRIPTOR,
                             .value = (uint16_t)(type << 8 | index),
                             .length = length});
}

void usb_port_ready(struct usb_dev *d, uint8_t speed)
{
    if (d->state != USB_RESET)
        return;
    d->speed = speed;
    if (d->parent && d->parent->speed == DWC2_HIGH && speed != DWC2_HIGH) {
        give_up(d, "behind a high-speed hub it needs split transactions, "
                   "which Gnomon does not have: leave it out");
        d->when = MONO_NEVER;
        return;
    }
    if (!dwc2_idle(&d->ep0) || dwc2_busy(&d->ctl)) {
        failed(d, "control pipe did not close");
        return;
    }
    d->ep0 = (struct dwc2_pipe){
        .type = DWC2_CONTROL,
        .speed = speed,
        .mps = speed == DWC2_HIGH ? 64 : 8,
        .chan = -1,
    };
    dwc2_open(d->core->host, &d->ep0);
    get_descriptor(d, USB_DESC8, USB_DT_DEVICE, 0, 8);
}

void usb_port_failed(struct usb_dev *d, const char *why)
{
    if (d->state == USB_RESET)
        failed(d, why);
}

void usb_port_off(struct usb_dev *d)
{
    if (d->state != USB_DISABLE)
        return;
    d->state = USB_FAILED;
    dwc2_close(d->core->host, &d->ep0);
    if (d->core->turn == d)
        d->core->turn = NULL;
}

static bool mps0_ok(uint8_t mps, uint8_t speed)
{
    if (speed == DWC2_HIGH)
        return mps == 64;
    return mps == 8 ||
           (speed == DWC2_FULL && (mps == 16 || mps == 32 || mps == 64));
}

static void have_desc8(struct usb_dev *d, size_t actual)
{
    uint8_t mps = d->buf[7];
    if (actual < 8 || d->buf[1] != USB_DT_DEVICE || !mps0_ok(mps, d->speed)) {
        failed(d, "malformed device descriptor");
        return;
    }
    d->ep0.mps = mps;
    ask(d, USB_ADDRESS,
        (struct usb_request){.request = REQ_SET_ADDRESS, .value = d->addr});
}

static void no_driver(struct usb_dev *d)
{
    d->state = USB_UNUSED;
    d->why = "no driver for this device";
}

static void get_config(struct usb_dev *d)
{
    if (d->config < d->desc.configs && d->config < 8) {
        get_descriptor(d, USB_CFG9, USB_DT_CONFIG, d->config, 9);
        return;
    }
    if (d->skipped) { /* it may have been the one */
        failed(d, d->skipped);
        return;
    }
    if (d->desc.product)
        ask(d, USB_NAME,
            (struct usb_request){
                .type = 0x80,
                .request = REQ_GET_DESCRIPTOR,
                .value = (uint16_t)(USB_DT_STRING << 8 | d->desc.product),
                .index = ENGLISH,
                .length = 2 + 2 * sizeof d->name});
    else
        no_driver(d);
}

/* One that cannot be read, or is none, says nothing of the others. */
static void skip_config(struct usb_dev *d, const char *why)
{
    d->skipped = why;
    d->config++;
    get_config(d);
}

static void have_desc18(struct usb_dev *d, size_t actual)
{
    if (usb_desc_device(d->buf, actual, &d->desc) != RC_OK) {
        failed(d, "malformed device descriptor");
        return;
    }
    d->config = 0;
    d->skipped = NULL;
    get_config(d);
}

static void have_cfg9(struct usb_dev *d, size_t actual)
{
    int total = usb_desc_total(d->buf, actual);
    if (total < 0) {
        skip_config(d, "malformed configuration descriptor");
        return;
    }
    if (total > USB_CTL_BYTES)
        total = USB_CTL_BYTES;
    get_descriptor(d, USB_CFG, USB_DT_CONFIG, d->config, (uint16_t)total);
}

static void have_cfg(struct usb_dev *d, size_t actual)
{
    if (usb_desc_total(d->buf, actual) < 0) {
        skip_config(d, "malformed configuration descriptor");
        return;
    }
    d->kind = usb_desc_kind(&d->desc, d->buf, actual);
    for (size_t i = 0; i < d->core->nclasses; i++) {
        const struct usb_class_driver *k = d->core->classes[i].driver;
        if (!k->match(&d->desc, d->buf, actual))
            continue;
        d->cfg_len = (uint16_t)actual;
        d->config = (uint8_t)i; /* from here on: which driver */
        ask(d, USB_SET_CFG,
            (struct usb_request){.request = REQ_SET_CONFIGURATION,
                                 .value = d->buf[5]});
        return;
    }
    d->config++;
    get_config(d);
}

static void configured(struct usb_dev *d)
{
    const struct usb_class *k = &d->core->classes[d->config];
    d->why = NULL;
    d->driver = k->driver;
    d->state = USB_RUN;
    if (k->driver->start(k, d, d->buf, d->cfg_len) == RC_OK)
        return;
    d->driver = NULL;
    d->state = USB_UNUSED;
    if (!d->why)
        d->why = "refused by its driver";
}

static void enum_done(struct usb_dev *d, int rc, size_t actual)
{
    static const char *const what[] = {
        [USB_DESC8] = "no device descriptor",
        [USB_ADDRESS] = "does not take an address",
        [USB_DESC18] = "no device descriptor",
        [USB_CFG9] = "no configuration descriptor",
        [USB_CFG] = "no configuration descriptor",
        [USB_SET_CFG] = "does not take a configuration",
    };

    if (d->state == USB_NAME) {
        usb_desc_text(d->buf, rc == RC_OK ? actual : 0, d->name,
                      sizeof d->name);
        no_driver(d);
        return;
    }
    if (rc == RC_IO && (d->state == USB_CFG9 || d->state == USB_CFG)) {
        skip_config(d, what[d->state]);
        return;
    }
    if (rc != RC_OK) {
        failed(d, what[d->state]);
        return;
    }
    switch (d->state) {
    case USB_DESC8:
        have_desc8(d, actual);
        break;
    case USB_ADDRESS:
        d->ep0.addr = d->addr;
        d->state = USB_SETTLE;
        d->when = usb_now(d) + SETTLE_NS;
        break;
    case USB_DESC18:
        have_desc18(d, actual);
        break;
    case USB_CFG9:
        have_cfg9(d, actual);
        break;
    case USB_CFG:
        have_cfg(d, actual);
        break;
    default:
        configured(d);
        break;
    }
}

/* ---- the poll ------------------------------------------------------------ */

static void next_turn(struct usb_core *c)
{
    struct usb_dev *first = NULL;
    for (size_t i = 0; i < USB_DEVICES; i++) {
        struct usb_dev *d = &c->dev[i];
        if (d->state == USB_WAIT &&
            (!first || (int32_t)(d->seq - first->seq) < 0))
            first = d;
    }
    if (first) {
        c->turn = first;
        port_reset(first);
    }
}

static void dev_poll(struct usb_dev *d, mono_ns now)
{
    struct usb_core *c = d->core;

    if (d->state == USB_CLOSING) {
        if (dwc2_idle(&d->ep0) && !dwc2_busy(&d->ctl))
            d->state = USB_FREE;
    } else if (d->state == USB_SETTLE && now >= d->when) {
        if (c->turn == d)
            c->turn = NULL;
        get_descriptor(d, USB_DESC18, USB_DT_DEVICE, 0, 18);
    } else if (d->state == USB_RUN) {
        d->driver->poll(d, now);
    } else if (d->state == USB_FAILED && now >= d->when) {
        usb_reset(d, d->why); /* what is soldered on cannot be replugged */
    }
}

void usb_core_poll(struct usb_core *c)
{
    usb_root_poll(c);
    for (size_t i = 0; i < USB_DEVICES; i++)
        dev_poll(&c->dev[i], c->host->now);
    if (!c->turn)
        next_turn(c);
}

mono_ns usb_core_due(const struct usb_core *c)
{
    mono_ns due = usb_root_due(c);

    for (size_t i = 0; i < USB_DEVICES; i++) {
        const struct usb_dev *d = &c->dev[i];
        mono_ns t = MONO_NEVER;
        if (d->state == USB_SETTLE || d->state == USB_FAILED)
            t = d->when;
        else if (d->state == USB_CLOSING || (d->state == USB_WAIT && !c->turn))
            t = c->host->now;
        else if (d->state == USB_RUN)
            t = d->driver->due(d);
        if (t < due)
            due = t;
    }
    return due;
}
