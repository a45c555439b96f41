/* The services that use the card -- store, timefloor, sources with timekeeper
 * behind them -- in a long life with three NTS servers, in virtual time, and
 * the power cut at every single write of it: the write lands whole, in part,
 * torn, garbled, in another order, or not at all. After each cut a child
 * process boots from what the card then holds, is cut again (up to nine times
 * in a row before the first reply), and goes on. In all of them:
 *
 *  - it boots, and has authenticated time within two minutes;
 *  - the floor is never below one that was durable;
 *  - what was learned of the temperature is there, whole, once it was durable;
 *  - no cookie is ever sent twice.
 *
 * Then a card that takes writes no more, or says yes and keeps nothing: time
 * comes all the same, at every boot, and no cookie leaves twice. Last, a card
 * that lies: it drops writes it said were done. Then it boots, and the floor
 * is as old as what was dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapters/net.h"
#include "adapters/tls_client.h"
#include "core/bytes.h"
#include "core/journal.h"
#include "core/mono.h"
#include "core/ntp_ef.h"
#include "core/ntp_wire.h"
#include "core/nts_client.h"
#include "core/utc.h"
#include "damage.h"
#include "entropy.h"
#include "services/ke_client.h"
#include "services/log.h"
#include "services/ntp_udp.h"
#include "services/sources.h"
#include "services/store.h"
#include "services/timefloor.h"
#include "services/timekeeper.h"
#include "services/version.h"

#define SECTORS    (64 + 2 * JOURNAL_HALF)
#define STATE      64u
#define SERVERS    3u
#define COOKIE_LEN 100u
#define COOKIES    (1u << 20) /* that servers can give out in all lives      */
#define ROUND_TRIP (20 * MONO_MS)
#define EXCHANGE   (60 * MONO_MS)

/* ---- the world: what a cut does not touch ------------------------------- */

static uint8_t card[SECTORS][PORT_BLK_SIZE];
static mono_ns world_now = 1000 * MONO_S; /* since the world began           */
static bool sent[COOKIES];
static uint32_t given, requests, exchanges;
static int64_t durable_floor; /* the highest that the card said it keeps    */
static bool durable_law;      /* ... that it keeps of the temperature         */
static uint32_t lose;         /* so many replies of a hundred               */
static enum { KEEPS, REFUSES, FORGETS } habit; /* of the card, with writes  */

/* ---- this boot ----------------------------------------------------------- */

static struct conf conf;
static struct {
    mono_ns booted; /* in the world's time                                */
    bool off;       /* the power is gone                                  */
    int cut_after;  /* writes; < 0: not at all                            */
    bool cut_on_send;
    int64_t floor; /* put, and its ticket                                */
    int ticket, law_ticket;
    struct {
        mono_ns due; /* 0: none                                            */
        uint64_t sent_ticks;
        uint8_t msg[LIMIT_NTP_PACKET];
        size_t len;
    } reply[LIMIT_SOURCES];
    struct {
        mono_ns due;
        ke_done done;
        void *arg;
    } exchange[SERVERS];
    bool busy, write; /* the card                                           */
    uint32_t lba, count;
    uint8_t *in;
    const uint8_t *out;
    mono_ns card_due;
} m;

/* What to do with a write before it is carried out; parents fork here. */
static void (*at_write)(uint32_t lba, const uint8_t *buf, uint32_t count);

static mono_ns now(void)
{
    return world_now - m.booted;
}

