/* core/cmdmon: replies byte for byte as chronyd gave them, formats by the
 * request's length, and that no request of any length or command gets a reply
 * longer than itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/bytes.h"
#include "core/cmdmon.h"
#include "core/ntp_client.h"

static struct status s;
static struct clientlog l;
static struct access allow, cmdallow;
static struct cmdmon m;
static uint8_t out[CMDMON_REPLY_MAX], req[1400];

static int setup(void **state)
{
    static const uint64_t key[5] = {
        UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xbf58476d1ce4e5b9),
        UINT64_C(0x94d049bb133111eb), UINT64_C(0xd6e8feb86659fd93),
        UINT64_C(0xa0761d6478bd642f)};
    (void)state;
    memset(&s, 0, sizeof s);
    memset(&allow, 0, sizeof allow);
    memset(&cmdallow, 0, sizeof cmdallow);
    clientlog_init(&l, key);
    m = (struct cmdmon){.status = &s,
                        .clients = &l,
                        .allow = &allow,
                        .cmdallow = &cmdallow,
                        .open = UINT32_MAX};
    return 0;
}

/* Hexadecimal digits with blanks between, as bytes. */
static size_t bytes_of(const char *hex, uint8_t *to)
{
    size_t n = 0;
    for (; *hex; hex++) {
        unsigned v;
        if (*hex == ' ')
            continue;
        assert_int_equal(sscanf(hex, "%2x", &v), 1);
        to[n++] = (uint8_t)v;
        hex++;
    }
    return n;
}

/* A request of this command with its data, zeros up to len. */
static size_t request(uint16_t command, const char *data, size_t len)
{
    memset(req, 0, sizeof req);
    req[0] = 6;
    req[1] = 1;
    bytes_put16(req + 4, command);
    bytes_put32(req + 8, 0x05c2d69b);
    assert_true(bytes_of(data, req + 20) + 20 <= len);
    return len;
}

static size_t ask(uint16_t command, const char *data, size_t len)
{
    memset(out, 0xee, sizeof out);
    return cmdmon_reply(&m, req, request(command, data, len), out);
}

static unsigned status_of(void)
{
    return bytes_get16(out + 8);
}

static unsigned code_of(void)
{
    return bytes_get16(out + 6);
}

static void is(size_t n, const char *hex)
{
    uint8_t want[CMDMON_REPLY_MAX];
    assert_int_equal(n, bytes_of(hex, want));
    assert_memory_equal(out, want, n);
}

static double value_of(uint32_t f)
{
    int e = (int)(f >> 25), c = (int)(f & 0x1ffffff);
    e -= e >= 64 ? 128 : 0;
    c -= c >= 1 << 24 ? 1 << 25 : 0;
    return ldexp(c, e - 25);
}

static void floats(void **state)
{
    (void)state;
    /* Of a chronyd's replies, and of the format's ends. */
    static const uint32_t seen[] = {
        0x04800000, 0x02800000, 0xfc8211e6, 0xdf1b8e0b, 0xdd46e779, 0xde91252d,
        0xfa94f40a, 0xeb011665, 0xe29f6f13, 0xde903cb6, 0x048466f9,
    };
    for (size_t i = 0; i < LEN(seen); i++)
        assert_int_equal(cmdmon_float(value_of(seen[i])), seen[i]);
    assert_int_equal(cmdmon_float(0), 0);
    assert_int_equal(cmdmon_float(-0.0), 0);
    assert_int_equal(cmdmon_float(NAN), 0);
    assert_int_equal(cmdmon_float(1), 0x04800000);
    assert_int_equal(cmdmon_float(0.5), 0x02800000);
    assert_int_equal(cmdmon_float(-1), 0x05800000);
    assert_int_equal(cmdmon_float(1e300), 0x7effffff);
    assert_int_equal(cmdmon_float(INFINITY), 0x7effffff);
    assert_int_equal(cmdmon_float(-INFINITY), 0x7f000000);
    assert_int_equal(cmdmon_float(1e-300), 0);
    for (double x = 1e-19; x < 1e18; x *= 1.37)
        for (int sign = -1; sign <= 1; sign += 2) {
            double v = value_of(cmdmon_float(sign * x));
            assert_true(fabs(v - sign * x) <= x * 6e-8);
        }
}

