/* The page of directives, firmware/core/conf.md, against the tables that are
 * compiled: each row's word, range and default stand in the page, and no word
 * stands there that is not in a table. Run from the top of the repository. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/conf_private.h"

#define CELLS 4
#define TEXT  400

static char page[65536];

struct line { /* of a table of the page */
    char word[40], cell[CELLS][TEXT];
};

static int setup(void **state)
{
    (void)state;
    FILE *f = fopen("firmware/core/conf.md", "r");
    assert_non_null(f);
    size_t n = fread(page, 1, sizeof page - 1, f);
    fclose(f);
    assert_true(n > 1000 && n < sizeof page - 1);
    page[n] = 0;
    return 0;
}

/* A section of the page, from its heading to the next. */
static void section(const char *heading, char *out, size_t cap)
{
    char mark[80];
    snprintf(mark, sizeof mark, "\n## %s\n", heading);
    const char *from = strstr(page, mark);
    if (!from)
        fail_msg("no section %s", heading);
    from += strlen(mark);
    const char *to = strstr(from, "\n## ");
    size_t n = to ? (size_t)(to - from) : strlen(from);
    assert_true(n < cap);
    memcpy(out, from, n);
    out[n] = 0;
}

/* Between backticks from *at on, which moves behind it. */
static bool quoted(const char **at, char *word, size_t cap)
{
    const char *from = strchr(*at, '`');
    const char *to = from ? strchr(from + 1, '`') : NULL;
    if (!to)
        return false;
    assert_true((size_t)(to - from) < cap);
    memcpy(word, from + 1, (size_t)(to - from - 1));
    word[to - from - 1] = 0;
    *at = to + 1;
    return true;
}

/* The next line "| `word` ... | cell | cell |" from *at on. */
static bool next_line(const char **at, struct line *l)
{
    const char *p = strstr(*at, "\n| `");
    if (!p)
        return false;
    *at = p + 1;
    p += 2;
    memset(l, 0, sizeof *l);
    for (size_t i = 0; i < CELLS && *p && *p != '\n'; i++) {
        size_t n = strcspn(p, "|\n"), skip = strspn(p, " ");
        assert_true(n < TEXT && skip <= n);
        memcpy(l->cell[i], p + skip, n - skip);
        for (char *c = l->cell[i]; *c && c[strlen(c) - 1] == ' ';)
            c[strlen(c) - 1] = 0;
        p += n;
        p += *p == '|';
    }
    const char *c = l->cell[0];
    assert_true(quoted(&c, l->word, sizeof l->word));
    return true;
}

static bool find_line(const char *text, const char *word, struct line *l)
{
    while (next_line(&text, l))
        if (strcmp(l->word, word) == 0)
            return true;
    return false;
}

static size_t count_lines(const char *text)
{
    struct line l;
    size_t n = 0;
    while (next_line(&text, &l))
        n++;
    return n;
}

/* ---- rows in words --------------------------------------------------------- */

static void add(char *to, const char *what)
{
    if (*to)
        strcat(to, ", ");
    strcat(to, what);
}

static void add_range(char *to, const struct conf_row *r)
{
    char t[100] = "";
    switch (r->kind) {
    case CONF_FLAG:
        add(t, "-");
        break;
    case CONF_GIVEN:
        add(t, "any");
        break;
    case CONF_INT:
    case CONF_REAL:
        snprintf(t, sizeof t, "%d .. %d", (int)r->least, (int)r->most);
        break;
    case CONF_REAL_0:
        add(t, "0 or more");
        break;
    case CONF_REAL_POS:
        add(t, "more than 0");
        break;
    case CONF_REAL_ANY:
        add(t, "any number");
        break;
    case CONF_CHOICE:
        for (const struct conf_choice *c = r->choices; c->word; c++)
            add(t, c->word);
        break;
    case CONF_LINE:
        fail();
    }
    add(to, t);
}

static void add_default(char *to, const struct conf_row *r)
{
    char t[100];
    snprintf(t, sizeof t, "%.9g", r->value);
    if (r->kind == CONF_FLAG)
        strcpy(t, "off");
    if (r->kind == CONF_GIVEN)
        strcpy(t, "-");
    if (r->kind == CONF_CHOICE)
        for (const struct conf_choice *c = r->choices; c->word; c++)
            if (c->value == (uint8_t)r->value)
                snprintf(t, sizeof t, "%s", c->word);
    add(to, t);
}

