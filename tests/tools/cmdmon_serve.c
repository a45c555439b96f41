/* Answers chronyc on a loopback port from one status snapshot, and prints the
 * console's tables of the same snapshot, so that the two can be compared to the
 * last column (tests/host/test_chronyc.py).
 *
 *     cmdmon_serve SEED
 *
 * The snapshot's values come from the seed; 0 is a clock that is not set, 4 one
 * that is not set and served by `local`, with sources that have no address, or
 * that of their key exchange alone. It ends with its standard input. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/chronyc_text.h"
#include "core/cmdmon.h"
#include "core/conf.h"

static struct status s;
static struct clientlog l;
static struct conf conf;
static uint64_t state;

static uint64_t chance(uint64_t below)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (state >> 33) % below;
}

/* Of any size, from 1 ns to 1000 s, either sign. */
static span_ns span(void)
{
    span_ns v = 1;
    for (uint64_t n = chance(12); n > 0; n--)
        v *= 10;
    v += (span_ns)(chance(1000000) * (uint64_t)v / 100000);
    return chance(2) ? -v : v;
}

static span_ns length(void)
{
    span_ns v = span();
    return v < 0 ? -v : v;
}

static int64_t ago(void)
{
    static const int64_t of[] = {-1, 0, 17, 1199, 1200, 35999, 36000, 400000};
    return of[chance(LEN(of))];
}

static void fill_source(unsigned i)
{
    static const char letters[] = "*+-x~?", why[] = "*+DPWxT~drsSMN";
    struct status_source *x = &s.sources.row[i];
    struct status_clock_source *e = &s.timekeeper.row[i];
    snprintf(x->name, sizeof x->name, "ntp%u.example", i);
    x->addr = (struct addr){4, {192, 0, 2, (uint8_t)(1 + i)}};
    if (i == 2)
        x->addr = (struct addr){6, {0x20, 1, 0xd, 0xb8, [15] = 7}};
    x->port = (uint16_t)chance(65536);
    x->stratum = (uint8_t)chance(16);
    x->leap = (uint8_t)chance(4);
    x->poll = (int8_t)chance(18) - 4;
    x->reach = (uint8_t)chance(256);
    x->last_rx_ago_s = ago();
    x->tx = (uint32_t)chance(100000);
    x->rx = (uint32_t)chance(100000);
    x->valid = (uint32_t)chance(100000);
    x->nts = i != 1;
    x->last_ke_ago_s = -1;
    if (x->nts) {
        x->key_id = (uint32_t)chance(1000);
        x->aead = chance(2) ? 15 : 30;
        x->key_bits = x->aead == 15 ? 256 : 128;
        x->last_ke_ago_s = ago();
        x->ke_attempts = (uint32_t)chance(100);
        x->naks = (uint32_t)chance(100);
        x->cookies = (uint8_t)chance(9);
        x->cookie_len = 100;
    }
    e->state = letters[chance(6)];
    e->offset_ns = span();
    e->measured_ns = span();
    e->sigma_ns = length();
    e->bound_ns = length();
    e->good = (uint32_t)chance(100000);
    e->select = (struct status_select){.letter = why[chance(14)],
                                       .configured = (unsigned)chance(16),
                                       .effective = (unsigned)chance(16),
                                       .score = 1 + (double)chance(900) / 10,
                                       .judged = chance(4) > 0};
    if (e->select.judged) {
        e->select.lo_ns = span();
        e->select.hi_ns = e->select.lo_ns + length();
    }
    e->stats = (struct status_stats){.samples = (uint8_t)chance(17),
                                     .runs = (uint8_t)chance(17),
                                     .span_s = ago(),
                                     .spread_ns = length(),
                                     .freq_e12 = span() % 500000000,
                                     .freq_sigma_e12 = length() % 2000000000};
    if (e->stats.span_s < 0)
        e->stats.span_s = 5;
    e->reply = (struct status_reply){.any = i != 3};
    if (!e->reply.any)
        return;
    e->reply = (struct status_reply){.any = true,
                                     .stratum = (uint8_t)(2 + chance(14)),
                                     .leap = (uint8_t)chance(4),
                                     .poll = (int8_t)chance(18) - 4,
                                     .precision = -(int8_t)chance(30),
                                     .root_delay_ns = length() % 1000000000,
                                     .root_disp_ns = length() % 1000000000,
                                     .ref_id = (uint32_t)chance(UINT32_MAX),
                                     .ref_unix_s = 1795392000,
                                     .offset_ns = span(),
                                     .delay_ns = length(),
                                     .disp_ns = length(),
                                     .response_ns = length(),
                                     .refused = chance(2),
                                     .interleaved = chance(2),
                                     .failed = (uint8_t)chance(16)};
}

