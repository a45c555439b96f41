/* net_segments.h -- the other end of one TCP connection, its segments made and
 * looked at by hand; over net_wire.h. Include it once. */
#ifndef NET_SEGMENTS_H
#define NET_SEGMENTS_H

#include "core/bytes.h"
#include "net_wire.h"

#define FIN 1
#define SYN 2
#define RST 4
#define PSH 8
#define ACK 16

static struct peer {
    unsigned ours, port;
    uint32_t seq, ack;
} peer;

static inline bool is_tcp(const struct frame *f)
{
    return at16(f->b + 12) == 0x0800 && f->b[23] == 6;
}

static inline uint8_t flags_of(const struct frame *f)
{
    return f->b[47];
}

static inline void tcp_bytes(uint8_t flags, const void *data, size_t len)
{
    struct frame f;
    ethernet(&f, 0x0800);
    uint8_t *t = f.b + 34;
    be16(t, peer.port);
    be16(t + 2, peer.ours);
    bytes_put32(t + 4, peer.seq);
    bytes_put32(t + 8, peer.ack);
    t[12] = 5 << 4;
    t[13] = flags;
    be16(t + 14, 8000);
    memcpy(t + 20, data, len);
    ipv4(&f, 6, 20 + len, 0);
    uint32_t sum = sum16((uint32_t)(6 + 20 + len), f.b + 26, 8);
    be16(t + 16, folded(sum16(sum, t, 20 + len)));
    peer.seq += (uint32_t)len + ((flags & (SYN | FIN)) != 0);
    arrive(&f, sim.ticks);
}

static inline void tcp_frame(uint8_t flags, const char *text)
{
    tcp_bytes(flags, text, strlen(text));
}

/* The next segment that leaves, taken note of. */
static inline const struct frame *segment(void)
{
    const struct frame *f = run(100, is_tcp);
    if (f) {
        const uint8_t *t = f->b + 34;
        size_t len = at16(f->b + 16) - 20u - (size_t)(t[12] >> 4) * 4;
        peer.ours = at16(t);
        peer.ack =
            bytes_get32(t + 4) + (uint32_t)len + ((t[13] & (SYN | FIN)) != 0);
    }
    return f;
}

#endif
