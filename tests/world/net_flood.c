/* net_flood.c -- strangers who send the board as much as w->flood says: frames
 * of one kind at one rate, each from another sender; and an honest client. */
#include <string.h>

#include "../unit/nts_request.h"
#include "core/bytes.h"
#include "net_flood.h"
#include "services/cookies.h"

#define NEAR    0x0a000000u /* 10.0.0.128 .. 255: nobody answers for them   */
#define ROUTER  0x0a000001u
#define KNOWN   0x0a000009u /* answers                                      */
#define FAR     0xc6336400u /* 198.51.100.0                                 */
#define SERVERS 0x0a000101u
#define WORLD   0x0b000000u /* 11.0.0.0/8                                   */
#define CLIENT  5555        /* the honest one's port                        */
#define NTP     123
#define COMMAND 323

static struct {
    uint64_t due; /* ticks, 0: none under way                               */
    uint32_t count;
    uint64_t client_due;
} f;

/* The honest client's session, with what it has of its key exchange, and a
 * stranger's own. */
#define ASKED 256 /* requests that strangers have seen                       */
static struct {
    struct nts_peer client, stranger;
    bool begun;
    uint8_t jar[LIMIT_COOKIES][NTS_COOKIE_MAX];
    unsigned take, put; /* cookies, ever                                     */
    uint8_t seen[ASKED][300];
    size_t len;
    unsigned count;
} nts;

size_t simflood_ethernet(uint8_t *b, uint16_t type)
{
    simnet_board_mac(b);
    memcpy(b + 6, (uint8_t[2]){2, 7}, 2);
    bytes_put32(b + 8, w->flood.from == FLOOD_KNOWN ? 0 : f.count);
    if (w->flood.from >= FLOOD_FAR) /* by way of the router */
        memcpy(b + 6, (uint8_t[6]){2, 0, 0, 0, 0, 1}, 6);
    bytes_put16(b + 12, type);
    return 14;
}

static uint32_t sender(void)
{
    switch (w->flood.from) {
    case FLOOD_KNOWN:
        return KNOWN;
    case FLOOD_FAR:
        return FAR + f.count % 65536;
    case FLOOD_WORLD: /* an odd factor: none comes twice before all did */
        return WORLD + (f.count * 2654435761u & 0xffffff);
    case FLOOD_UNKNOWN:
        break;
    }
    return NEAR + 128 + f.count % 120;
}

void simflood_sum(uint8_t *b, size_t at, size_t head, size_t len)
{
    bool ip6 = b[12] == 0x86;
    uint32_t pseudo = (uint32_t)len + (ip6 ? b[20] : b[23]);
    if (!ip6 && b[23] <= 2)
        pseudo = 0;
    else
        for (size_t i = ip6 ? 22 : 26; i < head; i += 2)
            pseudo += bytes_get16(b + i);
    bytes_put16(b + head + at, simnet_sum(pseudo, b + head, len));
}

/* Returns the frame's length; the payload of `len` bytes is there already. */
static size_t ip4(uint8_t *b, uint32_t from, uint8_t protocol, size_t len,
                  uint16_t fragment)
{
    simflood_ethernet(b, 0x0800);
    b[14] = 0x45;
    bytes_put16(b + 16, (uint16_t)(20 + len));
    bytes_put16(b + 20, fragment);
    b[22] = 64;
    b[23] = protocol;
    bytes_put32(b + 26, from);
    bytes_put32(b + 30, w->address);
    bytes_put16(b + 24, simnet_sum(0, b + 14, 20));
    return 34 + len;
}

static size_t udp(uint8_t *b, uint32_t from, uint16_t from_port,
                  uint16_t to_port, size_t len)
{
    bytes_put16(b + 34, from_port);
    bytes_put16(b + 36, to_port);
    bytes_put16(b + 38, (uint16_t)(8 + len));
    return ip4(b, from, 17, 8 + len, 0);
}

/* Any bytes, the same in each run. */
static void anything(uint8_t *b, size_t len)
{
    uint32_t n = f.count;
    for (size_t i = 0; i < len; i++)
        b[i] = (uint8_t)((n = n * 1664525u + 1013904223u) >> 24);
}

/* ---- sessions of NTS ------------------------------------------------------ */

