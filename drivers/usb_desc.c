#include "usb_desc.h"

uint16_t usb_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | (unsigned)p[1] << 8);
}

int usb_desc_device(const uint8_t *p, size_t len, struct usb_device_desc *out)
{
    if (len < 18 || p[0] < 18 || p[1] != USB_DT_DEVICE)
        return RC_BAD;
    *out = (struct usb_device_desc){
        .usb_bcd = usb_get16(p + 2),
        .dev_class = p[4],
        .subclass = p[5],
        .protocol = p[6],
        .mps0 = p[7],
        .vid = usb_get16(p + 8),
        .pid = usb_get16(p + 10),
        .bcd = usb_get16(p + 12),
        .product = p[15],
        .configs = p[17],
    };
    return RC_OK;
}

int usb_desc_total(const uint8_t *p, size_t len)
{
    if (len < 9 || p[0] < 9 || p[1] != USB_DT_CONFIG)
        return RC_BAD;
    int total = usb_get16(p + 2);
    return total >= 9 ? total : RC_BAD;
}

struct usb_walk usb_walk_of(const uint8_t *cfg, size_t len)
{
    struct usb_walk w = {.at = cfg, .end = cfg};
    int total = usb_desc_total(cfg, len);
    if (total >= 0)
        w.end = cfg + ((size_t)total < len ? (size_t)total : len);
    return w;
}

bool usb_walk_next(struct usb_walk *w)
{
    if (w->end - w->at < 2 || w->at[0] < 2 || w->at[0] > w->end - w->at) {
        w->at = w->end;
        return false;
    }
    w->p = w->at;
    w->len = w->at[0];
    w->type = w->at[1];
    w->at += w->len;
    return true;
}

int usb_desc_endpoint(const struct usb_walk *w, struct usb_endpoint *out)
{
    if (w->type != USB_DT_ENDPOINT || w->len < 7)
        return RC_BAD;
    struct usb_endpoint e = {
        .number = w->p[2] & 15,
        .in = w->p[2] & 0x80,
        .type = w->p[3] & 3,
        .mps = usb_get16(w->p + 4) & 0x7ff,
        .interval = w->p[6],
    };
    if (e.number == 0 || e.mps == 0 || e.mps > 1024)
        return RC_BAD;
    *out = e;
    return RC_OK;
}

uint8_t usb_desc_kind(const struct usb_device_desc *d, const uint8_t *cfg,
                      size_t len)
{
    struct usb_walk w = usb_walk_of(cfg, len);
    while (d->dev_class == 0 && usb_walk_next(&w))
        if (w.type == USB_DT_INTERFACE && w.len >= 9)
            return w.p[5];
    return d->dev_class;
}

void usb_desc_text(const uint8_t *str, size_t len, char *out, size_t cap)
{
    size_t n = 0;
    if (len >= 2 && str[1] == USB_DT_STRING && str[0] < len)
        len = str[0];
    for (size_t i = 2;
         len >= 2 && str[1] == USB_DT_STRING && i + 1 < len && n + 1 < cap;
         i += 2) {
        uint16_t c = usb_get16(str + i);
        out[n++] = (char)(c >= ' ' && c < 0x7f ? c : '?');
    }
    out[n] = 0;
}

int64_t usb_interval_ns(const struct usb_endpoint *e, bool high_speed)
{
    unsigned n = e->interval ? e->interval : 1;
    if (!high_speed)
        return (int64_t)n * 1000000;
    if (n > 16)
        n = 16;
    return (int64_t)125000 << (n - 1);
}

int usb_desc_hub_endpoint(const uint8_t *cfg, size_t len,
                          struct usb_endpoint *out)
{
    struct usb_walk w = usb_walk_of(cfg, len);
    bool hub = false;

    while (usb_walk_next(&w)) {
        if (w.type == USB_DT_INTERFACE && w.len >= 9)
            hub = w.p[5] == 9 && w.p[3] == 0;
        struct usb_endpoint e;
        if (hub && usb_desc_endpoint(&w, &e) == RC_OK && e.in && e.type == 3) {
            *out = e;
            return RC_OK;
        }
    }
    return RC_BAD;
}

/* Bulk packets are 8, 16, 32, 64 or 512 bytes (5.8.3). */
static bool bulk_size_ok(uint16_t mps)
{
    return mps == 8 || mps == 16 || mps == 32 || mps == 64 || mps == 512;
}

