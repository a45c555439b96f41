#include "lan95xx_model.h"
#include "lan_common.h"

#include <string.h>

#define ID_REV      0x000
#define INT_STS     0x008
#define RX_CFG      0x00c
#define TX_CFG      0x010
#define HW_CFG      0x014
#define PM_CTRL     0x020
#define AFC_CFG     0x02c
#define E2P_CMD     0x030
#define BURST_CAP   0x038
#define INT_EP_CTL  0x068
#define BULK_IN_DLY 0x06c
#define MAC_CR      0x100
#define ADDRH       0x104
#define ADDRL       0x108
#define HASHH       0x10c
#define HASHL       0x110
#define MII_ADDR    0x114
#define MII_DATA    0x118
#define COE_CR      0x130

#define SRST 0x0001u
#define BCE  0x0002u
#define LRST 0x0008u
#define MEF  0x0020u
#define BIR  0x1000u
#define FIFO 20480u /* bytes                                               */

static const uint8_t device[18] = {18,   1,    0x00, 0x02, 0xff, 0, 1, 64, 0x24,
                                   0x04, 0x00, 0xec, 0x00, 0x02, 0, 2, 0,  1};

struct lan {
    uint32_t reg[0x140 / 4];
    struct chip_phy phy;
    struct lan_mii mii;
    uint64_t hw_until, pm_until; /* self-clearing bits                      */
    struct lan_fifo fifo;
    struct lan95xx_counts counts;
};
static_assert(sizeof(struct lan) <= CHIP_STATE, "room for it");

static struct lan *lan(struct usb_chip *c)
{
    return (struct lan *)(void *)c->state;
}

#define REG(r) l->reg[(r) / 4]

/* A light reset leaves the USB side as it is. */
static void mac_reset(struct usb_chip *c, struct lan *l)
{
    memset(l->reg, 0, sizeof l->reg);
    REG(ID_REV) = 0xec000002;
    REG(BULK_IN_DLY) = 0x800;
    REG(BURST_CAP) = 0;
    REG(MAC_CR) = 0x00040000;
    REG(ADDRH) = 0x0000ffff; /* no EEPROM */
    REG(ADDRL) = 0xffffffff;
    memset(&l->fifo, 0, sizeof l->fifo);
    l->mii = (struct lan_mii){.write = chip_phy_write, .read = chip_phy_read};
    l->phy.id1 = 0x0007;
    l->phy.id2 = 0xc0c3;
    chip_phy_reset(c, &l->phy, false);
}

static void reset(struct usb_chip *c)
{
    mac_reset(c, lan(c));
}

/* ---- registers ----------------------------------------------------------- */

static void write_reg(struct usb_chip *c, unsigned r, uint32_t v)
{
    struct lan *l = lan(c);
    switch (r) {
    case ID_REV:
        break;
    case INT_STS:
        REG(r) &= ~v;
        break;
    case HW_CFG:
        if (v & (LRST | SRST)) {
            mac_reset(c, l);
            l->hw_until = c->now_ns + 1000000;
        }
        REG(r) = v;
        break;
    case PM_CTRL:
        if (v & 0x10) {
            chip_phy_reset(c, &l->phy, false);
            l->pm_until = c->now_ns + 1000000;
        }
        REG(r) = v;
        break;
    case E2P_CMD:
        REG(r) = (v & 0x7fffffff) | 0x400; /* nothing answers */
        break;
    case MII_ADDR:
        lan_mii_command(c, &l->mii, &l->phy, v);
        break;
    case MII_DATA:
        lan_mii_put(c, &l->mii, v);
        break;
    default:
        REG(r) = v;
        break;
    }
}

static uint32_t read_reg(struct usb_chip *c, unsigned r)
{
    struct lan *l = lan(c);
    uint32_t v = REG(r);
    if (r == HW_CFG && c->now_ns >= l->hw_until)
        v = REG(r) &= ~(LRST | SRST);
    if (r == PM_CTRL && c->now_ns >= l->pm_until)
        v = REG(r) &= ~0x10u;
    if (r == MII_ADDR)
        v = lan_mii_state(c, &l->mii);
    if (r == MII_DATA)
        v = lan_mii_get(c, &l->mii);
    return v;
}

static bool control(struct usb_chip *c, const uint8_t s[8], uint8_t *data,
                    size_t *len)
{
    return lan_request(c, s, data, len, sizeof lan(c)->reg, write_reg,
                       read_reg);
}

/* ---- frames -------------------------------------------------------------- */

static bool wrong_duplex(struct usb_chip *c, struct lan *l)
{
    bool mac = REG(MAC_CR) & 0x00100000, phy = chip_phy_full(c, &l->phy);
    l->counts.duplex += mac != phy;
    return mac != phy;
}

static bool own_address(const struct lan *l, const uint8_t *p)
{
    return chip_get32(p) == REG(ADDRL) &&
           (uint32_t)(p[4] | p[5] << 8) == (REG(ADDRH) & 0xffff);
}

static bool passes(const struct lan *l, const uint8_t *p)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint32_t cr = REG(MAC_CR);
    if (cr & 0x00040000)
        return true;
    if (memcmp(p, all, 6) == 0)
        return !(cr & 0x800);
    if (!(p[0] & 1))
        return own_address(l, p);
    if (cr & 0x00080000)
        return true;
    unsigned bit = chip_hash(p);
    return cr & 0x2000 &&
           l->reg[(bit < 32 ? HASHL : HASHH) / 4] >> bit % 32 & 1;
}

