#include "log.h"

#include <string.h>

#include "core/fmt.h"
#include "core/mono.h"
#include "port.h"

#define LIMITED_KEYS 24
#define LIMITED_FOR  (10 * MONO_S)
#define RETRY        (2 * MONO_MS) /* console full: 115200 Bd is 11 B / ms   */

static struct {
    struct logring ring;
    uint32_t shown; /* number of the next line to print                */
    uint32_t lost;  /* lines overtaken before they were printed         */
    char out[LIMIT_LOG_LINE + 16];
    size_t len, done; /* of out                                          */
    bool hold, prompt;
    struct {
        const void *key;
        mono_ns until;
        uint32_t held;
    } limited[LIMITED_KEYS];
} lg;

void log_init(void)
{
    memset(&lg, 0, sizeof(lg));
}

const struct logring *log_ring(void)
{
    return &lg.ring;
}

void log_status(struct status_log *out)
{
    *out = (struct status_log){.lost = lg.lost};
}

bool log_pending(void)
{
    return lg.done < lg.len || lg.shown != lg.ring.next;
}

bool log_hold(bool hold)
{
    lg.hold = hold;
    return lg.done == lg.len;
}

void log_prompt(bool stands)
{
    lg.prompt = stands;
}

bool log_prompt_stands(void)
{
    return lg.prompt;
}

/* The key's row, or the one that is free soonest. */
static size_t limited_row(const void *key)
{
    size_t best = 0;
    for (size_t i = 0; i < LIMITED_KEYS; i++) {
        if (lg.limited[i].key == key)
            return i;
        if (lg.limited[i].until < lg.limited[best].until)
            best = i;
    }
    lg.limited[best].key = key;
    lg.limited[best].until = 0;
    lg.limited[best].held = 0;
    return best;
}

/* Whether the line may go now, and how many like it were held back. */
static bool may_go(const void *limit, mono_ns now, uint32_t *held)
{
    *held = 0;
    if (!limit)
        return true;
    size_t i = limited_row(limit);
    if (lg.limited[i].until && now < lg.limited[i].until) {
        lg.limited[i].held++;
        return false;
    }
    *held = lg.limited[i].held;
    lg.limited[i].until = now + LIMITED_FOR;
    lg.limited[i].held = 0;
    return true;
}

static void add(enum log_severity severity, const void *limit,
                const char *format, va_list ap)
{
    char text[LIMIT_LOG_LINE];
    mono_ns now = port_mono();
    uint32_t held;
    if (!may_go(limit, now, &held))
        return;
    struct fmt_text t = {.out = text, .cap = sizeof text};
    t.len = fmt_v(text, sizeof text, format, ap);
    if (held)
        fmt_add(&t, " (and %lu like it)", (unsigned long)held);
    logring_add(&lg.ring, now, severity, text);
}

void log_at(enum log_severity severity, const void *limit, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(severity, limit, fmt, ap);
    va_end(ap);
}

void log_line(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(LOG_INFO, NULL, fmt, ap);
    va_end(ap);
}

void log_limited(const void *key, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(LOG_WARNING, key, fmt, ap);
    va_end(ap);
}

/* The next line into out. The copy stays whole while the ring moves on. */
static bool next_line(void)
{
    uint32_t missed;
    if (lg.hold)
        return false;
    const char *line = logring_read(&lg.ring, &lg.shown, &missed);
    if (!line)
        return false;
    const char *wipe = lg.prompt ? "\r\x1b[K" : "";
    lg.prompt = false;
    lg.lost += missed;
    if (missed) {
        lg.shown--; /* the line itself comes next */
        lg.len = fmt(lg.out, sizeof(lg.out), "%s(%lu lines lost)\r\n", wipe,
                     (unsigned long)missed);
    } else {
        lg.len = fmt(lg.out, sizeof(lg.out), "%s%s\r\n", wipe, line);
    }
    lg.done = 0;
    return true;
}

mono_ns log_poll(mono_ns now)
{
    while (lg.done < lg.len || next_line()) {
        lg.done += port_console(lg.out + lg.done, lg.len - lg.done);
        if (lg.done < lg.len)
            return now + RETRY;
    }
    return MONO_NEVER;
}
