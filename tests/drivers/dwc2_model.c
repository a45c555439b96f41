#include "dwc2_model.h"

#include <stdio.h>
#include <string.h>

#include "dwc2_regs.h"

struct dwc2_model model;
const struct usb_eth_machine model_machine = {
    .mac = {0xb8, 0x27, 0xeb, 0x12, 0x34, 0x56}, .tick_hz = 1000000000};

#define CHANNELS 8u
#define FRAME_NS 125000u

static uint32_t r[0x1000 / 4];
static uint8_t *mem, shadow[1 << 20];
static size_t mem_len;
static uint64_t now_ns, reset_at, forced_at, port_reset_at;
static bool in_irq;

#define REG(off) r[(off) / 4]

static void fault(const char *what)
{
    if (model.faults++ == 0)
        snprintf(model.fault, sizeof model.fault, "%s", what);
}

/* ---- the machine --------------------------------------------------------- */

int64_t model_now(void)
{
    return (int64_t)now_ns;
}

uint64_t hw_ticks(void)
{
    return now_ns += model.ticks_step;
}

uint32_t hw_bus_addr(const void *p)
{
    size_t at = (size_t)((const uint8_t *)p - mem);
    if (at >= mem_len)
        fault("bus address of memory that is not the driver's");
    return 0xc0000000u + (uint32_t)at;
}

static void lines(const void *p, size_t len, size_t *from, size_t *to)
{
    size_t at = (size_t)((const uint8_t *)p - mem);
    *from = at & ~(size_t)63;
    *to = (at + len + 63) & ~(size_t)63;
    if (at >= mem_len || *to > mem_len) {
        fault("cache operation outside the driver's memory");
        *from = *to = 0;
    }
}

void hw_dma_clean(const void *p, size_t len)
{
    size_t from, to;
    lines(p, len, &from, &to);
    memcpy(shadow + from, mem + from, to - from);
}

void hw_dma_discard(void *p, size_t len)
{
    size_t from, to;
    lines(p, len, &from, &to);
    if (((uintptr_t)p | len) & 63)
        fault("discard of part of a cache line");
    memcpy(mem + from, shadow + from, to - from);
}

static uint8_t *bus(uint32_t addr, size_t len)
{
    size_t at = addr - 0xc0000000u;
    if (at & 3 || at > mem_len || len > mem_len - at) {
        fault("DMA outside the driver's memory");
        return shadow;
    }
    return shadow + at;
}

/* ---- interrupts ---------------------------------------------------------- */

static uint32_t haint(void)
{
    uint32_t v = 0;
    for (uint32_t n = 0; n < CHANNELS; n++)
        if (REG(HCINT(n)) & REG(HCINTMSK(n)))
            v |= 1u << n;
    return v;
}

static uint32_t gintsts(void)
{
    uint32_t v = 0;
    bool mode =
        forced_at && now_ns >= forced_at + 25000000 && !model.stuck_mode;
    if (mode)
        v |= INT_HOST_MODE;
    if (REG(HPRT0) & (PRT_CONNDET | PRT_ENACHG | PRT_OCCHG))
        v |= INT_PORT;
    if (haint() & REG(HAINTMSK))
        v |= INT_CHAN;
    return v;
}

/* The line is level-triggered: the handler runs until it is quiet. */
static void interrupt(void)
{
    if (!model.irq || in_irq)
        return;
    in_irq = true;
    for (int i = 0;
         i < 20 && REG(GAHBCFG) & AHB_GINT && gintsts() & REG(GINTMSK); i++) {
        if (i == 19)
            fault("interrupt storm");
        model.irq();
    }
    in_irq = false;
}

/* ---- root port ----------------------------------------------------------- */

void model_plug(struct mdev *d)
{
    model.root = d;
    REG(HPRT0) |= PRT_CONN | PRT_CONNDET;
    interrupt();
}

void model_unplug(void)
{
    model.root = NULL;
    uint32_t v = REG(HPRT0) & ~(PRT_CONN | PRT_ENA | 3u << 17);
    REG(HPRT0) = v | PRT_CONNDET | PRT_ENACHG;
    interrupt();
}

