/* Key exchanges side by side, over TLS sessions that the test plays: what is
 * sent and exported, what each failure is called, and that a server which
 * does not answer holds up no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/aead.h"
#include "core/bytes.h"
#include "core/mono.h"
#include "services/ke_client.h"
#include "services/timekeeper.h"

#include "entropy.h"

#define ALPHA "alpha.test"

/* ---- the sessions ---------------------------------------------------------- */

struct tls_session {
    bool open, waiting, no_memory;
    char name[LIMIT_NAME];
    struct addr addr;
    uint16_t port;
    uint32_t certset;
    struct cert_clock clock;
    int connect_rc;     /* RC_OK: TCP stands                               */
    int steps, step_rc; /* RC_AGAIN so often, then step_rc                  */
    uint8_t sent[256];
    size_t sent_len, write_cap;
    uint8_t answer[600];
    size_t answer_len, read, read_cap;
    bool closed_by_peer; /* after its answer                                */
    unsigned closed, aborted;
};

static struct tls_session session[LIMIT_TLS_SESSIONS];
static struct tls_session script; /* what the next to be opened will do     */
static int open_rc, export_rc;
static unsigned opened, stepped;
static mono_ns now;
static int64_t clock_now;

struct cert_clock timekeeper_cert_clock(void)
{
    return (struct cert_clock){.by_clock = true, .now = clock_now};
}

int tls_client_open(unsigned n, const char *name, const struct addr *addr,
                    uint16_t port, uint32_t certset,
                    const struct cert_clock *clock)
{
    struct tls_session *s = &session[n];
    assert_true(n < LIMIT_TLS_SESSIONS && !s->open);
    if (open_rc != RC_OK)
        return open_rc;
    *s = script;
    s->open = true;
    strcpy(s->name, name);
    s->addr = *addr;
    s->port = port;
    s->certset = certset;
    s->clock = *clock;
    opened++;
    return RC_OK;
}

int tls_client_connected(unsigned n)
{
    assert_true(session[n].open);
    return session[n].connect_rc;
}

int tls_client_step(unsigned n, mono_ns at)
{
    struct tls_session *s = &session[n];
    assert_true(s->open && at == now);
    stepped += !s->waiting; /* those that wait cost nothing */
    return s->steps-- > 0 ? RC_AGAIN : s->step_rc;
}

struct tls_session *tls_client_session(unsigned n)
{
    return &session[n];
}

void tls_client_window(unsigned n, int64_t *lo, int64_t *hi)
{
    *lo = 100 + n;
    *hi = 200;
}

const char *tls_client_reason(unsigned n)
{
    (void)n;
    return "tls says why";
}

bool tls_session_short(const struct tls_session *s)
{
    return s->no_memory;
}

bool tls_session_waiting(const struct tls_session *s)
{
    return s->waiting;
}

int tls_session_write(struct tls_session *s, const uint8_t *buf, size_t len)
{
    size_t n = len < s->write_cap ? len : s->write_cap;
    assert_true(s->open && s->sent_len + n <= sizeof s->sent);
    memcpy(s->sent + s->sent_len, buf, n);
    s->sent_len += n;
    return n ? (int)n : RC_AGAIN;
}

int tls_session_read(struct tls_session *s, uint8_t *buf, size_t cap)
{
    size_t n = s->answer_len - s->read;
    assert_true(s->open);
    n = n < s->read_cap ? n : s->read_cap;
    n = n < cap ? n : cap;
    memcpy(buf, s->answer + s->read, n);
    s->read += n;
    return n ? (int)n : s->closed_by_peer ? 0 : RC_AGAIN;
}

/* A key is the AEAD that its context names, then which way it is for. */
int tls_session_export(struct tls_session *s, const char *label,
                       const uint8_t *context, size_t context_len, uint8_t *out,
                       size_t len)
{
    assert_true(s->open);
    assert_string_equal(label, NTS_KE_EXPORTER_LABEL);
    assert_int_equal(context_len, 5);
    memset(out, context[3], len);
    out[0] = context[4];
    return export_rc;
}

void tls_session_close(struct tls_session *s)
{
    s->open = false;
    s->closed++;
}

void tls_session_abort(struct tls_session *s)
{
    s->open = false;
    s->aborted++;
}

/* ---- what a server answers --------------------------------------------------- */

