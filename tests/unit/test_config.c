/* chrony.conf and the certificates it names, as the boot partition has them or
 * has not: what is used, and what a person is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adapters/tls_client.h"
#include "core/conf_path.h"
#include "port.h"
#include "services/config.h"
#include "services/log.h"
#include "services/store.h"

static const char *file; /* chrony.conf; NULL: file_rc                      */
static int file_rc, trust_rc;
static const char *trust_why;
static unsigned trusted;
static uint32_t interval_s;
static char text[20000];

uint64_t port_ticks(void)
{
    return 0;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

size_t port_console(const char *s, size_t len)
{
    size_t n = strlen(text);
    assert_true(n + len < sizeof text);
    memcpy(text + n, s, len);
    text[n + len] = 0;
    return len;
}

/* The card's other files, and those of folders that are empty (NULL). */
static const struct entry {
    const char *path, *text;
} * card_files;

static const char *file_of(const char *path)
{
    for (const struct entry *e = card_files; e && e->path; e++)
        if (conf_path_order(e->path, path) == 0)
            return e->text;
    return NULL;
}

int store_next_file(const char *folder, const char *pattern, const char *after,
                    char name[CONF_PATH_MAX])
{
    size_t n = strlen(folder);
    bool there = n == 0;
    *name = 0;
    for (const struct entry *e = card_files; e && e->path; e++) {
        if (n && (strncasecmp(e->path, folder, n) != 0 || e->path[n] != '/'))
            continue;
        const char *rest = e->path + n + (n > 0);
        there = true;
        if (e->text && !strchr(rest, '/') && conf_path_matches(pattern, rest) &&
            conf_path_order(rest, after) > 0 &&
            (!*name || conf_path_order(rest, name) < 0))
            strcpy(name, rest);
    }
    return there ? (int)strlen(name) : RC_STATE;
}

static const char *trouble = "";
static unsigned other_fat;

unsigned store_other_fat(void)
{
    return other_fat;
}

const char *store_trouble(void)
{
    return trouble;
}

int store_read_file(const char *name, uint8_t *buf, size_t cap)
{
    const char *other = file_of(name);
    if (other) {
        if (strlen(other) > cap)
            return RC_SPACE;
        memcpy(buf, other, strlen(other));
        return (int)strlen(other);
    }
    if (strcmp(name, "ca.pem") == 0) {
        memcpy(buf, "PEM", 3);
        return 3;
    }
    if (strcmp(name, "large.pem") == 0)
        return RC_SPACE;
    if (strcmp(name, "chrony.conf") != 0)
        return RC_STATE;
    if (!file)
        return file_rc;
    assert_true(strlen(file) <= cap);
    memcpy(buf, file, strlen(file));
    return (int)strlen(file);
}

void store_save_interval(uint32_t s)
{
    interval_s = s;
}

int tls_trust(uint32_t certset, const uint8_t *der, size_t len)
{
    assert_int_equal(certset, 7);
    assert_int_equal(len, 3);
    assert_memory_equal(der, "PEM", 3);
    trusted++;
    return trust_rc;
}

const char *tls_trust_reason(void)
{
    return trust_why;
}

static const struct conf *read_file(const char *lines, int rc, bool card)
{
    file = lines;
    file_rc = rc;
    text[0] = 0;
    log_init();
    const struct conf *c = config_read(card);
    for (int i = 0; i < 100; i++)
        (void)log_poll(0);
    return c;
}

static bool is_ok(void)
{
    struct status_config s;
    config_status(&s);
    return s.errors == 0;
}

static void what_is_written_counts(void **state)
{
    (void)state;
    const struct conf *c = read_file("server a nts\nhostname clock\n"
                                     "saveinterval 60\n",
                                     0, true);
    struct status_config s;
    config_status(&s);
    assert_int_equal(c->source_count, 1);
    assert_string_equal(s.hostname, "clock");
    assert_true(s.errors == 0 && s.file == CONFIG_READ);
    assert_int_equal(interval_s, 60);
    assert_null(strstr(text, "chrony.conf"));
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    (void)read_file("server a nts\nsevrer b\nlogdir /x\n", 0, true);
    assert_false(is_ok());
    assert_non_null(strstr(text, "chrony.conf:2: error: "));
    assert_non_null(strstr(text, "chrony.conf:3: logdir"));
    assert_null(strstr(text, "chrony.conf:3: error"));
}

/* Every default holds, and a person learns why there is no time. */
static void no_file(void **state)
{
    (void)state;
    const struct conf *c = read_file(NULL, RC_STATE, true);
    assert_non_null(strstr(text, "no such file on the boot partition"));
    assert_non_null(strstr(text, "no server or pool line"));
    assert_int_equal(c->source_count, 0);
    assert_true(is_ok());
    other_fat = 2;
    (void)read_file(NULL, RC_STATE, true);
    assert_non_null(strstr(text, "partition 2 is not looked at"));
    other_fat = 0;
    (void)read_file(NULL, RC_IO, true);
    assert_non_null(strstr(text, "chrony.conf: " STORE_UNREADABLE));
    (void)read_file(NULL, RC_SPACE, true);
    assert_non_null(strstr(text, "longer than"));
    (void)read_file(NULL, RC_STATE, false); /* store has said it already */
    assert_null(strstr(text, "no such file"));
}

static void certificates(void **state)
{
    (void)state;
    (void)read_file("server a nts certset 7\nntstrustedcerts 7 ca.pem\n"
                    "ntstrustedcerts 7 none.pem\n"
                    "ntstrustedcerts 7 large.pem\n",
                    0, true);
    static const int rcs[] = {2, RC_SPACE, RC_BAD};
    static const char *const said[] = {NULL, "ca.pem: more than fit",
                                       "ca.pem: no certificate in it"};
    for (size_t i = 0; i < LEN(rcs); i++) {
        trusted = 0;
        trust_rc = rcs[i];
        trust_why = said[i] ? said[i] + strlen("ca.pem: ") : "";
        text[0] = 0;
        config_read_trust();
        for (int k = 0; k < 100; k++)
            (void)log_poll(0);
        assert_int_equal(trusted, 1);
        if (said[i])
            assert_non_null(strstr(text, said[i]));
        else
            assert_null(strstr(text, "ca.pem"));
        assert_non_null(strstr(text, "chrony.conf:3: ntstrustedcerts none.pem: "
                                     "no such file"));
        assert_non_null(
            strstr(text, "large.pem: longer than 256 KB: not read"));
    }
}

static bool said(const char *what)
{
    return strstr(text, what) != NULL;
}

/* The names of the sources that came of it, in their order. */
static const char *names(const struct conf *c)
{
    static char out[1000];
    out[0] = 0;
    for (unsigned i = 0; i < c->source_count; i++) {
        strcat(out, i ? " " : "");
        strcat(out, c->sources[i].name);
    }
    return out;
}

static void files_that_files_name(void **state)
{
    static const struct entry files[] = {
        {"conf.d/20-b.conf", "server b2\nsevrer x\n"},
        {"conf.d/10-a.conf", "server a1"},
        {"conf.d/._10-a.conf", "server macos"},
        {"conf.d/30-c.conf.bak", "server backup"},
        {"other.d/10-A.conf", "server hidden"},
        {"other.d/15-o.conf", "server o15"},
        {"sources.d/x.sources", "server s\nmakestep 7 7\npeer p\n"},
        {"sources.d/x.conf", "server not"},
        {"extra.conf", "server e"},
        {"chrony/ca.pem", "PEM"},
        {NULL, NULL}};
    (void)state;
    card_files = files;
    const struct conf *c = read_file("confdir /etc/chrony/conf.d /other.d\n"
                                     "sourcedir /etc/chrony/sources.d\n"
                                     "include /etc/chrony/extra.conf\n"
                                     "confdir /run/none\ninclude none*.conf\n"
                                     "server last\n",
                                     0, true);
    assert_string_equal(names(c), "a1 o15 b2 s e last");
    assert_true(c->makestep_s == 1.0);
    assert_true(said("conf.d/10-a.conf: read, as chrony.conf:1 says"));
    assert_true(said("conf.d/20-b.conf:2: error: unknown directive `sevrer' "
                     "(server?)"));
    assert_true(said("sources.d/x.sources:2: error: makestep: a sourcedir's "
                     "file has only server, pool and peer lines"));
    assert_true(said("sources.d/x.sources:3: peer: ignored"));
    assert_true(
        said("chrony.conf:4: confdir: ignored: `/run/none' is not on the card; "
             "looked for /run/none, /none"));
    assert_true(said("chrony.conf:5: error: include: `none*.conf' is not on "
                     "the card"));
    assert_true(said("chrony.conf: 3 errors, 2 notes"));
    assert_int_equal(c->sources[2].line, 1);
    assert_string_equal(conf_file_name(c, c->sources[2].file),
                        "conf.d/20-b.conf");
    assert_int_equal(c->sources[5].line, 6);
    assert_int_equal(c->sources[5].file, 0);
    card_files = NULL;
}

static void where_paths_lead(void **state)
{
    static const struct {
        const char *line, *names;
    } row[] = {
        {"include conf.d/*.conf", "a b"},
        {"include /conf.d/*.conf", "a b"},
        {"include /etc/chrony/conf.d/*.conf", "a b"},
        {"INCLUDE ./Conf.D//A.CONF", "a"},
        {"include /etc/chrony/conf.d/[b-z]?conf", "b"},
        {"include conf.d/[!a]*", "b"},
        {"include *.conf", ""}, /* chrony.conf is open */
        {"include /etc/chrony.d/*.conf", ""},
        {"confdir conf.d", "a b"},
        {"confdir /etc/chrony/conf.d", "a b"},
        {"confdir conf.d/ ./conf.d", "a b"},
        {"confdir empty.d", ""},
        {"sourcedir conf.d", ""},
    };
    static const struct entry files[] = {{"conf.d/b.conf", "server b\n"},
                                         {"conf.d/a.conf", "server a\n"},
                                         {"empty.d/x", NULL},
                                         {"chrony.conf", NULL},
                                         {NULL, NULL}};
    (void)state;
    card_files = files;
    for (size_t i = 0; i < LEN(row); i++) {
        const struct conf *c = read_file(row[i].line, 0, true);
        if (strcmp(names(c), row[i].names) != 0)
            fail_msg("%s: %s", row[i].line, names(c));
    }
    card_files = NULL;
}

static void files_that_never_end(void **state)
{
    static const struct entry files[] = {
        {"a.conf", "include b.conf\nserver a\n"},
        {"b.conf", "include a.conf\nserver b\n"},
        {"1", "include 2"},
        {"2", "include 3"},
        {"3", "include 4"},
        {"4", "include 5"},
        {"5", "include 6"},
        {"6", "include 7\nserver six"},
        {"7", "include 8\nserver seven"},
        {"8", "server eight"},
        {NULL, NULL}};
    static struct entry many[50];
    static char name[50][20];
    (void)state;
    card_files = files;
    const struct conf *c = read_file("include a.conf\nserver c\n", 0, true);
    assert_string_equal(names(c), "b a c");
    assert_true(said("b.conf:1: error: include: `a.conf' includes itself"));
    c = read_file("include 1\nserver c\n", 0, true);
    assert_string_equal(names(c), "seven six c");
    assert_true(said("7:1: error: include: `8' is not read: files name files "
                     "too deep"));
    for (unsigned i = 0; i < 40; i++) {
        snprintf(name[i], sizeof name[i], "d/%02u.conf", i);
        many[i] =
            (struct entry){name[i], i == 39 ? "server z" : "minsources 2"};
    }
    card_files = many;
    c = read_file("confdir d\nserver c\n", 0, true);
    assert_string_equal(names(c), "c");
    assert_true(said("confdir: `d/31.conf' is not read: too many files"));
    card_files = NULL;
}

/* No chrony.conf, and what a PC made of it. */
static void beside_the_name(void **state)
{
    static const struct {
        const char *path, *line;
    } row[] = {
        {"chrony.conf.txt", "chrony.conf.txt found: rename it to chrony.conf"},
        {"chrony.con", "chrony.con found: rename it to chrony.conf"},
        {"CHRONY~1", "CHRONY~1 found: rename it to chrony.conf"},
        {"chrony.cfg", "chrony.cfg found: rename it to chrony.conf"},
        {"Copy of chrony.conf", "Copy of chrony.conf found: rename it"},
        {"ntp.conf", "ntp.conf found: rename it to chrony.conf"},
        {"etc/chrony/chrony.conf", "etc/chrony/chrony.conf found: move it to "
                                   "the top of the boot partition"},
        {"chrony/chrony.conf", "chrony/chrony.conf found: move it"},
        {"chrony.conf/x", "chrony.conf is a folder: it must be a file"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(row); i++) {
        const struct entry files[] = {
            {"._chrony.conf", "x"}, {row[i].path, "x"}, {NULL, NULL}};
        card_files = files;
        (void)read_file(NULL, RC_STATE, true);
        if (!said(row[i].line))
            fail_msg("%s: %s", row[i].path, text);
    }
    card_files = NULL;
    struct status_config s;
    config_status(&s);
    assert_int_equal(s.file, CONFIG_MISSING);
    assert_string_equal(s.lacks, "chrony.conf is a folder: it must be a file");
    trouble = "partition 1 is ext4: format it as FAT32";
    (void)read_file(NULL, RC_STATE, true);
    trouble = "";
    assert_false(said("found: "));
    config_status(&s);
    assert_string_equal(s.lacks, "partition 1 is ext4: format it as FAT32");
    (void)read_file("", 0, true);
    config_status(&s);
    assert_int_equal(s.file, CONFIG_EMPTY);
    assert_true(said("chrony.conf: it is empty"));
}

/* chrony takes a directory of certificates as well. */
static void folder_of_certificates(void **state)
{
    (void)state;
    static const struct entry with[] = {{"certs/a.pem", "PEM"},
                                        {"certs/B.crt", "PEM"},
                                        {"certs/deep/c.pem", "PEM"},
                                        {"empty/deep/c.pem", "PEM"},
                                        {0}};
    static struct entry many[LIMIT_TRUST_FOLDER + 3];
    static char names[LIMIT_TRUST_FOLDER + 2][20];
    trust_rc = 1;
    trust_why = "";
    card_files = with;
    trusted = 0;
    (void)read_file("ntstrustedcerts 7 /etc/chrony/certs/\n", RC_OK, true);
    config_read_trust();
    (void)log_poll(0);
    assert_int_equal(trusted, 2); /* not those of folders in it */
    assert_null(strstr(text, "ntstrustedcerts"));
    trusted = 0;
    trust_why = "no certificate in it";
    (void)read_file("ntstrustedcerts 7 certs\nntstrustedcerts 7 empty\n", RC_OK,
                    true);
    config_read_trust();
    for (int i = 0; i < 9; i++)
        (void)log_poll(0);
    assert_non_null(strstr(text, "chrony.conf:1: ntstrustedcerts certs: a.pem: "
                                 "no certificate in it"));
    assert_non_null(strstr(text, "chrony.conf:2: ntstrustedcerts empty: no "
                                 "file in this folder"));
    trust_why = "";
    for (size_t i = 0; i < LEN(names); i++) {
        snprintf(names[i], sizeof names[i], "certs/%03zu.pem", i);
        many[i] = (struct entry){names[i], "PEM"};
    }
    card_files = many;
    trusted = 0;
    (void)read_file("ntstrustedcerts 7 certs\n", RC_OK, true);
    config_read_trust();
    (void)log_poll(0);
    assert_int_equal(trusted, LIMIT_TRUST_FOLDER);
    assert_non_null(strstr(text, "ntstrustedcerts certs: 032.pem: not read, "
                                 "nor what follows: too many files"));
    card_files = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folder_of_certificates),
        cmocka_unit_test(what_is_written_counts),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(no_file),
        cmocka_unit_test(certificates),
        cmocka_unit_test(files_that_files_name),
        cmocka_unit_test(where_paths_lead),
        cmocka_unit_test(files_that_never_end),
        cmocka_unit_test(beside_the_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