static void begin_sessions(void)
{
    struct nts_cookie_jar *jar = cookies_jar();
    if (nts.begun)
        return;
    if (!jar)
        sim_broken("the board serves no NTS");
    nts.begun = true;
    nts_peer_init(&nts.client, 15, jar);
    for (; nts.put < LIMIT_COOKIES; nts.put++)
        if (nts_cookie_make(jar, 15, nts.client.c2s, nts.client.s2c,
                            nts.jar[nts.put]) <= 0)
            sim_broken("no cookie");
    nts_peer_init(&nts.stranger, 30, jar);
}

/* A request of a session, another one for each number. */
static void write_request(struct nts_peer *p, uint32_t number)
{
    const struct ntp_header h = {
        .version = 4, .mode = NTP_MODE_CLIENT, .transmit = (ntp64)number << 32};
    bytes_put32(p->uid, number);
    nts_peer_header(p, &h);
    nts_peer_uid(p, 32);
    nts_peer_cookie(p);
    nts_peer_seal(p, 0, 0);
}

/* Cookies are taken in the order in which they came. */
static size_t ask_nts(uint8_t *msg, uint32_t number)
{
    struct nts_peer *p = &nts.client;
    begin_sessions();
    if (nts.take < nts.put)
        memcpy(p->cookie, nts.jar[nts.take++ % LIMIT_COOKIES], p->cookie_len);
    write_request(p, number);
    memcpy(msg, p->msg, p->w.len);
    memcpy(nts.seen[nts.count++ % ASKED], p->msg, p->w.len);
    return nts.len = p->w.len;
}

static bool is_answer_nts(const uint8_t *msg, size_t len)
{
    unsigned unique;
    int n = nts_peer_read(&nts.client, msg, len, cookies_jar(), &unique);
    if (n != 1 || unique != 1)
        return false;
    memcpy(nts.jar[nts.put++ % LIMIT_COOKIES], nts.client.fresh[0],
           nts.client.cookie_len);
    return true;
}

/* What strangers make of it. */
static size_t make_nts(uint8_t *msg)
{
    struct nts_peer *p = &nts.stranger;
    begin_sessions();
    if (w->flood.kind == FLOOD_NTS_REPLAY && nts.count > 0) {
        unsigned kept = nts.count < ASKED ? nts.count : ASKED;
        memcpy(msg, nts.seen[f.count % kept], nts.len);
        return nts.len;
    }
    write_request(p, f.count);
    if (w->flood.kind == FLOOD_NTS_FORGED)
        p->msg[p->w.len - 1] ^= 1;
    if (w->flood.kind == FLOOD_NTS_ODD)
        bytes_put16(p->msg + 48 + 4 * (f.count % 40), (uint16_t)f.count);
    memcpy(msg, p->msg, p->w.len);
    return p->w.len;
}

/* ---- frames --------------------------------------------------------------- */

/* To the board's own servers. */
static size_t make_request(uint8_t *b, uint16_t any)
{
    size_t len = 48;
    switch (w->flood.kind) {
    case FLOOD_ASK_SAME:
        any = 4000;
        b[42] = 0x23;
        b[82] = 7;
        break;
    case FLOOD_ASK_ODD:
        len = 20 + f.count % 90;
        anything(b + 42, len);
        break;
    case FLOOD_ASK_BACK:
        b[42] = 0x24;
        b[43] = 1;
        bytes_put32(b + 82, f.count);
        any = NTP;
        break;
    case FLOOD_NTS_REPLAY:
    case FLOOD_NTS_FORGED:
    case FLOOD_NTS_OWN:
    case FLOOD_NTS_ODD:
        len = make_nts(b + 42);
        break;
    case FLOOD_COMMAND: /* tracking */
        len = 104;
        b[42] = 6;
        b[43] = 1;
        b[47] = 33;
        break;
    case FLOOD_GARBAGE:
        len = 10 + f.count % 150;
        anything(b + 42, len);
        if (f.count % 2 == 0)
            memcpy(b + 42, (uint8_t[4]){6, 1, 0, 0}, 4);
        break;
    default:
        b[42] = 0x23;
        bytes_put32(b + 82, f.count + 1);
        break;
    }
    bool command =
        w->flood.kind == FLOOD_COMMAND || w->flood.kind == FLOOD_GARBAGE;
    return udp(b, sender(), any, command ? COMMAND : NTP, len);
}

