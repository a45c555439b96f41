#include "lan78xx_model.h"
#include "lan_common.h"

#include <string.h>

#define ID_REV      0x000
#define INT_STS     0x00c
#define HW_CFG      0x010
#define PMT_CTL     0x014
#define DP_SEL      0x024
#define E2P_CMD     0x040
#define E2P_DATA    0x044
#define USB_CFG0    0x080
#define BURST_CAP   0x090
#define BULK_IN_DLY 0x094
#define INT_EP_CTL  0x098
#define RFE_CTL     0x0b0
#define FCT_RX_CTL  0x0c0
#define FCT_TX_CTL  0x0c4
#define FCT_RX_END  0x0c8
#define FCT_TX_END  0x0cc
#define MAC_CR      0x100
#define MAC_RX      0x104
#define MAC_TX      0x108
#define MII_ACC     0x120
#define MII_DATA    0x124
#define MAF         0x400
#define ENTRIES     33
#define OTP         0x1000

#define RESETS     0x00000003u
#define MEF        0x00000010u
#define PHY_RESET  0x00000010u
#define PHY_READY  0x00000080u
#define BCE        0x00000020u
#define BIR        0x00000040u
#define BROADCAST  0x00000400u
#define ALL_GROUPS 0x00000200u
#define ALL_OWN    0x00000100u
#define PERFECT    0x00000002u
#define ON         0x80000000u
#define FLUSH      0x40000000u /* of a FIFO: ends by itself                  */
#define OFF        0x00100000u /* it has come to rest                        */
#define MAC_OFF    0x00000002u
#define DP_READY   0x80000000u
#define E2P_BUSY   0x80000000u
#define NO_SUM     0x00004000u /* of a received frame: none was made         */
#define WANTS_SUM  0x02000000u /* of one to be sent: TCP's or UDP's          */
#define EEE        0x00020000u
#define FOLLOW     0x00001800u
#define VALID      0x80000000u
#define PHY_INT    0x00020000u

static const uint8_t device[18] = {18,   1,    0x10, 0x02, 0xff, 0, 1, 64, 0x24,
                                   0x04, 0x00, 0x78, 0x00, 0x03, 0, 2, 0,  1};

struct lan {
    uint32_t reg[(MAF + 8 * ENTRIES) / 4];
    struct chip_phy phy;
    uint16_t mmd, mmd_at, eee; /* 802.3, 22.2.4.3.11; 45.2.7.13             */
    bool forgot;               /* its settings: no driver's fault            */
    struct lan_mii mii;
    uint64_t hw_until, phy_until; /* resets that end by themselves          */
    struct lan_fifo fifo;
    struct lan78xx_counts counts;
};
static_assert(sizeof(struct lan) <= CHIP_STATE, "room for it");

static struct lan *lan(struct usb_chip *c)
{
    return (struct lan *)(void *)c->state;
}

#define REG(r) l->reg[(r) / 4]

/* ---- its PHY ------------------------------------------------------------- */

static void reset_phy(struct usb_chip *c, struct lan *l)
{
    chip_phy_reset(c, &l->phy, true);
    l->mmd = l->mmd_at = 0;
    l->eee = 0x0006; /* at 100 and 1000 Mb/s */
}

static void offered(struct usb_chip *c, const struct lan *l)
{
    if (c->any_offer)
        return;
    if (l->phy.anar & 0x00e0)
        chip_fault(c, "something else than 100 Mb/s full duplex is offered");
    if (l->phy.gbcr & 0x0300)
        chip_fault(c, "gigabit is offered");
    if (l->eee)
        chip_fault(c, "Energy Efficient Ethernet is offered");
}

static bool is_eee(const struct lan *l)
{
    return l->mmd == 0x4007 && l->mmd_at == 60;
}

