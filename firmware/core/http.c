#include "http.h"

#include <string.h>

/* Parts of the first line, and the fields behind it. */
enum { METHOD, TARGET, VERSION, NAME, VALUE };

static void refuse(struct http_request *q, int status)
{
    if (!q->refused)
        q->refused = status;
    q->done = true;
}

static bool is_token(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* ---- the first line ------------------------------------------------------ */

static void end_method(struct http_request *q)
{
    q->method = strcmp(q->word, "GET") == 0    ? HTTP_GET
                : strcmp(q->word, "HEAD") == 0 ? HTTP_HEAD
                                               : HTTP_OTHER;
    if (q->seen == 0)
        refuse(q, 400);
    q->part = TARGET;
}

static void take_method(struct http_request *q, uint8_t c)
{
    if (c == ' ') {
        end_method(q);
        q->seen = 0;
        return;
    }
    if (!is_token(c))
        refuse(q, 400);
    if (q->seen + 1u < sizeof q->word)
        q->word[q->seen++] = (char)c;
    else
        q->word[0] = '?'; /* longer than any that counts */
    q->word[q->seen] = 0;
}

/* An absolute target (RFC 9112 section 3.2.2) is cut to its path as it comes:
 * "http://" is seven bytes, then the host up to the next slash. */
static void take_target(struct http_request *q, uint8_t c)
{
    static const char scheme[] = "http://";
    if (c == ' ') {
        if (q->seen == 0)
            refuse(q, 400);
        if (q->authority) /* no path is the same as this                    */
            q->path[0] = '/', q->seen = 1;
        q->path[q->seen] = 0;
        q->part = VERSION;
        q->seen = 0;
        q->word[0] = 0;
        return;
    }
    if (c <= ' ' || c > '~')
        refuse(q, 400);
    if (q->authority && c != '/')
        return;
    if (q->authority) {
        q->authority = false;
        q->seen = 0;
    }
    if (q->seen + 1u < sizeof q->path)
        q->path[q->seen++] = (char)c;
    else
        q->path[0] = '?'; /* longer than any of ours */
    if (q->seen == sizeof scheme - 1 &&
        memcmp(q->path, scheme, sizeof scheme - 1) == 0)
        q->authority = true;
}

static void take_version(struct http_request *q, uint8_t c)
{
    if (q->seen + 1u < sizeof q->word) {
        q->word[q->seen++] = (char)c;
        q->word[q->seen] = 0;
    } else {
        refuse(q, 400);
    }
}

static void end_first(struct http_request *q)
{
    if (q->part != VERSION || strncmp(q->word, "HTTP/", 5) != 0 ||
        q->seen != 8 || q->word[6] != '.') {
        refuse(q, 400); /* HTTP/0.9 has no version                          */
        return;
    }
    if (q->word[5] != '1' || q->word[7] < '0' || q->word[7] > '9')
        refuse(q, 505);
    q->old = q->word[7] == '0';
    q->part = NAME;
}

/* ---- fields -------------------------------------------------------------- */

static void take_name(struct http_request *q, uint8_t c)
{
    if (c == ':') {
        if (q->seen == 0)
            refuse(q, 400);
        if (strcmp(q->word, "host") == 0) {
            if (q->host)
                refuse(q, 400); /* RFC 9112 section 3.2: only one            */
            q->host = true;
        }
        q->part = VALUE;
        return;
    }
    if (!is_token(c)) /* a blank, too: no folded lines, no blank before `:'  */
        refuse(q, 400);
    if (q->seen + 1u < sizeof q->word) {
        q->word[q->seen++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        q->word[q->seen] = 0;
    } else {
        q->word[0] = '?';
    }
}

static void end_line(struct http_request *q)
{
    if (q->part < NAME)
        end_first(q);
    else if (q->line == 0)
        q->done = true;
    else if (q->part == NAME)
        refuse(q, 400);
    else
        q->part = NAME;
    q->line = 0;
    q->seen = 0;
    q->word[0] = 0;
    if (q->done && !q->host && !q->old)
        refuse(q, 400); /* RFC 9112 section 3.2                              */
}

static void take(struct http_request *q, uint8_t c)
{
    static void (*const parts[])(struct http_request *, uint8_t) = {
        [METHOD] = take_method,
        [TARGET] = take_target,
        [VERSION] = take_version,
        [NAME] = take_name,
    };
    if (q->head == 0 && (c == '\r' || c == '\n'))
        return; /* RFC 9112 section 2.2: before a request                    */
    if (++q->head >= HTTP_REQUEST || (q->part < NAME && q->line >= HTTP_LINE)) {
        refuse(q, 431);
        return;
    }
    if (q->cr && c != '\n')
        refuse(q, 400); /* RFC 9112 section 2.2: never alone                 */
    q->cr = c == '\r';
    if (c == '\n')
        end_line(q);
    if (c == '\n' || c == '\r')
        return;
    q->line++;
    if (q->part != VALUE)
        parts[q->part](q, c);
    else if (c < ' ' && c != '\t')
        refuse(q, 400);
}

void http_request_take(struct http_request *q, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len && !q->done; i++)
        take(q, bytes[i]);
}

/* ---- the answer ---------------------------------------------------------- */

int http_answer(const struct http_request *q)
{
    return q->refused ? q->refused : q->method == HTTP_OTHER ? 405 : 200;
}

const char *http_status_text(int status)
{
    switch (status) {
    case 200:
        return "200 OK";
    case 404:
        return "404 Not Found";
    case 405:
        return "405 Method Not Allowed";
    case 431:
        return "431 Request Header Fields Too Large";
    case 503:
        return "503 Service Unavailable";
    case 505:
        return "505 HTTP Version Not Supported";
    default:
        return "400 Bad Request";
    }
}

void http_add_head(struct fmt_text *t, const struct http_head *h)
{
    fmt_add(t,
            "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %llu\r\n"
            "Connection: close\r\nCache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Referrer-Policy: no-referrer\r\n"
            "Content-Security-Policy: %s\r\n",
            http_status_text(h->status), h->type, (unsigned long long)h->length,
            h->policy ? h->policy
                      : "default-src 'none'; frame-ancestors 'none'");
    if (h->status == 405)
        fmt_add(t, "Allow: GET, HEAD\r\n");
    fmt_add(t, "\r\n");
}
