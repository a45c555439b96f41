/* The page: hashes, pieces, markup that is whole, no time before there is one,
 * nothing of others' unescaped, the figures of `tracking`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/chronyc_text.h"
#include "core/page.h"
#include "core/why.h"
#include "mbedtls/base64.h"
#include "mbedtls/sha256.h"
#include "page_state.h"
#include "page_whole.h"

static struct status s;
static struct history h;
static struct logring lines;
static char text[200000];

static const char *draw(void)
{
    struct page p;
    size_t len = 0;
    page_begin(&p, &s, &h, &lines, lines.next);
    for (;;) {
        char piece[PAGE_PIECE + 1];
        struct fmt_text t = fmt_text_of(piece, sizeof piece);
        if (!page_next(&p, &t))
            return text;
        if (t.cut)
            fail_msg("piece %u of section %u: %s", p.index, p.section, piece);
        assert_true(len + t.len < sizeof text);
        memcpy(text + len, piece, t.len + 1);
        len += t.len;
    }
}

static int fresh(void **state)
{
    (void)state;
    memset(&h, 0, sizeof h);
    memset(&lines, 0, sizeof lines);
    logring_add(&lines, MONO_S, LOG_INFO, "network link up");
    return 0;
}

static void assert_whole(const char *page)
{
    assert_true(page_is_whole(page));
}

static void minutes(unsigned n)
{
    for (mono_ns at = s.machine.up - (mono_ns)n * 60 * MONO_S;
         at < s.machine.up; at += 20 * MONO_S) {
        int64_t i = at / (20 * MONO_S);
        history_correction(&h, at, (i * 7919) % 20000 - 10000);
        history_state(&h, at,
                      &(struct history_state){63000 + i % 9, 139000,
                                              200000 + i % 1000, 3});
    }
}

static void hash_is(const char *name, const char *bytes, const char *want)
{
    unsigned char digest[32], base64[64];
    size_t len;
    assert_int_equal(
        mbedtls_sha256((const unsigned char *)bytes, strlen(bytes), digest, 0),
        0);
    assert_int_equal(
        mbedtls_base64_encode(base64, sizeof base64, &len, digest, 32), 0);
    if (strcmp((char *)base64, want) != 0)
        fail_msg("%s is \"%s\" now", name, (char *)base64);
}

static void hashes(void **state)
{
    (void)state;
    hash_is("PAGE_STYLE_HASH", page_style, PAGE_STYLE_HASH);
    hash_is("PAGE_SCRIPT_HASH", page_script, PAGE_SCRIPT_HASH);
    assert_null(strstr(page_style, "</"));
    assert_null(strstr(page_script, "</script"));
}

static void synchronised(void **state)
{
    (void)state;
    state_set(&s, 5);
    minutes(300);
    const char *page = draw();
    assert_whole(page);
    assert_non_null(strstr(page, "<h2><i></i>Synchronised</h2>"));
    assert_non_null(strstr(page, "<b>5 of 5</b> servers agree, all of them "
                                 "authenticated. UTC is known to <b>± 221 µs"
                                 "</b>."));
    assert_non_null(strstr(page, "data-ms=\"1795859273123\">09:47:53</time>"));
    assert_non_null(strstr(page, "2026-11-28</span>"));
    assert_non_null(strstr(page, "<dt>Last correction</dt><dd>−661 ns"));
    assert_non_null(strstr(page, "<dd>1.73 µs<small>RMS"));
    assert_non_null(strstr(page, "0.063 ppm<small>slow, ± 0.14 ppm"));
    assert_non_null(strstr(page, "<dd>nts2.test<small>we are stratum 2"));
    assert_non_null(strstr(page, "2027-02-26<small>in 90 days"));
    assert_non_null(strstr(page, "class=\"plots\""));
    assert_non_null(strstr(page, ">+10 µs<"));
    assert_non_null(strstr(page, ">500 µs<"));
    assert_non_null(strstr(page, ">250 µs<"));
    assert_non_null(strstr(page, "<rect class=\"o\" x=\"")); /* our interval */
    assert_non_null(strstr(page, "first key exchange"));
    assert_null(strstr(page, "id=\"week\"")); /* not longer than the hours */
    assert_null(strstr(page, "class=\"why\""));
    assert_non_null(strstr(page, "network link up"));
}

