#include "logring.h"

#include "fmt.h"

static_assert((LIMIT_LOG_LINES & (LIMIT_LOG_LINES - 1)) == 0,
              "line numbers wrap: the ring must divide 2^32");

void logring_add(struct logring *r, mono_ns uptime, enum log_severity severity,
                 const char *text)
{
    char *line = r->line[r->next % LIMIT_LOG_LINES];
    uint64_t us = uptime > 0 ? (uint64_t)uptime / 1000 : 0;
    (void)fmt(line, LIMIT_LOG_LINE, "[%5llu.%06llu] %s",
              (unsigned long long)(us / 1000000),
              (unsigned long long)(us % 1000000), text);
    for (; *line; line++)
        if (*line < ' ' || *line > '~')
            *line = '?';
    r->mark[r->next % LIMIT_LOG_LINES] =
        (struct logring_mark){.uptime = uptime, .severity = (uint8_t)severity};
    r->next++;
    if (r->kept < LIMIT_LOG_LINES)
        r->kept++;
}

const struct logring_mark *logring_mark(const struct logring *r,
                                        uint32_t number)
{
    return &r->mark[number % LIMIT_LOG_LINES];
}

uint32_t logring_oldest(const struct logring *r)
{
    return r->next - r->kept;
}

const char *logring_read(const struct logring *r, uint32_t *at,
                         uint32_t *missed)
{
    uint32_t behind = r->next - *at;
    *missed = 0;
    if (behind == 0)
        return NULL;
    if (behind > r->kept) {
        *missed = behind - r->kept;
        *at = logring_oldest(r);
    }
    return r->line[(*at)++ % LIMIT_LOG_LINES];
}
