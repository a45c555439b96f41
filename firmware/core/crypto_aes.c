/* crypto.h's AES (FIPS 197), encryption only: what NTS for NTP costs is mostly
 * this. SubBytes, ShiftRows and MixColumns of one byte are one look into a
 * table of 1 KB, whose words are turned for the byte's row; words are
 * little-endian, as the processors are. */
#include <string.h>

#include "crypto.h"

/* 2, 1, 1 and 3 times s in GF(2^8), from the low byte up. */
#define X2(s) (((s) << 1 ^ ((s) >> 7) * 0x11bu) & 0xffu)
#define T(s)                                                                   \
    ((uint32_t)X2(s) | (uint32_t)(s) << 8 | (uint32_t)(s) << 16 |              \
     (uint32_t)(X2(s) ^ (s)) << 24)

static const uint32_t table[256] = {
    T(0x63), T(0x7c), T(0x77), T(0x7b), T(0xf2), T(0x6b), T(0x6f), T(0xc5),
    T(0x30), T(0x01), T(0x67), T(0x2b), T(0xfe), T(0xd7), T(0xab), T(0x76),
    T(0xca), T(0x82), T(0xc9), T(0x7d), T(0xfa), T(0x59), T(0x47), T(0xf0),
    T(0xad), T(0xd4), T(0xa2), T(0xaf), T(0x9c), T(0xa4), T(0x72), T(0xc0),
    T(0xb7), T(0xfd), T(0x93), T(0x26), T(0x36), T(0x3f), T(0xf7), T(0xcc),
    T(0x34), T(0xa5), T(0xe5), T(0xf1), T(0x71), T(0xd8), T(0x31), T(0x15),
    T(0x04), T(0xc7), T(0x23), T(0xc3), T(0x18), T(0x96), T(0x05), T(0x9a),
    T(0x07), T(0x12), T(0x80), T(0xe2), T(0xeb), T(0x27), T(0xb2), T(0x75),
    T(0x09), T(0x83), T(0x2c), T(0x1a), T(0x1b), T(0x6e), T(0x5a), T(0xa0),
    T(0x52), T(0x3b), T(0xd6), T(0xb3), T(0x29), T(0xe3), T(0x2f), T(0x84),
    T(0x53), T(0xd1), T(0x00), T(0xed), T(0x20), T(0xfc), T(0xb1), T(0x5b),
    T(0x6a), T(0xcb), T(0xbe), T(0x39), T(0x4a), T(0x4c), T(0x58), T(0xcf),
    T(0xd0), T(0xef), T(0xaa), T(0xfb), T(0x43), T(0x4d), T(0x33), T(0x85),
    T(0x45), T(0xf9), T(0x02), T(0x7f), T(0x50), T(0x3c), T(0x9f), T(0xa8),
    T(0x51), T(0xa3), T(0x40), T(0x8f), T(0x92), T(0x9d), T(0x38), T(0xf5),
    T(0xbc), T(0xb6), T(0xda), T(0x21), T(0x10), T(0xff), T(0xf3), T(0xd2),
    T(0xcd), T(0x0c), T(0x13), T(0xec), T(0x5f), T(0x97), T(0x44), T(0x17),
    T(0xc4), T(0xa7), T(0x7e), T(0x3d), T(0x64), T(0x5d), T(0x19), T(0x73),
    T(0x60), T(0x81), T(0x4f), T(0xdc), T(0x22), T(0x2a), T(0x90), T(0x88),
    T(0x46), T(0xee), T(0xb8), T(0x14), T(0xde), T(0x5e), T(0x0b), T(0xdb),
    T(0xe0), T(0x32), T(0x3a), T(0x0a), T(0x49), T(0x06), T(0x24), T(0x5c),
    T(0xc2), T(0xd3), T(0xac), T(0x62), T(0x91), T(0x95), T(0xe4), T(0x79),
    T(0xe7), T(0xc8), T(0x37), T(0x6d), T(0x8d), T(0xd5), T(0x4e), T(0xa9),
    T(0x6c), T(0x56), T(0xf4), T(0xea), T(0x65), T(0x7a), T(0xae), T(0x08),
    T(0xba), T(0x78), T(0x25), T(0x2e), T(0x1c), T(0xa6), T(0xb4), T(0xc6),
    T(0xe8), T(0xdd), T(0x74), T(0x1f), T(0x4b), T(0xbd), T(0x8b), T(0x8a),
    T(0x70), T(0x3e), T(0xb5), T(0x66), T(0x48), T(0x03), T(0xf6), T(0x0e),
    T(0x61), T(0x35), T(0x57), T(0xb9), T(0x86), T(0xc1), T(0x1d), T(0x9e),
    T(0xe1), T(0xf8), T(0x98), T(0x11), T(0x69), T(0xd9), T(0x8e), T(0x94),
    T(0x9b), T(0x1e), T(0x87), T(0xe9), T(0xce), T(0x55), T(0x28), T(0xdf),
    T(0x8c), T(0xa1), T(0x89), T(0x0d), T(0xbf), T(0xe6), T(0x42), T(0x68),
    T(0x41), T(0x99), T(0x2d), T(0x0f), T(0xb0), T(0x54), T(0xbb), T(0x16),
};

