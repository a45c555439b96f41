/* net_tcp.c -- the servers' end of TCP (RFC 9293), as much of it as a
 * wire needs that loses nothing: in order, no retransmission, the board's
 * window kept. What comes out of order is dropped for the board to send
 * again. */
#include <string.h>

#include "core/bytes.h"
#include "world.h"

#define CONNS   16
#define SEGMENT 1460
#define OUT     (96 * 1024)
#define KE_PORT 4460

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct sim_tcp {
    bool used, closing, fin_sent, fin_got;
    bool timer; /* a drop is to fall                           */
    unsigned server, mss;
    uint16_t port; /* the board's                                 */
    uint32_t rcv_nxt, snd_una, snd_nxt;
    uint16_t window;
    uint8_t out[OUT]; /* not yet sent                                */
    size_t out_len;
    void *ke;
};
static struct sim_tcp conns[CONNS];

static void put(unsigned server, uint16_t port, uint32_t seq, uint32_t ack,
                uint8_t flags, const uint8_t *data, size_t len)
{
    uint8_t s[24 + SEGMENT] = {0};
    size_t head = flags & SYN ? 24 : 20;
    bytes_put16(s, KE_PORT);
    bytes_put16(s + 2, port);
    bytes_put32(s + 4, seq);
    bytes_put32(s + 8, ack);
    s[12] = (uint8_t)(head / 4 << 4);
    s[13] = flags;
    bytes_put16(s + 14, 60000);
    if (flags & SYN)
        bytes_put32(s + 20, 0x02040000 | SEGMENT); /* maximum segment size */
    if (len)
        memcpy(s + head, data, len);
    simnet_ip(server, 6, s, head + len, SIM_LINK_NS);
}

static void say(struct sim_tcp *c, uint8_t flags, const uint8_t *data,
                size_t len)
{
    put(c->server, c->port, c->snd_nxt, c->rcv_nxt, flags | ACK, data, len);
    c->snd_nxt += (uint32_t)len + ((flags & (SYN | FIN)) != 0);
}

unsigned simtcp_server(const struct sim_tcp *c)
{
    return c->server;
}

/* ---- out ----------------------------------------------------------------- */

static void dropped(void *arg);

static size_t room(const struct sim_tcp *c)
{
    size_t flying = c->snd_nxt - c->snd_una, n = c->mss;
    size_t window = c->window > flying ? c->window - flying : 0;
    n = window < n ? window : n;
    return c->out_len < n ? c->out_len : n;
}

static void send_some(struct sim_tcp *c, size_t n)
{
    say(c, PSH, c->out, n);
    c->out_len -= n;
    memmove(c->out, c->out + n, c->out_len);
}

static void pump(struct sim_tcp *c)
{
    bool drip = w->server[c->server].ke == KE_DRIP;
    if (drip && c->out_len && !c->timer) {
        c->timer = true;
        simnet_later(MONO_S, dropped, c);
    }
    for (size_t n; !drip && (n = room(c)) > 0;)
        send_some(c, n);
    if (c->closing && !c->fin_sent && c->out_len == 0) {
        c->fin_sent = true;
        say(c, FIN, NULL, 0);
    }
}

static void dropped(void *arg)
{
    struct sim_tcp *c = arg;
    c->timer = false;
    if (!c->used)
        return;
    if (room(c))
        send_some(c, 1);
    pump(c);
}

void simtcp_send(struct sim_tcp *c, const uint8_t *p, size_t len)
{
    if (len > sizeof c->out - c->out_len)
        sim_broken("a server says too much");
    memcpy(c->out + c->out_len, p, len);
    c->out_len += len;
    pump(c);
}

void simtcp_close(struct sim_tcp *c)
{
    c->closing = true;
    pump(c);
}

/* ---- in ------------------------------------------------------------------ */

static struct sim_tcp *find(unsigned server, uint16_t port)
{
    for (size_t i = 0; i < CONNS; i++)
        if (conns[i].used && conns[i].server == server && conns[i].port == port)
            return &conns[i];
    return NULL;
}

static void release(struct sim_tcp *c)
{
    simke_free(c->ke);
    c->ke = NULL;
    c->used = false;
}

/* What the board takes in one segment (RFC 9293 section 3.7.1). */
static unsigned mss_of(const uint8_t *option, size_t len)
{
    if (len < 4 || option[0] != 2 || option[1] != 4)
        return 536;
    unsigned mss = bytes_get16(option + 2);
    return mss < SEGMENT ? mss : SEGMENT;
}

static void opened(unsigned server, uint16_t port, uint32_t seq,
                   uint16_t window, unsigned mss)
{
    struct sim_server *s = &w->server[server];
    s->connections++;
    if (s->ke == KE_DEAF)
        return;
    if (s->ke == KE_REFUSE) {
        put(server, port, 0, seq + 1, RST | ACK, NULL, 0);
        return;
    }
    for (size_t i = 0; i < CONNS; i++) {
        struct sim_tcp *c = &conns[i];
        if (c->used || c->timer)
            continue;
        *c = (struct sim_tcp){.used = true,
                              .server = server,
                              .mss = mss,
                              .port = port,
                              .rcv_nxt = seq + 1,
                              .snd_una = 1000,
                              .snd_nxt = 1000,
                              .window = window};
        c->ke = simke_open(c);
        say(c, SYN, NULL, 0);
        return;
    }
    sim_broken("too many connections");
}

static void take(struct sim_tcp *c, uint32_t seq, uint8_t flags,
                 const uint8_t *data, size_t len)
{
    if (len == 0 && !(flags & FIN))
        return;
    if (seq != c->rcv_nxt) { /* again, or too early */
        say(c, 0, NULL, 0);
        return;
    }
    c->rcv_nxt += (uint32_t)len + (flags & FIN);
    say(c, 0, NULL, 0);
    if (len && w->server[c->server].ke != KE_HANG)
        simke_input(c->ke, data, len);
    if (flags & FIN) {
        c->fin_got = true;
        simtcp_close(c);
    }
}

void simtcp_segment(unsigned server, const uint8_t *seg, size_t len)
{
    if (len < 20 || bytes_get16(seg + 2) != KE_PORT)
        return;
    uint16_t port = bytes_get16(seg), window = bytes_get16(seg + 14);
    uint32_t seq = bytes_get32(seg + 4), ack = bytes_get32(seg + 8);
    size_t head = (size_t)(seg[12] >> 4) * 4;
    uint8_t flags = seg[13];
    struct sim_tcp *c = find(server, port);
    if (head < 20 || head > len)
        return;
    if (flags & SYN) {
        if (c)
            release(c);
        opened(server, port, seq, window, mss_of(seg + 20, head - 20));
        return;
    }
    if (!c)
        return;
    if (flags & RST) {
        release(c);
        return;
    }
    c->snd_una = ack;
    c->window = window;
    take(c, seq, flags, seg + head, len - head);
    if (c->fin_sent && c->fin_got && ack == c->snd_nxt)
        release(c);
    else
        pump(c);
}