static size_t make(uint8_t *b)
{
    uint16_t any = (uint16_t)(1024 + f.count * 7919u % 60000u);
    size_t n;
    switch (w->flood.kind) {
    case FLOOD_PING:
        b[34] = 8;
        n = ip4(b, sender(), 1, 16, 0);
        simflood_sum(b, 2, 34, 16);
        return n;
    case FLOOD_UDP:
        return udp(b, sender(), any, 9, 20);
    case FLOOD_SYN:
    case FLOOD_SYN_PAGE:
    case FLOOD_SYN_KEYS:
        bytes_put16(b + 34, any);
        bytes_put16(b + 36, w->flood.kind == FLOOD_SYN        ? 22
                            : w->flood.kind == FLOOD_SYN_PAGE ? 80
                                                              : 4460);
        bytes_put32(b + 38, f.count * 2654435761u);
        b[46] = 5 << 4;
        b[47] = 2;
        n = ip4(b, sender(), 6, 20, 0);
        simflood_sum(b, 16, 34, 20);
        return n;
    case FLOOD_ARP_ASK:
    case FLOOD_ARP_SAY:
    case FLOOD_ARP_CLAIM:
        simflood_ethernet(b, 0x0806);
        memcpy(b + 14, (uint8_t[6]){0, 1, 8, 0, 6, 4}, 6);
        bytes_put16(b + 20, w->flood.kind == FLOOD_ARP_ASK ? 1 : 2);
        memcpy(b + 22, b + 6, 6);
        bytes_put32(b + 28,
                    w->flood.kind == FLOOD_ARP_CLAIM ? ROUTER : sender());
        bytes_put32(b + 38, w->address);
        return 60;
    case FLOOD_NTP:
        b[42] = 0x24;
        b[43] = 1;
        return udp(b, SERVERS + f.count % 3, 123, any, 48);
    case FLOOD_DNS:
        bytes_put16(b + 42, any);
        bytes_put16(b + 44, 0x8180);
        return udp(b, ROUTER, 53, any, 40);
    case FLOOD_FRAGMENT:
        return ip4(b, sender(), 17, 64, f.count % 2 ? 0x2000 : 8);
    case FLOOD_IGMP:
        b[34] = 0x11;
        n = ip4(b, sender(), 2, 8, 0);
        simflood_sum(b, 2, 34, 8);
        return n;
    case FLOOD_PING6:
    case FLOOD_NS:
    case FLOOD_RA:
    case FLOOD_MLD:
    case FLOOD_NA:
    case FLOOD_NA_CLAIM:
    case FLOOD_RA_ROUTER:
    case FLOOD_RA_END:
    case FLOOD_UDP6:
    case FLOOD_SYN6:
    case FLOOD_OPTIONS6:
    case FLOOD_TOO_BIG6:
        return simflood_make6(b, any, f.count);
    case FLOOD_BROADCAST:
        b[34] = 8;
        n = ip4(b, sender(), 1, 16, 0);
        memset(b, 0xff, 6);
        memset(b + 30, 0xff, 4);
        bytes_put16(b + 24, 0);
        bytes_put16(b + 24, simnet_sum(0, b + 14, 20));
        simflood_sum(b, 2, 34, 16);
        return n;
    case FLOOD_UNREACHABLE:
        b[34] = 3;
        b[35] = (uint8_t)(f.count % 5);
        b[42] = 0x45;
        b[50] = 64;
        b[51] = 17;
        bytes_put32(b + 54, w->address);
        bytes_put32(b + 58, SERVERS + f.count % 3);
        bytes_put16(b + 62, any);
        bytes_put16(b + 64, 123);
        n = ip4(b, SERVERS + f.count % 3, 1, 36, 0);
        simflood_sum(b, 2, 34, 36);
        return n;
    case FLOOD_DHCP:
        memcpy(b + 42, (uint8_t[3]){2, 1, 6}, 3);
        bytes_put32(b + 46, f.count * 2654435761u);
        bytes_put32(b + 58, w->address + 1);
        simnet_board_mac(b + 70);
        bytes_put32(b + 278, 0x63825363);
        memcpy(b + 282, (uint8_t[9]){53, 1, 2, 54, 4, 10, 0, 0, 66}, 9);
        b[284] = (uint8_t[3]){2, 5, 6}[f.count % 3];
        b[291] = 255;
        return udp(b, SIM_EVIL, 67, 68, 260);
    case FLOOD_MDNS:
        bytes_put16(b + 42, any);
        bytes_put16(b + 46, 1);
        memcpy(b + 54, "\6gnomon\5local\0\0\1\0\1", 18);
        n = udp(b, sender(), f.count % 2 ? any : 5353, 5353, 30);
        memcpy(b, (uint8_t[6]){1, 0, 0x5e, 0, 0, 0xfb}, 6);
        bytes_put32(b + 30, 0xe00000fb);
        bytes_put16(b + 24, 0);
        bytes_put16(b + 24, simnet_sum(0, b + 14, 20));
        return n;
    case FLOOD_ASK:
    case FLOOD_ASK_ODD:
    case FLOOD_ASK_SAME:
    case FLOOD_ASK_BACK:
    case FLOOD_NTS_REPLAY:
    case FLOOD_NTS_FORGED:
    case FLOOD_NTS_OWN:
    case FLOOD_NTS_ODD:
    case FLOOD_COMMAND:
    case FLOOD_GARBAGE:
        return make_request(b, any);
    case FLOOD_KINDS:
        break;
    }
    sim_broken("no such flood");
}

