/* The page from top to bottom: head, whether the time is right and how good it
 * is, the log, the foot. */
#include "page.h"

#include <string.h>

#include "page_private.h"
#include "why.h"

#define SLICE 1400 /* of style and script, a piece                           */

/* Appends the p->index-th slice; true: there is another. */
static bool add_slice(struct page *p, struct fmt_text *t, const char *text)
{
    size_t at = (size_t)p->index * SLICE;
    fmt_add(t, "%.*s", SLICE, text + at);
    return strlen(text + at) > SLICE;
}

static const char *state_text(const struct status *s)
{
    const struct status_tracking *k = &s->timekeeper.tracking;
    return !k->synchronised ? "Clock not set"
           : k->alone       ? "Runs on alone"
                            : "Synchronised";
}

static bool head(struct page *p, struct fmt_text *t)
{
    fmt_add(t,
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width,"
            "initial-scale=1\"><meta name=\"color-scheme\" "
            "content=\"light dark\"><title>");
    page_add_text(t, p->s->config.hostname ? p->s->config.hostname : "gnomon",
                  PAGE_NAME);
    fmt_add(t,
            " · %s</title><link rel=\"icon\" href=\"data:,\"><noscript>"
            "<meta http-equiv=\"refresh\" content=\"30\"></noscript>\n<style>",
            state_text(p->s));
    return false;
}

static bool style(struct page *p, struct fmt_text *t)
{
    return add_slice(p, t, page_style);
}

/* ---- the time ------------------------------------------------------------ */

static void add_clock(struct fmt_text *t, const struct status_tracking *k)
{
    char day[11] = {0};
    struct fmt_text d = fmt_text_of(day, sizeof day);
    if (!k->synchronised) {
        fmt_add(t, "<time id=\"t\">–:–:–</time><p><span id=\"d\">time not "
                   "known</span><span id=\"mine\"></span></p>");
        return;
    }
    char text[20];
    struct fmt_text all = fmt_text_of(text, sizeof text);
    page_add_utc(&all, k->now_unix_s, 19);
    page_add_utc(&d, k->now_unix_s, 10);
    fmt_add(t,
            "<time id=\"t\" datetime=\"%sT%sZ\" data-ms=\"%lld%03lu\">%s</time>"
            "<p>UTC · <span id=\"d\">%s</span><span id=\"mine\"></span></p>",
            day, text + 11, (long long)k->now_unix_s,
            (unsigned long)(k->now_unix_ns / 1000000), text + 11, day);
}

static bool header(struct page *p, struct fmt_text *t)
{
    const struct status *s = p->s;
    char text[ADDR_TEXT];
    addr_text(s->net.addr4.family ? &s->net.addr4 : &s->net.addr6, text);
    fmt_add(t, "</style></head>\n<body><header><svg class=\"mark\" "
               "viewBox=\"0 0 48 48\" aria-hidden=\"true\"><path class=\"m1\" "
               "d=\"M6 38h36L24 8z\"/><path class=\"m2\" d=\"M24 8v30H6z\"/>"
               "<path class=\"m3\" d=\"M4 42h40\"/></svg><div><h1>");
    page_add_text(t, s->config.hostname ? s->config.hostname : "gnomon", 63);
    fmt_add(t, "</h1><p>%s%s", text, text[0] ? " · " : "");
    page_add_text(t, s->machine.name ? s->machine.name : "", PAGE_NAME);
    fmt_add(t, "</p></div><div class=\"now\">");
    add_clock(t, &s->timekeeper.tracking);
    fmt_add(t, "</div></header>\n<main id=\"m\">\n");
    return false;
}

/* ---- is it right? -------------------------------------------------------- */

/* Of the sources that the clock follows, how many have NTS. */
static void add_authenticated(struct fmt_text *t, const struct status *s)
{
    unsigned used = 0, nts = 0;
    for (unsigned i = 0; i < s->sources.count; i++) {
        char state = s->timekeeper.row[i].state;
        used += state == '*' || state == '+';
        nts += (state == '*' || state == '+') && s->sources.row[i].nts;
    }
    if (nts == used)
        fmt_add(t, ", all of them authenticated");
    else if (nts == 0)
        fmt_add(t, ", none of them authenticated");
    else
        fmt_add(t, ", %u of them authenticated", nts);
}

static void add_look(struct fmt_text *t, const struct status *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < s->sources.count; i++)
        n += page_needs_look(s, i);
    if (n > 0)
        fmt_add(t, " <a href=\"#sources\">%u need%s a look</a>.", n,
                n == 1 ? "s" : "");
}

/* The same words as `tracking`. */
static void add_why(struct fmt_text *t, const struct status *s)
{
    char why[WHY_TEXT];
    if (why_text(s, why, sizeof why) == 0)
        return;
    fmt_add(t, "<span class=\"why\">");
    page_add_text(t, why, WHY_TEXT);
    fmt_add(t, "</span>. ");
}

static bool hero(struct page *p, struct fmt_text *t)
{
    const struct status *s = p->s;
    const struct status_tracking *k = &s->timekeeper.tracking;
    fmt_add(t, "<section class=\"hero %s\"><h2><i></i>%s</h2><p>",
            !k->synchronised ? "bad"
            : k->alone       ? "warn"
                             : "ok",
            state_text(s));
    if (k->synchronised && !k->alone) {
        fmt_add(t, "<b>%u of %u</b> servers agree", k->agree, k->of);
        add_authenticated(t, s);
        fmt_add(t, ". ");
    }
    add_why(t, s);
    if (k->synchronised) {
        fmt_add(t, "%sUTC is known to <b>± ",
                k->alone ? "The clock goes on by what is known of its crystal. "
                         : "");
        page_add_span(t, k->bound_ns);
        fmt_add(t, "</b>%s.", k->alone ? ", and that grows" : "");
    }
    add_look(t, s);
    return true;
}

