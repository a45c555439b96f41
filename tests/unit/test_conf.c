/* chrony.conf: what is taken, what is said about the rest. The lines of
 * chrony_agrees were run through chronyd 4.3 -p: accepted or refused there,
 * accepted or refused here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/conf.h"

static struct conf c;

static int parse(const char *text)
{
    return conf_parse(&c, text, strlen(text));
}

static void report_is(unsigned i, enum conf_level level, unsigned line,
                      const char *text)
{
    assert_true(i < c.report_count);
    assert_string_equal(c.reports[i].text, text);
    assert_int_equal(c.reports[i].level, level);
    assert_int_equal(c.reports[i].line, line);
}

static void defaults(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_int_equal(c.source_count, 0);
    assert_int_equal(c.report_count, 0);
    assert_string_equal(c.hostname, "gnomon");
    assert_true(c.makestep_s == 1.0);
    assert_int_equal(c.makestep_limit, 3);
    assert_int_equal(c.authselect, AUTHSELECT_MIX);
    assert_int_equal(c.minsources, 0);
    assert_true(c.maxdistance_s == 3.0 && c.maxjitter_s == 1.0);
    assert_true(c.reselectdist_s == 1e-4 && c.stratumweight_s == 1e-3);
    assert_true(c.combinelimit == 3.0);
    assert_true(c.save);
    assert_false(c.static_ip4);
    assert_int_equal(c.aead_count, 2);
    assert_true(c.aeads[0] == 30 && c.aeads[1] == 15);
}

static void saveinterval(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_int_equal(c.saveinterval_s, 900);
    assert_int_equal(parse("saveinterval 60"), 0);
    assert_int_equal(c.saveinterval_s, 60);
    assert_int_equal(parse("saveinterval 86400"), 0);
    assert_int_equal(c.saveinterval_s, 86400);
    static const char *const bad[] = {
        "saveinterval",     "saveinterval 59",  "saveinterval 86401",
        "saveinterval 15m", "saveinterval -60", "saveinterval 60 60"};
    for (size_t i = 0; i < LEN(bad); i++) {
        assert_int_equal(parse(bad[i]), 1);
        assert_int_equal(c.saveinterval_s, 900);
        assert_int_equal(c.reports[0].line, 1);
        assert_int_equal(c.reports[0].level, CONF_ERROR);
    }
}

static void ntsaeads(void **state)
{
    (void)state;
    assert_int_equal(parse("ntsaeads 15"), 0);
    assert_true(c.aead_count == 1 && c.aeads[0] == 15);
    assert_int_equal(parse("ntsaeads 15 30 15"), 0);
    assert_int_equal(c.report_count, 0);
    assert_true(c.aead_count == 2 && c.aeads[0] == 15 && c.aeads[1] == 30);
    assert_int_equal(parse("ntsaeads 15\nntsaeads 30"), 0); /* the last */
    assert_true(c.aead_count == 1 && c.aeads[0] == 30);
    assert_int_equal(parse("ntsaeads 17 30 31 65535 15"), 0);
    assert_true(c.aead_count == 2 && c.aeads[0] == 30 && c.aeads[1] == 15);
    assert_int_equal(c.report_count, 1);
    report_is(0, CONF_NOTE, 1, "ntsaeads: `65535' is not known to Gnomon");
    static const char *const wrong[] = {"ntsaeads",       "ntsaeads 17",
                                        "ntsaeads 65536", "ntsaeads -1",
                                        "ntsaeads 30,15", "ntsaeads AES"};
    for (size_t i = 0; i < LEN(wrong); i++) {
        assert_int_equal(parse(wrong[i]), 1);
        assert_true(c.aead_count == 2 && c.aeads[0] == 30);
    }
}

