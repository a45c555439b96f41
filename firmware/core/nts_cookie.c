#include "nts_cookie.h"

#include "bytes.h"

#define RECORD_VERSION 1
#define AT_SEALED      4

static const uint16_t aeads[] = {AEAD_AES_SIV_CMAC_256, AEAD_AES_128_GCM_SIV};

/* ---- keys ---------------------------------------------------------------- */

static unsigned place_after(unsigned place, unsigned by)
{
    return (place + by) % NTS_COOKIE_KEYS;
}

static void drop_key(struct nts_cookie_key *k)
{
    if (k->there)
        siv_key_end(&k->siv);
    crypto_wipe(k, sizeof *k);
}

static int put_key(struct nts_cookie_jar *jar, uint32_t id,
                   const uint8_t raw[SIV_KEY])
{
    struct nts_cookie_key *k = &jar->key[id % NTS_COOKIE_KEYS];
    drop_key(k);
    int rc = siv_key_begin(&k->siv, raw);
    if (rc != RC_OK)
        return rc;
    k->there = true;
    k->id = id;
    memcpy(k->raw, raw, sizeof k->raw);
    return RC_OK;
}

/* An id is random, so that one of another jar hardly ever meets it. */
static int draw_key(struct nts_cookie_jar *jar, unsigned place)
{
    uint8_t drawn[4 + SIV_KEY];
    int rc = crypto_random(drawn, sizeof drawn);
    if (rc == RC_OK) {
        uint32_t id = bytes_get32(drawn) & ~(uint32_t)(NTS_COOKIE_KEYS - 1);
        rc = put_key(jar, id | place, drawn + 4);
    }
    crypto_wipe(drawn, sizeof drawn);
    return rc;
}

int nts_cookie_begin(struct nts_cookie_jar *jar)
{
    uint8_t drawn[CRYPTO_BLOCK + sizeof jar->boot];
    int rc = crypto_random(drawn, sizeof drawn);
    if (rc != RC_OK)
        return rc;
    memcpy(jar->boot, drawn + CRYPTO_BLOCK, sizeof jar->boot);
    rc = crypto_aes_begin(&jar->nonce_key, drawn, CRYPTO_BLOCK);
    crypto_wipe(drawn, sizeof drawn);
    if (rc != RC_OK)
        return rc;
    jar->nonces = jar->cookies = 0;
    jar->current = 0;
    rc = draw_key(jar, 0);
    if (rc == RC_OK)
        rc = draw_key(jar, 1);
    if (rc != RC_OK)
        nts_cookie_end(jar);
    return rc;
}

void nts_cookie_end(struct nts_cookie_jar *jar)
{
    for (size_t i = 0; i < LEN(jar->key); i++)
        drop_key(&jar->key[i]);
    crypto_aes_end(&jar->nonce_key);
    crypto_wipe(jar, sizeof *jar);
}

int nts_cookie_rotate(struct nts_cookie_jar *jar)
{
    int rc = draw_key(jar, place_after(jar->current, 2));
    if (rc == RC_OK)
        jar->current = (uint8_t)place_after(jar->current, 1);
    return rc;
}

/* ---- cookies ------------------------------------------------------------- */

static size_t len_of(const struct aead *aead)
{
    return AT_SEALED + SIV_TAG + NTS_COOKIE_SERIAL + 2u * aead->key_len;
}

size_t nts_cookie_len(uint16_t aead)
{
    const struct aead *a = aead_find(aead);
    return a ? len_of(a) : 0;
}

void nts_cookie_nonce(struct nts_cookie_jar *jar, uint8_t nonce[CRYPTO_BLOCK])
{
    memset(nonce, 0, CRYPTO_BLOCK);
    bytes_put64(nonce + 8, jar->nonces++);
    crypto_aes_block(&jar->nonce_key, nonce, nonce);
}

int nts_cookie_renew(struct nts_cookie_jar *jar, struct nts_cookie_keys *keys,
                     uint8_t *out)
{
    struct nts_cookie_key *k = &jar->key[jar->current];
    size_t half = keys->aead->key_len, held = 2 * half;
    uint8_t *text = out + AT_SEALED + SIV_TAG, *serial = text + held;
    bytes_put32(out, k->id);
    memcpy(text, keys->c2s, half);
    memcpy(text + half, keys->s2c, half);
    memcpy(serial, jar->boot, sizeof jar->boot);
    bytes_put64(serial + sizeof jar->boot, ++jar->cookies);
    if (!keys->summed || keys->summed_by != k->id) {
        siv_key_sum(&k->siv, text, held / CRYPTO_BLOCK, keys->sum);
        keys->summed = true;
        keys->summed_by = k->id;
    }
    siv_key_seal_on(&k->siv, keys->sum, held / CRYPTO_BLOCK,
                    held + NTS_COOKIE_SERIAL, out + AT_SEALED);
    return (int)len_of(keys->aead);
}

