#include <string.h>

#include "usb_eth_smsc.h"

#define REG_WRITE 0xa0
#define REG_READ  0xa1

#define MII_BUSY  0x1u
#define MII_WRITE 0x2u
#define MII_PHY   (1u << 11) /* the PHY in the chip answers as 1             */

#define LOST_MAX   3
#define AGAIN_NS   (10 * MONO_MS)
#define SETTLE_NS  (1 * MONO_MS)
#define LIMIT_NS   (1000 * MONO_MS)
#define LOOK_NS    (1000 * MONO_MS)
#define SEEK_NS    (250 * MONO_MS) /* without a link                         */
#define LOOKS_MAX  12              /* for a negotiation that does not end    */
#define CRC_GOOD   0xc704dd7bu     /* over a frame and its FCS (802.3, 3.2.9) */
#define LENGTH_MIN 18u
#define LENGTH_MAX (USB_ETH_FRAME + 4u)

static const struct smsc_op look_script[] = {
    {SMSC_PHY_READ, PHY_BMSR, 0, 0}, /* a loss stays here until it is read */
    {SMSC_PHY_READ, PHY_BMSR, 0, 0},
    {SMSC_END, 0, 0, 0},
};

static const struct smsc_op speed_script[] = {
    {SMSC_PHY_READ, PHY_ANLPAR, 0, 0},
    {SMSC_END, 0, 0, 0},
};

uint32_t smsc_get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

void smsc_put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

uint32_t smsc_mac_low(const uint8_t mac[6])
{
    return smsc_get32(mac);
}

uint32_t smsc_mac_high(const uint8_t mac[6])
{
    return mac[4] | (uint32_t)mac[5] << 8;
}

static mono_ns now_of(const struct usb_smsc *s)
{
    return usb_now(s->eth->dev);
}

/* ---- scripts ------------------------------------------------------------- */

static void run(struct usb_smsc *s, const struct smsc_op *script)
{
    s->script = s->op = script;
    s->leg = 0;
    s->at = now_of(s);
    s->limit = s->at + LIMIT_NS;
}

/* What is one access for a chip is up to four for its PHY: is it free, the
 * data (before the command: the PHY takes what lies there), the command, is
 * it through, the answer. */
enum { PHY_FREE, PHY_DATA, PHY_COMMAND, PHY_THROUGH, PHY_ANSWER };

static bool writes_phy(const struct smsc_op *op)
{
    return op->what == SMSC_PHY_WRITE;
}

static uint32_t phy_command(const struct smsc_op *op)
{
    return MII_PHY | (uint32_t)op->reg << 6 | (writes_phy(op) ? MII_WRITE : 0) |
           MII_BUSY;
}

struct access {
    bool write;
    uint16_t reg;
    uint32_t value;
};

static struct access access_of(const struct usb_smsc *s)
{
    const struct smsc_op *op = s->op;
    const struct smsc_chip *c = s->chip;

    switch (op->what) {
    case SMSC_WRITE:
        return (struct access){true, op->reg, op->value};
    case SMSC_ASK:
        return (struct access){true, op->reg, c->value(s, op->reg)};
    case SMSC_MODIFY:
        return (struct access){s->leg != 0, op->reg,
                               (s->word & ~op->mask) | op->value};
    case SMSC_UNTIL:
    case SMSC_ID:
        return (struct access){false, op->reg, 0};
    default:
        break;
    }
    switch (s->leg) {
    case PHY_DATA:
        return (struct access){true, c->mii_data, op->value};
    case PHY_COMMAND:
        return (struct access){true, c->mii_addr, phy_command(op)};
    case PHY_ANSWER:
        return (struct access){false, c->mii_data, 0};
    default:
        return (struct access){false, c->mii_addr, 0};
    }
}

static void answered(struct usb_dev *d, int rc, size_t actual);

