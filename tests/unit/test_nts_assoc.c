/* Cookies: order, room, and that none is offered twice across a power cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/nts_assoc.h"
#include "entropy.h"

static const uint8_t c2s[32] = {1, 2, 3}, s2c[32] = {4, 5, 6};
static struct nts_assoc a;
static uint8_t card[LIMIT_JOURNAL_DATA];

static void put(struct nts_assoc *to, uint8_t name)
{
    uint8_t b[100];
    memset(b, name, sizeof b);
    assert_int_equal(nts_assoc_put(to, b, sizeof b), RC_OK);
}

/* The name of the cookie taken, or a result code. */
static int take(struct nts_assoc *from)
{
    struct nts_cookie c;
    int rc = nts_assoc_take(from, &c);
    if (rc != RC_OK)
        return rc;
    nts_assoc_left(from);
    assert_int_equal(c.len, 100);
    for (size_t i = 0; i < c.len; i++)
        assert_int_equal(c.b[i], c.b[0]);
    return c.b[0];
}

static int fresh(void **s)
{
    (void)s;
    a = (struct nts_assoc){0};
    assert_int_equal(nts_assoc_keys(&a, 15, c2s, s2c), RC_OK);
    for (uint8_t i = 1; i <= 8; i++)
        put(&a, i);
    return 0;
}

static int save(size_t spare)
{
    return nts_assoc_write(&a, spare, card, sizeof card);
}

static void oldest_leaves_first(void **s)
{
    (void)s;
    for (int i = 1; i <= 8; i++)
        assert_int_equal(take(&a), i);
    assert_int_equal(take(&a), RC_STATE);
}

/* A request that never left costs no cookie. */
static void given_again_until_it_left(void **s)
{
    (void)s;
    struct nts_cookie c;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(nts_assoc_take(&a, &c), RC_OK);
        assert_int_equal(c.b[0], 1);
        assert_int_equal(nts_assoc_cookies(&a), 8);
    }
    nts_assoc_left(&a);
    assert_int_equal(nts_assoc_cookies(&a), 7);
    nts_assoc_left(&a); /* said again: nothing */
    for (int i = 2; i <= 8; i++) {
        assert_int_equal(nts_assoc_take(&a, &c), RC_OK);
        assert_int_equal(nts_assoc_take(&a, &c), RC_OK);
        assert_int_equal(c.b[0], i);
        nts_assoc_left(&a);
    }
    assert_int_equal(nts_assoc_take(&a, &c), RC_STATE);
    put(&a, 9);
    assert_int_equal(nts_assoc_take(&a, &c), RC_OK);
    assert_int_equal(nts_assoc_keys(&a, 15, c2s, s2c), RC_OK);
    assert_int_equal(nts_assoc_take(&a, &c), RC_STATE); /* of other keys */
}

static void oldest_makes_room(void **s)
{
    (void)s;
    put(&a, 9);
    assert_int_equal(a.count, LIMIT_COOKIES);
    assert_int_equal(take(&a), 2);
}

static void cookies_of_any_possible_length(void **s)
{
    (void)s;
    static const uint8_t b[LIMIT_COOKIE + 1];
    struct nts_assoc before = a;
    assert_int_equal(nts_assoc_put(&a, b, 0), RC_BAD);
    assert_int_equal(nts_assoc_put(&a, b, LIMIT_COOKIE + 1), RC_BAD);
    assert_memory_equal(&a, &before, sizeof a);
    assert_int_equal(nts_assoc_put(&a, b, 1), RC_OK);
    assert_int_equal(a.cookie_len, 1);
    assert_int_equal(nts_assoc_put(&a, b, LIMIT_COOKIE), RC_OK);
    assert_int_equal(a.cookie_len, LIMIT_COOKIE);
}

static void new_keys_replace_everything(void **s)
{
    (void)s;
    a.naks = 3;
    a.cert_lo = 5;
    a.cert_hi = 6;
    struct nts_assoc before = a;
    assert_int_equal(nts_assoc_keys(&a, 16, s2c, c2s), RC_BAD);
    assert_memory_equal(&a, &before, sizeof a);
    assert_int_equal(nts_assoc_keys(&a, 15, s2c, c2s), RC_OK);
    assert_int_equal(a.count, 0);
    assert_int_equal(a.key_id, 2);
    assert_int_equal(a.naks, 0);
    assert_true(a.cert_lo == 0 && a.cert_hi == INT64_MAX);
    assert_memory_equal(a.c2s, s2c, 32);
    assert_memory_equal(a.s2c, c2s, 32);
}

static void wiped_leaves_no_secret(void **s)
{
    (void)s;
    static const uint8_t zero[sizeof a.cookies];
    nts_assoc_wipe(&a);
    assert_null(a.aead);
    assert_int_equal(a.count, 0);
    assert_memory_equal(a.c2s, zero, 32);
    assert_memory_equal(a.s2c, zero, 32);
    assert_memory_equal(a.cookies, zero, sizeof a.cookies);
    assert_int_equal(a.key_id, 1);
    assert_int_equal(save(0), RC_STATE);
}