static void port_write(uint32_t v)
{
    uint32_t old = REG(HPRT0);
    uint32_t keep = old & (PRT_CONN | PRT_OC | 3u << 17);
    uint32_t changes = old & ~v & (PRT_CONNDET | PRT_ENACHG | PRT_OCCHG);

    if (v & PRT_ENA)
        fault("HPRT0 written back with ENA: that disables the port");
    if (old & PRT_PWR && !(v & PRT_PWR))
        fault("port power switched off");
    uint32_t now = keep | changes | (old & PRT_ENA) | (v & (PRT_PWR | PRT_RST));
    if (!(old & PRT_RST) && v & PRT_RST)
        port_reset_at = now_ns;
    if (v & PRT_RST)
        now &= ~PRT_ENA;
    if (old & PRT_RST && !(v & PRT_RST) && model.root && !model.no_enable) {
        if (now_ns - port_reset_at < 50000000)
            fault("root port reset shorter than 50 ms");
        mdev_reset(model.root);
        now = (now & ~(3u << 17)) | PRT_ENA | PRT_ENACHG |
              (uint32_t)model.root->speed << 17;
    }
    REG(HPRT0) = now;
}

/* ---- channels ------------------------------------------------------------ */

static void chan_check(uint32_t n)
{
    uint32_t c = REG(HCCHAR(n)), t = REG(HCTSIZ(n));
    uint32_t mps = c & 0x7ff, size = t & 0x7ffff, packets = t >> 19 & 0x3ff;
    uint32_t need = size ? (size + mps - 1) / (mps ? mps : 1) : 1;

    if ((REG(GAHBCFG) & 0x3f) != (AHB_DMA | AHB_AXI_WAIT | AHB_GINT))
        fault("channel started without DMA set up as the silicon wants");
    if (mps == 0 || packets != need)
        fault("packet count does not fit size and MPS");
    if (c & HC_IN && (size == 0 || size % mps))
        fault("IN size is not whole packets");
    if ((t >> 29 & 3) == PID_SETUP && size != 8)
        fault("SETUP is not 8 bytes");
    if (REG(HCSPLT(n)))
        fault("split transaction");
    if (!(REG(HPRT0) & PRT_ENA))
        fault("channel started on a disabled port");
    for (uint32_t m = 0; m < CHANNELS; m++)
        if (m != n && REG(HCCHAR(m)) & HC_ENA &&
            !((REG(HCCHAR(m)) ^ c) & 0x1fc0f800u & ~(c >> 18 & 3 ? 0 : HC_IN)))
            fault("two channels on one endpoint");
}

static void chan_write(uint32_t n, uint32_t v)
{
    uint32_t old = REG(HCCHAR(n));
    if (v & HC_DIS) {
        REG(HCCHAR(n)) = old | HC_DIS;
    } else {
        if (old & HC_ENA && v & HC_ENA)
            fault("running channel started again");
        REG(HCCHAR(n)) = v;
        if (v & HC_ENA)
            chan_check(n);
    }
}

static void halt(uint32_t n, uint32_t why)
{
    REG(HCCHAR(n)) &= ~(HC_ENA | HC_DIS);
    REG(HCINT(n)) |= why | HCI_HALT;
}

/* One packet went through: count it, turn the PID. */
static void advance(uint32_t n, uint32_t moved)
{
    uint32_t t = REG(HCTSIZ(n));
    uint32_t pid = t >> 29 & 3, packets = t >> 19 & 0x3ff;
    uint32_t left = (t & 0x7ffff) - moved;

    pid = pid == PID_DATA1 ? PID_DATA0 : PID_DATA1;
    packets--;
    REG(HCTSIZ(n)) = pid << 29 | packets << 19 | left;
    REG(HCDMA(n)) += moved;
}

