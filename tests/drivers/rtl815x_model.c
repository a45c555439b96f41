#include "rtl815x_model.h"
#include "lan_common.h"

#include <string.h>

#define FIFO      32768u
#define NOTE_NS   32000000u /* it repeats what it has to say                 */
#define MULTICAST 0x02u
#define DIRECTED  0x04u
#define BROADCAST 0x08u
#define PROMISC   0x01u

bool rtl815x_split_notes;

static const uint8_t rtl8152[18] = {18,   1,    0x10, 0x02, 0,    0,
                                    0,    64,   0xda, 0x0b, 0x52, 0x81,
                                    0x00, 0x20, 1,    2,    3,    2};
static const uint8_t rtl8153[18] = {18,   1,    0x10, 0x02, 0,    0,
                                    0,    64,   0xda, 0x0b, 0x53, 0x81,
                                    0x00, 0x30, 1,    2,    3,    2};
static const uint8_t mac[6] = {0x00, 0xe0, 0x4c, 0x68, 0x12, 0xab};

struct rtl {
    struct chip_phy phy;
    uint8_t alt, filter;
    struct lan_fifo fifo;
    uint64_t note_at;
    uint8_t note[24]; /* NETWORK_CONNECTION, CONNECTION_SPEED_CHANGE        */
    size_t note_len, note_pos;
    struct rtl815x_counts counts;
};
static_assert(sizeof(struct rtl) <= CHIP_STATE, "room for it");

static struct rtl *rtl(struct usb_chip *c)
{
    return (struct rtl *)(void *)c->state;
}

static void reset(struct usb_chip *c)
{
    chip_phy_reset(c, &rtl(c)->phy, c->kind == &rtl8153_model);
}

/* ---- two configurations -------------------------------------------------- */

static size_t config(const struct usb_chip *c, unsigned index, uint8_t *b)
{
    static const uint8_t ecm[80] = {
        9, 2, 80, 0,    2,    2,    0, 0xa0, 50,   9, 4, 0,    0,  1,    2,  6,
        0, 5, 5,  0x24, 0,    0x10, 1, 5,    0x24, 6, 0, 1,    13, 0x24, 15, 3,
        0, 0, 0,  0,    0xea, 5,    0, 0,    0,    7, 5, 0x83, 3,  16,   0,  8,
        9, 4, 1,  0,    0,    10,   0, 0,    0,    9, 4, 1,    1,  2,    10, 0,
        0, 4, 7,  5,    0x81, 2,    0, 2,    0,    7, 5, 0x02, 2,  0,    2,  0};
    if (index == 0)
        return chip_plain_config(c, index, b);
    memcpy(b, ecm, sizeof ecm);
    b[45] = rtl815x_split_notes ? 8 : 16;
    if (!c->high) {
        b[47] = 32;
        b[70] = b[77] = 64;
        b[71] = b[78] = 0;
    }
    return sizeof ecm;
}

static bool configure(struct usb_chip *c, uint8_t configuration)
{
    struct rtl *r = rtl(c);
    r->alt = r->filter = 0;
    r->note_at = c->now_ns;
    return configuration <= 2;
}

static bool alternate(struct usb_chip *c, uint8_t interface, uint8_t alt)
{
    if (c->configuration != 2 || interface > 1 || alt > interface)
        return false;
    if (interface == 1)
        rtl(c)->alt = alt;
    return true;
}

/* SET_ETHERNET_PACKET_FILTER (ECM 1.2, 6.2.4) is all it knows there. */
static bool control(struct usb_chip *c, const uint8_t s[8], uint8_t *data,
                    size_t *len)
{
    (void)data;
    if (c->configuration != 2 || s[0] != 0x21 || s[1] != 0x43 || s[4] != 0)
        return false;
    rtl(c)->filter = s[2];
    *len = 0;
    return true;
}

/* ---- frames: one a transfer ---------------------------------------------- */

static bool passes(const struct rtl *r, const uint8_t *p)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (r->filter & PROMISC)
        return true;
    if (memcmp(p, all, 6) == 0)
        return r->filter & BROADCAST;
    if (p[0] & 1)
        return r->filter & MULTICAST;
    return r->filter & DIRECTED && memcmp(p, mac, 6) == 0;
}

static void frame(struct usb_chip *c, const uint8_t *p, size_t len)
{
    struct rtl *r = rtl(c);
    if (!r->phy.link || !r->alt) {
        r->counts.off++;
        return;
    }
    if (!passes(r, p)) {
        r->counts.filtered++;
        return;
    }
    uint8_t *b =
        lan_fifo_put(&r->fifo, chip_phy_received(c, &r->phy, len), len, FIFO);
    if (b)
        memcpy(b, p, len);
    else
        r->counts.overrun++;
}

static size_t in_next(struct usb_chip *c, uint8_t *b, bool *empty)
{
    struct rtl *r = rtl(c);
    *empty = false;
    if (r->fifo.count == 0 || c->now_ns < r->fifo.rx[r->fifo.first].ready)
        return 0;
    return lan_fifo_pop(&r->fifo, b);
}

static void out_done(struct usb_chip *c, const uint8_t *p, size_t len)
{
    struct rtl *r = rtl(c);
    if (!r->alt || len < 14)
        chip_fault(c, "sent while the data interface was off, or no frame");
    else if (r->phy.link)
        chip_sends(c, p, len);
}

/* ---- notifications (CDC 1.2, 6.3) ---------------------------------------- */

static void compose(struct usb_chip *c, struct rtl *r)
{
    static const uint8_t heads[24] = {0xa1, 0,    0, 0, 0, 0, 0, 0,
                                      0xa1, 0x2a, 0, 0, 0, 0, 8, 0};
    memcpy(r->note, heads, sizeof heads);
    r->note[2] = r->phy.link;
    r->note_len = 8;
    r->note_pos = 0;
    if (r->phy.link) {
        uint32_t rate = chip_phy_mbps(c, &r->phy) * 1000000;
        chip_put32(r->note + 16, rate);
        chip_put32(r->note + 20, rate);
        r->note_len = 24;
    }
}

static size_t note_next(struct usb_chip *c, uint8_t *b)
{
    struct rtl *r = rtl(c);
    if (c->configuration != 2)
        return 0;
    if (r->note_pos == r->note_len) {
        if (c->now_ns < r->note_at)
            return 0;
        compose(c, r);
        r->note_at = c->now_ns + NOTE_NS;
    }
    size_t n = r->note_pos == 8 && !rtl815x_split_notes ? 16 : 8;
    memcpy(b, r->note + r->note_pos, n);
    r->note_pos += n;
    return n;
}

static void clock(struct usb_chip *c)
{
    chip_phy_clock(c, &rtl(c)->phy);
}

static void linked(struct usb_chip *c)
{
    chip_phy_linked(c, &rtl(c)->phy);
}

struct rtl815x_counts rtl815x_counts(const struct usb_chip *c)
{
    const struct rtl *r = (const void *)c->state;
    return r->counts;
}

#define COMMON                                                                 \
    .config = config, .configs = 2, .mac = "00E04C6812AB", .in = 1, .out = 2,  \
    .note = 3, .state = sizeof(struct rtl), .reset = reset,                    \
    .control = control, .configure = configure, .alternate = alternate,        \
    .out_done = out_done, .in_next = in_next, .note_next = note_next,          \
    .frame = frame, .clock = clock, .linked = linked

const struct usb_chip_kind rtl8152_model = {
    .name = "RTL8152", .device = rtl8152, COMMON};
const struct usb_chip_kind rtl8153_model = {
    .name = "RTL8153", .device = rtl8153, COMMON};
