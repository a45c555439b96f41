/* lan_liar.h -- a LAN95xx or LAN78xx that lies: registers, the PHY's answers
 * and what it has received are the input's. The driver may drop, reset and
 * begin anew; it must not read beyond a transfer, hand up what is no frame, do
 * to the controller what must not be done, or stay down once the chip is
 * honest again.
 *
 * Input: changes. A change: how many transfers pass before it (1 byte), what
 * (1), length (2, of it 11 bits), bytes. */
#ifndef LAN_LIAR_H
#define LAN_LIAR_H

#include <string.h>

#include "usb_skip.h"

enum {
    STREAM, /* the next bulk IN transfer is these bytes                     */
    WORD,   /* the next register read is this                               */
    STALL,
    SILENT,
    CABLE, /* what is at its other end                                      */
    KINDS,
};

#define PORT_OFF "channel started on a disabled port"
#define HOSTILE  (3 * MONO_S)
#define LAST     (100 * MONO_MS)
#define HONEST   (6 * MONO_S)

static struct usb u;
static struct usb_chip chip;
static struct mdev lan;
static struct usb_chip_kind liar;
static const struct usb_chip_kind *honest;
static struct {
    const uint8_t *in;
    size_t len;
    unsigned pass;
} sim;

static void irq(void)
{
    usb_irq(&u);
}

static void count_down(void)
{
    sim.pass = sim.len >= 4 ? sim.in[0] % 64 : 0;
}

/* The bytes of the next change, if it is one of this kind and due. */
static const uint8_t *due(unsigned what, size_t *len)
{
    if (sim.len < 4 || sim.in[1] % KINDS != what)
        return NULL;
    if (sim.pass > 0) {
        sim.pass--;
        return NULL;
    }
    const uint8_t *p = sim.in + 4;
    size_t n = sim.in[2] | (size_t)(sim.in[3] & 7) << 8;
    *len = n < sim.len - 4 ? n : sim.len - 4;
    sim.in += 4 + *len;
    sim.len -= 4 + *len;
    count_down();
    return p;
}

static size_t in_next(struct usb_chip *c, uint8_t *b, bool *empty)
{
    size_t n;
    const uint8_t *p = due(STREAM, &n);
    if (!p)
        return honest->in_next(c, b, empty);
    memcpy(b, p, n);
    *empty = true;
    return n;
}

static bool control(struct usb_chip *c, const uint8_t s[8], uint8_t *data,
                    size_t *len)
{
    size_t n;
    const uint8_t *p;
    if (due(STALL, &n))
        return false;
    if (due(SILENT, &n)) {
        c->silent = true;
        return false;
    }
    if ((p = due(CABLE, &n)) && n >= 2)
        chip_partner(c, (struct chip_partner){p[0] & 1, p[0] & 2 ? 10 : 100,
                                              p[0] & 4, p[0] & 8});
    bool ok = honest->control(c, s, data, len);
    if (s[0] & 0x80 && (p = due(WORD, &n)))
        memcpy(data, p, *len = n < 4 ? n : 4);
    return ok;
}

static void frames(void)
{
    static const uint8_t out[300] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};
    uint8_t in[1514];
    uint64_t stamp;
    void *dev;
    const struct eth_ops *e = usb_ethernet(&u, &dev);
    if (!e)
        return;
    int n = e->recv(dev, in, sizeof in, &stamp);
    ASSERT(n == RC_AGAIN || (n >= 14 && n <= 1514));
    if (n == RC_AGAIN)
        ASSERT(e->send(dev, out, sizeof out, &stamp) != RC_BAD);
}

static bool run(span_ns ns, bool until_up)
{
    mono_ns end = model_now() + ns;
    void *dev;
    while (model_now() < end) {
        model_run(FRAME);
        usb_poll(&u, model_now());
        /* It has left, which the driver could not know yet. */
        if (model.faults && strcmp(model.fault, PORT_OFF) == 0)
            model.faults = 0;
        if (model.faults)
            panic(__FILE__, __LINE__, model.fault);
        frames();
        if (until_up && usb_ethernet(&u, &dev))
            return true;
        if (!until_up && sim.len < 4)
            end = mono_min(end, model_now() + LAST);
        skip_idle(&u, end);
    }
    return false;
}

static void nowhere(void *ctx, const uint8_t *p, size_t len)
{
    (void)ctx;
    (void)p;
    (void)len;
}

static int lie(const struct usb_chip_kind *kind, const uint8_t *in, size_t len)
{
    if (len > 4000)
        return 0;
    model_init(&u, sizeof u);
    sim.in = in;
    sim.len = len;
    count_down();
    model.irq = irq;
    honest = kind;
    liar = *kind;
    liar.in_next = in_next;
    liar.control = control;
    chip_init(&chip, &liar, true, nowhere, NULL);
    chip.negotiation_ns = 1000000;
    mdev_chip(&lan, &chip);
    usb_init(&u, MODEL_BASE, &model_machine, model_now());
    model_plug(&lan);
    run(HOSTILE, false);
    sim.len = 0;
    chip_partner(&chip, (struct chip_partner){true, 100, true, true});
    model_unplug();
    run(1 * MONO_S, false);
    ASSERT(model_active() == 0);
    mdev_chip(&lan, &chip);
    model_plug(&lan);
    ASSERT(run(HONEST, true));
    return 0;
}

#endif