static enum inject injected(void)
{
    model.transactions++;
    if (model.inject && model.inject_count &&
        model.transactions >= model.inject_at) {
        model.inject_count--;
        if (model.inject == INJECT_CALL)
            model.inject_call();
        return model.inject;
    }
    return INJECT_NOTHING;
}

static int do_out(struct mdev *d, uint32_t n, uint32_t mps, uint32_t ep,
                  enum inject inj)
{
    uint32_t t = REG(HCTSIZ(n)), pid = t >> 29 & 3, size = t & 0x7ffff;
    uint32_t len = size < mps ? size : mps;
    const uint8_t *b = bus(REG(HCDMA(n)), len);
    int a = pid == PID_SETUP ? mdev_setup(d, b) : mdev_out(d, ep, pid, b, len);

    if (a == ANSWER_ACK && inj == INJECT_LOST_ACK) {
        d->expect_repeat = true;
        return ANSWER_NONE;
    }
    if (a == ANSWER_ACK)
        advance(n, len);
    return a;
}

static int do_in(struct mdev *d, uint32_t n, uint32_t mps, uint32_t ep,
                 bool *is_short)
{
    uint32_t t = REG(HCTSIZ(n)), pid = t >> 29 & 3, sent = 0;
    uint8_t b[1024];
    size_t len = 0;
    int a = mdev_in(d, ep, mps, &sent, b, &len);

    if (a != ANSWER_ACK)
        return a;
    if (sent != pid) {
        d->wrong++;
        halt(n, HCI_TOGGLE);
        return ANSWER_ACK;
    }
    memcpy(bus(REG(HCDMA(n)), mps), b, len);
    mdev_in_acked(d, ep, len, mps);
    advance(n, (uint32_t)len);
    *is_short = len < mps;
    return a;
}

static void answer(uint32_t n, int a, bool is_short)
{
    uint32_t t = REG(HCTSIZ(n)), type = REG(HCCHAR(n)) >> 18 & 3;

    if (!(REG(HCCHAR(n)) & HC_ENA))
        return;
    if (a == ANSWER_STALL)
        halt(n, HCI_STALL);
    else if (a == ANSWER_NAK && type == 3)
        halt(n, HCI_NAK);
    else if (a == ANSWER_NAK)
        REG(HCINT(n)) |= HCI_NAK;
    else if (a == ANSWER_NONE && !model.hang)
        halt(n, HCI_XACT);
    else if (a == ANSWER_ACK && (is_short || (t >> 19 & 0x3ff) == 0))
        halt(n, HCI_DONE);
}

/* True: there is more to do in this frame. */
static bool packet(uint32_t n)
{
    uint32_t c = REG(HCCHAR(n));
    uint32_t mps = c & 0x7ff, ep = c >> 11 & 15;
    unsigned found = 0;
    bool is_short = false;
    enum inject inj = injected();
    struct mdev *d = NULL;

    if (model.root && REG(HPRT0) & PRT_ENA)
        d = mdev_find(model.root, (uint8_t)(c >> 22 & 0x7f), &found);
    if (found > 1)
        fault("two devices answer at one address");
    int a = ANSWER_NONE;
    if (inj == INJECT_NAK)
        a = ANSWER_NAK;
    else if (inj == INJECT_STALL)
        a = ANSWER_STALL;
    else if (inj == INJECT_BABBLE)
        halt(n, HCI_BABBLE);
    else if (d && inj != INJECT_SILENCE)
        a = c & HC_IN ? do_in(d, n, mps, ep, &is_short)
                      : do_out(d, n, mps, ep, inj);
    answer(n, a, is_short);
    return a == ANSWER_ACK && REG(HCCHAR(n)) & HC_ENA;
}

static void chan_frame(uint32_t n)
{
    if (!(REG(HCCHAR(n)) & HC_ENA) && !(REG(HCCHAR(n)) & HC_DIS))
        return;
    if (REG(HCCHAR(n)) & HC_DIS) {
        if (!model.stuck_halt)
            halt(n, 0);
        return;
    }
    int limit = (REG(HCCHAR(n)) >> 18 & 3) == 3 ? 1 : 8;
    while (limit-- > 0 && packet(n))
        ;
}

