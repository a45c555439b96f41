#include "polyval.h"

#include "bytes.h"

static uint32_t get32_le(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static void put32_le(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

/* Every fourth bit, from bit i on. */
#define EVERY4(i) (UINT64_C(0x1111111111111111) << (i))

static uint64_t mul(uint32_t a, uint32_t b)
{
    return (uint64_t)a * b;
}

/* 32 x 32 -> 63 bits without carries. A factor has up to eight ones, four
 * bits apart, so at most eight meet in one place: three bits of carry, which
 * do not reach the next place. Bit 0 of each place is the sum's parity. */
static uint64_t clmul32(uint32_t a, uint32_t b)
{
    const uint32_t every4 = 0x11111111;
    uint32_t a0 = a & every4, a1 = a & every4 << 1, a2 = a & every4 << 2,
             a3 = a & every4 << 3;
    uint32_t b0 = b & every4, b1 = b & every4 << 1, b2 = b & every4 << 2,
             b3 = b & every4 << 3;
    uint64_t p0 = mul(a0, b0) ^ mul(a1, b3) ^ mul(a2, b2) ^ mul(a3, b1);
    uint64_t p1 = mul(a0, b1) ^ mul(a1, b0) ^ mul(a2, b3) ^ mul(a3, b2);
    uint64_t p2 = mul(a0, b2) ^ mul(a1, b1) ^ mul(a2, b0) ^ mul(a3, b3);
    uint64_t p3 = mul(a0, b3) ^ mul(a1, b2) ^ mul(a2, b1) ^ mul(a3, b0);
    return (p0 & EVERY4(0)) | (p1 & EVERY4(1)) | (p2 & EVERY4(2)) |
           (p3 & EVERY4(3));
}

/* 64 x 64 -> 128 bits: three products in place of four (Karatsuba). */
static void clmul64(const uint32_t a[2], const uint32_t b[2], uint32_t out[4])
{
    uint64_t lo = clmul32(a[0], b[0]), hi = clmul32(a[1], b[1]);
    uint64_t mid = clmul32(a[0] ^ a[1], b[0] ^ b[1]) ^ lo ^ hi;
    lo ^= mid << 32;
    hi ^= mid >> 32;
    out[0] = (uint32_t)lo;
    out[1] = (uint32_t)(lo >> 32);
    out[2] = (uint32_t)hi;
    out[3] = (uint32_t)(hi >> 32);
}

static void clmul128(const uint32_t a[4], const uint32_t b[4], uint32_t out[8])
{
    const uint32_t as[2] = {a[0] ^ a[2], a[1] ^ a[3]};
    const uint32_t bs[2] = {b[0] ^ b[2], b[1] ^ b[3]};
    uint32_t mid[4];
    clmul64(a, b, out);
    clmul64(a + 2, b + 2, out + 4);
    clmul64(as, bs, mid);
    for (int i = 0; i < 4; i++)
        mid[i] ^= out[i] ^ out[i + 4];
    for (int i = 0; i < 4; i++)
        out[i + 2] ^= mid[i];
}

/* sum = sum * key * x^-128. The product's lower half goes away word by word:
 * the modulus times the word, whose 1 clears it, is added. */
static void multiply(struct polyval *p)
{
    uint32_t r[8];
    clmul128(p->sum, p->key, r);
    for (int i = 0; i < 4; i++) {
        uint32_t w = r[i];
        r[i + 3] ^= w << 31 ^ w << 30 ^ w << 25;
        r[i + 4] ^= w ^ w >> 1 ^ w >> 2 ^ w >> 7;
    }
    memcpy(p->sum, r + 4, sizeof p->sum);
}

void polyval_begin(struct polyval *p, const uint8_t key[POLYVAL_BLOCK])
{
    *p = (struct polyval){.sum = {0}};
    for (int i = 0; i < 4; i++)
        p->key[i] = get32_le(key + 4 * i);
}

void polyval_add(struct polyval *p, const uint8_t *b, size_t len)
{
    for (size_t at = 0; at < len; at += POLYVAL_BLOCK) {
        uint8_t block[POLYVAL_BLOCK] = {0};
        size_t n = len - at < sizeof block ? len - at : sizeof block;
        memcpy(block, b + at, n);
        for (int i = 0; i < 4; i++)
            p->sum[i] ^= get32_le(block + 4 * i);
        multiply(p);
    }
}

void polyval_sum(const struct polyval *p, uint8_t sum[POLYVAL_BLOCK])
{
    for (int i = 0; i < 4; i++)
        put32_le(sum + 4 * i, p->sum[i]);
}