static uint32_t turn(uint32_t v, unsigned bits)
{
    return v << bits | v >> (32 - bits);
}

/* SubBytes of one byte: the table's second byte. */
static uint32_t sub(uint32_t byte)
{
    return ((const uint8_t *)table)[4 * (byte & 0xff) + 1];
}

static uint32_t load(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "of words in memory");

static uint32_t sub_word(uint32_t v)
{
    return sub(v) | sub(v >> 8) << 8 | sub(v >> 16) << 16 | sub(v >> 24) << 24;
}

int crypto_aes_begin(struct crypto_aes *a, const uint8_t *key, size_t key_len)
{
    ASSERT(key_len == 16 || key_len == 32);
    uint32_t n = (uint32_t)key_len / 4, round_constant = 1;
    uint32_t *w = a->key, *end = w + 4 * (n + 7);
    a->rounds = n + 6;
    memcpy(w, key, key_len);
    for (; w + n < end; w += n) {
        uint32_t v = sub_word(turn(w[n - 1], 24)) ^ round_constant;
        round_constant = X2(round_constant);
        for (uint32_t i = 0; i < n && w + n + i < end; i++) {
            if (i == 4)
                v = sub_word(v);
            w[n + i] = v ^= w[i];
        }
    }
    return RC_OK;
}

#define MIX(k, a, b, c, d)                                                     \
    ((k) ^ table[(a)&0xff] ^ turn(table[(b) >> 8 & 0xff], 8) ^                 \
     turn(table[(c) >> 16 & 0xff], 16) ^ turn(table[(d) >> 24], 24))
#define LAST(k, a, b, c, d)                                                    \
    ((k) ^ sub(a) ^ sub((b) >> 8) << 8 ^ sub((c) >> 16) << 16 ^                \
     sub((d) >> 24) << 24)
#define ROUND(WHAT, k, to, from)                                               \
    uint32_t to##0 = WHAT((k)[0], from##0, from##1, from##2, from##3);         \
    uint32_t to##1 = WHAT((k)[1], from##1, from##2, from##3, from##0);         \
    uint32_t to##2 = WHAT((k)[2], from##2, from##3, from##0, from##1);         \
    uint32_t to##3 = WHAT((k)[3], from##3, from##0, from##1, from##2)

/* One block, whose words s0 to s3 stay in registers. */
#define ENCRYPT(a)                                                             \
    do {                                                                       \
        const uint32_t *k = (a)->key, *last = k + 4 * (a)->rounds - 8;         \
        s0 ^= k[0], s1 ^= k[1], s2 ^= k[2], s3 ^= k[3];                        \
        for (; k != last; k += 8) {                                            \
            ROUND(MIX, k + 4, t, s);                                           \
            ROUND(MIX, k + 8, u, t);                                           \
            s0 = u0, s1 = u1, s2 = u2, s3 = u3;                                \
        }                                                                      \
        ROUND(MIX, k + 4, t, s);                                               \
        ROUND(LAST, k + 8, u, t);                                              \
        s0 = u0, s1 = u1, s2 = u2, s3 = u3;                                    \
    } while (0)

static void store(uint8_t *p, uint32_t v)
{
    memcpy(p, &v, sizeof v);
}

void crypto_aes_chain(struct crypto_aes *a, uint8_t sum[CRYPTO_BLOCK],
                      const uint8_t *b, size_t blocks)
{
    uint32_t s0 = load(sum), s1 = load(sum + 4);
    uint32_t s2 = load(sum + 8), s3 = load(sum + 12);
    for (; blocks > 0; blocks--, b += CRYPTO_BLOCK) {
        s0 ^= load(b), s1 ^= load(b + 4);
        s2 ^= load(b + 8), s3 ^= load(b + 12);
        ENCRYPT(a);
    }
    store(sum, s0);
    store(sum + 4, s1);
    store(sum + 8, s2);
    store(sum + 12, s3);
}

void crypto_aes_count(struct crypto_aes *a, uint8_t q[CRYPTO_BLOCK],
                      const uint8_t *in, uint8_t *out, size_t blocks)
{
    for (; blocks > 0; blocks--, in += CRYPTO_BLOCK, out += CRYPTO_BLOCK) {
        uint32_t s0 = load(q), s1 = load(q + 4), s2 = load(q + 8);
        uint32_t s3 = load(q + 12);
        store(q + 12, __builtin_bswap32(__builtin_bswap32(s3) + 1));
        ENCRYPT(a);
        store(out, s0 ^ load(in));
        store(out + 4, s1 ^ load(in + 4));
        store(out + 8, s2 ^ load(in + 8));
        store(out + 12, s3 ^ load(in + 12));
    }
}

void crypto_aes_block(struct crypto_aes *a, const uint8_t in[CRYPTO_BLOCK],
                      uint8_t out[CRYPTO_BLOCK])
{
    uint8_t sum[CRYPTO_BLOCK] = {0};
    crypto_aes_chain(a, sum, in, 1);
    memcpy(out, sum, sizeof sum);
}

void crypto_aes_end(struct crypto_aes *a)
{
    crypto_wipe(a, sizeof *a);
}