/* A value's row and those of the directive's further values. */
static void check_values(const char *text, const struct conf_row *r,
                         const char *why)
{
    char range[200] = "", standard[200] = "";
    struct line l;
    if (!find_line(text, r->word, &l))
        fail_msg("%s is not in the page", r->word);
    add_range(range, r);
    add_default(standard, r);
    for (r++; !conf_row_ends(r) && !r->word; r++) {
        add_range(range, r);
        add_default(standard, r);
    }
    assert_string_equal(l.cell[1], range);
    assert_string_equal(l.cell[2], why ? why : standard);
    assert_true(why || l.cell[3][0]); /* a meaning */
}

/* ---- the page -------------------------------------------------------------- */

/* Directives with a function of their own: what stands in the page is said
 * again here, and tried below. */
static const struct {
    const char *word, *range, *standard;
} by_hand[] = {
    {"server", "up to 16 sources", "none"},
    {"pool", "up to 16 sources", "none"},
    {"ntstrustedcerts", "set 0 .. 2147483647, up to 8 lines", "set 0"},
    {"ntsaeads", "15, 30", "30 15"},
    {"pps", "gpio 0 .. 53, width 1 .. 900", "off; width 100"},
    {"driftfile", "interval 0 .. 2147483647", "none"},
    {"nodump", "-", "off"},
    {"include", "one path, perhaps with `*`, `?` or `[a-z]` in its last part",
     "none"},
    {"confdir", "up to 10 directories", "none"},
    {"sourcedir", "up to 10 directories", "none"},
    {"allow", "up to 64 subnets with `deny`", "nobody"},
    {"deny", "as `allow`", "-"},
    {"httpallow", "as `allow`", "the board's own networks"},
    {"ntsserverkey", "up to 8 lines", "none"},
    {"ntsservercert", "up to 8 lines", "none"},
    {"ntsntpserver", "a host name or an address", "none"},
    {"ntsprocesses", "0 .. 1000", "-"},
    {"ratelimit", "interval -19 .. 12, burst 1 .. 255, leak 1 .. 4, kod 0 .. 4",
     "off; interval 3, burst 8, leak 2, kod 0"},
    {"local",
     "stratum 1 .. 15, distance, activate, waitsynced, waitunsynced: 0 or more",
     "off; stratum 10, distance 1"},
    {"ntsratelimit", "interval -19 .. 12, burst 1 .. 255, leak 1 .. 4",
     "off; interval 6, burst 8, leak 2"},
    {"clientloglimit", "0 .. 2147483647", "-"},
    {"cmdallow", "up to 64 subnets with `cmddeny`", "nobody"},
    {"cmddeny", "as `cmdallow`", "-"},
    {"cmdratelimit", "interval -19 .. 12, burst 1 .. 255, leak 1 .. 4",
     "off; interval -4, burst 8, leak 2"},
    {"opencommands", "any", "all but clients"},
    {"hostname", "up to 63 characters", "gnomon"},
    {"address", "N 1 .. 32", "none"},
    {"gateway", "an IPv4 address", "none"},
    {"nameserver", "up to 3 lines", "none"},
    {"syslog", "up to 4 lines, port 1 .. 65535", "none; 514"},
};

static void directives(void **state)
{
    (void)state;
    static char text[32768];
    struct line l;
    size_t words = 0, lines = 0;
    section("Directives", text, sizeof text);
    for (const struct conf_row *r = conf_directives; !conf_row_ends(r); r++) {
        words += r->word != NULL;
        if (r->kind == CONF_LINE)
            lines++;
        else if (r->word)
            check_values(text, r, NULL);
    }
    assert_int_equal(count_lines(text), words); /* so no word is unknown */
    assert_int_equal(lines, LEN(by_hand));
    for (size_t i = 0; i < LEN(by_hand); i++) {
        assert_non_null(conf_find(conf_directives, by_hand[i].word));
        assert_true(find_line(text, by_hand[i].word, &l));
        assert_string_equal(l.cell[1], by_hand[i].range);
        assert_string_equal(l.cell[2], by_hand[i].standard);
        assert_true(l.cell[3][0]);
    }
}

