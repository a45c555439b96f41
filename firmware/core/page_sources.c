/* The sources: what each is, says, and what ails it. */
#include <string.h>

#include "page_private.h"

/* ---- states -------------------------------------------------------------- */

struct word {
    const char *text, *tag; /* tag: its colour                               */
};

static struct word state_of(const struct status *s, unsigned i)
{
    const struct status_source *x = &s->sources.row[i];
    const struct status_clock_source *e = &s->timekeeper.row[i];
    bool set = s->timekeeper.tracking.synchronised;
    switch (e->select.letter) {
    case '*':
        return (struct word){"selected", "ok"};
    case '+':
        return (struct word){"combined", "ok"};
    case 'P':
    case 'D':
        return (struct word){"agrees", "ok"};
    case 'W':
        return set ? (struct word){"agrees", "ok"}
                   : (struct word){"answers", "warn"};
    case 'x':
        return set ? (struct word){"falseticker", "bad"}
                   : (struct word){"answers", "warn"};
    case 'T':
        return (struct word){"contradicts trusted", "bad"};
    case '~':
        return (struct word){"too variable", "warn"};
    case 'd':
        return (struct word){"too distant", "warn"};
    case 'r':
        return (struct word){"wrong stratum", "warn"};
    case 's':
        return (struct word){"not synchronised", "bad"};
    case 'N':
        return (struct word){"only watched", "none"};
    default:
        break;
    }
    if (x->trouble[0])
        return (struct word){x->reach ? "not used" : "in trouble", "bad"};
    if (x->last_rx_ago_s < 0)
        return (struct word){"not heard yet", "warn"};
    return x->reach ? (struct word){"being measured", "none"}
                    : (struct word){"no answer", "warn"};
}

static const char *trouble_of(const struct status *s, unsigned i)
{
    const char *why = s->sources.row[i].trouble;
    if (!why[0])
        why = s->timekeeper.row[i].select.why;
    if (!why[0] && s->timekeeper.row[i].select.letter == 'x' &&
        s->timekeeper.tracking.synchronised)
        why = "its time is not that of the majority";
    return why;
}

bool page_needs_look(const struct status *s, unsigned i)
{
    struct word w = state_of(s, i);
    return trouble_of(s, i)[0] || strcmp(w.tag, "bad") == 0;
}

/* ---- the interval that a source claims, against our clock ---------------- */

static span_ns magnitude(span_ns v)
{
    return v < 0 ? (v == INT64_MIN ? INT64_MAX : -v) : v;
}

/* Half the width shown: what all but the liars claim, in 1, 2, 5, 10 .. */
static span_ns scale_of(const struct status *s)
{
    span_ns most = s->timekeeper.tracking.bound_ns, unit = 1000;
    most = most < 1000 ? 1000 : most > INT64_MAX / 100 ? 1000 : most;
    for (unsigned i = 0; i < s->sources.count; i++) {
        const struct status_select *k = &s->timekeeper.row[i].select;
        if (!k->judged || k->letter == 'x' || k->letter == 'T')
            continue;
        span_ns lo = magnitude(k->lo_ns), hi = magnitude(k->hi_ns);
        most = lo > most ? lo : most;
        most = hi > most ? hi : most;
    }
    while (unit < most / 10 && unit < INT64_MAX / 100)
        unit *= 10;
    return unit >= most       ? unit
           : 2 * unit >= most ? 2 * unit
           : 5 * unit >= most ? 5 * unit
                              : 10 * unit;
}

/* Across 132, the middle is our clock; a source that we are ahead of is shown
 * with chronyc's sign, to the right. */
static double x_of(const struct page *p, span_ns offset_ns)
{
    double x = 66 - 66 * ((double)offset_ns / (double)p->scale_ns);
    return x < 0 ? 0 : x > 132 ? 132 : x;
}