/* ---- captures ------------------------------------------------------------ */

/* Floats are of nanoseconds here, so the last bits of a chronyd's differ. */
static void floats_near(size_t at, const char *hex, double within)
{
    uint8_t want[64];
    size_t n = bytes_of(hex, want);
    for (size_t i = 0; i < n; i += 4) {
        double v = value_of(bytes_get32(out + at + i));
        assert_true(fabs(v - value_of(bytes_get32(want + i))) <= within);
    }
}

static void tracking(void **state)
{
    (void)state;
    s.sources.count = 1;
    s.sources.row[0].addr = (struct addr){4, {127, 0, 0, 3}};
    s.timekeeper.tracking = (struct status_tracking){
        .synchronised = true,
        .selected = 0,
        .ref_id = 0x7f000003,
        .stratum = 2,
        .ref_unix_s = 0x6b0a9c1e,
        .ref_unix_ns = 0x0ec2c4b7,
        .system_ns = -3404, /* printed as 3404 ns fast */
        .last_offset_ns = 1379,
        .rms_offset_ns = 2163,
        .freq_e12 = -36366, /* printed as 0.036 ppm fast */
        .resid_e12 = 243,
        .freq_sigma_e12 = 63511,
        .root_delay_ns = 9503,
        .root_disp_ns = 2149,
        .update_ns = 1034392476,
    };
    size_t n = ask(33, "", 104);
    assert_int_equal(n, 104);
    is(68, "0602000000210005 0000 000000000000 05c2d69b 0000000000000000"
           "7f000003 7f000003000000000000000000000000 0001 0000 0002 0000"
           "00000000 6b0a9c1e 0ec2c4b7");
    floats_near(68, "df1b8e0b dd46e779 de91252d", 0.6e-9);
    floats_near(80, "fa94f40a eb011665 fc8211e6", 0.6e-6);
    floats_near(92, "e29f6f13 de903cb6", 0.6e-9);
    floats_near(100, "048466f9", 1e-6);
}

/* As a chronyd that is not set says it. */
static void tracking_unset(void **state)
{
    (void)state;
    s.timekeeper.tracking =
        (struct status_tracking){.selected = -1, .stratum = 16, .leap = 3};
    size_t n = ask(33, "", 104);
    assert_int_equal(n, 104);
    is(28, "0602000000210005 0000 000000000000 05c2d69b 0000000000000000");
    const uint8_t *d = out + 28;
    assert_int_equal(bytes_get16(d + 20), 0); /* family */
    assert_int_equal(bytes_get16(d + 24), 0); /* stratum */
    assert_int_equal(bytes_get16(d + 26), 3); /* leap */
    assert_true(value_of(bytes_get32(d + 64)) == 1.0);
    assert_true(value_of(bytes_get32(d + 68)) == 1.0);
}

static void authdata(void **state)
{
    (void)state;
    s.sources.count = 1;
    s.sources.row[0] = (struct status_source){
        .addr = {4, {127, 0, 0, 1}},
        .nts = true,
        .aead = 15,
        .key_id = 1,
        .key_bits = 256,
        .last_ke_ago_s = 13,
        .cookies = 8,
        .cookie_len = 100,
    };
    size_t n = bytes_of(
        "06010000 0043 0000 3a9a68a3 0000000000000000"
        "7f000001 000000000000000000000000 0001 0000 000000000000000000000000",
        req);
    assert_int_equal(n, 52);
    n = cmdmon_reply(&m, req, n, out);
    is(n, "06020000 0043 0014 0000 000000000000 3a9a68a3 0000000000000000"
          "0002 000f 00000001 0100 0000 0000000d 0008 0064 0000 0000");
}

