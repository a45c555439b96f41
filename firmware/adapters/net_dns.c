/* Names: core/resolver over net_udp and net_tcp, and the name servers it
 * asks. lwIP's own dns.c is left out of the build; what the rest of lwIP calls
 * of it is here. */
#include <string.h>

#include "core/limit.h"
#include "core/rdnss.h"
#include "core/resolver.h"
#include "lwip/dns.h"
#include "net.h"
#include "net_private.h"
#include "net_tcp.h"
#include "net_udp.h"
#include "port.h"

#define EACH4 LWIP_DHCP_MAX_DNS_SERVERS
#define EACH6 LWIP_ND6_RDNSS_MAX_DNS_SERVERS

static_assert(LIMIT_DNS_SERVERS == LIMIT_NAMESERVERS + EACH4 + EACH6,
              "a place for each");
static_assert(DNS_MAX_SERVERS == EACH4 + EACH6,
              "lwIP looks through all of ours");

struct waiting { /* for an answer                                           */
    net_resolved done; /* NULL: free                                        */
    void *arg;
    int number; /* the resolver's                                           */
};

static struct {
    const struct conf *conf;
    ip_addr_t v4[EACH4], v6[EACH6]; /* DHCP's, the routers'; all zero: none   */
    mono_ns v6_until[EACH6];
    struct resolver r;
    struct waiting wait[LIMIT_DNS_QUESTIONS];
    struct net_udp udp[LIMIT_DNS_QUERIES];
    unsigned of[LIMIT_DNS_QUERIES]; /* each socket's own number             */
    struct net_tcp tcp;
    unsigned tcp_query;
    mono_ns now;
} dns;

/* ---- name servers ------------------------------------------------------- */

/* lwIP's names. DHCP writes its servers from place 0 (dhcp.c), a router's
 * advertisement those of its RDNSS option (nd6.c), each over the other's in a
 * table of lwIP's; here each has places of its own. */
void dns_init(void)
{
}

void dns_tmr(void)
{
}

const ip_addr_t *dns_getserver(u8_t i)
{
    return i < EACH4 ? &dns.v4[i] : &dns.v6[(i - EACH4) % EACH6];
}

/* An IPv6 server that is known stays where it is; a new one takes an empty
 * place before that of another, for there may be two routers. */
static void add6(const ip_addr_t *server, unsigned place)
{
    uint32_t s = net_filter_rdnss(ip_2_ip6(server));
    for (unsigned k = EACH6; k-- > 0;)
        if (ip_addr_isany(&dns.v6[k]))
            place = k;
    for (unsigned k = 0; k < EACH6; k++)
        if (ip_addr_eq(&dns.v6[k], server))
            place = k;
    dns.v6[place] = *server;
    dns.v6_until[place] =
        s == RDNSS_FOREVER ? MONO_NEVER : port_mono() + s * MONO_S;
}

/* Those whose time is over are gone. Returns when the next one's is. */
static mono_ns expire6(mono_ns now)
{
    mono_ns next = MONO_NEVER;
    for (unsigned k = 0; k < EACH6; k++) {
        if (ip_addr_isany(&dns.v6[k]))
            continue;
        if (now < dns.v6_until[k])
            next = mono_min(next, dns.v6_until[k]);
        else
            memset(&dns.v6[k], 0, sizeof dns.v6[k]);
    }
    return next;
}

void dns_setserver(u8_t i, const ip_addr_t *server)
{
    if (!server) { /* withdrawn (RFC 8106 section 5.1: lifetime 0) */
        memset(i < EACH4 ? &dns.v4[i] : &dns.v6[(i - EACH4) % EACH6], 0,
               sizeof dns.v4[0]);
    } else if (IP_IS_V4(server) && i < EACH4) {
        if (i == 0) /* a new lease */
            memset(dns.v4, 0, sizeof dns.v4);
        dns.v4[i] = *server;
    } else if (IP_IS_V6(server) && i < EACH6) {
        add6(server, i);
    }
}

static void tell_servers(mono_ns now)
{
    struct addr list[LIMIT_DNS_SERVERS];
    size_t n = 0;
    for (unsigned i = 0; i < dns.conf->nameserver_count; i++)
        list[n++] = dns.conf->nameserver[i];
    for (unsigned i = 0; i < DNS_MAX_SERVERS; i++) {
        const ip_addr_t *server = dns_getserver((u8_t)i);
        if (!ip_addr_isany(server))
            list[n++] = net_from_lwip(server);
    }
    resolver_servers(&dns.r, list, n, now);
}

void net_dns_servers(struct status_net *out)
{
    out->nameservers = dns.r.servers;
    memcpy(out->nameserver, dns.r.server, sizeof out->nameserver);
}

void net_dns_forget(void)
{
    memset(dns.v4, 0, sizeof dns.v4);
    memset(dns.v6, 0, sizeof dns.v6);
    resolver_forget(&dns.r);
}

/* ---- datagrams and the connection --------------------------------------- */

static void on_datagram(void *arg, const struct net_udp_datagram *d)
{
    resolver_received(&dns.r, *(const unsigned *)arg, &d->from, d->from_port,
                      d->msg, d->len, dns.now);
}