static void ask(struct usb_smsc *s)
{
    struct usb_dev *dev = s->eth->dev;
    struct access a = access_of(s);

    if (a.write)
        smsc_put32(dev->buf, a.value);
    struct usb_request r = {.type = a.write ? 0x40 : 0xc0,
                            .request = a.write ? REG_WRITE : REG_READ,
                            .index = a.reg,
                            .length = 4};
    s->asked = usb_control(dev, r, answered) == RC_OK;
    if (!s->asked)
        s->at = now_of(s) + SETTLE_NS;
}

static void next_op(struct usb_smsc *s)
{
    s->op++;
    s->leg = 0;
    s->limit = now_of(s) + LIMIT_NS;
}

/* Not yet: looks again from this leg on. */
static void look_again(struct usb_smsc *s, uint8_t leg)
{
    mono_ns now = now_of(s);
    s->leg = leg;
    s->at = now + SETTLE_NS;
    if (now >= s->limit)
        usb_reset(s->eth->dev,
                  "Ethernet chip: a reset never ends, or its PHY is lost");
}

/* The best that both ends can do (802.3, annex 28B); a partner that does not
 * negotiate is half duplex. */
static void resolve(struct usb_smsc *s)
{
    unsigned both = s->phy[PHY_ANLPAR] & s->chip->advertise;

    s->full =
        (both & AN_100_FULL) || ((both & AN_10_FULL) && !(both & AN_100_HALF));
    s->eth->mbps = both & (AN_100_FULL | AN_100_HALF) ? 100 : 10;
}

static void phy_answered(struct usb_smsc *s)
{
    const struct smsc_op *op = s->op;
    uint16_t v = (uint16_t)s->word;

    s->phy[op->reg & 31] = v;
    if (op->reg == PHY_BMSR && !(v & BMSR_LINK))
        s->dropped = true;
    if (op->reg == PHY_ANLPAR)
        resolve(s);
    if (op->what == SMSC_PHY_UNTIL && (v & op->mask) != op->value)
        look_again(s, PHY_FREE);
    else
        next_op(s);
}

static void phy_advance(struct usb_smsc *s)
{
    bool busy = s->word & MII_BUSY;

    if (s->leg == PHY_ANSWER)
        phy_answered(s);
    else if (s->leg == PHY_DATA)
        s->leg = PHY_COMMAND;
    else if (s->leg == PHY_COMMAND)
        s->leg = PHY_THROUGH;
    else if (busy)
        look_again(s, s->leg);
    else if (s->leg == PHY_FREE)
        s->leg = writes_phy(s->op) ? PHY_DATA : PHY_COMMAND;
    else if (writes_phy(s->op))
        next_op(s);
    else
        s->leg = PHY_ANSWER;
}

static void advance(struct usb_smsc *s)
{
    const struct smsc_op *op = s->op;

    if (op->what >= SMSC_PHY_WRITE) {
        phy_advance(s);
    } else if (op->what == SMSC_MODIFY && s->leg == 0) {
        s->leg = 1;
    } else if (op->what == SMSC_UNTIL && (s->word & op->mask) != op->value) {
        look_again(s, 0);
    } else {
        if (op->what == SMSC_ID)
            s->id = s->word;
        next_op(s);
    }
}

/* ---- the link ------------------------------------------------------------ */

static void looked(struct usb_smsc *s)
{
    struct usb_eth *e = s->eth;
    uint16_t bmsr = s->phy[PHY_BMSR];
    bool dropped = s->dropped;

    s->dropped = false;
    if (!(bmsr & BMSR_LINK)) {
        e->link = false;
        s->looks = 0;
    } else if (e->link && !dropped) {
        s->looks = 0;
    } else {
        e->link = false;
        if (bmsr & BMSR_DONE || ++s->looks >= LOOKS_MAX)
            run(s, speed_script);
    }
    s->look = now_of(s) + (e->link ? LOOK_NS : SEEK_NS);
}

