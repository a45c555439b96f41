#include "usb_chip.h"

#include <stdio.h>
#include <string.h>

void chip_fault(struct usb_chip *c, const char *what)
{
    if (c->faults++ == 0)
        snprintf(c->fault, sizeof c->fault, "%s", what);
}

uint32_t chip_get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

void chip_put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

/* The reflected CRC-32, as it is sent behind a frame. */
uint32_t chip_fcs(const uint8_t *p, size_t len)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

unsigned chip_hash(const uint8_t mac[6])
{
    uint32_t crc = ~chip_fcs(mac, 6);
    unsigned hash = 0;
    for (int bit = 0; bit < 6; bit++)
        hash = hash << 1 | (crc >> bit & 1);
    return hash;
}

/* ---- coming and going ---------------------------------------------------- */

void chip_init(struct usb_chip *c, const struct usb_chip_kind *kind, bool high,
               void (*wire)(void *ctx, const uint8_t *frame, size_t len),
               void *ctx)
{
    memset(c, 0, sizeof *c);
    c->kind = kind;
    c->high = high;
    c->wire = wire;
    c->ctx = ctx;
    c->negotiation_ns = 100000000;
    c->partner = (struct chip_partner){true, 100, true, true};
    kind->reset(c);
}

void chip_reset(struct usb_chip *c)
{
    c->silent = c->dead;
    c->stuck = false;
    c->configuration = 0;
    c->rest_len = c->rest_at = 0;
    c->resets++;
    memset(c->state, 0, c->kind->state);
    c->kind->reset(c);
}

void chip_clock(struct usb_chip *c, uint64_t now_ns)
{
    c->now_ns = now_ns;
    if (c->kind->clock)
        c->kind->clock(c);
}

void chip_partner(struct usb_chip *c, struct chip_partner partner)
{
    c->partner = partner;
    if (c->kind->linked)
        c->kind->linked(c);
}

/* ---- control ------------------------------------------------------------- */

size_t chip_plain_config(const struct usb_chip *c, unsigned index, uint8_t *b)
{
    const struct usb_chip_kind *k = c->kind;
    const uint8_t hi = c->high ? 2 : 0, lo = c->high ? 0 : 64;
    const uint8_t cfg[] = {9,
                           2,
                           39,
                           0,
                           1,
                           1,
                           0,
                           0xe0,
                           1,
                           9,
                           4,
                           0,
                           0,
                           3,
                           0xff,
                           0,
                           0xff,
                           0,
                           7,
                           5,
                           (uint8_t)(0x80 | k->in),
                           2,
                           lo,
                           hi,
                           0,
                           7,
                           5,
                           k->out,
                           2,
                           lo,
                           hi,
                           0,
                           7,
                           5,
                           (uint8_t)(0x80 | k->note),
                           3,
                           16,
                           0,
                           c->high ? 4 : 1};
    (void)index;
    memcpy(b, cfg, sizeof cfg);
    return sizeof cfg;
}

static size_t string(const char *text, uint8_t *b)
{
    size_t n = strlen(text);
    b[0] = (uint8_t)(2 + 2 * n);
    b[1] = 3;
    for (size_t i = 0; i < n; i++) {
        b[2 + 2 * i] = (uint8_t)text[i];
        b[3 + 2 * i] = 0;
    }
    return b[0];
}

static enum chip_answer descriptor(struct usb_chip *c, const uint8_t *s,
                                   uint8_t *data, size_t *len)
{
    static const uint8_t languages[] = {4, 3, 9, 4};
    if (s[3] == 1)
        memcpy(data, c->kind->device, *len = 18);
    else if (s[3] == 2 && s[2] < c->kind->configs)
        *len = c->kind->config(c, s[2], data);
    else if (s[3] == 3 && s[2] == 0)
        memcpy(data, languages, *len = 4);
    else if (s[3] == 3 && s[2] == 2)
        *len = string(c->kind->name, data);
    else if (s[3] == 3 && s[2] == 3 && c->kind->mac)
        *len = string(c->kind->mac, data);
    else
        return CHIP_STALL;
    return CHIP_OK;
}

static enum chip_answer standard(struct usb_chip *c, const uint8_t *s,
                                 uint8_t *data, size_t *len)
{
    switch (s[1]) {
    case 0: /* GET_STATUS */
        memset(data, 0, *len = 2);
        return CHIP_OK;
    case 1: /* CLEAR_FEATURE, SET_FEATURE */
    case 3:
        return CHIP_OK;
    case 6:
        return descriptor(c, s, data, len);
    case 8:
        data[0] = c->configuration;
        *len = 1;
        return CHIP_OK;
    case 9:
        if (c->kind->configure && !c->kind->configure(c, s[2]))
            return CHIP_STALL;
        c->configuration = s[2];
        return CHIP_OK;
    case 11:
        return c->kind->alternate && !c->kind->alternate(c, s[4], s[2])
                   ? CHIP_STALL
                   : CHIP_OK;
    default:
        return CHIP_STALL;
    }
}

