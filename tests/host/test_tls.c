/* adapters/tls and services/ke_client against real servers, over lwIP and
 * libslirp. Run by test_tls.py, which makes the servers and says in a file
 * (GNOMON_TLS_CASES) what to ask whom and what must come of it; one line a
 * case, its fields cut by tabs:
 *
 *     trust  SET   FILE   COUNT WHY      tls_trust must return COUNT and
 *                          tls_trust_reason hold WHY; nothing where it is "-"
 *     ask    LABEL WANT NAME ADDR PORT SET SYNCHRONISED FLOOR NOW
 *     together LABEL COUNT NAME ADDR PORT PORT    so many at once at the first
 *                          port, all must succeed, beside one at the second,
 *                          who hangs
 *     room   LABEL         as much of the arenas is in use as at the last one
 *
 * WANT is "ok" or words of the reason. Prints TAP, each exchange's keys as a
 * comment, and the arenas' peak at the first `room`. */
#include <inttypes.h>
#include <mbedtls/bignum.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mono.h"
#include "host.h"
#include "core/limit.h"
#include "port.h"
#include "services/ke_client.h"
#include "adapters/net.h"
#include "adapters/tls_client.h"
#include "adapters/tls_platform.h"
#include "adapters/tls_roots.h"
#include "adapters/tls_trust_private.h"

#define CASE_LIMIT (20 * MONO_S)
/* The most that one pass of the loop may compute: one P-384 verification. */
#define WORK_STEP       33.0
#define WORK_SIGNATURES 9 /* a chain's, and the server's own              */

static struct conf conf;
static unsigned count, failed;
static struct cert_clock judge;
static struct outcome {
    bool called, ok;
    char reason[128];
    unsigned cookies, aead;
    uint8_t c2s[32], s2c[32];
    int64_t lo, hi;
} got, many[LIMIT_SOURCES];

/* ---- what the public-key arithmetic costs --------------------------------
 * Counted, not timed: millions of a Cortex-A7's instructions, as each kind
 * of verification was measured to need. An RSA one is as many squarings as
 * its exponent has bits. */

static struct {
    unsigned signatures;  /* of this case                                    */
    double step, longest; /* of this pass of the loop, and of any            */
} work;

int __real_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options,
                                 mbedtls_pk_context *pk, mbedtls_md_type_t md,
                                 const uint8_t *hash, size_t hash_len,
                                 const uint8_t *sig, size_t sig_len);
int __wrap_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options,
                                 mbedtls_pk_context *pk, mbedtls_md_type_t md,
                                 const uint8_t *hash, size_t hash_len,
                                 const uint8_t *sig, size_t sig_len);
int __wrap_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options,
                                 mbedtls_pk_context *pk, mbedtls_md_type_t md,
                                 const uint8_t *hash, size_t hash_len,
                                 const uint8_t *sig, size_t sig_len)
{
    work.signatures++;
    if (mbedtls_pk_can_do(pk, MBEDTLS_PK_ECDSA))
        work.step += mbedtls_pk_get_bitlen(pk) > 256 ? 33 : 16.5;
    return __real_mbedtls_pk_verify_ext(type, options, pk, md, hash, hash_len,
                                        sig, sig_len);
}

int __real_mbedtls_mpi_exp_mod_unsafe(mbedtls_mpi *x, const mbedtls_mpi *a,
                                      const mbedtls_mpi *e,
                                      const mbedtls_mpi *n, mbedtls_mpi *rr);
int __wrap_mbedtls_mpi_exp_mod_unsafe(mbedtls_mpi *x, const mbedtls_mpi *a,
                                      const mbedtls_mpi *e,
                                      const mbedtls_mpi *n, mbedtls_mpi *rr);
int __wrap_mbedtls_mpi_exp_mod_unsafe(mbedtls_mpi *x, const mbedtls_mpi *a,
                                      const mbedtls_mpi *e,
                                      const mbedtls_mpi *n, mbedtls_mpi *rr)
{
    double limbs = (double)mbedtls_mpi_bitlen(n) / 64;
    work.step += limbs * limbs * (double)mbedtls_mpi_bitlen(e) * 128 / 1e6;
    return __real_mbedtls_mpi_exp_mod_unsafe(x, a, e, n, rr);
}

static void check(bool good, const char *label, const char *more)
{
    count++;
    failed += !good;
    printf("%sok %u - %s%s%s\n", good ? "" : "not ", count, label,
           more[0] ? ": " : "", more);
    fflush(stdout);
}

static mono_ns now(void)
{
    return mono_of_ticks(port_ticks(), port_tick_hz());
}

/* One pass of main.c's loop, as far as these services are concerned. */
static void pass(void)
{
    port_poll();
    mono_ns t = now();
    work.step = 0;
    mono_ns next = mono_min(net_poll(t), ke_client_poll(t));
    if (work.step > work.longest)
        work.longest = work.step;
    next = mono_min(next, t + 5 * MONO_MS);
    port_idle(mono_to_ticks(next, port_tick_hz()));
}