static void serverstats(void **state)
{
    (void)state;
    s.server = (struct status_server){
        .ntp_hits = 50, .ke_hits = 1, .cmd_hits = 33, .authenticated = 20};
    (void)request(54, "", 72);
    bytes_put32(req + 8, 0x7437b499);
    size_t n = cmdmon_reply(&m, req, 72, out);
    is(n, "06020000 0036 0018 0000 000000000000 7437b499 0000000000000000"
          "00000032 00000001 00000021 00000000 00000000 00000000 00000000"
          "00000014 00000000 00000000 00000000");
}

static void rtcdata(void **state)
{
    (void)state;
    (void)request(35, "", 56);
    bytes_put32(req + 8, 0x92df05f8);
    size_t n = cmdmon_reply(&m, req, 56, out);
    is(n, "06020000 0023 0001 000d 000000000000 92df05f8 0000000000000000");
}

/* ---- formats ------------------------------------------------------------- */

static void serverstats_by_length(void **state)
{
    (void)state;
    static const struct {
        size_t from, to;
        unsigned code;
        size_t len;
    } formats[] = {
        {48, 60, 14, 48},
        {60, 72, 22, 60},
        {72, 196, 24, 72},
        {196, 860, 25, 196},
    };
    s.server = (struct status_server){
        .ntp_hits = UINT64_C(0x123456789),
        .ke_hits = 2,
        .cmd_hits = 3,
        .ntp_drops = 4,
        .ke_drops = 5,
        .cmd_drops = 6,
        .log_drops = 7,
        .authenticated = 8,
        .interleaved = 9,
        .stamps_held = 10,
        .stamps_span_s = 11,
        .daemon_tx = 12,
        .kernel_rx = 13,
        .kernel_tx = 14,
    };
    for (size_t f = 0; f < LEN(formats); f++)
        for (size_t len = formats[f].from; len < formats[f].to; len++) {
            assert_int_equal(ask(54, "", len), formats[f].len);
            assert_int_equal(code_of(), formats[f].code);
        }
    (void)ask(54, "", 48); /* NTP hits, cmd hits, and their drops, log drops */
    is(48, "06020000 0036 000e 0000 000000000000 05c2d69b 0000000000000000"
           "ffffffff 00000003 00000004 00000006 00000007");
    (void)ask(54, "", 60);
    is(60, "06020000 0036 0016 0000 000000000000 05c2d69b 0000000000000000"
           "ffffffff 00000002 00000003 00000004 00000005 00000006 00000007"
           "00000008");
    (void)ask(54, "", 196);
    static const uint64_t want[] = {UINT64_C(0x123456789),
                                    2,
                                    3,
                                    4,
                                    5,
                                    6,
                                    7,
                                    8,
                                    9,
                                    10,
                                    11,
                                    0,
                                    12,
                                    13,
                                    14,
                                    0,
                                    0,
                                    UINT64_MAX,
                                    UINT64_MAX,
                                    UINT64_MAX,
                                    UINT64_MAX};
    for (size_t i = 0; i < LEN(want); i++)
        assert_true(bytes_get64(out + 28 + 8 * i) == want[i]);
}

static void ntpdata_by_length(void **state)
{
    (void)state;
    s.sources.count = 1;
    s.sources.row[0].addr = (struct addr){4, {192, 0, 2, 1}};
    s.sources.row[0].nts = true;
    s.timekeeper.row[0].reply =
        (struct status_reply){.any = true, .failed = NTP_TEST_A};
    static const char who[] = "c0000201 00000000 00000000 00000000 0001 0000";
    for (size_t len = 40; len < 200; len++) {
        size_t n = ask(57, who, len);
        assert_int_equal(n, len < 152 ? 28 : len < 172 ? 152 : 172);
        assert_int_equal(code_of(), len < 152 ? 1 : len < 172 ? 16 : 26);
        assert_int_equal(status_of(), len < 152 ? 19 : 0);
        if (len < 152)
            continue;
        assert_int_equal(bytes_get16(out + 28 + 92), 0x83f7);
        assert_memory_equal(out + 28 + 94, "DK", 2);
    }
    assert_int_equal(
        ask(57, "c0000202 00000000 00000000 00000000 0001 0000", 172), 28);
    assert_int_equal(status_of(), 4);
}