static void a_whole_file(void **state)
{
    (void)state;
    int errors = parse("# Gnomon\n"
                       "\n"
                       "server nts1.example iburst nts ntsport 14461 port "
                       "11121 minpoll 4 maxpoll 6\n"
                       "  SERVER 2001:db8::53\tNTS prefer trust require "
                       "noselect xleave certset 2\r\n"
                       "pool pool.example maxsources 3\n"
                       "ntstrustedcerts /ca.pem\n"
                       "ntstrustedcerts 2 other.pem\n"
                       "nosystemcert\n"
                       "ntsdumpdir /var/lib/chrony\n"
                       "driftfile /var/lib/chrony/drift\n"
                       "makestep 0.125 -1\n"
                       "minsources 2\n"
                       "hostname clock-1\n"
                       "pps gpio 23 width 20ms\n"
                       "address 192.0.2.7/24\n"
                       "gateway 192.0.2.1\n"
                       "nameserver 192.0.2.2\n"
                       "nameserver 192.0.2.3");
    assert_int_equal(errors, 0);
    assert_int_equal(c.report_count, 0);
    assert_int_equal(c.source_count, 3);
    const struct conf_source *s = &c.sources[0];
    assert_string_equal(s->name, "nts1.example");
    assert_int_equal(s->line, 3);
    assert_int_equal(s->port, 11121);
    assert_int_equal(s->ntsport, 14461);
    assert_int_equal(s->minpoll, 4);
    assert_int_equal(s->maxpoll, 6);
    assert_true(s->iburst && s->nts && !s->pool && !s->prefer);
    s = &c.sources[1];
    assert_string_equal(s->name, "2001:db8::53");
    assert_int_equal(s->port, 123);
    assert_int_equal(s->ntsport, 4460);
    assert_int_equal(s->minpoll, 6);
    assert_int_equal(s->maxpoll, 10);
    assert_int_equal(s->certset, 2);
    assert_true(s->nts && s->prefer && s->trust && s->require && s->noselect &&
                s->xleave && !s->iburst);
    assert_true(c.sources[2].pool);
    assert_int_equal(c.sources[2].maxsources, 3);
    assert_int_equal(c.trust_count, 2);
    assert_string_equal(c.trust[0].file, "/ca.pem");
    assert_int_equal(c.trust[0].certset, 0);
    assert_string_equal(c.trust[1].file, "other.pem");
    assert_int_equal(c.trust[1].certset, 2);
    assert_true(c.nosystemcert && c.save && c.static_ip4);
    assert_true(c.makestep_s == 0.125);
    assert_int_equal(c.makestep_limit, -1);
    assert_int_equal(c.minsources, 2);
    assert_string_equal(c.hostname, "clock-1");
    assert_true(c.pps && !c.pps_always);
    assert_int_equal(c.pps_gpio, 23);
    assert_int_equal(c.pps_width_ms, 20);
    assert_memory_equal(c.ip4, "\xc0\x00\x02\x07", 4);
    assert_int_equal(c.ip4_prefix, 24);
    assert_memory_equal(c.gateway4, "\xc0\x00\x02\x01", 4);
    assert_int_equal(c.nameserver_count, 2);
    assert_int_equal(c.nameserver[1].family, 4);
    assert_memory_equal(c.nameserver[1].b, "\xc0\x00\x02\x03", 4);
}

/* What people bring from elsewhere. */
static void as_written_elsewhere(void **state)
{
    (void)state;
    static const struct {
        const char *line, *want;
    } row[] = {
        {"server [2001:db8::1]",
         "server: `[2001:db8::1]': an IPv6 address has no brackets here; line "
         "not used: one server fewer"},
        {"server a.example:123",
         "server: `a.example:123': a port is an option: port N, ntsport N; "
         "line not used: one server fewer"},
        {"pool https://a.example/",
         "pool: `https://a.example/' is not a host name, but a URL; line not "
         "used: one pool fewer"},
        {"server fe80::1%eth0",
         "server: `fe80::1%eth0': an address of the link alone is not asked; "
         "line not used: one server fewer"},
        {"server a.example, b.example",
         "server: `a.example,': one server a line, without commas or quotes; "
         "line not used: one server fewer"},
        {"server \"a.example\"",
         "server: `\"a.example\"': one server a line, without commas or "
         "quotes; line not used: one server fewer"},
        {"server a.example b.example iburst",
         "server: `b.example': one server a line; line not used: one server "
         "fewer"},
        {"server a.example 192.0.2.8",
         "server: `192.0.2.8': one server a line; line not used: one server "
         "fewer"},
        {"server=a.example",
         "unknown directive `server=a.example' (a blank, and no =, before a "
         "value); line not used"},
        {"{\\rtf1\\ansi",
         "unknown directive `{\\rtf1\\ansi' (RTF? save it as plain text); line "
         "not used"},
        {"{\"server\":",
         "unknown directive `{\"server\":' (JSON? one directive a line); line "
         "not used"},
        {"- server a.example",
         "unknown directive `-' (no mark before a directive); line not used"},
        {"server 192.0.2.300",
         "server: `192.0.2.300' is no IPv4 address, and no name has only "
         "digits; line not used: one server fewer"},
        {"server 192.000.2.1 nts",
         "server: `192.000.2.1' is no IPv4 address, and no name has only "
         "digits; line not used: one server fewer"},
        {"include /*/x.conf",
         "include: `/*/x.conf': a pattern stands only in the last part; line "
         "not used: its files are not read"},
        {"[[source]]",
         "unknown directive `[[source]]' (of ntpd-rs's ntp.toml); line not "
         "used"},
        {"server zeit.m\xc3\xbcnchen.example",
         "server: `zeit.m??nchen.example': write an international name as "
         "xn--...; line not used: one server fewer"},
        {"<html><body>",
         "unknown directive `<html><body>' (HTML? save it as plain text); line "
         "not used"},
        {"\"server\" a.example",
         "unknown directive `\"server\"' (no quotes here); line not used"},
        {"server 2001:db8::1::2",
         "server: `2001:db8::1::2' is not a host name or an address; line not "
         "used: one server fewer"},
        {"makestep 1 3 # three updates",
         "makestep: a comment needs a line of its own; line not used"},
        {"rtconutc\nnosystemcert ; none",
         "nosystemcert: a comment needs a line of its own; line not used"},
        {"confdir",
         "confdir: its argument is missing; line not used: its files are not "
         "read"},
    };
    for (size_t i = 0; i < LEN(row); i++) {
        assert_int_equal(parse(row[i].line), 1);
        assert_string_equal(c.reports[c.report_count - 1].text, row[i].want);
    }
    /* What chrony takes, be it useless here, costs no server. */
    assert_int_equal(
        parse("server a.example asymmetry 2 mindelay -1 maxdelayquant 7\n"
              "server b.example certset 4000\nntstrustedcerts 4000 ca.pem\n"),
        0);
    assert_int_equal(c.source_count, 2);
    assert_int_equal(c.sources[1].certset, 4000);
    assert_int_equal(c.trust[0].certset, 4000);
}

