#include "ke_client.h"

#include <string.h>

#include "core/limit.h"
#include "adapters/tls_client.h"
#include "core/aead.h"
#include "core/crypto.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "timekeeper.h"

/* From the end of the handshake to the whole answer. */
#define ANSWER_TIMEOUT (3 * MONO_S)
#define TURN           64u /* steps; a whole exchange takes some 20         */

enum ke_step {
    KE_IDLE,
    KE_CONNECT,
    KE_HANDSHAKE,
    KE_REQUEST,
    KE_ANSWER,
};

struct ke_request {
    char name[LIMIT_NAME];
    struct addr addr;
    uint16_t port;
    uint32_t certset;
    ke_done done;
    void *arg;
};

struct ke_lane { /* one exchange, over the TLS session of the same number    */
    enum ke_step step;
    struct ke_request asked;
    mono_ns deadline;
    struct nts_ke_client exchange;
    uint8_t request[128];
    size_t request_len, sent;
    bool answered; /* a byte of the answer came */
};

static struct {
    bool (*may)(void *arg); /* begin TLS; NULL: always                      */
    uint16_t offer[LIMIT_AEADS];
    size_t offer_count;
    struct ke_request queue[LIMIT_SOURCES]; /* a ring: not begun yet         */
    unsigned first, count;
    struct ke_lane lane[LIMIT_TLS_SESSIONS];
    unsigned steps;            /* that did something                         */
    struct ke_outcome outcome; /* of the one that ends just now              */
    char reason[128];          /* its                                        */
} ke;

void ke_client_init(void)
{
    static const uint16_t best_first[] = {AEAD_AES_128_GCM_SIV,
                                          AEAD_AES_SIV_CMAC_256};
    memset(&ke, 0, sizeof ke);
    ke_client_offer(best_first, LEN(best_first));
}

void ke_client_before_tls(bool (*may)(void *arg))
{
    ke.may = may;
}

void ke_client_offer(const uint16_t *aeads, size_t count)
{
    ASSERT(count >= 1 && count <= LEN(ke.offer));
    memcpy(ke.offer, aeads, count * sizeof aeads[0]);
    ke.offer_count = count;
}

bool ke_client_busy(void)
{
    bool busy = ke.count > 0;
    for (unsigned n = 0; n < LIMIT_TLS_SESSIONS; n++)
        busy = busy || ke.lane[n].step != KE_IDLE;
    return busy;
}

int ke_client_start(const char *name, const struct addr *addr, uint16_t port,
                    uint32_t certset, ke_done done, void *arg)
{
    if (ke.count == LEN(ke.queue) || strlen(name) >= LIMIT_NAME)
        return RC_SPACE;
    struct ke_request *r = &ke.queue[(ke.first + ke.count) % LEN(ke.queue)];
    *r = (struct ke_request){
        .addr = *addr,
        .port = port,
        .certset = certset,
        .done = done,
        .arg = arg,
    };
    memcpy(r->name, name, strlen(name) + 1);
    ke.count++;
    return RC_OK;
}

/* The lane is free before its owner is told, who may want to queue another
 * exchange. Returns now: this pass has not come to all the others. */
static mono_ns finish(unsigned n, mono_ns now, const char *failure)
{
    struct ke_lane *l = &ke.lane[n];
    struct tls_session *s = tls_client_session(n);
    ke.outcome.reached = l->step == KE_IDLE                ? KE_NOT_BEGUN
                         : l->step == KE_CONNECT           ? KE_NO_CONNECTION
                         : failure && tls_session_short(s) ? KE_NO_MEMORY
                                                           : KE_CONNECTED;
    l->step = KE_IDLE;
    if (failure)
        tls_session_abort(s);
    else
        tls_session_close(s);
    ke.outcome.ok = failure == NULL;
    ke.outcome.reason = failure ? failure : "";
    ke.outcome.result = &l->exchange.result;
    l->asked.done(l->asked.arg, &ke.outcome);
    crypto_wipe(&ke.outcome, sizeof ke.outcome);
    crypto_wipe(&l->exchange, sizeof l->exchange); /* cookies */
    return now;
}

static mono_ns begin(unsigned n, mono_ns now)
{
    struct ke_lane *l = &ke.lane[n];
    const struct ke_request *r = &l->asked;
    l->asked = ke.queue[ke.first];
    ke.first = (ke.first + 1) % LEN(ke.queue);
    ke.count--;
    const struct cert_clock clock = timekeeper_cert_clock();
    int rc = tls_client_open(n, r->name, &r->addr, r->port, r->certset, &clock);
    if (rc != RC_OK)
        return finish(n, now, tls_client_reason(n));
    rc = nts_ke_client_request(&l->exchange, ke.offer, ke.offer_count,
                               l->request, sizeof l->request);
    ASSERT(rc > 0);
    l->request_len = (size_t)rc;
    l->sent = 0;
    l->answered = false;
    l->step = KE_CONNECT;
    l->deadline = now + TLS_CLIENT_TIMEOUT;
    return now;
}

static mono_ns connect(unsigned n, mono_ns now)
{
    struct ke_lane *l = &ke.lane[n];
    int rc = tls_client_connected(n);
    if (rc == RC_AGAIN && now - l->deadline < 0)
        return l->deadline;
    if (rc == RC_AGAIN)
        return finish(n, now, "timed out: no TCP connection");
    if (rc != RC_OK)
        return finish(n, now, tls_client_reason(n));
    if (ke.may && !ke.may(l->asked.arg))
        return now + MONO_MS;
    l->step = KE_HANDSHAKE;
    return now;
}

