#include "syslog.h"

#include <string.h>

#include "adapters/net.h"
#include "adapters/net_udp.h"
#include "core/mono.h"
#include "core/syslog.h"
#include "core/utc.h"
#include "log.h"
#include "port.h"
#include "timekeeper.h"

#define LOOK_EVERY (100 * MONO_MS)
#define EACH       (10 * MONO_MS) /* between two lines                       */
#define GONE       (10 * MONO_S)  /* lwIP has given it up by then            */
#define SLOW       (2 * MONO_S)

struct server {
    struct net_udp socket;
    const struct conf_syslog *to;
    uint32_t at;         /* the next line's number                         */
    bool flying;         /* it is in lwIP's hands                          */
    mono_ns since, next; /* flying; not before                             */
    uint32_t sent, lost;
};

static struct {
    const struct conf *conf;
    struct server server[LIMIT_SYSLOG];
    unsigned count;
} sl;

static void on_received(void *arg, const struct net_udp_datagram *d)
{
    (void)arg;
    (void)d;
}

static void on_sent(void *arg, uint64_t stamp, const uint8_t *msg, size_t len)
{
    struct server *s = arg;
    (void)stamp;
    (void)msg;
    (void)len;
    if (!s->flying)
        return; /* twice, after a long wait */
    s->flying = false;
    s->sent++;
    s->at++;
}

void syslog_init(const struct conf *conf)
{
    memset(&sl, 0, sizeof sl);
    sl.conf = conf;
    sl.count = conf->syslog_count;
    for (unsigned i = 0; i < sl.count; i++) {
        struct server *s = &sl.server[i];
        s->to = &conf->syslog[i];
        s->at = logring_oldest(log_ring());
        s->socket = (struct net_udp){
            .arg = s, .received = on_received, .sent = on_sent};
    }
}

/* UTC at an earlier time. The clock can only be asked for now, so what has been
 * slewed since then is not taken back. */
static void time_of(mono_ns then, struct syslog_line *l)
{
    ntp64 now = timekeeper_utc(port_ticks());
    int64_t ns = (int64_t)utc_unix_ns(now) - (port_mono() - then);
    l->unix_s = timekeeper_unix_of(now) + ns / MONO_S;
    ns %= MONO_S;
    if (ns < 0) {
        l->unix_s--;
        ns += MONO_S;
    }
    l->ns = (uint32_t)ns;
}

static void describe(const struct server *s, const char *text,
                     struct syslog_line *l)
{
    const struct logring_mark *mark = logring_mark(log_ring(), s->at);
    struct history_state clock = {.bound_ns = -1};
    bool set = timekeeper_figures(&clock);
    *l = (struct syslog_line){
        .hostname = sl.conf->hostname,
        .timed = set && mark->uptime >= timekeeper_first_sync(),
        .synced = set,
        .bound_ns = clock.bound_ns,
        .uptime = mark->uptime,
        .number = s->at,
        .severity = mark->severity,
        .text = text,
    };
    if (l->timed)
        time_of(mark->uptime, l);
}

/* The next line, if there is one; what the ring has overtaken is lost. */
static const char *next_line(struct server *s)
{
    uint32_t at = s->at, missed;
    const char *line = logring_read(log_ring(), &at, &missed);
    s->lost += missed;
    s->at += missed;
    return line ? strchr(line, ']') + 2 : NULL; /* without its uptime */
}

static void send_line(struct server *s, const char *text, mono_ns now)
{
    char msg[SYSLOG_MAX];
    struct syslog_line l;
    if (!s->socket.pcb && net_udp_open(&s->socket, 0) != RC_OK)
        return;
    describe(s, text, &l);
    size_t len = syslog_format(&l, msg, sizeof msg);
    s->flying = true;
    s->since = now;
    if (net_udp_send(&s->socket, &s->to->addr, s->to->port,
                     (const uint8_t *)msg, len) != RC_OK)
        s->flying = false; /* no route, no room: later */
}

static void poll_server(struct server *s, mono_ns now)
{
    if (s->flying && now - s->since < GONE)
        return;
    s->flying = false;
    if (now < s->next)
        return;
    const char *text = next_line(s);
    s->next = now + (text ? EACH : LOOK_EVERY);
    if (text && net_up())
        send_line(s, text, now);
}

mono_ns syslog_poll(mono_ns now)
{
    mono_ns next = sl.count > 0 ? now + LOOK_EVERY : MONO_NEVER;
    for (unsigned i = 0; i < sl.count; i++) {
        poll_server(&sl.server[i], now);
        if (!sl.server[i].flying)
            next = mono_min(next, sl.server[i].next);
    }
    return next;
}

void syslog_status(struct status_syslog *out)
{
    *out = (struct status_syslog){.count = (uint8_t)sl.count};
    for (unsigned i = 0; i < sl.count; i++) {
        const struct server *s = &sl.server[i];
        out->row[i].addr = s->to->addr;
        out->row[i].port = s->to->port;
        out->row[i].sent = s->sent;
        out->row[i].lost = s->lost;
        out->row[i].waiting = log_ring()->next - s->at;
        out->row[i].mute = s->flying && port_mono() - s->since > SLOW;
    }
}
