/* What a person reads of a device that is not in use: which one, and why. */
#include "usb.h"

struct line {
    char *at, *end; /* end: where the last 0 goes at the latest              */
};

static void add(struct line *l, const char *s)
{
    while (*s && l->at < l->end)
        *l->at++ = *s++;
    *l->at = 0;
}

static void add_hex(struct line *l, uint16_t v)
{
    char b[5] = {0};
    for (int i = 0; i < 4; i++)
        b[i] = "0123456789abcdef"[v >> (12 - 4 * i) & 15];
    add(l, b);
}

static void add_number(struct line *l, uint8_t v)
{
    char b[4] = {0}, *p = b;
    if (v >= 100)
        *p++ = (char)('0' + v / 100);
    if (v >= 10)
        *p++ = (char)('0' + v / 10 % 10);
    *p = (char)('0' + v % 10);
    add(l, b);
}

static void add_ids(struct line *l, const struct usb_dev *d)
{
    add_hex(l, d->desc.vid);
    add(l, ":");
    add_hex(l, d->desc.pid);
}

/* USB's class codes, as far as people plug them in. */
static const char *kind_of(const struct usb_dev *d)
{
    switch (d->kind) {
    case 0x01:
        return "sound";
    case 0x02:
    case 0x0a:
        return "network or modem";
    case 0x03:
        return "keyboard, mouse or the like";
    case 0x07:
        return "printer";
    case 0x08:
        return "disk";
    case 0x09:
        return "hub";
    case 0x0e:
        return "camera";
    case 0xe0:
        return "radio";
    case 0xff:
        return "of its maker's own kind";
    default:
        return NULL;
    }
}

static void add_who(struct line *l, const struct usb_dev *d)
{
    static const char *const speeds[] = {"high", "full", "low"};
    if (d->desc.vid) {
        add(l, "USB device ");
        add_ids(l, d);
    } else { /* it has not told, or could not be asked */
        add(l, "a ");
        add(l, speeds[d->speed % LEN(speeds)]);
        add(l, "-speed USB device");
    }
    if (d->name[0] || kind_of(d)) {
        add(l, " (");
        add(l, d->name);
        add(l, d->name[0] && kind_of(d) ? ", " : "");
        add(l, kind_of(d) ? kind_of(d) : "");
        add(l, ")");
    }
    if (d->parent) {
        add(l, " on port ");
        add_number(l, d->port);
        add(l, " of hub ");
        add_ids(l, d->parent);
    }
}

/* How likely it is what should have been the Ethernet; 0: it is in use. A
 * device that fails may be that, a keyboard is not. */
static int likely(const struct usb_dev *d)
{
    if (d->state == USB_FAILED)
        return d->when == MONO_NEVER ? 1 : 3;
    if (d->state == USB_UNUSED)
        return d->kind == 0x03 ? 1 : 2;
    return 0;
}

const char *usb_refused(struct usb *u)
{
    const struct usb_dev *worst = NULL;
    for (size_t i = 0; i < USB_DEVICES; i++)
        if (likely(&u->core.dev[i]) > (worst ? likely(worst) : 0))
            worst = &u->core.dev[i];
    if (!worst)
        return NULL;
    struct line l = {u->text, u->text + sizeof u->text - 1};
    add_who(&l, worst);
    add(&l, ": ");
    add(&l, worst->why);
    return u->text;
}

const char *usb_trouble(struct usb *u)
{
    if (u->host.trouble)
        return u->host.trouble;
    if (u->core.over_current)
        return "USB port: over-current";
    if (u->eth.dev)
        return NULL; /* a keyboard that is refused harms nobody */
    return usb_refused(u);
}