enum chip_answer chip_control(struct usb_chip *c, const uint8_t setup[8],
                              uint8_t *data, size_t *len)
{
    size_t wanted = setup[6] | (size_t)setup[7] << 8;
    enum chip_answer a = CHIP_OK;

    if (c->silent)
        return CHIP_SILENT;
    if (setup[0] & 0x60)
        a = c->kind->control(c, setup, data, len) ? CHIP_OK : CHIP_STALL;
    else
        a = standard(c, setup, data, len);
    if (setup[0] & 0x80 && *len > wanted)
        *len = wanted;
    return a;
}

/* ---- transfers ----------------------------------------------------------- */

enum chip_answer chip_out(struct usb_chip *c, const uint8_t *p, size_t len)
{
    if (c->silent)
        return CHIP_SILENT;
    c->kind->out_done(c, p, len);
    return CHIP_OK;
}

static size_t cut(struct usb_chip *c, uint8_t *b)
{
    size_t n = c->rest_len - c->rest_at;
    if (c->cut && n > c->cut)
        n = c->cut;
    memcpy(b, c->rest + c->rest_at, n);
    c->rest_at += n;
    return n;
}

enum chip_answer chip_in(struct usb_chip *c, uint8_t *b, size_t *len)
{
    bool empty = false;
    *len = 0;
    if (c->silent)
        return CHIP_SILENT;
    if (c->rest_at == c->rest_len) {
        c->rest_at = 0;
        c->rest_len = c->kind->in_next(c, c->rest, &empty);
    }
    *len = cut(c, b);
    c->transfers += *len > 0;
    return *len || empty ? CHIP_OK : CHIP_NAK;
}

enum chip_answer chip_note(struct usb_chip *c, uint8_t *b, size_t *len)
{
    *len = 0;
    if (c->silent)
        return CHIP_SILENT;
    if (c->kind->note_next)
        *len = c->kind->note_next(c, b);
    return *len ? CHIP_OK : CHIP_NAK;
}

/* ---- the wire ------------------------------------------------------------ */

void chip_frame(struct usb_chip *c, const uint8_t *p, size_t len)
{
    uint8_t b[CHIP_FRAME] = {0};
    if (!c->partner.there || c->stuck || c->silent || len > CHIP_FRAME)
        return;
    c->counted++;
    if (c->lose && c->counted % c->lose == 0)
        return;
    memcpy(b, p, len);
    len = len < 60 ? 60 : len; /* as whoever sent it has padded it */
    c->frames_in++;
    c->kind->frame(c, b, len);
    if (c->twice && c->counted % c->twice == 0)
        c->kind->frame(c, b, len);
}

void chip_sends(struct usb_chip *c, const uint8_t *p, size_t len)
{
    if (!c->partner.there)
        return;
    c->frames_out++;
    c->wire(c->ctx, p, len);
}

/* ---- the PHY ------------------------------------------------------------- */

#define AN_ON      0x1000u
#define AN_RESTART 0x0200u
#define RESET      0x8000u

static bool negotiates(const struct usb_chip *c, const struct chip_phy *p)
{
    return p->bmcr & AN_ON && c->partner.negotiates;
}

static uint16_t ability(uint32_t mbps, bool full)
{
    if (mbps >= 100)
        return full ? 0x0100 : 0x0080;
    return full ? 0x0040 : 0x0020;
}

/* A partner can do all that is slower, too. */
static uint16_t partner_word(const struct usb_chip *c)
{
    const struct chip_partner *q = &c->partner;
    if (!q->there)
        return 0;
    if (!q->negotiates) /* what is seen of its signal */
        return q->mbps >= 100 ? 0x0080 : 0x0020;
    uint16_t w = ability(q->mbps, q->full) | ability(q->mbps, false) | 0x4001;
    if (q->mbps >= 100)
        w |= (uint16_t)(0x0020 | (q->full ? 0x0040 : 0));
    return w;
}

static bool gigabit(const struct usb_chip *c, const struct chip_phy *p)
{
    return negotiates(c, p) && c->partner.mbps >= 1000 && p->gbcr & 0x0200;
}

