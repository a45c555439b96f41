#include "usb_dev_model.h"

#include <stdio.h>
#include <string.h>

uint64_t mdev_now_ns;

/* ---- what devices say of themselves -------------------------------------- */

static const uint8_t hub_dev_fs[18] = {18,   1,    0x10, 0x01, 9, 0, 0, 8, 0x09,
                                       0x04, 0xaa, 0x55, 1,    1, 0, 0, 0, 1};
static const uint8_t hub_dev_hs[18] = {
    18, 1, 0x00, 0x02, 9, 0, 1, 64, 0x24, 0x04, 0x14, 0x95, 0, 2, 0, 0, 0, 1};
static const uint8_t hub_cfg[25] = {9, 2, 25, 0, 1, 1, 0, 0xe0, 0, 9, 4, 0, 0,
                                    1, 9, 0,  0, 0, 7, 5, 0x81, 3, 2, 0, 12};

/* A translator for each port, if its second setting is chosen. (The real one
 * has four ports, not eight, so that a byte is enough for its changes.) */
static const uint8_t hub_2514[18] = {18,   1,    0x00, 0x02, 9,  0, 2, 64, 0x24,
                                     0x04, 0x14, 0x25, 0xb3, 11, 0, 0, 0,  1};
static const uint8_t hub_2514_cfg[41] = {
    9, 2, 41, 0,  1, 1, 0, 0xe0, 1, 9, 4, 0, 0, 1, 9, 0,    1, 0, 7, 5, 0x81,
    3, 2, 0,  12, 9, 4, 0, 1,    1, 9, 0, 2, 0, 7, 5, 0x81, 3, 2, 0, 12};

static const uint8_t net_dev[18] = {18,   1,    0x00, 0x02, 2, 0, 0, 64, 0x25,
                                    0x05, 0xa2, 0xa4, 0,    0, 1, 2, 4,  2};
static const uint8_t rndis_cfg[] = {
    9, 2, 67,   0, 2,    2,    0,  0xc0, 0, 9, 4, 0,    0,    1,  2, 2,  0xff,
    0, 5, 0x24, 0, 0x10, 1,    5,  0x24, 1, 0, 1, 4,    0x24, 2,  0, 5,  0x24,
    6, 0, 1,    7, 5,    0x81, 3,  16,   0, 1, 9, 4,    1,    0,  2, 10, 0,
    0, 0, 7,    5, 0x82, 2,    64, 0,    0, 7, 5, 0x02, 2,    64, 0, 0};
static const uint8_t ecm_cfg_fs[] = {
    9, 2, 80, 0,    2,    1,    0,  0xc0, 0,    9, 4, 0,    0,  1,    2,  6,
    0, 0, 5,  0x24, 0,    0x10, 1,  5,    0x24, 6, 0, 1,    13, 0x24, 15, 3,
    0, 0, 0,  0,    0xea, 5,    0,  0,    0,    7, 5, 0x81, 3,  16,   0,  32,
    9, 4, 1,  0,    0,    10,   0,  0,    0,    9, 4, 1,    1,  2,    10, 0,
    0, 0, 7,  5,    0x82, 2,    64, 0,    0,    7, 5, 0x02, 2,  64,   0,  0};

static const uint8_t ecm_dev_hs[18] = {18, 1,    0x00, 0x02, 2,    0,
                                       0,  64,   0xda, 0x0b, 0x53, 0x81,
                                       0,  0x31, 1,    2,    4,    1};
static const uint8_t ecm_cfg_hs[] = {
    9, 2, 80, 0,    2,    1,    0, 0xc0, 0,    9, 4, 4,    0,  1,    2,  6,
    0, 0, 5,  0x24, 0,    0x10, 1, 5,    0x24, 6, 4, 7,    13, 0x24, 15, 3,
    0, 0, 0,  0,    0xea, 5,    0, 0,    0,    7, 5, 0x83, 3,  16,   0,  8,
    9, 4, 7,  0,    0,    10,   0, 0,    0,    9, 4, 7,    1,  2,    10, 0,
    0, 0, 7,  5,    0x04, 2,    0, 2,    0,    7, 5, 0x85, 2,  0,    2,  0};

static const uint8_t kbd_dev[18] = {18,   1, 0x00, 0x02, 0, 0, 0, 8, 0x27,
                                    0x06, 1, 0,    0,    0, 0, 0, 0, 1};
