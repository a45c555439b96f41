/* Every state in which the clock is not set, or runs on alone, and its
 * sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/why.h"
#include "core/why_net.h"

static struct status s;

/* Three sources that nobody has heard, on a network that works. */
static int setup(void **state)
{
    (void)state;
    memset(&s, 0, sizeof s);
    s.config.file = CONFIG_READ;
    s.store.card = true;
    s.net.link = true;
    s.net.addr4.family = s.net.gateway4.family = 4;
    s.net.dhcp = STATUS_DHCP_LEASE;
    s.net.nameservers = 1;
    s.sources.count = 3;
    for (unsigned i = 0; i < LIMIT_SOURCES; i++) {
        (void)snprintf(s.sources.row[i].name, LIMIT_NAME, "%c.test", 'a' + i);
        s.sources.row[i].last_rx_ago_s = -1;
        s.timekeeper.row[i].select.letter = 'M';
    }
    s.timekeeper.tracking.now_unix_s = 1795392000; /* 2026-11-23 */
    strcpy(s.timekeeper.tracking.why, "0 of 3 sources agree, 2 needed");
    return 0;
}

/* Row i says ns more than the clock, and selection thinks so of it. */
static void says(unsigned i, char letter, span_ns ns)
{
    struct status_clock_source *e = &s.timekeeper.row[i];
    s.sources.row[i].last_rx_ago_s = 1;
    s.sources.row[i].reach = 1;
    e->select.letter = letter;
    e->offset_ns = ns;
    e->select.judged = true;
    e->select.lo_ns = ns - 10000000;
    e->select.hi_ns = ns + 10000000;
}

static void trouble(unsigned i, const char *text)
{
    strcpy(s.sources.row[i].trouble, text);
}

static void expect(const char *want)
{
    char out[WHY_TEXT];
    size_t n = why_text(&s, out, sizeof out);
    assert_string_equal(out, want);
    assert_int_equal(n, strlen(want));
}

static void no_configuration(void **state)
{
    (void)state;
    s.sources.count = 0;
    s.net.link = false; /* the lesser evil */
    expect("chrony.conf has no server or pool line");
    s.config.errors = 2;
    s.config.error = "chrony.conf:1: UTF-16";
    expect("no server or pool line of chrony.conf can be used: "
           "chrony.conf:1: UTF-16; more in `log'");
    s.config.errors = 1;
    expect("no server or pool line of chrony.conf can be used: "
           "chrony.conf:1: UTF-16");
    s.config.file = CONFIG_EMPTY;
    expect("chrony.conf is empty: it needs a server line");
    s.config.file = CONFIG_MISSING;
    expect("no chrony.conf at the top of the card's boot partition");
    s.config.lacks = "chrony.conf.txt found: rename it to chrony.conf";
    expect("no chrony.conf: chrony.conf.txt found: rename it to chrony.conf");
    s.config.lacks = "";
    s.store.card = false;
    expect("no card that can be read, so no chrony.conf");
    assert_true(why_is_known(&s));
}

static void no_network(void **state)
{
    (void)state;
    trouble(0, "no answer");
    s.net.addr4.family = 0;
    s.net.dhcp = STATUS_DHCP_SILENT;
    expect("no address: no answer from a DHCP server, and no IPv6 router; "
           "without DHCP, chrony.conf needs an address line");
    s.net.dhcp = STATUS_DHCP_UNCONFIRMED;
    expect("no address: a DHCP server offers an address and does not confirm "
           "it, and no IPv6 router; without DHCP, chrony.conf needs an address "
           "line");
    s.net.addr4.family = 4;
    s.net.rival = true;
    expect("another host has our IPv4 address, too: give each its own");
    s.net.rival = false;
    s.net.addr4.family = 0;
    s.net.dhcp = STATUS_DHCP_REFUSED;
    expect("no address: a DHCP server refuses the address that was offered "
           "(NAK; is there a second server?), and no IPv6 router; without "
           "DHCP, chrony.conf needs an address line");
    s.net.dhcp = STATUS_DHCP_ENDED;
    expect("no address: the lease is over, and no answer from a DHCP server, "
           "and no IPv6 router; without DHCP, chrony.conf needs an address "
           "line");
    s.net.router6 = true;
    s.net.dhcp = STATUS_DHCP_SILENT;
    expect("no address: no answer from a DHCP server, and the IPv6 router "
           "gives none (DHCPv6 is not asked); without DHCP, chrony.conf needs "
           "an address line");
    s.net.addr6.family = 6;
    expect("no source can be used: a.test: no answer; b.test and c.test not "
           "heard yet");
    s.net.link = false;
    expect("no Ethernet link: is the cable in?");
    s.machine.trouble = "no driver for this device";
    expect("no Ethernet: no driver for this device");
}