/* All that is not set: no time but those that are somebody's word. */
static void unset(void **state)
{
    char why[WHY_TEXT];
    (void)state;
    state_unset(&s, 3);
    minutes(300); /* from before */
    const char *page = draw();
    assert_whole(page);
    assert_non_null(strstr(page, "<time id=\"t\">–:–:–</time>"));
    assert_null(strstr(page, "data-ms="));
    assert_null(strstr(page, "09:47:53"));
    assert_null(strstr(page, "class=\"plots\""));
    assert_null(strstr(page, "class=\"tiles\""));
    assert_null(strstr(page, "<small>in ")); /* how long a certificate has */
    assert_non_null(strstr(page, "Clock not set"));
    assert_true(why_text(&s, why, sizeof why) > 0);
    assert_non_null(strstr(page, why));
    assert_non_null(strstr(page, "Says it is"));
    assert_non_null(strstr(page, "2026-11-28 10:04:33<small>")); /* + 1000 s */
    assert_non_null(strstr(page, "2026-11-28 10:37:53<small>"));
}

static void alone(void **state)
{
    (void)state;
    state_alone(&s, 3);
    const char *page = draw();
    assert_whole(page);
    assert_non_null(strstr(page, "Runs on alone"));
    assert_non_null(strstr(page, "<b>± 221 µs</b>, and that grows."));
    assert_non_null(strstr(page, "3 need a look"));
    assert_non_null(strstr(page, "<b>Why</b> connection refused"));
}

static void no_source(void **state)
{
    (void)state;
    state_unset(&s, 0);
    s.config.file = CONFIG_MISSING;
    s.start.keys = -1;
    s.timekeeper.tracking.why[0] = 0;
    const char *page = draw();
    assert_whole(page);
    assert_non_null(strstr(page, "no chrony.conf at the top of the card"));
    assert_non_null(strstr(page, "<p>None.</p></section>"));
    assert_null(strstr(page, "<table>"));
    assert_null(strstr(page, "first key exchange"));
}

static void weaker(void **state)
{
    (void)state;
    state_set(&s, 1);
    strcpy(s.timekeeper.tracking.warning, "nocerttimecheck 1: dates");
    s.sources.row[0].nts = false;
    s.start.keys = -1;
    const char *page = draw();
    assert_whole(page);
    assert_non_null(strstr(page, "<b>Warning:</b> nocerttimecheck 1: dates"));
    assert_non_null(strstr(page, "<b>Note:</b> one source alone"));
    assert_non_null(strstr(page, ", none of them authenticated. "));
    assert_null(strstr(page, "first key exchange"));
    assert_non_null(strstr(page, "asked in the clear"));
}

/* A week of it, with gaps and a step; the most that there can be. */
static void full(void **state)
{
    (void)state;
    state_set(&s, 16);
    s.machine.up = 9 * 86400 * MONO_S;
    for (unsigned i = 0; i < 16; i++) {
        state_repeat(s.sources.row[i].name, 61, "a-long-name.");
        s.timekeeper.row[i].select.letter = "*+xPdTsN~rSMDW-?"[i];
        strcpy(s.sources.row[i].trouble, "something is wrong with it");
    }
    minutes(8 * 1440);
    history_step(&h, s.machine.up);
    for (unsigned i = 0; i < 300; i++) {
        char line[300];
        state_repeat(line, sizeof line, "<&\">'");
        logring_add(&lines, MONO_S, LOG_INFO, line);
    }
    const char *page = draw();
    assert_whole(page);
    assert_non_null(strstr(page, "id=\"week\""));
    print_message("16 sources, a week: %zu bytes\n", strlen(page));
    char *again = strdup(page);
    assert_string_equal(draw(), again);
    free(again);
}

/* Nothing of others' comes through as markup, whatever it is. */
static void hostile(void **state)
{
    static const char *const texts[] = {"<script>alert(1)</script>",
                                        "\"><img src=x onerror=alert(1)>",
                                        "' onload='x",
                                        "\\\"\n</style><b>",
                                        "&lt;<!--",
                                        "\x01\x7f\x80\xff<",
                                        "&#x3c;script&#x3e;<",
                                        ""};
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++)
        for (int kind = 0; kind < 3; kind++) {
            (kind == 0   ? state_set
             : kind == 1 ? state_unset
                         : state_alone)(&s, 16);
            state_hostile(&s, texts[i]);
            logring_add(&lines, MONO_S, LOG_INFO, texts[i]);
            const char *page = draw();
            assert_whole(page);
            if (strlen(texts[i]) > 6)
                assert_null(strstr(page, texts[i]));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes),
        cmocka_unit_test_setup(synchronised, fresh),
        cmocka_unit_test_setup(unset, fresh),
        cmocka_unit_test_setup(alone, fresh),
        cmocka_unit_test_setup(no_source, fresh),
        cmocka_unit_test_setup(weaker, fresh),
        cmocka_unit_test_setup(full, fresh),
        cmocka_unit_test_setup(hostile, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