static const uint8_t kbd_cfg[] = {
    9, 2, 34,   0,    1, 1, 0, 0xa0, 50, 9, 4, 0, 0,    1, 3, 1, 1,
    0, 9, 0x21, 0x11, 1, 0, 1, 0x22, 63, 0, 7, 5, 0x81, 3, 8, 0, 10};

static void one_config(struct mdev *d, const uint8_t *dev, const uint8_t *cfg,
                       size_t len)
{
    d->dev_desc = dev;
    d->cfg[0] = cfg;
    d->cfg_len[0] = len;
    d->cfgs = 1;
}

void mdev_hub(struct mdev *d, uint8_t speed)
{
    memset(d, 0, sizeof *d);
    one_config(d, speed == SPEED_HIGH ? hub_dev_hs : hub_dev_fs, hub_cfg,
               sizeof hub_cfg);
    d->hub = true;
    d->speed = speed;
}

void mdev_hub_2514(struct mdev *d, uint8_t speed)
{
    mdev_hub(d, speed);
    if (speed == SPEED_HIGH)
        one_config(d, hub_2514, hub_2514_cfg, sizeof hub_2514_cfg);
}

void mdev_usbnet(struct mdev *d)
{
    memset(d, 0, sizeof *d);
    one_config(d, net_dev, rndis_cfg, sizeof rndis_cfg);
    d->cfg[1] = ecm_cfg_fs;
    d->cfg_len[1] = sizeof ecm_cfg_fs;
    d->cfgs = 2;
    d->ecm = true;
    d->speed = SPEED_FULL;
    d->mac = "525400123457";
}

void mdev_ecm(struct mdev *d, uint8_t speed)
{
    memset(d, 0, sizeof *d);
    one_config(d, ecm_dev_hs, ecm_cfg_hs, sizeof ecm_cfg_hs);
    d->ecm = true;
    d->speed = speed;
    d->mac = "02AbCd123456";
}

void mdev_chip(struct mdev *d, struct usb_chip *chip)
{
    memset(d, 0, sizeof *d);
    d->dev_desc = chip->kind->device;
    d->chip = chip;
    d->speed = chip->high ? SPEED_HIGH : SPEED_FULL;
}

void mdev_keyboard(struct mdev *d, uint8_t speed)
{
    memset(d, 0, sizeof *d);
    one_config(d, kbd_dev, kbd_cfg, sizeof kbd_cfg);
    d->speed = speed;
}

/* ---- the bus ------------------------------------------------------------- */

static void clear_toggles(struct mdev *d)
{
    memset(d->one_in, 0, sizeof d->one_in);
    memset(d->one_out, 0, sizeof d->one_out);
    memset(d->halt_in, 0, sizeof d->halt_in);
    memset(d->halt_out, 0, sizeof d->halt_out);
}

void mdev_reset(struct mdev *d)
{
    d->addr = d->new_addr = d->config = d->alt = 0;
    d->len = d->pos = d->out_len = d->in_pos = 0;
    d->count = 0;
    d->in_going = false;
    d->resets++;
    if (d->chip)
        chip_reset(d->chip);
    clear_toggles(d);
    for (unsigned n = 1; d->hub && n <= MDEV_PORTS; n++) {
        d->status[n] = d->child[n] ? 1 : 0; /* unpowered: seen once powered */
        d->change[n] = d->child[n] ? 1 : 0;
        d->reset_end[n] = 0;
    }
}

void mdev_plug(struct mdev *hub, unsigned port, struct mdev *child)
{
    hub->child[port] = child;
    hub->status[port] = 0x101;
    hub->change[port] |= 1;
}

void mdev_unplug(struct mdev *hub, unsigned port)
{
    hub->child[port] = NULL;
    hub->status[port] = 0x100;
    hub->change[port] |= 1;
    hub->reset_end[port] = 0;
}

void mdev_clock(struct mdev *d, uint64_t now)
{
    if (d->chip)
        chip_clock(d->chip, now);
    for (unsigned n = 1; d->hub && n <= MDEV_PORTS; n++) {
        struct mdev *c = d->child[n];
        if (!c)
            continue;
        if (d->reset_end[n] && now >= d->reset_end[n]) {
            d->reset_end[n] = 0;
            mdev_reset(c);
            d->status[n] = (uint16_t)(0x103 | (c->speed == SPEED_HIGH  ? 0x400
                                               : c->speed == SPEED_LOW ? 0x200
                                                                       : 0));
            d->change[n] |= 0x10;
        }
        mdev_clock(c, now);
    }
}