static struct addr at(const char *text)
{
    struct addr a;
    assert_int_equal(addr_parse(text, &a), RC_OK);
    return a;
}

/* An address, but no way beyond its network, or nobody who knows names. */
static void no_way(void **state)
{
    (void)state;
    s.net.addr4 = at("10.9.0.7");
    s.net.bits4 = 24;
    s.net.gateway4.family = 0;
    expect("no gateway: the DHCP server names none (options 3 and 121)");
    s.net.routes4 = true;
    expect("no gateway: the DHCP server's routes (option 121) lead elsewhere");
    s.net.routes4 = false;
    s.net.nameservers = 0;
    expect("no gateway and no name server: the DHCP server names neither "
           "(options 3, 121 and 6)");
    s.net.dhcp = STATUS_DHCP_OFF;
    expect("no gateway and no name server: beside its address line, "
           "chrony.conf needs a gateway and a nameserver line");
    s.net.nameservers = 1;
    expect("no gateway: chrony.conf has an address, but no gateway line");
    s.net.gateway4 = at("10.9.0.1");
    s.net.gateway_mute = true;
    expect("no answer from the gateway 10.9.0.1 (ARP)");
    s.net.gateway_mute = false;
    expect("no source has answered yet");
    s.net.nameservers = 0;
    expect("no name server: chrony.conf has an address, but no nameserver "
           "line");
    s.net.dhcp = STATUS_DHCP_LEASE;
    expect("no name server: neither DHCP nor chrony.conf (nameserver) names "
           "one");
    s.sources.row[2].addr = at("192.0.2.1"); /* one needs no name */
    expect("no source has answered yet");
    s.net.gateway4.family = 0;
    for (unsigned i = 0; i < 3; i++) /* all need no gateway */
        s.sources.row[i].addr = at("10.9.0.250");
    expect("no source has answered yet");
    s.sources.row[1].addr.family = 0; /* asked for keys so far */
    s.sources.row[1].ke_addr = at("10.9.0.9");
    trouble(1, "its certificate has expired");
    expect("no source can be used: b.test: its certificate has expired; a.test "
           "and c.test not heard yet");
    trouble(1, "");
    s.sources.row[0].addr = at("10.9.1.1");
    says(1, 'W', 0); /* what is heard says more */
    expect("0 of 3 sources agree, 2 needed: a.test and c.test not heard yet");
}

static void ipv6_alone(void **state)
{
    (void)state;
    s.net.addr4.family = s.net.gateway4.family = 0;
    s.net.dhcp = STATUS_DHCP_SILENT;
    s.net.addr6 = at("2001:db8::7");
    expect("no router: no IPv6 router answers");
    s.net.router6 = true;
    expect("no source has answered yet");
    s.net.nameservers = 0;
    expect("no name server: neither a router nor chrony.conf (nameserver) "
           "names one");
}

/* Of one source, while others may have another way. */
static void way(const char *to, const char *want)
{
    char out[96];
    struct addr a = at(to);
    size_t n = why_net_way(&s.net, &a, out, sizeof out);
    assert_string_equal(out, want);
    assert_int_equal(n, strlen(want));
}

static void ways(void **state)
{
    (void)state;
    s.net.addr4 = at("10.9.0.7");
    s.net.bits4 = 24;
    way("192.0.2.1", "");
    way("2001:db8::1", "no IPv6 address: no router: none advertises itself");
    s.net.router6 = true;
    way("2001:db8::1",
        "no IPv6 address: the router gives none (DHCPv6 is not asked)");
    s.net.addr6 = at("2001:db8:1::7");
    way("2001:db8::1", "");
    s.net.router6 = false;
    way("2001:db8::1", "no router: no IPv6 router answers");
    way("2001:db8:1::1", "");
    s.net.gateway4.family = 0;
    way("192.0.2.1",
        "no gateway: the DHCP server names none (options 3 and 121)");
    way("10.9.0.1", "");
    s.net.addr4.family = 0;
    s.net.dhcp = STATUS_DHCP_SILENT;
    way("192.0.2.1", "no IPv4 address: no answer from a DHCP server");
}