static void comes_back_from_the_card(void **s)
{
    (void)s;
    struct nts_assoc b;
    a.cert_lo = -5;
    a.cert_hi = INT64_C(4102444800);
    a.key_id = 77;
    int len = save(0);
    assert_true(len > 0);
    memset(&b, 0xee, sizeof b);
    assert_int_equal(nts_assoc_read(&b, card, (size_t)len), RC_OK);
    assert_int_equal(b.aead->id, 15);
    assert_memory_equal(b.c2s, c2s, 32);
    assert_memory_equal(b.s2c, s2c, 32);
    assert_true(b.cert_lo == -5 && b.cert_hi == INT64_C(4102444800));
    assert_int_equal(b.key_id, 77);
    assert_int_equal(b.count, 8);
    assert_int_equal(b.cookie_len, 100);
    nts_assoc_card_lost(&b);
    for (int i = 1; i <= 8; i++)
        assert_int_equal(take(&b), i);
}

/* Keys of 16 bytes: the record is shorter, and nothing of longer keys that
 * were there before is left. */
static void aead_30_comes_back_from_the_card(void **s)
{
    (void)s;
    static const uint8_t cookie[64] = {9}, zero[16];
    struct nts_assoc b;
    int len15 = save(8);
    assert_int_equal(nts_assoc_keys(&a, 30, c2s, s2c), RC_OK);
    assert_memory_equal(a.c2s + 16, zero, 16);
    assert_memory_equal(a.s2c + 16, zero, 16);
    for (int i = 0; i < 8; i++)
        assert_int_equal(nts_assoc_put(&a, cookie, 64), RC_OK);
    assert_int_equal(save(8), len15 - 32);
    int len = save(0);
    memset(&b, 0xee, sizeof b);
    assert_int_equal(nts_assoc_read(&b, card, (size_t)len), RC_OK);
    assert_int_equal(b.aead->id, 30);
    assert_memory_equal(b.c2s, c2s, 16);
    assert_memory_equal(b.s2c, s2c, 16);
    assert_int_equal(b.count, 8);
    assert_int_equal(b.cookie_len, 64);
    for (int cut = 0; cut < len; cut++)
        assert_int_equal(nts_assoc_read(&b, card, (size_t)cut), RC_BAD);
}

static void the_longest_record_fits_the_journal(void **s)
{
    (void)s;
    static const uint8_t b[LIMIT_COOKIE];
    for (int i = 0; i < LIMIT_COOKIES; i++)
        assert_int_equal(nts_assoc_put(&a, b, sizeof b), RC_OK);
    int len = save(0);
    /* a host name, address and port of source_record.c go before it */
    assert_true(len > 0 && len + LIMIT_NAME + 24 <= LIMIT_JOURNAL_DATA);
    nts_assoc_card_lost(&a);
    for (int cap = 0; cap < len; cap++)
        assert_int_equal(nts_assoc_write(&a, 0, card, (size_t)cap), RC_SPACE);
    assert_int_not_equal(nts_assoc_take(&a, &(struct nts_cookie){0}),
                         RC_AGAIN); /* a record that was not made offers none */
}

static void damaged_records_leave_nothing(void **s)
{
    (void)s;
    static const struct nts_assoc none = {.cert_hi = INT64_MAX};
    struct nts_assoc b;
    int len = save(0);
    for (int n = 0; n < len; n++) {
        assert_int_equal(nts_assoc_read(&b, card, (size_t)n), RC_BAD);
        assert_memory_equal(&b, &none, sizeof b);
    }
    assert_int_equal(nts_assoc_read(&b, card, (size_t)len + 1), RC_BAD);
    static const struct {
        size_t at;
        uint8_t value;
    } spoil[] = {{0, 2}, {2, 16}, {87, 9}, {87, 7}, {88, 1}, {89, 0}};
    for (size_t i = 0; i < LEN(spoil); i++) {
        assert_int_equal(save(0), len);
        assert_int_not_equal(card[spoil[i].at], spoil[i].value);
        card[spoil[i].at] = spoil[i].value;
        assert_int_equal(nts_assoc_read(&b, card, (size_t)len), RC_BAD);
        assert_memory_equal(&b, &none, sizeof b);
    }
}

/* ---- write-ahead -------------------------------------------------------- */

static void saved_cookies_wait_for_a_record_without_them(void **s)
{
    (void)s;
    assert_true(save(1) > 0);
    nts_assoc_record_durable(&a);
    assert_int_equal(take(&a), 1); /* the spare one */
    assert_int_equal(take(&a), RC_AGAIN);
    assert_true(save(1) > 0);
    assert_int_equal(take(&a), RC_AGAIN); /* not yet durable */
    nts_assoc_record_durable(&a);
    assert_int_equal(take(&a), 2);
    assert_int_equal(take(&a), RC_AGAIN);
}

