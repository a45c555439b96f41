#include "ke_client.h"

#include <stdio.h>
#include <string.h>

#include "../limit.h"
#include "core/aead.h"
#include "core/crypto.h"
#include "core/mono.h"
#include "tls.h"

/* From the end of the handshake to the whole answer. */
#define ANSWER_TIMEOUT (3 * MONO_S)

enum ke_step {
    KE_IDLE,
    KE_HANDSHAKE,
    KE_REQUEST,
    KE_ANSWER,
};

struct ke_request {
    char name[LIMIT_NAME];
    struct net_addr addr;
    uint16_t port;
    uint8_t certset;
    ke_done done;
    void *arg;
};

static struct {
    struct tls_clock (*ask)(void);
    uint16_t offer[LIMIT_AEADS];
    size_t offer_count;
    struct ke_request queue[LIMIT_SOURCES]; /* a ring */
    unsigned first, count;
    enum ke_step step; /* of the first one */
    mono_ns deadline;
    struct nts_ke_client exchange;
    struct ke_outcome outcome;
    uint8_t request[128];
    size_t request_len, sent;
    bool answered; /* a byte of the answer came */
    char reason[96];
} ke;

void ke_client_init(void)
{
    static const uint16_t best_first[] = {AEAD_AES_128_GCM_SIV,
                                          AEAD_AES_SIV_CMAC_256};
    memset(&ke, 0, sizeof ke);
    ke_client_offer(best_first, LEN(best_first));
}

void ke_client_offer(const uint16_t *aeads, size_t count)
{
    ASSERT(count >= 1 && count <= LEN(ke.offer));
    memcpy(ke.offer, aeads, count * sizeof aeads[0]);
    ke.offer_count = count;
}

void ke_client_clock(struct tls_clock (*ask)(void))
{
    ke.ask = ask;
}

bool ke_client_busy(void)
{
    return ke.count > 0;
}

int ke_client_start(const char *name, const struct net_addr *addr,
                    uint16_t port, uint8_t certset, ke_done done, void *arg)
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

/* The first request leaves the queue before its owner is told, who may want
 * to queue another. */
static mono_ns finish(mono_ns now, const char *failure)
{
    const struct ke_request r = ke.queue[ke.first];
    ke.first = (ke.first + 1) % LEN(ke.queue);
    ke.count--;
    ke.step = KE_IDLE;
    tls_close();
    ke.outcome.ok = failure == NULL;
    ke.outcome.reason = failure ? failure : "";
    ke.outcome.result = &ke.exchange.result;
    r.done(r.arg, &ke.outcome);
    crypto_wipe(&ke.outcome, sizeof ke.outcome);
    crypto_wipe(&ke.exchange, sizeof ke.exchange); /* cookies */
    return ke.count > 0 ? now : MONO_NEVER;
}

static mono_ns begin(mono_ns now)
{
    const struct ke_request *r = &ke.queue[ke.first];
    ASSERT(ke.ask);
    const struct tls_clock clock = ke.ask();
    int rc = tls_open(r->name, &r->addr, r->port, r->certset, &clock);
    if (rc != RC_OK)
        return finish(now, tls_reason());
    rc = nts_ke_client_request(&ke.exchange, ke.offer, ke.offer_count,
                               ke.request, sizeof ke.request);
    ASSERT(rc > 0);
    ke.request_len = (size_t)rc;
    ke.sent = 0;
    ke.answered = false;
    ke.step = KE_HANDSHAKE;
    ke.deadline = now + TLS_TIMEOUT;
    return now;
}

/* Next: at once, or when the network has moved (every pass asks again then)
 * or the time is up. */
static mono_ns pause(mono_ns now)
{
    return tls_waiting() ? ke.deadline : now;
}

static mono_ns handshake(mono_ns now)
{
    int rc = tls_step(now);
    if (rc == RC_AGAIN)
        return pause(now);
    if (rc != RC_OK)
        return finish(now, tls_reason());
    ke.step = KE_REQUEST;
    ke.deadline = now + ANSWER_TIMEOUT;
    return now;
}

static mono_ns request(mono_ns now)
{
    int rc = tls_write(ke.request + ke.sent, ke.request_len - ke.sent);
    if (rc == RC_AGAIN)
        return pause(now);
    if (rc < 0)
        return finish(now, tls_reason());
    ke.sent += (size_t)rc;
    if (ke.sent == ke.request_len)
        ke.step = KE_ANSWER;
    return now;
}

/* The keys of both ways under the context that names this AEAD. */
static int export_pair(uint16_t named, size_t len, uint8_t *c2s, uint8_t *s2c)
{
    uint8_t context[5];
    nts_ke_exporter_context(context, named, false);
    int rc = tls_export(NTS_KE_EXPORTER_LABEL, context, sizeof context, c2s,
                        len);
    if (rc != RC_OK)
        return rc;
    nts_ke_exporter_context(context, named, true);
    return tls_export(NTS_KE_EXPORTER_LABEL, context, sizeof context, s2c,
                      len);
}

static int export_keys(struct ke_outcome *o, const struct nts_ke_result *r)
{
    const struct aead *aead = aead_find(r->aead);
    uint16_t named = nts_ke_exporter_aead(r->aead, r->compliant);
    ASSERT(aead && aead->key_len <= sizeof o->c2s);
    int rc = export_pair(named, aead->key_len, o->c2s, o->s2c);
    o->other = named != r->aead;
    if (rc == RC_OK && o->other)
        rc = export_pair(r->aead, aead->key_len, o->other_c2s, o->other_s2c);
    return rc;
}

static mono_ns answered(mono_ns now, enum nts_ke_status status)
{
    const struct nts_ke_result *r = &ke.exchange.result;
    if (status == NTS_KE_DONE) {
        tls_window(&ke.outcome.cert_lo, &ke.outcome.cert_hi);
        return finish(now, export_keys(&ke.outcome, r) == RC_OK
                               ? NULL
                               : tls_reason());
    }
    if (status == NTS_KE_SERVER_ERROR || status == NTS_KE_WARNING ||
        status == NTS_KE_CRITICAL)
        snprintf(ke.reason, sizeof ke.reason, "%s (%u)",
                 nts_ke_status_text(status), (unsigned)r->code);
    else
        snprintf(ke.reason, sizeof ke.reason, "%s",
                 nts_ke_status_text(status));
    return finish(now, ke.reason);
}

static mono_ns answer(mono_ns now)
{
    uint8_t buf[512];
    int rc = tls_read(buf, sizeof buf);
    if (rc == RC_AGAIN)
        return pause(now);
    if (rc < 0)
        return finish(now, tls_reason());
    if (rc == 0)
        return finish(now, ke.answered
                               ? "server closed in the middle of its answer"
                               : "server closed without an answer");
    ke.answered = true;
    enum nts_ke_status s = nts_ke_client_feed(&ke.exchange, buf, (size_t)rc);
    crypto_wipe(buf, sizeof buf);
    return s == NTS_KE_MORE ? now : answered(now, s);
}

mono_ns ke_client_poll(mono_ns now)
{
    if (ke.count == 0)
        return MONO_NEVER;
    if (ke.step > KE_HANDSHAKE && now - ke.deadline >= 0)
        return finish(now, "timed out: no answer to the NTS-KE request");
    switch (ke.step) {
    case KE_IDLE:
        return begin(now);
    case KE_HANDSHAKE:
        return handshake(now);
    case KE_REQUEST:
        return request(now);
    case KE_ANSWER:
        return answer(now);
    }
    return MONO_NEVER;
}