static size_t arena_peak(void)
{
    struct status_tls s;
    tls_client_status(&s);
    return s.arena_peak;
}

static void room(const char *label)
{
    static unsigned last;
    char more[64];
    if (last == 0)
        printf("# arena: peak %u of %u bytes\n", (unsigned)arena_peak(),
               LIMIT_TLS_ARENA);
    unsigned used = (unsigned)tls_platform_arena_used();
    snprintf(more, sizeof more, "leaves nothing in the arenas (%u, %u)", last,
             used);
    if (last != 0)
        check(used == last, label, more);
    last = used;
}

/* The double of the timekeeper's. */
struct cert_clock timekeeper_cert_clock(void)
{
    return judge;
}

static void done(void *arg, const struct ke_outcome *o)
{
    struct outcome *g = arg;
    ASSERT(!g->called);
    g->called = true;
    g->ok = o->ok;
    snprintf(g->reason, sizeof g->reason, "%s", o->reason);
    g->cookies = o->ok ? o->result->count : 0;
    g->aead = o->ok ? o->result->aead : 0;
    memcpy(g->c2s, o->c2s, sizeof g->c2s);
    memcpy(g->s2c, o->s2c, sizeof g->s2c);
    g->lo = o->cert_lo;
    g->hi = o->cert_hi;
}

static struct addr parse_addr(const char *text)
{
    struct addr a;
    ASSERT(addr_parse(text, &a) == RC_OK);
    return a;
}

static void hex(char *out, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sprintf(out + 2 * i, "%02x", p[i]);
}

static void report(const char *label, const char *want, mono_ns took)
{
    char c2s[65], s2c[65], more[400];
    bool expected = strcmp(want, "ok") == 0
                        ? got.ok && got.cookies == 8 && got.aead == 15
                        : got.called && !got.ok && strstr(got.reason, want);
    snprintf(more, sizeof more, "%s (%d ms)",
             !got.called ? "no outcome"
             : got.ok    ? "done"
                         : got.reason,
             (int)(took / MONO_MS));
    check(expected, label, more);
    snprintf(more, sizeof more, "%u signatures, %.1f M in a step",
             work.signatures, work.longest);
    if (work.longest > WORK_STEP || work.signatures > WORK_SIGNATURES)
        check(false, label, more);
    printf("# work\t%s\t%s\n", label, more);
    if (!got.ok)
        return;
    hex(c2s, got.c2s, 32);
    hex(s2c, got.s2c, 32);
    printf("# keys\t%s\t%s\t%s\t%" PRId64 "\t%" PRId64 "\n", label, c2s, s2c,
           got.lo, got.hi);
}

static mono_ns exchange(char *f[9], const struct addr *a)
{
    mono_ns start = now();
    memset(&got, 0, sizeof got);
    memset(&work, 0, sizeof work);
    int rc = ke_client_start(f[2], a, (uint16_t)atoi(f[4]), (uint8_t)atoi(f[5]),
                             done, &got);
    ASSERT(rc == RC_OK);
    while (!got.called && now() - start < CASE_LIMIT)
        pass();
    ASSERT(!ke_client_busy());
    return now() - start;
}

/* Fields: label want name addr port set synchronised floor now */
static void ask(char *f[9])
{
    struct addr a = parse_addr(f[3]);
    judge = (struct cert_clock){
        .floor = atoll(f[7]), .by_clock = f[6][0] == '1', .now = atoll(f[8])};
    mono_ns took = exchange(f, &a);
    /* chronyd gives a session 2 s: a busy machine may need a second one. */
    if (strcmp(f[1], "ok") == 0 && !got.ok) {
        printf("# %s: %s; once more\n", f[0], got.reason);
        took = exchange(f, &a);
    }
    report(f[0], f[1], took);
}

static unsigned ended(unsigned n, bool well)
{
    unsigned ends = 0;
    for (unsigned i = 0; i < n; i++)
        ends += many[i].called && (!well || many[i].ok);
    return ends;
}

static bool keys_differ(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < i; k++)
            if (memcmp(many[i].c2s, many[k].c2s, sizeof many[i].c2s) == 0)
                return false;
    return true;
}