static void an_operator(void **state)
{
    (void)state;
    s.timekeeper.tracking.operators_turn = true;
    strcpy(s.timekeeper.tracking.why, "a correction exceeds maxchange");
    says(0, '*', 0);
    expect("a correction exceeds maxchange");
}

static void nobody_is_heard(void **state)
{
    (void)state;
    expect("no source has answered yet");
    assert_false(why_is_known(&s));
    for (unsigned i = 0; i < 3; i++)
        trouble(i, "name does not resolve: no name server");
    expect("no source can be used: all 3 sources: name does not resolve: no "
           "name server");
    assert_true(why_is_known(&s));
    trouble(0, "certificate from unknown issuer \"ca\"");
    expect("no source can be used: b.test and c.test: name does not resolve: "
           "no name server; a.test: certificate from unknown issuer \"ca\"");
    s.sources.count = 1;
    expect("no source can be used: a.test: certificate from unknown issuer "
           "\"ca\"");
}

static void a_quorum_is_lacking(void **state)
{
    (void)state;
    strcpy(s.timekeeper.tracking.why, "1 of 3 sources agree, 2 needed");
    says(0, 'W', 0);
    expect("1 of 3 sources agree, 2 needed: b.test and c.test not heard yet");
    trouble(2, "says 2007-01-01 00:00:00, before the time floor: not believed");
    expect("1 of 3 sources agree, 2 needed: c.test: says 2007-01-01 00:00:00, "
           "before the time floor: not believed; b.test not heard yet");
    static const struct {
        char letter;
        const char *what;
    } state_of[] = {
        {'s', "says that it is not synchronised"},
        {'d', "its root distance is beyond maxdistance"},
        {'~', "its samples vary by more than maxjitter"},
        {'T', "not within what the trusted sources say"},
        {'x', "its time is not the others'"},
        {'S', "no answer"},
    };
    s.sources.count = 2;
    uint32_t before = why_state(&s);
    s.timekeeper.row[1].select.letter = 'd';
    strcpy(s.timekeeper.row[1].select.why, "root distance 4 s is beyond 3 s");
    expect("1 of 3 sources agree, 2 needed: b.test: root distance 4 s is "
           "beyond 3 s");
    uint32_t then = why_state(&s);
    assert_true(then != before);
    strcpy(s.timekeeper.row[1].select.why, "root distance 5 s is beyond 3 s");
    assert_int_equal(why_state(&s), then);
    s.timekeeper.row[1].select.why[0] = 0;
    for (unsigned i = 0; i < LEN(state_of); i++) {
        char want[WHY_TEXT];
        s.timekeeper.row[1].select.letter = state_of[i].letter;
        (void)snprintf(want, sizeof want,
                       "1 of 3 sources agree, 2 needed: b.test%s %s",
                       state_of[i].letter == 'T' ? "" : ":", state_of[i].what);
        expect(want);
    }
}

/* Who has no say is not waited for. */
static void without_a_say(void **state)
{
    (void)state;
    says(0, 'W', 0);
    s.timekeeper.row[2].select.effective = STATUS_OPT_NOSELECT;
    strcpy(s.timekeeper.tracking.why, "1 of 2 sources agree, 2 needed");
    expect("1 of 2 sources agree, 2 needed: b.test not heard yet");
}