/* ---- sources ------------------------------------------------------------- */

/* Several servers at one address, told apart by their port: a question by
 * address is about the one that was told of last. */
static void one_address(void **state)
{
    (void)state;
    static const char who[] = "0a000202 00000000 00000000 00000000 0001 0000";
    s.sources.count = 3;
    for (unsigned i = 0; i < 3; i++) {
        s.sources.row[i].addr = (struct addr){4, {10, 0, 2, 2}};
        s.sources.row[i].name[0] = (char)('a' + i);
    }
    s.sources.row[1].addr.b[3] = 3;
    assert_int_equal(ask(65, who, 284), 284);
    assert_string_equal(out + 28, "a");
    assert_int_equal(ask(15, "00000002", 76), 76);
    assert_int_equal(ask(65, who, 284), 284);
    assert_string_equal(out + 28, "c");
    assert_int_equal(ask(15, "00000001", 76), 76);
    assert_int_equal(ask(65, who, 284), 284);
    assert_string_equal(out + 28, "c");
    assert_int_equal(ask(15, "00000000", 76), 76);
    assert_int_equal(ask(65, who, 284), 284);
    assert_string_equal(out + 28, "a");
    assert_int_equal(ask(34, "00000002", 84), 84);
    assert_int_equal(ask(65, who, 284), 284);
    assert_string_equal(out + 28, "c");
    assert_int_equal(ask(69, "00000000", 76), 76);
    assert_int_equal(ask(65, who, 284), 284);
    assert_string_equal(out + 28, "a");
    s.timekeeper.tracking.selected = 2;
    assert_int_equal(ask(33, "", 104), 104);
    assert_int_equal(ask(65, who, 284), 284);
    assert_string_equal(out + 28, "c");
    assert_int_equal(ask(15, "00000003", 76), 28);
    assert_int_equal(status_of(), 4);
    assert_int_equal(ask(15, "ffffffff", 76), 28);
    assert_int_equal(status_of(), 4);
}

/* A source that has no address yet has a number. */
static void unresolved(void **state)
{
    (void)state;
    s.sources.count = 2;
    strcpy(s.sources.row[1].name, "ntp.example");
    s.sources.row[0].addr = (struct addr){6, {0x20, 1, 0xd, 0xb8}};
    s.sources.row[1].last_rx_ago_s = -1;
    assert_int_equal(ask(15, "00000001", 76), 76);
    is(48, "06020000 000f 0003 0000 000000000000 05c2d69b 0000000000000000"
           "00000002 00000000 00000000 00000000 0003 0000");
    assert_int_equal(bytes_get32(out + 28 + 32), UINT32_MAX);
    assert_int_equal(
        ask(65, "00000002 00000000 00000000 00000000 0003 0000", 284), 284);
    assert_string_equal(out + 28, "ntp.example");
    assert_int_equal(
        ask(65, "00000001 00000000 00000000 00000000 0003 0000", 284), 28);
    assert_int_equal(
        ask(65, "20010db8 00000000 00000000 00000000 0002 0000", 284), 284);
    assert_int_equal(ask(44, "", 48), 48);
    assert_int_equal(bytes_get32(out + 28), 1);
    assert_int_equal(bytes_get32(out + 28 + 16), 1);
}

/* Before its key exchange a source goes by that one's address: chronyc leaves
 * out those without any, and authdata is where its failures are. */
