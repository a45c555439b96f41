/* The history as drawings: of the last hours minute by minute, and of the last
 * week. A gap is a gap; what goes from the least to the most of some slots is a
 * bar, through which a line goes. */
#include "page_private.h"
#include "utc.h"

#define POINTS 120 /* across                                               */
#define CHUNK  40  /* points of a piece                                    */
#define LEFT   70.0
#define WIDTH  366.0
#define TOP    9.0
#define HEIGHT 82.0

enum { CORRECTION, JITTER, FREQUENCY, BOUND, KINDS };

static const struct {
    const char *title;
    bool around_zero; /* else from 0 up                                      */
} kinds[KINDS] = {
    [CORRECTION] = {"Correction at each update, + where we were ahead", true},
    [JITTER] = {"Jitter: RMS of the corrections", false},
    [FREQUENCY] = {"Crystal, + fast, with its uncertainty", true},
    [BOUND] = {"Error bound: UTC is nearer than this", false},
};

/* What one slot shows, in ns or 10^-12, with chronyc's signs. */
static bool value(const struct page *p, unsigned kind, int64_t number,
                  double *low, double *high, double *mid)
{
    struct history_view v;
    if (!history_read(p->h, p->plot.level, number, p->plot.last, &v))
        return false;
    switch (kind) {
    case CORRECTION:
        *low = -v.most_ns;
        *high = -v.least_ns;
        *mid = -v.last_ns;
        return v.corrected;
    case JITTER:
        *low = *high = *mid = v.rms_ns;
        return v.corrected;
    case FREQUENCY:
        *mid = -v.freq_e12;
        *low = *mid - v.skew_e12;
        *high = *mid + v.skew_e12;
        return v.known;
    default:
        *low = *high = *mid = v.bound_ns;
        return v.known;
    }
}

/* Point i: the least, the most and the last of its slots. */
static bool point(const struct page *p, unsigned kind, int64_t i, double *low,
                  double *high, double *mid)
{
    bool any = false;
    int64_t from = p->plot.first + i * p->plot.group;
    for (int64_t n = from; n < from + p->plot.group && n <= p->plot.last; n++) {
        double l, h, m;
        if (!value(p, kind, n, &l, &h, &m))
            continue;
        if (!any || l < *low)
            *low = l;
        if (!any || h > *high)
            *high = h;
        *mid = m;
        any = true;
    }
    return any;
}

/* ---- axes ---------------------------------------------------------------- */

/* The next of 1, 2, 5, 10 .. that is v or more. */
static double round_up(double v)
{
    double unit = 1;
    while (unit * 10 < v)
        unit *= 10;
    return v <= unit       ? unit
           : v <= 2 * unit ? 2 * unit
           : v <= 5 * unit ? 5 * unit
                           : 10 * unit;
}

static void find_scale(struct page *p, unsigned kind)
{
    double most = 1;
    for (int64_t n = p->plot.first; n <= p->plot.last; n++) {
        double l, h, m;
        if (!value(p, kind, n, &l, &h, &m))
            continue;
        most = h > most ? h : most;
        most = kinds[kind].around_zero && -l > most ? -l : most;
    }
    p->plot.high = round_up(most);
    p->plot.low = kinds[kind].around_zero ? -p->plot.high : 0;
}

static double x_of(const struct page *p, double number)
{
    double span = (double)(p->plot.last - p->plot.first + 1);
    return LEFT + WIDTH * (number - (double)p->plot.first) / span;
}

static double y_of(const struct page *p, double v)
{
    double part = (v - p->plot.low) / (p->plot.high - p->plot.low);
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    return TOP + HEIGHT * (1 - part);
}

/* An axis has 1, 2, 5 of a power of ten, or half of it: no zero behind. */
static void add_round(struct fmt_text *t, double v, bool ppm)
{
    static const char *const units[] = {"ns", "µs", "ms", "s"};
    char digits[24];
    size_t unit = 0;
    for (v = ppm ? v / 1e6 : v; !ppm && v >= 1000 && unit + 1 < LEN(units);
         unit++)
        v /= 1000;
    size_t n = fmt(digits, sizeof digits, "%.6f", v);
    while (n > 0 && digits[n - 1] == '0')
        n--;
    fmt_add(t, "%.*s %s", (int)(digits[n - 1] == '.' ? n - 1 : n), digits,
            ppm ? "ppm" : units[unit]);
}