/* What is weak, on lines of its own. */
static bool weak(struct page *p, struct fmt_text *t)
{
    const struct status *s = p->s;
    fmt_add(t, "</p>");
    if (s->timekeeper.tracking.warning[0]) {
        fmt_add(t, "<p><b>Warning:</b> ");
        page_add_text(t, s->timekeeper.tracking.warning, PAGE_NAME);
        fmt_add(t, "</p>");
    }
    if (why_note(s)[0])
        fmt_add(t, "<p><b>Note:</b> %s</p>", why_note(s));
    fmt_add(t, "</section>\n");
    return false;
}

static bool verdict(struct page *p, struct fmt_text *t)
{
    return p->index == 0 ? hero(p, t) : weak(p, t);
}

/* ---- how good is it? ----------------------------------------------------- */

static void add_running(struct fmt_text *t, const struct status *s)
{
    mono_ns first = s->timekeeper.tracking.first_sync;
    fmt_add(t, "<div><dt>Running for</dt><dd>");
    page_add_long(t, (s->machine.up - s->machine.start) / MONO_S);
    if (first < 0)
        fmt_add(t, "<small>clock not set yet</small></dd></div>");
    else
        fmt_add(t, "<small>clock set after %.1f s</small></dd></div>",
                (double)(first - s->machine.start) / 1e9);
}

/* Offsets with chronyc's sign. */
static bool tiles(struct page *p, struct fmt_text *t)
{
    const struct status *s = p->s;
    const struct status_tracking *k = &s->timekeeper.tracking;
    int ref = status_reference(s);
    if (!k->synchronised)
        return false;
    fmt_add(t, "<dl class=\"tiles\"><div><dt>Error bound</dt><dd>± ");
    page_add_span(t, k->bound_ns);
    fmt_add(t, "<small>UTC is nearer than this</small></dd></div>"
               "<div><dt>Last correction</dt><dd>");
    page_add_offset(t, -k->last_offset_ns);
    fmt_add(t, "<small>+ where we were ahead</small></dd></div>"
               "<div><dt>Jitter</dt><dd>");
    page_add_span(t, k->rms_offset_ns);
    fmt_add(t, "<small>RMS of corrections</small></dd></div>"
               "<div><dt>Crystal</dt><dd>");
    page_add_ppm(t, k->freq_e12);
    fmt_add(t, "<small>%s, ± ", k->freq_e12 < 0 ? "fast" : "slow");
    page_add_ppm(t, k->freq_sigma_e12);
    if (s->timekeeper.temperature.used) {
        double v = -s->timekeeper.temperature.slope_e12 / 1e6;
        fmt_add(t, "<br>%+.2f ppm/°C, learned", v);
    }
    const char *name = ref < 0 ? "-" : s->sources.row[ref].name;
    fmt_add(t, "</small></dd></div><div><dt>Reference</dt><dd%s>",
            strlen(name) > 24 ? " class=\"long\"" : "");
    page_add_text(t, name, 60);
    fmt_add(t, "<small>we are stratum %u</small></dd></div>", k->stratum);
    add_running(t, s);
    fmt_add(t, "</dl>\n");
    return false;
}

/* ---- the log and the foot ------------------------------------------------ */

static bool log_lines(struct page *p, struct fmt_text *t)
{
    uint32_t missed;
    if (p->index == 0) {
        fmt_add(t, "<details id=\"log\"><summary>Log <small>the last lines, "
                   "seconds since power-on</small></summary><pre>");
    } else if (p->log_at != p->log_until) {
        const char *line = logring_read(p->log, &p->log_at, &missed);
        page_add_text(t, line ? line : "", LIMIT_LOG_LINE);
        fmt_add(t, "\n");
    } else {
        fmt_add(t, "</pre></details>\n");
        return false;
    }
    return true;
}

static bool foot(struct page *p, struct fmt_text *t)
{
    (void)p;
    fmt_add(t, "</main>\n<footer><a href=\"/metrics\">Prometheus metrics</a> · "
               "<a href=\"/log.txt\">log as text</a> · this page only shows; "
               "chrony.conf on the card says what is done</footer>\n<script>");
    return false;
}

static bool script(struct page *p, struct fmt_text *t)
{
    bool more = add_slice(p, t, page_script);
    if (!more)
        fmt_add(t, "</script></body></html>\n");
    return more;
}

static bool (*const sections[])(struct page *p, struct fmt_text *t) = {
    head,         style,      header,    verdict, tiles, page_plots,
    page_sources, page_cards, log_lines, foot,    script};

void page_begin(struct page *p, const struct status *s, const struct history *h,
                const struct logring *log, uint32_t log_until)
{
    *p = (struct page){.s = s, .h = h, .log = log, .log_until = log_until};
    p->log_at = logring_oldest(log);
    if (log_until - p->log_at > PAGE_LOG)
        p->log_at = log_until - PAGE_LOG;
}

bool page_next(struct page *p, struct fmt_text *t)
{
    if (p->section == LEN(sections))
        return false;
    if (sections[p->section](p, t)) {
        p->index++;
    } else {
        p->section++;
        p->index = 0;
    }
    return true;
}