static void fill_tracking(struct status_tracking *k)
{
    *k = (struct status_tracking){.synchronised = true,
                                  .selected = 0,
                                  .ref_id = addr_refid(&s.sources.row[0].addr),
                                  .stratum = (uint8_t)(1 + chance(15)),
                                  .leap = (uint8_t)chance(3),
                                  .ref_unix_s = 1795392000 + 12345,
                                  .ref_unix_ns = 987654321,
                                  .system_ns = span(),
                                  .last_offset_ns = span(),
                                  .rms_offset_ns = length(),
                                  .freq_e12 = span() % 500000000,
                                  .resid_e12 = span() % 500000000,
                                  .freq_sigma_e12 = length() % 2000000000,
                                  .root_delay_ns = length(),
                                  .root_disp_ns = length(),
                                  .update_ns = length()};
}

static void fill_server(struct status_server *v)
{
    uint64_t *of[] = {&v->ntp_hits,    &v->ke_hits,       &v->cmd_hits,
                      &v->ntp_drops,   &v->ke_drops,      &v->cmd_drops,
                      &v->log_drops,   &v->authenticated, &v->interleaved,
                      &v->stamps_held, &v->stamps_span_s, &v->daemon_rx,
                      &v->daemon_tx,   &v->kernel_rx,     &v->kernel_tx};
    for (size_t i = 0; i < LEN(of); i++)
        *of[i] = chance(UINT32_MAX);
    v->serving = true;
}

static void fill_before_sync(void)
{
    struct status_source *x = s.sources.row;
    struct status_clock_source *e = s.timekeeper.row;
    s.sources.count = 4;
    for (unsigned i = 0; i < s.sources.count; i++) {
        x[i] = (struct status_source){.poll = 6,
                                      .leap = 3,
                                      .port = 123,
                                      .nts = i < 2,
                                      .last_rx_ago_s = -1,
                                      .last_ke_ago_s = -1,
                                      .ke_attempts = 3 * i};
        snprintf(x[i].name, sizeof x[i].name, "ntp%u.example", i);
        e[i].state = '?';
        e[i].select.letter = 'M';
        e[i].select.score = 1;
        e[i].stats.spread_ns = STATUS_SPREAD_UNKNOWN;
        e[i].stats.freq_sigma_e12 = STATUS_SIGMA_UNKNOWN;
    }
    x[1].ke_addr = (struct addr){4, {192, 0, 2, 2}};
    x[3].addr = (struct addr){6, {0x20, 1, 0xd, 0xb8, [15] = 8}};
    s.server.local_stratum = 5;
    s.server.local_ref_unix_s = 1795392000;
    s.server.local_ref_unix_ns = 123456789;
}

static void fill_clients(mono_ns now)
{
    static const uint64_t key[5] = {
        UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xbf58476d1ce4e5b9),
        UINT64_C(0x94d049bb133111eb), UINT64_C(0xd6e8feb86659fd93),
        UINT64_C(0xa0761d6478bd642f)};
    const struct clientlog_limit limit = {
        .on = true, .interval = 2, .burst = 4, .leak = 2};
    clientlog_init(&l, key);
    for (unsigned i = 0; i < 21; i++) {
        struct addr who = {4, {192, 0, 2, (uint8_t)i}};
        if (i % 5 == 4)
            who = (struct addr){6, {0x20, 1, 0xd, 0xb8, (uint8_t)i}};
        mono_ns each = MONO_S << chance(7);
        for (uint64_t n = chance(40); n > 0; n--) {
            enum clientlog_kind k = (enum clientlog_kind)chance(3);
            mono_ns at = now - (mono_ns)n * each;
            (void)clientlog_admit(clientlog_of(&l, k, &who, at), k, &limit, at,
                                  (uint32_t)chance(64));
        }
    }
}