static void record(uint16_t type, const char *body, size_t len)
{
    uint8_t *p = script.answer + script.answer_len;
    bytes_put16(p, type);
    bytes_put16(p + 2, (uint16_t)len);
    memcpy(p + 4, body, len);
    script.answer_len += 4 + len;
    assert_true(script.answer_len <= sizeof script.answer);
}

static void good_answer(uint8_t aead, bool compliant)
{
    char cookie[100];
    memset(cookie, 0x5a, sizeof cookie);
    script.answer_len = 0;
    record(0x8001, "\0\0", 2);
    record(0x8004, (char[]){0, (char)aead}, 2);
    if (compliant)
        record(1024, "", 0);
    record(5, cookie, sizeof cookie);
    record(5, cookie, sizeof cookie);
    record(0x8000, "", 0);
}

/* ---- the asker ------------------------------------------------------------------ */

static struct heard {
    unsigned calls;
    bool ok;
    char reason[128];
    struct ke_outcome o;
    struct nts_ke_result result;
} heard[LIMIT_SOURCES + 1];

static void done(void *arg, const struct ke_outcome *o)
{
    struct heard *h = arg;
    h->calls++;
    h->ok = o->ok;
    h->o = *o;
    h->result = *o->result;
    strcpy(h->reason, o->reason);
}

static int ask(unsigned i, const char *name)
{
    const struct addr a = {.family = 4, .b = {192, 0, 2, (uint8_t)i}};
    return ke_client_start(name, &a, (uint16_t)(4460 + i), (uint8_t)i, done,
                           &heard[i]);
}

/* Polls for so long; returns when it wants to be polled next. */
static mono_ns run(mono_ns span)
{
    mono_ns end = now + span, next = now;
    while (now < end) {
        unsigned before = stepped;
        next = ke_client_poll(now);
        assert_true(stepped <= before + 1); /* one bounded step a poll */
        now += next <= now ? MONO_MS : mono_min(next, end) - now;
    }
    return next;
}

static int setup(void **state)
{
    (void)state;
    memset(session, 0, sizeof session);
    memset(heard, 0, sizeof heard);
    script = (struct tls_session){
        .steps = 3, .write_cap = 1000, .read_cap = 1000, .answer_len = 0};
    open_rc = export_rc = RC_OK;
    opened = stepped = 0;
    now = 50 * MONO_S;
    clock_now = 150;
    ke_client_init();
    return 0;
}

static unsigned may_asked;

static bool may_not(void *arg)
{
    assert_ptr_equal(arg, &heard[0]);
    return ++may_asked > 5;
}

/* ---- the tests -------------------------------------------------------------------- */

/* What never reached the server is told apart; TLS begins when its owner says
 * so. */
static void no_connection(void **state)
{
    (void)state;
    open_rc = RC_IO;
    assert_int_equal(ask(0, ALPHA), RC_OK);
    (void)run(MONO_S);
    assert_int_equal(heard[0].calls, 1);
    assert_int_equal(heard[0].o.reached, KE_NOT_BEGUN);
    open_rc = RC_OK;
    script.connect_rc = RC_IO;
    assert_int_equal(ask(0, ALPHA), RC_OK);
    (void)run(MONO_S);
    assert_int_equal(heard[0].calls, 2);
    assert_int_equal(heard[0].o.reached, KE_NO_CONNECTION);
    script.connect_rc = RC_AGAIN;
    assert_int_equal(ask(0, ALPHA), RC_OK);
    (void)run(TLS_CLIENT_TIMEOUT + MONO_S);
    assert_int_equal(heard[0].calls, 3);
    assert_int_equal(heard[0].o.reached, KE_NO_CONNECTION);
    assert_string_equal(heard[0].reason, "timed out: no TCP connection");
    script.connect_rc = RC_OK;
    script.step_rc = RC_BAD;
    ke_client_before_tls(may_not);
    assert_int_equal(ask(0, ALPHA), RC_OK);
    (void)run(4 * MONO_MS);
    assert_int_equal(stepped, 0);
    (void)run(MONO_S);
    assert_int_equal(may_asked, 6);
    assert_int_equal(heard[0].calls, 4);
    assert_int_equal(heard[0].o.reached, KE_CONNECTED);
}

