/* The stub resolver against name servers that are slow, wrong, silent or
 * forged, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "core/crypto.h"
#include "dns_net.h"

#define FIRST "10.0.0.1" /* name server */

static struct resolver_answer got;
static bool entropy_dead;

int crypto_random(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)net_random();
    return entropy_dead ? RC_IO : RC_OK;
}

/* pool: 4 + 2, four: 192.0.2.1 only, six: 2001:db8::6 only, alias: a chain to
 * pool, none: no address, short: a TTL of 1 s, long: of a year. */
static bool zone(const char *name, unsigned type, struct dns_message *m)
{
    bool a = type == DNS_WIRE_A;
    size_t at = DNS_QUESTION;
    if (strcmp(name, "alias.example") == 0) {
        at = dns_cname(m, NULL, at, "other.example", 125);
        at = dns_cname(m, NULL, at, "pool.example", 100);
        name = "pool.example";
    }
    if (strcmp(name, "pool.example") == 0) {
        for (unsigned i = 1; i <= 4 && a; i++)
            dns_a(m, NULL, at, i, 150);
        for (unsigned i = 1; i <= 2 && !a; i++)
            dns_aaaa(m, NULL, at, i, 175);
    } else if (strcmp(name, "many.example") == 0) {
        for (unsigned i = 1; i <= 40; i++)
            if (a)
                dns_a(m, NULL, at, i, 150);
            else
                dns_aaaa(m, NULL, at, i, 150);
    } else if (strcmp(name, "twice.example") == 0 && a) {
        for (unsigned i = 0; i < 8; i++)
            dns_a(m, NULL, at, 1 + i % 2, 150);
    } else if (strcmp(name, "four.example") == 0 && a) {
        dns_a(m, NULL, at, 1, 150);
    } else if (strcmp(name, "six.example") == 0 && !a) {
        dns_aaaa(m, NULL, at, 6, 150);
    } else if (strcmp(name, "short.example") == 0) {
        dns_a(m, NULL, at, 1, 1);
    } else if (strcmp(name, "long.example") == 0) {
        dns_a(m, NULL, at, 1, 31536000);
    } else if (strcmp(name, "bare.example") == 0) { /* without addresses */
        (void)dns_cname(m, NULL, at, "bare2.example", 125);
    } else if (strcmp(name, "bare2.example") == 0) {
        (void)dns_cname(m, NULL, at, a ? "four.example" : "six.example", 75);
    } else if (strcmp(name, "half.example") == 0) { /* of AAAA alone */
        (void)dns_cname(m, NULL, at, "pool.example", 125);
        for (unsigned i = 1; i <= 4 && a; i++)
            dns_a(m, "pool.example", 0, i, 150);
    } else if (strcmp(name, "dead.example") == 0) { /* it says so */
        (void)dns_cname(m, NULL, at, "four.example", 125);
        dns_soa(m, 900, 900);
    } else if (strncmp(name, "far", 3) == 0) { /* far1 -> far2 -> ... */
        char to[40];
        snprintf(to, sizeof to, "far%d.example", atoi(name + 3) + 1);
        (void)dns_cname(m, NULL, at, to, 60);
    } else if (strcmp(name, "ring.example") == 0) {
        (void)dns_cname(m, NULL, at, "ring.example", 60);
    } else {
        if (strncmp(name, "no.", 3) == 0)
            m->b[3] |= DNS_WIRE_NXDOMAIN;
        dns_soa(m, 900, 86400);
    }
    return true;
}

static void begin(unsigned servers)
{
    net_begin(servers);
    net.zone = zone;
    entropy_dead = false;
}

static int ask(const char *name)
{
    int number = resolver_ask(&net.r, name, net.now);
    assert_true(number >= 0);
    return number;
}

/* How long it takes until there is an answer, in milliseconds. */
static int64_t answer_of(const char *name)
{
    mono_ns from = net.now;
    int number = ask(name), rc;
    for (;;) {
        net_run(net.now);
        rc = resolver_take(&net.r, number, net.now, &got);
        if (rc == RC_OK)
            break;
        net_run(net.now +
                (net.now - from < 50 * MONO_MS ? MONO_MS : 5 * MONO_MS));
        assert_true(net.now - from <= 61 * MONO_S);
    }
    net_run(net.now);
    return (net.now - from) / MONO_MS;
}

static void assert_why(const char *words)
{
    char text[RESOLVER_WHY];
    resolver_why_text(&got, text);
    assert_string_equal(text, words);
    assert_int_equal(got.count, 0);
}

