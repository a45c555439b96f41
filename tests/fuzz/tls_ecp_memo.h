/* tls_ecp_memo.h -- remembers products of points, for a fuzz target whose
 * random numbers are the same in every run: an input then costs no arithmetic
 * that another has paid for. For one .c file; to be linked with
 * --wrap=mbedtls_ecp_mul and --wrap=mbedtls_ecp_mul_restartable. */
#ifndef FUZZ_TLS_ECP_MEMO_H
#define FUZZ_TLS_ECP_MEMO_H

#include <mbedtls/ecp.h>
#include <string.h>

#define MEMO_BYTES  48 /* P-384 */
#define MEMO_PLACES 64

typedef int memo_rng(void *, unsigned char *, size_t);

int __real_mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp,
                                       mbedtls_ecp_point *r,
                                       const mbedtls_mpi *m,
                                       const mbedtls_ecp_point *p,
                                       memo_rng *rng, void *arg,
                                       mbedtls_ecp_restart_ctx *restart);
int __wrap_mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp,
                                       mbedtls_ecp_point *r,
                                       const mbedtls_mpi *m,
                                       const mbedtls_ecp_point *p,
                                       memo_rng *rng, void *arg,
                                       mbedtls_ecp_restart_ctx *restart);
int __wrap_mbedtls_ecp_mul(mbedtls_ecp_group *grp, mbedtls_ecp_point *r,
                           const mbedtls_mpi *m, const mbedtls_ecp_point *p,
                           memo_rng *rng, void *arg);

struct memo_key {
    int group;
    uint8_t m[MEMO_BYTES], x[MEMO_BYTES], y[MEMO_BYTES];
};

static struct memo {
    struct memo_key key;
    uint8_t x[MEMO_BYTES], y[MEMO_BYTES];
} memo[MEMO_PLACES];
static unsigned memo_next;

static int memo_point(const mbedtls_ecp_point *p, uint8_t *x, uint8_t *y)
{
    int rc = mbedtls_mpi_write_binary(&p->MBEDTLS_PRIVATE(X), x, MEMO_BYTES);
    return rc ? rc
              : mbedtls_mpi_write_binary(&p->MBEDTLS_PRIVATE(Y), y, MEMO_BYTES);
}

static int memo_recall(const struct memo *f, mbedtls_ecp_point *r)
{
    int rc = mbedtls_mpi_read_binary(&r->MBEDTLS_PRIVATE(X), f->x, MEMO_BYTES);
    if (rc == 0)
        rc = mbedtls_mpi_read_binary(&r->MBEDTLS_PRIVATE(Y), f->y, MEMO_BYTES);
    return rc ? rc : mbedtls_mpi_lset(&r->MBEDTLS_PRIVATE(Z), 1);
}

int __wrap_mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp,
                                       mbedtls_ecp_point *r,
                                       const mbedtls_mpi *m,
                                       const mbedtls_ecp_point *p,
                                       memo_rng *rng, void *arg,
                                       mbedtls_ecp_restart_ctx *restart)
{
    struct memo_key key;
    memset(&key, 0, sizeof key);
    key.group = (int)grp->id;
    int bad = mbedtls_mpi_write_binary(m, key.m, MEMO_BYTES) |
              memo_point(p, key.x, key.y) |
              mbedtls_mpi_cmp_int(&p->MBEDTLS_PRIVATE(Z), 1);
    for (unsigned i = 0; !bad && i < MEMO_PLACES; i++)
        if (memcmp(&memo[i].key, &key, sizeof key) == 0)
            return memo_recall(&memo[i], r);
    int rc =
        __real_mbedtls_ecp_mul_restartable(grp, r, m, p, rng, arg, restart);
    struct memo *f = &memo[memo_next % MEMO_PLACES];
    if (rc == 0 && !bad && memo_point(r, f->x, f->y) == 0) {
        f->key = key;
        memo_next++;
    }
    return rc;
}

int __wrap_mbedtls_ecp_mul(mbedtls_ecp_group *grp, mbedtls_ecp_point *r,
                           const mbedtls_mpi *m, const mbedtls_ecp_point *p,
                           memo_rng *rng, void *arg)
{
    return __wrap_mbedtls_ecp_mul_restartable(grp, r, m, p, rng, arg, NULL);
}

#endif
