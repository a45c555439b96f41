/* net_wire.h -- a machine with one wire for tests of adapters/net: port.h in
 * simulated time, frames put in and looked at by hand. Include it once. */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include "core/mono.h"
#include "entropy.h"
#include "net_frames.h"
#include "port.h"
#include "adapters/net.h"

#define HZ 1000000u

static struct {
    uint64_t ticks;
    bool link, busy; /* busy: the MAC takes nothing             */
    uint8_t mac[6], group[8][6];
    size_t groups;
    struct frame in[128], out[64];
    unsigned in_first, in_count, out_count, looked;
    unsigned changes;
    uint64_t left_at; /* what port_eth_left tells next; 0: nothing   */
} sim;

/* ---- port.h ---------------------------------------------------------------- */

uint64_t port_ticks(void)
{
    return sim.ticks;
}

uint32_t port_tick_hz(void)
{
    return HZ;
}

bool port_eth_link(void)
{
    return sim.link;
}

void port_eth_mac(uint8_t mac[6])
{
    memcpy(mac, sim.mac[0] ? sim.mac : own_mac, 6);
}

void port_eth_groups(const uint8_t (*mac)[6], size_t count)
{
    assert_true(count <= LEN(sim.group));
    memcpy(sim.group, mac, 6 * count);
    sim.groups = count;
}

int port_eth_recv(uint8_t *buf, size_t cap, uint64_t *stamp)
{
    if (sim.in_count == 0)
        return RC_AGAIN;
    struct frame *f = &sim.in[sim.in_first];
    assert_true(f->len <= cap);
    memcpy(buf, f->b, f->len);
    *stamp = f->stamp;
    sim.in_first = (sim.in_first + 1) % LEN(sim.in);
    sim.in_count--;
    return (int)f->len;
}

int port_eth_left(uint64_t *stamp)
{
    *stamp = sim.left_at;
    sim.left_at = 0;
    return *stamp == 0 ? RC_AGAIN : RC_OK;
}

int port_eth_send(const uint8_t *frame, size_t len, uint64_t *stamp)
{
    if (sim.busy)
        return RC_AGAIN;
    assert_true(sim.out_count < LEN(sim.out));
    struct frame *f = &sim.out[sim.out_count++];
    memcpy(f->b, frame, len);
    f->len = len;
    *stamp = f->stamp = sim.ticks;
    return RC_OK;
}

size_t port_console(const char *s, size_t len)
{
    (void)s;
    return len;
}

/* ---- the wire -------------------------------------------------------------- */

static inline void arrive(const struct frame *f, uint64_t stamp)
{
    assert_true(sim.in_count < LEN(sim.in));
    struct frame *to = &sim.in[(sim.in_first + sim.in_count) % LEN(sim.in)];
    *to = *f;
    to->stamp = stamp;
    sim.in_count++;
}

static mono_ns poll_once(void)
{
    return net_poll(mono_of_ticks(sim.ticks, HZ));
}

static inline void forget_sent(void)
{
    sim.out_count = sim.looked = 0;
}

/* Let time pass until it is over or `wanted` has left that was not looked at
 * yet; NULL: just pass. */
static inline struct frame *run(unsigned ms,
                                bool (*wanted)(const struct frame *))
{
    uint64_t end = sim.ticks + (uint64_t)ms * (HZ / 1000);
    if (sim.looked == sim.out_count)
        forget_sent();
    for (;;) {
        mono_ns next = poll_once();
        while (sim.looked < sim.out_count) {
            struct frame *f = &sim.out[sim.looked++];
            if (wanted && wanted(f))
                return f;
        }
        if (sim.out_count > LEN(sim.out) / 2)
            forget_sent();
        if (sim.ticks >= end)
            return NULL;
        uint64_t at = mono_to_ticks(next, HZ);
        sim.ticks = at > sim.ticks ? at : sim.ticks + 1;
    }
}

static inline bool is_dhcp(const struct frame *f)
{
    return is_udp4(f, 67);
}

static inline void changed(mono_ns now)
{
    (void)now;
    sim.changes++;
}

#endif