static void phy_write(struct usb_chip *c, struct chip_phy *p, unsigned reg,
                      uint16_t v)
{
    struct lan *l = lan(c);
    if (c->now_ns < l->phy_until)
        chip_fault(c, "PHY written during its reset");
    if (reg == 0 && v & 0x8000)
        reset_phy(c, l);
    else if (reg == 0 && v & 0x0200)
        offered(c, l);
    if (reg == 13)
        l->mmd = v;
    else if (reg == 14 && l->mmd == 0x0007)
        l->mmd_at = v;
    else if (reg == 14 && is_eee(l))
        l->eee = v;
    else
        chip_phy_write(c, p, reg, v);
}

static uint16_t phy_read(struct usb_chip *c, struct chip_phy *p, unsigned reg)
{
    const struct lan *l = lan(c);
    if (reg == 13)
        return l->mmd;
    if (reg == 14)
        return is_eee(l) ? l->eee : 0;
    return chip_phy_read(c, p, reg);
}

/* ---- registers ----------------------------------------------------------- */

/* The USB side stays as it is. */
static void reset(struct usb_chip *c)
{
    struct lan *l = lan(c);
    memset(l->reg, 0, sizeof l->reg);
    REG(ID_REV) = 0x78000002;
    REG(PMT_CTL) = PHY_READY;
    REG(BULK_IN_DLY) = 0x800;
    REG(MAC_RX) = 1518u << 16;
    REG(FCT_RX_END) = REG(FCT_TX_END) = 23;
    memset(&l->fifo, 0, sizeof l->fifo);
    l->mii = (struct lan_mii){.write = phy_write, .read = phy_read};
    l->phy.id1 = 0x0007;
    l->phy.id2 = 0xc132;
    reset_phy(c, l);
    l->forgot = false;
}

static void running(struct usb_chip *c, unsigned r, bool is)
{
    if (is)
        chip_fault(c, r == MAC_RX ? "MAC_RX's size changed while it receives"
                                  : "a FIFO's size changed while it is on");
}

static void write_reg(struct usb_chip *c, unsigned r, uint32_t v)
{
    struct lan *l = lan(c);
    switch (r) {
    case ID_REV:
        return;
    case INT_STS:
        REG(r) &= ~v;
        return;
    case MII_ACC:
        lan_mii_command(c, &l->mii, &l->phy, v);
        return;
    case MII_DATA:
        lan_mii_put(c, &l->mii, v);
        return;
    case HW_CFG:
        if (v & RESETS) {
            reset(c);
            l->hw_until = c->now_ns + 1000000;
        }
        break;
    case PMT_CTL:
        v = (v & ~PHY_READY) | (REG(r) & PHY_READY);
        if (v & PHY_RESET) {
            reset_phy(c, l);
            l->phy_until = c->now_ns + 1000000;
            v &= ~PHY_READY;
        }
        break;
    case MAC_CR:
        if (v & EEE)
            chip_fault(c, "Energy Efficient Ethernet switched on in the MAC");
        break;
    case MAC_RX:
        running(c, r, REG(r) & 1 && (REG(r) ^ v) >> 16);
        break;
    case E2P_CMD:
        v &= ~E2P_BUSY; /* there is none: all it reads are ones */
        break;
    case FCT_RX_CTL:
        if (v & FLUSH)
            memset(&l->fifo, 0, sizeof l->fifo);
        v &= ~FLUSH;
        break;
    case FCT_TX_CTL:
        v &= ~FLUSH;
        break;
    case FCT_RX_END:
        running(c, r, REG(FCT_RX_CTL) & ON);
        break;
    case FCT_TX_END:
        running(c, r, REG(FCT_TX_CTL) & ON);
        break;
    default:
        break;
    }
    REG(r) = v;
}