struct mdev *mdev_find(struct mdev *d, uint8_t addr, unsigned *found)
{
    struct mdev *hit = NULL;
    if (d->addr == addr) {
        (*found)++;
        hit = d;
    }
    for (unsigned n = 1; d->hub && n <= MDEV_PORTS; n++) {
        if (!d->child[n] || !(d->status[n] & 2))
            continue;
        struct mdev *c = mdev_find(d->child[n], addr, found);
        hit = hit ? hit : c;
    }
    return hit;
}

/* ---- endpoint 0 ---------------------------------------------------------- */

static void reply(struct mdev *d, const void *p, size_t n)
{
    size_t asked = d->setup[6] | (size_t)d->setup[7] << 8;
    memcpy(d->data, p, n);
    d->len = n < asked ? n : asked;
}

static void string(struct mdev *d, unsigned index)
{
    static const uint8_t languages[4] = {4, 3, 9, 4};
    uint8_t s[64] = {0, 3};
    if (index == 0) {
        reply(d, languages, sizeof languages);
        return;
    }
    if (index != 3 || !d->mac) {
        d->ep0_stall = true;
        return;
    }
    size_t n = strlen(d->mac);
    for (size_t i = 0; i < n; i++)
        s[2 + 2 * i] = (uint8_t)d->mac[i];
    s[0] = (uint8_t)(2 + 2 * n);
    reply(d, s, s[0]);
}

static void hub_feature(struct mdev *d, bool set, unsigned feature,
                        unsigned port)
{
    if (port < 1 || port > MDEV_PORTS) {
        d->ep0_stall = true;
        return;
    }
    if (feature >= 16 && !set)
        d->change[port] &= (uint16_t) ~(1u << (feature - 16));
    else if (feature == 8 && set)
        d->status[port] |= 0x100;
    else if (feature == 1 && !set)
        d->status[port] &= (uint16_t)~2u;
    else if (feature == 4 && set && d->child[port]) {
        d->status[port] = 0x111;
        d->reset_end[port] = mdev_now_ns + 10000000;
    }
}

static void hub_request(struct mdev *d, const uint8_t *s)
{
    static const uint8_t desc[9] = {9, 0x29, MDEV_PORTS, 0, 0, 10, 0, 0, 0xff};
    uint8_t port = s[4] <= MDEV_PORTS ? s[4] : 0, b[4] = {0};

    if (s[0] == 0xa0 && s[1] == 6) {
        reply(d, desc, sizeof desc);
    } else if (s[0] == 0xa3 && s[1] == 0 && port) {
        bool on = d->status[port] & 0x100;
        b[0] = on ? (uint8_t)d->status[port] : 0;
        b[1] = (uint8_t)(d->status[port] >> 8);
        b[2] = on ? (uint8_t)d->change[port] : 0;
        reply(d, b, 4);
    } else if (s[0] == 0xa0 && s[1] == 0) {
        reply(d, b, 4);
    } else if (s[0] == 0x23 && (s[1] == 1 || s[1] == 3)) {
        hub_feature(d, s[1] == 3, s[2], s[4]);
    } else {
        d->ep0_stall = true;
    }
}

static void standard(struct mdev *d, const uint8_t *s)
{
    uint8_t zero[2] = {0};

    if (s[1] == 6 && s[3] == 1) {
        reply(d, d->dev_desc, 18);
    } else if (s[1] == 6 && s[3] == 2 && s[2] < d->cfgs) {
        reply(d, d->cfg[s[2]], d->cfg_len[s[2]]);
    } else if (s[1] == 6 && s[3] == 3) {
        string(d, s[2]);
    } else if (s[1] == 5) {
        d->new_addr = s[2];
    } else if (s[1] == 9) {
        d->config = s[2];
        clear_toggles(d);
    } else if (s[0] == 0x01 && s[1] == 11 && d->ecm) {
        d->alt = s[2];
        clear_toggles(d);
    } else if (s[0] == 0x02 && s[1] == 1) {
        bool *halt = s[4] & 0x80 ? d->halt_in : d->halt_out;
        bool *one = s[4] & 0x80 ? d->one_in : d->one_out;
        halt[s[4] & 15] = one[s[4] & 15] = false;
    } else if (s[0] == 0x80 && s[1] == 0) {
        reply(d, zero, 2);
    } else {
        d->ep0_stall = true;
    }
}

static bool length_stage(const struct mdev *d)
{
    return d->setup[6] || d->setup[7];
}