static void what_by_hand_says(void **state)
{
    (void)state;
    static struct conf c;
    static const struct {
        const char *text;
        int errors;
    } row[] = {
        {"pps gpio 0 width 1", 0},
        {"pps gpio 53 width 900ms", 0},
        {"pps gpio 54", 1},
        {"pps gpio 5 width 0", 1},
        {"pps gpio 5 width 901", 1},
        {"ntstrustedcerts 2147483647 a", 0},
        {"ntstrustedcerts 2147483648 a", 1},
        {"address 192.0.2.1/1", 0},
        {"address 192.0.2.1/32", 0},
        {"address 192.0.2.1/0", 1},
        {"address 192.0.2.1/33", 1},
        {"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver ::1", 0},
        {"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 1.1.1.1\n"
         "nameserver ::1",
         1},
        {"syslog 192.0.2.1:1\nsyslog 192.0.2.1:65535\nsyslog ::2\n"
         "syslog [::3]:1",
         0},
        {"syslog 1.1.1.1\nsyslog 1.1.1.2\nsyslog 1.1.1.3\nsyslog 1.1.1.4\n"
         "syslog 1.1.1.5",
         1},
        {"syslog 192.0.2.1:0", 1},
        {"syslog 192.0.2.1:65536", 1},
        {"hostname "
         "a23456789012345678901234567890.12345678901234567890123456789012",
         0},
        {"hostname "
         "a23456789012345678901234567890.123456789012345678901234567890123",
         1},
        {"ntsaeads 15 30", 0},
        {"driftfile /d interval 2147483647", 0},
        {"driftfile /d interval 2147483648", 1},
        {"driftfile /d interval -1", 1},
        {"confdir 1 2 3 4 5 6 7 8 9 10", 0},
        {"confdir 1 2 3 4 5 6 7 8 9 10 11", 1},
        {"sourcedir 1 2 3 4 5 6 7 8 9 10", 0},
        {"sourcedir 1 2 3 4 5 6 7 8 9 10 11", 1},
    };
    for (size_t i = 0; i < LEN(row); i++)
        if (conf_parse(&c, row[i].text, strlen(row[i].text)) != row[i].errors)
            fail_msg("%s", row[i].text);
    assert_int_equal(LIMIT_SOURCES, 16);
    assert_int_equal(LIMIT_TRUST_FILES, 8);
    assert_int_equal(LIMIT_DHCP_SERVERS, 4);
    assert_int_equal(CONF_LINE_MAX, 2047);
    assert_int_equal(LIMIT_CONF_BYTES, 131072);
    assert_int_equal(LIMIT_CONF_FILES, 32);
    assert_int_equal(LIMIT_CONF_DEPTH, 8);
    assert_int_equal(conf_parse(&c, "", 0), 0);
    assert_true(!c.pps && c.pps_width_ms == 100 && !c.static_ip4);
    assert_string_equal(c.hostname, "gnomon");
    assert_true(c.aead_count == 2 && c.aeads[0] == 30 && c.aeads[1] == 15);
    /* A line that is wrong in its last word leaves no trace. */
    const char *bad = "pps gpio 5 width 20ms soon\nmakestep 5 x\n"
                      "maxchange 1 2 x\n";
    assert_int_equal(conf_parse(&c, bad, strlen(bad)), 3);
    assert_true(!c.pps && c.pps_width_ms == 100 && c.makestep_s == 1.0);
    assert_true(c.maxchange_s == 0.0 && c.maxchange_start == 0);
}

static void options(void **state)
{
    (void)state;
    static char text[16384];
    size_t words = 0;
    section("Options of `server` and `pool`", text, sizeof text);
    for (const struct conf_row *r = conf_source_options; !conf_row_ends(r);
         r++, words++)
        check_values(text, r, NULL);
    assert_int_equal(count_lines(text), words);
    words = 0;
    section("Options without effect", text, sizeof text);
    for (const struct conf_row *r = conf_chrony_options; !conf_row_ends(r);
         r++, words++)
        check_values(text, r, r->why);
    assert_int_equal(count_lines(text), words);
}

static void directives_without_effect(void **state)
{
    (void)state;
    static char text[16384];
    const struct conf_ignored *w;
    struct line l;
    size_t words = 0;
    section("Directives without effect", text, sizeof text);
    for (; (w = conf_ignored_at(words)) != NULL; words++) {
        assert_null(conf_find(conf_directives, w->word));
        assert_ptr_equal(conf_ignored_find(w->word), w);
        if (!find_line(text, w->word, &l))
            fail_msg("%s is not in the page", w->word);
        assert_string_equal(l.cell[1], w->why);
    }
    assert_int_equal(count_lines(text), words);
}

/* The configuration in README.md that works as it stands. */
static void readme(void **state)
{
    static struct conf c;
    static char text[65536];
    char *from, *to = text;
    (void)state;
    FILE *f = fopen("README.md", "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    from = strstr(text, "       server ");
    assert_non_null(from);
    for (; strncmp(from, "       ", 7) == 0; from += strcspn(from, "\n") + 1) {
        size_t n = strcspn(from, "\n") + 1;
        memmove(to, from, n);
        to += n;
    }
    assert_int_equal(conf_parse(&c, text, (size_t)(to - text)), 0);
    assert_int_equal(c.notes, 0);
    assert_int_equal(c.source_count, 4);
    assert_true(access_opens(&c.allow));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directives),
        cmocka_unit_test(what_by_hand_says),
        cmocka_unit_test(options),
        cmocka_unit_test(directives_without_effect),
        cmocka_unit_test(readme),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
