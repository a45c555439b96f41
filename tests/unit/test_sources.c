/* What sources promises, on services that the test plays: nothing is asked
 * before it may be, NTS never falls back, key exchanges back off, a cookie
 * that the card offers waits for the card, and keys that the time found does
 * not bear out go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "adapters/net.h"
#include "core/bytes.h"
#include "core/mono.h"
#include "core/ntp_client.h"
#include "core/ntp_ef.h"
#include "core/ntp_wire.h"
#include "core/utc.h"
#include "entropy.h"
#include "services/ke_client.h"
#include "services/log.h"
#include "services/ntp_udp.h"
#include "services/sources.h"
#include "services/store.h"
#include "services/timekeeper.h"

#define COOKIE 100

/* ---- the machine ----------------------------------------------------------- */

static mono_ns now;
static char text[40000];

uint64_t port_ticks(void)
{
    return (uint64_t)now / 1000;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

size_t port_console(const char *s, size_t len)
{
    size_t n = strlen(text);
    assert_true(n + len < sizeof text);
    memcpy(text + n, s, len);
    text[n + len] = 0;
    return len;
}

/* ---- the network ------------------------------------------------------------- */

static struct {
    bool up;
    struct addr own[3];
    bool no_gateway;
    unsigned resolves, sends;
    char name[LIMIT_NAME]; /* last asked                                    */
    net_resolved done;     /* NULL: answered                                */
    void *arg;
    void (*named)(const struct addr *addr, size_t count);
    void (*sent)(unsigned slot, uint64_t stamp);
    void (*received)(unsigned slot, uint64_t stamp, const uint8_t *msg,
                     size_t len);
    unsigned slot; /* of the last request                                   */
    struct addr to;
    uint16_t port;
    uint8_t msg[LIMIT_NTP_PACKET];
    size_t len;
    int send_rc;
} net;

bool net_up(void)
{
    return net.up;
}

unsigned net_own_addresses(struct addr *out, unsigned cap)
{
    unsigned n = 0;
    for (unsigned i = 0; i < LEN(net.own) && n < cap; i++)
        if (net.own[i].family)
            out[n++] = net.own[i];
    return n;
}

void net_status(struct status_net *out)
{
    *out = (struct status_net){.addr4 = {4, {192, 168, 1, 7}},
                               .bits4 = 24,
                               .dhcp = STATUS_DHCP_LEASE,
                               .gateway4 = {net.no_gateway ? 0 : 4, {0}}};
}

int net_resolve(const char *name, net_resolved done, void *arg)
{
    if (net.done)
        return RC_SPACE;
    net.resolves++;
    strcpy(net.name, name);
    net.done = done;
    net.arg = arg;
    return RC_OK;
}

void net_ntp_servers(void (*told)(const struct addr *addr, size_t count))
{
    net.named = told;
}

void ntp_udp_init(uint8_t dscp, void (*sent)(unsigned slot, uint64_t stamp),
                  void (*left)(unsigned slot, uint64_t stamp),
                  void (*received)(unsigned slot, uint64_t stamp,
                                   const uint8_t *msg, size_t len))
{
    (void)dscp;
    (void)left;
    net.sent = sent;
    net.received = received;
}

int ntp_udp_send(unsigned slot, const struct addr *to, uint16_t port,
                 const uint8_t *msg, size_t len)
{
    net.sends++;
    net.slot = slot;
    net.to = *to;
    net.port = port;
    memcpy(net.msg, msg, len);
    net.len = len;
    if (net.send_rc == RC_OK)
        net.sent(slot, port_ticks());
    return net.send_rc;
}

/* ---- key exchanges -------------------------------------------------------------- */

static struct {
    unsigned starts;
    char name[LIMIT_NAME];
    uint16_t port;
    uint32_t certset;
    ke_done done; /* NULL: none under way                                   */
    void *arg;
} ke;

int ke_client_start(const char *name, const struct addr *addr, uint16_t port,
                    uint32_t certset, ke_done done, void *arg)
{
    (void)addr;
    ke.starts++;
    strcpy(ke.name, name);
    ke.port = port;
    ke.certset = certset;
    ke.done = done;
    ke.arg = arg;
    return RC_OK;
}

static bool (*ke_may)(void *arg);

void ke_client_before_tls(bool (*may)(void *arg))
{
    ke_may = may;
}

/* ---- the card --------------------------------------------------------------------- */

static struct { /* survives a boot */
    bool there, slow;
    int ticket, durable;
    uint8_t b[LIMIT_SOURCES + 1][LIMIT_JOURNAL_DATA]; /* the last: retries  */
    int len[LIMIT_SOURCES + 1];
} card;

static unsigned place(enum store_kind kind, uint8_t id)
{
    assert_true(kind == STORE_ASSOC || (kind == STORE_RETRY && id == 0));
    return kind == STORE_RETRY ? LIMIT_SOURCES : id;
}

bool store_state_partition(void)
{
    return card.there;
}

int store_get(enum store_kind kind, uint8_t id, uint8_t *buf, size_t cap)
{
    unsigned i = place(kind, id);
    assert_true(cap >= (size_t)card.len[i]);
    memcpy(buf, card.b[i], (size_t)card.len[i]);
    return card.len[i] ? card.len[i] : RC_STATE;
}

int store_put(enum store_kind kind, uint8_t id, const uint8_t *data, size_t len)
{
    unsigned i = place(kind, id);
    memcpy(card.b[i], data, len);
    card.len[i] = (int)len;
    card.ticket++;
    if (!card.slow)
        card.durable = card.ticket;
    return card.ticket;
}

bool store_durable(int ticket)
{
    return ticket <= card.durable;
}

/* ---- the clock ---------------------------------------------------------------------- */

static struct {
    bool may_ask, set, window_bad;
    unsigned replies, forgotten, asked;
    struct timekeeper_verdict verdict;
    int64_t cert_lo, cert_hi;
    int votes_for;
} tk;

bool timekeeper_may_ask(void)
{
    return tk.may_ask;
}

bool timekeeper_synchronised(void)
{
    return tk.set;
}

int64_t timekeeper_unix(void)
{
    return 150;
}

bool timekeeper_window_ok(int64_t lo, int64_t hi)
{
    (void)lo, (void)hi;
    return !tk.window_bad;
}

void timekeeper_source(unsigned slot, const struct conf_source *conf)
{
    (void)slot, (void)conf;
}

void timekeeper_asked(unsigned slot, uint8_t reach, uint32_t refid)
{
    (void)slot, (void)reach, (void)refid;
    tk.asked++;
}

void timekeeper_forget(unsigned slot)
{
    (void)slot;
    tk.forgotten++;
}

void timekeeper_server(unsigned slot, const struct addr *addr, uint16_t port)
{
    (void)slot, (void)addr, (void)port;
}

int timekeeper_votes_for(unsigned slot)
{
    (void)slot;
    return tk.votes_for;
}

void timekeeper_reply(unsigned slot, const struct timekeeper_reply *reply,
                      struct timekeeper_verdict *out)
{
    (void)slot;
    tk.replies++;
    tk.cert_lo = reply->cert_lo;
    tk.cert_hi = reply->cert_hi;
    *out = tk.verdict;
}

/* ---- helpers -------------------------------------------------------------------------- */

static struct conf conf;
static const uint8_t key[32] = {7, 7, 7};

static const char *said(void)
{
    for (int i = 0; i < 200; i++)
        (void)log_poll(now);
    return text;
}

static void run(mono_ns span)
{
    mono_ns end = now + span;
    while (now < end) {
        mono_ns next = sources_poll(now);
        now = next <= now ? now + 100 * MONO_US : mono_min(next, end);
    }
}

static void boot(const char *lines)
{
    bool up = net.up;
    memset(&net, 0, sizeof net);
    memset(&ke, 0, sizeof ke);
    memset(&tk, 0, sizeof tk);
    net.up = up;
    tk.may_ask = true;
    tk.votes_for = -1;
    tk.verdict.doubt = "";
    tk.verdict.poll_wanted = 6;
    now = 10 * MONO_S;
    text[0] = 0;
    log_init();
    assert_int_equal(conf_parse(&conf, lines, strlen(lines)), 0);
    conf.digest = bytes_fnv(BYTES_FNV, lines, strlen(lines));
    sources_init(&conf);
}

static void found(const char *address)
{
    struct resolver_answer a = {.why = RESOLVER_NO_NAME};
    net_resolved done = net.done;
    assert_non_null(done);
    net.done = NULL;
    if (address) {
        a.why = RESOLVER_FOUND;
        a.count = 1;
        assert_int_equal(addr_parse(address, &a.addr[0]), RC_OK);
    }
    done(net.arg, &a);
}

static struct status_source row(unsigned i)
{
    static struct status_sources s;
    sources_status(&s);
    assert_true(i < s.count);
    return s.row[i];
}

static unsigned count(void)
{
    static struct status_sources s;
    sources_status(&s);
    return s.count;
}

static void exchanged(bool ok, unsigned cookies)
{
    static struct nts_ke_result r;
    struct ke_outcome o = {.ok = ok,
                           .reached = KE_CONNECTED,
                           .reason = ok ? "" : "no such luck",
                           .result = &r,
                           .cert_lo = 100,
                           .cert_hi = 200};
    static uint8_t fresh;
    r = (struct nts_ke_result){.aead = AEAD_AES_SIV_CMAC_256,
                               .count = (uint8_t)cookies};
    for (unsigned i = 0; i < cookies; i++) {
        r.cookie[i].len = COOKIE;
        memset(r.cookie[i].b, ++fresh, COOKIE);
    }
    memcpy(o.c2s, key, sizeof key);
    memcpy(o.s2c, key, sizeof key);
    ke_done done = ke.done;
    assert_non_null(done);
    assert_true(ke_may(ke.arg));
    ke.done = NULL;
    done(ke.arg, &o);
}

/* The bytes of the cookie in the last request, all alike; 0: there is none. */
static uint8_t cookie_sent(void)
{
    struct ntp_ef ef;
    for (size_t at = NTP_HEADER;
         ntp_ef_next(net.msg, net.len, &at, &ef) == RC_OK;)
        if (ef.type == NTS_EF_COOKIE)
            return ef.body[0];
    return 0;
}

/* A plain server's reply to the last request, 10 ms after it. */
static uint32_t refid;
static uint8_t stratum = 1;
static mono_ns held;

static void reply(uint8_t mode)
{
    uint8_t b[NTP_HEADER];
    ntp64 t = utc_of_unix(1800000000, 0) + (uint64_t)utc_span_ntp(now);
    struct ntp_header h = {.version = 4,
                           .mode = mode,
                           .stratum = stratum,
                           .refid = refid,
                           .precision = -20,
                           .ref = t,
                           .origin = bytes_get64(net.msg + 40),
                           .receive = t,
                           .transmit = t + (uint64_t)utc_span_ntp(held)};
    ntp_wire_write(&h, b);
    now += 10 * MONO_MS + held;
    net.received(net.slot, port_ticks(), b, sizeof b);
}

static int setup(void **state)
{
    (void)state;
    memset(&card, 0, sizeof card);
    net.up = true;
    return 0;
}

/* ---- plain sources ---------------------------------------------------------------------- */

static void not_before_it_may(void **state)
{
    (void)state;
    net.up = false;
    boot("server a iburst\nserver b nts\n");
    run(100 * MONO_S);
    assert_true(net.resolves == 0 && net.sends == 0 && ke.starts == 0);
    net.up = true;
    tk.may_ask = false; /* bootstrap strict */
    run(100 * MONO_S);
    assert_true(net.resolves == 0 && net.sends == 0 && ke.starts == 0);
    tk.may_ask = true;
    run(MONO_S);
    assert_true(net.resolves > 0);
}

static void asks_and_hears(void **state)
{
    (void)state;
    boot("server a iburst port 1123\n");
    run(MONO_S);
    assert_string_equal(net.name, "a");
    assert_int_equal(net.sends, 0);
    found("192.0.2.1");
    run(2 * MONO_S);
    assert_true(net.sends >= 1 && tk.asked == net.sends);
    assert_true(net.port == 1123 && net.to.b[3] == 1 && net.len == NTP_HEADER);
    reply(4);
    assert_int_equal(tk.replies, 1);
    assert_true(row(0).reach & 1);
    assert_int_equal(row(0).valid, 1);
    assert_string_equal(row(0).trouble, "");
    tk.verdict.doubt = "says 1970: not believed";
    unsigned before = net.sends;
    while (net.sends == before)
        run(100 * MONO_MS);
    reply(4);
    assert_string_equal(row(0).trouble, "says 1970: not believed");
}

/* A reply that may not be measured with: the console says why. */
static void measured(const char *want)
{
    unsigned before = net.sends;
    while (net.sends == before)
        run(100 * MONO_MS);
    reply(4);
    assert_string_equal(row(0).trouble, want);
}

static void not_used(void **state)
{
    static const char loop[] =
        "its time is our own: its reference is our address: not used";
    (void)state;
    boot("server a iburst maxdelay 2\n");
    run(MONO_S);
    assert_int_equal(addr_parse("192.168.1.7", &net.own[0]), RC_OK);
    found("192.168.1.1");
    refid = addr_refid(&net.own[0]);
    measured(""); /* of stratum 1: no address, but a name */
    stratum = 3;
    measured(loop);
    refid ^= 1;
    measured("");
    held = 5 * MONO_S;
    measured("it held our request for more than 4 s: not used");
    held = 0;
    measured("");
    stratum = 0;
    refid = 0x4e4b4559;
    measured("reply refused: a kiss code that is ignored: NKEY");
    refid = 0x4e000a7f;
    measured("reply refused: a kiss code that is ignored: N???");
    stratum = 3;
    now += MONO_S; /* a server elsewhere may mean another 192.168.1.7 */
    boot("server a iburst\n");
    run(MONO_S);
    assert_int_equal(addr_parse("192.168.1.7", &net.own[0]), RC_OK);
    found("203.0.113.1");
    refid = addr_refid(&net.own[0]);
    measured("");
    assert_int_equal(addr_parse("203.0.113.9", &net.own[0]), RC_OK);
    refid = addr_refid(&net.own[0]);
    measured(loop);
    /* Whichever of our addresses it asked us by: MD5 of an IPv6 one. */
    assert_int_equal(addr_parse("2001:db8::1", &net.own[1]), RC_OK);
    refid = UINT32_C(0x39ab9b37);
    measured(loop);
    refid = 0x20010db8 ^ 1; /* as it was: folded */
    measured("");
    memset(net.own, 0, sizeof net.own);
    refid = 0;
    stratum = 1;
}

/* What is refused changes nothing that the clock could see. */
static void refused(void **state)
{
    (void)state;
    boot("server a iburst\n");
    run(MONO_S);
    found("192.0.2.1");
    run(2 * MONO_S);
    reply(3);
    assert_int_equal(tk.replies, 0);
    assert_int_equal(row(0).reach, 0);
    assert_non_null(strstr(row(0).trouble, "reply refused"));
    net.received(LIMIT_SOURCES, 0, net.msg, net.len); /* nobody's */
    assert_int_equal(row(0).rx, 1);
}

static void no_such_name(void **state)
{
    (void)state;
    boot("server a iburst\n");
    mono_ns waits[4];
    for (unsigned i = 0; i < LEN(waits); i++) {
        run(MONO_S);
        while (!net.done)
            run(MONO_S);
        found(NULL);
        mono_ns began = now;
        unsigned asked = net.resolves;
        while (net.resolves == asked)
            run(100 * MONO_MS);
        waits[i] = now - began;
    }
    assert_non_null(strstr(said(), "a: name does not resolve"));
    assert_int_equal(net.sends, 0);
    for (unsigned i = 1; i < LEN(waits); i++) /* 2, 4, 8, 16 s */
        assert_in_range(waits[i] / MONO_S, 2 << i, (2 << i) + 1);
    found("192.0.2.1");
    run(3 * MONO_S);
    assert_true(net.sends > 0);
}

/* Three requests that never met an answer, or eight where there was one: the
 * name is asked again, for the server may have moved. */
static void moved(void **state)
{
    (void)state;
    boot("server a iburst\n");
    run(MONO_S);
    found("192.0.2.1");
    while (net.resolves == 1)
        run(MONO_S);
    assert_int_equal(net.sends, 3);
    assert_string_equal(row(0).trouble, "no answer on UDP port 123");
    unsigned before = tk.forgotten;
    found("192.0.2.2");
    assert_int_equal(tk.forgotten, before + 1); /* another server's time */
    while (net.sends == 3)
        run(100 * MONO_MS);
    assert_int_equal(net.to.b[3], 2);
    reply(4);
    assert_string_equal(row(0).trouble, "");
    before = net.sends;
    while (net.resolves == 2)
        run(MONO_S);
    assert_int_equal(net.sends, before + 2); /* asked for beside it, */
    while (row(0).trouble[0] == 0) {
        if (net.done)
            found("192.0.2.2"); /* and it is where it was */
        run(MONO_S);
    }
    assert_int_equal(net.sends, before + 8);
    assert_int_equal(row(0).reach, 0);
    assert_string_equal(row(0).trouble, "no answer");
    found("192.0.2.2");
    reply(4);

    /* It has moved: the second request without an answer finds it. */
    before = net.sends;
    unsigned asked = net.resolves;
    while (net.resolves == asked)
        run(MONO_S);
    assert_int_equal(net.sends, before + 2);
    found("192.0.2.3");
    run(MONO_S);
    found("192.0.2.3");
    run(17 * MONO_S);
    assert_true(net.sends > before + 2);
    assert_int_equal(net.to.b[3], 3);
}

/* Replies to all requests for a while. */
static void answers(mono_ns span)
{
    for (mono_ns end = now + span; now < end;) {
        unsigned before = net.sends;
        run(MONO_S);
        if (net.sends != before)
            reply(4);
    }
}

/* chrony's refresh: a name whose address changes is followed, though the old
 * one answers. */
static void name_changes(void **state)
{
    (void)state;
    boot("server a maxpoll 6\nserver 192.0.2.77\nrefresh 1000\n");
    run(MONO_S);
    found("192.0.2.1");
    run(MONO_S);
    found("192.0.2.77"); /* a literal; but here all is asked for */
    answers(990 * MONO_S);
    assert_int_equal(net.resolves, 2);
    answers(100 * MONO_S);
    assert_int_equal(net.resolves, 3); /* not the literal */
    assert_string_equal(net.name, "a");
    found("192.0.2.1"); /* still its own */
    unsigned before = tk.forgotten;
    answers(900 * MONO_S);
    assert_int_equal(net.resolves, 3);
    answers(200 * MONO_S);
    assert_int_equal(net.resolves, 4);
    found(NULL); /* a name that fails is no reason */
    answers(1100 * MONO_S);
    assert_int_equal(net.resolves, 5);
    assert_int_equal(tk.forgotten, before);
    found("192.0.2.2");
    answers(2 * MONO_S);
    found("192.0.2.2"); /* from what is known */
    answers(100 * MONO_S);
    assert_int_equal(tk.forgotten, before + 1);
    assert_int_equal(row(0).addr.b[3], 2);
    boot("server a maxpoll 6\nrefresh 0\n");
    run(MONO_S);
    found("192.0.2.1");
    answers(3000 * MONO_S);
    assert_int_equal(net.resolves, 1);
}

static void of_dhcp(void **state)
{
    (void)state;
    boot("server a\n");
    assert_null(net.named); /* nobody has asked for it */
    boot("server a\ndhcpservers\n");
    struct addr list[LIMIT_DHCP_SERVERS + 2];
    for (unsigned i = 0; i < LEN(list); i++)
        list[i] = (struct addr){.family = 4, .b = {192, 0, 2, (uint8_t)i}};
    assert_non_null(net.named);
    net.named(list, 2);
    net.named(list, 2); /* the lease is renewed */
    assert_int_equal(count(), 3);
    net.named(list, LEN(list));
    assert_int_equal(count(), 1 + LIMIT_DHCP_SERVERS);
    assert_string_equal(row(1).name, "192.0.2.0");
    assert_false(row(1).nts);
}

/* ---- NTS ---------------------------------------------------------------------------------- */

static void keys_first(void **state)
{
    (void)state;
    boot("server a iburst nts ntsport 4461 certset 3\n");
    run(MONO_S);
    found("192.0.2.1");
    run(MONO_S);
    assert_int_equal(ke.starts, 1);
    assert_string_equal(ke.name, "a");
    assert_true(ke.port == 4461 && ke.certset == 3);
    run(30 * MONO_S);
    assert_int_equal(net.sends, 0); /* never plain NTP meanwhile */
    exchanged(true, 8);
    run(2 * MONO_S);
    assert_true(net.sends >= 1);
    assert_true(cookie_sent() != 0);
    assert_int_equal(row(0).aead, AEAD_AES_SIV_CMAC_256);
    assert_int_equal(row(0).key_bits, 256);
    assert_true(row(0).last_ke_ago_s >= 0);
    uint8_t first = cookie_sent();
    unsigned before = net.sends;
    run(3 * MONO_S);
    assert_true(net.sends > before && cookie_sent() != first);
    reply(4); /* unsigned: anybody could have sent it */
    assert_int_equal(tk.replies, 0);
    assert_int_equal(row(0).forged, 1);
}

/* 10 s after the first failure, then longer each time; over a restart too. */
/* chrony's ntsrefresh: keys do not last for ever; the old ones are used until
 * there are new ones. */
static void old_keys(void **state)
{
    (void)state;
    boot("server a iburst nts minpoll 8 maxpoll 8\nntsrefresh 3600\n");
    run(MONO_S);
    found("192.0.2.1");
    run(MONO_S);
    exchanged(true, 8);
    run(3590 * MONO_S);
    if (net.done)
        found("192.0.2.1"); /* nobody answers */
    assert_int_equal(ke.starts, 1);
    while (ke.starts == 1) {
        run(10 * MONO_S);
        if (net.done)
            found("192.0.2.1");
        assert_true(now < 4000 * MONO_S);
    }
    assert_true(ke.starts == 2 && row(0).cookies > 0);
    exchanged(true, 8);
    run(1000 * MONO_S);
    assert_int_equal(ke.starts, 2);
}

static void backs_off(void **state)
{
    (void)state;
    card.there = true;
    boot("server a iburst nts\n");
    mono_ns last = 0, waited = 0;
    for (unsigned i = 1; i < 6; i++) {
        while (ke.starts < i) {
            run(10 * MONO_MS);
            if (net.done)
                found("192.0.2.1");
        }
        assert_true(last == 0 || now - last > waited);
        waited = last ? now - last : 9 * MONO_S;
        last = now;
        exchanged(false, 0);
        assert_string_equal(row(0).trouble, "no such luck");
    }
    assert_true(waited > 30 * MONO_S);
    assert_int_equal(net.sends, 0);
    boot("server a iburst nts\n");
    run(40 * MONO_S); /* less than is left of the wait */
    assert_int_equal(ke.starts, 0);
    assert_non_null(strstr(said(), "5 key exchanges had failed before the "
                                   "restart"));
    sources_retry(); /* an operator moved the floor */
    run(MONO_S);
    found("192.0.2.1");
    run(MONO_S);
    assert_int_equal(ke.starts, 1);
}

/* "Begun" is on the card before TLS is; a card that does not take it in a
 * second is not waited for. */
static void marked_before(void **state)
{
    (void)state;
    card.there = card.slow = true;
    for (int i = 0; i < 2; i++) {
        memset(&card.len, 0, sizeof card.len);
        boot("server a iburst nts\n");
        run(MONO_S);
        found("192.0.2.1");
        run(MONO_S);
        assert_int_equal(ke.starts, 1);
        assert_int_equal(card.len[LIMIT_SOURCES], 0); /* no TCP yet */
        assert_false(ke_may(ke.arg));
        assert_true(card.len[LIMIT_SOURCES] > 0);
        run(900 * MONO_MS);
        assert_false(ke_may(ke.arg));
        if (i == 0)
            card.durable = card.ticket;
        else
            run(200 * MONO_MS);
        assert_true(ke_may(ke.arg));
    }
}

static void fails(enum ke_reached reached)
{
    const struct ke_outcome o = {.reached = reached, .reason = "not there"};
    ke_done done = ke.done;
    assert_non_null(done);
    ke.done = NULL;
    done(ke.arg, &o);
}

/* Before: the wait after a day without an uplink was 7 hours, and went on
 * after a power cycle. What met no server is tried within half a minute, and
 * nothing is written. */
static void never_reached(void **state)
{
    (void)state;
    for (int kind = KE_NOT_BEGUN; kind <= KE_NO_CONNECTION; kind++) {
        card.there = true;
        memset(&card.len, 0, sizeof card.len);
        boot("server a iburst nts\n");
        mono_ns longest = 0, last = 0;
        for (unsigned i = 1; i < 100; i++) {
            while (ke.starts < i) {
                run(10 * MONO_MS);
                if (net.done)
                    found("192.0.2.1");
            }
            longest = last && now - last > longest ? now - last : longest;
            assert_true(kind == KE_NOT_BEGUN || !last ||
                        now - last >= 10 * MONO_S);
            last = now;
            fails((enum ke_reached)kind);
        }
        assert_true(longest < 31 * MONO_S);
        assert_int_equal(card.len[LIMIT_SOURCES], 0);
        unsigned before = ke.starts;
        sources_net_changed(now); /* a new address: at once, or ... */
        if (kind == KE_NO_CONNECTION) {
            run(9 * MONO_S); /* RFC 8915 section 4.2 */
            assert_null(net.done);
            run(MONO_S);
        }
        run(20 * MONO_MS);
        found("192.0.2.1");
        run(20 * MONO_MS);
        assert_int_equal(ke.starts, before + 1);
    }
}

/* Failed many times in a run of an hour, or with another chrony.conf. */
static void after_a_long_run(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        card.there = true;
        memset(&card.len, 0, sizeof card.len);
        boot("server a iburst nts\n");
        mono_ns end = now + (kind == 1 ? 3600 : 900) * MONO_S;
        while (now < end) {
            run(100 * MONO_MS);
            if (net.done)
                found("192.0.2.1");
            if (ke.done)
                exchanged(false, 0);
        }
        boot(kind == 2 ? "server a iburst nts\nmaxchange 9 9 9\n"
                       : "server a iburst nts\n");
        run(40 * MONO_MS);
        bool asked = net.done != NULL;
        assert_int_equal(asked, kind == 1 || kind == 2);
        if (kind == 3) { /* a link that comes up, once it runs */
            run(70 * MONO_S);
            sources_net_changed(now);
            run(40 * MONO_MS);
            assert_true(net.done || ke.starts > 0);
        }
    }
}

