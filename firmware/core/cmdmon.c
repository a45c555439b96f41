#include "cmdmon.h"

#include "chronyc_text.h"
#include "cmdmon_private.h"

#define VERSION      6
#define OLDEST       5  /* that is told of the right one                      */
#define REPLY        28 /* a reply's                                         */
#define REQUEST_MAX  860
#define CLIENTS_EACH 8 /* records in a reply                                */

const char *cmdmon_report_name(enum cmdmon_report r)
{
    static const char *const name[CMDMON_REPORTS] = {
        "accheck",   "activity",   "authdata", "clients",     "cmdaccheck",
        "manual",    "ntpdata",    "rtcdata",  "selectdata",  "serverstats",
        "smoothing", "sourcename", "sources",  "sourcestats", "tracking",
    };
    return name[r];
}

/* ---- the reports --------------------------------------------------------- */

static uint32_t at_most_32(uint64_t n)
{
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static void serverstats(struct cmdmon *m, struct reader *r,
                        struct cmdmon_answer *a)
{
    const struct status_server *v = &m->status->server;
    const uint64_t all[] = {
        v->ntp_hits,
        v->ke_hits,
        v->cmd_hits,
        v->ntp_drops,
        v->ke_drops,
        v->cmd_drops,
        v->log_drops,
        v->authenticated,
        v->interleaved,
        v->stamps_held,
        v->stamps_span_s,
        v->daemon_rx,
        v->daemon_tx,
        v->kernel_rx,
        v->kernel_tx,
        0,
        0,
        UINT64_MAX,
        UINT64_MAX,
        UINT64_MAX,
        UINT64_MAX,
    };
    static const uint8_t oldest[] = {0, 2, 3, 5,
                                     6}; /* of `all`, in version 3 */
    size_t len = r->left + CMDMON_REQUEST;
    a->code = len >= 196 ? 25 : len >= 72 ? 24 : len >= 60 ? 22 : 14;
    size_t n = a->code == 25   ? LEN(all)
               : a->code == 24 ? 11
               : a->code == 22 ? 8
                               : LEN(oldest);
    for (size_t i = 0; i < n; i++)
        if (a->code == 25)
            writer_u64(&a->w, all[i]);
        else
            writer_u32(&a->w, at_most_32(all[a->code == 14 ? oldest[i] : i]));
}

static void activity(struct cmdmon *m, struct reader *r,
                     struct cmdmon_answer *a)
{
    uint32_t unresolved = chronyc_unresolved(m->status);
    (void)r;
    a->code = 12;
    writer_u32(&a->w, m->status->sources.count - unresolved);
    cmdmon_put_zeros(a, 12); /* offline, and two kinds of bursts */
    writer_u32(&a->w, unresolved);
}

static void put_client(struct cmdmon_answer *a,
                       const struct clientlog_client *c, mono_ns now)
{
    const struct clientlog_use *u = c->use;
    cmdmon_put_addr(a, &c->addr);
    for (unsigned i = 0; i < CLIENTLOG_KINDS; i++)
        writer_u32(&a->w, u[i].hits);
    for (unsigned i = 0; i < CLIENTLOG_KINDS; i++)
        writer_u32(&a->w, u[i].drops);
    for (unsigned i = 0; i < CLIENTLOG_KINDS; i++)
        writer_u8(&a->w, (uint8_t)clientlog_interval(u[i].mean));
    writer_u8(&a->w,
              (uint8_t)clientlog_interval(u[CLIENTLOG_NTP].mean_unanswered));
    for (unsigned i = 0; i < CLIENTLOG_KINDS; i++)
        writer_u32(&a->w, clientlog_ago_s(&u[i], now));
}

/* Some of the table's records from an index on, and where to go on. Its reset
 * flag would change something and is not looked at. */
static void clients(struct cmdmon *m, struct reader *r, struct cmdmon_answer *a)
{
    uint32_t at = reader_u32(r), want = reader_u32(r), hits = reader_u32(r);
    uint32_t n = 0;
    if (!m->clients) {
        a->status = CMDMON_INACTIVE;
        return;
    }
    a->code = 21;
    uint8_t *head = writer_room(&a->w, 12);
    if (want > CLIENTS_EACH)
        want = CLIENTS_EACH;
    for (; at < LIMIT_CLIENTS && n < want; at++) {
        const struct clientlog_client *c = &m->clients->client[at];
        if (c->addr.family == 0 || !clientlog_asked(c, hits))
            continue;
        put_client(a, c, m->now);
        n++;
    }
    cmdmon_put_zeros(a, (CLIENTS_EACH - n) * 60);
    if (!head)
        return;
    bytes_put32(head, LIMIT_CLIENTS);
    bytes_put32(head + 4, at);
    bytes_put32(head + 8, n);
}

static void access_of(const struct access *list, struct reader *r,
                      struct cmdmon_answer *a)
{
    const struct addr who = cmdmon_take_addr(r);
    a->status = access_allows(list, &who) ? CMDMON_ACCESS_ALLOWED
                                          : CMDMON_ACCESS_DENIED;
}

static void accheck(struct cmdmon *m, struct reader *r, struct cmdmon_answer *a)
{
    access_of(m->allow, r, a);
}

static void cmdaccheck(struct cmdmon *m, struct reader *r,
                       struct cmdmon_answer *a)
{
    access_of(m->cmdallow, r, a);
}

static void rtcdata(struct cmdmon *m, struct reader *r, struct cmdmon_answer *a)
{
    (void)m;
    (void)r;
    a->status = CMDMON_NO_RTC;
}

static void smoothing(struct cmdmon *m, struct reader *r,
                      struct cmdmon_answer *a)
{
    (void)m;
    (void)r;
    a->status = CMDMON_NOT_ENABLED;
}

static void manual(struct cmdmon *m, struct reader *r, struct cmdmon_answer *a)
{
    (void)m;
    (void)r;
    a->code = 18;
    cmdmon_put_zeros(a, 388); /* a list of none */
}

/* What does nothing and is answered: "null". */
static void null(struct cmdmon *m, struct reader *r, struct cmdmon_answer *a)
{
    (void)m;
    (void)r;
    (void)a;
}

/* The old password: chrony has none any more, either. */
static void logon(struct cmdmon *m, struct reader *r, struct cmdmon_answer *a)
{
    (void)m;
    (void)r;
    a->status = CMDMON_FAILED;
}

/* ---- the table of commands ----------------------------------------------- */

#define REPORT(r) (1u << CMDMON_##r)
#define ANY       (1u << CMDMON_REPORTS) /* whatever is open                  */
/* What chronyc asks for beside the report itself. */
#define OF_SOURCES (REPORT(SOURCES) | REPORT(AUTHDATA) | REPORT(NTPDATA))
#define OF_COUNT   (OF_SOURCES | REPORT(SOURCESTATS) | REPORT(SELECTDATA))

struct command {
    uint8_t code;
    uint16_t least; /* bytes of a request, padding included                   */
    uint32_t open;  /* one of these reports has to be; 0: never              */
    void (*answer)(struct cmdmon *m, struct reader *r, struct cmdmon_answer *a);
};

/* clang-format off */
static const struct command commands[] = {
    {0, 28, ANY, null},
    {10, 32, ANY, logon},
    {14, 32, OF_COUNT, cmdmon_n_sources},
    {15, 76, OF_SOURCES, cmdmon_source_data},
    {25, 40, REPORT(ACCHECK), accheck},
    {26, 40, REPORT(CMDACCHECK), cmdaccheck},
    {33, 104, REPORT(TRACKING), cmdmon_tracking},
    {34, 84, REPORT(SOURCESTATS), cmdmon_sourcestats},
    {35, 56, REPORT(RTCDATA), rtcdata},
    {41, 416, REPORT(MANUAL), manual},
    {44, 48, REPORT(ACTIVITY), activity},
    {51, 52, REPORT(SMOOTHING), smoothing},
    {54, 48, REPORT(SERVERSTATS), serverstats},
    {57, 152, REPORT(NTPDATA), cmdmon_ntpdata},
    {65, 284, REPORT(SOURCENAME), cmdmon_sourcename},
    {67, 52, REPORT(AUTHDATA), cmdmon_authdata},
    {68, 520, REPORT(CLIENTS), clients},
    {69, 76, REPORT(SELECTDATA), cmdmon_selectdata},
    /* These change something. */
    {1, 60, 0, NULL}, {2, 60, 0, NULL}, {3, 68, 0, NULL}, {4, 44, 0, NULL},
    {5, 44, 0, NULL}, {6, 28, 0, NULL}, {7, 44, 0, NULL}, {8, 44, 0, NULL},
    {9, 28, 0, NULL}, {11, 40, 0, NULL}, {13, 28, 0, NULL}, {16, 28, 0, NULL},
    {17, 44, 0, NULL}, {18, 44, 0, NULL}, {19, 44, 0, NULL}, {20, 44, 0, NULL},
    {21, 44, 0, NULL}, {22, 44, 0, NULL}, {23, 44, 0, NULL}, {24, 44, 0, NULL},
    {29, 40, 0, NULL}, {30, 28, 0, NULL}, {31, 28, 0, NULL}, {36, 28, 0, NULL},
    {37, 28, 0, NULL}, {42, 28, 0, NULL}, {43, 28, 0, NULL}, {45, 44, 0, NULL},
    {46, 44, 0, NULL}, {47, 44, 0, NULL}, {48, 28, 0, NULL}, {49, 28, 0, NULL},
    {50, 28, 0, NULL}, {52, 28, 0, NULL}, {53, 28, 0, NULL}, {56, 36, 0, NULL},
    {62, 28, 0, NULL}, {63, 28, 0, NULL}, {64, 372, 0, NULL}, {66, 28, 0, NULL},
    {70, 28, 0, NULL}, {71, 28, 0, NULL}, {72, 52, 0, NULL}, {73, 48, 0, NULL},
    {74, 48, 0, NULL},
};
/* clang-format on */

static const struct command *find(uint16_t code)
{
    for (size_t i = 0; i < LEN(commands); i++)
        if (commands[i].code == code)
            return &commands[i];
    return NULL;
}

/* ---- a request ----------------------------------------------------------- */

bool cmdmon_is_request(const uint8_t *req, size_t len)
{
    return len >= REPLY && len <= REQUEST_MAX && req[1] == 1 && req[2] == 0 &&
           req[3] == 0 && req[0] >= OLDEST;
}

static void answer(struct cmdmon *m, const uint8_t *req, size_t len,
                   struct cmdmon_answer *a)
{
    const struct command *c = find(bytes_get16(req + 4));
    struct reader r = reader_of(req + CMDMON_REQUEST, len - CMDMON_REQUEST);
    if (req[0] != VERSION)
        a->status = CMDMON_BAD_VERSION;
    else if (!c)
        a->status = CMDMON_INVALID;
    else if (len < c->least)
        a->status = CMDMON_BAD_LENGTH;
    else if ((c->open & (m->open | ANY)) == 0)
        a->status = CMDMON_NOT_AUTHORISED;
    else
        c->answer(m, &r, a);
}

size_t cmdmon_reply(struct cmdmon *m, const uint8_t *req, size_t len,
                    uint8_t *out)
{
    struct cmdmon_answer a = {
        .w = writer_of(out + REPLY, CMDMON_REPLY_MAX - REPLY), .code = 1};
    if (!cmdmon_is_request(req, len))
        return 0;
    answer(m, req, len, &a);
    size_t n = a.status == CMDMON_OK ? REPLY + a.w.len : REPLY;
    ASSERT(!a.w.full && n <= len);
    memset(out, 0, REPLY);
    out[0] = VERSION;
    out[1] = 2;
    memcpy(out + 4, req + 4, 2); /* command */
    bytes_put16(out + 6, a.status == CMDMON_OK ? a.code : 1);
    bytes_put16(out + 8, a.status);
    memcpy(out + 16, req + 8, 4); /* sequence */
    return n;
}