/* Which addresses there are: IPv4's last bytes, then IPv6's. */
static void assert_addresses(const char *want)
{
    char text[128] = "";
    for (unsigned family = 4; family <= 6; family += 2)
        for (unsigned i = 0; i < got.count; i++)
            if (got.addr[i].family == family)
                (void)snprintf(text + strlen(text), sizeof text - strlen(text),
                               "%s%u.%u", text[0] ? " " : "", family,
                               got.addr[i].b[addr_size(&got.addr[i]) - 1]);
    assert_string_equal(text, want);
}

static void both_families(void **state)
{
    (void)state;
    begin(1);
    assert_true(answer_of("pool.example") <= 2);
    assert_addresses("4.1 4.2 4.3 4.4 6.1 6.2");
    assert_int_equal(got.addr[0].family, 4); /* by turns */
    assert_int_equal(got.addr[1].family, 6);
    assert_int_equal(got.ttl_s, 150);
    assert_int_equal(net.sent, 2);
    assert_int_equal(net.open, 0);
    (void)answer_of("many.example");
    assert_int_equal(got.count, LIMIT_DNS_ADDRESSES);
    assert_addresses("4.1 4.2 4.3 4.4 4.5 4.6 4.7 4.8 "
                     "6.1 6.2 6.3 6.4 6.5 6.6 6.7 6.8");
    (void)answer_of("twice.example");
    assert_addresses("4.1 4.2");
    (void)answer_of("four.example");
    assert_addresses("4.1");
    assert_int_equal(got.ttl_s, 150);
    (void)answer_of("six.example");
    assert_addresses("6.6");
    (void)answer_of("alias.example");
    assert_addresses("4.1 4.2 4.3 4.4 6.1 6.2");
    assert_int_equal(got.ttl_s, 100);
}

static void denials(void **state)
{
    (void)state;
    begin(3);
    assert_true(answer_of("no.example") <= 2);
    assert_why("no such name (NXDOMAIN): is it spelt right?");
    assert_int_equal(got.ttl_s, RESOLVER_TTL_NONE);
    assert_int_equal(net.sent, 2); /* final: no other server is asked */
    (void)answer_of("none.example");
    assert_why("the name has no address");
    (void)answer_of("ring.example");
    assert_why("the name's CNAME records lead in a circle");
}

/* Known names are given out without a question until their time is over. */
static void times_to_live(void **state)
{
    (void)state;
    begin(1);
    (void)answer_of("Pool.Example.");
    net_run(net.now + 149 * MONO_S);
    assert_int_equal(answer_of("pOOL.example"), 0);
    assert_int_equal(net.sent, 2);
    assert_int_equal(got.count, 6);
    assert_in_range(got.ttl_s, 0, 1);
    net_run(net.now + 2 * MONO_S);
    (void)answer_of("pool.example");
    assert_int_equal(net.sent, 4);

    (void)answer_of("short.example");
    assert_int_equal(got.ttl_s, RESOLVER_TTL_MIN);
    (void)answer_of("long.example");
    assert_int_equal(got.ttl_s, RESOLVER_TTL_MAX);
    net.sent = 0;
    (void)answer_of("no.example");
    (void)answer_of("no.example");
    assert_int_equal(net.sent, 2);
    net_run(net.now + (RESOLVER_TTL_NONE + 1) * MONO_S);
    (void)answer_of("no.example");
    assert_int_equal(net.sent, 4);
    resolver_forget(&net.r); /* another network */
    (void)answer_of("pool.example");
    assert_int_equal(net.sent, 6);
}

/* Three servers: dead ones, then one that answers; it is the first to be asked
 * the next time. */
static void dead_servers(void **state)
{
    (void)state;
    begin(3);
    net.s[0].dead = net.s[1].dead = true;
    assert_in_range(answer_of("pool.example"), 2000, 2010);
    assert_addresses("4.1 4.2 4.3 4.4 6.1 6.2");
    assert_true(answer_of("four.example") <= 2);

    begin(3);
    net.s[0].dead = net.s[1].dead = net.s[2].dead = true;
    assert_in_range(answer_of("pool.example"), 14990, 15010);
    assert_why("no answer from 3 name servers");
    assert_int_equal(net.sent, 12); /* twice each, A and AAAA */
    assert_int_equal(net.open, 0);
    assert_true(got.ttl_s <= 5);

    begin(1);
    net.s[0].dead = true;
    assert_in_range(answer_of("pool.example"), 14990, 15010);
    assert_why("no answer from the name server " FIRST);
    begin(6);
    for (int i = 0; i < 6; i++)
        net.s[i].dead = i != 5;
    assert_in_range(answer_of("pool.example"), 1000, 11010);
    assert_int_equal(got.count, 6);
    for (int alive = 0; alive < 8; alive++) {
        begin(8);
        for (int i = 0; i < 8; i++)
            net.s[i].dead = i != alive;
        assert_in_range(answer_of("pool.example"), 0, 7010);
        assert_int_equal(got.count, 6);
    }
}