static void add_interval(struct page *p, struct fmt_text *t, unsigned i)
{
    const struct status_clock_source *e = &p->s->timekeeper.row[i];
    const struct status_select *k = &e->select;
    double ours = 66 - x_of(p, p->s->timekeeper.tracking.bound_ns);
    fmt_add(t, "<svg class=\"st\" viewBox=\"0 0 132 16\" role=\"img\" "
               "aria-label=\"interval\"><path class=\"g\" d=\"M0 8h132\"/>");
    if (ours > 0)
        fmt_add(t,
                "<rect class=\"o\" x=\"%.1f\" width=\"%.1f\" "
                "height=\"16\"/>",
                66 - ours, 2 * ours);
    if (k->judged) {
        double a = x_of(p, k->hi_ns), b = x_of(p, k->lo_ns);
        bool used = k->letter && strchr("*+PDW", k->letter);
        if (b > a)
            fmt_add(t,
                    "<rect class=\"%c\" x=\"%.1f\" y=\"4\" width=\"%.1f\" "
                    "height=\"8\"/>",
                    used ? 'i' : 'j', a, b - a);
        if (a >= 132)
            fmt_add(t, "<path class=\"x\" d=\"M123 3l8 5-8 5z\"/>");
        else if (b <= 0)
            fmt_add(t, "<path class=\"x\" d=\"M9 3L1 8l8 5z\"/>");
        else
            fmt_add(t, "<circle class=\"d\" cx=\"%.1f\" cy=\"8\" r=\"2.6\"/>",
                    x_of(p, e->offset_ns));
    }
    fmt_add(t, "<path class=\"c\" d=\"M66 1v14\"/></svg>");
}

/* Eight marks, the newest last. */
static void add_reach(struct fmt_text *t, uint8_t reach)
{
    unsigned n = (unsigned)__builtin_popcount(reach);
    fmt_add(t,
            "<svg class=\"rc\" viewBox=\"0 0 54 12\" role=\"img\" "
            "aria-label=\"reach %03o: %u of the last 8 polls answered\">"
            "<path class=\"r0\" d=\"",
            reach, n);
    for (int i = 7; i >= 0; i--)
        if (!(reach >> i & 1))
            fmt_add(t, "M%.1f 0v12", 2.5 + 7 * (7 - i));
    fmt_add(t, "\"/><path class=\"r1\" d=\"");
    for (int i = 7; i >= 0; i--)
        if (reach >> i & 1)
            fmt_add(t, "M%.1f 0v12", 2.5 + 7 * (7 - i));
    fmt_add(t, "\"/></svg>");
}

/* ---- a row --------------------------------------------------------------- */

static void add_name(struct fmt_text *t, const struct status *s, unsigned i)
{
    const struct status_source *x = &s->sources.row[i];
    char address[ADDR_TEXT];
    struct word w = state_of(s, i);
    addr_text(status_source_addr(x), address);
    fmt_add(t,
            "<tr%s><td class=\"sta\"><b class=\"tag %s\">%s</b></td>"
            "<th scope=\"row\" class=\"nm\">",
            s->timekeeper.row[i].select.letter == '*' ? " class=\"sel\"" : "",
            w.tag, w.text);
    page_add_text(t, x->name, PAGE_NAME);
    fmt_add(t, "<small>%s%s", address, address[0] && x->stratum ? " · " : "");
    if (x->stratum)
        fmt_add(t, "stratum %u", x->stratum);
    else if (!address[0])
        fmt_add(t, "no address yet");
    fmt_add(t, "</small></th>");
}

/* What the server says the time is, which nobody has to believe. */
static void add_says(struct fmt_text *t, const struct status *s, unsigned i)
{
    const struct status_tracking *k = &s->timekeeper.tracking;
    const struct status_clock_source *e = &s->timekeeper.row[i];
    fmt_add(t, "<td data-l=\"Says it is\">");
    if (!e->select.judged) {
        fmt_add(t, "–</td>");
        return;
    }
    span_ns part = e->offset_ns % MONO_S + k->now_unix_ns;
    int64_t unix_s = k->now_unix_s + e->offset_ns / MONO_S + part / MONO_S;
    page_add_utc(t, part % MONO_S < 0 ? unix_s - 1 : unix_s, 19);
    fmt_add(t, "<small>± ");
    page_add_span(t, e->bound_ns);
    fmt_add(t, "; not believed alone</small></td>");
}

static void add_offset(struct page *p, struct fmt_text *t, unsigned i)
{
    const struct status_clock_source *e = &p->s->timekeeper.row[i];
    fmt_add(t, "<td data-l=\"Our clock is off\" class=\"n\">");
    if (e->select.judged) {
        page_add_offset(t, -e->offset_ns);
        fmt_add(t, "<small>± ");
        page_add_span(t, e->bound_ns);
        fmt_add(t, "</small>");
    } else {
        fmt_add(t, "–");
    }
    fmt_add(t, "</td><td data-l=\"It claims\" class=\"vs\">");
    add_interval(p, t, i);
    fmt_add(t, "</td>");
}

