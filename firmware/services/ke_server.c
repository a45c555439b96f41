#include "ke_server.h"

#include <string.h>

#include "adapters/net_tcp.h"
#include "adapters/tls_server.h"
#include "clients.h"
#include "core/aead.h"
#include "core/cert_age.h"
#include "core/crypto.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "core/nts_ke.h"
#include "core/nts_ke_server.h"
#include "cookies.h"
#include "ke_client.h"
#include "log.h"
#include "port.h"
#include "server.h"
#include "timekeeper.h"

#define SESSION_TIME  (2 * MONO_S) /* chrony's, from accept to close          */
#define CLIENT_FIRST  8            /* turns in a row that our client may have */
#define WARN_EVERY    (86400 * MONO_S)
#define LOOK_AT_CLOCK MONO_S

enum step {
    FREE, /* all zero                                                        */
    ACCEPTED,
    HANDSHAKE,
    REQUEST,
    ANSWER,
};

struct session { /* over the TLS session of the same number                  */
    enum step step;
    struct addr client; /* IPv6: its /64                                    */
    mono_ns accepted;
    size_t have, sent;           /* bytes in b; of the answer               */
    uint8_t b[LIMIT_KE_REQUEST]; /* the request, then the answer            */
};

static struct {
    const struct conf *conf;
    struct net_tcp_listener listener;
    unsigned most;       /* sessions at once                                */
    unsigned turn;       /* who is asked first in the next pass             */
    unsigned client_did; /* ke_client_steps, as of the last pass            */
    unsigned waited;     /* passes in a row                                 */
    mono_ns warn;        /* not before this                                 */
    struct session session[LIMIT_KE_SESSIONS];
    struct status_ke status;
} ke;

/* ---- the end of a session ------------------------------------------------ */

static void forget(unsigned n)
{
    crypto_wipe(&ke.session[n], sizeof ke.session[n]);
    ke.status.sessions--;
}

/* The client hears nothing more from us. */
static void drop(unsigned n, uint64_t *why)
{
    tls_session_abort(tls_server_session(n));
    forget(n);
    ke.status.drops++;
    (*why)++;
}

/* The client gets an alert. */
static void refuse(unsigned n, uint64_t *why)
{
    tls_server_refuse(n);
    forget(n);
    ke.status.drops++;
    (*why)++;
}

/* ---- connections --------------------------------------------------------- */

static bool turned_away(uint64_t *why)
{
    ke.status.drops++;
    (*why)++;
    return true;
}

/* Whoever has one IPv6 address has as many as he likes: his /64 counts. */
static struct addr client_of(const struct addr *from)
{
    struct addr a = *from;
    memset(a.b + 8, 0, 8);
    return a;
}

static bool is_turned_away(const struct addr *from)
{
    const struct addr client = client_of(from);
    unsigned same = 0;
    for (unsigned n = 0; n < LIMIT_KE_SESSIONS; n++)
        same += ke.session[n].step != FREE &&
                addr_equal(&ke.session[n].client, &client);
    if (!access_allows(&ke.conf->allow, from))
        return turned_away(&ke.status.not_allowed);
    if (same >= LIMIT_KE_PER_ADDRESS)
        return turned_away(&ke.status.too_many);
    if (clients_admit(CLIENTLOG_KE, from, NULL, NULL) != CLIENTLOG_ANSWER)
        return turned_away(&ke.status.ratelimited);
    return false;
}

/* Returns whether a gives way before b does: nothing is proved before the end
 * of the handshake, and among equals the older one has had its time. */
static bool worse(const struct session *a, const struct session *b)
{
    bool a_open = a->step > HANDSHAKE, b_open = b->step > HANDSHAKE;
    return a_open != b_open ? b_open : a->accepted < b->accepted;
}

/* Returns a place for one more. */
static unsigned make_room(void)
{
    unsigned worst = LIMIT_KE_SESSIONS, unused = LIMIT_KE_SESSIONS;
    for (unsigned n = 0; n < LIMIT_KE_SESSIONS; n++) {
        const struct session *s = &ke.session[n];
        if (s->step == FREE)
            unused = unused == LIMIT_KE_SESSIONS ? n : unused;
        else if (worst == LIMIT_KE_SESSIONS || worse(s, &ke.session[worst]))
            worst = n;
    }
    if (ke.status.sessions < ke.most)
        return unused;
    drop(worst, &ke.status.gave_way);
    return worst;
}

static struct net_tcp *on_accept(void *arg, const struct addr *from,
                                 uint16_t port)
{
    (void)arg;
    (void)port;
    ke.status.hits++;
    if (is_turned_away(from))
        return NULL;
    unsigned n = make_room();
    struct session *s = &ke.session[n];
    s->step = ACCEPTED;
    s->client = client_of(from);
    s->accepted = port_mono();
    if (++ke.status.sessions > ke.status.sessions_peak)
        ke.status.sessions_peak = ke.status.sessions;
    return tls_server_tcp(n);
}

/* ---- the answer ---------------------------------------------------------- */

struct cookies {
    size_t len;
    uint8_t b[LIMIT_COOKIES][LIMIT_COOKIE];
};