void model_run(uint64_t ns)
{
    uint64_t until = now_ns + ns;
    do {
        now_ns += until - now_ns < FRAME_NS ? until - now_ns : FRAME_NS;
        mdev_now_ns = now_ns;
        if (model.root)
            mdev_clock(model.root, now_ns);
        for (uint32_t n = 0; n < CHANNELS; n++)
            chan_frame(n);
        interrupt();
    } while (now_ns < until);
}

unsigned model_active(void)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < CHANNELS; i++)
        n += (REG(HCCHAR(i)) & HC_ENA) != 0;
    return n;
}

/* ---- registers ----------------------------------------------------------- */

uint32_t model_reg(uint32_t off)
{
    return REG(off);
}

uint32_t hw_read(uintptr_t reg)
{
    uint32_t off = (uint32_t)(reg - MODEL_BASE);
    interrupt();
    if (off >= 0x1000 || off & 3) {
        fault("read outside the block");
        return 0;
    }
    switch (off) {
    case GSNPSID:
        return model.no_id ? 0 : 0x4f54280a;
    case GHWCFG2:
        return 0x228ddd50;
    case GHWCFG3:
        return 0x0ff000e8;
    case GINTSTS:
        return gintsts();
    case HAINT:
        return haint();
    case HFNUM:
        return ((uint32_t)(now_ns / FRAME_NS) & 0x3fff) |
               ((REG(HFIR) & 0xffff) -
                (uint32_t)(now_ns % FRAME_NS * (REG(HFIR) & 0xffff) / FRAME_NS))
                   << 16;
    case GRSTCTL:
        if (reset_at && now_ns >= reset_at + 500000 && !model.stuck_reset)
            REG(GRSTCTL) &= ~RST_CORE;
        REG(GRSTCTL) &= ~(RST_TX_FLUSH | RST_RX_FLUSH);
        return REG(GRSTCTL) | RST_AHB_IDLE;
    default:
        return REG(off);
    }
}

static void chan_reg_write(uint32_t off, uint32_t v)
{
    uint32_t n = (off - 0x500) / 0x20;
    if (n >= CHANNELS)
        fault("write to a channel that does not exist");
    else if (off == HCCHAR(n))
        chan_write(n, v);
    else if (off == HCINT(n))
        REG(off) &= ~v;
    else if (off != HCINTMSK(n) && REG(HCCHAR(n)) & HC_ENA)
        fault("running channel reprogrammed");
    else
        REG(off) = v;
}

void hw_write(uintptr_t reg, uint32_t v)
{
    uint32_t off = (uint32_t)(reg - MODEL_BASE);
    if (off >= 0x1000 || off & 3) {
        fault("write outside the block");
    } else if (off == HPRT0) {
        port_write(v);
    } else if (off == GRSTCTL) {
        REG(off) = v;
        if (v & RST_CORE) {
            uint32_t conn = REG(HPRT0) & PRT_CONN;
            reset_at = now_ns;
            REG(HPRT0) = conn ? conn | PRT_CONNDET : 0;
            for (uint32_t n = 0; n < CHANNELS; n++)
                REG(HCCHAR(n)) = 0;
        }
    } else if (off == GUSBCFG) {
        if (v & USB_FORCE_HOST && !forced_at)
            forced_at = now_ns;
        REG(off) = v;
    } else if (off == GINTSTS) {
        return; /* nothing here is cleared by writing */
    } else if (off >= 0x500 && off < 0x700) {
        chan_reg_write(off, v);
    } else {
        REG(off) = v;
    }
    interrupt();
}

void model_init(void *m, size_t len)
{
    memset(&model, 0, sizeof model);
    memset(r, 0, sizeof r);
    memset(shadow, 0xee, sizeof shadow); /* nobody has cleaned this yet */
    mem = m;
    mem_len = len;
    now_ns = 1000;
    reset_at = forced_at = port_reset_at = 0;
    in_irq = false;
    if (len > sizeof shadow)
        fault("model: too much memory");
}