/* Up to 15 s after the question, and when others have been asked meanwhile. */
static void late_answers(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 3; n++)
        for (unsigned late = 500; late < 15000; late += 700) {
            begin(n);
            net.s[0].delay_ms = late;
            net.s[1].dead = net.s[2].dead = true;
            assert_in_range(answer_of("pool.example"), late, late + 10);
            assert_int_equal(got.count, 6);
            assert_int_equal(net.open, 0);
        }
    begin(1);
    net.s[0].delay_ms = 15100;
    (void)answer_of("pool.example");
    assert_why("no answer from the name server " FIRST);
}

static void one_family_dead(void **state)
{
    (void)state;
    begin(2);
    net.s[0].no_aaaa = net.s[1].no_aaaa = true;
    assert_in_range(answer_of("pool.example"), 2990, 3020);
    assert_addresses("4.1 4.2 4.3 4.4");
    assert_in_range(got.ttl_s, RESOLVER_TTL_HALF - 1, RESOLVER_TTL_HALF);
    begin(2);
    net.s[0].no_a = net.s[1].no_a = true;
    assert_in_range(answer_of("pool.example"), 2990, 3020);
    assert_addresses("6.1 6.2");
    for (unsigned late = 0; late < 15000; late += 3700) {
        begin(1); /* a balancer of load that knows nothing of AAAA */
        net.s[0].nx_aaaa = true;
        net.s[0].late_a_ms = late;
        assert_in_range(answer_of("pool.example"), late, late + 10);
        assert_addresses("4.1 4.2 4.3 4.4");
    }
    begin(2); /* one server has ears for each */
    net.s[0].no_a = net.s[1].no_aaaa = true;
    assert_in_range(answer_of("pool.example"), 1000, 1010);
    assert_addresses("4.1 4.2 4.3 4.4 6.1 6.2");
}

/* Answers that end at a name without its addresses. */
static void aliases(void **state)
{
    (void)state;
    begin(1);
    assert_true(answer_of("bare.example") <= 10);
    assert_int_equal(got.why, RESOLVER_FOUND);
    assert_addresses("4.1 6.6");
    assert_in_range(got.ttl_s, 74, 75); /* the least of the chain */
    assert_int_equal(net.sent, 6);
    assert_int_equal(net.open, 0);
    begin(1);
    assert_true(answer_of("half.example") <= 10);
    assert_addresses("4.1 4.2 4.3 4.4 6.1 6.2");
    begin(1);
    (void)answer_of("dead.example");
    assert_int_equal(got.why, RESOLVER_NO_ADDRESS);
    assert_int_equal(net.sent, 2);
    begin(1);
    (void)answer_of("far1.example");
    assert_why("the name's CNAME records lead in a circle");
    assert_int_equal(net.sent, 2 * (1 + RESOLVER_ALIASES));
    assert_int_equal(net.open, 0);
    begin(2); /* the first one dies in the middle of it */
    net.s[0].loss_percent = 60;
    (void)answer_of("bare.example");
    assert_addresses("4.1 6.6");
}

