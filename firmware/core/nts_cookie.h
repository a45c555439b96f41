/* nts_cookie.h -- the cookies that our NTS server gives out, and the keys that
 * they are sealed with (RFC 8915 section 6). The server keeps nothing of a
 * client: a cookie holds its keys, and only we can open it.
 *
 *     nts_cookie_begin(&jar)                        at start: new keys
 *     nts_cookie_read(&jar, record, len, &since)    or those of the card
 *     nts_cookie_make / nts_cookie_open / nts_cookie_nonce
 *     nts_cookie_rotate(&jar), nts_cookie_write(&jar, since, record)
 *
 * A cookie, numbers big-endian:
 *
 *      0  4  id of the key; its low two bits are the key's place in the jar
 *      4 16  tag; all that follows is encrypted
 *     20     C2S key, S2C key: 32 bytes each for AEAD 15, 16 for 30
 *         8  random bytes of the boot
 *         8  serial: of how many cookies of this boot it is the last
 *
 * so 100 bytes for AEAD 15 and 68 for AEAD 30, as which a cookie's length
 * tells it. These lengths never change: a client asks with placeholders of
 * the length that it knows, and would starve without a word if cookies grew.
 *
 * Four keys: two former ones, the current one and the next one. Cookies are
 * made with the current one and opened with any. The next one is in the
 * record from the rotation before, so whoever loses the latest record has
 * every key that a cookie was made with: a cut at any write loses no cookie.
 * A cookie lives for two to three intervals.
 *
 * The cookies of a reply begin with the same keys, whose part of the tag is
 * worked out once.
 *
 * Sealed with AES-SIV (RFC 5297), which needs no nonce where no two texts are
 * the same: the serial sees to that, and tells us, and nobody else, the order
 * in which a client got its cookies (nts_sessions.h). In the clear it would
 * tell whoever listens which cookie came with which reply (RFC 8915 section
 * 1.1). Were a serial ever repeated, boot's bytes included, that would cost no
 * key: two cookies of the same client under the same key would be seen to be
 * equal. ChaCha20-Poly1305 wants a nonce, 12 bytes; one that is repeated gives
 * away what two clients' keys differ in, and lets cookies be forged, and the
 * same is true of AES-GCM and AES-CCM. A board whose entropy fails at boot in
 * the same way each time would repeat it, with a cookie key that outlives the
 * boot. tests/bench has what they cost: none is cheaper here.
 *
 * Cookies are outside input. The caller owns the struct, which holds secrets
 * until nts_cookie_end. */
#ifndef NTS_COOKIE_H
#define NTS_COOKIE_H

#include "limit.h"
#include "siv.h"

#define NTS_COOKIE_KEYS   4
#define NTS_COOKIE_SERIAL 16 /* bytes, boot's included                        */
#define NTS_COOKIE_MAX    (4 + SIV_TAG + NTS_COOKIE_SERIAL + 2 * AEAD_KEY_MAX)
#define NTS_COOKIE_RECORD (11 + NTS_COOKIE_KEYS * (4 + SIV_KEY)) /* bytes     */
static_assert(NTS_COOKIE_MAX <= LIMIT_COOKIE, "our own client takes it");

struct nts_cookie_jar { /* fields private                                   */
    struct nts_cookie_key {
        bool there;
        uint32_t id;
        uint8_t raw[SIV_KEY];
        struct siv_key siv;
    } key[NTS_COOKIE_KEYS];
    uint8_t current; /* its place; the next key is in the place after it    */
    struct crypto_aes nonce_key;
    uint8_t boot[8];          /* random bytes of nts_cookie_begin           */
    uint64_t nonces, cookies; /* made so far                                */
};

struct nts_cookie_keys { /* what a cookie holds                             */
    const struct aead *aead;
    uint64_t serial; /* 1 is the first cookie of this boot; 0: one of another */
    uint8_t c2s[AEAD_KEY_MAX], s2c[AEAD_KEY_MAX];
    /* private: the keys' part of a cookie's tag, and by which key of the jar */
    bool summed;
    uint32_t summed_by;
    uint8_t sum[CRYPTO_BLOCK];
};

/* Begin with a current and a next key, newly drawn. *jar is zeroed or was
 * ended. Returns RC_OK; RC_IO: no entropy, or RC_SPACE: no library memory, and
 * *jar is as it was. */
int nts_cookie_begin(struct nts_cookie_jar *jar) MUST_CHECK;
/* Wipe all keys. */
void nts_cookie_end(struct nts_cookie_jar *jar);

/* Return the length of a cookie for sessions of this AEAD, or 0 when there are
 * none for it. */
size_t nts_cookie_len(uint16_t aead);

/* Make a cookie with the current key, of a session's AEAD and keys. out has
 * room for NTS_COOKIE_MAX bytes. Returns its length, or RC_BAD when there are
 * no cookies for this AEAD. */
int nts_cookie_make(struct nts_cookie_jar *jar, uint16_t aead,
                    const uint8_t *c2s, const uint8_t *s2c,
                    uint8_t *out) MUST_CHECK;
/* Make another one for the session of a cookie that was opened: so many of them
 * cost less than by themselves. */
int nts_cookie_renew(struct nts_cookie_jar *jar, struct nts_cookie_keys *keys,
                     uint8_t *out) MUST_CHECK;
/* Open a cookie, any bytes. Returns RC_OK; RC_AUTH: made by none of these keys,
 * or damaged; RC_BAD: no cookie of ours is so long. Only after RC_OK is *keys
 * of use, and then it holds secrets that the caller wipes. */
int nts_cookie_open(struct nts_cookie_jar *jar, const uint8_t *cookie,
                    size_t len, struct nts_cookie_keys *keys) MUST_CHECK;
/* Return a nonce for a reply, one that was not returned since nts_cookie_begin
 * and that nobody can tell from random bytes: AES of a counter under a key
 * drawn then. */
void nts_cookie_nonce(struct nts_cookie_jar *jar, uint8_t nonce[CRYPTO_BLOCK]);

/* Make the next key the current one and draw a new next one; cookies of the
 * oldest are refused from now on. Whoever calls it sees to it that the record
 * of the last rotation is durable, and writes a new one. Returns RC_OK; RC_IO:
 * no entropy, and nothing has changed; RC_SPACE: no library memory, and the
 * oldest key is gone. */
int nts_cookie_rotate(struct nts_cookie_jar *jar) MUST_CHECK;

/* Write the record of all keys, and since when the current one is that (Unix
 * seconds, as well as the caller knows): NTS_COOKIE_RECORD bytes. */
void nts_cookie_write(const struct nts_cookie_jar *jar, int64_t since_unix,
                      uint8_t out[NTS_COOKIE_RECORD]);
/* Read such a record, any bytes, after nts_cookie_begin. Returns RC_OK; RC_BAD
 * when it is none, and *jar and *since_unix are as they were; RC_SPACE: no
 * library memory, and *jar can only be ended. */
int nts_cookie_read(struct nts_cookie_jar *jar, const uint8_t *in, size_t len,
                    int64_t *since_unix) MUST_CHECK;

#endif