/* What a chip's control transfer comes to; a silent one answers nothing. */
static int chip_ep0(struct mdev *d)
{
    enum chip_answer a = chip_control(d->chip, d->setup, d->data, &d->len);
    d->ep0_stall = a == CHIP_STALL;
    if (d->setup[0] == 0 && d->setup[1] == 9)
        d->config = d->setup[2];
    if (d->setup[0] == 0 && (d->setup[1] == 9 || d->setup[1] == 11))
        clear_toggles(d);
    if (d->setup[0] == 2 && d->setup[1] == 1) {
        bool *one = d->setup[4] & 0x80 ? d->one_in : d->one_out;
        bool *halt = d->setup[4] & 0x80 ? d->halt_in : d->halt_out;
        one[d->setup[4] & 15] = halt[d->setup[4] & 15] = false;
    }
    return a == CHIP_SILENT ? ANSWER_NONE : ANSWER_ACK;
}

int mdev_setup(struct mdev *d, const uint8_t s[8])
{
    memcpy(d->setup, s, 8);
    d->len = d->pos = 0;
    d->ep0_stall = false;
    d->ep0_one = true; /* the data stage begins with DATA1 */
    if (d->chip && !(s[0] == 0 && s[1] == 5)) {
        if (s[0] & 0x80 || !length_stage(d))
            return chip_ep0(d);
        return d->chip->silent ? ANSWER_NONE : ANSWER_ACK;
    }
    if (d->hub && s[0] & 0x20)
        hub_request(d, s);
    else if (d->ecm && s[0] == 0x21 && s[1] == 0x43)
        d->filters++;
    else if (s[0] & 0x60)
        d->ep0_stall = true;
    else
        standard(d, s);
    return ANSWER_ACK;
}

static int ep0_in(struct mdev *d, size_t mps, unsigned *pid, uint8_t *b,
                  size_t *n)
{
    if (d->ep0_stall)
        return ANSWER_STALL;
    *n = 0;
    *pid = TOGGLE_1;
    if (!(d->setup[0] & 0x80) || !length_stage(d))
        return ANSWER_ACK; /* status */
    *pid = d->ep0_one ? TOGGLE_1 : TOGGLE_0;
    *n = d->len - d->pos < mps ? d->len - d->pos : mps;
    memcpy(b, d->data + d->pos, *n);
    return ANSWER_ACK;
}

static void ep0_in_acked(struct mdev *d, size_t n)
{
    if (d->setup[0] & 0x80 && length_stage(d)) {
        d->pos += n;
        d->ep0_one = !d->ep0_one;
    } else if (d->new_addr) { /* status of SET_ADDRESS */
        d->addr = d->new_addr;
        d->new_addr = 0;
    }
}

/* The data stage of a request to a chip. */
static int ep0_data(struct mdev *d, unsigned pid, const uint8_t *b, size_t n)
{
    size_t wanted = d->setup[6] | (size_t)d->setup[7] << 8;
    if (pid != (d->ep0_one ? TOGGLE_1 : TOGGLE_0) || d->len + n > wanted) {
        d->wrong++;
        return ANSWER_ACK;
    }
    d->ep0_one = !d->ep0_one;
    memcpy(d->data + d->len, b, n);
    d->len += n;
    return d->len == wanted ? chip_ep0(d) : ANSWER_ACK;
}

static int ep0_out(struct mdev *d, unsigned pid, const uint8_t *b, size_t n)
{
    if (d->ep0_stall)
        return ANSWER_STALL;
    if (d->chip && !(d->setup[0] & 0x80) && n)
        return ep0_data(d, pid, b, n);
    if (n != 0 || pid != TOGGLE_1) /* only status stages go out here */
        d->wrong++;
    return ANSWER_ACK;
}

/* ---- Ethernet ------------------------------------------------------------ */

static void echo(struct mdev *d)
{
    d->frames_out++;
    if (d->count < MDEV_FRAMES) {
        unsigned at = (d->head + d->count++) % MDEV_FRAMES;
        d->frame_len[at] = d->long_frame ? 3000 % 2048 : d->out_len;
        memcpy(d->frame[at], d->out, d->out_len < 2048 ? d->out_len : 2048);
    }
    d->out_len = 0;
}

