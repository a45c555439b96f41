/* Before the clock is set: whose certificate, whose reply and which quorum
 * is believed. Days count from an arbitrary one, on which the floor stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/bootstrap.h"

#define DAY  INT64_C(86400)
#define F    INT64_C(1790000000)
#define D(n) (F + (n)*DAY)
#define ANY  0, INT64_MAX

/* One row: sources whose certificates begin and end on days after the floor,
 * and the day that each of them claims; which of them agree follows. */
struct party {
    int from, to, says;
};
static const struct row {
    const char *name;
    unsigned minsources;
    struct party p[4];
    size_t n;
    bool set; /* the clock is set ...                            */
    int day;  /* ... to this day                                 */
    const char *said;
    unsigned dropped; /* by the check of all windows then: a bit each    */
} table[] = {
    {"all honest",
     0,
     {{-9, 80, 9}, {-9, 80, 9}, {-9, 80, 9}},
     3,
     true,
     9,
     "3 of 3 sources agree, 2 needed",
     0},
    {"a year without power: every notBefore lies ahead",
     0,
     {{340, 430, 365}, {350, 440, 365}, {360, 400, 365}},
     3,
     true,
     365,
     "3 of 3 sources agree, 2 needed",
     0},
    {"stolen, expired above the floor, one of three",
     0,
     {{-60, 30, 20}, {-9, 160, 90}, {-9, 160, 90}},
     3,
     true,
     90,
     "2 of 3 sources agree, 2 needed",
     1},
    {"expired above the floor, says the true time, one of three",
     0,
     {{-60, 30, 90}, {-9, 160, 90}, {-9, 160, 90}},
     3,
     true,
     90,
     "2 of 3 sources agree, 2 needed, 1 outside its certificate's validity",
     1},
    {"expired above the floor, two of three: no quorum",
     0,
     {{-60, 30, 90}, {-60, 31, 90}, {-9, 160, 90}},
     3,
     false,
     0,
     "1 of 3 sources agree, 2 needed, 2 outside their certificates' "
     "validity",
     0},
    {"stolen and expired, two of three, each says another time",
     0,
     {{-60, 30, 20}, {-60, 31, 25}, {-9, 160, 90}},
     3,
     false,
     0,
     "1 of 3 sources agree, 2 needed",
     0},
    {"agree on a time outside one certificate's window",
     0,
     {{-9, 5, 9}, {-9, 80, 9}, {-9, 80, 9}},
     3,
     true,
     9,
     "2 of 3 sources agree, 2 needed, 1 outside its certificate's validity",
     1},
    {"agree on a time outside two certificates' windows",
     0,
     {{-9, 5, 9}, {10, 80, 9}, {-9, 80, 9}},
     3,
     false,
     0,
     "1 of 3 sources agree, 2 needed, 2 outside their certificates' "
     "validity",
     0},
    {"all three lie together in their windows: believed, as promised not",
     0,
     {{-9, 80, 40}, {-9, 80, 40}, {-9, 80, 40}},
     3,
     true,
     40,
     "3 of 3 sources agree, 2 needed",
     0},
    {"all three lie, but outside their windows",
     0,
     {{-9, 80, 400}, {-9, 80, 400}, {-9, 80, 400}},
     3,
     false,
     0,
     "0 of 3 sources agree, 2 needed, 3 outside their certificates' "
     "validity",
     0},
    {"poisoned floor: the truth is before it",
     0,
     {{-900, -100, -400}, {-900, -100, -400}, {-900, -100, -400}},
     3,
     false,
     0,
     "0 of 3 sources agree, 2 needed, 3 before the time floor",
     0},
    {"one liar of two",
     0,
     {{-9, 80, 9}, {-9, 80, 20}},
     2,
     false,
     0,
     "1 of 2 sources agree, 2 needed",
     0},
    {"one alone",
     0,
     {{-9, 80, 9}},
     1,
     true,
     9,
     "1 of 1 source agrees, 1 needed",
     0},
    {"one alone, minsources 2",
     2,
     {{-9, 80, 9}},
     1,
     false,
     0,
     "1 of 1 source agrees, 2 needed (minsources)",
     0},
    {"minsources 3, two agree",
     3,
     {{-9, 80, 9}, {-9, 80, 9}, {-9, 80, 20}},
     3,
     false,
     0,
     "2 of 3 sources agree, 3 needed",
     0},
    {"two of four are no majority",
     0,
     {{-9, 80, 9}, {-9, 80, 9}, {-9, 80, 20}, {-9, 80, 30}},
     4,
     false,
     0,
     "2 of 4 sources agree, 3 needed",
     0},
};

