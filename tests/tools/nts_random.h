/* nts_random.h -- requests with fields of NTS in any order and of many lengths,
 * damaged or not, for two servers that shall agree on them. The same seed gives
 * the same request but for the cookie. Include it once. */
#ifndef NTS_RANDOM_H
#define NTS_RANDOM_H

#include "../unit/nts_request.h"

static uint32_t random_state;

static uint32_t below(uint32_t n)
{
    random_state ^= random_state << 13; /* xorshift32 */
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % n;
}

/* Words, of a field's body. */
static size_t words(size_t least, uint32_t more)
{
    return least + 4 * (size_t)below(more);
}

static void random_field(struct nts_peer *p, bool nts)
{
    static const uint16_t others[] = {0x7777, 0x010a, 0xf323, 0x0000, 0x2005,
                                      0x0002, 0x8204, 0x0504, 0x8404};
    switch (nts ? below(8) : 7) {
    case 0:
        nts_peer_uid(p, below(3) ? 32 : words(12, 13));
        return;
    case 1:
        if (below(3) == 0)
            nts_peer_cookie(p);
        return;
    case 2:
    case 3:
        nts_peer_placeholders(p, 1);
        return;
    case 4:
        if (below(4) == 0)
            (void)ntp_ef_put(&p->w, NTS_EF_PLACEHOLDER, words(12, 40));
        return;
    default:
        (void)ntp_ef_put(&p->w, others[below(LEN(others))], words(12, 12));
    }
}

/* With a nonce of any length, and padding. */
static void random_nonce(struct nts_peer *p)
{
    size_t len = below(2) ? below(33) : words(0, 9), padding = words(0, 9);
    size_t at = p->w.len, padded = (len + 3) & ~(size_t)3;
    uint8_t *f =
        ntp_ef_put(&p->w, NTS_EF_AUTHENTICATOR, 4 + padded + 16 + padding);
    ASSERT(f);
    bytes_put16(f, (uint16_t)len);
    bytes_put16(f + 2, 16);
    memcpy(f + 4, p->uid, len);
    (void)!p->aead->seal(p->c2s, p->uid, len, p->msg, at, NULL, 0,
                         f + 4 + padded);
}

static void random_authenticator(struct nts_peer *p)
{
    uint32_t how = below(6);
    if (how < 2)
        random_nonce(p);
    else if (how == 2 && p->w.len < 500)
        nts_peer_seal(p, below(3), p->w.len + words(400, 40));
    else if (p->w.len < 700)
        nts_peer_seal(p, below(4), 0);
}

static void random_damage(struct nts_peer *p)
{
    uint32_t fields = (uint32_t)p->w.len - NTP_HEADER;
    switch (below(10)) {
    case 0:
        (void)ntp_ef_put(&p->w, 0x7777, words(12, 6));
        return;
    case 1: /* what may be a MAC */
        for (uint32_t n = below(8); n > 0 && p->w.len < 1000; n--)
            writer_u32(&p->w, below(3));
        return;
    case 2:
        p->w.len -= fields > 12 ? words(0, 4) : 0;
        return;
    case 3:
        if (fields > 0)
            p->msg[NTP_HEADER + below(fields)] ^= (uint8_t)(1 << below(8));
        return;
    case 4:
        p->w.len -= below(4);
        return;
    case 5:
        if (fields > 4)
            p->msg[NTP_HEADER + below(4)] = (uint8_t)below(256);
        return;
    default:
        return;
    }
}

/* Writes request number `seed` to p->msg, after nts_peer_init. */
static void random_request(struct nts_peer *p, uint32_t seed)
{
    const struct ntp_header h = {.version = 4, .mode = 3, .transmit = seed + 1};
    random_state = seed * 2654435761u | 1;
    for (unsigned i = 0; i < 5; i++)
        (void)below(2);
    nts_peer_header(p, &h);
    if (below(12) == 0)
        p->msg[0] = (uint8_t)below(256); /* leap, version, mode */
    bool nts = below(10) > 0;
    if (nts && below(4))
        nts_peer_uid(p, 32);
    if (nts && below(5))
        nts_peer_cookie(p);
    for (uint32_t n = below(7); n > 0; n--)
        random_field(p, nts);
    if (nts && below(8))
        random_authenticator(p);
    random_damage(p);
}

#endif
