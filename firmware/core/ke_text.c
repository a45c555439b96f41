#include "ke_text.h"

#include "cert_age.h"
#include "fmt.h"
#include "utc.h"

static void add_date(struct fmt_text *t, int64_t unix_s)
{
    struct utc_civil c = utc_civil_of(unix_s);
    fmt_add(t, "%04d-%02u-%02u", (int)(c.year % 10000), (unsigned)c.month,
            (unsigned)c.day);
}

/* Is there anything to be said of it? */
static void add_trouble(struct fmt_text *t, const struct status *s,
                        const struct status_ke_pair *p)
{
    char text[160];
    const struct status_tracking *now = &s->timekeeper.tracking;
    if (p->trouble[0])
        fmt_add(t, "   %s\n", p->trouble);
    if (now->synchronised &&
        cert_age_text(p, now->now_unix_s, text, sizeof text))
        fmt_add(t, "   %s\n", text);
}

static void add_pairs(struct fmt_text *t, const struct status *s)
{
    fmt_add(t, "   Certificate of                   Key       Begins     "
               "Ends\n");
    for (unsigned i = 0; i < s->ke.pair_count; i++) {
        const struct status_ke_pair *p = &s->ke.pair[i];
        if (p->used) {
            fmt_add(t, "%u  %-32.32s %-9s ", i + 1, p->subject, p->algorithm);
            add_date(t, p->begin_unix_s);
            fmt_add(t, " ");
            add_date(t, p->end_unix_s);
            fmt_add(t, "\n");
        } else {
            fmt_add(t, "%u  not used: %.40s, %.40s\n", i + 1, p->key, p->cert);
        }
        add_trouble(t, s, p);
    }
}

static void add_drops(struct fmt_text *t, const struct status_ke *k)
{
    const struct {
        const char *why;
        uint64_t n;
    } rows[] = {
        {"not allowed", k->not_allowed},
        {"over ntsratelimit", k->ratelimited},
        {"too many of one address", k->too_many},
        {"gave way to newer ones", k->gave_way},
        {"not done in 2 s", k->timed_out},
        {"no TLS 1.3 with ntske/1", k->no_tls},
        {"left before the answer", k->closed},
    };
    for (size_t i = 0; i < LEN(rows); i++)
        if (rows[i].n)
            fmt_add(t, "  %-26s : %llu\n", rows[i].why,
                    (unsigned long long)rows[i].n);
}

size_t ke_text(const struct status *s, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    const struct status_ke *k = &s->ke;
    if (k->pair_count == 0) {
        fmt_add(&t, "NTS is not served: chrony.conf has no ntsserverkey and "
                    "no ntsservercert line\n");
        return t.len;
    }
    if (!k->open)
        fmt_add(&t, "NTS is not served: %s\n", k->why);
    else
        fmt_add(&t, "Port                         : %u (TCP)\n",
                (unsigned)k->port);
    fmt_add(&t, "Connections                  : %llu\n",
            (unsigned long long)k->hits);
    fmt_add(&t,
            "Answered                     : %llu, %llu of them with an "
            "error\n",
            (unsigned long long)k->answered, (unsigned long long)k->bad);
    fmt_add(&t, "Dropped                      : %llu\n",
            (unsigned long long)k->drops);
    add_drops(&t, k);
    fmt_add(&t,
            "Sessions now                 : %u, at most %u so far, %u "
            "can be\n",
            (unsigned)k->sessions, (unsigned)k->sessions_peak,
            (unsigned)k->sessions_most);
    fmt_add(&t,
            "Session memory               : %lu now, at most %lu so far, "
            "of %lu\n",
            (unsigned long)k->arena_used, (unsigned long)k->arena_peak,
            (unsigned long)(LIMIT_KE_SESSIONS * LIMIT_KE_SESSION_ARENA));
    fmt_add(&t, "Keys and certificates        : %lu of %lu\n",
            (unsigned long)k->pairs_used, (unsigned long)LIMIT_KE_PAIRS_ARENA);
    add_pairs(&t, s);
    return t.len;
}
