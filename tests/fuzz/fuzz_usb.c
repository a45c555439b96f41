/* USB devices that lie: a hub and Ethernet devices as tests/drivers has them,
 * whose answers are changed on their way through the model of the controller:
 * descriptors, hub and port status, notifications, MAC string, frames. None
 * may stop the driver, make it do to the hardware what must not be done, or
 * keep the Ethernet down once an honest device is plugged in.
 *
 * Input: what is plugged in (1 byte), changes. A change: how many answers pass
 * before it (1 byte), what (1), offset (1), length (1), bytes. */
#include <string.h>

#include "usb_skip.h"

enum {
    OVERLAY, /* these bytes at offset                                       */
    REPLACE, /* the whole packet                                            */
    CUT,     /* to so many bytes                                            */
    STALL,
    NAK,
    SILENT,
    REPLUG, /* the root device goes and comes                               */
    NOTE,   /* the Ethernet device has a notification                       */
    CHANGE, /* the hub's ports change                                       */
    KINDS,
};

#define HOSTILE    (4 * MONO_S)
#define LAST       (300 * MONO_MS) /* after the last lie */
#define HONEST     (6 * MONO_S)
#define TWO_AT_ONE "two devices answer at one address"
#define PORT_OFF   "channel started on a disabled port"

static struct usb u;
static struct mdev hub[2], net, kbd, honest;
static struct {
    const uint8_t *in;
    size_t len;
    unsigned pass; /* answers before the next change                        */
} sim;

int __real_mdev_in(struct mdev *d, unsigned ep, size_t mps, unsigned *pid,
                   uint8_t *b, size_t *n);
int __wrap_mdev_in(struct mdev *d, unsigned ep, size_t mps, unsigned *pid,
                   uint8_t *b, size_t *n);

static void irq(void)
{
    usb_irq(&u);
}

/* ---- answers ------------------------------------------------------------- */

static void count_down(void)
{
    sim.pass = sim.len >= 4 ? sim.in[0] : 0;
}

static void set_changes(const uint8_t *b, size_t n)
{
    for (size_t i = 0; i + 1 < n && i / 2 < MDEV_PORTS; i += 2) {
        hub[0].status[1 + i / 2] ^= b[i];
        hub[0].change[1 + i / 2] ^= b[i + 1];
    }
}

static int apply(unsigned what, size_t at, const uint8_t *from, size_t len,
                 size_t mps, uint8_t *b, size_t *n)
{
    switch (what) {
    case OVERLAY:
        for (size_t i = 0; i < len && at + i < *n; i++)
            b[at + i] = from[i];
        return ANSWER_ACK;
    case REPLACE:
        *n = len < mps ? len : mps;
        memcpy(b, from, *n);
        return ANSWER_ACK;
    case CUT:
        *n = at < *n ? at : *n;
        return ANSWER_ACK;
    case STALL:
        return ANSWER_STALL;
    case NAK:
        return ANSWER_NAK;
    case SILENT:
        return ANSWER_NONE;
    case NOTE:
        net.note_due = true;
        memcpy(net.note, from, len < 8 ? len : 8);
        return ANSWER_ACK;
    case CHANGE:
        set_changes(from, len);
        return ANSWER_ACK;
    default:
        model_unplug();
        model_plug(model.root ? model.root : &net);
        return ANSWER_NONE;
    }
}

int __wrap_mdev_in(struct mdev *d, unsigned ep, size_t mps, unsigned *pid,
                   uint8_t *b, size_t *n)
{
    int answer = __real_mdev_in(d, ep, mps, pid, b, n);
    if (sim.len < 4 || answer != ANSWER_ACK)
        return answer;
    if (sim.pass > 0) {
        sim.pass--;
        return answer;
    }
    const uint8_t *c = sim.in;
    unsigned what = c[1] % KINDS;
    bool bytes = what == OVERLAY || what == REPLACE || what >= NOTE;
    size_t len = c[3] < sim.len - 4 ? c[3] : sim.len - 4;
    len = bytes ? len : 0;
    sim.in += 4 + len;
    sim.len -= 4 + len;
    count_down();
    struct mdev *root = model.root;
    answer = apply(what, c[2], c + 4, len, mps, b, n);
    if (what == REPLUG)
        model_plug(root);
    return answer;
}

/* ---- the driver's side --------------------------------------------------- */

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

static void look(void)
{
    /* A device that was not reset because its hub lied; one that left and
     * whose end the driver could not know yet. */
    if (model.faults && (strcmp(model.fault, TWO_AT_ONE) == 0 ||
                         strcmp(model.fault, PORT_OFF) == 0))
        model.faults = 0;
    if (model.faults)
        panic(__FILE__, __LINE__, model.fault);
    ASSERT(usb_due(&u) >= 0);
}

/* Until this time, or until the Ethernet is up; returns whether it is. */
static bool run(span_ns ns, bool until_up)
{
    mono_ns end = model_now() + ns;
    void *dev;
    while (model_now() < end) {
        model_run(FRAME);
        usb_poll(&u, model_now());
        look();
        frames();
        if (until_up && usb_ethernet(&u, &dev))
            return true;
        if (!until_up && sim.len < 4)
            end = mono_min(end, model_now() + LAST);
        skip_idle(&u, end);
    }
    return false;
}

static struct mdev *plugged(uint8_t what)
{
    uint8_t speed = what & 4 ? SPEED_HIGH : SPEED_FULL;
    mdev_hub(&hub[0], speed);
    mdev_hub(&hub[1], speed);
    mdev_keyboard(&kbd, SPEED_LOW);
    if (what & 8)
        mdev_usbnet(&net);
    else
        mdev_ecm(&net, speed);
    if ((what & 3) == 0)
        return &net;
    mdev_plug(&hub[0], 1, (what & 3) == 3 ? &hub[1] : &net);
    if ((what & 3) == 3)
        mdev_plug(&hub[1], 2, &net);
    if ((what & 3) == 2)
        mdev_plug(&hub[0], 2, &kbd);
    return &hub[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    if (len < 1 || len > 1000)
        return 0;
    model_init(&u, sizeof u);
    sim.in = in + 1;
    sim.len = len - 1;
    count_down();
    model.irq = in[0] & 16 ? irq : NULL;
    usb_init(&u, MODEL_BASE, &model_machine, model_now());
    model_plug(plugged(in[0]));
    run(HOSTILE, false);
    sim.len = 0;
    model_unplug();
    run(1 * MONO_S, false);
    ASSERT(model_active() == 0);
    mdev_ecm(&honest, SPEED_HIGH);
    model_plug(&honest);
    ASSERT(run(HONEST, true));
    return 0;
}