static void one_exchange(void **state)
{
    (void)state;
    assert_true(ke_client_poll(now) == MONO_NEVER);
    good_answer(AEAD_AES_SIV_CMAC_256, false);
    assert_int_equal(ask(7, ALPHA), RC_OK);
    assert_int_equal(heard[7].calls, 0); /* only ever from a poll */
    assert_true(ke_client_busy());
    clock_now = 170; /* certificates are judged by the clock as it is then */
    assert_true(run(MONO_S) == MONO_NEVER);
    assert_false(ke_client_busy());
    assert_int_equal(heard[7].calls, 1);
    assert_true(heard[7].ok);
    assert_string_equal(heard[7].reason, "");
    assert_int_equal(heard[7].result.count, 2);
    assert_true(heard[7].o.cert_lo == 100 && heard[7].o.cert_hi == 200);
    assert_true(heard[7].o.c2s[0] == 0 && heard[7].o.s2c[0] == 1);
    assert_int_equal(heard[7].o.c2s[31], AEAD_AES_SIV_CMAC_256);
    assert_false(heard[7].o.alt);
    const struct tls_session *s = &session[0];
    assert_string_equal(s->name, ALPHA);
    assert_true(s->port == 4467 && s->certset == 7 && s->addr.b[3] == 7);
    assert_true(s->clock.now == 170);
    assert_true(s->closed == 1 && s->aborted == 0);
}

/* A byte at a time, both ways. */
static void in_pieces(void **state)
{
    (void)state;
    good_answer(AEAD_AES_SIV_CMAC_256, false);
    script.write_cap = script.read_cap = 1;
    assert_int_equal(ask(1, ALPHA), RC_OK);
    (void)run(2 * MONO_S);
    assert_true(heard[1].ok);
    assert_int_equal(heard[1].result.count, 2);
}

/* What is offered, as the configuration has it; 1024 goes with 30. */
static void offers(void **state)
{
    (void)state;
    static const uint8_t both[] = {0x80, 1, 0,  2, 0,  0, 0x80, 4, 0,
                                   4,    0, 30, 0, 15, 4, 0,    0, 0},
                         one[] = {0x80, 1, 0, 2, 0, 0, 0x80, 4, 0, 2, 0, 15};
    good_answer(AEAD_AES_SIV_CMAC_256, false);
    assert_int_equal(ask(1, ALPHA), RC_OK);
    (void)run(MONO_S);
    assert_memory_equal(session[0].sent, both, sizeof both);
    const uint16_t only[] = {AEAD_AES_SIV_CMAC_256};
    ke_client_offer(only, 1);
    assert_int_equal(ask(1, ALPHA), RC_OK);
    (void)run(MONO_S);
    assert_memory_equal(session[0].sent, one, sizeof one);
    assert_int_equal(session[0].sent_len, sizeof one + 4); /* and the end */
}

/* RFC 8915's context names 30; chrony's before 4.6.1 named 15. Without record
 * 1024 nobody knows which it is, and both pairs are handed over. */
static void two_contexts(void **state)
{
    (void)state;
    good_answer(AEAD_AES_128_GCM_SIV, true);
    assert_int_equal(ask(1, ALPHA), RC_OK);
    (void)run(MONO_S);
    assert_true(heard[1].ok && !heard[1].o.alt);
    assert_int_equal(heard[1].o.c2s[15], AEAD_AES_128_GCM_SIV);
    good_answer(AEAD_AES_128_GCM_SIV, false);
    assert_int_equal(ask(2, ALPHA), RC_OK);
    (void)run(MONO_S);
    assert_true(heard[2].ok && heard[2].o.alt);
    assert_int_equal(heard[2].o.c2s[15], AEAD_AES_SIV_CMAC_256);
    assert_int_equal(heard[2].o.alt_c2s[15], AEAD_AES_128_GCM_SIV);
    assert_true(heard[2].o.alt_c2s[0] == 0 && heard[2].o.alt_s2c[0] == 1);
}

static void fails(const char *why)
{
    heard[0].calls = 0;
    heard[0].ok = true;
    assert_int_equal(ask(0, ALPHA), RC_OK);
    assert_true(run(20 * MONO_S) == MONO_NEVER);
    assert_int_equal(heard[0].calls, 1);
    assert_false(heard[0].ok);
    assert_string_equal(heard[0].reason, why);
    assert_false(ke_client_busy());
    for (unsigned n = 0; n < LIMIT_TLS_SESSIONS; n++)
        assert_true(!session[n].open && session[n].closed == 0);
}