/* Both ways' keys, and cookies around them. Returns RC_OK or whatever went
 * wrong. */
static int make_cookies(unsigned n, const struct nts_ke_request *r,
                        struct cookies *c)
{
    const struct aead *aead = aead_find(r->aead);
    uint16_t named = nts_ke_exporter_aead(r->aead, r->compliant);
    uint8_t context[5], key[2][AEAD_KEY_MAX];
    int rc = RC_OK;
    for (unsigned s2c = 0; rc == RC_OK && s2c < 2; s2c++) {
        nts_ke_exporter_context(context, named, s2c);
        rc = tls_session_export(tls_server_session(n), NTS_KE_EXPORTER_LABEL,
                                context, sizeof context, key[s2c],
                                aead->key_len);
    }
    struct nts_cookie_jar *jar = cookies_jar();
    if (rc == RC_OK && !jar)
        rc = RC_STATE;
    for (size_t i = 0; rc == RC_OK && i < LIMIT_COOKIES; i++) {
        int len = nts_cookie_make(jar, r->aead, key[0], key[1], c->b[i]);
        ASSERT(len > 0); /* aead_find knows it */
        c->len = (size_t)len;
    }
    crypto_wipe(key, sizeof key);
    return rc;
}

static int write_answer(unsigned n, const struct nts_ke_request *r)
{
    static struct cookies cookies; /* once, not for each session            */
    struct session *s = &ke.session[n];
    struct nts_ke_answer a = {.server = ke.conf->ntsntpserver,
                              .port = ke.conf->port == 123 ? 0 : ke.conf->port};
    if (r->ntpv4 && r->aead) {
        if (make_cookies(n, r, &cookies) != RC_OK)
            return nts_ke_server_error(NTS_ERROR_INTERNAL, s->b, sizeof s->b);
        a.count = LIMIT_COOKIES;
    }
    for (size_t i = 0; i < a.count; i++) {
        a.cookie[i].b = cookies.b[i];
        a.cookie[i].len = cookies.len;
    }
    int len = nts_ke_server_answer(r, &a, s->b, sizeof s->b);
    crypto_wipe(&cookies, sizeof cookies);
    return len;
}

/* ---- steps: each returns whether it has done something ------------------- */

static bool waits(unsigned n)
{
    return tls_session_waiting(tls_server_session(n));
}

static bool open_session(unsigned n)
{
    if (tls_server_open(n) != RC_OK) {
        forget(n);
        ke.status.drops++;
        ke.status.gave_way++; /* its arena: our own bug, and no reset's worth */
    } else {
        ke.session[n].step = HANDSHAKE;
    }
    return true;
}

static bool handshake(unsigned n, mono_ns now)
{
    struct session *s = &ke.session[n];
    int rc = tls_server_step(n, now, s->accepted + SESSION_TIME);
    if (rc == RC_AGAIN)
        return !waits(n);
    if (rc == RC_OK)
        s->step = REQUEST;
    else if (rc == RC_IO)
        drop(n, &ke.status.closed);
    else
        refuse(n, &ke.status.no_tls);
    return true;
}

static bool read_request(unsigned n)
{
    struct session *s = &ke.session[n];
    struct nts_ke_request r;
    int rc = tls_session_read(tls_server_session(n), s->b + s->have,
                              sizeof s->b - s->have);
    if (rc == RC_AGAIN)
        return !waits(n);
    if (rc <= 0) {
        drop(n, &ke.status.closed);
        return true;
    }
    s->have += (size_t)rc;
    rc = nts_ke_server_read(s->b, s->have, &r);
    if (rc == RC_AGAIN && s->have < sizeof s->b)
        return true;
    int len = rc == RC_OK ? write_answer(n, &r)
                          : nts_ke_server_error(r.error, s->b, sizeof s->b);
    if (rc != RC_OK)
        ke.status.bad++;
    ASSERT(len > 0);
    s->have = (size_t)len;
    s->step = ANSWER;
    return true;
}

static bool write_it(unsigned n)
{
    struct session *s = &ke.session[n];
    int rc = tls_session_write(tls_server_session(n), s->b + s->sent,
                               s->have - s->sent);
    if (rc == RC_AGAIN)
        return !waits(n);
    if (rc < 0) {
        drop(n, &ke.status.closed);
        return true;
    }
    s->sent += (size_t)rc;
    if (s->sent < s->have)
        return true;
    tls_session_close(tls_server_session(n));
    forget(n);
    ke.status.answered++;
    return true;
}

static bool advance(unsigned n, mono_ns now)
{
    switch (ke.session[n].step) {
    case FREE:
        break;
    case ACCEPTED:
        return open_session(n);
    case HANDSHAKE:
        return handshake(n, now);
    case REQUEST:
        return read_request(n);
    case ANSWER:
        return write_it(n);
    }
    return false;
}

/* ---- certificates that end ----------------------------------------------- */