/* What finds no socket or buffer is as if it were lost on the way. */
static void send(const struct resolver_out *out)
{
    struct net_udp *u = &dns.udp[out->query];
    if (out->fresh) {
        net_udp_close(u);
        if (net_udp_open(u, 0) != RC_OK)
            return;
    }
    if (u->pcb &&
        net_udp_send(u, &out->to, RESOLVER_PORT, out->b, out->len) == RC_IO)
        resolver_unsent(&dns.r, out->query, dns.now);
}

static void connect(const struct resolver_out *out)
{
    net_udp_close(&dns.udp[out->query]);
    net_tcp_abort(&dns.tcp);
    dns.tcp_query = out->query;
    /* All of it fits: it is the connection's first write. */
    if (net_tcp_connect(&dns.tcp, &out->to, RESOLVER_PORT) != RC_OK ||
        net_tcp_write(&dns.tcp, out->b, out->len) != (int)out->len) {
        net_tcp_abort(&dns.tcp);
        resolver_tcp_ended(&dns.r, out->query, dns.now);
    }
}

static void shut(unsigned query)
{
    net_udp_close(&dns.udp[query]);
    if (dns.tcp.state != NET_TCP_CLOSED && dns.tcp_query == query)
        net_tcp_abort(&dns.tcp);
}

static void read_tcp(void)
{
    uint8_t b[512];
    int n;
    while (dns.tcp.state != NET_TCP_CLOSED &&
           (n = net_tcp_read(&dns.tcp, b, sizeof b)) != RC_AGAIN) {
        if (n > 0) {
            resolver_tcp_received(&dns.r, dns.tcp_query, b, (size_t)n, dns.now);
            continue;
        }
        net_tcp_abort(&dns.tcp);
        resolver_tcp_ended(&dns.r, dns.tcp_query, dns.now);
    }
}

static void act(void)
{
    struct resolver_out out;
    while (resolver_poll(&dns.r, dns.now, &out) == RC_OK)
        switch (out.act) {
        case RESOLVER_SEND:
            send(&out);
            break;
        case RESOLVER_OPEN:
            connect(&out);
            break;
        case RESOLVER_CLOSE:
            shut(out.query);
            break;
        }
}

/* ---- answers ------------------------------------------------------------ */

/* The family that we have an address of comes first. */
static void prefer_reachable(struct resolver_answer *a)
{
    struct addr list[LIMIT_DNS_ADDRESSES];
    uint8_t first = net_address4().family ? 4 : 6;
    size_t n = 0;
    for (unsigned turn = 0; turn < 2; turn++)
        for (unsigned i = 0; i < a->count; i++)
            if ((a->addr[i].family == first) == (turn == 0))
                list[n++] = a->addr[i];
    if (first == 6)
        memcpy(a->addr, list, n * sizeof list[0]);
}

/* Whoever names 255.255.255.255, or ourselves, as a server has us ask all of
 * the network, or nobody. */
static void keep_hosts(struct resolver_answer *a)
{
    uint8_t kept = 0;
    for (unsigned i = 0; i < a->count; i++)
        if (net_is_other_host(&a->addr[i]))
            a->addr[kept++] = a->addr[i];
    if (a->count > 0 && kept == 0)
        a->why = RESOLVER_NO_HOST;
    a->count = kept;
}

static void give_out(void)
{
    for (size_t i = 0; i < LEN(dns.wait); i++) {
        struct waiting *w = &dns.wait[i], one = *w;
        struct resolver_answer a;
        if (!one.done ||
            resolver_take(&dns.r, one.number, dns.now, &a) != RC_OK)
            continue;
        w->done = NULL; /* it may ask again at once */
        keep_hosts(&a);
        prefer_reachable(&a);
        one.done(one.arg, &a);
    }
}

int net_resolve(const char *name, net_resolved done, void *arg)
{
    struct resolver_answer literal = {
        .why = RESOLVER_FOUND, .count = 1, .ttl_s = RESOLVER_TTL_MAX};
    if (addr_parse(name, &literal.addr[0]) == RC_OK) {
        keep_hosts(&literal);
        done(arg, &literal);
        return RC_OK;
    }
    for (size_t i = 0; i < LEN(dns.wait); i++) {
        struct waiting *w = &dns.wait[i];
        if (w->done)
            continue;
        int number = resolver_ask(&dns.r, name, dns.now);
        if (number >= 0)
            *w = (struct waiting){.done = done, .arg = arg, .number = number};
        else if (number == RC_BAD)
            done(arg, &(struct resolver_answer){.why = RESOLVER_NO_NAME});
        return number == RC_SPACE ? RC_SPACE : RC_OK;
    }
    return RC_SPACE;
}

void net_dns_init(const struct conf *conf)
{
    memset(&dns, 0, sizeof dns);
    dns.conf = conf;
    resolver_init(&dns.r);
    for (unsigned i = 0; i < LIMIT_DNS_QUERIES; i++) {
        dns.of[i] = i;
        dns.udp[i].arg = &dns.of[i];
        dns.udp[i].received = on_datagram;
    }
}

mono_ns net_dns_poll(mono_ns now)
{
    dns.now = now;
    mono_ns next = expire6(now);
    tell_servers(now);
    read_tcp();
    act();
    give_out();
    act(); /* what was asked meanwhile */
    return mono_min(next, resolver_due(&dns.r));
}
