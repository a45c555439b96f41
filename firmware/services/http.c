#include "http.h"

#include <string.h>

#include "adapters/net.h"
#include "adapters/net_tcp.h"
#include "core/http.h"
#include "core/metrics.h"
#include "core/page.h"
#include "core/why_net.h"
#include "history.h"
#include "log.h"
#include "port.h"
#include "snapshot.h"

#define ASK_WITHIN  (5 * MONO_S)
#define DONE_WITHIN (20 * MONO_S)
#define BATCH       2872 /* two full segments: written together              */
#define TURN        (200 * MONO_US) /* of one connection, and one more piece */
#define SAME        (100 * MONO_MS) /* a snapshot so old is as good as new  */
#define LOG_SPARE   64 /* lines that may come while the log is sent        */

#define PIECE PAGE_PIECE
static_assert(PIECE >= METRICS_PIECE && PIECE > LIMIT_LOG_LINE &&
                  BATCH >= PIECE,
              "room for any piece");

enum document { NONE, PAGE, METRICS_TEXT, LOG_TEXT };

/* What documents are made from. Two: whoever wants a third takes the older one
 * away from those that are still at it. */
static struct copy {
    struct status status;
    mono_ns at;
    unsigned users;
} copies[2];

static struct connection {
    struct net_tcp tcp;
    mono_ns since; /* accepted                                              */
    enum { FREE, ASKED, COUNTING, SENDING, DELIVERING } step;
    struct http_request request;
    enum document document;
    uint64_t length, sent; /* of the content                                */
    struct page page;
    uint32_t at, until; /* of the metrics; of the log's lines               */
    struct copy *copy;  /* NULL: it needs none                              */
} connections[LIMIT_HTTP_CONNECTIONS];

static struct {
    const struct conf *conf;
    struct net_tcp_listener listener;
    char out[BATCH + PIECE];
} ht;

/* ---- who comes ----------------------------------------------------------- */

static bool allowed(const struct addr *who)
{
    struct status_net net;
    if (ht.conf->httpallow.count > 0)
        return access_allows(&ht.conf->httpallow, who);
    net_status(&net);
    return why_net_is_near(&net, who);
}

/* ---- copies of the snapshot ---------------------------------------------- */

static void give_back(struct connection *c)
{
    if (c->copy)
        c->copy->users--;
    c->copy = NULL;
}

static void drop(struct connection *c)
{
    give_back(c);
    net_tcp_abort(&c->tcp);
    c->step = FREE;
}

/* One that is just as new will do. */
static void borrow(struct connection *c, mono_ns now)
{
    struct copy *best = &copies[0];
    for (size_t i = 0; i < LEN(copies); i++) {
        if (copies[i].users > 0 && now - copies[i].at < SAME) {
            c->copy = &copies[i];
            c->copy->users++;
            return;
        }
        if (best->users > 0 &&
            (copies[i].users == 0 || copies[i].at < best->at))
            best = &copies[i];
    }
    for (size_t i = 0; i < LEN(connections); i++)
        if (connections[i].copy == best)
            drop(&connections[i]);
    best->status = *snapshot_take();
    best->at = now;
    best->users = 1;
    c->copy = best;
}

static struct net_tcp *on_accept(void *arg, const struct addr *from,
                                 uint16_t port)
{
    struct connection *c = &connections[0];
    (void)arg;
    (void)port;
    if (!allowed(from))
        return NULL;
    for (size_t i = 1; i < LEN(connections) && c->step != FREE; i++)
        if (connections[i].step == FREE || connections[i].since < c->since)
            c = &connections[i];
    drop(c);
    c->since = port_mono();
    c->request = (struct http_request){0};
    c->step = ASKED;
    return &c->tcp;
}

/* ---- documents ----------------------------------------------------------- */

static void rewind_document(struct connection *c)
{
    const struct logring *log = log_ring();
    c->at = 0;
    if (c->document == PAGE)
        page_begin(&c->page, &c->copy->status, history_kept(), log, c->until);
    if (c->document != LOG_TEXT)
        return;
    c->at = logring_oldest(log); /* may be newer the second time: cut short */
    if (c->until - c->at > LIMIT_LOG_LINES - LOG_SPARE)
        c->at = c->until - (LIMIT_LOG_LINES - LOG_SPARE);
}

static bool next_line(struct connection *c, struct fmt_text *t)
{
    uint32_t missed;
    if (c->at == c->until)
        return false;
    const char *line = logring_read(log_ring(), &c->at, &missed);
    fmt_add(t, "%s\n", line ? line : "");
    return true;
}

/* Appends a piece of at most PIECE bytes; false: there is none left. */
static bool next_piece(struct connection *c, struct fmt_text *t)
{
    switch (c->document) {
    case PAGE:
        return page_next(&c->page, t);
    case METRICS_TEXT:
        return metrics_next(&c->copy->status, &c->at, t);
    case LOG_TEXT:
        return next_line(c, t);
    case NONE:
        break;
    }
    return false;
}

static int look_for(struct connection *c)
{
    static const struct {
        const char *path;
        enum document document;
    } paths[] = {
        {"/", PAGE}, {"/metrics", METRICS_TEXT}, {"/log.txt", LOG_TEXT}};
    for (size_t i = 0; i < LEN(paths); i++)
        if (strcmp(c->request.path, paths[i].path) == 0) {
            c->document = paths[i].document;
            return 200;
        }
    return 404;
}

/* ---- sending ------------------------------------------------------------- */