static void errors_have_line_and_reason(void **state)
{
    (void)state;
    int errors = parse("sever a.example\n"
                       "server a.example minpoll x\n"
                       "server a.example maxpoll 30\n"
                       "server a.example minpoll\n"
                       "server a.example sever\n"
                       "server a.example iburst # why\n"
                       "server\n"
                       "server a_b.example/x\n"
                       "makestep 1 y\n"
                       "address 192.0.2.7\n"
                       "nosystemcert yes\n"
                       "server good.example iburst\n");
    assert_int_equal(errors, 10);
    report_is(
        0, CONF_ERROR, 1,
        "unknown directive `sever' (server?); line not used: one server fewer");
    report_is(1, CONF_ERROR, 2,
              "minpoll: `x' is not a number; line not used: one server fewer");
    report_is(2, CONF_NOTE, 3,
              "maxpoll: `30' is outside -7 .. 24: 24 is taken");
    report_is(3, CONF_ERROR, 4,
              "minpoll: its value is missing; line not used: one server fewer");
    report_is(
        4, CONF_ERROR, 5,
        "server: unknown option `sever'; line not used: one server fewer");
    report_is(5, CONF_ERROR, 6,
              "server: a comment needs a line of its own; line not used: one "
              "server fewer");
    report_is(6, CONF_ERROR, 7,
              "server: a name or an address is missing; line not used: one "
              "server fewer");
    report_is(7, CONF_ERROR, 8,
              "server: `a_b.example/x' is not a host name or an address; line "
              "not used: one server fewer");
    report_is(8, CONF_ERROR, 9, "makestep: `y' is not a number; line not used");
    report_is(9, CONF_ERROR, 10,
              "address: `192.0.2.7' is not an address A.B.C.D/N; line not "
              "used: DHCP is asked for one");
    report_is(
        10, CONF_ERROR, 11,
        "nosystemcert: does not know what to do with `yes'; line not used");
    assert_int_equal(c.source_count, 2); /* the rest applies */
    assert_string_equal(c.sources[1].name, "good.example");
    assert_int_equal(c.sources[1].line, 12);
}

static void twice_and_too_many(void **state)
{
    char text[2000] = "server 192.0.2.1 nts\n"
                      "server 192.0.2.1 nts iburst\n"
                      "server 192.0.2.1 nts ntsport 4461\n";
    (void)state;
    /* A name may have an address for each line, as with chrony. */
    assert_int_equal(parse("server a.example\nserver A.example\n"
                           "pool a.example\nserver b.example\n"),
                     0);
    assert_int_equal(c.source_count, 4);
    assert_true(c.sources[0].shared && c.sources[1].shared &&
                c.sources[2].shared && !c.sources[3].shared);
    assert_int_equal(parse(text), 1);
    report_is(0, CONF_ERROR, 2,
              "server: `192.0.2.1' is given already, in line 1; line not "
              "used");
    assert_int_equal(c.source_count, 2);
    for (int i = 0; i < 15; i++)
        sprintf(text + strlen(text), "server s%d.example\n", i);
    assert_int_equal(parse(text), 2);
    report_is(1, CONF_ERROR, 18,
              "server and pool: 16 of 17 lines are used: there is no room for "
              "more");
    assert_int_equal(c.source_count, LIMIT_SOURCES);
}

static void ignored(void **state)
{
    (void)state;
    assert_int_equal(parse("RtcSync\n"
                           "smoothtime 400 0.01\n"
                           "server a.example presend 9 nts\n"),
                     0);
    report_is(0, CONF_IGNORED, 1,
              "RtcSync: ignored: there is no real-time clock");
    report_is(1, CONF_IGNORED, 2,
              "smoothtime: ignored: time is served as it is");
    report_is(2, CONF_IGNORED, 3,
              "server: option `presend' ignored: stamped as it leaves, after "
              "ARP");
    assert_int_equal(c.source_count, 1);
    assert_true(c.sources[0].nts);
}

