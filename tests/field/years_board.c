#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/tls_client.h"
#include "adapters/tls_platform.h"
#include "core/bytes.h"
#include "core/utc.h"
#include "../unit/entropy.h"
#include "services/cookies.h"
#include "services/ke_client.h"
#include "services/ke_server.h"
#include "services/log.h"
#include "services/server.h"
#include "services/store.h"
#include "services/timefloor.h"
#include "services/timekeeper.h"
#include "services/version.h"
#include "years.h"

#define HZ         1000000u
#define SLOW_PPM   12 /* the board's crystal                                 */
#define SOURCES    2u
#define POLL_S     1024
#define ROUND_TRIP (2 * MONO_MS)

const char gnomon_version[] = "test";
const int64_t gnomon_build_unix = YEARS_START - 30 * 86400;

static const char lines[] = "server s1 nts minpoll 10 maxpoll 10\n"
                            "server s2 nts minpoll 10 maxpoll 10\n"
                            "allow 10.0.0.0/8\n"
                            "ratelimit interval 3 burst 8 leak 2\n"
                            "ntsratelimit interval 6 burst 8 leak 2\n"
                            "ntsserverkey key.pem\nntsservercert cert.pem\n"
                            "ntsdumpdir /\n";

static struct conf conf;
static mono_ns booted;
static uint8_t reach[SOURCES];
static mono_ns asked[SOURCES];

/* ---- the machine --------------------------------------------------------- */

uint64_t port_ticks(void)
{
    uint64_t us = (uint64_t)(w->now - booted) / 1000;
    return us - us * SLOW_PPM / 1000000;
}

/* When the counter will have come so far. */
static mono_ns when(mono_ns mono)
{
    if (mono == MONO_NEVER)
        return MONO_NEVER;
    return booted + mono + mono / 1000000 * (SLOW_PPM + 1) + 2000;
}

uint32_t port_tick_hz(void)
{
    return HZ;
}

int port_temperature(int32_t *millidegrees)
{
    (void)millidegrees;
    return RC_STATE;
}

void port_poll(void)
{
    w->now += 50 * MONO_US;
}

_Noreturn void port_reset(void)
{
    years_fail(__LINE__, "reset", "nobody asked for one");
}

unsigned ke_client_steps(void)
{
    return 0;
}

uint32_t tls_client_handshakes(void)
{
    return 0;
}

static void on_line(const char *s)
{
    w->lines++;
    if (strstr(s, "a new key for cookies")) {
        w->rotations++;
        w->rotated = w->now;
    }
    w->ends_in +=
        strstr(s, "certificate \"board.test\" (cert.pem) ends in ") != NULL;
    w->ended_on +=
        strstr(s, "certificate \"board.test\" (cert.pem) ended on ") != NULL;
}

size_t port_console(const char *s, size_t len)
{
    if (getenv("GNOMON_SHOW"))
        (void)!write(1, s, len);
    for (size_t i = 0; i < len; i++) {
        if (s[i] != '\n' && w->line_len < sizeof w->line - 1) {
            w->line[w->line_len++] = s[i];
            continue;
        }
        w->line[w->line_len] = 0;
        w->line_len = 0;
        on_line(w->line);
    }
    return len;
}

/* ---- true time ----------------------------------------------------------- */

static mono_ns without_leap(void)
{
    const mono_ns leap = (YEARS_LEAP - YEARS_START) * MONO_S;
    return w->now < leap ? w->now : w->now - MONO_S;
}

ntp64 years_utc(void)
{
    mono_ns t = without_leap();
    return utc_of_unix(YEARS_START + t / MONO_S, (uint32_t)(t % MONO_S));
}

int64_t years_unix(void)
{
    return YEARS_START + without_leap() / MONO_S;
}

/* ---- the card: a write is on it 2 ms after it began ----------------------- */

static struct {
    bool busy, write;
    uint32_t lba, count;
    uint8_t *in;
    const uint8_t *out;
    mono_ns due;
} blk;

int64_t port_blk_count(void)
{
    return YEARS_CARD;
}

static int begin(uint32_t lba, uint32_t count, bool write)
{
    MUST(!blk.busy && lba + count <= YEARS_CARD, "the card");
    blk.busy = true;
    blk.write = write;
    blk.lba = lba;
    blk.count = count;
    blk.due = w->now + 2 * MONO_MS;
    return RC_OK;
}

int port_blk_read(uint32_t lba, uint8_t *buf, uint32_t count)
{
    blk.in = buf;
    return begin(lba, count, false);
}

/* Counts the records in what is being written, without what a half's snapshot
 * says again. */
