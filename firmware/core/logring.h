/* logring.h -- a fixed ring of lines, each with its uptime. Pure.
 *
 * Lines are numbered from 0 as they come; the ring keeps the last
 * LIMIT_LOG_LINES. A reader holds the number it wants next and may be
 * overtaken: then it is moved on and told how many it missed. */
#ifndef LOGRING_H
#define LOGRING_H

#include "limit.h"
#include "base.h"

/* What a line is to who reads it, as numbered by RFC 5424 section 6.2.1. */
enum log_severity {
    LOG_ERROR = 3,   /* does not work until somebody lends a hand            */
    LOG_WARNING = 4, /* the clock, or a source of it, is not as wanted       */
    LOG_NOTICE = 5,  /* what one wants to know a year later                  */
    LOG_INFO = 6,
};

struct logring_mark { /* of a line, beside its text */
    mono_ns uptime;
    uint8_t severity; /* enum log_severity                                  */
};

struct logring {   /* 66 KB: static; all zero is an empty ring */
    uint32_t next; /* number of the next line; wraps after 4 * 10^9      */
    uint32_t kept; /* lines in the ring                                 */
    char line[LIMIT_LOG_LINES][LIMIT_LOG_LINE];
    struct logring_mark mark[LIMIT_LOG_LINES];
};

/* Add the line "[    0.123456] text", cut at LIMIT_LOG_LINE - 1. Bytes that
 * are not printable ASCII become `?`: a name from the network must not steer
 * the terminal. */
void logring_add(struct logring *r, mono_ns uptime, enum log_severity severity,
                 const char *text);

/* Return the line with number *at, or a later one if that is gone (*missed is
 * how many were), and move *at past it; NULL when there is none yet. The text
 * holds until the next logring_add. */
const char *logring_read(const struct logring *r, uint32_t *at,
                         uint32_t *missed);
/* Return what is known of the line with this number, which the ring holds. */
const struct logring_mark *logring_mark(const struct logring *r,
                                        uint32_t number);
/* Return the number of the oldest line that the ring holds. */
uint32_t logring_oldest(const struct logring *r);

#endif