uint64_t port_ticks(void)
{
    return (uint64_t)now() / 1000;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

/* A room whose day passes in an hour. */
int port_temperature(int32_t *millidegrees)
{
    *millidegrees = 40000 + (int32_t)(world_now / MONO_S % 3600) * 2;
    return RC_OK;
}

void port_poll(void)
{
    world_now += 50 * MONO_US;
}

size_t port_console(const char *s, size_t len)
{
    if (getenv("GNOMON_SHOW"))
        (void)!write(1, s, len);
    return len;
}

_Noreturn void port_reset(void)
{
    abort(); /* nobody asks for one here */
}

/* ---- the card ------------------------------------------------------------- */

int64_t port_blk_count(void)
{
    return SECTORS;
}

static int begin(uint32_t lba, uint32_t count, bool write)
{
    assert_true(!m.busy && lba + count <= SECTORS);
    m.busy = true;
    m.write = write;
    m.lba = lba;
    m.count = count;
    m.card_due = now() + 2 * MONO_MS;
    return RC_OK;
}

int port_blk_read(uint32_t lba, uint8_t *buf, uint32_t count)
{
    m.in = buf;
    return begin(lba, count, false);
}

int port_blk_write(uint32_t lba, const uint8_t *buf, uint32_t count)
{
    assert_true(lba >= STATE);
    m.out = buf;
    if (at_write)
        at_write(lba, buf, count);
    if (m.cut_after >= 0 && m.cut_after-- == 0) {
        damage_write(card + lba, buf, count, (enum damage)rnd(DAMAGES));
        m.off = true;
    }
    return begin(lba, count, true);
}

int port_blk_done(void)
{
    if (!m.busy)
        return RC_STATE;
    if (now() < m.card_due)
        return RC_AGAIN;
    m.busy = false;
    if (m.write && habit == REFUSES)
        return RC_IO;
    if (m.write && habit == KEEPS)
        memcpy(card[m.lba], m.out, m.count * PORT_BLK_SIZE);
    if (!m.write)
        memcpy(m.in, card[m.lba], m.count * PORT_BLK_SIZE);
    return RC_OK;
}

/* ---- the servers ----------------------------------------------------------- */

static const uint8_t key[32] = {7, 7, 7};

static void new_cookie(uint8_t *b)
{
    assert_true(given < COOKIES);
    memset(b, 0x5a, COOKIE_LEN);
    bytes_put32(b, given++);
}

static ntp64 utc(void)
{
    return utc_of_unix(gnomon_build_unix + 86400 + world_now / MONO_S,
                       (uint32_t)(world_now % MONO_S));
}

static void add_field(struct writer *w, uint16_t type, const uint8_t *b,
                      size_t len)
{
    writer_u16(w, type);
    writer_u16(w, (uint16_t)(4 + len));
    writer_bytes(w, b, len);
}

/* Unique identifier, and a cookie for each one and each placeholder. */
static size_t make_reply(const uint8_t *q, size_t len, uint8_t *out)
{
    uint8_t text[1200], sealed[1300], cookie[COOKIE_LEN], nonce[16] = {3};
    struct ntp_header h = {.version = 4,
                           .mode = 4,
                           .stratum = 1,
                           .precision = -20,
                           .root_disp = 16,
                           .ref = utc() - ((uint64_t)5 << 32),
                           .origin = bytes_get64(q + 40)};
    ntp64 middle = utc() - (uint64_t)utc_span_ntp(ROUND_TRIP / 2);
    h.receive = h.transmit = middle;
    ntp_wire_write(&h, out);
    struct writer w = writer_of(out + NTP_HEADER, 600);
    struct writer t = writer_of(text, sizeof text);
    struct ntp_ef ef;
    for (size_t at = NTP_HEADER; ntp_ef_next(q, len, &at, &ef) == RC_OK;) {
        if (ef.type == NTS_EF_UNIQUE_ID)
            add_field(&w, ef.type, ef.body, ef.len - 4);
        if (ef.type == NTS_EF_COOKIE || ef.type == NTS_EF_PLACEHOLDER) {
            new_cookie(cookie);
            add_field(&t, NTS_EF_COOKIE, cookie, sizeof cookie);
        }
    }
    const struct aead *a = aead_find(AEAD_AES_SIV_CMAC_256);
    size_t head = NTP_HEADER + w.len, n = t.len + a->tag_len;
    assert_int_equal(
        a->seal(key, nonce, sizeof nonce, out, head, text, t.len, sealed),
        RC_OK);
    struct writer o = writer_of(out + head, 1400);
    writer_u16(&o, NTS_EF_AUTHENTICATOR);
    writer_u16(&o, (uint16_t)(8 + sizeof nonce + n));
    writer_u16(&o, sizeof nonce);
    writer_u16(&o, (uint16_t)n);
    writer_bytes(&o, nonce, sizeof nonce);
    writer_bytes(&o, sealed, n);
    return head + o.len;
}

/* What the services stand on, in the place of lwIP and TLS. */
static void (*on_sent)(unsigned slot, uint64_t stamp);
static void (*on_received)(unsigned slot, uint64_t stamp, const uint8_t *msg,
                           size_t len);

void ntp_udp_init(uint8_t dscp, void (*sent_fn)(unsigned slot, uint64_t stamp),
                  void (*left)(unsigned slot, uint64_t stamp),
                  void (*received)(unsigned slot, uint64_t stamp,
                                   const uint8_t *msg, size_t len))
{
    (void)dscp;
    (void)left;
    on_sent = sent_fn;
    on_received = received;
}

int ntp_udp_send(unsigned slot, const struct addr *to, uint16_t port,
                 const uint8_t *msg, size_t len)
{
    struct ntp_ef ef;
    (void)to;
    (void)port;
    requests++;
    for (size_t at = NTP_HEADER; ntp_ef_next(msg, len, &at, &ef) == RC_OK;)
        if (ef.type == NTS_EF_COOKIE) {
            uint32_t number = bytes_get32(ef.body);
            assert_true(number < given);
            assert_false(sent[number]); /* never twice */
            sent[number] = true;
        }
    on_sent(slot, port_ticks());
    if (m.cut_on_send)
        m.off = true;
    if (rnd(100) < lose)
        return RC_OK;
    m.reply[slot].due = now() + ROUND_TRIP;
    memcpy(m.reply[slot].msg, msg, len);
    m.reply[slot].len = len;
    return RC_OK;
}

int ke_client_start(const char *name, const struct addr *addr, uint16_t port,
                    uint32_t certset, ke_done done, void *arg)
{
    (void)addr;
    (void)port;
    (void)certset;
    unsigned i = (unsigned)(name[1] - '1');
    assert_true(i < SERVERS && !m.exchange[i].due);
    exchanges++;
    m.exchange[i].due = now() + EXCHANGE;
    m.exchange[i].done = done;
    m.exchange[i].arg = arg;
    return RC_OK;
}

static bool (*may_begin)(void *arg);

void ke_client_before_tls(bool (*may)(void *arg))
{
    may_begin = may;
}

static void answer_exchange(unsigned i)
{
    static struct nts_ke_result r;
    if (!may_begin(m.exchange[i].arg))
        return; /* asked again in the next pass */
    struct ke_outcome o = {.ok = true,
                           .reached = KE_CONNECTED,
                           .result = &r,
                           .cert_hi = gnomon_build_unix + 400 * 86400};
    r = (struct nts_ke_result){.aead = AEAD_AES_SIV_CMAC_256, .count = 8};
    for (size_t k = 0; k < 8; k++) {
        r.cookie[k].len = COOKIE_LEN;
        new_cookie(r.cookie[k].b);
    }
    memcpy(o.c2s, key, sizeof key);
    memcpy(o.s2c, key, sizeof key);
    m.exchange[i].due = 0;
    m.exchange[i].done(m.exchange[i].arg, &o);
}

unsigned net_own_addresses(struct addr *out, unsigned cap)
{
    (void)out;
    (void)cap;
    return 0;
}

void net_status(struct status_net *out)
{
    *out = (struct status_net){0};
}

int net_resolve(const char *name, net_resolved done, void *arg)
{
    struct resolver_answer a = {
        .count = 1,
        .addr = {{.family = 4, .b = {192, 0, 2, (uint8_t)name[1]}}}};
    done(arg, &a);
    return RC_OK;
}

bool net_up(void)
{
    return true;
}

void net_ntp_servers(void (*told)(const struct addr *addr, size_t count))
{
    (void)told;
}

/* The floor on its way to the card. Linked with --wrap=store_put. */
int __real_store_put(enum store_kind kind, uint8_t id, const uint8_t *data,
                     size_t len);
int __wrap_store_put(enum store_kind kind, uint8_t id, const uint8_t *data,
                     size_t len);

int __wrap_store_put(enum store_kind kind, uint8_t id, const uint8_t *data,
                     size_t len)
{
    int ticket = __real_store_put(kind, id, data, len);
    if (kind == STORE_FLOOR) {
        m.floor = (int64_t)bytes_get64(data + 1);
        m.ticket = ticket;
    }
    if (kind == STORE_THERMAL)
        m.law_ticket = ticket;
    return ticket;
}

uint32_t tls_client_handshakes(void)
{
    return exchanges;
}

static void floor_moved(bool needs_restart)
{
    (void)needs_restart;
    fail(); /* there is no operator here */
}

/* ---- power on, and off -------------------------------------------------------- */

static void boot(void)
{
    static const char servers[] = "server s1 nts iburst minpoll 4\n"
                                  "server s2 nts iburst minpoll 4\n"
                                  "server s3 nts iburst minpoll 4\n";
    char text[160] = "saveinterval 60\nntsdumpdir /\n";
    size_t line = sizeof servers / 3, first = rnd(3) * line;
    strcat(text, servers + first); /* the user moves lines about */
    strncat(text, servers, first);
    memset(&m, 0, sizeof m);
    m.booted = world_now - MONO_MS;
    m.cut_after = -1;
    log_init();
    assert_int_equal(conf_parse(&conf, text, strlen(text)), 0);
    assert_int_equal(store_init(), RC_OK);
    assert_true(store_state_partition());
    timefloor_init(&conf, floor_moved);
    sources_init(&conf);
    assert_true(timefloor_unix() >= durable_floor); /* never goes back */
    uint8_t law[THERMAL_RECORD];
    struct thermal h;
    thermal_init(&h, port_tick_hz());
    int len = store_get(STORE_THERMAL, 0, law, sizeof law);
    if (len == RC_STATE)
        assert_false(durable_law);
    else
        assert_int_equal(thermal_restore(&h, law, (size_t)len), RC_OK);
}

static void deliver(void)
{
    for (unsigned i = 0; i < SERVERS; i++) {
        if (m.reply[i].due && m.reply[i].due <= now()) {
            uint8_t out[2048];
            size_t n = make_reply(m.reply[i].msg, m.reply[i].len, out);
            m.reply[i].due = 0;
            on_received(i, port_ticks(), out, n);
        }
        if (m.exchange[i].due && m.exchange[i].due <= now())
            answer_exchange(i);
    }
}

static mono_ns next_delivery(void)
{
    mono_ns next = MONO_NEVER;
    for (unsigned i = 0; i < SERVERS; i++) {
        if (m.reply[i].due)
            next = mono_min(next, m.reply[i].due);
        if (m.exchange[i].due)
            next = mono_min(next, m.exchange[i].due);
    }
    return next;
}

/* Until then, or the power goes, or (synced) there is time. */
static void run(mono_ns span, bool until_synced)
{
    mono_ns end = now() + span;
    while (now() < end && !m.off &&
           !(until_synced && timekeeper_synchronised())) {
        deliver();
        mono_ns next = sources_poll(now());
        next = mono_min(next, timekeeper_poll(now()));
        next = mono_min(next, timefloor_poll(now()));
        next = mono_min(next, store_poll(now()));
        next = mono_min(next, log_poll(now()));
        if (m.ticket > 0 && store_durable(m.ticket) && m.floor > durable_floor)
            durable_floor = m.floor;
        durable_law |= m.law_ticket > 0 && store_durable(m.law_ticket);
        next = mono_min(mono_min(next, next_delivery()), end);
        world_now += next > now() ? next - now() : 100 * MONO_US;
    }
}

/* ---- cuts ----------------------------------------------------------------------- */

/* What follows a cut, in a child: more of them, then time. */
static void after_cut(void)
{
    at_write = NULL;
    world_now += MONO_S;
    if (rnd(3) == 0) { /* cut at each first request: cookies run out */
        lose = 100;
        for (uint32_t n = 1 + rnd(9); n > 0; n--) {
            boot();
            m.cut_on_send = true;
            run(30 * MONO_S, false);
        }
    } else {
        lose = rnd(2) * 60;
        for (uint32_t n = rnd(3); n > 0; n--) {
            boot();
            m.cut_after = (int)rnd(4);
            run(100 * MONO_S, false);
        }
    }
    lose = rnd(2) * 20;
    boot();
    run(120 * MONO_S, true);
    assert_true(timekeeper_synchronised());
    mono_ns rest = (mono_ns)rnd(40) * MONO_S;
    run(rest, false);
    boot();
    run(120 * MONO_S, true);
    assert_true(timekeeper_synchronised());
}

static uint32_t cuts, writes, halves;

/* In the parent: every way for this write to end. */
static void try_all(uint32_t lba, const uint8_t *buf, uint32_t count)
{
    writes++;
    halves += (lba - STATE) % JOURNAL_HALF == 0;
    for (int how = 0; how < DAMAGES; how++, cuts++) {
        uint32_t seed = rnd(UINT32_MAX) | 1;
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            rnd_state = seed;
            damage_write(card + lba, buf, count, (enum damage)how);
            after_cut();
            _exit(0);
        }
        int status = -1;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status != 0)
            printf("write %u, way %d, seed %08x\n", writes, how, seed);
        assert_int_equal(status, 0);
    }
}