static void add_level(struct page *p, struct fmt_text *t, unsigned kind,
                      double v)
{
    double y = y_of(p, v);
    fmt_add(t,
            "<path class=\"g\" d=\"M70 %.1fh366\"/><text class=\"a e\" "
            "x=\"64\" y=\"%.1f\">",
            y, y + 4);
    if (kinds[kind].around_zero && v != 0)
        fmt_add(t, "%s", v < 0 ? "−" : "+");
    if (v == 0)
        fmt_add(t, "0");
    else
        add_round(t, v < 0 ? -v : v, kind == FREQUENCY);
    fmt_add(t, "</text>");
}

/* UTC of a slot's beginning, by the clock as it is now. */
static int64_t unix_of(const struct page *p, int64_t number)
{
    mono_ns ago = p->s->machine.up - number * history_width(p->plot.level);
    return p->s->timekeeper.tracking.now_unix_s - ago / MONO_S;
}

static void add_hours(struct page *p, struct fmt_text *t)
{
    static const int32_t steps[] = {60,   300,  600,   1800,
                                    3600, 7200, 86400, 172800};
    int64_t from = unix_of(p, p->plot.first), to = unix_of(p, p->plot.last + 1);
    size_t i = 0;
    while (i + 1 < LEN(steps) && (to - from) / steps[i] > 6)
        i++;
    int64_t step = steps[i], width = history_width(p->plot.level) / MONO_S;
    for (int64_t at = from - from % step + step; at < to; at += step) {
        double x = x_of(p, (double)p->plot.first +
                               (double)(at - from) / (double)width);
        char text[20];
        struct fmt_text when = fmt_text_of(text, sizeof text);
        page_add_utc(&when, at, 16);
        fmt_add(t,
                "<path class=\"g\" d=\"M%.1f 9v82\"/><text class=\"a m\" "
                "x=\"%.1f\" y=\"108\">%.5s</text>",
                x, x, step < 86400 ? text + 11 : text + 5);
    }
}

static void add_axes(struct page *p, struct fmt_text *t, unsigned kind)
{
    fmt_add(t,
            "<figure><figcaption>%s</figcaption><svg class=\"p\" "
            "viewBox=\"0 0 440 116\" role=\"img\" aria-label=\"%s\">",
            kinds[kind].title, kinds[kind].title);
    add_level(p, t, kind, p->plot.high);
    add_level(p, t, kind, (p->plot.low + p->plot.high) / 2);
    if (kinds[kind].around_zero)
        add_level(p, t, kind, p->plot.low);
    else
        fmt_add(t, "<path class=\"g\" d=\"M70 91h366\"/>"
                   "<text class=\"a e\" x=\"64\" y=\"95\">0</text>");
}

/* ---- what is drawn ------------------------------------------------------- */

static int64_t points(const struct page *p)
{
    return (p->plot.last - p->plot.first) / p->plot.group + 1;
}

static double middle(const struct page *p, int64_t i)
{
    return x_of(p, (double)(p->plot.first + i * p->plot.group) +
                       (double)p->plot.group / 2);
}

static void add_bars(struct page *p, struct fmt_text *t, unsigned kind,
                     int64_t from)
{
    double low, high, mid;
    fmt_add(t, "<path class=\"b\" d=\"");
    for (int64_t i = from; i < from + CHUNK && i < points(p); i++)
        if (point(p, kind, i, &low, &high, &mid) && high > low)
            fmt_add(t, "M%.1f %.1fV%.1f", middle(p, i), y_of(p, low),
                    y_of(p, high));
    fmt_add(t, "\"/>");
}

/* A chunk begins with the last point of the one before. */
static void add_line(struct page *p, struct fmt_text *t, unsigned kind,
                     int64_t from)
{
    double low, high, mid;
    bool on = false;
    fmt_add(t, "<path class=\"l\" d=\"");
    for (int64_t i = from > 0 ? from - 1 : 0; i < from + CHUNK && i < points(p);
         i++) {
        bool is = point(p, kind, i, &low, &high, &mid);
        if (is)
            fmt_add(t, "%s%.1f %.1f", on ? "L" : "M", middle(p, i),
                    y_of(p, mid));
        if (is && !on) /* one that stands alone is seen, too */
            fmt_add(t, "h.1");
        on = is;
    }
    fmt_add(t, "\"/>");
}