/* Keys of a certificate that the time found does not bear out. */
static void a_window_that_does_not_hold(void **state)
{
    (void)state;
    card.there = true;
    boot("server a iburst nts\nntsdumpdir /\n");
    run(MONO_S);
    found("192.0.2.1");
    run(MONO_S);
    tk.window_bad = true; /* the clock was set meanwhile */
    exchanged(true, 8);
    assert_non_null(strstr(row(0).trouble, "not valid at the time found"));
    run(5 * MONO_S);
    assert_int_equal(net.sends, 0);

    tk.window_bad = false;
    sources_retry();
    run(20 * MONO_S);
    if (net.done)
        found("192.0.2.1");
    run(MONO_S);
    exchanged(true, 8);
    run(5 * MONO_S);
    assert_true(net.sends > 0 && row(0).cookies > 0 && card.len[0] > 0);
    tk.set = tk.window_bad = true; /* or is set now */
    (void)sources_poll(now);
    assert_true(row(0).cookies == 0 && row(0).aead == 0);
    assert_int_equal(card.len[0], 0); /* and not on the card either */
    assert_non_null(strstr(said(), "keys dropped"));
}

static uint8_t first_of_card(void)
{
    boot("server a iburst nts\nntsdumpdir /\n");
    assert_non_null(strstr(said(), "saved cookies"));
    run(MONO_S);
    return net.sends ? cookie_sent() : 0;
}