/* ---- an honest client ---------------------------------------------------- */

static void ask(void)
{
    enum sim_flood_from from = w->flood.from;
    uint8_t b[512] = {0};
    size_t len = 48;
    w->client.asked++;
    if (w->client.nts) {
        len = ask_nts(b + 42, w->client.asked);
    } else {
        b[42] = 0x23;
        bytes_put32(b + 82, w->client.asked);
    }
    w->flood.from = FLOOD_KNOWN;
    simnet_frame(b, udp(b, KNOWN, CLIENT, NTP, len));
    w->flood.from = from;
}

/* The datagram that the board sent comes to it. */
static void send_back(uint32_t to, uint16_t from_port, uint16_t to_port,
                      const uint8_t *msg, size_t len)
{
    uint8_t b[1500] = {0};
    if (len > sizeof b - 42)
        return;
    memcpy(b + 42, msg, len);
    simnet_frame(b, udp(b, to, to_port, from_port, len));
}

void simflood_heard(uint32_t to, uint16_t from_port, uint16_t to_port,
                    const uint8_t *msg, size_t len)
{
    if (from_port != NTP && from_port != COMMAND)
        return;
    *(from_port == NTP ? &w->ntp_out : &w->cmd_out) += 1;
    if (to == KNOWN && to_port == CLIENT && len >= 48 &&
        bytes_get32(msg + 24) == w->client.asked &&
        (w->client.nts ? is_answer_nts(msg, len) : len == 48))
        w->client.answered++;
    if (w->mirror)
        send_back(to, from_port, to_port, msg, len);
}

/* ---- time ---------------------------------------------------------------- */

uint64_t simflood_next(void)
{
    uint64_t flood = w->flood.per_s ? f.due : UINT64_MAX;
    uint64_t client = w->client.every_ms ? f.client_due : UINT64_MAX;
    return flood < client ? flood : client;
}

static void run_client(void)
{
    if (!w->client.every_ms) {
        f.client_due = 0;
        return;
    }
    if (!f.client_due)
        f.client_due = w->ticks;
    while (f.client_due <= w->ticks) {
        ask();
        f.client_due += SIM_HZ / 1000 * w->client.every_ms;
    }
}

void simflood_run(void)
{
    run_client();
    if (!w->flood.per_s) {
        f.due = 0;
        return;
    }
    if (!f.due)
        f.due = w->ticks;
    while (f.due <= w->ticks) {
        uint8_t b[512] = {0};
        size_t len = make(b);
        if (w->flood.tagged) {
            memmove(b + 16, b + 12, len - 12);
            bytes_put16(b + 12, 0x8100);
            bytes_put16(b + 14, 5 << 13);
            len += 4;
        }
        simnet_frame(b, len);
        f.count++;
        f.due += SIM_HZ / w->flood.per_s;
    }
}
