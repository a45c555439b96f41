/* Requests, whole and in single bytes; what is refused, and how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/http.h"

static struct http_request q;

/* The status of a request, which must be the same however it comes cut. */
static int status_of(const char *text, size_t len)
{
    struct http_request whole = {0};
    memset(&q, 0, sizeof q);
    http_request_take(&whole, (const uint8_t *)text, len);
    for (size_t i = 0; i < len; i++)
        http_request_take(&q, (const uint8_t *)text + i, 1);
    assert_memory_equal(&q, &whole, sizeof q);
    return q.done ? http_answer(&q) : 0;
}

static int asked(const char *text)
{
    return status_of(text, strlen(text));
}

#define HOST "\r\nHost: gnomon.local\r\n\r\n"

static void good(void **state)
{
    (void)state;
    assert_int_equal(asked("GET / HTTP/1.1" HOST), 200);
    assert_string_equal(q.path, "/");
    assert_int_equal(q.method, HTTP_GET);
    assert_int_equal(asked("HEAD /metrics HTTP/1.1" HOST), 200);
    assert_string_equal(q.path, "/metrics");
    assert_int_equal(q.method, HTTP_HEAD);
    assert_int_equal(asked("\r\n\nGET /log.txt HTTP/1.0\n\n"), 200);
    assert_string_equal(q.path, "/log.txt");
    assert_int_equal(asked("GET / HTTP/1.9\r\nhOsT:\r\n\r\n"), 200);
    assert_int_equal(asked("GET / HTTP/1.1\r\nAccept: */*\r\nHost: a\r\n"
                           "Cookie: \xc3\xa4=\t1\r\n\r\nbody"),
                     200);
    assert_int_equal(asked("GET / HTTP/1.1\r\nHost: a\r\n"), 0);
    assert_int_equal(asked(""), 0);
}

/* RFC 9112 section 3.2.2: a proxy's form has to be understood. */
static void absolute(void **state)
{
    (void)state;
    assert_int_equal(asked("GET http://gnomon.local/metrics HTTP/1.1" HOST),
                     200);
    assert_string_equal(q.path, "/metrics");
    assert_int_equal(asked("GET http://a.very.long.name.of.a.host.example:80/ "
                           "HTTP/1.1" HOST),
                     200);
    assert_string_equal(q.path, "/");
    assert_int_equal(asked("GET http://gnomon HTTP/1.1" HOST), 200);
    assert_string_equal(q.path, "/");
    assert_int_equal(asked("GET https://gnomon/ HTTP/1.1" HOST), 200);
    assert_string_equal(q.path, "https://gnomon/"); /* none of ours */
}

/* Whatever it is, it is no path of ours. */
static void other_paths(void **state)
{
    static const char *const targets[] = {
        "/?",
        "/?a=b",
        "//",
        "/metrics/",
        "/metrics?x",
        "/%2e",
        "*",
        "/log.txt.",
        "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/"};
    (void)state;
    for (size_t i = 0; i < LEN(targets); i++) {
        char text[256] = "GET ";
        strcat(text, targets[i]);
        strcat(text, " HTTP/1.1" HOST);
        assert_int_equal(asked(text), 200);
        assert_string_not_equal(q.path, "/");
        assert_string_not_equal(q.path, "/metrics");
        assert_string_not_equal(q.path, "/log.txt");
    }
}

static void refused(void **state)
{
    static const struct {
        const char *text;
        int status;
    } row[] = {
        {"POST / HTTP/1.1" HOST, 405},
        {"OPTIONS * HTTP/1.1" HOST, 405},
        {"get / HTTP/1.1" HOST, 405},
        {"GETGETGETGETGET / HTTP/1.1" HOST, 405},
        {"GET /\r\n", 400}, /* HTTP/0.9 */
        {"GET\r\n", 400},
        {" GET / HTTP/1.1" HOST, 400},
        {"GET  / HTTP/1.1" HOST, 400},
        {"GET / HTTP/1.1 x" HOST, 400},
        {"GET / HTTP/11" HOST, 400},
        {"GET / HTTX/1.1" HOST, 400},
        {"GET / HTTP/1.1\r\n\r\n", 400}, /* no Host */
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\rX" HOST, 400},
        {"GET /\x80 HTTP/1.1" HOST, 400},
        {"GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n", 400},
        {"\x16\x03\x01\x02\x01", 400}, /* TLS */
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"GET / HTTP/2.0" HOST, 505},
    };
    (void)state;
    for (size_t i = 0; i < LEN(row); i++)
        if (asked(row[i].text) != row[i].status)
            fail_msg("%s: %d", row[i].text, asked(row[i].text));
}

/* A head that does not end, and a first line that does not, cost no more than
 * their limits. */
static void too_long(void **state)
{
    static char text[2 * HTTP_REQUEST];
    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, "GET /", 5);
    assert_int_equal(status_of(text, HTTP_LINE), 0);
    assert_int_equal(status_of(text, sizeof text), 431);
    memcpy(text, "GET / HTTP/1.1\r\nX: ", 19);
    assert_int_equal(status_of(text, HTTP_REQUEST - 1), 0);
    assert_int_equal(status_of(text, HTTP_REQUEST), 431);
    memset(text, 'a', 30); /* a method */
    assert_int_equal(status_of(text, sizeof text), 431);
}

static void answers(void **state)
{
    char out[1024];
    struct fmt_text t = fmt_text_of(out, sizeof out);
    (void)state;
    http_add_head(
        &t, &(struct http_head){.status = 405, .type = "a/b", .length = 7});
    assert_string_equal(out,
                        "HTTP/1.1 405 Method Not Allowed\r\n"
                        "Content-Type: a/b\r\nContent-Length: 7\r\n"
                        "Connection: close\r\nCache-Control: no-store\r\n"
                        "X-Content-Type-Options: nosniff\r\n"
                        "Referrer-Policy: no-referrer\r\n"
                        "Content-Security-Policy: default-src 'none'; "
                        "frame-ancestors 'none'\r\nAllow: GET, HEAD\r\n\r\n");
    t = fmt_text_of(out, sizeof out);
    http_add_head(&t, &(struct http_head){200, "t", 1, "p"});
    assert_non_null(strstr(out, "\r\nContent-Security-Policy: p\r\n\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),        cmocka_unit_test(absolute),
        cmocka_unit_test(other_paths), cmocka_unit_test(refused),
        cmocka_unit_test(too_long),    cmocka_unit_test(answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