/* From the card, without a key exchange; and a cookie that the card offers
 * does not leave before the card has been told. */
static void from_the_card(void **state)
{
    (void)state;
    card.there = true;
    boot("server a iburst nts\nntsdumpdir /\n");
    run(MONO_S);
    found("192.0.2.1");
    run(MONO_S);
    exchanged(true, 8);
    run(MONO_S);
    sources_save(); /* as before a restart */
    uint8_t one = first_of_card();
    assert_true(one != 0 && ke.starts == 0 && net.resolves == 0);
    assert_int_equal(net.to.b[3], 1);
    uint8_t two = first_of_card(); /* the power went after the request */
    assert_true(two != 0 && two != one);
    card.slow = true;
    assert_int_equal(first_of_card(), 0); /* not yet on the card: not sent */
    card.durable = card.ticket;
    card.slow = false;
    run(100 * MONO_MS);
    assert_true(cookie_sent() != one && cookie_sent() != two);
    /* A card that takes nothing any more costs a key exchange. */
    card.slow = true;
    assert_int_equal(first_of_card(), 0);
    run(20 * MONO_S);
    assert_int_equal(row(0).cookies, 0);
    found("192.0.2.1");
    run(2 * MONO_S);
    assert_int_equal(ke.starts, 1);
    assert_int_equal(net.sends, 0);
}