static void the_steady_exchange_needs_no_write(void **s)
{
    (void)s;
    assert_true(save(1) > 0);
    nts_assoc_record_durable(&a);
    for (uint8_t i = 20; i < 60; i++) {
        assert_int_equal(take(&a), i == 20 ? 1 : i - 1);
        put(&a, i);
    }
}

/* A cookie in a record under way may be on the card already: not free. */
static void a_record_under_way_holds_its_cookies(void **s)
{
    (void)s;
    assert_true(save(3) > 0);
    put(&a, 9); /* a reply meanwhile; 1 makes room */
    assert_int_equal(take(&a), 2);
    assert_int_equal(take(&a), 3);
    assert_int_equal(take(&a), 9);
    assert_int_equal(take(&a), RC_AGAIN);
    nts_assoc_record_durable(&a);
    assert_int_equal(take(&a), RC_AGAIN);
}

static void an_older_record_offers_until_the_newer_is_there(void **s)
{
    (void)s;
    assert_true(save(0) > 0);
    nts_assoc_record_durable(&a);
    assert_true(save(8) > 0); /* keys only */
    assert_int_equal(take(&a), RC_AGAIN);
    nts_assoc_record_durable(&a);
    assert_int_equal(take(&a), 1);
}

static void without_a_card_all_are_free(void **s)
{
    (void)s;
    assert_true(save(0) > 0);
    assert_int_equal(take(&a), RC_AGAIN);
    nts_assoc_card_lost(&a);
    assert_int_equal(take(&a), 1);
}

/* Thousands of random lives: a record becomes durable some time after it was
 * handed over, or never; power goes at any moment. What was sent must never
 * be in what comes back. */
static uint32_t rnd(uint32_t below)
{
    static uint32_t x = 2463534242u;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x % below;
}

struct life {
    uint8_t durable[LIMIT_JOURNAL_DATA], under_way[LIMIT_JOURNAL_DATA];
    int durable_len, under_way_len; /* 0: none */
    bool sent[4096];
    uint16_t next;
};

static void put_new(struct life *l)
{
    uint8_t b[2] = {(uint8_t)(l->next >> 8), (uint8_t)l->next};
    assert_int_equal(nts_assoc_put(&a, b, 2), RC_OK);
    l->next = (uint16_t)((l->next + 1) % LEN(l->sent));
}

static void send_one(struct life *l)
{
    struct nts_cookie c;
    if (nts_assoc_take(&a, &c) != RC_OK)
        return;
    size_t name = (size_t)c.b[0] << 8 | c.b[1];
    assert_false(l->sent[name]);
    l->sent[name] = true;
    nts_assoc_left(&a);
}

static void write_ends(struct life *l, bool told)
{
    if (l->under_way_len == 0)
        return;
    memcpy(l->durable, l->under_way, sizeof l->durable);
    l->durable_len = l->under_way_len;
    l->under_way_len = 0;
    if (told)
        nts_assoc_record_durable(&a);
}

static void power_cut(struct life *l)
{
    if (rnd(2))
        write_ends(l, false); /* it was on the card, nobody knew */
    l->under_way_len = 0;
    if (l->durable_len == 0 ||
        nts_assoc_read(&a, l->durable, (size_t)l->durable_len) != RC_OK)
        assert_int_equal(nts_assoc_keys(&a, 15, c2s, s2c), RC_OK);
}

static void no_cookie_twice_whenever_the_power_goes(void **s)
{
    (void)s;
    static struct life l;
    assert_int_equal(nts_assoc_keys(&a, 15, c2s, s2c), RC_OK);
    for (int round = 0; round < 100000 && l.next < LEN(l.sent) - 1; round++) {
        switch (rnd(8)) {
        case 0:
            power_cut(&l);
            break;
        case 1:
        case 2:
            write_ends(&l, true);
            break;
        case 3:
        case 4:
            if (l.under_way_len == 0)
                l.under_way_len = nts_assoc_write(&a, rnd(4), l.under_way,
                                                  sizeof l.under_way);
            break;
        case 5:
            put_new(&l);
            break;
        default:
            send_one(&l);
        }
    }
    assert_int_equal(l.next, LEN(l.sent) - 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, fresh)
    const struct CMUnitTest tests[] = {
        TEST(oldest_leaves_first),
        TEST(given_again_until_it_left),
        TEST(oldest_makes_room),
        TEST(cookies_of_any_possible_length),
        TEST(new_keys_replace_everything),
        TEST(wiped_leaves_no_secret),
        TEST(comes_back_from_the_card),
        TEST(aead_30_comes_back_from_the_card),
        TEST(the_longest_record_fits_the_journal),
        TEST(damaged_records_leave_nothing),
        TEST(saved_cookies_wait_for_a_record_without_them),
        TEST(the_steady_exchange_needs_no_write),
        TEST(a_record_under_way_holds_its_cookies),
        TEST(an_older_record_offers_until_the_newer_is_there),
        TEST(without_a_card_all_are_free),
        TEST(no_cookie_twice_whenever_the_power_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