static mono_ns warn(mono_ns now)
{
    char text[160];
    if (now < ke.warn || ke.status.pair_count == 0)
        return ke.status.pair_count ? ke.warn : MONO_NEVER;
    ke.warn = now + LOOK_AT_CLOCK;
    if (!timekeeper_synchronised())
        return ke.warn;
    for (unsigned i = 0; i < ke.status.pair_count; i++)
        if (cert_age_text(&ke.status.pair[i], timekeeper_unix(), text,
                          sizeof text))
            log_at(LOG_WARNING, NULL, "NTS: %s", text);
    ke.warn = now + WARN_EVERY;
    return ke.warn;
}

/* ---- the loop ------------------------------------------------------------ */

/* Ends those whose time is up. Returns when that is so for the next. */
static mono_ns expire(mono_ns now)
{
    mono_ns next = MONO_NEVER;
    for (unsigned n = 0; n < LIMIT_KE_SESSIONS; n++) {
        if (ke.session[n].step == FREE)
            continue;
        mono_ns end = ke.session[n].accepted + SESSION_TIME;
        if (now >= end)
            drop(n, &ke.status.timed_out);
        else
            next = mono_min(next, end);
    }
    return next;
}

/* Tells whether this pass is our own client's. */
static bool client_first(void)
{
    unsigned did = ke_client_steps();
    bool it_did = did != ke.client_did;
    ke.client_did = did;
    ke.waited = it_did ? ke.waited + 1 : 0;
    if (ke.waited <= CLIENT_FIRST)
        return it_did;
    ke.waited = 0;
    return false;
}

mono_ns ke_server_poll(mono_ns now)
{
    mono_ns next = mono_min(warn(now), expire(now));
    if (ke.status.sessions == 0)
        return next;
    if (client_first())
        return now;
    for (unsigned i = 0; i < LIMIT_KE_SESSIONS; i++) {
        unsigned n = (ke.turn + i) % LIMIT_KE_SESSIONS;
        if (advance(n, now)) {
            ke.turn = n + 1;
            return now;
        }
    }
    return next;
}

/* ---- start --------------------------------------------------------------- */

void ke_server_init(void)
{
    memset(&ke, 0, sizeof ke);
    tls_server_init();
}

static struct status_ke_pair *add_pair(const struct conf_pair *files)
{
    ASSERT(ke.status.pair_count < LIMIT_KE_PAIRS);
    struct status_ke_pair *p = &ke.status.pair[ke.status.pair_count++];
    (void)fmt(p->key, sizeof p->key, "%s", files->key);
    (void)fmt(p->cert, sizeof p->cert, "%s", files->cert);
    return p;
}

void ke_server_add(const struct conf_pair *files, const char *where,
                   const uint8_t *cert, size_t cert_len, const uint8_t *key,
                   size_t key_len)
{
    struct status_ke_pair *p = add_pair(files);
    int rc = tls_server_add(cert, cert_len, key, key_len, p);
    if (rc != RC_OK)
        log_at(LOG_ERROR, NULL, "%s: NTS: this pair is not used: %s", where,
               p->trouble);
    else if (p->trouble[0])
        log_at(LOG_WARNING, NULL, "%s: NTS: %s", where, p->trouble);
}

void ke_server_leave_out(const struct conf_pair *files, const char *where,
                         const char *file, const char *why)
{
    struct status_ke_pair *p = add_pair(files);
    (void)fmt(p->trouble, sizeof p->trouble, "%.80s: %s", file, why);
    if (where)
        log_at(LOG_ERROR, NULL, "%s: NTS: this pair is not used: %s", where,
               p->trouble);
}

/* Returns why NTS cannot be served, or NULL. */
static const char *cannot(const struct conf *conf)
{
    if (tls_server_pairs() == 0)
        return "none of its keys and certificates can be used";
    if (conf->ntsport == 0)
        return "ntsport is 0";
    if (!access_opens(&conf->allow))
        return "nobody is allowed: chrony.conf has no allow line";
    if (!clients_start(conf))
        return "there is no entropy";
    ke.listener = (struct net_tcp_listener){.accept = on_accept};
    if (net_tcp_listen(&ke.listener, conf->ntsport) != RC_OK)
        return "its port cannot be opened";
    return NULL;
}

void ke_server_start(const struct conf *conf)
{
    ke.conf = conf;
    ke.most = conf->maxntsconnections;
    ke.status.port = conf->ntsport;
    ke.status.sessions_most = (uint8_t)ke.most;
    ke.client_did = ke_client_steps();
    if (ke.status.pair_count == 0)
        return;
    const char *why = cannot(conf);
    if (why) {
        (void)fmt(ke.status.why, sizeof ke.status.why, "%s", why);
        log_at(LOG_ERROR, NULL, "NTS is not served: %s", why);
        return;
    }
    ke.status.open = true;
    log_at(LOG_NOTICE, NULL,
           "serving NTS-KE on port %u with %u of %u certificates",
           (unsigned)conf->ntsport, tls_server_pairs(),
           (unsigned)ke.status.pair_count);
}

uint16_t ke_server_port(void)
{
    return ke.status.open ? ke.status.port : 0;
}

void ke_server_status(struct status_ke *out)
{
    *out = ke.status;
    tls_server_status(out);
}