/* The cookie of the next request. */
static uint8_t next_cookie(void)
{
    for (unsigned sends = net.sends; net.sends == sends;) {
        run(MONO_S);
        if (net.done)
            found("192.0.2.1");
    }
    return cookie_sent();
}

/* Whatever kept a request here: no cookie is lost, and none is sent twice. */
static void could_not_leave(void **state)
{
    (void)state;
    static const int why[] = {RC_IO, RC_SPACE, RC_AGAIN};
    boot("server a nts maxpoll 4\n");
    run(MONO_S);
    found("192.0.2.1");
    run(MONO_S);
    exchanged(true, 8);
    for (unsigned i = 0; i < LEN(why); i++) {
        uint8_t last = next_cookie(), kept = last;
        net.send_rc = why[i]; /* RC_AGAIN: it waits, and nobody says more */
        for (int k = 0; k < 6; k++)
            kept = next_cookie();
        assert_true(kept != last);
        assert_int_equal(row(0).cookies, 8 - 2 * i - 1);
        net.send_rc = RC_OK;
        assert_int_equal(next_cookie(), kept);
        assert_int_equal(row(0).cookies, 8 - 2 * i - 2);
    }
    assert_int_equal(ke.starts, 1);
}

static void another_network(void **state)
{
    (void)state;
    boot("server a iburst nts\n");
    run(MONO_S);
    found(NULL);
    unsigned before = net.resolves;
    sources_net_changed(now); /* the name service may be another one */
    run(10 * MONO_MS);
    assert_int_equal(net.resolves, before + 1);
    found("192.0.2.1");
    run(MONO_S);
    exchanged(true, 8);
    net.send_rc = RC_IO;
    run(2 * MONO_S);
    assert_string_equal(row(0).trouble, "no route to the server");
    net.no_gateway = true;
    found("192.0.2.2");
    run(2 * MONO_S);
    assert_string_equal(
        row(0).trouble,
        "no gateway: the DHCP server names none (options 3 and 121)");
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup(t, setup)
    const struct CMUnitTest tests[] = {
        TEST(not_before_it_may),
        TEST(asks_and_hears),
        TEST(not_used),
        TEST(refused),
        TEST(no_such_name),
        TEST(moved),
        TEST(name_changes),
        TEST(of_dhcp),
        TEST(keys_first),
        TEST(old_keys),
        TEST(backs_off),
        TEST(marked_before),
        TEST(never_reached),
        TEST(after_a_long_run),
        TEST(a_window_that_does_not_hold),
        TEST(from_the_card),
        TEST(could_not_leave),
        TEST(another_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