static void fresh_card(void)
{
    memset(card, 0, sizeof card);
    uint8_t *e = card[0] + 446;
    e[4] = 0xda;
    e[8] = STATE;
    e[12] = (uint8_t)(2 * JOURNAL_HALF);
    e[13] = (uint8_t)(2 * JOURNAL_HALF >> 8);
    card[0][510] = 0x55;
    card[0][511] = 0xaa;
}

/* A dozen boots, each one to some minutes long, every write cut. */
static void cut_at_every_write(void **state)
{
    (void)state;
    fresh_card();
    at_write = try_all;
    while (halves < 8) {
        boot();
        lose = 10;
        run((mono_ns)(60 + rnd(600)) * MONO_S, false);
        if (rnd(3) == 0)
            sources_save(); /* as before a clean reset */
        run(MONO_S, false);
    }
    printf("%u writes, %u cuts, %u halves begun, %u requests and %u "
           "exchanges in the long life\n",
           writes, cuts, halves, requests, exchanges);
    assert_true(writes > 150);
    at_write = NULL;
}

/* ---- a card that lies ------------------------------------------------------------- */

#define UNDO 3
static struct {
    uint32_t lba, count;
    uint8_t old[JOURNAL_BATCH * PORT_BLK_SIZE];
    int64_t floor; /* durable when this write began */
} undo[UNDO];
static uint32_t undo_at;

