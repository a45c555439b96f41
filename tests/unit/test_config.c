/* chrony.conf and the certificates it names, as the boot partition has them or
 * has not: what is used, and what a person is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "adapters/tls_client.h"
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

int store_read_file(const char *name, uint8_t *buf, size_t cap)
{
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

int tls_trust(uint8_t certset, const uint8_t *der, size_t len)
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
    return s.ok;
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
    assert_true(s.ok);
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
    (void)read_file(NULL, RC_IO, true);
    assert_non_null(strstr(text, "chrony.conf: cannot be read"));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_counts),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(no_file),
        cmocka_unit_test(certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
