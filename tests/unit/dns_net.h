/* dns_net.h -- a network of name servers in virtual time, for tests of
 * core/resolver: datagrams are lost and late, ports are opened and closed,
 * each server has its own way of being wrong. Include it once. */
#ifndef TEST_DNS_NET_H
#define TEST_DNS_NET_H

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/resolver.h"
#include "dns_peer.h"

#define NET_SERVERS 8

enum net_tcp { NET_TCP_OK, NET_TCP_REFUSED, NET_TCP_SILENT, NET_TCP_JUNK };

struct net_server {
    struct addr addr;
    bool dead, unreachable;
    bool no_a, no_aaaa;   /* such questions find no ear                     */
    unsigned rcode;       /* to all                                         */
    bool formerr_edns;    /* FORMERR to a question with EDNS                */
    bool drops_edns;      /* a firewall                                     */
    bool servfail_edns;   /* SERVFAIL                                       */
    bool nx_aaaa;         /* AAAA: "no such name"                           */
    unsigned late_a_ms;   /* A later than delay_ms by so much               */
    bool small_letters;   /* the question comes back in small letters       */
    bool truncates, half; /* over UDP; half: with one address in it         */
    bool garbage;         /* counts that lie                                */
    enum net_tcp tcp;
    unsigned delay_ms, loss_percent;
    unsigned asked; /* datagrams that came                                  */
};

struct net_packet {
    bool used;
    mono_ns at;
    unsigned query, port; /* whose, and which of its ports                  */
    struct addr from;
    struct dns_message m;
};

static struct {
    struct resolver r;
    mono_ns now;
    struct net_server s[NET_SERVERS];
    struct net_packet packet[64];
    unsigned port[LIMIT_DNS_QUERIES]; /* open: its number; 0: none          */
    bool tcp[LIMIT_DNS_QUERIES];
    unsigned ports, open, most_open, sent, opened;
    struct resolver_out last; /* sent */
    uint64_t chance;
    /* What the names are: writes records; false: nothing is answered.      */
    bool (*zone)(const char *name, unsigned type, struct dns_message *m);
} net;

static unsigned net_random(void)
{
    net.chance ^= net.chance << 13;
    net.chance ^= net.chance >> 7;
    net.chance ^= net.chance << 17;
    return (unsigned)(net.chance >> 33);
}

/* The question's name in small letters, and its type. */
static unsigned net_question(const uint8_t *q, char name[LIMIT_NAME])
{
    size_t at = 12, n = 0;
    for (; q[at]; at += q[at] + 1u) {
        if (n)
            name[n++] = '.';
        for (unsigned i = 1; i <= q[at]; i++)
            name[n++] = (char)(q[at + i] | (q[at + i] >= 'A' ? 0x20 : 0));
    }
    name[n] = 0;
    return bytes_get16(q + at + 1);
}

static bool net_answer(struct net_server *s, const uint8_t *q, size_t len,
                       bool tcp, struct dns_message *m)
{
    char name[LIMIT_NAME];
    unsigned type = net_question(q, name);
    bool edns = q[11] != 0;
    if ((type == DNS_WIRE_A && s->no_a) ||
        (type == DNS_WIRE_AAAA && s->no_aaaa) || (edns && s->drops_edns))
        return false;
    dns_begin(m, q, len, 0x8180 | s->rcode);
    if (edns && s->formerr_edns)
        m->b[3] |= DNS_WIRE_FORMERR;
    else if (edns && s->servfail_edns)
        m->b[3] |= DNS_WIRE_SERVFAIL;
    else if (s->nx_aaaa && type == DNS_WIRE_AAAA)
        m->b[3] |= DNS_WIRE_NXDOMAIN;
    else if (s->rcode == 0 && !net.zone(name, type, m))
        return false;
    for (size_t i = 12; s->small_letters && i < len; i++)
        if (m->b[i] >= 'A' && m->b[i] <= 'Z')
            m->b[i] |= 0x20;
    if (s->truncates && !tcp) {
        m->b[2] |= 2;
        if (!s->half)
            dns_begin(m, q, len, 0x8380);
    }
    if (s->garbage)
        m->b[7] = 99;
    return true;
}

static struct net_server *net_server_at(const struct addr *a)
{
    for (unsigned i = 0; i < NET_SERVERS; i++)
        if (addr_equal(&net.s[i].addr, a))
            return &net.s[i];
    ASSERT(!"a server that nobody named");
    return NULL;
}