static void add_polled(struct fmt_text *t, const struct status_source *x)
{
    fmt_add(t, "<td data-l=\"Reach\">");
    add_reach(t, x->reach);
    fmt_add(t, "</td><td data-l=\"Polled\">every ");
    if (x->poll < 0)
        fmt_add(t, "1/%lu s", 1ul << (-x->poll & 31));
    else
        page_add_long(t, (int64_t)1 << (x->poll & 31));
    fmt_add(t, "<small>");
    if (x->last_rx_ago_s < 0)
        fmt_add(t, "never heard");
    else {
        fmt_add(t, "heard ");
        page_add_long(t, x->last_rx_ago_s);
        fmt_add(t, " ago");
    }
    fmt_add(t, "</small></td>");
}

static void add_keys(struct fmt_text *t, const struct status_source *x)
{
    fmt_add(t, "<td data-l=\"NTS\">");
    if (!x->nts)
        fmt_add(t, "none<small>asked in the clear</small>");
    else
        fmt_add(t, "%s<small>%u cookie%s</small>",
                x->aead == 15   ? "AES-SIV"
                : x->aead == 30 ? "AES-GCM-SIV"
                                : "no keys",
                x->cookies, x->cookies == 1 ? "" : "s");
    fmt_add(t, "</td>");
}

/* How long it is till then only a clock that is set can say. */
static void add_end(struct fmt_text *t, const struct status *s,
                    const struct status_source *x)
{
    const struct status_tracking *k = &s->timekeeper.tracking;
    int64_t left = x->cert_end_unix_s - k->now_unix_s;
    if (x->cert_end_unix_s == 0) {
        fmt_add(t, "<td data-l=\"Certificate ends\">–</td></tr>");
        return;
    }
    fmt_add(t, "<td data-l=\"Certificate ends\"%s>",
            k->synchronised && left < 7 * 86400 ? " class=\"badt\"" : "");
    page_add_utc(t, x->cert_end_unix_s, 10);
    if (k->synchronised && left < 0)
        fmt_add(t, "<small>ended</small>");
    else if (k->synchronised) {
        fmt_add(t, "<small>in ");
        page_add_long(t, left);
        fmt_add(t, "</small>");
    }
    fmt_add(t, "</td></tr>");
}

static void add_trouble(struct fmt_text *t, const struct status *s, unsigned i)
{
    const char *why = trouble_of(s, i);
    if (!why[0])
        return;
    fmt_add(t, "<tr class=\"why\"><td colspan=\"8\"><b>Why</b> ");
    page_add_text(t, why, PAGE_NAME);
    fmt_add(t, "</td></tr>");
}

static void add_heading(struct page *p, struct fmt_text *t)
{
    fmt_add(t, "<section id=\"sources\"><h2>Servers</h2>");
    fmt_add(t, "<table><thead><tr><th>State</th><th>Server</th>");
    if (p->s->timekeeper.tracking.synchronised) {
        fmt_add(t, "<th class=\"n\">Our clock is off</th>"
                   "<th>It claims<small>blue: ours; ± ");
        page_add_span(t, p->scale_ns);
        fmt_add(t, "</small></th>");
    } else {
        fmt_add(t, "<th>Says it is</th>");
    }
    fmt_add(t, "<th>Reach</th><th>Polled</th><th>NTS</th>"
               "<th>Certificate ends</th></tr></thead><tbody>\n");
}

/* The heading, then three pieces a source, then the end. */
bool page_sources(struct page *p, struct fmt_text *t)
{
    const struct status *s = p->s;
    unsigned i = (p->index - 1) / 3;
    if (s->sources.count == 0) {
        fmt_add(t, "<section id=\"sources\"><h2>Servers</h2><p>None.</p>"
                   "</section>\n");
        return false;
    }
    if (p->index == 0) {
        p->scale_ns = scale_of(s);
        add_heading(p, t);
        return true;
    }
    if (i == s->sources.count) {
        fmt_add(t, "</tbody></table></section>\n");
        return false;
    }
    if (p->index % 3 == 1) {
        add_name(t, s, i);
    } else if (p->index % 3 == 2) {
        if (s->timekeeper.tracking.synchronised)
            add_offset(p, t, i);
        else
            add_says(t, s, i);
        add_polled(t, &s->sources.row[i]);
    } else {
        add_keys(t, &s->sources.row[i]);
        add_end(t, s, &s->sources.row[i]);
        add_trouble(t, s, i);
    }
    return true;
}