/* Steps of the clock, the latest ones. */
static void add_steps(struct page *p, struct fmt_text *t)
{
    struct history_view v;
    unsigned n = 0;
    fmt_add(t, "<path class=\"s\" d=\"");
    for (int64_t i = p->plot.last; i >= p->plot.first && n < 24; i--)
        if (history_read(p->h, p->plot.level, i, p->plot.last, &v) &&
            v.stepped) {
            fmt_add(t, "M%.1f 9v82", x_of(p, (double)i + 0.5));
            n++;
        }
    fmt_add(t, "\"/></svg></figure>");
}

/* ---- in their order ------------------------------------------------------ */

/* From the first slot that there is; false: there is none, or too few. */
static bool choose(struct page *p, enum history_level level)
{
    struct history_view v;
    p->plot = (struct page_plot){.level = level,
                                 .last = history_last(level, p->s->machine.up)};
    p->plot.first = p->plot.last - history_slots(level) + 1;
    while (p->plot.first <= p->plot.last &&
           !history_read(p->h, level, p->plot.first, p->plot.last, &v))
        p->plot.first++;
    int64_t slots = p->plot.last - p->plot.first + 1;
    p->plot.group = (slots + POINTS - 1) / POINTS;
    return slots >= 2;
}

static void add_title(struct page *p, struct fmt_text *t)
{
    bool week = p->plot.level == HISTORY_QUARTER;
    fmt_add(t, "%s since ",
            week ? "<details id=\"week\" class=\"plots\"><summary>The week,"
                 : "<section class=\"plots\"><h2>The clock");
    page_add_utc(t, unix_of(p, p->plot.first), 16);
    fmt_add(t, " <small>UTC; each bar goes from the least to the most of ");
    page_add_long(t, p->plot.group * history_width(p->plot.level) / MONO_S);
    fmt_add(t, "; a dashed line is a step of the clock</small>%s",
            week ? "</summary>" : "</h2>");
}

/* Pieces of one drawing: its axes, its hours, bars and lines in chunks, the
 * steps. */
#define CHUNKS  (POINTS / CHUNK)
#define DRAWING (3 + 2 * CHUNKS)
#define LEVEL   (2 + KINDS * DRAWING) /* title, drawings, end                 */

static void draw(struct page *p, struct fmt_text *t, unsigned kind,
                 unsigned part)
{
    if (part == 0) {
        find_scale(p, kind);
        add_axes(p, t, kind);
    } else if (part == 1) {
        add_hours(p, t);
    } else if (part < 2 + CHUNKS) {
        add_bars(p, t, kind, (part - 2) * CHUNK);
    } else if (part < 2 + 2 * CHUNKS) {
        add_line(p, t, kind, (part - 2 - CHUNKS) * CHUNK);
    } else {
        add_steps(p, t);
    }
}

/* Before the clock is set no slot has a time that could be named. The week is
 * shown once it is longer than what the minutes cover. */
bool page_plots(struct page *p, struct fmt_text *t)
{
    enum history_level level = p->index / LEVEL;
    unsigned at = p->index % LEVEL;
    if (!p->s->timekeeper.tracking.synchronised || level == HISTORY_LEVELS)
        return false;
    if (at == 0) {
        bool some = choose(p, level);
        if (level == HISTORY_QUARTER &&
            p->plot.last - p->plot.first + 1 <= HISTORY_MINUTES / 15)
            some = false;
        if (!some) {
            p->index += LEVEL - 1;
            return level + 1 < HISTORY_LEVELS;
        }
        add_title(p, t);
    } else if (at == LEVEL - 1) {
        fmt_add(t, level == HISTORY_QUARTER ? "</details>\n" : "</section>\n");
    } else {
        draw(p, t, (at - 1) / DRAWING, (at - 1) % DRAWING);
    }
    return true;
}
