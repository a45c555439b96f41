#include "usb_eth_cdc_ecm.h"

enum {
    ECM_LANGUAGE, /* string 0                                                */
    ECM_MAC,
    ECM_ALTERNATE,
    ECM_FILTER,
};

#define REQ_DESCRIPTOR    6
#define REQ_SET_INTERFACE 11
#define REQ_PACKET_FILTER 0x43 /* ECM 1.2, 6.2.4                              */
#define GUESS_NS          (50 * MONO_MS)
#define FILTER            0x0e /* directed, broadcast, all multicast          */
#define ENGLISH           0x0409

/* ---- framing: a frame is a transfer -------------------------------------- */

/* A buffer filled to the brim is part of something too long: dropped, up to
 * and including the piece that ends it. */
static size_t ecm_take(void *self, const uint8_t *p, size_t len,
                       struct usb_eth_frame *f)
{
    struct usb_ecm *m = self;
    if (len)
        *f = (struct usb_eth_frame){p, m->skip ? 0 : len};
    m->skip = len == USB_ETH_RX_BYTES;
    return len;
}

/* ---- notifications (CDC 1.2, 6.3; ECM 1.2, 6.3) -------------------------- */

#define NOTE_CONNECTION 0x00
#define NOTE_SPEED      0x2a
#define NOTE_HEAD       8

/* Bits a second towards us, then from us. Ethernet's are few. */
static void have_speeds(struct usb_ecm *m, const uint8_t *p)
{
    uint32_t mbps = (usb_get16(p) | (uint32_t)usb_get16(p + 2) << 16) / 1000000;
    bool known = mbps == 10 || mbps == 100 || mbps == 1000;
    m->eth->mbps = known ? mbps : 0;
}

/* An endpoint of 8 bytes a packet sends the speeds in a second one. */
static void ecm_noted(void *self, const uint8_t *p, size_t len)
{
    struct usb_ecm *m = self;
    bool head = len >= NOTE_HEAD && p[0] == 0xa1;

    m->guess = MONO_NEVER;
    if (m->speeds && len == NOTE_HEAD) {
        m->speeds = false;
        have_speeds(m, p);
        return;
    }
    m->speeds = head && p[1] == NOTE_SPEED && len == NOTE_HEAD;
    if (head && p[1] == NOTE_CONNECTION)
        m->eth->link = p[2] != 0;
    else if (head && p[1] == NOTE_SPEED && len >= 2 * NOTE_HEAD)
        have_speeds(m, p + NOTE_HEAD);
}

static const struct usb_eth_chip ecm_chip = {
    .take = ecm_take,
    .noted = ecm_noted,
};

/* ---- coming up: one control transfer after the other --------------------- */

static void stepped(struct usb_dev *d, int rc, size_t actual);

static void step(struct usb_ecm *m, uint8_t state, struct usb_request r)
{
    m->state = state;
    if (usb_control(m->eth->dev, r, stepped) != RC_OK)
        usb_reset(m->eth->dev, "Ethernet: control pipe closed");
}

static void get_string(struct usb_ecm *m, uint8_t state, uint8_t index,
                       uint16_t language)
{
    step(m, state,
         (struct usb_request){.type = 0x80,
                              .request = REQ_DESCRIPTOR,
                              .value = (uint16_t)(USB_DT_STRING << 8 | index),
                              .index = language,
                              .length = 255});
}

static void have_language(struct usb_ecm *m, int rc, size_t actual)
{
    const uint8_t *b = m->eth->dev->buf;
    uint16_t language = ENGLISH;
    if (rc == RC_OK && actual >= 4 && b[1] == USB_DT_STRING)
        language = usb_get16(b + 2);
    get_string(m, ECM_MAC, m->desc.mac_string, language);
}