static void go_up(struct usb_smsc *s)
{
    usb_eth_up(s->eth, &s->in, &s->out, NULL);
    s->eth->link = false; /* until it was looked at */
    s->up = true;
    s->look = now_of(s);
}

static void through(struct usb_smsc *s)
{
    const struct smsc_op *script = s->script;
    s->script = s->op = NULL;
    if (script == s->chip->start) {
        go_up(s);
    } else if (script == look_script) {
        looked(s);
    } else if (script == speed_script) {
        run(s, s->chip->linked);
    } else if (script == s->chip->linked) {
        s->eth->link = true;
        s->look = now_of(s) + LOOK_NS;
    }
}

/* What is due of the script under way, and of those that follow. */
static void go_on(struct usb_smsc *s)
{
    while (s->op && s->op->what == SMSC_END)
        through(s);
    if (s->op && !s->asked && now_of(s) >= s->at)
        ask(s);
}

static void answered(struct usb_dev *d, int rc, size_t actual)
{
    struct usb_eth *e = d->cls;
    struct usb_smsc *s = e->self;

    s->asked = false;
    if (rc != RC_OK || actual < 4) {
        s->at = now_of(s) + AGAIN_NS;
        if (++s->lost >= LOST_MAX)
            usb_reset(d, "Ethernet chip: its registers do not answer");
        return;
    }
    s->lost = e->silent = 0;
    e->heard = now_of(s);
    s->word = smsc_get32(d->buf);
    advance(s);
    if (e->dev == d)
        go_on(s);
}

/* ---- receiving: frames out of the byte stream ---------------------------- */

static void forget_piece(struct smsc_stream *st)
{
    st->have = st->owed = 0;
    st->want = st->got = st->skip = 0;
    st->bad = false;
}

static bool fits(size_t body)
{
    return body >= LENGTH_MIN && body <= LENGTH_MAX;
}

/* Zeros before a header may be its own. Where it is long enough to be seen
 * behind them, the length there decides, else whether there is one here. */
static bool was_padding(const struct usb_smsc *s, size_t body)
{
    const struct smsc_stream *st = &s->stream;
    bool bad;

    if (!st->owed || memcmp(st->head, "\0\0\0", st->owed) != 0)
        return false;
    bool seen = st->owed + 4 <= s->chip->head;
    return !fits(body) ||
           (seen && fits(s->chip->body(st->head + st->owed, &bad)));
}

/* Takes what there is of a header; returns how much, and *bad: what follows
 * cannot be made out. */
static size_t take_head(struct usb_smsc *s, const uint8_t *p, size_t len,
                        bool *bad)
{
    struct smsc_stream *st = &s->stream;
    size_t n = (size_t)s->chip->head - st->have;

    n = n < len ? n : len;
    memcpy(st->head + st->have, p, n);
    st->have = (uint8_t)(st->have + n);
    if (st->have < s->chip->head)
        return n;
    size_t body = s->chip->body(st->head, &st->bad);
    st->have = 0;
    if (was_padding(s, body)) {
        st->have = (uint8_t)(s->chip->head - st->owed);
        memmove(st->head, st->head + st->owed, st->have);
    } else if (fits(body)) {
        st->want = (uint32_t)body;
    } else {
        *bad = true;
    }
    st->owed = 0;
    return n;
}

/* The same for the frame. One that came in pieces has to have a good FCS: a
 * piece may have been lost between them. */
static size_t take_body(struct smsc_stream *st, const uint8_t *p, size_t len,
                        struct usb_eth_frame *f)
{
    size_t n = st->want - st->got;
    bool good = !st->bad;

    if (st->got == 0 && n <= len) {
        *f = (struct usb_eth_frame){p, good ? n - 4 : 0};
        st->want = 0;
        return n;
    }
    n = n < len ? n : len;
    memcpy(st->part + st->got, p, n);
    st->got += (uint32_t)n;
    if (st->got < st->want)
        return n;
    good = good && usb_eth_crc(st->part, st->want) == CRC_GOOD;
    *f = (struct usb_eth_frame){st->part, good ? st->want - 4 : 0};
    st->want = st->got = 0;
    return n;
}

