/* ntp_peer.h -- one ntp_client and the server it talks to, by hand: time
 * moves only when the test says so. The counter runs at 1 MHz and agrees
 * with the mono clock; the server's UTC is PEER_EPOCH + mono. */
#ifndef NTP_PEER_H
#define NTP_PEER_H

#include <string.h>

#include "core/bytes.h"
#include "core/ntp_client.h"
#include "core/ntp_ef.h"
#include "core/ntp_wire.h"
#include "core/utc.h"
#include "entropy.h"

#define MS         INT64_C(1000000)
#define S          INT64_C(1000000000)
#define PEER_EPOCH ((ntp64)0xee000000 << 32)
#define PEER_MAX   2048

struct peer {
    struct ntp_client n;
    mono_ns now; /* when the last request left                    */
    uint8_t req[LIMIT_NTP_PACKET], rep[PEER_MAX];
    size_t req_len, rep_len;
    struct ntp_sample s;
    enum ntp_drop why;
};

static inline void peer_begin(struct peer *p, bool nts)
{
    struct ntp_client_conf c = {
        .minpoll = 6, .maxpoll = 10, .iburst = true, .nts = nts};
    memset(p, 0, sizeof *p);
    ntp_client_init(&p->n, &c, 1000000, 5 * S);
}

/* Wait until it is due, and send. Returns what poll said. */
static inline int peer_poll(struct peer *p)
{
    if (ntp_client_due(&p->n) > p->now)
        p->now = ntp_client_due(&p->n);
    int rc = ntp_client_poll(&p->n, p->now, p->req, sizeof p->req);
    if (rc > 0) {
        p->req_len = (size_t)rc;
        ntp_client_sent(&p->n, (uint64_t)p->now / 1000);
    }
    return rc;
}

static inline ntp64 peer_utc(mono_ns t)
{
    return PEER_EPOCH + (uint64_t)utc_span_ntp(t);
}

/* The header of a good reply: 1 ms there, 2 ms held, 3 ms back. */
static inline struct ntp_header peer_header(const struct peer *p)
{
    return (struct ntp_header){.version = 4,
                               .mode = 4,
                               .stratum = 2,
                               .poll = 6,
                               .precision = -20,
                               .root_delay = 0x0100,
                               .root_disp = 0x0200,
                               .refid = 0x0a000001,
                               .ref = peer_utc(p->now - 7 * S),
                               .origin = bytes_get64(p->req + 40),
                               .receive = peer_utc(p->now + 1 * MS),
                               .transmit = peer_utc(p->now + 3 * MS)};
}

static inline void peer_reply(struct peer *p, const struct ntp_header *h)
{
    ntp_wire_write(h, p->rep);
    p->rep_len = NTP_HEADER;
}

static inline void peer_good(struct peer *p)
{
    struct ntp_header h = peer_header(p);
    peer_reply(p, &h);
}

/* The reply as it stands arrives 6 ms after the request left. */
static inline int peer_give(struct peer *p)
{
    mono_ns t = p->now + 6 * MS;
    return ntp_client_recv(&p->n, t, (uint64_t)t / 1000, p->rep, p->rep_len,
                           &p->s, &p->why);
}

/* Nothing but counters may differ. */
static inline void peer_unchanged(const struct peer *p,
                                  const struct ntp_client *before)
{
    struct ntp_client a = *before, b = p->n;
    a.rx = b.rx = 0;
    memset(a.drops, 0, sizeof a.drops);
    memset(b.drops, 0, sizeof b.drops);
    assert_memory_equal(&a, &b, sizeof a);
}

/* ---- NTS ------------------------------------------------------------------ */

static inline void peer_keys(struct peer *p, uint8_t seed, size_t cookies,
                             size_t len)
{
    uint8_t key[AEAD_KEY_MAX], cookie[LIMIT_COOKIE];
    memset(key, seed, sizeof key);
    int rc = nts_assoc_keys(&p->n.nts, AEAD_AES_SIV_CMAC_256, key, key);
    ASSERT(rc == RC_OK);
    for (size_t i = 0; i < cookies; i++) {
        memset(cookie, (int)(seed + 1 + i), sizeof cookie);
        rc = nts_assoc_put(&p->n.nts, cookie, len);
        ASSERT(rc == RC_OK);
    }
}

static inline void peer_field(struct writer *w, uint16_t type, const uint8_t *b,
                              size_t len)
{
    writer_u16(w, type);
    writer_u16(w, (uint16_t)(4 + len));
    writer_bytes(w, b, len);
}

static inline void peer_uid(struct peer *p)
{
    struct writer w = writer_of(p->rep + p->rep_len, PEER_MAX - p->rep_len);
    peer_field(&w, NTS_EF_UNIQUE_ID, p->n.uid, NTS_UID_LEN);
    p->rep_len += w.len;
}

/* Append the authenticator with `count` fresh cookies of `len` inside. */
static inline void peer_seal(struct peer *p, size_t count, size_t len)
{
    static uint8_t fresh;
    uint8_t text[1500], nonce[16], cookie[LIMIT_COOKIE], sealed[1600];
    struct writer w = writer_of(text, sizeof text);
    for (size_t i = 0; i < count; i++) {
        memset(cookie, ++fresh, sizeof cookie);
        bytes_put64(cookie, UINT64_C(0xc00c1e) << 32 | p->n.tx << 8 | i);
        peer_field(&w, NTS_EF_COOKIE, cookie, len);
    }
    memset(nonce, 0x77, sizeof nonce);
    const struct nts_assoc *a = &p->n.nts;
    size_t sealed_len = w.len + a->aead->tag_len;
    int rc = a->aead->seal(a->s2c, nonce, sizeof nonce, p->rep, p->rep_len,
                           text, w.len, sealed);
    ASSERT(rc == RC_OK && sealed_len % 4 == 0);
    struct writer o = writer_of(p->rep + p->rep_len, PEER_MAX - p->rep_len);
    writer_u16(&o, NTS_EF_AUTHENTICATOR);
    writer_u16(&o, (uint16_t)(8 + sizeof nonce + sealed_len));
    writer_u16(&o, sizeof nonce);
    writer_u16(&o, (uint16_t)sealed_len);
    writer_bytes(&o, nonce, sizeof nonce);
    writer_bytes(&o, sealed, sealed_len);
    ASSERT(!o.full);
    p->rep_len += o.len;
}

static inline void peer_good_nts(struct peer *p, size_t cookies)
{
    peer_good(p);
    peer_uid(p);
    peer_seal(p, cookies, 100);
}

#endif