static void selection(void **state)
{
    static const char *const modes[] = {"mix", "REQUIRE", "prefer", "ignore"};
    char line[40];
    (void)state;
    for (int i = 0; i < (int)LEN(modes); i++) {
        sprintf(line, "authselectmode %s", modes[i]);
        assert_int_equal(parse(line), 0);
        assert_int_equal((int)c.authselect, i);
    }
    assert_int_equal(parse("maxdistance 0.5\nmaxjitter 1e-3\n"
                           "reselectdist 0\nstratumweight 0.25\n"
                           "combinelimit 0\nminsources 255\n"),
                     0);
    assert_int_equal(c.report_count, 0);
    assert_true(c.maxdistance_s == 0.5 && c.maxjitter_s == 1e-3);
    assert_true(c.reselectdist_s == 0.0 && c.stratumweight_s == 0.25);
    assert_true(c.combinelimit == 0.0);
    assert_int_equal(c.minsources, 255);

    assert_int_equal(parse("minstratum 2\nmaxstratum 3\n"), 0);
    assert_int_equal(c.report_count, 0);
    assert_true(c.minstratum == 2 && c.maxstratum == 3);
    assert_int_equal(parse("minstratum 4\nmaxstratum 3\nmaxstratum 3 4\n"), 1);
    report_is(1, CONF_NOTE, 2,
              "minstratum: is above maxstratum: no source can be selected");
    assert_int_equal(parse("server a minstratum 4\nmaxstratum 4000\n"), 0);
    assert_true(c.minstratum == 0 && c.maxstratum == 255);

    assert_int_equal(parse("authselectmode\nauthselectmode strict\n"
                           "maxdistance\nmaxjitter x\ncombinelimit -1\n"
                           "reselectdist 1 2\n"),
                     6);
    report_is(0, CONF_ERROR, 1,
              "authselectmode: its argument is missing; line not used");
    report_is(1, CONF_ERROR, 2,
              "authselectmode: `strict' is not require, prefer, mix or "
              "ignore; line not used");
    report_is(3, CONF_ERROR, 4,
              "maxjitter: `x' is not a number; line not used");
    report_is(4, CONF_ERROR, 5,
              "combinelimit: `-1' is less than nothing; line not used");
    assert_true(c.combinelimit == 3.0); /* what was wrong has no effect */
}

static void leap_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum leap_mode mode;
    } row[] = {{"", LEAP_SYSTEM},
               {"leapsecmode step", LEAP_STEP},
               {"leapsecmode slew", LEAP_SLEW},
               {"LeapSecMode Ignore", LEAP_IGNORE}};
    for (size_t i = 0; i < LEN(row); i++) {
        assert_int_equal(parse(row[i].text), 0);
        assert_int_equal(c.leapsecmode, row[i].mode);
        assert_int_equal(c.report_count, 0);
    }
    assert_int_equal(parse("leapsecmode slew\nleapsecmode system"), 0);
    assert_int_equal(c.leapsecmode, LEAP_SYSTEM);
    report_is(0, CONF_NOTE, 2,
              "leapsecmode: no kernel here: system is as step");
    assert_int_equal(parse("leapsectz right/UTC\nleapseclist /etc/leaps"), 0);
    report_is(0, CONF_IGNORED, 1,
              "leapsectz: ignored: servers announce leap seconds");
    report_is(1, CONF_IGNORED, 2,
              "leapseclist: ignored: servers announce leap seconds");
    assert_int_equal(parse("leapsecmode jump\nleapsecmode"), 2);
    report_is(0, CONF_ERROR, 1,
              "leapsecmode: `jump' is not system, step, slew or ignore; line "
              "not used");
    assert_int_equal(c.leapsecmode, LEAP_SYSTEM);
}

/* Every directive of chrony.conf(5), version 4.9. */
static void every_directive_of_chrony(void **state)
{
    static const char names[] =
        "acquisitionport allow authselectmode bindacqaddress bindacqdevice "
        "bindaddress bindcmdaddress bindcmddevice binddevice broadcast "
        "clientloglimit clockprecision cmdallow cmddeny cmdport cmdratelimit "
        "combinelimit confdir corrtimeratio deny driftfile dscp dumpdir "
        "leapseclist maxstratum minstratum maxtxbuffers ntsaeads "
        "opencommands ptpdomain refresh hwtstimeout "
        "fallbackdrift hwclockfile hwtimestamp include initstepslew keyfile "
        "leapsecmode leapsectz local lock_all log logbanner logchange logdir "
        "mailonchange makestep manual maxchange maxclockerror maxdistance "
        "maxdrift maxjitter maxntsconnections maxsamples maxslewrate "
        "maxupdateskew minsamples minsources nocerttimecheck noclientlog "
        "nosystemcert ntpsigndsocket ntsdumpdir ntsntpserver ntsport "
        "ntsprocesses ntsratelimit ntsrefresh ntsrotate ntsservercert "
        "ntsserverkey ntstrustedcerts peer pidfile pool port ptpport "
        "ratelimit refclock reselectdist rtcautotrim rtcdevice rtcfile "
        "rtconutc rtcsync sched_priority server smoothtime sourcedir "
        "stratumweight tempcomp user";
    char copy[sizeof(names)];
    unsigned count = 0;
    (void)state;
    memcpy(copy, names, sizeof(names));
    for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "), count++) {
        (void)parse(w);
        for (unsigned i = 0; i < c.report_count; i++)
            assert_null(strstr(c.reports[i].text, "unknown directive"));
    }
    assert_int_equal(count, 94);
}

static void dhcpservers(void **state)
{
    (void)state;
    assert_int_equal(parse("server a.example nts\n"), 0);
    assert_false(c.dhcpservers);
    assert_int_equal(parse("dhcpservers\n"), 0);
    assert_true(c.dhcpservers);
    assert_int_equal(parse("dhcpservers yes\n"), 1);
    assert_false(c.dhcpservers);
}

