/* mdns_frames.h -- multicast DNS by hand, on top of net_frames.h: the router of
 * that network is the other host. */
#ifndef MDNS_FRAMES_H
#define MDNS_FRAMES_H

#include "net_frames.h"

#define MDNS_A   1u
#define MDNS_PTR 12u
#define MDNS_ANY 255u

/* Appends a name, "gnomon.local" or "_ntp._udp.local". */
static inline size_t mdns_name(uint8_t *to, const char *name)
{
    uint8_t *p = to;
    while (*name) {
        size_t n = strcspn(name, ".");
        *p++ = (uint8_t)n;
        memcpy(p, name, n);
        p += n;
        name += n + (name[n] == '.');
    }
    *p++ = 0;
    return (size_t)(p - to);
}

static inline size_t mdns_question(uint8_t *m, const char *name, unsigned type)
{
    memset(m, 0, 12);
    m[5] = 1;
    size_t at = 12 + mdns_name(m + 12, name);
    be16(m + at, type);
    be16(m + at + 2, 1);
    return at + 4;
}

/* "That name is mine", with the address 10.9.0.1. */
static inline size_t mdns_claim(uint8_t *m, const char *name)
{
    static const uint8_t rest[] = {0,   1, 0x80, 1,  0, 0, 0,
                                   120, 0, 4,    10, 9, 0, 1};
    memset(m, 0, 12);
    m[2] = 0x84;
    m[7] = 1;
    size_t at = 12 + mdns_name(m + 12, name);
    memcpy(m + at, rest, sizeof rest);
    return at + sizeof rest;
}

/* From the router to 224.0.0.251; from_port 5353 is another responder. */
static inline void mdns_frame(struct frame *f, unsigned from_port,
                              const uint8_t *m, size_t len)
{
    static const uint8_t group[4] = {224, 0, 0, 251},
                         mac[6] = {1, 0, 0x5e, 0, 0, 0xfb};
    udp4(f, from_port, 5353, m, len);
    memcpy(f->b, mac, 6);
    memcpy(f->b + 30, group, 4);
    f->b[22] = 255;
    be16(f->b + 24, 0);
    be16(f->b + 24, folded(sum16(0, f->b + 14, 20)));
}

/* Tells whether a frame has these bytes in it. */
static inline bool frame_has(const struct frame *f, const void *what,
                             size_t len)
{
    for (size_t i = 0; i + len <= f->len; i++)
        if (memcmp(f->b + i, what, len) == 0)
            return true;
    return false;
}

static inline bool frame_names(const struct frame *f, const char *name)
{
    uint8_t wire[300];
    size_t n = mdns_name(wire, name);
    /* Names are often cut short by a pointer: the labels but the last. */
    return frame_has(f, wire, n - 1);
}

#endif