static void before_its_keys(void **state)
{
    (void)state;
    static const char addr[] = "0a000207 00000000 00000000 00000000 0001 0000";
    s.sources.count = 1;
    strcpy(s.sources.row[0].name, "ntp.example");
    s.sources.row[0].ke_addr = (struct addr){4, {10, 0, 2, 7}};
    s.sources.row[0].nts = true;
    s.sources.row[0].ke_attempts = 3;
    assert_int_equal(ask(15, "00000000", 76), 76);
    is(48, "06020000 000f 0003 0000 000000000000 05c2d69b 0000000000000000"
           "0a000207 00000000 00000000 00000000 0001 0000");
    assert_int_equal(ask(67, addr, 52), 52);
    assert_int_equal(bytes_get16(out + 28 + 10), 3);
    assert_int_equal(ask(57, addr, 172), 172);
    assert_int_equal(ask(69, "00000000", 76), 76);
    assert_int_equal(bytes_get32(out + 28), 0x0a000207);
    assert_int_equal(ask(44, "", 48), 48);
    assert_int_equal(bytes_get32(out + 28), 1);
    assert_int_equal(bytes_get32(out + 28 + 16), 0);
}

/* chronyd's own words with `local stratum 5` and no source. */
static void tracking_local(void **state)
{
    (void)state;
    s.timekeeper.tracking.synchronised = false;
    s.timekeeper.tracking.leap = 3;
    s.server.local_stratum = 5;
    s.server.local_ref_unix_s = 0x6b0a9c1e;
    s.server.local_ref_unix_ns = 7;
    assert_int_equal(ask(33, "", 104), 104);
    is(28 + 40,
       "06020000 0021 0005 0000 000000000000 05c2d69b 0000000000000000"
       "7f7f0101 00000000 00000000 00000000 00000000 0000 0000 0005 0000"
       "00000000 6b0a9c1e 00000007");
    assert_int_equal(bytes_get32(out + 28 + 64), 0); /* root delay */
    assert_int_equal(bytes_get32(out + 28 + 68), 0); /* root dispersion */
}

static void long_name(void **state)
{
    (void)state;
    s.sources.count = 1;
    s.sources.row[0].addr = (struct addr){4, {1, 2, 3, 4}};
    memset(s.sources.row[0].name, 'n', sizeof s.sources.row[0].name - 1);
    assert_int_equal(
        ask(65, "01020304 00000000 00000000 00000000 0001 0000", 284), 284);
    assert_int_equal(strlen((char *)out + 28), 255);
}

/* ---- clients ------------------------------------------------------------- */

static void clients(void **state)
{
    (void)state;
    unsigned seen = 0, replies = 0;
    uint32_t next = 0;
    for (uint8_t i = 0; i < 20; i++)
        for (uint8_t n = 0; n <= i; n++)
            (void)clientlog_of(&l, CLIENTLOG_NTP,
                               &(struct addr){4, {10, 0, 0, i}},
                               n * MONO_S * 64);
    m.now = 64 * 19 * MONO_S;
    while (next < LIMIT_CLIENTS) {
        char data[64];
        snprintf(data, sizeof data, "%08x 00000008 0000000b 00000001", next);
        assert_int_equal(ask(68, data, 520), 520);
        assert_int_equal(code_of(), 21);
        assert_int_equal(bytes_get32(out + 28), LIMIT_CLIENTS);
        next = bytes_get32(out + 32);
        uint32_t n = bytes_get32(out + 36);
        assert_true(n <= 8 && (n == 8 || next == LIMIT_CLIENTS));
        for (uint32_t i = 0; i < n; i++) {
            const uint8_t *c = out + 40 + 60 * i;
            unsigned id = c[3];
            assert_int_equal(bytes_get16(c + 16), 1);
            assert_int_equal(bytes_get32(c + 20), id + 1); /* NTP hits */
            assert_true(id + 1 >= 11);
            assert_int_equal(bytes_get32(c + 24), 0);
            assert_int_equal((int8_t)c[44], 6);
            assert_int_equal((int8_t)c[45], 127);
            assert_int_equal(bytes_get32(c + 48), 64 * (19 - id));
            assert_int_equal(bytes_get32(c + 52), UINT32_MAX);
            seen |= 1u << id;
        }
        replies++;
    }
    assert_int_equal(seen, 0xffc00); /* those with 11 hits or more */
    assert_int_equal(replies, 2);
    /* Its reset flag changed nothing, and so many are never given. */
    assert_int_equal(ask(68, "00000000 ffffffff 00000000 00000001", 520), 520);
    assert_int_equal(bytes_get32(out + 36), 8);
    m.clients = NULL;
    assert_int_equal(ask(68, "00000000 00000008 00000000 00000000", 520), 28);
    assert_int_equal(status_of(), 15);
}