int usb_desc_bulk_pair(const uint8_t *cfg, size_t len, struct usb_endpoint *in,
                       struct usb_endpoint *out)
{
    struct usb_walk w = usb_walk_of(cfg, len);
    bool has_in = false, has_out = false;

    while (usb_walk_next(&w) && !(has_in && has_out)) {
        struct usb_endpoint e;
        if (w.type == USB_DT_INTERFACE)
            has_in = has_out = false;
        if (usb_desc_endpoint(&w, &e) != RC_OK || e.type != 2 ||
            !bulk_size_ok(e.mps))
            continue;
        *(e.in ? in : out) = e;
        has_in = has_in || e.in;
        has_out = has_out || !e.in;
    }
    return has_in && has_out ? RC_OK : RC_BAD;
}

/* ---- CDC ECM ------------------------------------------------------------- */

/* The function's control interface, its union and its Ethernet descriptor. */
static int ecm_control(const uint8_t *cfg, size_t len, struct usb_ecm_desc *d)
{
    struct usb_walk w = usb_walk_of(cfg, len);
    bool inside = false, ethernet = false;

    while (usb_walk_next(&w)) {
        if (w.type == USB_DT_INTERFACE && w.len >= 9) {
            if (ethernet)
                break;
            inside = w.p[5] == 2 && w.p[6] == 6;
            if (inside) {
                d->control_if = w.p[2];
                d->data_if = (uint8_t)(w.p[2] + 1);
                d->has_notify = false;
            }
        }
        struct usb_endpoint e;
        if (!inside)
            continue;
        if (w.type == USB_DT_CS_INTERFACE && w.len >= 5 && w.p[2] == 6) {
            d->data_if = w.p[4]; /* union: first subordinate */
        } else if (w.type == USB_DT_CS_INTERFACE && w.len >= 13 &&
                   w.p[2] == 15) {
            d->mac_string = w.p[3];
            ethernet = true;
        } else if (usb_desc_endpoint(&w, &e) == RC_OK && e.in && e.type == 3) {
            d->notify = e;
            d->has_notify = true;
        }
    }
    return ethernet ? RC_OK : RC_BAD;
}

/* The first alternate setting of the data interface with a bulk endpoint
 * each way (ECM 1.2, 5.1: alternate 0 has none). */
static int ecm_data(const uint8_t *cfg, size_t len, struct usb_ecm_desc *d)
{
    struct usb_walk w = usb_walk_of(cfg, len);
    bool inside = false, in = false, out = false;

    while (usb_walk_next(&w)) {
        struct usb_endpoint e;
        if (w.type == USB_DT_INTERFACE && w.len >= 9) {
            inside = w.p[2] == d->data_if && w.p[5] == 10;
            d->data_alt = w.p[3];
            in = out = false;
        } else if (inside && usb_desc_endpoint(&w, &e) == RC_OK &&
                   e.type == 2) {
            if (e.in)
                d->in = e;
            else
                d->out = e;
            in = in || e.in;
            out = out || !e.in;
            if (in && out)
                return RC_OK;
        }
    }
    return RC_BAD;
}

int usb_desc_ecm(const uint8_t *cfg, size_t len, struct usb_ecm_desc *out)
{
    struct usb_ecm_desc d = {0};
    if (ecm_control(cfg, len, &d) != RC_OK || ecm_data(cfg, len, &d) != RC_OK)
        return RC_BAD;
    if (!bulk_size_ok(d.in.mps) || !bulk_size_ok(d.out.mps))
        return RC_BAD;
    *out = d;
    return RC_OK;
}

static int hex(unsigned c)
{
    if (c >= '0' && c <= '9')
        return (int)(c - '0');
    c |= 0x20;
    if (c >= 'a' && c <= 'f')
        return (int)(c - 'a' + 10);
    return RC_BAD;
}

int usb_desc_mac(const uint8_t *str, size_t len, uint8_t mac[6])
{
    uint8_t m[6] = {0}, any = 0;

    if (len < 26 || str[0] < 26 || str[1] != USB_DT_STRING)
        return RC_BAD;
    for (size_t i = 0; i < 12; i++) {
        int v = hex(usb_get16(str + 2 + 2 * i));
        if (v < 0)
            return RC_BAD;
        m[i / 2] = (uint8_t)(m[i / 2] << 4 | v);
        any |= m[i / 2];
    }
    if (!any || m[0] & 1)
        return RC_BAD;
    for (size_t i = 0; i < 6; i++)
        mac[i] = m[i];
    return RC_OK;
}
