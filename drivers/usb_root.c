/* The root port, which is the controller's own: debounce, reset, watch. */
#include "usb_private.h"

enum {
    ROOT_DOWN, /* controller not ready                                   */
    ROOT_EMPTY,
    ROOT_DEBOUNCE, /* until root_when                                        */
    ROOT_WAIT,     /* device waits for its turn                              */
    ROOT_RESET,
    ROOT_ENABLE,
    ROOT_RECOVER,
    ROOT_UP,
};

#define DEBOUNCE_NS (100 * MONO_MS) /* USB 2.0, 7.1.7.3                       */
#define RESET_NS    (50 * MONO_MS)  /* 7.1.7.5: root ports                    */
#define ENABLE_NS   (100 * MONO_MS)
#define RECOVER_NS  (10 * MONO_MS) /* 7.1.7.5: TRSTRCY                       */
#define LOOK_NS     (10 * MONO_MS) /* without an interrupt                   */

static void enter(struct usb_core *c, uint8_t state, span_ns wait)
{
    c->root_state = state;
    c->root_when = c->host->now + wait;
}

static void drop(struct usb_core *c)
{
    if (c->root)
        usb_detach(c->root);
    c->root = NULL;
}

void usb_root_reset(struct usb_core *c)
{
    dwc2_port_reset(c->host, true);
    enter(c, ROOT_RESET, RESET_NS);
}

void usb_root_rescan(struct usb_core *c)
{
    c->root = NULL;
    enter(c, ROOT_DEBOUNCE, DEBOUNCE_NS);
}

/* True when the port changed hands and nothing else is to be done. */
static bool changed(struct usb_core *c, const struct dwc2_port *p)
{
    bool replugged = p->connect_changed &&
                     (c->root_state == ROOT_WAIT || c->root_state == ROOT_UP);
    bool cut_off = c->root_state == ROOT_UP && !p->enabled;

    if (!p->connected) {
        if (c->root_state == ROOT_RESET)
            dwc2_port_reset(c->host, false);
        drop(c);
        c->root_state = ROOT_EMPTY;
        return true;
    }
    if (c->root_state == ROOT_EMPTY || replugged || cut_off ||
        (c->root_state == ROOT_DEBOUNCE && p->connect_changed)) {
        drop(c);
        enter(c, ROOT_DEBOUNCE, DEBOUNCE_NS);
        return true;
    }
    return false;
}

static void attach(struct usb_core *c)
{
    c->root = usb_attach(c, NULL, 0);
    if (c->root)
        c->root_state = ROOT_WAIT;
    else
        enter(c, ROOT_DEBOUNCE, LOOK_NS); /* the last one is still closing */
}

static void enabled(struct usb_core *c, const struct dwc2_port *p, bool late)
{
    if (p->enabled) {
        c->root_speed = p->speed;
        dwc2_port_enabled(c->host, p->speed);
        enter(c, ROOT_RECOVER, RECOVER_NS);
    } else if (late && c->root) {
        c->root_state = ROOT_WAIT;
        usb_port_failed(c->root, "port is not enabled by its reset");
    }
}

void usb_root_poll(struct usb_core *c)
{
    if (!dwc2_ready(c->host)) {
        drop(c);
        c->root_state = ROOT_DOWN;
        return;
    }
    struct dwc2_port p = dwc2_port_take(c->host);
    bool ripe = c->host->now >= c->root_when;

    c->over_current = p.over_current;
    if (c->root_state == ROOT_DOWN)
        c->root_state = ROOT_EMPTY;
    if (changed(c, &p))
        return;
    switch (c->root_state) {
    case ROOT_DEBOUNCE:
        if (ripe)
            attach(c);
        break;
    case ROOT_RESET:
        if (ripe) {
            dwc2_port_reset(c->host, false);
            enter(c, ROOT_ENABLE, ENABLE_NS);
        }
        break;
    case ROOT_ENABLE:
        enabled(c, &p, ripe);
        break;
    case ROOT_RECOVER:
        if (ripe && c->root) {
            c->root_state = ROOT_UP;
            usb_port_ready(c->root, (uint8_t)c->root_speed);
        }
        break;
    default:
        break;
    }
}

mono_ns usb_root_due(const struct usb_core *c)
{
    switch (c->root_state) {
    case ROOT_DEBOUNCE:
    case ROOT_RESET:
    case ROOT_RECOVER:
        return c->root_when;
    case ROOT_ENABLE:
        return c->host->now + MONO_MS;
    case ROOT_DOWN:
        return MONO_NEVER; /* dwc2_due speaks for it */
    default:
        return c->host->irq_seen ? MONO_NEVER : c->host->now + LOOK_NS;
    }
}
