/* Cookies and a record of strangers: only what this jar has made is opened,
 * and what is made after any accepted record opens.
 *
 * Input: 1 byte of operations, then by them
 *   bit 0: a record is read, with what precedes bit 1's bytes
 *   bit 1: the rest is added, bit by bit, to a cookie that was made here
 *   bit 2: that cookie is AEAD 30's
 *   bits 3, 4: so many rotations after it was made
 * else the rest is a cookie as it stands. */
#include <string.h>

#include "../unit/entropy.h"
#include "core/nts_cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t c2s[32] = {1}, s2c[32] = {2};

static void check(struct nts_cookie_jar *jar, uint8_t op, const uint8_t *p,
                  size_t len)
{
    uint8_t cookie[NTS_COOKIE_MAX];
    struct nts_cookie_keys keys;
    int n = nts_cookie_make(jar, op & 4 ? 30 : 15, c2s, s2c, cookie);
    ASSERT(n > 0 && (size_t)n == nts_cookie_len(op & 4 ? 30 : 15));
    for (unsigned i = 0; i < (op >> 3 & 3u); i++)
        ASSERT(nts_cookie_rotate(jar) == RC_OK);
    if (!(op & 2)) {
        ASSERT(nts_cookie_open(jar, p, len, &keys) != RC_OK);
        return;
    }
    bool same = (op >> 3 & 3) < 3;
    for (size_t i = 0; i < len && i < (size_t)n; i++) {
        cookie[i] ^= p[i];
        same &= p[i] == 0;
    }
    int rc = nts_cookie_open(jar, cookie, (size_t)n, &keys);
    ASSERT(rc == (same ? RC_OK : RC_AUTH));
    if (same)
        ASSERT(memcmp(keys.c2s, c2s, keys.aead->key_len) == 0 &&
               memcmp(keys.s2c, s2c, keys.aead->key_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct nts_cookie_jar jar;
    uint8_t record[NTS_COOKIE_RECORD];
    int64_t since = 0;
    if (size == 0)
        return 0;
    uint8_t op = *data++;
    size--;
    ASSERT(nts_cookie_begin(&jar) == RC_OK);
    if (op & 1) {
        size_t n = size < sizeof record ? size : sizeof record;
        memcpy(record, data, n);
        if (nts_cookie_read(&jar, record, n, &since) == RC_OK) {
            uint8_t again[NTS_COOKIE_RECORD];
            int64_t same = 0;
            nts_cookie_write(&jar, since, again);
            ASSERT(nts_cookie_read(&jar, again, sizeof again, &same) == RC_OK);
            ASSERT(same == since);
        }
        data += n;
        size -= n;
    }
    check(&jar, op, data, size);
    nts_cookie_end(&jar);
    return 0;
}