static void bootstrap_modes(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_false(c.bootstrap_strict);
    assert_int_equal(c.nocerttimecheck, 0);
    assert_int_equal(parse("bootstrap STRICT\n"), 0);
    assert_true(c.bootstrap_strict);
    assert_int_equal(c.report_count, 0);
    assert_int_equal(parse("bootstrap strict\nbootstrap default\n"), 0);
    assert_false(c.bootstrap_strict);
    assert_int_equal(parse("nocerttimecheck 7\n"), 0);
    assert_int_equal(c.nocerttimecheck, 7);
    assert_int_equal(c.report_count, 0);
    assert_int_equal(parse("nocerttimecheck 1\nbootstrap strict\n"), 0);
    assert_int_equal(c.report_count, 1);
    assert_non_null(strstr(c.reports[0].text, "no effect"));
    assert_int_equal(parse("bootstrap\n"), 1);
    assert_int_equal(parse("bootstrap lax\n"), 1);
    assert_int_equal(parse("bootstrap strict now\n"), 1);
}

static void chrony_agrees(void **state)
{
    static const char *const good[] = {"server a.example",
                                       "SERVER a.example IBURST",
                                       "Server 192.0.2.1 minpoll -7 maxpoll 24",
                                       "server 2001:db8::1 nts",
                                       "pool p.example maxsources 16",
                                       "server a.example maxdelay 1e-3",
                                       "server a.example extfield F323",
                                       "server a.example nts certset 3",
                                       "ntstrustedcerts /etc/ca.pem",
                                       "ntstrustedcerts 2 /etc/ca.pem",
                                       "nosystemcert",
                                       "nocerttimecheck 1",
                                       "makestep 1.0 3",
                                       "makestep 0.1 -1",
                                       "minsources 2",
                                       "driftfile /var/lib/chrony/drift",
                                       "% comment",
                                       "! comment",
                                       "; comment",
                                       "  # comment",
                                       "ntsdumpdir /var/lib/chrony",
                                       "rtcsync",
                                       "authselectmode REQUIRE",
                                       "maxdistance 1e-3",
                                       "combinelimit 0",
                                       "stratumweight 0",
                                       "leapsecmode slew",
                                       "leapsecmode system"};
    static const char *const bad[] = {"server a.example minpoll x",
                                      "server a.example minpoll",
                                      "server a.example minpoll 5x",
                                      "server a.example sever",
                                      "server a.example iburst # note",
                                      "server",
                                      "server a.example maxdelay abc",
                                      "server a.example key 0",
                                      "ntstrustedcerts x /etc/ca.pem",
                                      "ntstrustedcerts",
                                      "nosystemcert yes",
                                      "nocerttimecheck",
                                      "nocerttimecheck -1",
                                      "nocerttimecheck x",
                                      "makestep",
                                      "makestep 1.0",
                                      "makestep 1.0 3 4",
                                      "minsources x",
                                      "driftfile",
                                      "sever a.example",
                                      "authselectmode",
                                      "authselectmode strict",
                                      "maxjitter x",
                                      "combinelimit",
                                      "reselectdist 1 2",
                                      "leapsecmode",
                                      "leapsecmode jump"};
    (void)state;
    for (size_t i = 0; i < LEN(good); i++)
        if (parse(good[i]) != 0)
            fail_msg("%s: %s", good[i], c.reports[0].text);
    for (size_t i = 0; i < LEN(bad); i++)
        if (parse(bad[i]) != 1)
            fail_msg("%s: accepted", bad[i]);
}

static void hosts(void **state)
{
    static const char *const good[] = {"a",
                                       "192.0.2.1",
                                       "a-b.c_d.example.",
                                       "::",
                                       "::1",
                                       "1::",
                                       "2001:db8::53",
                                       "1:2:3:4:5:6:7:8",
                                       "::ffff:192.0.2.1",
                                       "fe80:0:0:0:0:0:0:1",
                                       "1:2:3:4:5:6:192.0.2.1"};
    static const char *const bad[] = {
        ".",
        ".a",
        "a..b",
        "a/b",
        "a,b",
        ":",
        ":::",
        "1:2",
        "1::2::3",
        "1:2:3:4:5:6:7:8:9",
        "12345::",
        "g::",
        "1:2:3:4:5:6:7:8::",
        "1:2:3:4:5:6:7:192.0.2.1",
        "::1%eth0",
        "1:",
        "a234567890123456789012345678901234567890123456789012345678901234"};
    char line[200];
    (void)state;
    for (size_t i = 0; i < LEN(good); i++) {
        sprintf(line, "server %s", good[i]);
        if (parse(line) != 0)
            fail_msg("%s refused", good[i]);
    }
    for (size_t i = 0; i < LEN(bad); i++) {
        sprintf(line, "server %s", bad[i]);
        if (parse(line) != 1)
            fail_msg("%s accepted", bad[i]);
    }
}