int nts_cookie_make(struct nts_cookie_jar *jar, uint16_t aead,
                    const uint8_t *c2s, const uint8_t *s2c, uint8_t *out)
{
    struct nts_cookie_keys keys = {.aead = aead_find(aead)};
    if (!keys.aead)
        return RC_BAD;
    memcpy(keys.c2s, c2s, keys.aead->key_len);
    memcpy(keys.s2c, s2c, keys.aead->key_len);
    int len = nts_cookie_renew(jar, &keys, out);
    crypto_wipe(&keys, sizeof keys);
    return len;
}

int nts_cookie_open(struct nts_cookie_jar *jar, const uint8_t *cookie,
                    size_t len, struct nts_cookie_keys *keys)
{
    uint8_t text[2 * AEAD_KEY_MAX + NTS_COOKIE_SERIAL];
    const struct aead *a = NULL;
    for (size_t i = 0; i < LEN(aeads) && !a; i++)
        if (nts_cookie_len(aeads[i]) == len)
            a = aead_find(aeads[i]);
    if (!a)
        return RC_BAD;
    uint32_t id = bytes_get32(cookie);
    struct nts_cookie_key *k = &jar->key[id % NTS_COOKIE_KEYS];
    if (!k->there || k->id != id)
        return RC_AUTH;
    int rc = siv_key_open_sum(&k->siv, cookie + AT_SEALED, len - AT_SEALED,
                              text, 2u * a->key_len / CRYPTO_BLOCK, keys->sum);
    if (rc == RC_OK) {
        const uint8_t *serial = text + 2 * a->key_len;
        bool ours = memcmp(serial, jar->boot, sizeof jar->boot) == 0;
        keys->aead = a;
        keys->summed = true;
        keys->summed_by = k->id;
        keys->serial = ours ? bytes_get64(serial + sizeof jar->boot) : 0;
        memcpy(keys->c2s, text, a->key_len);
        memcpy(keys->s2c, text + a->key_len, a->key_len);
    }
    crypto_wipe(text, sizeof text);
    return rc;
}

/* ---- the record ---------------------------------------------------------- */

/* 1 version, 1 place of the current key, 1 which places hold one (bits), 8
 * Unix seconds of the last rotation; then for each place 4 id, 32 key. */
#define AT_KEYS 11

void nts_cookie_write(const struct nts_cookie_jar *jar, int64_t since_unix,
                      uint8_t out[NTS_COOKIE_RECORD])
{
    struct writer w = writer_of(out, NTS_COOKIE_RECORD);
    unsigned there = 0;
    for (unsigned i = 0; i < NTS_COOKIE_KEYS; i++)
        there |= jar->key[i].there ? 1u << i : 0;
    writer_u8(&w, RECORD_VERSION);
    writer_u8(&w, jar->current);
    writer_u8(&w, (uint8_t)there);
    writer_u64(&w, (uint64_t)since_unix);
    for (size_t i = 0; i < NTS_COOKIE_KEYS; i++) {
        writer_u32(&w, jar->key[i].id);
        writer_bytes(&w, jar->key[i].raw, SIV_KEY);
    }
    ASSERT(!w.full && w.len == NTS_COOKIE_RECORD);
}

/* The current and the next key are there, each id is of its place. */
static bool is_record(const uint8_t *in, size_t len)
{
    if (len != NTS_COOKIE_RECORD || in[0] != RECORD_VERSION ||
        in[1] >= NTS_COOKIE_KEYS || in[2] >= 1u << NTS_COOKIE_KEYS)
        return false;
    unsigned used = 1u << in[1] | 1u << place_after(in[1], 1);
    if ((in[2] & used) != used)
        return false;
    for (unsigned i = 0; i < NTS_COOKIE_KEYS; i++)
        if ((in[2] & 1u << i) &&
            bytes_get32(in + AT_KEYS + i * (4 + SIV_KEY)) % NTS_COOKIE_KEYS !=
                i)
            return false;
    return true;
}

int nts_cookie_read(struct nts_cookie_jar *jar, const uint8_t *in, size_t len,
                    int64_t *since_unix)
{
    if (!is_record(in, len))
        return RC_BAD;
    for (unsigned i = 0; i < NTS_COOKIE_KEYS; i++) {
        const uint8_t *p = in + AT_KEYS + i * (4 + SIV_KEY);
        int rc = RC_OK;
        if (in[2] & 1u << i)
            rc = put_key(jar, bytes_get32(p), p + 4);
        else
            drop_key(&jar->key[i]);
        if (rc != RC_OK)
            return rc;
    }
    jar->current = in[1];
    *since_unix = (int64_t)bytes_get64(in + 3);
    return RC_OK;
}