static unsigned dropped(const struct bootstrap *b, const struct row *r,
                        int64_t now)
{
    unsigned bits = 0;
    for (size_t i = 0; i < r->n; i++)
        if (!bootstrap_window_ok(b, now, 0, D(r->p[i].from), D(r->p[i].to)))
            bits |= 1u << i;
    return bits;
}

/* The day that most of those who are believed claim. */
static int common(const struct row *r, const struct bootstrap_source *s)
{
    int best = 0;
    unsigned most = 0;
    for (size_t i = 0; i < r->n; i++) {
        unsigned votes = 0;
        for (size_t k = 0; k < r->n; k++)
            votes += s[k].doubt == BOOTSTRAP_NO_DOUBT &&
                     r->p[k].says == r->p[i].says;
        if (votes <= most)
            continue;
        most = votes;
        best = r->p[i].says;
    }
    return best;
}

static void one(struct bootstrap *b, const struct row *r)
{
    struct bootstrap_source s[LEN(r->p)];
    struct bootstrap_verdict v;
    char text[96];
    for (size_t i = 0; i < r->n; i++) {
        const struct party *p = &r->p[i];
        enum bootstrap_doubt d =
            bootstrap_doubt(b, false, D(p->says), D(p->from), D(p->to));
        s[i] = (struct bootstrap_source){true,       true,     false,
                                         D(p->from), D(p->to), d};
    }
    int day = common(r, s);
    for (size_t i = 0; i < r->n; i++)
        s[i].agrees = s[i].doubt == BOOTSTRAP_NO_DOUBT && r->p[i].says == day;
    bootstrap_judge(b, false, s, r->n, r->minsources, D(day), D(day) + 1, &v);
    bootstrap_text(&v, text, sizeof text);
    if (v.may_set != r->set || (v.may_set && day != r->day))
        fail_msg("%s: set %d, day %d", r->name, v.may_set, day);
    assert_int_equal(v.raises, v.may_set);
    if (strcmp(text, r->said) != 0)
        fail_msg("%s: \"%s\"", r->name, text);
    if (v.may_set && dropped(b, r, D(day)) != r->dropped)
        fail_msg("%s: dropped %x", r->name, dropped(b, r, D(day)));
}

static void attacks(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(table); i++) {
        struct bootstrap b = {.floor = F};
        one(&b, &table[i]);
    }
}

/* A certificate's validity from day to day; once set, by a clock that shows day
 * 50 and may be off an hour. */
static enum bootstrap_cert cert(const struct bootstrap *b, bool set, int from,
                                int to)
{
    struct cert_clock c = bootstrap_cert_clock(b, set, D(50), 3600);
    return bootstrap_judge_cert(&c, D(from), D(to));
}

static void key_exchange(void **state)
{
    (void)state;
    struct bootstrap b = {.floor = F};
    /* stolen, valid only below the floor */
    assert_int_equal(cert(&b, false, -90, -1), BOOTSTRAP_CERT_EXPIRED);
    assert_int_equal(cert(&b, false, -90, 0), BOOTSTRAP_CERT_GOOD);
    assert_int_equal(cert(&b, false, 300, 390), BOOTSTRAP_CERT_GOOD);
    b.strict = true;
    assert_int_equal(cert(&b, false, 1, 390), BOOTSTRAP_CERT_FUTURE);
    assert_int_equal(cert(&b, false, 0, 390), BOOTSTRAP_CERT_GOOD);
    assert_int_equal(cert(&b, false, -90, -1), BOOTSTRAP_CERT_EXPIRED);
    b.strict = false;
    b.updates = 1;
    assert_int_equal(cert(&b, true, -90, 49), BOOTSTRAP_CERT_EXPIRED);
    assert_int_equal(cert(&b, true, 51, 99), BOOTSTRAP_CERT_FUTURE);
    assert_int_equal(cert(&b, true, 50, 50), BOOTSTRAP_CERT_GOOD);
}