static void odd_files(void **state)
{
    static char big[70000];
    (void)state;
    assert_int_equal(parse("\xef\xbb\xbfserver a.example\r\n\r\n"), 0);
    assert_string_equal(c.sources[0].name, "a.example");
    assert_int_equal(parse("\xff\xfes\0e\0r\0"), 1);
    report_is(0, CONF_ERROR, 1, "UTF-16: save it as UTF-8 or ASCII");

    assert_int_equal(conf_parse(&c, "server \0 a\nserver b.example", 27), 1);
    report_is(0, CONF_ERROR, 1,
              "control characters: is this text?; line not used");
    assert_int_equal(c.source_count, 1);

    memset(big, 'x', sizeof(big));
    assert_int_equal(conf_parse(&c, big, sizeof(big)), 1);
    report_is(0, CONF_ERROR, 1, "the line is too long; line not used");
    memset(big, '\n', sizeof(big));
    assert_int_equal(conf_parse(&c, big, sizeof(big)), 0);
    for (size_t i = 0; i < sizeof(big); i += 2)
        big[i] = 'x';
    assert_int_equal(conf_parse(&c, big, sizeof(big)), 35000);
    assert_int_equal(c.report_count, LIMIT_CONF_ERRORS);
    assert_int_equal(c.reports_lost, 35000 - LIMIT_CONF_ERRORS);

    /* What a report quotes cannot steer a terminal. */
    assert_int_equal(parse("\x9b"
                           "31mred\n"),
                     1);
    report_is(0, CONF_ERROR, 1,
              "unknown directive `?31mred' (not ASCII: retype it); line not "
              "used");
    assert_int_equal(parse("server aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd/"),
                     1);
    report_is(0, CONF_ERROR, 1,
              "server: `aaaaaaaaaabbbbbbbbbbccccccccccdd' is not a host name "
              "or an address; line not used: one server fewer");
}

/* What a page, a word processor or another system makes of a file. */
static void pasted_files(void **state)
{
    static const struct {
        const char *what, *text;
    } good[] = {
        {"no-break space", "server\xc2\xa0"
                           "a.example\xc2\xa0nts"},
        {"no-break space of Latin-1", "server\xa0"
                                      "a.example nts\xa0"},
        {"thin and narrow spaces", "server\xe2\x80\x89"
                                   "a.example\xe2\x80\xaf"
                                   "nts"},
        {"ideographic space", "server\xe3\x80\x80"
                              "a.example nts"},
        {"zero-width space in a word", "server a.exa\xe2\x80\x8bmple nts"},
        {"soft hyphen", "server a.exam\xc2\xadple nts"},
        {"BOM in the middle", "# x\n\xef\xbb\xbfserver a.example nts"},
        {"no-break space before a comment", "\xc2\xa0# x\nserver a.example "
                                            "nts"},
        {"a comment of any bytes", "# \xe4\xf6\x80 \xe2\x80\x9c\nserver "
                                   "a.example nts"},
        {"CR alone", "# old Mac\rserver a.example nts\r\r# end\r"},
        {"CR LF", "# x\r\nserver a.example nts\r\n"},
        {"VT and FF", "server\va.example\fnts"},
        {"no newline at the end", "# x\nserver a.example nts"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(good); i++)
        if (parse(good[i].text) != 0 || c.report_count || c.source_count != 1 ||
            strcmp(c.sources[0].name, "a.example") != 0 || !c.sources[0].nts)
            fail_msg("%s: %s", good[i].what, c.reports[0].text);
    assert_int_equal(parse("# 1\r# 2\r\n# 3\n# 4\n\r# 6\rx"), 1);
    assert_int_equal(c.reports[0].line, 7);

    assert_int_equal(parse("server \xe2\x80\x9c"
                           "a.example\xe2\x80\x9d nts"),
                     1);
    report_is(
        0, CONF_ERROR, 1,
        "server: `\?\?\?a.example\?\?\?' is not a host name or an address (not "
        "ASCII: retype it); line not used: one server fewer");
    assert_int_equal(parse("server a.example minpoll \xe2\x88\x92"
                           "4"),
                     1);
    assert_non_null(strstr(c.reports[0].text, "not ASCII"));
    assert_int_equal(parse("ntstrustedcerts \xe2\x80\x9c"
                           "ca.pem\xe2\x80\x9d"),
                     0);
    report_is(0, CONF_NOTE, 1,
              "ntstrustedcerts: not ASCII: is it pasted from a page?");
    assert_int_equal(conf_parse(&c, "s\0e\0r\0", 6), 1);
    report_is(0, CONF_ERROR, 1, "UTF-16: save it as UTF-8 or ASCII");
    assert_int_equal(conf_parse(&c, "\0s\0e\0r", 6), 1);
    report_is(0, CONF_ERROR, 1, "UTF-16: save it as UTF-8 or ASCII");
}

static void files_of_other_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *begins, *is;
    } row[] = {
        {"\0\0\0\0\0\0\0\0\0", "only zeros: was the card taken out too early?"},
        {"PK\3\4\5\6\7\1\2", "a .docx, .odt or .zip: save it as plain text"},
        {"\xd0\xcf\x11\xe0server a.example\n", "a .doc: save it as plain text"},
        {"%PDF-1.4\nserver a.example\n", "a PDF: save it as plain text"},
        {"\x1f\x8b\nserver a.example\n", "a .gz: unpack it"},
    };
    for (size_t i = 0; i < LEN(row); i++) {
        assert_int_equal(conf_parse(&c, row[i].begins, 9), 1);
        report_is(0, CONF_ERROR, 1, row[i].is);
        assert_int_equal(c.source_count, 0);
    }
    assert_int_equal(conf_parse(&c, "", 0), 0);
}

