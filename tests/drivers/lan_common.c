#include "lan_common.h"

#include <string.h>

#define STALE 20000000u /* ns: frames wait no longer to be complete         */

uint8_t *lan_fifo_put(struct lan_fifo *f, uint64_t ready, size_t all,
                      size_t size)
{
    if (f->count == LAN_QUEUE || f->bytes + all > size)
        return NULL;
    unsigned i = (f->first + f->count++) % LAN_QUEUE;
    f->bytes += (unsigned)all;
    f->rx[i].len = all;
    f->rx[i].ready = ready;
    return f->rx[i].b;
}

size_t lan_fifo_pop(struct lan_fifo *f, uint8_t *b)
{
    size_t len = f->rx[f->first].len;
    memcpy(b, f->rx[f->first].b, len);
    f->first = (f->first + 1) % LAN_QUEUE;
    f->count--;
    f->bytes -= (unsigned)len;
    return len;
}

size_t lan_fifo_next(const struct usb_chip *c, struct lan_fifo *f,
                     struct lan_packing how, uint8_t *b)
{
    unsigned most = how.many ? LAN_QUEUE : c->pack ? c->pack : 1;
    size_t n = 0;

    if (f->count < c->pack && c->now_ns < f->rx[f->first].ready + STALE)
        return 0; /* until they are as many */
    while (f->count && most--) {
        size_t pad = (4 - n % 4) % 4, len = f->rx[f->first].len;
        uint64_t hold = n ? 0 : how.hold_ns;
        if (c->now_ns < f->rx[f->first].ready + hold || n + pad + len > how.cap)
            break;
        memset(b + n, 0, pad);
        n += pad + lan_fifo_pop(f, b + n + pad);
    }
    return n;
}

bool lan_request(struct usb_chip *c, const uint8_t s[8], uint8_t *data,
                 size_t *len, size_t end,
                 void (*write)(struct usb_chip *c, unsigned r, uint32_t v),
                 uint32_t (*read)(struct usb_chip *c, unsigned r))
{
    unsigned r = s[4] | (unsigned)s[5] << 8;

    if (r & 3 || r >= end)
        return false;
    if (s[0] == 0x40 && s[1] == 0xa0 && *len == 4) {
        write(c, r, chip_get32(data));
    } else if (s[0] == 0xc0 && s[1] == 0xa1) {
        chip_put32(data, read(c, r));
        *len = 4;
    } else if (s[0] == 0xc0 && s[1] == 0xa2) {
        memset(data, 0, *len = s[6]); /* statistics */
    } else {
        return false;
    }
    return true;
}

/* ---- the way to the PHY -------------------------------------------------- */

static void not_busy(struct usb_chip *c, const struct lan_mii *m,
                     const char *what)
{
    if (c->now_ns < m->until)
        chip_fault(c, what);
}

void lan_mii_command(struct usb_chip *c, struct lan_mii *m, struct chip_phy *p,
                     uint32_t v)
{
    not_busy(c, m, "command written while the PHY is busy");
    m->command = v & ~LAN_MII_BUSY;
    if (!(v & LAN_MII_BUSY))
        return;
    m->until = c->now_ns + 60000;
    if (v >> 11 != 1)
        m->data = 0xffff; /* no PHY there */
    else if (v & 2)
        m->write(c, p, v >> 6 & 31, (uint16_t)m->data);
    else
        m->data = m->read(c, p, v >> 6 & 31);
}

void lan_mii_put(struct usb_chip *c, struct lan_mii *m, uint32_t v)
{
    not_busy(c, m, "data written while the PHY is busy");
    m->data = v & 0xffff;
}

uint32_t lan_mii_state(const struct usb_chip *c, const struct lan_mii *m)
{
    return m->command | (c->now_ns < m->until ? LAN_MII_BUSY : 0);
}

uint32_t lan_mii_get(struct usb_chip *c, const struct lan_mii *m)
{
    not_busy(c, m, "data read while the PHY is busy");
    return m->data;
}
