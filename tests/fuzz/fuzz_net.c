/* Frames from a stranger on the wire, through adapters/net and lwIP with all
 * its assertions: none may reset the clock, or leave it deaf.
 *
 * The input is a row of records: flags (1 byte), length (2), a frame. Flags:
 * 1: make the checksums right; 2: make it belong to what is under way (TCP's
 * numbers, DNS's and DHCP's ids and ports); 12: then let 0, 100 ms, 1 s or
 * 60 s pass; 16: pull the plug, put it back. */
#include <stdbool.h>
#include <stdlib.h>

#include "../unit/entropy.h"
#include "../unit/net_frames.h"
#include "core/mono.h"
#include "port.h"
#include "adapters/net.h"
#include "adapters/net_tcp.h"
#include "adapters/net_udp.h"

#define HZ 1000000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    uint64_t ticks;
    bool link, waiting, heard;
    struct frame in;
    struct frame dns, dhcp, tcp; /* last that left of each */
    struct net_tcp client, served[2];
    bool said;
} sim;

static struct conf conf;

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
    (void)count;
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
    struct frame *to = NULL;
    if (len > sizeof sim.in.b)
        abort();
    if (len >= 54 && at16(frame + 12) == 0x0800 && frame[23] == 6)
        to = &sim.tcp;
    else if (len >= 42 && at16(frame + 12) == 0x0800 && frame[23] == 17)
        to = at16(frame + 36) == 53   ? &sim.dns
             : at16(frame + 36) == 67 ? &sim.dhcp
                                      : NULL;
    if (to) {
        memcpy(to->b, frame, len);
        to->len = len;
    }
    *stamp = sim.ticks;
    return RC_OK;
}

/* ---- a stranger who knows the rules ------------------------------------- */

static void fix_session4(uint8_t *b, size_t len)
{
    if (b[23] == 6 && len >= 54 && sim.tcp.len >= 54) {
        memcpy(b + 34, sim.tcp.b + 36, 2); /* ports */
        memcpy(b + 36, sim.tcp.b + 34, 2);
        memcpy(b + 42, sim.tcp.b + 38, 4); /* acknowledge its last one */
        b[45] = (uint8_t)(b[45] + ((sim.tcp.b[47] & 3) ? 1 : 0));
        memcpy(b + 38, sim.tcp.b + 42, 4); /* and go on where it waits */
    } else if (b[23] == 17 && len >= 44 && at16(b + 34) == 53) {
        memcpy(b + 36, sim.dns.b + 34, 2);
        memcpy(b + 42, sim.dns.b + 42, 2);
        if (len >= 42 + 27 && sim.dns.len >= 42 + 27) /* a.example's letters */
            memcpy(b + 54, sim.dns.b + 54, 15);
    } else if (b[23] == 17 && len >= 50 && at16(b + 34) == 67) {
        memcpy(b + 46, sim.dhcp.b + 46, 4);
    }
}

static void fix_sums(uint8_t *b, size_t len)
{
    size_t head = 34, from = 26, addresses = 8, upper = b[23];
    if (at16(b + 12) == 0x86dd) {
        head = 54;
        from = 22;
        addresses = 32;
        upper = b[20];
    } else {
        be16(b + 24, 0);
        be16(b + 24, folded(sum16(0, b + 14, 20)));
    }
    size_t at = upper == 6 ? 16 : upper == 17 ? 6 : 2;
    if (len < head + at + 2)
        return;
    uint32_t sum = (uint32_t)(len - head + upper);
    sum = upper == 1 ? 0 : sum16(sum, b + from, addresses);
    be16(b + head + at, 0);
    be16(b + head + at, folded(sum16(sum, b + head, len - head)));
}

static void fix(uint8_t flags, struct frame *f)
{
    bool four = f->len >= 34 && at16(f->b + 12) == 0x0800;
    bool six = f->len >= 54 && at16(f->b + 12) == 0x86dd;
    if ((flags & 2) && four)
        fix_session4(f->b, f->len);
    if ((flags & 1) && (four || six))
        fix_sums(f->b, f->len);
}

/* ---- the firmware's side --------------------------------------------------- */

/* Reads all there is; an end is answered by an end, as services do. */
static void read_all(struct net_tcp *t)
{
    uint8_t buf[100];
    int rc = RC_AGAIN;
    while (t->state != NET_TCP_CLOSED &&
           (rc = net_tcp_read(t, buf, sizeof buf)) > 0)
        if (t != &sim.client)
            (void)!net_tcp_write(t, buf, (size_t)rc);
    if (rc == 0)
        net_tcp_close(t);
    else if (rc != RC_AGAIN)
        net_tcp_abort(t);
}