static void long_files(void **state)
{
    static char big[24000];
    size_t n = 0;
    (void)state;
    for (int i = 0; i < 300; i++)
        n += (size_t)sprintf(big + n, "# %068d\n", i);
    assert_true(n > 21000);
    n += (size_t)sprintf(big + n, "ntsaeads 30");
    for (int i = 0; i < 880; i++)
        big[n++] = ' ';
    n += (size_t)sprintf(big + n, "15\n#");
    for (int i = 0; i < 900; i++)
        big[n++] = 'x';
    n += (size_t)sprintf(big + n, "\nserver a.example\n");
    assert_int_equal(conf_parse(&c, big, n), 0);
    assert_int_equal(c.report_count, 0);
    assert_int_equal(c.source_count, 1);
    assert_int_equal(c.sources[0].line, 303);
    assert_int_equal(c.aead_count, 2);
}

/* Errors find room in the list of reports, and all are counted. */
static void errors_come_first(void **state)
{
    char text[4000] = "";
    (void)state;
    for (int i = 0; i < 60; i++)
        strcat(text, "rtcsync\n");
    strcat(text, "minsources x\nminsources y\nrtcsync\n");
    assert_int_equal(parse(text), 2);
    assert_int_equal(c.errors, 2);
    assert_int_equal(c.notes, 61);
    assert_int_equal(c.report_count, LIMIT_CONF_ERRORS);
    assert_int_equal(c.reports_lost, 63 - LIMIT_CONF_ERRORS);
    report_is(LIMIT_CONF_ERRORS - 2, CONF_ERROR, 61,
              "minsources: `x' is not a number; line not used");
    report_is(LIMIT_CONF_ERRORS - 1, CONF_ERROR, 62,
              "minsources: `y' is not a number; line not used");
    report_is(0, CONF_IGNORED, 1,
              "rtcsync: ignored: there is no real-time clock");
}

static void what_is_missing(void **state)
{
    (void)state;
    assert_int_equal(parse("makestep\nmakestep 1\nmaxchange 1 2\npps gpio\n"
                           "driftfile\ndriftfile /d interval\n"
                           "driftfile /d often 3"),
                     7);
    report_is(0, CONF_ERROR, 1, "makestep: wants two numbers; line not used");
    report_is(1, CONF_ERROR, 2, "makestep: wants two numbers; line not used");
    report_is(2, CONF_ERROR, 3,
              "maxchange: wants three numbers; line not used");
    report_is(4, CONF_ERROR, 5,
              "driftfile: its argument is missing; line not used");
    report_is(5, CONF_ERROR, 6,
              "driftfile: its interval is missing; line not used");
    report_is(6, CONF_ERROR, 7,
              "driftfile: does not know what to do with `often'; line not "
              "used");
    assert_true(c.save); /* whatever is wrong with them */
}

static void saving(void **state)
{
    (void)state;
    static const char *const on[] = {"",
                                     "ntsdumpdir /x",
                                     "driftfile /x",
                                     "dumpdir /x",
                                     "ntscachedir /x",
                                     "ntsdumpdir",
                                     "driftfile /x interval",
                                     "driftfile /x intervall 7",
                                     "ntsdumpdir /x /y"};
    for (size_t i = 0; i < LEN(on); i++) {
        (void)parse(on[i]);
        assert_true(c.save);
    }
    assert_int_equal(parse("nodump\nntsdumpdir /x\ndriftfile /d"), 0);
    assert_false(c.save);
    report_is(0, CONF_NOTE, 1,
              "nodump: keys, cookies and the time floor are not kept");
    assert_int_equal(parse("nodump now"), 1);
    assert_true(c.save);

    assert_int_equal(parse("driftfile /var/lib/chrony/drift interval 3600"), 0);
    assert_int_equal(c.saveinterval_s, 3600);
    report_is(0, CONF_NOTE, 1,
              "driftfile: its interval is taken for saveinterval: 3600 s");
    assert_int_equal(parse("driftfile /d interval 1"), 0);
    assert_int_equal(c.saveinterval_s, 60);
    assert_int_equal(parse("saveinterval 120\n"
                           "driftfile /d interval 3600"),
                     0);
    assert_int_equal(c.saveinterval_s, 120);
    report_is(0, CONF_IGNORED, 2,
              "driftfile: its interval is ignored: saveinterval is given");
}