/* ---- who may what -------------------------------------------------------- */

static void access_checks(void **state)
{
    (void)state;
    const struct addr_prefix ten = {{4, {10}}, 8}, six = {{6, {0x20}}, 8};
    assert_int_equal(access_add(&allow, &ten, true, false), RC_OK);
    assert_int_equal(access_add(&cmdallow, &six, true, false), RC_OK);
    static const char in4[] = "0a010203 00000000 00000000 00000000 0001 0000";
    static const char in6[] = "20010db8 00000000 00000000 00000001 0002 0000";
    static const char none[] = "0a010203 00000000 00000000 00000000 0000 0000";
    assert_int_equal(ask(25, in4, 40), 28);
    assert_int_equal(status_of(), 8);
    (void)ask(26, in4, 40);
    assert_int_equal(status_of(), 9);
    (void)ask(25, in6, 40);
    assert_int_equal(status_of(), 9);
    (void)ask(26, in6, 40);
    assert_int_equal(status_of(), 8);
    (void)ask(25, none, 40);
    assert_int_equal(status_of(), 9);
}

static void open_commands(void **state)
{
    (void)state;
    m.open = CMDMON_OPEN;
    (void)ask(68, "", 520);
    assert_int_equal(status_of(), 2);
    m.open = 1u << CMDMON_SELECTDATA; /* and what chronyc asks for it */
    (void)ask(14, "", 32);
    assert_int_equal(status_of(), 0);
    (void)ask(15, "", 76);
    assert_int_equal(status_of(), 2);
    m.open = 0;
    for (uint16_t c = 1; c < 75; c++) {
        (void)ask(c, "", 860);
        assert_true(status_of() == 2 || status_of() == 3 ||
                    (c == 10 && status_of() == 1));
    }
}

static void what_is_refused(void **state)
{
    (void)state;
    /* chronyc's names: online, offline, burst, makestep, shutdown ... */
    static const uint8_t refused[] = {
        1,  2,  3,  4,  5,  6,  7,  8,  9,  11, 13, 16, 17, 18, 19,
        20, 21, 22, 23, 24, 29, 30, 31, 36, 37, 42, 43, 45, 46, 47,
        48, 49, 50, 52, 53, 56, 62, 63, 64, 66, 70, 71, 72, 73, 74,
    };
    static const uint8_t unknown[] = {12, 27, 28, 32, 38, 39,
                                      40, 55, 58, 59, 60, 61};
    const struct status before = s;
    for (size_t i = 0; i < LEN(refused); i++) {
        assert_int_equal(ask(refused[i], "", 400), 28);
        assert_int_equal(status_of(), 2);
    }
    for (size_t i = 0; i < LEN(unknown); i++) {
        assert_int_equal(ask(unknown[i], "", 400), 28);
        assert_int_equal(status_of(), 3);
    }
    for (unsigned c = 75; c <= UINT16_MAX; c++) {
        assert_int_equal(ask((uint16_t)c, "", 28), 28);
        assert_int_equal(status_of(), 3);
    }
    assert_memory_equal(&before, &s, sizeof s);
}