/* What the clock may be off is not held against a certificate. */
static void slack(void **state)
{
    (void)state;
    const struct bootstrap b = {.floor = F, .updates = 1};
    struct cert_clock c = bootstrap_cert_clock(&b, true, D(50), 60);
    assert_int_equal(bootstrap_judge_cert(&c, D(50) + 60, D(90)),
                     BOOTSTRAP_CERT_GOOD);
    assert_int_equal(bootstrap_judge_cert(&c, D(50) + 61, D(90)),
                     BOOTSTRAP_CERT_FUTURE);
    assert_int_equal(bootstrap_judge_cert(&c, F, D(50) - 60),
                     BOOTSTRAP_CERT_GOOD);
    assert_int_equal(bootstrap_judge_cert(&c, F, D(50) - 61),
                     BOOTSTRAP_CERT_EXPIRED);
    assert_true(bootstrap_window_ok(&b, D(50), 60, D(50) + 60, D(90)));
    assert_false(bootstrap_window_ok(&b, D(50), 60, D(50) + 61, D(90)));
    assert_true(bootstrap_window_ok(&b, D(50), 60, F, D(50) - 60));
    assert_false(bootstrap_window_ok(&b, D(50), 60, F, D(50) - 61));
}

static void replies(void **state)
{
    (void)state;
    struct bootstrap b = {.floor = F};
    assert_int_equal(bootstrap_doubt(&b, false, F - 1, ANY),
                     BOOTSTRAP_BEFORE_FLOOR);
    assert_int_equal(bootstrap_doubt(&b, false, F, ANY), BOOTSTRAP_NO_DOUBT);
    assert_int_equal(bootstrap_doubt(&b, false, D(5), D(5), D(5)),
                     BOOTSTRAP_NO_DOUBT);
    assert_int_equal(bootstrap_doubt(&b, false, D(5) - 1, D(5), D(6)),
                     BOOTSTRAP_OUTSIDE_WINDOW);
    assert_int_equal(bootstrap_doubt(&b, false, D(6) + 1, D(5), D(6)),
                     BOOTSTRAP_OUTSIDE_WINDOW);
    assert_int_equal(bootstrap_doubt(&b, true, 0, D(5), D(6)),
                     BOOTSTRAP_NO_DOUBT);
}

/* A rolled-back card: a floor that is older, no more than that. */
static void rolled_back(void **state)
{
    (void)state;
    struct bootstrap b = {.floor = D(-200)};
    assert_int_equal(cert(&b, false, -190, -100), BOOTSTRAP_CERT_GOOD);
    assert_int_equal(cert(&b, false, -400, -201), BOOTSTRAP_CERT_EXPIRED);
    const struct row r = {
        "one stolen certificate of the time between, two honest ones",
        0,
        {{-190, -100, -150}, {-9, 80, 9}, {-9, 80, 9}},
        3,
        true,
        9,
        "2 of 3 sources agree, 2 needed",
        1};
    one(&b, &r);
}

/* The whole interval must lie in the windows, not its middle alone. */
static void edges(void **state)
{
    (void)state;
    const struct bootstrap b = {.floor = F};
    struct bootstrap_verdict v;
    struct bootstrap_source s[2] = {{true, true, true, D(1), D(9), 0},
                                    {true, true, true, D(2), D(8), 0}};
    bootstrap_judge(&b, false, s, 2, 0, D(2), D(8), &v);
    assert_true(v.may_set);
    bootstrap_judge(&b, false, s, 2, 0, D(2) - 1, D(8), &v);
    assert_false(v.may_set);
    assert_int_equal(v.outside, 1);
    bootstrap_judge(&b, false, s, 2, 0, D(2), D(8) + 1, &v);
    assert_false(v.may_set);
}

/* Plain NTP neither helps nor hinders unless the configuration wants it, and
 * never raises the floor. */