uint32_t chip_phy_mbps(const struct usb_chip *c, const struct chip_phy *p)
{
    if (gigabit(c, p))
        return 1000;
    if (!(p->bmcr & AN_ON))
        return p->bmcr & 0x2000 ? 100 : 10;
    return partner_word(c) & p->anar & 0x0180 ? 100 : 10;
}

bool chip_phy_full(const struct usb_chip *c, const struct chip_phy *p)
{
    if (gigabit(c, p))
        return true;
    if (!(p->bmcr & AN_ON))
        return p->bmcr & 0x0100;
    uint16_t both = partner_word(c) & p->anar;
    return both & 0x0100 || (both & 0x0040 && !(both & 0x0180));
}

uint64_t chip_phy_received(const struct usb_chip *c, const struct chip_phy *p,
                           size_t len)
{
    return c->now_ns + (8 + len + 4) * 8000 / chip_phy_mbps(c, p);
}

static void renegotiate(struct usb_chip *c, struct chip_phy *p)
{
    if (p->link)
        p->latched_down = true;
    p->link = false;
    p->ready_at = c->now_ns + c->negotiation_ns;
}

void chip_phy_reset(struct usb_chip *c, struct chip_phy *p, bool has_gigabit)
{
    uint16_t id1 = p->id1, id2 = p->id2;
    *p = (struct chip_phy){.id1 = id1,
                           .id2 = id2,
                           .bmcr = 0x3000,
                           .anar = 0x01e1,
                           .gbcr = has_gigabit ? 0x0300 : 0,
                           .latched_down = true};
    renegotiate(c, p);
}

static bool can_link(const struct usb_chip *c, const struct chip_phy *p)
{
    if (!c->partner.there || p->bmcr & 0x0c00) /* isolated, off */
        return false;
    if (!(p->bmcr & AN_ON)) /* forced: to a partner of that speed */
        return c->partner.mbps == (p->bmcr & 0x2000 ? 100 : 10);
    return gigabit(c, p) || partner_word(c) & p->anar & 0x01e0;
}

void chip_phy_clock(struct usb_chip *c, struct chip_phy *p)
{
    if (p->bmcr & RESET && c->now_ns >= p->reset_until)
        p->bmcr &= (uint16_t)~RESET;
    if (p->link || !can_link(c, p) || c->now_ns < p->ready_at)
        return;
    p->link = true;
    p->source |= 0x0040; /* negotiation complete */
}

void chip_phy_linked(struct usb_chip *c, struct chip_phy *p)
{
    if (p->link)
        p->source |= 0x0010; /* link down */
    renegotiate(c, p);
}

uint16_t chip_phy_read(struct usb_chip *c, struct chip_phy *p, unsigned reg)
{
    uint16_t v = 0;
    switch (reg) {
    case 0:
        return p->bmcr;
    case 1:
        v = 0x7809;
        if (p->link && !p->latched_down)
            v |= 0x0004;
        if (p->link && p->bmcr & AN_ON)
            v |= 0x0020;
        p->latched_down = false;
        return v;
    case 2:
        return p->id1;
    case 3:
        return p->id2;
    case 4:
        return p->anar;
    case 5:
        return p->link ? partner_word(c) : 0;
    case 6:
        return p->link && negotiates(c, p) ? 0x0001 : 0;
    case 9:
        return p->gbcr;
    case 10:
        return p->link && c->partner.mbps >= 1000 ? 0x3800 : 0;
    case 29:
        v = p->source;
        p->source = 0;
        return v;
    case 31:
        v = chip_phy_mbps(c, p) == 100 ? 2 : 1;
        v |= chip_phy_full(c, p) ? 4 : 0;
        return (uint16_t)(v << 2 | (p->link ? 0x1000 : 0));
    default:
        return p->special[reg & 31];
    }
}

void chip_phy_write(struct usb_chip *c, struct chip_phy *p, unsigned reg,
                    uint16_t v)
{
    if (reg == 0 && v & RESET) {
        chip_phy_reset(c, p, p->gbcr != 0);
        p->bmcr |= RESET;
        p->reset_until = c->now_ns + 500000;
    } else if (reg == 0) {
        bool again = v & AN_RESTART || (v ^ p->bmcr) & AN_ON;
        p->bmcr = (uint16_t)(v & ~AN_RESTART);
        if (again)
            renegotiate(c, p);
    } else if (reg == 4) {
        p->anar = v;
    } else if (reg == 9) {
        p->gbcr = v;
    } else if (reg == 30) {
        p->mask = v;
    } else {
        p->special[reg & 31] = v;
    }
    if (reg == 30)
        p->special[30] = v;
}