/* A 16-bit sum over what lies behind the Ethernet header. */
static uint16_t sum(const uint8_t *p, size_t len)
{
    uint32_t s = 0;
    for (size_t i = 14; i < len; i++)
        s += i % 2 ? (uint32_t)p[i] << 8 : p[i];
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return (uint16_t)s;
}

static void frame(struct usb_chip *c, const uint8_t *p, size_t len)
{
    struct lan *l = lan(c);
    size_t off = REG(HW_CFG) >> 9 & 3, extra = REG(COE_CR) & 1 ? 6 : 4;
    size_t all = 4 + off + len + extra;

    if (!l->phy.link || !(REG(MAC_CR) & 4) || wrong_duplex(c, l))
        return;
    if (!passes(l, p)) {
        l->counts.filtered++;
        return;
    }
    uint8_t *b =
        lan_fifo_put(&l->fifo, chip_phy_received(c, &l->phy, len), all, FIFO);
    if (!b) {
        l->counts.overrun++;
        return;
    }
    uint32_t flags = p[0] & 1 ? 0x400 : 0;
    chip_put32(b, (uint32_t)(len + extra) << 16 | flags);
    memset(b + 4, 0, off);
    memcpy(b + 4 + off, p, len);
    chip_put32(b + 4 + off + len, chip_fcs(p, len));
    if (extra == 6) {
        b[8 + off + len] = (uint8_t)sum(p, len);
        b[9 + off + len] = (uint8_t)(sum(p, len) >> 8);
    }
}

/* How long the first frame in waiting is held back in the hope of more. */
static uint64_t patience(const struct lan *l)
{
    return REG(HW_CFG) & (MEF | BCE) ? REG(BULK_IN_DLY) * 16667ull / 1000 : 0;
}

static size_t in_next(struct usb_chip *c, uint8_t *b, bool *empty)
{
    struct lan *l = lan(c);
    bool many = REG(HW_CFG) & MEF;
    struct lan_packing how = {many, CHIP_TRANSFER, patience(l)};

    if (many && REG(BURST_CAP))
        how.cap = REG(BURST_CAP) * (c->high ? 512u : 64u);
    *empty = !(REG(HW_CFG) & BIR);
    return lan_fifo_next(c, &l->fifo, how, b);
}

/* A frame whose checksum the driver leaves to the chip: before it lies where
 * the sum begins, and where it belongs. */
static void sends_summed(struct usb_chip *c, const uint8_t *p, size_t len)
{
    uint8_t b[CHIP_FRAME];
    size_t from = p[0] | (size_t)p[1] << 8, to = p[2] | (size_t)p[3] << 8;
    uint32_t s = 0;
    len -= 4;
    if (len > sizeof b || from >= len || to + 2 > len) {
        chip_fault(c, "a checksum outside the frame");
        return;
    }
    memcpy(b, p + 4, len);
    for (size_t i = from; i < len; i++)
        s += (i - from) % 2 ? b[i] : (uint32_t)b[i] << 8;
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    b[to] = (uint8_t)(~s >> 8);
    b[to + 1] = (uint8_t)~s;
    chip_sends(c, b, len);
}

/* Frames behind each other, each with its two words. */
static void out_done(struct usb_chip *c, const uint8_t *p, size_t len)
{
    struct lan *l = lan(c);
    size_t at = 0;

    while (at + 8 <= len) {
        uint32_t a = chip_get32(p + at), b = chip_get32(p + at + 4);
        size_t n = a & 0x7ff;
        at += 8;
        if ((a & 0x3000) != 0x3000 || (b & 0x7ff) != n || at + n > len) {
            chip_fault(c, "command words do not fit the frame");
            return;
        }
        bool on = REG(TX_CFG) & 4 && REG(MAC_CR) & 8 && l->phy.link;
        if (on && !wrong_duplex(c, l) && b & 0x4000 && n > 4)
            sends_summed(c, p + at, n);
        else if (on && !wrong_duplex(c, l))
            chip_sends(c, p + at, n);
        at += n;
        at += (4 - at % 4) % 4;
    }
}

/* ---- the rest ------------------------------------------------------------ */

static size_t note_next(struct usb_chip *c, uint8_t *b)
{
    struct lan *l = lan(c);
    if (l->phy.source & l->phy.mask)
        REG(INT_STS) |= 0x8000;
    uint32_t told = REG(INT_STS) & REG(INT_EP_CTL);
    if (!told)
        return 0;
    chip_put32(b, told);
    REG(INT_STS) &= ~0x8000u;
    return 4;
}

static void clock(struct usb_chip *c)
{
    chip_phy_clock(c, &lan(c)->phy);
}

static void linked(struct usb_chip *c)
{
    chip_phy_linked(c, &lan(c)->phy);
}

uint32_t lan95xx_reg(const struct usb_chip *c, unsigned reg)
{
    const struct lan *l = (const void *)c->state;
    return REG(reg);
}

struct lan95xx_counts lan95xx_counts(const struct usb_chip *c)
{
    const struct lan *l = (const void *)c->state;
    return l->counts;
}

const struct usb_chip_kind lan95xx_model = {
    .name = "LAN9514",
    .device = device,
    .config = chip_plain_config,
    .configs = 1,
    .in = 1,
    .out = 2,
    .note = 3,
    .state = sizeof(struct lan),
    .reset = reset,
    .control = control,
    .out_done = out_done,
    .in_next = in_next,
    .note_next = note_next,
    .frame = frame,
    .clock = clock,
    .linked = linked,
};