static void plain_sources(void **state)
{
    (void)state;
    struct bootstrap b = {.floor = F};
    struct bootstrap_verdict v;
    struct bootstrap_source s[4] = {{true, true, true, ANY, 0},
                                    {true, true, false, ANY, 0},
                                    {false, false, true, ANY, 0},
                                    {false, false, true, ANY, 0}};
    bootstrap_judge(&b, false, s, 4, 0, D(9), D(9), &v);
    assert_false(v.may_set);
    s[2].counts = s[3].counts = true; /* authselectmode ignore */
    bootstrap_judge(&b, false, s, 4, 0, D(9), D(9), &v);
    assert_true(v.may_set);
    assert_false(v.raises);
    bootstrap_judge(&b, false, s + 2, 2, 0, D(9), D(9), &v); /* nothing else */
    assert_true(v.may_set);
    assert_false(v.raises);
}

/* Once set, a window that has passed is no reason to doubt; the floor still
 * wants a quorum. */
static void later(void **state)
{
    (void)state;
    const struct bootstrap b = {.floor = F, .updates = 9};
    struct bootstrap_verdict v;
    struct bootstrap_source s[3] = {{true, true, true, F, D(9), 0},
                                    {true, true, true, F, D(9), 0},
                                    {true, true, false, F, D(9), 0}};
    bootstrap_judge(&b, true, s, 3, 0, D(99), D(99), &v);
    assert_true(v.may_set && v.raises);
    s[1].agrees = false;
    bootstrap_judge(&b, true, s, 3, 0, D(99), D(99), &v);
    assert_true(v.may_set);
    assert_false(v.raises);
    s[1].agrees = true;
    bootstrap_judge(&b, true, s, 3, 0, D(-9), D(-9), &v);
    assert_false(v.raises);
}

static void strict(void **state)
{
    (void)state;
    struct bootstrap b = {.floor = F, .strict = true};
    struct bootstrap_verdict v;
    const struct bootstrap_source s[1] = {{true, true, true, ANY, 0}};
    assert_true(bootstrap_waits(&b, false));
    bootstrap_judge(&b, false, s, 1, 0, D(9), D(9), &v);
    assert_false(v.may_set);
    b.by_operator = true;
    assert_false(bootstrap_waits(&b, false));
    bootstrap_judge(&b, false, s, 1, 0, D(9), D(9), &v);
    assert_true(v.may_set);
}

static void nocerttimecheck(void **state)
{
    (void)state;
    struct bootstrap b = {.floor = F, .nocerttimecheck = 2};
    struct bootstrap_verdict v;
    const struct bootstrap_source s[2] = {{true, true, true, D(1), D(9), 0},
                                          {true, true, true, D(1), D(9), 0}};
    assert_int_equal(bootstrap_mode(&b), BOOTSTRAP_LOWER_BOUND);
    assert_int_equal(cert(&b, false, -90, -1), BOOTSTRAP_CERT_EXPIRED);
    assert_int_equal(cert(&b, false, 300, 390), BOOTSTRAP_CERT_GOOD);
    assert_int_equal(bootstrap_doubt(&b, false, D(20), D(1), D(9)),
                     BOOTSTRAP_NO_DOUBT);
    assert_int_equal(bootstrap_doubt(&b, false, F - 1, ANY),
                     BOOTSTRAP_BEFORE_FLOOR);
    bootstrap_judge(&b, false, s, 2, 0, D(20), D(20), &v);
    assert_true(v.may_set);
    b.updates = 1; /* the first of two */
    assert_int_equal(cert(&b, true, -90, 49), BOOTSTRAP_CERT_GOOD);
    b.updates = 2;
    assert_int_equal(bootstrap_mode(&b), BOOTSTRAP_DEFAULT);
    assert_int_equal(cert(&b, true, -90, 49), BOOTSTRAP_CERT_EXPIRED);
    assert_int_equal(cert(&b, true, 51, 99), BOOTSTRAP_CERT_FUTURE);
    assert_true(bootstrap_window_ok(&b, D(50), 0, D(1), D(9)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attacks),       cmocka_unit_test(key_exchange),
        cmocka_unit_test(slack),         cmocka_unit_test(replies),
        cmocka_unit_test(rolled_back),   cmocka_unit_test(edges),
        cmocka_unit_test(plain_sources), cmocka_unit_test(later),
        cmocka_unit_test(strict),        cmocka_unit_test(nocerttimecheck),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