static int hub_changes(struct mdev *d, uint8_t *b, size_t *n)
{
    unsigned bits = 0;
    for (unsigned i = 1; i <= MDEV_PORTS; i++)
        if (d->change[i] && d->status[i] & 0x100)
            bits |= 1u << i;
    if (!bits)
        return ANSWER_NAK;
    b[0] = (uint8_t)bits;
    b[1] = (uint8_t)(bits >> 8);
    *n = 2;
    return ANSWER_ACK;
}

static int note_in(struct mdev *d, uint8_t *b, size_t *n)
{
    d->note_polls++;
    if (!d->note_due)
        return ANSWER_NAK;
    memcpy(b, d->note, 8);
    *n = 8;
    return ANSWER_ACK;
}

/* The next packet of a chip's transfer, which an empty one ends where the
 * last was full. */
static int chip_packet(struct mdev *d, unsigned ep, size_t mps, uint8_t *b,
                       size_t *n)
{
    static const int answers[] = {ANSWER_ACK, ANSWER_NAK, ANSWER_STALL,
                                  ANSWER_NONE};
    enum chip_answer a = CHIP_OK;
    if (ep == d->chip->kind->note)
        return answers[chip_note(d->chip, b, n)];
    if (!d->in_going) {
        a = chip_in(d->chip, d->in, &d->in_len);
        d->in_pos = 0;
        d->in_going = a == CHIP_OK;
    }
    if (a != CHIP_OK)
        return answers[a];
    *n = d->in_len - d->in_pos < mps ? d->in_len - d->in_pos : mps;
    memcpy(b, d->in + d->in_pos, *n);
    return ANSWER_ACK;
}

int mdev_in(struct mdev *d, unsigned ep, size_t mps, unsigned *pid, uint8_t *b,
            size_t *n)
{
    if (ep == 0)
        return ep0_in(d, mps, pid, b, n);
    if (!d->config)
        return ANSWER_NONE;
    if (d->mute)
        return ANSWER_NAK;
    if (d->halt_in[ep])
        return ANSWER_STALL;
    *pid = d->one_in[ep] ? TOGGLE_1 : TOGGLE_0;
    if (d->hub)
        return hub_changes(d, b, n);
    if (d->chip)
        return chip_packet(d, ep, mps, b, n);
    if (ep == (d->cfgs == 2 ? 1u : 3u))
        return note_in(d, b, n);
    if (!d->ecm || d->count == 0)
        return ANSWER_NAK;
    size_t left = d->frame_len[d->head] - d->in_pos;
    *n = left < mps ? left : mps;
    memcpy(b, d->frame[d->head] + d->in_pos, *n);
    return ANSWER_ACK;
}

void mdev_in_acked(struct mdev *d, unsigned ep, size_t n, size_t mps)
{
    if (ep == 0) {
        ep0_in_acked(d, n);
        return;
    }
    d->one_in[ep] = !d->one_in[ep];
    if (d->chip && ep == d->chip->kind->in) {
        d->in_pos += n;
        d->in_going = n == mps;
    }
    if (!d->ecm)
        return;
    if (ep == (d->cfgs == 2 ? 1u : 3u)) {
        d->note_due = false;
        return;
    }
    d->in_pos += n;
    if (n < mps) { /* a short packet ends a frame, an empty one too */
        d->in_pos = 0;
        d->head = (d->head + 1) % MDEV_FRAMES;
        d->count--;
    }
}

int mdev_out(struct mdev *d, unsigned ep, unsigned pid, const uint8_t *b,
             size_t n)
{
    if (ep == 0)
        return ep0_out(d, pid, b, n);
    if (!d->config || (!d->ecm && !d->chip))
        return ANSWER_NONE;
    if (d->mute)
        return ANSWER_NAK;
    if (d->halt_out[ep])
        return ANSWER_STALL;
    if (pid != (d->one_out[ep] ? TOGGLE_1 : TOGGLE_0)) {
        /* A repeat of what is here already: acknowledge, forget. */
        if (d->expect_repeat)
            d->repeats++;
        else
            d->wrong++;
        d->expect_repeat = false;
        return ANSWER_ACK;
    }
    d->one_out[ep] = !d->one_out[ep];
    if (d->out_len + n > sizeof d->out)
        d->out_len = 0;
    memcpy(d->out + d->out_len, b, n);
    d->out_len += n;
    if (n == (d->speed == SPEED_HIGH ? 512 : 64))
        return ANSWER_ACK;
    if (d->chip) {
        (void)chip_out(d->chip, d->out, d->out_len);
        d->out_len = 0;
    } else {
        echo(d);
    }
    return ANSWER_ACK;
}