static void have_mac(struct usb_ecm *m, int rc, size_t actual)
{
    struct usb_eth *e = m->eth;
    if (rc != RC_OK || usb_desc_mac(e->dev->buf, actual, e->mac) != RC_OK) {
        usb_reset(e->dev, "Ethernet: no usable MAC address");
        return;
    }
    step(m, ECM_ALTERNATE,
         (struct usb_request){.type = 0x01,
                              .request = REQ_SET_INTERFACE,
                              .value = m->desc.data_alt,
                              .index = m->desc.data_if});
}

/* Toggles begin at DATA0 after SET_INTERFACE (USB 2.0, 9.1.1.5): the pipes
 * are opened only here. */
static void go_up(struct usb_ecm *m)
{
    bool notes = m->desc.has_notify && !m->usb_net;
    usb_eth_up(m->eth, &m->desc.in, &m->desc.out,
               notes ? &m->desc.notify : NULL);
    m->eth->link = !notes;
    m->guess = notes ? usb_now(m->eth->dev) + GUESS_NS : MONO_NEVER;
    if (m->usb_net && m->eth->dev->core->host->emulated)
        m->eth->out.mps_qemu = USB_ETH_TX_BYTES; /* one frame per work tick */
}

static void have_alternate(struct usb_ecm *m, int rc)
{
    if (rc != RC_OK && m->desc.data_alt != 0) {
        usb_reset(m->eth->dev, "Ethernet: data interface refused");
        return;
    }
    if (m->usb_net) { /* would STALL the filter */
        go_up(m);
        return;
    }
    step(m, ECM_FILTER,
         (struct usb_request){.type = 0x21,
                              .request = REQ_PACKET_FILTER,
                              .value = FILTER,
                              .index = m->desc.control_if});
}

static void stepped(struct usb_dev *d, int rc, size_t actual)
{
    const struct usb_eth *e = d->cls;
    struct usb_ecm *m = e->self;

    switch (m->state) {
    case ECM_LANGUAGE:
        have_language(m, rc, actual);
        break;
    case ECM_MAC:
        have_mac(m, rc, actual);
        break;
    case ECM_ALTERNATE:
        have_alternate(m, rc);
        break;
    default:
        go_up(m); /* the filter is optional: a refusal means it cannot */
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

static int ecm_start(const struct usb_class *c, struct usb_dev *dev,
                     const uint8_t *cfg, size_t len)
{
    struct usb_ecm *m = c->pool;
    struct usb_ecm_desc desc;

    if (usb_desc_ecm(cfg, len, &desc) != RC_OK) {
        dev->why = "malformed CDC Ethernet configuration";
        return RC_BAD;
    }
    int rc = usb_eth_begin(c->eth, dev, &ecm_chip, m);
    if (rc != RC_OK)
        return rc;
    *m = (struct usb_ecm){
        .eth = c->eth,
        .desc = desc,
        .guess = MONO_NEVER,
        .usb_net = dev->desc.vid == 0x0525 && dev->desc.pid == 0xa4a2,
    };
    get_string(m, ECM_LANGUAGE, 0, 0);
    return RC_OK;
}

static void ecm_poll(struct usb_dev *dev, mono_ns now)
{
    struct usb_eth *e = dev->cls;
    struct usb_ecm *m = e->self;

    if (now >= m->guess) {
        m->guess = MONO_NEVER;
        e->link = true;
    }
    usb_eth_poll(e, now);
}

static mono_ns ecm_due(const struct usb_dev *dev)
{
    const struct usb_eth *e = dev->cls;
    const struct usb_ecm *m = e->self;
    return mono_min(m->guess, usb_eth_due(e));
}

static void ecm_gone(struct usb_dev *dev)
{
    usb_eth_gone(dev->cls);
}

const struct usb_class_driver usb_ecm_driver = {
    .name = "CDC Ethernet",
    .match = ecm_match,
    .start = ecm_start,
    .poll = ecm_poll,
    .due = ecm_due,
    .gone = ecm_gone,
};
