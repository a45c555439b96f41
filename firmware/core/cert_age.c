#include "cert_age.h"

#include "fmt.h"
#include "utc.h"

static void add_date(struct fmt_text *t, int64_t unix_s)
{
    struct utc_civil c = utc_civil_of(unix_s);
    fmt_add(t, "%04d-%02u-%02u", (int)(c.year % 10000), (unsigned)c.month,
            (unsigned)c.day);
}

static void add_days(struct fmt_text *t, int64_t s)
{
    long days = (long)(s / 86400);
    fmt_add(t, "%ld day%s", days, days == 1 ? "" : "s");
}

size_t cert_age_text(const struct status_ke_pair *pair, int64_t now_unix_s,
                     char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    int64_t left = pair->end_unix_s - now_unix_s;
    if (!pair->used || (now_unix_s >= pair->begin_unix_s &&
                        pair->end_unix_s >= now_unix_s + CERT_AGE_WARN_S))
        return 0;
    fmt_add(&t, "certificate \"%s\" (%s) ", pair->subject, pair->cert);
    if (now_unix_s < pair->begin_unix_s) {
        fmt_add(&t, "begins only on ");
        add_date(&t, pair->begin_unix_s);
        fmt_add(&t, ": clients refuse it until then");
        return t.len;
    }
    if (left < 0) {
        fmt_add(&t, "ended on ");
        add_date(&t, pair->end_unix_s);
        fmt_add(&t, ": clients refuse it");
    } else {
        fmt_add(&t, "ends in ");
        add_days(&t, left);
        fmt_add(&t, ", on ");
        add_date(&t, pair->end_unix_s);
    }
    fmt_add(&t, "; put a new one on the card and restart");
    return t.len;
}
