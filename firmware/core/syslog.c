#include "syslog.h"

#include "fmt.h"
#include "utc.h"

#define FACILITY     12u
#define YEAR_9999    INT64_C(253402300799) /* its end                         */
#define SEQUENCE_MAX UINT32_C(2147483647)  /* RFC 5424 section 7.3.1          */

/* RFC 5424 section 6: PRINTUSASCII; a blank would end the field. */
static void add_hostname(struct fmt_text *t, const char *name)
{
    if (!name || !*name)
        name = "-";
    for (; *name; name++)
        fmt_add(t, "%c", *name > ' ' && *name <= '~' ? *name : '?');
}

/* utc_text says "2026-11-23 00:00:01.500000 UTC"; RFC 3339's years have four
 * digits. */
static void add_time(struct fmt_text *t, const struct syslog_line *l)
{
    char when[UTC_TEXT];
    if (!l->timed || l->unix_s < 0 || l->unix_s > YEAR_9999) {
        fmt_add(t, "-");
        return;
    }
    utc_text(l->unix_s, l->ns, when);
    fmt_add(t, "%.10sT%.15sZ", when, when + 11);
}

static void add_quality(struct fmt_text *t, const struct syslog_line *l)
{
    fmt_add(t, "[timeQuality tzKnown=\"1\" isSynced=\"%u\"", l->synced);
    if (l->synced && l->bound_ns >= 0 && l->bound_ns < INT64_MAX)
        fmt_add(t, " syncAccuracy=\"%llu\"",
                (unsigned long long)(l->bound_ns / 1000 + 1));
    fmt_add(t, "]");
}

size_t syslog_format(const struct syslog_line *l, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    uint64_t up = l->uptime > 0 ? (uint64_t)l->uptime / 10000000 : 0;
    fmt_add(&t, "<%u>1 ", FACILITY * 8 + (l->severity & 7u));
    add_time(&t, l);
    fmt_add(&t, " ");
    add_hostname(&t, l->hostname);
    fmt_add(&t, " gnomon - - ");
    add_quality(&t, l);
    fmt_add(&t, "[meta sequenceId=\"%lu\" sysUpTime=\"%llu\"] ",
            (unsigned long)(l->number % SEQUENCE_MAX + 1),
            (unsigned long long)up);
    for (const char *c = l->text; *c; c++)
        fmt_add(&t, "%c", *c >= ' ' && *c <= '~' ? *c : '?');
    return t.len;
}