static void failing_servers(void **state)
{
    (void)state;
    begin(3);
    net.s[0].rcode = DNS_WIRE_SERVFAIL;
    net.s[1].rcode = DNS_WIRE_REFUSED;
    assert_true(answer_of("pool.example") <= 5);
    assert_int_equal(got.count, 6);
    begin(3);
    for (int i = 0; i < 3; i++)
        net.s[i].rcode = i == 1 ? DNS_WIRE_SERVFAIL : DNS_WIRE_REFUSED;
    assert_true(answer_of("pool.example") <= 5);
    assert_true(got.why == RESOLVER_REFUSED || got.why == RESOLVER_FAILED);
    assert_int_equal(net.sent, 8); /* SERVFAIL may mean EDNS */
    begin(1);
    net.s[0].rcode = DNS_WIRE_SERVFAIL;
    assert_true(answer_of("pool.example") <= 5);
    assert_why("the name server " FIRST " fails (SERVFAIL)");
    begin(1);
    net.s[0].rcode = DNS_WIRE_REFUSED;
    (void)answer_of("pool.example");
    assert_why("the name server " FIRST " refuses (REFUSED)");
    begin(1);
    net.s[0].rcode = DNS_WIRE_NOTIMP;
    (void)answer_of("pool.example");
    assert_why("the name server " FIRST " fails (NOTIMP)");
    begin(2); /* what cannot be read is as if it had not come */
    net.s[0].garbage = true;
    assert_in_range(answer_of("pool.example"), 1000, 1010);
    assert_int_equal(got.count, 6);
    assert_int_equal(net.r.count.malformed, 2);
    begin(1);
    net.s[0].garbage = true;
    (void)answer_of("pool.example");
    assert_why("the name server's answer is malformed");
}

/* Old servers and firewalls: no EDNS, no mixed letters. */
static void old_servers(void **state)
{
    (void)state;
    begin(1);
    net.s[0].formerr_edns = true;
    assert_true(answer_of("pool.example") <= 5);
    assert_int_equal(got.count, 6);
    begin(1);
    net.s[0].servfail_edns = true;
    assert_true(answer_of("pool.example") <= 5);
    assert_int_equal(got.count, 6);
    begin(1);
    net.s[0].drops_edns = true;
    assert_in_range(answer_of("pool.example"), 1000, 1010);
    assert_int_equal(got.count, 6);
    begin(1);
    net.s[0].small_letters = true;
    assert_in_range(answer_of("pool.example"), 1000, 1010);
    assert_int_equal(got.count, 6);
}

static void truncated(void **state)
{
    (void)state;
    begin(1);
    net.s[0].truncates = true;
    assert_true(answer_of("pool.example") <= 5);
    assert_int_equal(got.count, 6);
    assert_int_equal(net.opened, 2);
    assert_int_equal(net.open, 0);
    for (unsigned tcp = NET_TCP_REFUSED; tcp <= NET_TCP_JUNK; tcp++) {
        begin(1);
        net.s[0].truncates = true;
        net.s[0].tcp = tcp;
        assert_in_range(answer_of("pool.example"), 0, 10010);
        assert_why("the name server's answer is truncated, none by TCP");
        begin(1); /* half is better than nothing */
        net.s[0].truncates = net.s[0].half = true;
        net.s[0].tcp = tcp;
        (void)answer_of("pool.example");
        assert_int_equal(got.count, 6);
        assert_true(got.ttl_s <= RESOLVER_TTL_HALF);
        begin(2); /* another server is better still */
        net.s[0].truncates = true;
        net.s[0].tcp = tcp;
        assert_in_range(answer_of("pool.example"), 0, 10010);
        assert_int_equal(got.count, 6);
    }
    begin(1); /* all at once: one connection after the other */
    net.s[0].truncates = true;
    int number[LIMIT_DNS_QUESTIONS];
    for (int i = 0; i < LIMIT_DNS_QUESTIONS; i++) {
        char name[] = "a.four.example";
        name[0] = (char)('A' + i);
        number[i] = ask(name);
    }
    net_run(net.now + MONO_S);
    for (int i = 0; i < LIMIT_DNS_QUESTIONS; i++)
        assert_int_equal(resolver_take(&net.r, number[i], net.now, &got),
                         RC_OK);
    assert_int_equal(net.open, 0);
}

static void no_servers(void **state)
{
    (void)state;
    begin(0);
    assert_in_range(answer_of("pool.example"), 1990, 2010);
    assert_why("no name server");
    struct addr late[2] = {net.s[0].addr, net.s[0].addr};
    int number = ask("four.example"); /* DHCP takes a second */
    net_run(net.now + MONO_S);
    assert_int_equal(resolver_take(&net.r, number, net.now, &got), RC_AGAIN);
    resolver_servers(&net.r, late, 2, net.now);
    assert_true(answer_of("pool.example") <= 2); /* and no old failure */
    assert_int_equal(resolver_take(&net.r, number, net.now, &got), RC_OK);
    assert_addresses("4.1");
    assert_int_equal(net.sent, 4);
}