static void look(uint32_t lba, const uint8_t *b)
{
    if ((lba - YEARS_STATE) % JOURNAL_HALF == 0)
        w->snapshot = true;
    if (bytes_get32(b) != 0x476e4a6c || b[25] != 0)
        return;
    if (b[23] == STORE_SERVER_KEYS &&
        (!w->snapshot || memcmp(w->keys, b + 32, sizeof w->keys) != 0)) {
        memcpy(w->keys, b + 32, sizeof w->keys);
        w->key_records++;
        w->off |= w->cut_keys;
    }
    w->floor_records += !w->snapshot && b[23] == STORE_FLOOR;
    w->snapshot &= b[23] != 0;
}

int port_blk_write(uint32_t lba, const uint8_t *buf, uint32_t count)
{
    MUST(lba >= YEARS_STATE, "the boot partition");
    blk.out = buf;
    w->writes++;
    for (uint32_t i = 0; i < count; i++)
        look(lba + i, buf + 512 * i);
    if (w->off) /* the header arrives, and some of the keys */
        memcpy(w->card[lba], buf, 64);
    return begin(lba, count, true);
}

int port_blk_done(void)
{
    if (!blk.busy)
        return RC_STATE;
    if (w->now < blk.due)
        return RC_AGAIN;
    blk.busy = false;
    if (blk.write)
        memcpy(w->card[blk.lba], blk.out, blk.count * 512);
    else
        memcpy(blk.in, w->card[blk.lba], blk.count * 512);
    return RC_OK;
}

/* ---- datagrams ----------------------------------------------------------- */

static struct net_udp *socket;
static uint8_t *answer;
static size_t answer_len;

int net_udp_open(struct net_udp *u, uint16_t port)
{
    MUST(port == 123 && !socket, "NTP's port");
    socket = u;
    return RC_OK;
}

int net_udp_reply(struct net_udp *u, const struct net_udp_datagram *d,
                  const uint8_t *msg, size_t len)
{
    MUST(u == socket && len <= d->len, "no longer than the request");
    if (w->no_buffers)
        return RC_SPACE;
    memcpy(answer, msg, len);
    answer_len = len;
    u->sent(u->arg, port_ticks(), msg, len);
    return RC_OK;
}

static struct addr address(uint32_t ip)
{
    struct addr a = {.family = 4};
    bytes_put32(a.b, ip);
    return a;
}

size_t years_ask(uint32_t from, uint16_t port, const uint8_t *msg, size_t len,
                 uint8_t out[NET_UDP_MAX])
{
    const struct net_udp_datagram d = {.from = address(from),
                                       .to = address(0x0a000064),
                                       .from_port = port,
                                       .stamp = port_ticks(),
                                       .msg = msg,
                                       .len = len};
    answer = out;
    answer_len = 0;
    w->now += 20 * MONO_US; /* the frame has waited */
    socket->received(socket->arg, &d);
    return answer_len;
}

/* ---- connections --------------------------------------------------------- */

static struct net_tcp_listener *listener;
static struct years_tcp tcp[32];

int net_tcp_listen(struct net_tcp_listener *l, uint16_t port)
{
    MUST(port == 4460, "NTS-KE's port");
    listener = l;
    return RC_OK;
}

struct years_tcp *years_connect(uint32_t from)
{
    const struct addr a = address(from);
    struct years_tcp *c = tcp;
    while (c->board && c < tcp + LEN(tcp) - 1)
        c++;
    MUST(!c->board, "connections are left over");
    struct net_tcp *t = listener->accept(listener->arg, &a, 50000);
    if (!t)
        return NULL;
    memset(c, 0, sizeof *c);
    c->board = t;
    t->pcb = c;
    t->state = NET_TCP_OPEN;
    return c;
}

void years_hang_up(struct years_tcp *c)
{
    if (!c->closed)
        c->board->state = NET_TCP_EOF;
    else
        c->board = NULL;
}

int net_tcp_read(struct net_tcp *t, uint8_t *buf, size_t cap)
{
    struct years_tcp *c = t->pcb;
    size_t n = c->in_len < cap ? c->in_len : cap;
    if (n == 0)
        return t->state == NET_TCP_EOF ? 0 : RC_AGAIN;
    memcpy(buf, c->in, n);
    memmove(c->in, c->in + n, c->in_len - n);
    c->in_len -= n;
    return (int)n;
}

int net_tcp_write(struct net_tcp *t, const uint8_t *buf, size_t len)
{
    struct years_tcp *c = t->pcb;
    MUST(len <= sizeof c->out - c->out_len, "room for what the board says");
    memcpy(c->out + c->out_len, buf, len);
    c->out_len += len;
    return (int)len;
}