/* Next: at once, or when the network has moved (every pass asks again then)
 * or the time is up. */
static mono_ns pause(unsigned n, mono_ns now)
{
    return tls_session_waiting(tls_client_session(n)) ? ke.lane[n].deadline
                                                      : now;
}

static mono_ns handshake(unsigned n, mono_ns now)
{
    int rc = tls_client_step(n, now);
    if (rc == RC_AGAIN)
        return pause(n, now);
    if (rc != RC_OK)
        return finish(n, now, tls_client_reason(n));
    ke.lane[n].step = KE_REQUEST;
    ke.lane[n].deadline = now + ANSWER_TIMEOUT;
    return now;
}

static mono_ns request(unsigned n, mono_ns now)
{
    struct ke_lane *l = &ke.lane[n];
    int rc = tls_session_write(tls_client_session(n), l->request + l->sent,
                               l->request_len - l->sent);
    if (rc == RC_AGAIN)
        return pause(n, now);
    if (rc < 0)
        return finish(n, now, tls_client_reason(n));
    l->sent += (size_t)rc;
    if (l->sent == l->request_len)
        l->step = KE_ANSWER;
    return now;
}

/* The keys of both ways under the context that names this AEAD. */
static int export_pair(unsigned n, uint16_t named, size_t len, uint8_t *c2s,
                       uint8_t *s2c)
{
    uint8_t context[5];
    nts_ke_exporter_context(context, named, false);
    int rc = tls_session_export(tls_client_session(n), NTS_KE_EXPORTER_LABEL,
                                context, sizeof context, c2s, len);
    if (rc != RC_OK)
        return rc;
    nts_ke_exporter_context(context, named, true);
    return tls_session_export(tls_client_session(n), NTS_KE_EXPORTER_LABEL,
                              context, sizeof context, s2c, len);
}

static int export_keys(unsigned n, struct ke_outcome *o,
                       const struct nts_ke_result *r)
{
    const struct aead *aead = aead_find(r->aead);
    uint16_t named = nts_ke_exporter_aead(r->aead, r->compliant);
    ASSERT(aead && aead->key_len <= sizeof o->c2s);
    int rc = export_pair(n, named, aead->key_len, o->c2s, o->s2c);
    o->alt = named != r->aead;
    if (rc == RC_OK && o->alt)
        rc = export_pair(n, r->aead, aead->key_len, o->alt_c2s, o->alt_s2c);
    return rc;
}

static mono_ns answered(unsigned n, mono_ns now, enum nts_ke_status status)
{
    const struct nts_ke_result *r = &ke.lane[n].exchange.result;
    if (status == NTS_KE_DONE) {
        tls_client_window(n, &ke.outcome.cert_lo, &ke.outcome.cert_hi);
        return finish(n, now,
                      export_keys(n, &ke.outcome, r) == RC_OK
                          ? NULL
                          : tls_client_reason(n));
    }
    if (status == NTS_KE_SERVER_ERROR || status == NTS_KE_WARNING ||
        status == NTS_KE_CRITICAL)
        (void)fmt(ke.reason, sizeof ke.reason, "%s (%u)",
                  nts_ke_status_text(status), (unsigned)r->code);
    else
        (void)fmt(ke.reason, sizeof ke.reason, "%s",
                  nts_ke_status_text(status));
    return finish(n, now, ke.reason);
}

static mono_ns answer(unsigned n, mono_ns now)
{
    struct ke_lane *l = &ke.lane[n];
    uint8_t buf[512];
    int rc = tls_session_read(tls_client_session(n), buf, sizeof buf);
    if (rc == RC_AGAIN)
        return pause(n, now);
    if (rc < 0)
        return finish(n, now, tls_client_reason(n));
    if (rc == 0)
        return finish(n, now,
                      l->answered ? "server closed in the middle of its answer"
                                  : "server closed without an answer");
    l->answered = true;
    enum nts_ke_status s = nts_ke_client_feed(&l->exchange, buf, (size_t)rc);
    crypto_wipe(buf, sizeof buf);
    return s == NTS_KE_MORE ? now : answered(n, now, s);
}

/* When the lane is to be looked at again; `now`: it has done something. */
static mono_ns advance(unsigned n, mono_ns now)
{
    const struct ke_lane *l = &ke.lane[n];
    if (l->step > KE_HANDSHAKE && now - l->deadline >= 0)
        return finish(n, now, "timed out: no answer to the NTS-KE request");
    switch (l->step) {
    case KE_IDLE:
        return ke.count > 0 ? begin(n, now) : MONO_NEVER;
    case KE_CONNECT:
        return connect(n, now);
    case KE_HANDSHAKE:
        return handshake(n, now);
    case KE_REQUEST:
        return request(n, now);
    case KE_ANSWER:
        return answer(n, now);
    }
    return MONO_NEVER;
}

unsigned ke_client_steps(void)
{
    return ke.steps;
}

/* The first that can do something does it, the others wait for the next pass:
 * what is nearest its end gets there soon. Who is the first changes now and
 * then, so that a server which never stops talking holds up no other. */
mono_ns ke_client_poll(mono_ns now)
{
    mono_ns next = MONO_NEVER;
    unsigned first = ke.steps / TURN;
    for (unsigned i = 0; i < LIMIT_TLS_SESSIONS && next > now; i++)
        next = mono_min(next, advance((first + i) % LIMIT_TLS_SESSIONS, now));
    ke.steps += next <= now;
    return next;
}
