/* logring.h -- a fixed ring of lines, each with its uptime. Pure.
 *
 * Lines are numbered from 0 as they come; the ring keeps the last
 * LIMIT_LOG_LINES. A reader holds the number it wants next and may be
 * overtaken: then it is moved on and told how many it missed. */
#ifndef LOGRING_H
#define LOGRING_H

#include "limit.h"
#include "base.h"

struct logring {   /* 31 KB: static; all zero is an empty ring */
    uint32_t next; /* number of the next line; wraps after 4 * 10^9      */
    uint32_t kept; /* lines in the ring                                 */
    char line[LIMIT_LOG_LINES][LIMIT_LOG_LINE];
};

/* Add the line "[    0.123456] text", cut at LIMIT_LOG_LINE - 1. Bytes that
 * are not printable ASCII become `?`: a name from the network must not steer
 * the terminal. */
void logring_add(struct logring *r, mono_ns uptime, const char *text);

/* Return the line with number *at, or a later one if that is gone (*missed is
 * how many were), and move *at past it; NULL when there is none yet. The text
 * holds until the next logring_add. */
const char *logring_read(const struct logring *r, uint32_t *at,
                         uint32_t *missed);
/* Return the number of the oldest line that the ring holds. */
uint32_t logring_oldest(const struct logring *r);

#endif