static void net_send(const struct resolver_out *out)
{
    struct net_server *s = net_server_at(&out->to);
    net.last = *out;
    net.sent++;
    if (s->unreachable) {
        resolver_unsent(&net.r, out->query, net.now);
        return;
    }
    s->asked++;
    if (s->dead || net_random() % 100 < s->loss_percent)
        return;
    for (unsigned i = 0; i < LEN(net.packet); i++) {
        struct net_packet *p = &net.packet[i];
        if (p->used)
            continue;
        if (!net_answer(s, out->b, out->len, false, &p->m) ||
            net_random() % 100 < s->loss_percent)
            return;
        p->used = true;
        p->at = net.now + (s->delay_ms + 1) * MONO_MS;
        if (bytes_get16(out->b + 12 + strlen((const char *)out->b + 12) + 1) ==
            DNS_WIRE_A)
            p->at += s->late_a_ms * MONO_MS;
        p->query = out->query;
        p->port = net.port[out->query];
        p->from = s->addr;
        return;
    }
    ASSERT(!"too many packets at once");
}

/* A connection's whole life, but for what is late, at once; its bytes come
 * cut in pieces. */
static void net_open(const struct resolver_out *out)
{
    struct net_server *s = net_server_at(&out->to);
    static struct dns_message m;
    net.opened++;
    if (s->tcp == NET_TCP_SILENT)
        return;
    ASSERT(bytes_get16(out->b) == out->len - 2);
    if (s->tcp == NET_TCP_REFUSED) {
        resolver_tcp_ended(&net.r, out->query, net.now);
        return;
    }
    ASSERT(net_answer(s, out->b + 2, out->len - 2, true, &m));
    if (s->tcp == NET_TCP_JUNK)
        memset(m.b, 0xff, m.len);
    uint8_t head[2];
    bytes_put16(head, (uint16_t)(s->tcp == NET_TCP_JUNK ? 40000 : m.len));
    resolver_tcp_received(&net.r, out->query, head, 1, net.now);
    resolver_tcp_received(&net.r, out->query, head + 1, 1, net.now);
    for (size_t at = 0, n; at < m.len; at += n) {
        n = m.len - at < 7 ? m.len - at : 7;
        resolver_tcp_received(&net.r, out->query, m.b + at, n, net.now);
    }
    resolver_tcp_ended(&net.r, out->query, net.now);
}

static void net_do(const struct resolver_out *out)
{
    ASSERT(out->query < LIMIT_DNS_QUERIES);
    unsigned *port = &net.port[out->query];
    if (out->act == RESOLVER_CLOSE || out->fresh) {
        ASSERT(out->act != RESOLVER_CLOSE || *port);
        net.open -= *port != 0;
        *port = 0;
    }
    if (out->act == RESOLVER_CLOSE)
        return;
    if (out->fresh) {
        *port = ++net.ports;
        net.open++;
        net.tcp[out->query] = out->act == RESOLVER_OPEN;
    }
    ASSERT(*port && net.tcp[out->query] == (out->act == RESOLVER_OPEN));
    net.most_open = net.open > net.most_open ? net.open : net.most_open;
    if (out->act == RESOLVER_SEND)
        net_send(out);
    else
        net_open(out);
}

static void net_deliver(struct net_packet *p)
{
    p->used = false;
    if (p->port == net.port[p->query])
        resolver_received(&net.r, p->query, &p->from, RESOLVER_PORT, p->m.b,
                          p->m.len, net.now);
}

/* Until then, or as soon as nothing is left to happen. */
static void net_run(mono_ns until)
{
    struct resolver_out out;
    for (unsigned turns = 0;; turns++) {
        ASSERT(turns < 1000000);
        while (resolver_poll(&net.r, net.now, &out) == RC_OK)
            net_do(&out);
        mono_ns next = resolver_due(&net.r);
        struct net_packet *first = NULL;
        for (unsigned i = 0; i < LEN(net.packet); i++)
            if (net.packet[i].used && (!first || net.packet[i].at < first->at))
                first = &net.packet[i];
        ASSERT(next > net.now);
        if (first && first->at <= next)
            next = first->at;
        if (next > until) {
            net.now = until;
            return;
        }
        net.now = next;
        if (first && first->at == next)
            net_deliver(first);
    }
}

static struct addr net_addr4(unsigned last)
{
    return addr_of(4, (const uint8_t[4]){10, 0, 0, (uint8_t)last});
}

/* The first n servers are told to the resolver: IPv4, but each third. */
static void net_begin(unsigned n)
{
    struct addr told[NET_SERVERS];
    memset(&net, 0, sizeof net);
    net.chance = 88172645463325252u;
    net.now = 1000 * MONO_S;
    for (unsigned i = 0; i < NET_SERVERS; i++) {
        static const uint8_t six[16] = {0xfd, [15] = 53};
        net.s[i].addr = i % 3 == 2 ? addr_of(6, six) : net_addr4(i + 1);
        net.s[i].addr.b[14] = i % 3 == 2 ? (uint8_t)i : 0;
        told[i] = net.s[i].addr;
    }
    resolver_init(&net.r);
    resolver_servers(&net.r, told, n, net.now);
}

#endif
