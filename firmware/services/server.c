#include "server.h"

#include "adapters/net_udp.h"
#include "core/ntp_server.h"
#include "core/utc.h"
#include "clients.h"
#include "cookies.h"
#include "log.h"
#include "port.h"
#include "timekeeper.h"

static struct {
    const struct conf *conf;
    struct net_udp socket;
    struct ntp_server ntp;
    struct nts_sessions sessions;
    struct ntp_local_state local;
    uint32_t steps; /* of the clock, when the stamps were last good         */
    bool served_unset;
    uint32_t seal_ticks[2][LIMIT_COOKIES + 1]; /* by AEAD and cookies        */
    struct status_server count;
} srv;

/* ---- what is said of our clock ------------------------------------------- */

static span_ns since_update(const struct ntp_reference *ref, ntp64 now)
{
    return ref->stratum < NTP_STRATUM_UNSET ? utc_diff_ns(now, ref->ref_time)
                                            : port_mono();
}

static void say_local(const struct ntp_reference *ref)
{
    if (srv.served_unset || timekeeper_synchronised())
        return;
    srv.served_unset = true;
    log_at(LOG_WARNING, NULL,
           "a client is served a clock that was never set, as stratum %u: "
           "chrony.conf has local",
           ref->stratum);
}

/* Returns whether chrony.conf's local is in force. */
static bool read_clock(uint64_t stamp, struct ntp_server_clock *c)
{
    c->receive = timekeeper_utc(stamp);
    timekeeper_reference(stamp, &c->ref);
    return ntp_local_apply(&srv.conf->local, &srv.local,
                           since_update(&c->ref, c->receive), c->receive,
                           &c->ref);
}

static struct ntp_server_clock clock_at(uint64_t stamp)
{
    struct ntp_server_clock c;
    if (read_clock(stamp, &c))
        say_local(&c.ref);
    return c;
}

/* Stamps of replies from before a step would be told on the new scale. */
static void notice_step(void)
{
    uint32_t steps = timekeeper_steps();
    if (steps != srv.steps)
        ntp_server_forget(&srv.ntp);
    srv.steps = steps;
}

/* ---- requests ------------------------------------------------------------ */

/* The transmit stamp lies in what is sealed: the time that the last seal of
 * this kind took is added to it. */
static bool finish(uint8_t *out)
{
    uint16_t aead;
    unsigned cookies = ntp_server_cookies(&srv.ntp, &aead);
    uint32_t *cost = &srv.seal_ticks[aead == AEAD_AES_128_GCM_SIV][cookies];
    uint64_t begin = port_ticks();
    ntp_server_stamp(&srv.ntp, out, timekeeper_utc(begin + *cost));
    if (ntp_server_seal(&srv.ntp, out) != RC_OK)
        return false;
    if (cookies > 0)
        *cost = (uint32_t)(port_ticks() - begin);
    return true;
}

static void answer(const struct net_udp_datagram *d, bool kiss)
{
    uint8_t out[NTP_SERVER_REQUEST_MAX];
    struct ntp_server_clock c = clock_at(d->stamp);
    notice_step();
    if (srv.conf->noclientlog)
        ntp_server_forget(&srv.ntp);
    size_t len =
        kiss
            ? ntp_server_kiss(&srv.ntp, &c, d->from_port, d->msg, d->len, out)
            : ntp_server_reply(&srv.ntp, &c, d->from_port, d->msg, d->len, out);
    if (len == 0) {
        clients_dropped(CLIENTLOG_NTP, srv.ntp.silence == NTP_SILENCE_NTS
                                           ? STATUS_DROP_NTS
                                           : STATUS_DROP_MALFORMED);
        return;
    }
    if (!finish(out) || net_udp_reply(&srv.socket, d, out, len) != RC_OK)
        clients_dropped(CLIENTLOG_NTP, STATUS_DROP_FULL);
}

/* Whoever forges an address uses up its tokens, but has no cookie of its
 * client's. */
static bool vouched(const void *arg, mono_ns now)
{
    const struct net_udp_datagram *d = arg;
    return ntp_server_vouches(&srv.ntp, d->msg, d->len, &srv.conf->ratelimit,
                              now);
}

static void on_received(void *arg, const struct net_udp_datagram *d)
{
    (void)arg;
    clients_heard(CLIENTLOG_NTP);
    if (!access_allows(&srv.conf->allow, &d->from)) {
        clients_dropped(CLIENTLOG_NTP, STATUS_DROP_DENIED);
        return;
    }
    srv.ntp.jar = cookies_jar();
    enum clientlog_verdict v =
        clients_admit(CLIENTLOG_NTP, &d->from, vouched, d);
    if (v != CLIENTLOG_DROP)
        answer(d, v == CLIENTLOG_KISS);
}

static void on_sent(void *arg, uint64_t stamp, const uint8_t *msg, size_t len)
{
    (void)arg;
    ntp_server_left(&srv.ntp, msg, len, timekeeper_utc(stamp));
}

static void on_wire(void *arg, uint64_t stamp, const uint8_t *msg, size_t len)
{
    (void)arg;
    ntp_server_on_wire(&srv.ntp, msg, len, timekeeper_utc(stamp));
}

/* ---- start and status ---------------------------------------------------- */

void server_start(const struct conf *conf)
{
    srv.conf = conf;
    if (!access_opens(&conf->allow) || conf->port == 0)
        return;
    if (!clients_start(conf)) {
        log_at(LOG_ERROR, NULL, "NTP is not served: there is no entropy");
        return;
    }
    ntp_server_init(&srv.ntp,
                    conf->ratelimit.on ? conf->ratelimit.interval : INT8_MIN);
    srv.ntp.sessions = conf->ratelimit.on ? &srv.sessions : NULL;
    srv.steps = timekeeper_steps();
    srv.socket = (struct net_udp){.received = on_received,
                                  .sent = on_sent,
                                  .left = on_wire,
                                  .dscp = conf->dscp};
    if (net_udp_open(&srv.socket, conf->port) != RC_OK) {
        log_at(LOG_ERROR, NULL, "NTP is not served: port %u cannot be opened",
               conf->port);
        return;
    }
    srv.count.serving = true;
    log_at(LOG_NOTICE, NULL, "serving NTP on port %u", conf->port);
}

static void local_status(struct status_server *out)
{
    struct ntp_server_clock c;
    if (!srv.conf || !read_clock(port_ticks(), &c))
        return;
    out->local_stratum = c.ref.stratum;
    out->local_ref_unix_s = timekeeper_unix_of(c.ref.ref_time);
    out->local_ref_unix_ns = utc_unix_ns(c.ref.ref_time);
}

void server_status(struct status_server *out)
{
    *out = srv.count;
    local_status(out);
    clients_status(out);
    out->kernel_rx = out->ntp_hits - out->ntp_drops;
    out->kernel_tx = srv.ntp.interleaved < out->kernel_rx ? srv.ntp.interleaved
                                                          : out->kernel_rx;
    out->daemon_tx = out->kernel_rx - out->kernel_tx;
    out->interleaved = srv.ntp.interleaved;
    out->authenticated = srv.ntp.authenticated;
    out->naks = srv.ntp.naks;
    out->nts = out->serving && cookies_jar();
    span_ns age = cookies_age(port_mono());
    out->cookie_key_age_s = age < 0 ? -1 : age / MONO_S;
    out->stamps_held = srv.ntp.held;
    out->stamps_span_s = ntp_server_span_s(&srv.ntp);
}
