/* http.h -- HTTP's request and the head of its answer (RFC 9112), as far as a
 * server needs it that has a few documents to be read and takes nothing.
 *
 *     struct http_request q = {0};
 *     for what arrives:   http_request_take(&q, bytes, len)
 *     q.done:             http_answer(&q) says what to answer
 *
 * GET and HEAD of the paths that the caller knows; a query is no part of any.
 * Every connection has one request and ends after its answer. A request is
 * judged by its first line and by whether it has a Host; other fields are
 * counted and dropped, and so is a body, whatever its length is said to be.
 * All of it is outside input: what is kept of it is a path of HTTP_PATH bytes
 * at most. Pure. */
#ifndef HTTP_H
#define HTTP_H

#include "fmt.h"

#define HTTP_PATH    32   /* the longest path there is, and its 0             */
#define HTTP_REQUEST 8192 /* a head longer than this is refused              */
#define HTTP_LINE    2048 /* and so is a first line longer than this          */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_OTHER };

struct http_request { /* all zero: nothing has come                          */
    bool done;        /* its head is whole, or it is hopeless: answer        */
    int refused;      /* a status, 0: so far nothing is wrong                */
    enum http_method method;
    char path[HTTP_PATH]; /* "": no path of ours can be meant               */
    bool old;             /* HTTP/1.0: no Host is needed                    */
    /* Private. */
    bool host;      /* there is a Host                                       */
    uint8_t part;   /* of the first line                                     */
    uint8_t seen;   /* bytes of the word or name in hand, as far as kept     */
    bool cr;        /* the last byte was one                                 */
    bool authority; /* http://... : its path begins behind the host          */
    char word[10];
    uint16_t line, head; /* bytes of this line, of all                       */
};

/* Takes bytes that arrived; after q->done it looks at none. */
void http_request_take(struct http_request *q, const uint8_t *bytes,
                       size_t len);

/* Returns the status to answer with: 200 where q->path is to be looked for,
 * else 400, 405, 431 or 505. Only once q->done. */
int http_answer(const struct http_request *q);

struct http_head {
    int status;
    const char *type;
    uint64_t length;    /* of the content                                  */
    const char *policy; /* the Content-Security-Policy of a document       */
};

/* Appends the head of an answer. Nothing in it comes from the request. */
void http_add_head(struct fmt_text *t, const struct http_head *h);

/* Returns the reason that belongs to a status, "404 Not Found"; static. */
const char *http_status_text(int status);

#endif