/* Padding lies between two frames of a transfer. Behind the last one there
 * need not be any; what is owed then may begin the next transfer. */
static size_t take_padding(struct usb_smsc *s, uint32_t body, size_t len)
{
    uint32_t pad = (4 - (body + s->chip->shift) % 4) % 4;
    size_t n = pad < len ? pad : len;
    if (n)
        s->stream.skip = (uint32_t)(pad - n);
    else
        s->stream.owed = (uint8_t)pad;
    return n;
}

static size_t take(void *self, const uint8_t *p, size_t len,
                   struct usb_eth_frame *f)
{
    struct usb_smsc *s = self;
    struct smsc_stream *st = &s->stream;
    size_t at = st->skip < len ? st->skip : len;
    bool bad = false;

    st->skip -= (uint32_t)at;
    if (!st->want && at < len)
        at += take_head(s, p + at, len - at, &bad);
    if (bad) {
        forget_piece(st);
        *f = (struct usb_eth_frame){p, 0};
        return len;
    }
    uint32_t body = st->want;
    if (body && at < len) {
        at += take_body(st, p + at, len - at, f);
        if (f->data)
            at += take_padding(s, body, len - at);
    }
    return at;
}

/* A transfer has been lost: what comes next is no continuation. */
static void lost(void *self)
{
    struct usb_smsc *s = self;
    forget_piece(&s->stream);
}

static size_t pack(void *self, uint8_t *buf, const uint8_t *frame, size_t len)
{
    const struct usb_smsc *s = self;
    return s->chip->pack(buf, frame, len);
}

static const struct usb_eth_chip smsc_eth = {
    .take = take,
    .lost = lost,
    .pack = pack,
};

/* ---- for the class drivers ----------------------------------------------- */

static struct usb_smsc *smsc_of(const struct usb_dev *dev)
{
    const struct usb_eth *e = dev->cls;
    return e->self;
}

int smsc_start(const struct usb_class *c, struct usb_dev *dev,
               const uint8_t *cfg, size_t len, const struct smsc_chip *chip)
{
    struct usb_smsc *s = c->pool;
    struct usb_endpoint in, out;

    if (usb_desc_bulk_pair(cfg, len, &in, &out) != RC_OK) {
        dev->why = "Ethernet chip without its two bulk endpoints";
        return RC_BAD;
    }
    int rc = usb_eth_begin(c->eth, dev, &smsc_eth, s);
    if (rc != RC_OK)
        return rc;
    *s = (struct usb_smsc){.eth = c->eth, .chip = chip, .in = in, .out = out};
    usb_eth_choose_mac(c->eth, NULL);
    run(s, chip->start);
    go_on(s);
    return RC_OK;
}

void smsc_poll(struct usb_dev *dev, mono_ns now)
{
    struct usb_smsc *s = smsc_of(dev);
    struct usb_eth *e = s->eth;

    if (s->up)
        usb_eth_poll(e, now);
    if (e->dev != dev)
        return;
    if (s->up && !s->op && s->groups_seen != e->groups_changed) {
        s->groups_seen = e->groups_changed;
        run(s, s->chip->groups);
    } else if (s->up && !s->op && now >= s->look) {
        run(s, look_script);
    }
    go_on(s);
}

mono_ns smsc_due(const struct usb_dev *dev)
{
    const struct usb_smsc *s = smsc_of(dev);
    mono_ns due = s->look;
    if (s->asked || !usb_control_idle(dev))
        return MONO_NEVER; /* its end wakes the loop */
    if (s->op)
        due = s->at;
    return mono_min(due, usb_eth_due(s->eth));
}

void smsc_gone(struct usb_dev *dev)
{
    usb_eth_gone(dev->cls);
}