static void they_disagree(void **state)
{
    (void)state;
    s.sources.count = 4;
    s.timekeeper.tracking.split = true;
    strcpy(s.timekeeper.tracking.why,
           "2 of 4 sources agree, 3 needed: they disagree");
    says(0, 'x', INT64_C(86400) * 365 * 1000000000);
    says(1, 'x', 5000000000);
    says(2, 'x', 5001000000);
    says(3, 'x', 7000000000);
    expect("2 of 4 sources agree, 3 needed: they disagree: b.test and c.test "
           "say 2026-11-23 00:00:05, a.test says 2027-11-23 00:00:00, d.test "
           "says 2.000 s more");
    says(3, 'x', -5500000000);
    s.timekeeper.row[0].select.letter = 'M';
    s.timekeeper.row[0].select.judged = false;
    trouble(0, "no answer");
    expect("2 of 4 sources agree, 3 needed: they disagree: b.test and c.test "
           "say 2026-11-23 00:00:05, d.test says 10.500 s less; a.test: no "
           "answer");
    s.sources.count = 2; /* before the clock's own time, and none a group */
    says(0, 'x', -500000000);
    trouble(0, "");
    expect("2 of 4 sources agree, 3 needed: they disagree: a.test says "
           "2026-11-22 23:59:59, b.test says 5.500 s more");
}

static void set(void **state)
{
    (void)state;
    struct status_tracking *k = &s.timekeeper.tracking;
    k->synchronised = true;
    k->why[0] = 0;
    says(0, '*', 0);
    trouble(1, "no answer");
    expect("");
    k->alone = true;
    strcpy(k->why, "no usable source");
    for (unsigned i = 0; i < 3; i++) {
        s.timekeeper.row[i].select.letter = 'S';
        trouble(i, "no answer");
    }
    expect("no usable source: all 3 sources: no answer");
    s.net.link = false;
    expect("no Ethernet link: is the cable in?");
}

/* A state is known again, whatever the time is. */
static void states(void **state)
{
    (void)state;
    trouble(0, "says 2007-01-01 00:00:05, before the time floor: not believed");
    uint32_t before = why_state(&s);
    trouble(0, "says 2007-01-01 00:01:09, before the time floor: not believed");
    s.timekeeper.tracking.now_unix_s += 64;
    assert_int_equal(why_state(&s), before);
    trouble(0, "no answer");
    assert_int_not_equal(why_state(&s), before);
    before = why_state(&s);
    s.net.link = false;
    assert_int_not_equal(why_state(&s), before);
}

static void alone(void **state)
{
    (void)state;
    assert_string_equal(why_note(&s), "");
    s.sources.count = 1;
    assert_string_equal(why_note(&s),
                        "one source alone: no other checks its time");
    s.sources.count = 0;
    assert_string_equal(why_note(&s), "");
}

/* Sixteen long names, each with a long trouble of its own: it is said that
 * there are more, and nothing is overrun. */
static void full_house(void **state)
{
    (void)state;
    char out[WHY_TEXT + 1];
    s.sources.count = LIMIT_SOURCES;
    s.timekeeper.tracking.split = true;
    for (unsigned i = 0; i < LIMIT_SOURCES; i++) {
        memset(s.sources.row[i].name, 'a' + (int)i, LIMIT_NAME - 1);
        memset(s.sources.row[i].trouble, 'a' + (int)i, 95);
    }
    for (unsigned split = 0; split < 2; split++) {
        for (size_t cap = 1; cap <= WHY_TEXT; cap++) {
            memset(out, '#', sizeof out);
            assert_true(why_text(&s, out, cap) < cap);
            assert_int_equal(out[cap], '#');
        }
        assert_non_null(strstr(out, " more"));
        for (unsigned i = 0; i < LIMIT_SOURCES; i++)
            says(i, 'x', i % 2 ? INT64_MAX - 10000000 : INT64_MIN + 10000000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_configuration, setup),
        cmocka_unit_test_setup(no_network, setup),
        cmocka_unit_test_setup(no_way, setup),
        cmocka_unit_test_setup(ipv6_alone, setup),
        cmocka_unit_test_setup(ways, setup),
        cmocka_unit_test_setup(an_operator, setup),
        cmocka_unit_test_setup(nobody_is_heard, setup),
        cmocka_unit_test_setup(a_quorum_is_lacking, setup),
        cmocka_unit_test_setup(without_a_say, setup),
        cmocka_unit_test_setup(they_disagree, setup),
        cmocka_unit_test_setup(set, setup),
        cmocka_unit_test_setup(states, setup),
        cmocka_unit_test_setup(alone, setup),
        cmocka_unit_test_setup(full_house, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
