/* The page's words and numbers. */
#include <string.h>

#include "page_private.h"
#include "utc.h"

void page_add_text(struct fmt_text *t, const char *text, size_t most)
{
    static const struct {
        char c;
        const char *as;
    } escapes[] = {{'<', "&lt;"},
                   {'>', "&gt;"},
                   {'&', "&amp;"},
                   {'"', "&quot;"},
                   {'\'', "&#39;"}};
    for (size_t n = 0; *text; text++, n++) {
        size_t i = 0;
        if (n == most) {
            fmt_add(t, "…");
            return;
        }
        while (i < LEN(escapes) && escapes[i].c != *text)
            i++;
        if (i < LEN(escapes))
            fmt_add(t, "%s", escapes[i].as);
        else
            fmt_add(t, "%c", *text >= ' ' && *text <= '~' ? *text : '?');
    }
}

/* Three digits; 999.5 of one unit begins the next. */
static int places(double v)
{
    return v < 9.995 ? 2 : v < 99.95 ? 1 : 0;
}

void page_add_span(struct fmt_text *t, span_ns ns)
{
    static const char *const unit[] = {"ns", "µs", "ms", "s"};
    double v = (double)ns;
    size_t i = 0;
    if (v < 0)
        v = -v;
    if (v < 999.5) {
        fmt_add(t, "%.0f ns", v);
        return;
    }
    for (; i + 1 < LEN(unit) && v >= 999.5; i++)
        v /= 1000;
    fmt_add(t, "%.*f %s", places(v), v, unit[i]);
}

void page_add_offset(struct fmt_text *t, span_ns ns)
{
    fmt_add(t, "%s", ns < 0 ? "−" : "+");
    page_add_span(t, ns);
}

void page_add_long(struct fmt_text *t, int64_t s)
{
    long long n = s < 0 ? 0 : s;
    if (n < 120)
        fmt_add(t, "%lld s", n);
    else if (n < 7200)
        fmt_add(t, "%lld min", n / 60);
    else if (n < 172800)
        fmt_add(t, "%lld h %lld min", n / 3600, n / 60 % 60);
    else
        fmt_add(t, "%lld days", n / 86400);
}

void page_add_ppm(struct fmt_text *t, int64_t e12)
{
    double v = (double)e12 / 1e6;
    if (v < 0)
        v = -v;
    fmt_add(t, "%.*f ppm", v < 0.0995 ? 3 : places(v), v);
}

void page_add_utc(struct fmt_text *t, int64_t unix_s, size_t n)
{
    char text[UTC_TEXT];
    utc_text(unix_s, 0, text);
    fmt_add(t, "%.*s", (int)n, text);
}
