/* syslog.h -- a line of the log as a syslog message: RFC 5424, facility 12 (the
 * NTP subsystem), made for a datagram of its own (RFC 5426). Pure.
 *
 *     <102>1 2026-11-23T00:00:01.500000Z gnomon gnomon - - [timeQuality
 *     tzKnown="1" isSynced="1" syncAccuracy="174"][meta sequenceId="7"
 *     sysUpTime="150"] synchronised: 3 of 3 sources agree, nts1 selected
 *
 * A line from before the clock was first set has no time, NILVALUE, but
 * sysUpTime, in hundredths of a second. sequenceId counts the lines of the log
 * from 1, so that a gap shows what was lost.
 *
 * Names in the text may come from the network: what is not printable ASCII
 * becomes `?`, so that a message is one line. */
#ifndef SYSLOG_H
#define SYSLOG_H

#include "logring.h"

#define SYSLOG_MAX  (LIMIT_LOG_LINE + 260) /* of a message, and its 0        */
#define SYSLOG_PORT 514

struct syslog_line {
    const char *hostname; /* "" or NULL: not known                           */
    bool timed;           /* the clock had been set: the time counts         */
    int64_t unix_s;
    uint32_t ns;
    bool synced;      /* the clock is set now, and off by no more than this */
    span_ns bound_ns; /* less than 0: not known                             */
    mono_ns uptime;   /* when the line was logged                           */
    uint32_t number;  /* of the line in the log, from 0                     */
    uint8_t severity; /* enum log_severity                                  */
    const char *text;
};

/* Writes the message, cut at cap, and returns its length. */
size_t syslog_format(const struct syslog_line *l, char *out, size_t cap);

#endif