/* Others are named while a question is under way. */
static void servers_change(void **state)
{
    (void)state;
    begin(1);
    net.s[0].dead = true;
    int number = ask("pool.example");
    net_run(net.now + 3 * MONO_S);
    resolver_servers(&net.r, &net.s[1].addr, 1, net.now);
    net_run(net.now + 10 * MONO_MS);
    assert_int_equal(resolver_take(&net.r, number, net.now, &got), RC_OK);
    assert_int_equal(got.count, 6);
    assert_int_equal(net.open, 0);

    begin(1); /* all gone, in the middle of it */
    net.s[0].dead = true;
    number = ask("pool.example");
    net_run(net.now + 3 * MONO_S);
    resolver_servers(&net.r, NULL, 0, net.now);
    net_run(net.now + 20 * MONO_S);
    assert_int_equal(resolver_take(&net.r, number, net.now, &got), RC_OK);
    assert_why("no name server");
    assert_int_equal(net.open, 0);
}

static void unreachable(void **state)
{
    (void)state;
    begin(3);
    net.s[0].unreachable = net.s[1].unreachable = true;
    assert_true(answer_of("pool.example") <= 5);
    assert_int_equal(got.count, 6);
    begin(3);
    for (int i = 0; i < 3; i++)
        net.s[i].unreachable = true;
    assert_true(answer_of("pool.example") <= 5);
    assert_why("no route to a name server");
    begin(2);
    net.s[0].dead = net.s[1].unreachable = true;
    (void)answer_of("pool.example");
    assert_why("no answer from the name server " FIRST);
}

static void no_entropy(void **state)
{
    (void)state;
    begin(1);
    entropy_dead = true;
    assert_in_range(answer_of("pool.example"), 14000, 15010);
    assert_why("no entropy to ask a name server with");
    assert_int_equal(net.sent, 0);
    begin(1);
    entropy_dead = true;
    int number = ask("pool.example");
    net_run(net.now + 3 * MONO_S);
    entropy_dead = false;
    net_run(net.now + 1100 * MONO_MS);
    assert_int_equal(resolver_take(&net.r, number, net.now, &got), RC_OK);
    assert_int_equal(got.count, 6);
}

/* Each question once, however many ask it; more than fit are refused. */
static void many_questions(void **state)
{
    (void)state;
    begin(3);
    int number[LIMIT_DNS_QUESTIONS];
    for (int i = 0; i < 16; i++)
        assert_int_equal(ask("pool.example"), ask("POOL.EXAMPLE."));
    net_run(net.now + MONO_S);
    assert_int_equal(net.sent, 2);
    for (int i = 0; i < 32; i++)
        assert_int_equal(
            resolver_take(&net.r, ask("pool.example"), net.now, &got), RC_OK);
    assert_int_equal(net.r.question[0].users, 32);

    begin(3);
    for (int i = 0; i < 3; i++)
        net.s[i].dead = true;
    for (int i = 0; i < LIMIT_DNS_QUESTIONS; i++) {
        char name[] = "a.many";
        name[0] = (char)('A' + i);
        number[i] = ask(name);
    }
    assert_int_equal(resolver_ask(&net.r, "one.more", net.now), RC_SPACE);
    assert_int_equal(resolver_ask(&net.r, "not a name", net.now), RC_BAD);
    net_run(net.now + 61 * MONO_S);
    assert_true(net.most_open <= LIMIT_DNS_QUERIES);
    assert_int_equal(net.open, 0);
    assert_int_equal(resolver_ask(&net.r, "one.more", net.now), RC_SPACE);
    for (int i = 0; i < LIMIT_DNS_QUESTIONS; i++)
        assert_int_equal(resolver_take(&net.r, number[i], net.now, &got),
                         RC_OK);
    (void)ask("one.more");
}

/* Half of all datagrams lost, on each way: nearly every name is found. */
static void loss(void **state)
{
    (void)state;
    unsigned found = 0, whole = 0;
    for (unsigned seed = 1; seed <= 100; seed++) {
        begin(3);
        net.chance = seed * UINT64_C(0x9e3779b97f4a7c15);
        for (int i = 0; i < 3; i++)
            net.s[i].loss_percent = 30;
        (void)answer_of("pool.example");
        found += got.count > 0;
        whole += got.count == 6;
    }
    assert_true(found >= 99);
    assert_true(whole >= 75);
}

/* Ten thousand answers a second for 15 s, from the right server and port of
 * his, to an open port, with the right letters: identifiers are guessed. And
 * all that a stranger who has seen the identifier gets wrong. */