static uint32_t read_reg(struct usb_chip *c, unsigned r)
{
    struct lan *l = lan(c);
    if (r == MII_ACC)
        return lan_mii_state(c, &l->mii);
    if (r == MII_DATA)
        return lan_mii_get(c, &l->mii);
    if (r == E2P_DATA)
        return 0xff;
    if (r == DP_SEL)
        return REG(r) | DP_READY;
    if (r == FCT_RX_CTL || r == FCT_TX_CTL)
        return (REG(r) & ~OFF) | (REG(r) & ON ? 0 : OFF);
    if (r == MAC_RX || r == MAC_TX)
        return (REG(r) & ~MAC_OFF) | (REG(r) & 1 ? 0 : MAC_OFF);
    if (r == HW_CFG && c->now_ns >= l->hw_until)
        REG(r) &= ~RESETS;
    if (r == PMT_CTL && REG(r) & PHY_RESET && c->now_ns >= l->phy_until)
        REG(r) = (REG(r) & ~PHY_RESET) | PHY_READY;
    return REG(r);
}

static bool control(struct usb_chip *c, const uint8_t s[8], uint8_t *data,
                    size_t *len)
{
    unsigned r = s[4] | (unsigned)s[5] << 8;
    if (r >= OTP && r < OTP + 0x100 && r % 4 == 0) { /* empty, never busy */
        memset(data, 0, 4);
        *len = s[0] & 0x80 ? 4 : 0;
        return true;
    }
    return lan_request(c, s, data, len, sizeof lan(c)->reg, write_reg,
                       read_reg);
}

/* ---- frames -------------------------------------------------------------- */

static bool followed(struct lan *l)
{
    bool is = (REG(MAC_CR) & FOLLOW) == FOLLOW;
    l->counts.not_following += !is;
    return is;
}

static bool listed(const struct lan *l, const uint8_t *p)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        uint32_t high = REG(MAF + 8 * i), low = REG(MAF + 8 * i + 4);
        if (high & VALID && low == chip_get32(p) &&
            (high & 0xffff) == (uint32_t)(p[4] | p[5] << 8))
            return true;
    }
    return false;
}

static bool passes(const struct lan *l, const uint8_t *p)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint32_t rfe = REG(RFE_CTL);
    if (memcmp(p, all, 6) == 0)
        return rfe & BROADCAST;
    if (rfe & (p[0] & 1 ? ALL_GROUPS : ALL_OWN))
        return true;
    return rfe & PERFECT && listed(l, p);
}

static void frame(struct usb_chip *c, const uint8_t *p, size_t len)
{
    struct lan *l = lan(c);

    if (!l->phy.link || !(REG(MAC_RX) & 1) || !(REG(FCT_RX_CTL) & ON) ||
        !followed(l))
        return;
    if (len + 4 > (REG(MAC_RX) >> 16 & 0x3fff)) {
        l->counts.too_long++;
        return;
    }
    if (!passes(l, p)) {
        l->counts.filtered++;
        return;
    }
    uint8_t *b = lan_fifo_put(&l->fifo, chip_phy_received(c, &l->phy, len),
                              10 + len + 4, (REG(FCT_RX_END) + 1) * 512);
    if (!b) {
        l->counts.overrun++;
        return;
    }
    memset(b, 0, 10);
    chip_put32(b, (uint32_t)(len + 4) | NO_SUM | (p[0] & 1 ? 0x04000000 : 0));
    memcpy(b + 10, p, len);
    chip_put32(b + 10 + len, chip_fcs(p, len));
}

/* The next header is at a multiple of 4: as the header before has 10 bytes,
 * that is what padding comes to that counts two bytes more than the frame. */
static size_t in_next(struct usb_chip *c, uint8_t *b, bool *empty)
{
    struct lan *l = lan(c);
    bool many = REG(HW_CFG) & MEF, burst = REG(USB_CFG0) & BCE;
    struct lan_packing how = {many, CHIP_TRANSFER, 0};

    if (many && REG(BURST_CAP))
        how.cap = REG(BURST_CAP) * (c->high ? 512u : 64u);
    if (many || burst)
        how.hold_ns = REG(BULK_IN_DLY) * 16667ull / 1000;
    *empty = !(REG(USB_CFG0) & BIR);
    return lan_fifo_next(c, &l->fifo, how, b);
}

