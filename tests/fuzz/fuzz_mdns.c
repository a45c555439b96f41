/* Multicast DNS from hostile hosts of our own network, through adapters/net_mdns
 * and lwIP's responder with all its assertions: none may reset the clock, make
 * it answer somebody who did not ask, or leave it without a name.
 *
 * The input is a row of records: flags (1 byte), length (2), a message. Flags:
 * 1: over IPv6; 2: from a port that is not 5353; 4: to our own address; 24:
 * then let 0, 100 ms, 1 s or 60 s pass; 32: services come and go; 64: pull the
 * plug, put it back. */
#include <stdbool.h>
#include <stdlib.h>

#include "../unit/entropy.h"
#include "../unit/mdns_frames.h"
#include "adapters/net.h"
#include "adapters/net_mdns.h"
#include "core/mono.h"
#include "port.h"

#define HZ 1000000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    uint64_t ticks;
    bool link, waiting, answered;
    struct frame in;
} sim;

static struct conf conf;
static const uint8_t router_ip6[16] = {0xfe, 0x80, [15] = 1};
static const uint8_t group6[16] = {0xff, 2, [15] = 0xfb};

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
    memcpy(mac, own_mac, 6);
}

size_t port_console(const char *s, size_t len)
{
    return s ? len : 0;
}

void port_eth_groups(const uint8_t (*mac)[6], size_t count)
{
    (void)mac;
    ASSERT(count <= 8);
}

int port_eth_recv(uint8_t *buf, size_t cap, uint64_t *stamp)
{
    if (!sim.waiting || sim.in.len > cap)
        return RC_AGAIN;
    sim.waiting = false;
    *stamp = sim.ticks;
    memcpy(buf, sim.in.b, sim.in.len);
    return (int)sim.in.len;
}

int port_eth_left(uint64_t *stamp)
{
    (void)stamp;
    return RC_AGAIN;
}

int port_eth_send(const uint8_t *frame, size_t len, uint64_t *stamp)
{
    struct frame f = {.len = len};
    ASSERT(len <= sizeof f.b);
    memcpy(f.b, frame, len);
    /* Multicast, or to who asked. */
    if (len >= 42 && at16(frame + 12) == 0x0800 && frame[23] == 17)
        ASSERT(frame[30] >= 224 || memcmp(frame + 30, router_ip, 4) == 0);
    sim.answered |=
        is_udp4(&f, 5353) && (frame[44] & 0x80) && frame_has(&f, own_ip, 4);
    *stamp = sim.ticks;
    return RC_OK;
}

static void pass(unsigned ms)
{
    uint64_t end = sim.ticks + (uint64_t)ms * (HZ / 1000);
    do {
        (void)net_poll(mono_of_ticks(sim.ticks, HZ));
        sim.ticks += ms > 2000 ? HZ : HZ / 20;
    } while (sim.ticks < end);
}

static void arrive(const struct frame *f)
{
    sim.in = *f;
    sim.waiting = true;
    (void)net_poll(mono_of_ticks(sim.ticks, HZ));
    sim.waiting = false;
}

static void over6(struct frame *f, unsigned from_port, const uint8_t *m,
                  size_t len)
{
    uint8_t *ip = f->b + 14;
    ethernet(f, 0x86dd);
    ip[0] = 0x60;
    be16(ip + 4, 8 + (unsigned)len);
    ip[6] = 17;
    ip[7] = 255;
    memcpy(ip + 8, router_ip6, 16);
    memcpy(ip + 24, group6, 16);
    be16(ip + 40, from_port);
    be16(ip + 42, 5353);
    be16(ip + 44, 8 + (unsigned)len);
    memcpy(ip + 48, m, len);
    be16(ip + 46, 0);
    uint32_t sum = sum16(17 + 8 + (uint32_t)len, ip + 8, 32);
    be16(ip + 46, folded(sum16(sum, ip + 40, 8 + len)));
    static const uint8_t mac[6] = {0x33, 0x33, 0, 0, 0, 0xfb};
    memcpy(f->b, mac, 6);
    f->len = 62 + len;
}

static void message(uint8_t flags, const uint8_t *m, size_t len)
{
    struct frame f;
    unsigned from = flags & 2 ? 40000 : 5353;
    if (flags & 1)
        over6(&f, from, m, len);
    else if (flags & 4)
        udp4(&f, from, 5353, m, len);
    else
        mdns_frame(&f, from, m, len);
    arrive(&f);
}

static void bounce(void)
{
    sim.link = false;
    pass(1);
    sim.link = true;
    pass(1);
}

static void changed(mono_ns now)
{
    (void)now;
}

static void begin(void)
{
    static const char text[] = "hostname gnomon\naddress 10.9.0.42/24\n";
    int errors = conf_parse(&conf, text, sizeof text - 1);
    ASSERT(errors == 0);
    sim.ticks = HZ;
    net_init(&conf, changed);
    net_mdns_init(conf.hostname);
    sim.link = true;
    pass(5000);
}

/* Whatever was said, a minute later it has a name and answers to it. */
static void still_there(void)
{
    struct status_mdns s;
    struct frame f;
    uint8_t m[300];
    char name[80];
    pass(60000);
    net_mdns_status(&s);
    ASSERT(s.on);
    size_t n = strlen(s.name);
    memcpy(name, s.name, n);
    memcpy(name + n, ".local", 7);
    sim.answered = false;
    mdns_frame(&f, 5353, m, mdns_question(m, name, MDNS_A));
    for (int i = 0; i < 5 && !sim.answered; i++) {
        arrive(&f);
        pass(1500);
    }
    ASSERT(sim.answered);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned gap[4] = {0, 100, 1000, 60000};
    static bool begun;
    struct frame f;
    if (!begun)
        begin();
    begun = true;
    arp_reply(&f, router_ip);
    arrive(&f);
    while (size >= 3) {
        uint8_t flags = data[0];
        size_t len = at16(data + 1);
        data += 3;
        size -= 3;
        if (len > size)
            len = size;
        if (len > 1400)
            len = 1400;
        message(flags, data, len);
        data += len;
        size -= len;
        pass(gap[flags >> 3 & 3]);
        if (flags & 32) {
            static bool on;
            on = !on;
            net_mdns_serve(NET_MDNS_NTP, on ? 123 : 0);
            net_mdns_serve(NET_MDNS_NTSKE, on ? 4460 : 0);
        }
        if (flags & 64)
            bounce();
    }
    still_there();
    return 0;
}