static void remember(uint32_t lba, const uint8_t *buf, uint32_t count)
{
    (void)buf;
    undo[undo_at % UNDO].lba = lba;
    undo[undo_at % UNDO].count = count;
    undo[undo_at % UNDO].floor = durable_floor;
    memcpy(undo[undo_at % UNDO].old, card[lba], count * PORT_BLK_SIZE);
    undo_at++;
}

/* Up to the last three writes, which it had said were done, are not there. */
static void a_card_that_lies(void **state)
{
    (void)state;
    fresh_card();
    durable_floor = 0;
    durable_law = false;
    undo_at = 0;
    for (int round = 0; round < 200; round++) {
        at_write = remember;
        boot();
        lose = 10;
        run((mono_ns)(5 + rnd(400)) * MONO_S, false);
        world_now += MONO_S;
        at_write = NULL;
        for (uint32_t i = 0; undo_at > 4 && i < UNDO; i++) {
            uint32_t k = (undo_at - 1 - i) % UNDO; /* newest first */
            if (rnd(2) == 0)
                memcpy(card[undo[k].lba], undo[k].old,
                       undo[k].count * PORT_BLK_SIZE);
            if (durable_floor > undo[k].floor)
                durable_floor = undo[k].floor;
        }
        durable_law = false;
        memset(sent, 0, sizeof sent); /* it offers what it offered before */
    }
    boot();
    run(120 * MONO_S, true);
    assert_true(timekeeper_synchronised());
}

/* Write-protected, worn out: four boots each way, from saved cookies that
 * the card cannot be made to forget. */
static void a_card_that_takes_nothing(void **state)
{
    (void)state;
    fresh_card();
    memset(sent, 0, sizeof sent);
    durable_floor = 0;
    durable_law = false;
    lose = 0;
    boot();
    run(100 * MONO_S, false);
    assert_true(durable_floor > 0);
    for (int i = 0; i < 8; i++) {
        world_now += MONO_S;
        habit = i % 2 ? REFUSES : FORGETS;
        boot();
        assert_true(timefloor_unix() == durable_floor);
        uint32_t before = exchanges;
        run(120 * MONO_S, true);
        assert_true(timekeeper_synchronised());
        assert_true(store_failing());
        assert_int_equal(exchanges, before + 3);
        printf("synchronised %.2f s after start\n", (double)now() / 1e9);
        run(1000 * MONO_S, false); /* and it stays so */
        assert_true(timekeeper_synchronised());
    }
    habit = KEEPS;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_at_every_write),
        cmocka_unit_test(a_card_that_takes_nothing),
        cmocka_unit_test(a_card_that_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