/* Fields: label count name addr port port-of-one-that-hangs */
static void together(char *f[6])
{
    struct addr a = parse_addr(f[3]);
    unsigned n = (unsigned)atoi(f[1]);
    char more[100];
    ASSERT(n < LEN(many));
    memset(&got, 0, sizeof got);
    memset(many, 0, sizeof many);
    int rc = ke_client_start(f[2], &a, (uint16_t)atoi(f[5]), 0, done, &got);
    ASSERT(rc == RC_OK);
    for (unsigned i = 0; i < n; i++) {
        rc = ke_client_start(f[2], &a, (uint16_t)atoi(f[4]), 0, done, &many[i]);
        ASSERT(rc == RC_OK);
    }
    while (ended(n, false) < n)
        pass();
    snprintf(more, sizeof more, "%u of %u, %s hangs; arena's peak %u of %u",
             ended(n, true), n, got.called ? "no more" : "still",
             (unsigned)arena_peak(), LIMIT_TLS_ARENA);
    check(ended(n, true) == n && keys_differ(n), f[0], more);
    while (ke_client_busy())
        pass();
}

/* Fields: set file count why */
static void trust(char *f[4])
{
    static uint8_t file[LIMIT_TRUST_FILE];
    FILE *in = fopen(f[1], "rb");
    ASSERT(in);
    size_t len = fread(file, 1, sizeof file, in);
    fclose(in);
    uint8_t *exact = malloc(len ? len : 1); /* ASan sees one byte too far */
    ASSERT(exact);
    memcpy(exact, file, len);
    int rc = tls_trust((uint8_t)atoi(f[0]), exact, len);
    free(exact);
    char more[200];
    const char *why = tls_trust_reason(), *want = strcmp(f[3], "-") ? f[3] : "";
    snprintf(more, sizeof more, "returns %d: %s", rc, why);
    check(rc == atoi(f[2]) && strstr(why, want) && (want[0] || !why[0]), f[1],
          more);
}

/* Every root of the bundle can be read with our configuration and is found
 * by its own name in set 0, and in no other. */
static void system_roots(void)
{
    unsigned good = 0, elsewhere = 0;
    for (uint32_t i = 0; i < tls_roots_count; i++) {
        mbedtls_x509_crt root;
        struct der_view der;
        uint8_t own[TLS_ROOT_MAX];
        mbedtls_x509_crt_init(&root);
        if (tls_trust_parse(&root, own, tls_root_der(i, own), false) == 0)
            for (unsigned n = 0; tls_trust_issuer(0, &root, n, &der); n++)
                good += der_is(der, root.raw.p, root.raw.len);
        elsewhere += tls_trust_issuer(7, &root, 0, &der);
        mbedtls_x509_crt_free(&root);
    }
    char more[64];
    snprintf(more, sizeof more, "%u of %u", good, (unsigned)tls_roots_count);
    check(good > 100 && good == tls_roots_count && elsewhere == 0,
          "every root of the system's bundle", more);
}

static void no_system_roots(void)
{
    mbedtls_x509_crt root;
    struct der_view der;
    mbedtls_x509_crt_init(&root);
    tls_trust_init(false);
    uint8_t own[TLS_ROOT_MAX];
    int rc = tls_trust_parse(&root, own, tls_root_der(0, own), false);
    check(rc == 0 && !tls_trust_issuer(0, &root, 0, &der),
          "nosystemcert leaves set 0 to the card", "");
    mbedtls_x509_crt_free(&root);
    tls_trust_init(true);
}

static void queue_limit(void)
{
    struct addr a = {.family = 4, .b = {10, 0, 2, 2}};
    char name[LIMIT_NAME + 1];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = 0;
    check(ke_client_start(name, &a, 1, 0, done, &got) == RC_SPACE,
          "a name too long is refused", "");
}

static void run_line(char *line)
{
    char *f[10];
    int n = 0;
    line[strcspn(line, "\n")] = 0;
    for (char *p = line; p && n < 10; n++) {
        f[n] = p;
        p = strchr(p, '\t');
        if (p)
            *p++ = 0;
    }
    if (n == 10 && strcmp(f[0], "ask") == 0)
        ask(f + 1);
    else if (n == 7 && strcmp(f[0], "together") == 0)
        together(f + 1);
    else if (n == 5 && strcmp(f[0], "trust") == 0)
        trust(f + 1);
    else if (n == 2 && strcmp(f[0], "room") == 0)
        room(f[1]);
    else
        check(false, "a case of test_tls.py", f[0]);
}

static void moved(mono_ns when)
{
    (void)when;
}

int main(void)
{
    static char line[2048];
    const char *path = getenv("GNOMON_TLS_CASES");
    FILE *cases = path ? fopen(path, "r") : NULL;
    ASSERT(cases); /* run test_tls.py, not this */
    int rc = conf_parse(&conf, "", 0);
    ASSERT(rc == RC_OK);
    host_start(NULL);
    tls_platform_init();
    tls_client_init(true);
    net_init(&conf, moved);
    ke_client_init();
    system_roots();
    no_system_roots();
    queue_limit();
    while (!net_up() && now() < CASE_LIMIT)
        pass();
    check(net_up(), "an address", "");
    while (fgets(line, sizeof line, cases))
        run_line(line);
    fclose(cases);
    printf("1..%u\n", count);
    return failed ? 1 : 0;
}