void net_tcp_close(struct net_tcp *t)
{
    struct years_tcp *c = t->pcb;
    if (!c)
        return;
    c->closed = true;
    if (t->state == NET_TCP_EOF)
        c->board = NULL; /* both have gone */
    t->pcb = NULL;
    t->state = NET_TCP_CLOSED;
}

void net_tcp_abort(struct net_tcp *t)
{
    net_tcp_close(t);
}

/* ---- the servers that set the clock -------------------------------------- */

static void reply(unsigned slot)
{
    static uint64_t random = 1;
    random = random * 6364136223846793005u + 1442695040888963407u;
    span_ns off = (span_ns)(random >> 40) % 400000 - 200000;
    bool june =
        years_unix() >= YEARS_LEAP - 30 * 86400 && years_unix() < YEARS_LEAP;
    struct ntp_sample s = {.at_ticks = port_ticks() - ROUND_TRIP / 2000,
                           .utc = utc_add_ns(years_utc(), off - ROUND_TRIP / 2),
                           .delay_ns = ROUND_TRIP,
                           .ref_time = years_utc() - (uint64_t)UTC_S,
                           .leap = june,
                           .stratum = 1,
                           .poll = 10,
                           .server_precision = -20};
    const struct timekeeper_reply r = {.sample = &s,
                                       .cert_lo = YEARS_START - 10 * 86400,
                                       .cert_hi = YEARS_START + 500 * 86400,
                                       .reach = reach[slot]};
    struct timekeeper_verdict v;
    timekeeper_reply(slot, &r, &v);
}

/* Returns when the next one is to be asked. */
static mono_ns ask_sources(void)
{
    mono_ns next = MONO_NEVER;
    for (unsigned i = 0; i < SOURCES; i++) {
        if (w->now >= asked[i] + POLL_S * MONO_S) {
            asked[i] = w->now;
            reach[i] = (uint8_t)(reach[i] << 1 | w->sources);
            timekeeper_asked(i, reach[i], 0x0a000101 + i);
            if (w->sources)
                reply(i);
        }
        next = mono_min(next, asked[i] + POLL_S * MONO_S);
    }
    return next;
}

/* ---- one boot ------------------------------------------------------------ */

static void floor_moved(bool needs_restart)
{
    (void)needs_restart;
    years_fail(__LINE__, "floor", "there is no operator here");
}

static void start_sources(void)
{
    for (unsigned i = 0; i < SOURCES; i++) {
        const struct addr a = address(0x0a000101 + i);
        timekeeper_source(i, &conf.sources[i]);
        timekeeper_server(i, &a, 123);
        asked[i] = w->now - (POLL_S - 2 - (int)i) * MONO_S;
    }
}

/* In the order of main.c. */
void years_boot(void)
{
    uint8_t skipped[64]; /* entropy.h would have the same bytes             */
    for (unsigned i = 0; i < 8 * w->boots + 1; i++) /* in every process */
        MUST(port_entropy(skipped, sizeof skipped) == RC_OK, "entropy");
    w->boots++;
    w->line_len = 0;
    booted = w->now - MONO_MS;
    log_init();
    MUST(conf_parse(&conf, lines, sizeof lines - 1) == 0, "chrony.conf");
    MUST(store_init() == RC_OK && store_state_partition(), "card");
    tls_platform_init();
    ke_server_init();
    ke_server_add(&conf.pair[0], "chrony.conf:6", (const uint8_t *)w->cert,
                  strlen(w->cert), (const uint8_t *)w->key, strlen(w->key));
    timefloor_init(&conf, floor_moved);
    start_sources();
    cookies_start(&conf);
    server_start(&conf);
    ke_server_start(&conf);
    years_counts((UINT64_C(1) << 32) - 20);
}

static mono_ns poll_services(void)
{
    mono_ns now = port_mono();
    mono_ns next = ke_server_poll(now);
    next = mono_min(next, timekeeper_poll(now));
    next = mono_min(next, timefloor_poll(now));
    next = mono_min(next, cookies_poll(now));
    next = mono_min(next, store_poll(now));
    return mono_min(next, log_poll(now));
}

void years_run(mono_ns until)
{
    while (w->now < until && !w->off) {
        mono_ns next = mono_min(until, ask_sources());
        next = mono_min(next, when(poll_services()));
        w->now = next > w->now ? next : w->now + 100 * MONO_US;
    }
}

void years_settle(void)
{
    for (unsigned i = 0; i < 200; i++)
        if (ke_server_poll(port_mono()) > port_mono())
            return;
    years_fail(__LINE__, "settle", "the key exchange comes to no rest");
}