static void nearest_directive(void **state)
{
    static const struct {
        const char *line, *text;
    } row[] = {
        {"sevrer a", "unknown directive `sevrer' (server?); line not used: one "
                     "server fewer"},
        {"pools a", "unknown directive `pools' (pool?); line not used: one "
                    "pool fewer"},
        {"min-sources 3",
         "unknown directive `min-sources' (minsources?); line not used"},
        {"authselectedmode require",
         "unknown directive `authselectedmode' (authselectmode?); line not "
         "used"},
        {"makesteps 1 3", "unknown directive `makesteps' (makestep?); line "
                          "not used"},
        {"nts-trusted-certs a",
         "unknown directive `nts-trusted-certs' (ntstrustedcerts?); line not "
         "used: its certificates are not trusted"},
        {"restrict default kod",
         "unknown directive `restrict' (of ntpd's ntp.conf); line not used"},
        {"maxdelay 0.1", "unknown directive `maxdelay' (an option of server "
                         "and pool lines); line not used"},
        {"qwertyuiop", "unknown directive `qwertyuiop'; line not used"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(row); i++) {
        assert_int_equal(parse(row[i].line), 1);
        report_is(0, CONF_ERROR, 1, row[i].text);
    }
}

/* One wrong line costs what it says and nothing else. */
static void lines_that_belong_to_the_whole(void **state)
{
    (void)state;
    assert_int_equal(parse("# 1\ngateway 192.0.2.1\nnocerttimecheck 1\n"
                           "bootstrap strict\n"),
                     0);
    report_is(0, CONF_NOTE, 3,
              "nocerttimecheck: has no effect beside bootstrap strict");
    report_is(1, CONF_NOTE, 2, "gateway: no address line: DHCP decides");
    char text[600] = "";
    for (int i = 0; i < 12; i++)
        strcat(text, "ntstrustedcerts ca.pem\n");
    assert_int_equal(parse(text), 1);
    report_is(0, CONF_ERROR, 9,
              "ntstrustedcerts: 8 of 12 lines are used: there is no room for "
              "more");
}

static void files_need_a_card(void **state)
{
    (void)state;
    assert_int_equal(parse("include /etc/chrony/x.conf\nconfdir /etc/c.d /b\n"
                           "sourcedir s.d\ninclude ../x\n"
                           "include\nserver a.example\n"),
                     3);
    report_is(0, CONF_ERROR, 1,
              "include: `/etc/chrony/x.conf' is not on the card; looked for "
              "/etc/chrony/x.conf, /chrony/x.conf, /x.conf");
    report_is(
        1, CONF_IGNORED, 2,
        "confdir: ignored: `/etc/c.d' is not on the card; looked for /etc/c.d, "
        "/c.d");
    report_is(2, CONF_IGNORED, 3,
              "sourcedir: ignored: `s.d' is not on the card; looked for /s.d");
    report_is(3, CONF_ERROR, 4,
              "include: `../x' cannot be a path on the card; line not used: "
              "its files are not read");
    assert_int_equal(c.source_count, 1);
}

static void numbers(void **state)
{
    (void)state;
    assert_int_equal(parse("makestep 1e-3 3\n"), 0);
    assert_true(c.makestep_s > 0.00099999 && c.makestep_s < 0.00100001);
    assert_int_equal(parse("makestep .5 3\n"), 0);
    assert_true(c.makestep_s == 0.5);
    assert_int_equal(parse("makestep 1e99999999999999999999 3\n"), 0);
    assert_int_equal(parse("makestep . 3\n"), 1);
    assert_int_equal(parse("makestep 1 99999999999999999999\n"), 1);
    assert_int_equal(parse("minsources 0\n"), 1);
    assert_int_equal(parse("minsources 256\n"), 0);
    assert_int_equal(c.minsources, 255); /* not fewer than asked for */
    assert_int_equal(parse("server a port 65536\n"), 1);
    assert_int_equal(parse("server a port 0\n"), 1);
    assert_int_equal(parse("server a minpoll 11\n"), 0);
    assert_int_equal(c.sources[0].maxpoll, 11); /* as chrony raises it */
    assert_int_equal(parse("address 192.0.2.256/24\n"), 1);
    assert_int_equal(parse("address 192.0.2.1/33\n"), 1);
    assert_int_equal(parse("address 192.0.2.1/24x\n"), 1);
    assert_int_equal(parse("nameserver 1.1.1.1\nnameserver 2001:db8::53\n"
                           "nameserver 1.1.1.3\nnameserver 1.1.1.4\n"),
                     1);
    report_is(0, CONF_ERROR, 4,
              "nameserver: 3 of 4 lines are used: there is no room for more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(saveinterval),
        cmocka_unit_test(ntsaeads),
        cmocka_unit_test(a_whole_file),
        cmocka_unit_test(as_written_elsewhere),
        cmocka_unit_test(errors_have_line_and_reason),
        cmocka_unit_test(twice_and_too_many),
        cmocka_unit_test(ignored),
        cmocka_unit_test(selection),
        cmocka_unit_test(leap_seconds),
        cmocka_unit_test(every_directive_of_chrony),
        cmocka_unit_test(dhcpservers),
        cmocka_unit_test(bootstrap_modes),
        cmocka_unit_test(chrony_agrees),
        cmocka_unit_test(hosts),
        cmocka_unit_test(odd_files),
        cmocka_unit_test(pasted_files),
        cmocka_unit_test(files_of_other_kinds),
        cmocka_unit_test(long_files),
        cmocka_unit_test(errors_come_first),
        cmocka_unit_test(what_is_missing),
        cmocka_unit_test(saving),
        cmocka_unit_test(nearest_directive),
        cmocka_unit_test(lines_that_belong_to_the_whole),
        cmocka_unit_test(files_need_a_card),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