static void serve(void)
{
    static const uint8_t hello[] = "hello, who keeps the time there?";
    if (sim.client.state == NET_TCP_OPEN && !sim.said) {
        (void)!net_tcp_write(&sim.client, hello, sizeof hello - 1);
        sim.said = true;
    }
    read_all(&sim.client);
    for (size_t i = 0; i < LEN(sim.served); i++)
        read_all(&sim.served[i]);
}

static void pass(unsigned ms)
{
    (void)net_poll(mono_of_ticks(sim.ticks, HZ));
    serve();
    sim.ticks += (uint64_t)ms * (HZ / 1000);
    (void)net_poll(mono_of_ticks(sim.ticks, HZ));
    serve();
}

static void arrive(const struct frame *f)
{
    sim.in = *f;
    sim.waiting = true;
    pass(0);
    sim.waiting = false;
}

/* What a server would do: it answers. */
static void datagram(void *arg, const struct net_udp_datagram *d)
{
    sim.heard = true;
    (void)!net_udp_reply(arg, d, d->msg, d->len);
}

static struct net_tcp *place(void *arg, const struct addr *from, uint16_t port)
{
    (void)arg, (void)from, (void)port;
    for (size_t i = 0; i < LEN(sim.served); i++)
        if (sim.served[i].state == NET_TCP_CLOSED)
            return &sim.served[i];
    return NULL;
}

static void found(void *arg, const struct resolver_answer *a)
{
    (void)arg, (void)a;
}

static void changed(mono_ns now)
{
    (void)now;
}

static void bounce(void)
{
    sim.link = false;
    pass(1);
    sim.link = true;
    pass(1);
}

/* What people read. */
static void text_of(struct addr a, char out[ADDR_TEXT])
{
    addr_text(&a, out);
}

/* Whatever a false DHCP server said: the right one is listened to in the
 * end, at the latest when the plug has been out. */
static void get_address(void)
{
    struct frame f;
    char text[ADDR_TEXT];
    for (int i = 0; i < 100; i++) {
        text_of(net_address4(), text);
        if (net_up() && strcmp(text, "10.9.0.42") == 0)
            return;
        const uint8_t *kind = sim.dhcp.len ? dhcp_option(&sim.dhcp, 53) : NULL;
        if (kind) {
            dhcp_answer(&f, &sim.dhcp, kind[1] == 1 ? 2 : 5, router_ip);
            arrive(&f);
        }
        if (i % 40 == 39)
            bounce();
        pass(1000);
    }
    abort(); /* deaf */
}

static void begin(void)
{
    int errors = conf_parse(&conf, "hostname clock\n", 15);
    ASSERT(errors == 0);
    sim.ticks = HZ;
    net_init(&conf, changed);
    sim.link = true;
    pass(1);
    static struct net_udp sock = {.arg = &sock, .received = datagram};
    static struct net_tcp_listener listener = {.accept = place};
    if (net_udp_open(&sock, 5000) != RC_OK ||
        net_tcp_listen(&listener, 4461) != RC_OK)
        abort();
}

static void open_tcp(void)
{
    const struct addr to = addr_of(4, router_ip);
    sim.said = false;
    if (net_tcp_connect(&sim.client, &to, 4460) != RC_OK)
        abort(); /* what was closed or aborted leaves its place */
}

static void still_alive(void)
{
    struct frame f;
    get_address();
    sim.heard = false;
    udp4(&f, 123, 5000, "x", 1);
    for (int i = 0; i < 3 && !sim.heard; i++)
        arrive(&f);
    if (!sim.heard)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned gap[4] = {0, 100, 1000, 60000};
    static bool begun;
    struct frame f;
    if (!begun)
        begin();
    begun = true;
    get_address();
    open_tcp(); /* asks for the router */
    arp_reply(&f, router_ip);
    arrive(&f);
    (void)!net_resolve("a.example", found, NULL);
    while (size >= 3) {
        uint8_t flags = data[0];
        size_t len = at16(data + 1);
        data += 3;
        size -= 3;
        if (len > size)
            len = size;
        f.len = len < sizeof f.b ? len : sizeof f.b;
        memcpy(f.b, data, f.len);
        data += len;
        size -= len;
        fix(flags, &f);
        arrive(&f);
        pass(gap[flags >> 2 & 3]);
        if (flags & 16)
            bounce();
    }
    net_tcp_abort(&sim.client);
    for (size_t i = 0; i < LEN(sim.served); i++)
        net_tcp_abort(&sim.served[i]);
    pass(10000);
    still_alive();
    return 0;
}