/* False: there was no room after all. */
static bool write_all(struct connection *c, const char *bytes, size_t len)
{
    int n = net_tcp_write(&c->tcp, (const uint8_t *)bytes, len);
    ASSERT(n < 0 || (size_t)n == len); /* the room was looked at before      */
    return n >= 0;
}

/* A few words instead of a document. */
static void refuse(struct connection *c, int status)
{
    char text[1024], words[64];
    struct fmt_text t = fmt_text_of(text, sizeof text);
    size_t n = fmt(words, sizeof words, "%s\n", http_status_text(status));
    http_add_head(&t, &(struct http_head){.status = status,
                                          .type = "text/plain; charset=utf-8",
                                          .length = n});
    if (c->request.method != HTTP_HEAD)
        fmt_add(&t, "%s", words);
    c->document = NONE;
    c->step = DELIVERING;
    if (!write_all(c, text, t.len))
        drop(c);
}

static void begin(struct connection *c)
{
    static const char *const types[] = {
        [PAGE] = "text/html; charset=utf-8",
        [METRICS_TEXT] = METRICS_TYPE,
        [LOG_TEXT] = "text/plain; charset=utf-8",
    };
    struct fmt_text t = fmt_text_of(ht.out, sizeof ht.out);
    http_add_head(&t, &(struct http_head){
                          .status = 200,
                          .type = types[c->document],
                          .length = c->length,
                          .policy = c->document == PAGE ? PAGE_POLICY : NULL});
    bool head = c->request.method == HTTP_HEAD;
    c->step = head ? DELIVERING : SENDING;
    if (head)
        give_back(c);
    c->sent = 0;
    if (!write_all(c, ht.out, t.len))
        drop(c);
}

/* A copy of the snapshot is what the document is made from. */
static void choose(struct connection *c)
{
    int status = http_answer(&c->request);
    if (status == 200)
        status = look_for(c);
    if (status != 200) {
        refuse(c, status);
        return;
    }
    if (c->document != LOG_TEXT)
        borrow(c, port_mono());
    c->until = log_ring()->next;
    rewind_document(c);
    c->length = 0;
    c->step = COUNTING;
}

/* ---- steps; each returns true if there is more to do at once ------------- */

static bool ask(struct connection *c, mono_ns now)
{
    uint8_t bytes[512];
    int n;
    while ((n = net_tcp_read(&c->tcp, bytes, sizeof bytes)) > 0)
        http_request_take(&c->request, bytes, (size_t)n);
    if (c->request.done)
        choose(c);
    else if (n != RC_AGAIN || now - c->since >= ASK_WITHIN)
        drop(c);
    return c->step != ASKED && c->step != FREE;
}

static bool count(struct connection *c)
{
    for (mono_ns end = port_mono() + TURN; port_mono() < end;) {
        struct fmt_text t = fmt_text_of(ht.out, sizeof ht.out);
        if (!next_piece(c, &t)) {
            rewind_document(c);
            begin(c);
            return c->step == SENDING;
        }
        c->length += t.len;
    }
    return true;
}

/* As many pieces as fit well into what TCP takes now. */
static bool send(struct connection *c)
{
    if (net_tcp_room(&c->tcp) < sizeof ht.out)
        return false;
    const struct page page = c->page;
    uint32_t at = c->at;
    bool more = true;
    struct fmt_text t = fmt_text_of(ht.out, sizeof ht.out);
    mono_ns end = port_mono() + TURN;
    while (more && t.len < BATCH && port_mono() < end)
        more = next_piece(c, &t);
    if (t.len > 0 && !write_all(c, ht.out, t.len)) {
        c->page = page; /* no memory: the same again later                   */
        c->at = at;
        return false;
    }
    c->sent += t.len;
    if (more)
        return true;
    give_back(c);
    c->step = DELIVERING;
    if (c->sent != c->length)
        drop(c); /* the log has gone on too far: it must not look whole      */
    return false;
}

static void deliver(struct connection *c)
{
    if (!net_tcp_delivered(&c->tcp))
        return;
    net_tcp_close(&c->tcp);
    c->step = FREE;
}

/* After the request nothing is looked at. Returns false once the connection is
 * gone. */
static bool discard(struct connection *c)
{
    uint8_t waste[512];
    int n;
    while ((n = net_tcp_read(&c->tcp, waste, sizeof waste)) > 0)
        continue;
    return n != RC_IO;
}

static bool step(struct connection *c, mono_ns now)
{
    if (now - c->since >= DONE_WITHIN || (c->step != ASKED && !discard(c))) {
        drop(c);
        return false;
    }
    switch (c->step) {
    case ASKED:
        return ask(c, now);
    case COUNTING:
        return count(c);
    case SENDING:
        return send(c);
    case DELIVERING:
        deliver(c);
        break;
    case FREE:
        break;
    }
    return false;
}

mono_ns http_poll(mono_ns now)
{
    mono_ns next = MONO_NEVER;
    for (size_t i = 0; i < LEN(connections); i++) {
        struct connection *c = &connections[i];
        if (c->step == FREE)
            continue;
        bool more = step(c, now);
        if (c->step != FREE)
            next = mono_min(next, more               ? now
                                  : c->step == ASKED ? c->since + ASK_WITHIN
                                                     : c->since + DONE_WITHIN);
    }
    return next;
}

void http_start(const struct conf *conf)
{
    ht.conf = conf;
    if (conf->httpport == 0)
        return;
    ht.listener =
        (struct net_tcp_listener){.accept = on_accept, .humble = true};
    if (net_tcp_listen(&ht.listener, conf->httpport) != RC_OK)
        log_at(LOG_ERROR, NULL, "no page: port %u cannot be opened",
               conf->httpport);
}