static void forged(void **state)
{
    (void)state;
    struct dns_message m;
    begin(1);
    net.s[0].dead = true;
    int number = ask("pool.example");
    net_run(net.now);
    struct resolver_out real = net.last;
    uint16_t id = bytes_get16(real.b);
    struct addr elsewhere = net_addr4(99);
    dns_begin(&m, real.b, real.len, 0x8183); /* no such name */
    for (unsigned i = 0; i < 150000; i++) {
        bytes_put16(m.b, (uint16_t)(id + 1 + i % 65535));
        resolver_received(&net.r, real.query, &real.to, 53, m.b, m.len,
                          net.now);
    }
    bytes_put16(m.b, id);
    resolver_received(&net.r, real.query, &elsewhere, 53, m.b, m.len, net.now);
    resolver_received(&net.r, real.query, &real.to, 54, m.b, m.len, net.now);
    for (unsigned i = 0; i < LIMIT_DNS_QUERIES; i++)
        if (i != real.query)
            resolver_received(&net.r, i, &real.to, 53, m.b, m.len, net.now);
    m.b[13] ^= 0x20; /* a letter */
    resolver_received(&net.r, real.query, &real.to, 53, m.b, m.len, net.now);
    m.b[13] ^= 0x20;
    assert_int_equal(net.r.count.forged,
                     150000 + 2 + LIMIT_DNS_QUERIES - 1 + 1);
    resolver_tcp_received(&net.r, real.query, m.b, m.len, net.now);
    resolver_tcp_ended(&net.r, real.query, net.now);
    assert_int_equal(resolver_take(&net.r, number, net.now, &got), RC_AGAIN);
    net.s[0].dead = false;
    net_run(net.now + 1010 * MONO_MS);
    assert_int_equal(resolver_take(&net.r, number, net.now, &got), RC_OK);
    assert_int_equal(got.count, 6);
}

/* Identifiers and letters differ from one question to the next. */
static void unguessable(void **state)
{
    (void)state;
    begin(1);
    uint16_t last = 0;
    unsigned same = 0, mixed = 0;
    for (int i = 0; i < 100; i++) {
        (void)answer_of("pool.example");
        uint16_t id = bytes_get16(net.last.b);
        same += id == last;
        last = id;
        mixed += memcmp(net.last.b + 13, "pool", 4) != 0 &&
                 memcmp(net.last.b + 13, "POOL", 4) != 0;
        resolver_forget(&net.r);
    }
    assert_int_equal(net.ports, 200); /* each from a fresh port */
    assert_true(same == 0 && mixed > 70);
}

static void one_family_kept(void **state)
{
    (void)state;
    static const uint8_t families[] = {4, 6, 6, 4};
    struct resolver_answer all = {.count = 4}, a;
    for (unsigned i = 0; i < 4; i++)
        all.addr[i] = (struct addr){.family = families[i], .b = {(uint8_t)i}};
    a = all;
    resolver_keep_family(&a, 0);
    assert_int_equal(a.count, 4);
    a = all;
    resolver_keep_family(&a, 6);
    assert_int_equal(a.count, 2);
    assert_true(a.addr[0].b[0] == 1 && a.addr[1].b[0] == 2);
    assert_int_equal(a.why, RESOLVER_FOUND);
    resolver_keep_family(&a, 4);
    assert_int_equal(a.count, 0);
    char why[RESOLVER_WHY];
    resolver_why_text(&a, why);
    assert_string_equal(why, "the name has no address of this family");
    a = (struct resolver_answer){.why = RESOLVER_SILENT};
    resolver_keep_family(&a, 4); /* keeps its own reason */
    assert_int_equal(a.why, RESOLVER_SILENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_families),
        cmocka_unit_test(one_family_kept),
        cmocka_unit_test(denials),
        cmocka_unit_test(times_to_live),
        cmocka_unit_test(dead_servers),
        cmocka_unit_test(late_answers),
        cmocka_unit_test(one_family_dead),
        cmocka_unit_test(aliases),
        cmocka_unit_test(failing_servers),
        cmocka_unit_test(old_servers),
        cmocka_unit_test(truncated),
        cmocka_unit_test(no_servers),
        cmocka_unit_test(servers_change),
        cmocka_unit_test(unreachable),
        cmocka_unit_test(no_entropy),
        cmocka_unit_test(many_questions),
        cmocka_unit_test(loss),
        cmocka_unit_test(forged),
        cmocka_unit_test(unguessable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