static void versions(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 256; v++) {
        size_t len = request(33, "", 104);
        req[0] = (uint8_t)v;
        size_t n = cmdmon_reply(&m, req, len, out);
        assert_int_equal(n, v < 5 ? 0 : v == 6 ? 104 : 28);
        if (n > 0) {
            assert_int_equal(status_of(), v == 6 ? 0 : 18);
            assert_int_equal(out[0], 6);
        }
    }
    /* Type 1 and two reserved bytes, or silence: a reply is no request. */
    for (unsigned at = 1; at < 4; at++)
        for (unsigned v = 0; v < 256; v++) {
            size_t len = request(33, "", 104);
            unsigned right = at == 1;
            req[at] = (uint8_t)v;
            assert_int_equal(cmdmon_reply(&m, req, len, out),
                             v == right ? 104 : 0);
        }
}

/* Counted: every command there can be near chrony's, every length. */
static void never_longer(void **state)
{
    (void)state;
    unsigned requests = 0, answered = 0, silent = 0;
    s.sources.count = 1;
    s.sources.row[0].addr = (struct addr){4, {10, 0, 2, 2}};
    for (uint16_t c = 0; c < 100; c++)
        for (size_t len = 0; len <= 600; len++) {
            for (unsigned named = 0; named < 2; named++) {
                (void)request(c, "", 1000);
                if (named)
                    (void)request(
                        c, "0a000202 00000000 00000000 00000000 0001 0000",
                        1000);
                size_t n = cmdmon_reply(&m, req, len, out);
                requests++;
                if (n == 0) {
                    silent++;
                    assert_true(len < 28);
                    continue;
                }
                answered++;
                assert_true(n >= 28 && n <= len);
                assert_int_equal(out[1], 2);
                assert_int_equal(cmdmon_reply(&m, out, n, req), 0);
            }
        }
    assert_int_equal(requests, 100 * 601 * 2);
    assert_int_equal(silent, 100 * 28 * 2);
    assert_int_equal(answered, requests - silent);
    for (size_t len = 600; len < 1400; len++)
        assert_int_equal(cmdmon_reply(&m, req, request(33, "", len), out),
                         len <= 860 ? 104 : 0);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(cmdmon_report_name(CMDMON_ACCHECK), "accheck");
    assert_string_equal(cmdmon_report_name(CMDMON_TRACKING), "tracking");
    assert_string_equal(cmdmon_report_name(CMDMON_CLIENTS), "clients");
    for (unsigned i = 1; i < CMDMON_REPORTS; i++)
        assert_true(strcmp(cmdmon_report_name(i - 1), cmdmon_report_name(i)) <
                    0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(floats, setup),
        cmocka_unit_test_setup(tracking, setup),
        cmocka_unit_test_setup(tracking_unset, setup),
        cmocka_unit_test_setup(authdata, setup),
        cmocka_unit_test_setup(serverstats, setup),
        cmocka_unit_test_setup(rtcdata, setup),
        cmocka_unit_test_setup(serverstats_by_length, setup),
        cmocka_unit_test_setup(ntpdata_by_length, setup),
        cmocka_unit_test_setup(one_address, setup),
        cmocka_unit_test_setup(unresolved, setup),
        cmocka_unit_test_setup(before_its_keys, setup),
        cmocka_unit_test_setup(tracking_local, setup),
        cmocka_unit_test_setup(long_name, setup),
        cmocka_unit_test_setup(clients, setup),
        cmocka_unit_test_setup(access_checks, setup),
        cmocka_unit_test_setup(open_commands, setup),
        cmocka_unit_test_setup(what_is_refused, setup),
        cmocka_unit_test_setup(versions, setup),
        cmocka_unit_test_setup(never_longer, setup),
        cmocka_unit_test_setup(names, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