static void failures(void **state)
{
    (void)state;
    open_rc = RC_IO;
    fails("tls says why");
    open_rc = RC_OK;
    script.step_rc = RC_AUTH;
    fails("tls says why");
    assert_int_equal(session[0].aborted, 1);
    script.step_rc = RC_OK;
    good_answer(AEAD_AES_SIV_CMAC_256, false);
    export_rc = RC_BAD;
    fails("tls says why");
    export_rc = RC_OK;
    script.answer_len = 0;
    record(0x8002, "\0\1", 2);
    fails("NTS-KE server answered with an error (1)");
    script.answer_len = 0;
    record(0x8001, "\0\0", 2);
    record(0x8000, "", 0);
    assert_int_equal(ask(1, ALPHA), RC_OK);
    (void)run(MONO_S);
    assert_false(heard[1].ok);
    assert_string_equal(heard[1].reason, nts_ke_status_text(NTS_KE_NO_AEAD));
    script.closed_by_peer = true;
    script.answer_len = 0;
    fails("server closed without an answer");
    record(0x8001, "\0\0", 2);
    fails("server closed in the middle of its answer");
}

/* Three seconds from the end of the handshake to the whole answer, however
 * lively it drips. */
static void no_answer(void **state)
{
    (void)state;
    script.waiting = true;
    fails("timed out: no answer to the NTS-KE request");
    good_answer(AEAD_AES_SIV_CMAC_256, false);
    script.answer_len -= 4; /* it never ends */
    fails("timed out: no answer to the NTS-KE request");
}

static void silence_holds_up_nobody(void **state)
{
    (void)state;
    script.waiting = true;
    assert_int_equal(ask(1, "silent"), RC_OK);
    (void)run(10 * MONO_MS); /* its request is out */
    script.waiting = false;
    good_answer(AEAD_AES_SIV_CMAC_256, false);
    for (unsigned i = 2; i < 10; i++)
        assert_int_equal(ask(i, ALPHA), RC_OK);
    (void)run(MONO_S);
    for (unsigned i = 2; i < 10; i++)
        assert_true(heard[i].calls == 1 && heard[i].ok);
    assert_int_equal(heard[1].calls, 0);
    (void)run(3 * MONO_S);
    assert_true(heard[1].calls == 1 && !heard[1].ok);
}

/* So many side by side, so many more in line, and no more. */
static void a_full_queue(void **state)
{
    (void)state;
    char too_long[LIMIT_NAME + 1];
    memset(too_long, 'n', LIMIT_NAME);
    too_long[LIMIT_NAME] = 0;
    assert_int_equal(ask(0, too_long), RC_SPACE);
    script.waiting = true; /* nobody answers */
    for (unsigned i = 0; i < LIMIT_SOURCES; i++)
        assert_int_equal(ask(i, ALPHA), RC_OK);
    assert_int_equal(ask(LIMIT_SOURCES, ALPHA), RC_SPACE);
    (void)run(100 * MONO_MS);
    assert_int_equal(opened, LIMIT_TLS_SESSIONS);
    assert_int_equal(ask(LIMIT_SOURCES, ALPHA), RC_OK); /* there is room */
    (void)run(60 * MONO_S);
    assert_int_equal(opened, LIMIT_SOURCES + 1);
    for (unsigned i = 0; i <= LIMIT_SOURCES; i++)
        assert_int_equal(heard[i].calls, 1);
    assert_false(ke_client_busy());
}

static unsigned again;

static void done_and_again(void *arg, const struct ke_outcome *o)
{
    done(arg, o);
    if (again > 0) {
        again--;
        const struct addr a = {.family = 4};
        assert_int_equal(
            ke_client_start(ALPHA, &a, 4460, 0, done_and_again, arg), RC_OK);
    }
}

static void asked_again_from_the_callback(void **state)
{
    (void)state;
    const struct addr a = {.family = 4};
    good_answer(AEAD_AES_SIV_CMAC_256, false);
    again = 4;
    assert_int_equal(
        ke_client_start(ALPHA, &a, 4460, 0, done_and_again, &heard[0]), RC_OK);
    assert_true(run(MONO_S) == MONO_NEVER);
    assert_int_equal(heard[0].calls, 5);
    assert_int_equal(opened, 5);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup(t, setup)
    const struct CMUnitTest tests[] = {
        TEST(no_connection), TEST(one_exchange),
        TEST(in_pieces),     TEST(offers),
        TEST(two_contexts),  TEST(failures),
        TEST(no_answer),     TEST(silence_holds_up_nobody),
        TEST(a_full_queue),  TEST(asked_again_from_the_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
