/* Configurations of the kinds that chrony's users have (tests/field/conf):
 * which line has which effect, as a table that is printed into
 * build/field/conf-effects.txt and held to conf/effects.txt. No line may be
 * unknown. After a change that is meant: copy the one over the other. Run from
 * the top of the repository. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/conf.h"

#define FOLDER "tests/field/conf/"
#define MADE   "build/field/conf-effects.txt"

static char made[65536], expected[65536], text[8192];
static struct conf c;

static size_t slurp(const char *path, char *to, size_t cap)
{
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("%s: cannot be read", path);
    size_t n = fread(to, 1, cap - 1, f);
    fclose(f);
    assert_true(n < cap - 1);
    to[n] = 0;
    return n;
}

static void say(const char *f, ...)
{
    size_t n = strlen(made);
    va_list ap;
    va_start(ap, f);
    int len = vsnprintf(made + n, sizeof made - n, f, ap);
    va_end(ap);
    assert_true(len >= 0 && n + (size_t)len < sizeof made);
}

/* What is said about a line, or that it is in effect. */
static void add_effects(unsigned number)
{
    static const char *const level[] = {"ERROR ", "", "in effect; "};
    unsigned said = 0;
    for (unsigned i = 0; i < c.report_count; i++)
        if (c.reports[i].line == number) {
            say("%s%s%s\n", said++ ? "    " : "", level[c.reports[i].level],
                c.reports[i].text);
            if (strstr(c.reports[i].text, "unknown"))
                fail_msg("line %u: %s", number, c.reports[i].text);
        }
    if (!said)
        say("in effect\n");
}

static void add_file(const char *path)
{
    size_t len = slurp(path, text, sizeof text);
    (void)!conf_parse(&c, text, len);
    assert_int_equal(c.reports_lost, 0);
    say("%s%s: %u sources, %lu errors, %lu notes, saving %s\n",
        *made ? "\n" : "", path + strlen(FOLDER), c.source_count,
        (unsigned long)c.errors, (unsigned long)c.notes, c.save ? "on" : "off");
    unsigned number = 0;
    for (char *line = text, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        assert_non_null(end);
        *end = 0;
        number++;
        if (!*line || strchr("#%!;", *line))
            continue;
        say("%3u %.60s%s\n    ", number, line, strlen(line) > 60 ? "..." : "");
        add_effects(number);
    }
}

static void compare(void)
{
    const char *a = made, *b = expected;
    for (unsigned number = 1; *a || *b; number++) {
        size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
        if (n != m || memcmp(a, b, n) != 0)
            fail_msg("line %u of %s: `%.*s', of " FOLDER "effects.txt: `%.*s'",
                     number, MADE, (int)n, a, (int)m, b);
        a += n + (a[n] != 0);
        b += m + (b[m] != 0);
    }
}

static void every_line_has_its_effect(void **state)
{
    glob_t g;
    (void)state;
    assert_int_equal(glob(FOLDER "*.conf", 0, NULL, &g), 0);
    assert_true(g.gl_pathc >= 24);
    for (size_t i = 0; i < g.gl_pathc; i++)
        add_file(g.gl_pathv[i]);
    globfree(&g);
    (void)mkdir("build/field", 0777);
    FILE *f = fopen(MADE, "w");
    assert_non_null(f);
    fputs(made, f);
    fclose(f);
    slurp(FOLDER "effects.txt", expected, sizeof expected);
    compare();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_has_its_effect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