/* Puts the sum into TCP or UDP over IPv4, which a driver may leave to us. */
static void insert_sum(uint8_t *f, size_t len)
{
    uint8_t *ip = f + 14;
    size_t head = (size_t)(ip[0] & 15) * 4, end = (size_t)ip[2] << 8 | ip[3];
    size_t at = head + (ip[9] == 6 ? 16 : 6);
    if (f[12] != 8 || f[13] != 0 || (ip[9] != 6 && ip[9] != 17) ||
        end > len - 14 || at + 2 > end)
        return;
    uint32_t sum = ip[9] + (uint32_t)(end - head);
    ip[at] = ip[at + 1] = 0;
    for (size_t i = 12; i < end; i += i == 18 ? head - 18 : 2)
        sum += (uint32_t)ip[i] << 8 | (i + 1 < end ? ip[i + 1] : 0);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    ip[at] = (uint8_t)(~sum >> 8);
    ip[at + 1] = (uint8_t)~sum;
}

static void sends(struct usb_chip *c, const uint8_t *p, size_t n, bool sum)
{
    uint8_t f[2048];
    if (sum && n >= 34 && n <= sizeof f) {
        memcpy(f, p, n);
        insert_sum(f, n);
        p = f;
    }
    chip_sends(c, p, n);
}

/* Frames behind each other, each with its two words. */
static void out_done(struct usb_chip *c, const uint8_t *p, size_t len)
{
    struct lan *l = lan(c);
    size_t at = 0;

    while (at + 8 <= len) {
        uint32_t a = chip_get32(p + at);
        size_t n = a & 0xfffff;
        at += 8;
        if (!(a & 0x00400000) || chip_get32(p + at - 4) || n < 14 ||
            n > len - at) {
            chip_fault(c, "command words do not fit the frame");
            return;
        }
        if (REG(MAC_TX) & 1 && REG(FCT_TX_CTL) & ON && l->phy.link &&
            followed(l))
            sends(c, p + at, n, a & WANTS_SUM);
        at += n;
        at += (4 - at % 4) % 4;
    }
    if (at < len)
        chip_fault(c, "bytes behind the last frame");
}

/* ---- the rest ------------------------------------------------------------ */

static size_t note_next(struct usb_chip *c, uint8_t *b)
{
    struct lan *l = lan(c);
    if (l->phy.source & l->phy.mask)
        REG(INT_STS) |= PHY_INT;
    uint32_t told = REG(INT_STS) & REG(INT_EP_CTL);
    if (!told)
        return 0;
    chip_put32(b, told);
    REG(INT_STS) &= ~PHY_INT;
    return 4;
}

/* Between a reset and a driver's first words the PHY offers what it likes. */
static void clock(struct usb_chip *c)
{
    struct lan *l = lan(c);
    chip_phy_clock(c, &l->phy);
    if (l->phy.link && REG(MAC_RX) & 1 && !l->forgot)
        offered(c, l);
}

static void linked(struct usb_chip *c)
{
    chip_phy_linked(c, &lan(c)->phy);
}

uint32_t lan78xx_reg(const struct usb_chip *c, unsigned reg)
{
    const struct lan *l = (const void *)c->state;
    return REG(reg);
}

struct lan78xx_offer lan78xx_offer(const struct usb_chip *c)
{
    const struct lan *l = (const void *)c->state;
    return (struct lan78xx_offer){l->phy.anar, l->phy.gbcr, l->eee};
}

void lan78xx_forget(struct usb_chip *c)
{
    reset_phy(c, lan(c));
    lan(c)->forgot = true;
}

struct lan78xx_counts lan78xx_counts(const struct usb_chip *c)
{
    const struct lan *l = (const void *)c->state;
    return l->counts;
}

const struct usb_chip_kind lan78xx_model = {
    .name = "LAN7800",
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
