/* fuzz_ntp.c -- any datagram at ntp_client, plain and NTS: nothing undefined,
 * and what is refused has changed nothing but counters.
 *
 * Input: one byte of flags, then the packet. Flags: 1 NTS; 2 put our nonce
 * in as origin; 4 put our unique identifier where a first field would have
 * it; 8 (NTS) seal it: the first 84 bytes are header and identifier, the
 * rest the plaintext that a server with the right keys would encrypt; 16 it
 * is the answer to an interleaved request; 32 put that one's receive
 * timestamp in as origin: the reply is interleaved. */
#include <stdlib.h>

#include "../unit/entropy.h"
#include "core/bytes.h"
#include "core/filter.h"
#include "core/ntp_ef.h"
#include "core/ntp_wire.h"

#define HZ      1000000u
#define UID_AT  (NTP_HEADER + 4)
#define SEAL_AT (UID_AT + NTS_UID_LEN)
#define PKT     2048

static size_t seal(const struct nts_assoc *a, uint8_t *pkt, size_t len)
{
    uint8_t text[PKT], nonce[16] = {1};
    size_t n = (len - SEAL_AT) & ~(size_t)3;
    memcpy(text, pkt + SEAL_AT, n);
    struct writer w = writer_of(pkt + SEAL_AT, PKT - SEAL_AT);
    writer_u16(&w, NTS_EF_AUTHENTICATOR);
    writer_u16(&w, (uint16_t)(8 + 16 + n + 16));
    writer_u16(&w, 16);
    writer_u16(&w, (uint16_t)(n + 16));
    writer_bytes(&w, nonce, 16);
    uint8_t *out = writer_room(&w, n + 16);
    if (!out || a->aead->seal(a->s2c, nonce, 16, pkt, SEAL_AT, text, n, out))
        abort();
    return SEAL_AT + w.len;
}

static void check_walk(const uint8_t *pkt, size_t len)
{
    struct ntp_header h;
    struct ntp_ef ef;
    size_t at = NTP_HEADER, last = at;
    int rc = ntp_wire_parse(pkt, len, &h);
    if (rc != RC_OK)
        return;
    uint8_t again[NTP_HEADER];
    ntp_wire_write(&h, again);
    if (memcmp(again, pkt, NTP_HEADER) != 0)
        abort();
    while (ntp_ef_next(pkt, len, &at, &ef) == RC_OK) {
        if (at <= last || at > len || ef.offset != last ||
            ef.body + ef.len - 4 > pkt + len)
            abort();
        last = at;
    }
}

static void ask(struct ntp_client *n)
{
    uint8_t out[LIMIT_NTP_PACKET];
    if (ntp_client_poll(n, n->due, out, sizeof out) <= 0)
        abort();
    ntp_client_sent(n, (uint64_t)n->asked / 1000 + 1000);
}

/* A good exchange, so that the next request can name its reply. */
static void exchange(struct ntp_client *n)
{
    uint8_t pkt[PKT] = {0};
    size_t len = NTP_HEADER;
    struct ntp_sample s;
    enum ntp_drop why;
    const struct ntp_header h = {.version = 4,
                                 .mode = 4,
                                 .stratum = 1,
                                 .origin = n->nonce,
                                 .receive = UINT64_C(0xee) << 56,
                                 .transmit = UINT64_C(0xee) << 56 | 99};
    ntp_wire_write(&h, pkt);
    if (n->conf.nts) {
        bytes_put16(pkt + NTP_HEADER, NTS_EF_UNIQUE_ID);
        bytes_put16(pkt + NTP_HEADER + 2, 4 + NTS_UID_LEN);
        memcpy(pkt + UID_AT, n->uid, NTS_UID_LEN);
        len = seal(&n->nts, pkt, SEAL_AT);
    }
    if (ntp_client_recv(n, 8000000, 8000, pkt, len, &s, &why) != RC_OK)
        abort();
    ask(n);
    if (n->nonce_rx == 0)
        abort();
}

static void begin(struct ntp_client *n, bool nts, bool xleave)
{
    struct ntp_client_conf c = {.minpoll = 6,
                                .maxpoll = 10,
                                .iburst = true,
                                .nts = nts,
                                .xleave = xleave};
    uint8_t key[AEAD_KEY_MAX] = {7};
    memset(n, 0, sizeof *n);
    ntp_client_init(n, &c, HZ, 0);
    if (nts &&
        (nts_assoc_keys(&n->nts, AEAD_AES_SIV_CMAC_256, key, key) ||
         nts_assoc_put(&n->nts, key, 32) || nts_assoc_put(&n->nts, key, 32)))
        abort();
    ask(n);
    if (xleave)
        exchange(n);
}

/* Counters aside, and what a NAK may change. */
static void check_unchanged(const struct ntp_client *before,
                            const struct ntp_client *after)
{
    static struct ntp_client a, b; /* an assignment may lose the padding */
    memcpy(&a, before, sizeof a);
    memcpy(&b, after, sizeof b);
    b.rx = a.rx;
    memcpy(b.drops, a.drops, sizeof b.drops);
    b.nak_run = a.nak_run;
    b.nak_seen = a.nak_seen;
    b.nts.naks = a.nts.naks;
    if (memcmp(&a, &b, sizeof a) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ntp_client n, before;
    uint8_t pkt[PKT] = {0};
    if (size < 1 || size > 1400)
        return 0;
    uint8_t flags = data[0];
    size_t len = size - 1;
    memcpy(pkt, data + 1, len);
    begin(&n, flags & 1, flags & 16);
    if (flags & 2 && len >= 32)
        bytes_put64(pkt + 24, n.nonce);
    if (flags & 32 && len >= 32)
        bytes_put64(pkt + 24, n.nonce_rx);
    if (flags & 4 && len >= SEAL_AT)
        memcpy(pkt + UID_AT, n.uid, NTS_UID_LEN);
    bool sealed = flags & 1 && flags & 8 && len >= SEAL_AT;
    if (sealed)
        len = seal(&n.nts, pkt, len);
    check_walk(pkt, len);

    struct ntp_sample s;
    enum ntp_drop why = NTP_DROP_COUNT;
    memcpy(&before, &n, sizeof n);
    mono_ns now = n.asked + 9000000;
    int rc = ntp_client_recv(&n, now, (uint64_t)now / 1000, pkt, len, &s, &why);
    if (rc == RC_OK || rc == RC_STATE) {
        if (flags & 1 && !sealed)
            abort(); /* believed without a key */
    } else {
        if (why >= NTP_DROP_COUNT)
            abort();
        check_unchanged(&before, &n);
    }
    struct filter f;
    struct estimate e;
    filter_init(&f, HZ, 0, FILTER_SIGMA_UNKNOWN);
    if (rc == RC_OK && s.interleaved != ((flags & 48) == 48))
        abort();
    if (rc == RC_OK && (!filter_sample(&f, &s) ||
                        !filter_estimate(&f, 10 * HZ, &e) || s.delay_ns < 0))
        abort();
    if (ntp_client_due(&n) < 0)
        abort();
    return 0;
}
