/* What is said of our certificates' dates, and of the key exchange as a whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/cert_age.h"
#include "core/ke_text.h"

#define DAY   86400
#define BEGIN 1767225600 /* 2026-01-01 */
#define END   1775001600 /* 2026-04-01 */

static struct status s;

static const char *age(int64_t now)
{
    static char text[160];
    (void)cert_age_text(&s.ke.pair[0], now, text, sizeof text);
    return text;
}

static int setup(void **state)
{
    (void)state;
    memset(&s, 0, sizeof s);
    s.ke.pair_count = 1;
    s.ke.pair[0] = (struct status_ke_pair){.used = true,
                                           .key = "k.pem",
                                           .cert = "c.pem",
                                           .subject = "time.example",
                                           .algorithm = "P-256",
                                           .begin_unix_s = BEGIN,
                                           .end_unix_s = END};
    return 0;
}

static void ages(void **state)
{
    (void)state;
    char small[20];
    assert_int_equal(cert_age_text(&s.ke.pair[0], BEGIN, small, 20), 0);
    assert_int_equal(cert_age_text(&s.ke.pair[0], END - 14 * DAY, small, 20),
                     0);
    assert_string_equal(age(END - 14 * DAY + 1),
                        "certificate \"time.example\" (c.pem) ends in 13 days, "
                        "on 2026-04-01; put a new one on the card and restart");
    assert_string_equal(age(END - DAY - 1),
                        "certificate \"time.example\" (c.pem) ends in 1 day, "
                        "on 2026-04-01; put a new one on the card and restart");
    assert_string_equal(age(END + 1),
                        "certificate \"time.example\" (c.pem) ended on "
                        "2026-04-01: clients refuse it; put a new one on the "
                        "card and restart");
    assert_string_equal(age(BEGIN - 1),
                        "certificate \"time.example\" (c.pem) begins only on "
                        "2026-01-01: clients refuse it until then");
    s.ke.pair[0].used = false;
    assert_int_equal(cert_age_text(&s.ke.pair[0], END + 1, small, 20), 0);
}

static void nothing(void **state)
{
    (void)state;
    char text[400];
    s.ke.pair_count = 0;
    (void)ke_text(&s, text, sizeof text);
    assert_string_equal(text,
                        "NTS is not served: chrony.conf has no ntsserverkey "
                        "and no ntsservercert line\n");
}

static void whole(void **state)
{
    (void)state;
    char text[2000];
    s.ke.open = true;
    s.ke.port = 4460;
    s.ke.pair_count = 2;
    strcpy(s.ke.pair[1].key, "k2");
    strcpy(s.ke.pair[1].cert, "c2");
    strcpy(s.ke.pair[1].trouble, "k2: is empty");
    s.ke.hits = 10;
    s.ke.answered = 7;
    s.ke.drops = 2;
    s.ke.timed_out = 2;
    s.ke.sessions = 1;
    s.ke.sessions_peak = 3;
    s.ke.sessions_most = 16;
    s.timekeeper.tracking.synchronised = true;
    s.timekeeper.tracking.now_unix_s = END + 5;
    (void)ke_text(&s, text, sizeof text);
    assert_non_null(
        strstr(text, "Port                         : 4460 (TCP)\n"));
    assert_non_null(strstr(text, "  not done in 2 s            : 2\n"));
    assert_null(strstr(text, "ntsratelimit"));
    assert_non_null(strstr(text, "1  time.example                     P-256  "
                                 "   2026-01-01 2026-04-01\n"
                                 "   certificate \"time.example\" (c.pem) "
                                 "ended"));
    assert_non_null(strstr(text, "2  not used: k2, c2\n   k2: is empty\n"));
    s.timekeeper.tracking.synchronised = false; /* who knows? */
    s.ke.open = false;
    strcpy(s.ke.why, "ntsport is 0");
    (void)ke_text(&s, text, sizeof text);
    assert_non_null(strstr(text, "NTS is not served: ntsport is 0\n"));
    assert_null(strstr(text, "ended"));
    (void)ke_text(&s, text, 50);
    assert_int_equal(strlen(text), 49);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ages, setup),
        cmocka_unit_test_setup(nothing, setup),
        cmocka_unit_test_setup(whole, setup),
    };
    return cmocka_run_group_tests_name("ke_text", tests, NULL, NULL);
}
