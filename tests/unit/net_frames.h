/* net_frames.h -- frames of a small network, made and looked at by hand: the
 * test is the router 10.9.0.1 (02:00:00:00:00:01), DHCP and name server in
 * one; the firmware under test gets 10.9.0.42. */
#ifndef NET_FRAMES_H
#define NET_FRAMES_H

#include <stdint.h>
#include <string.h>

struct frame {
    uint64_t stamp;
    size_t len;
    uint8_t b[1514];
};

static const uint8_t router_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t own_mac[6] = {2, 0, 0, 0, 0, 42};
static const uint8_t router_ip[4] = {10, 9, 0, 1};
static const uint8_t own_ip[4] = {10, 9, 0, 42};

static inline void be16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline unsigned at16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static inline uint32_t sum16(uint32_t sum, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += at16(p + i);
    if (len & 1)
        sum += (uint32_t)p[len - 1] << 8;
    return sum;
}

static inline unsigned folded(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

static inline void ethernet(struct frame *f, unsigned type)
{
    memset(f, 0, sizeof *f);
    memcpy(f->b, own_mac, 6);
    memcpy(f->b + 6, router_mac, 6);
    be16(f->b + 12, type);
}

/* IPv4 from the router; the payload is at b + 34. fragment: flags, offset. */
static inline void ipv4(struct frame *f, unsigned proto, size_t len,
                        unsigned fragment)
{
    uint8_t *ip = f->b + 14;
    ip[0] = 0x45;
    be16(ip + 2, 20 + (unsigned)len);
    be16(ip + 4, 7);
    be16(ip + 6, fragment);
    ip[8] = 64;
    ip[9] = (uint8_t)proto;
    memcpy(ip + 12, router_ip, 4);
    memcpy(ip + 16, own_ip, 4);
    be16(ip + 10, folded(sum16(0, ip, 20)));
    f->len = 34 + len;
}

static inline void udp4(struct frame *f, unsigned from, unsigned to,
                        const void *data, size_t len)
{
    ethernet(f, 0x0800);
    be16(f->b + 34, from);
    be16(f->b + 36, to);
    be16(f->b + 38, 8 + (unsigned)len); /* checksum 0: none (RFC 768) */
    memcpy(f->b + 42, data, len);
    ipv4(f, 17, 8 + len, 0);
}

static inline void arp_reply(struct frame *f, const uint8_t ip[4])
{
    static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 2};
    ethernet(f, 0x0806);
    memcpy(f->b + 14, head, 8);
    memcpy(f->b + 22, router_mac, 6);
    memcpy(f->b + 28, ip, 4);
    memcpy(f->b + 32, own_mac, 6);
    memcpy(f->b + 38, own_ip, 4);
    f->len = 60;
}

/* OFFER (2), ACK (5) or NAK (6) to the message in `ask`. */
static inline void dhcp_answer(struct frame *f, const struct frame *ask,
                               uint8_t type, const uint8_t dns[4])
{
    uint8_t m[300] = {2, 1, 6};
    static const uint8_t cookie[4] = {0x63, 0x82, 0x53, 0x63};
    memcpy(m + 4, ask->b + 42 + 4, 4); /* xid */
    memcpy(m + 16, own_ip, 4);
    memcpy(m + 28, own_mac, 6);
    memcpy(m + 236, cookie, 4);
    uint8_t o[] = {
        53, 1, type,   54,     4,      10,     9,  0,  1, /* server                        */
        51, 4, 0,      0,      14,     16, /* lease: an hour                */
        1,  4, 255,    255,    255,    0,  /* mask                          */
        3,  4, 10,     9,      0,      1,  /* router                        */
        6,  4, dns[0], dns[1], dns[2], dns[3], 42, 12, 10, 9,
        0,  7, 0,      0,      0,      0,      10, 9,  0,  8, /* NTP      */
        255};
    memcpy(m + 240, o, sizeof o);
    udp4(f, 67, 68, m, sizeof m);
    memset(f->b, 0xff, 6);
    memset(f->b + 30, 0xff, 4);
    memset(f->b + 24, 0, 2);
    be16(f->b + 24, folded(sum16(0, f->b + 14, 20)));
}

/* Value of a DHCP option, or NULL. */
static inline const uint8_t *dhcp_option(const struct frame *f, uint8_t code)
{
    for (size_t i = 42 + 240; i + 1 < f->len && f->b[i] != 255;
         i += 2u + f->b[i + 1])
        if (f->b[i] == code)
            return f->b + i + 1; /* length, then value */
    return NULL;
}

static inline bool is_udp4(const struct frame *f, unsigned to)
{
    return f->len >= 42 && at16(f->b + 12) == 0x0800 && f->b[23] == 17 &&
           at16(f->b + 36) == to;
}

/* A router advertisement: the prefix 2001:db8::/64 and one name server. */
static inline void advertisement(struct frame *f, const uint8_t dns[16],
                                 uint32_t lifetime)
{
    static const uint8_t from[16] = {0xfe, 0x80, [15] = 1},
                         all[16] = {0xff, 2, [15] = 1};
    uint8_t m[16 + 32 + 24] = {134, 0, 0, 0, 64, 0, 7, 8};
    uint8_t *prefix = m + 16, *rdnss = m + 48;
    prefix[0] = 3;
    prefix[1] = 4;
    prefix[2] = 64;
    prefix[3] = 0xc0;
    be16(prefix + 6, 3600);
    be16(prefix + 10, 3600);
    memcpy(prefix + 16, (uint8_t[4]){0x20, 1, 0x0d, 0xb8}, 4);
    rdnss[0] = 25;
    rdnss[1] = 3;
    be16(rdnss + 6, lifetime);
    memcpy(rdnss + 8, dns, 16);
    ethernet(f, 0x86dd);
    memcpy(f->b, (uint8_t[6]){0x33, 0x33, 0, 0, 0, 1}, 6);
    uint8_t *ip = f->b + 14;
    ip[0] = 0x60;
    be16(ip + 4, sizeof m);
    ip[6] = 58;
    ip[7] = 255;
    memcpy(ip + 8, from, 16);
    memcpy(ip + 24, all, 16);
    uint32_t sum = sum16(sum16(58 + sizeof m, ip + 8, 32), m, sizeof m);
    be16(m + 2, folded(sum));
    memcpy(f->b + 54, m, sizeof m);
    f->len = 54 + sizeof m;
}

#endif