/* ---- the console's tables ------------------------------------------------ */

static void table(const char *name,
                  size_t (*layout)(const struct status *, char *, size_t))
{
    static char text[16384];
    (void)layout(&s, text, sizeof text);
    printf("== %s\n%s", name, text);
}

static void list_clients(bool ke, mono_ns now)
{
    char text[200];
    (void)chronyc_clients_header(ke, text, sizeof text);
    printf("== clients%s\n%s", ke ? " -k" : "", text);
    for (unsigned i = 0; i < LIMIT_CLIENTS; i++) {
        if (l.client[i].addr.family == 0)
            continue;
        (void)chronyc_client(&l.client[i], now, ke, text, sizeof text);
        printf("%s", text);
    }
}

static void tables(mono_ns now)
{
    char text[4096];
    table("sources", chronyc_sources);
    table("sourcestats", chronyc_sourcestats);
    table("selectdata", chronyc_selectdata);
    table("authdata", chronyc_authdata);
    table("tracking", chronyc_tracking);
    table("serverstats", chronyc_serverstats);
    table("activity", chronyc_activity);
    printf("== ntpdata\n");
    for (size_t i = 0; i < s.sources.count; i++) {
        if (status_source_addr(&s.sources.row[i])->family == 0)
            continue;
        (void)chronyc_ntpdata(&s, i, text, sizeof text);
        printf("\n%s", text);
    }
    list_clients(false, now);
    list_clients(true, now);
}

/* ---- chronyc ------------------------------------------------------------- */

static void answer(int fd, struct cmdmon *m)
{
    struct sockaddr_in from;
    socklen_t n = sizeof from;
    uint8_t req[2048], out[CMDMON_REPLY_MAX];
    ssize_t len =
        recvfrom(fd, req, sizeof req, 0, (struct sockaddr *)&from, &n);
    if (len < 0)
        return;
    size_t reply = cmdmon_reply(m, req, (size_t)len, out);
    if (reply > 0 && sendto(fd, out, reply, 0, (struct sockaddr *)&from, n) < 0)
        perror("sendto");
}

int main(int argc, char **argv)
{
    const mono_ns now = 200000 * MONO_S;
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof here;
    static const char lines[] = "allow 192.0.2.0/24\ncmdallow 127.0.0.0/8\n";
    state = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    if (conf_parse(&conf, lines, sizeof lines - 1) != 0)
        return 1;
    s.net.addr4 = (struct addr){4, {192, 0, 2, 99}};
    s.net.addr6 = (struct addr){6, {0x20, 1, 0xd, 0xb8, [15] = 99}};
    s.timekeeper.tracking =
        (struct status_tracking){.selected = -1, .stratum = 16, .leap = 3};
    if (state == 4) {
        fill_before_sync();
    } else if (state != 0) {
        s.sources.count = 5;
        for (unsigned i = 0; i < s.sources.count; i++)
            fill_source(i);
        fill_tracking(&s.timekeeper.tracking);
        fill_server(&s.server);
    }
    fill_clients(now);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, n) < 0 ||
        getsockname(fd, (struct sockaddr *)&here, &n) < 0)
        return 1;
    printf("port %u\n", ntohs(here.sin_port));
    tables(now);
    printf("== end\n");
    fflush(stdout);
    struct cmdmon m = {.status = &s,
                       .clients = &l,
                       .allow = &conf.allow,
                       .cmdallow = &conf.cmdallow,
                       .open = UINT32_MAX,
                       .now = now};
    struct pollfd p[] = {{.fd = fd, .events = POLLIN},
                         {.fd = STDIN_FILENO, .events = POLLIN}};
    while (poll(p, 2, -1) > 0 && p[1].revents == 0)
        answer(fd, &m);
    return 0;
}
