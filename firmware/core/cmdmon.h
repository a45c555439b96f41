/* cmdmon.h -- chronyc's protocol, version 6, on UDP 323: a request's bytes and
 * the status snapshot in, a reply's bytes or silence out.
 *
 *     n = cmdmon_reply(&m, req, len, out)      > 0: send out[n]
 *
 * Reports only: what would change anything gets "not authorised". The format
 * of a reply is the newest that fits into its request, which chronyc pads to
 * what it expects, so that chronyc 3 and 4.0 to 4.9 all read it. A reply is
 * never longer than its request.
 *
 * Signs and units on the wire are chrony's, the opposite of ours for offsets
 * and frequencies.
 *
 * Everything in a request is outside input. The caller owns the struct.
 * Pure. */
#ifndef CMDMON_H
#define CMDMON_H

#include "access.h"
#include "clientlog.h"
#include "status.h"

#define CMDMON_REPLY_MAX 520 /* clients, the longest reply                   */

/* The reports, by the names that chronyc and opencommands have for them. */
enum cmdmon_report {
    CMDMON_ACCHECK,
    CMDMON_ACTIVITY,
    CMDMON_AUTHDATA,
    CMDMON_CLIENTS,
    CMDMON_CMDACCHECK,
    CMDMON_MANUAL,
    CMDMON_NTPDATA,
    CMDMON_RTCDATA,
    CMDMON_SELECTDATA,
    CMDMON_SERVERSTATS,
    CMDMON_SMOOTHING,
    CMDMON_SOURCENAME,
    CMDMON_SOURCES,
    CMDMON_SOURCESTATS,
    CMDMON_TRACKING,
    CMDMON_REPORTS
};
#define CMDMON_OPEN (((1u << CMDMON_REPORTS) - 1) & ~(1u << CMDMON_CLIENTS))

/* Returns the name of a report. */
const char *cmdmon_report_name(enum cmdmon_report r);

struct cmdmon { /* what requests are answered from                          */
    const struct status *status;
    const struct clientlog *clients; /* NULL: none is kept                   */
    const struct access *allow, *cmdallow;
    uint32_t open; /* 1 << of each report that is given                     */
    mono_ns now;   /* on the clients' scale                                 */
    /* The source that was told of last: of several at one address it is the
     * one that a question by address means, for chronyc asks for the two in
     * turn. */
    uint32_t recent;
};

/* Tells whether these bytes are a request that is answered at all, before
 * anything is done for it: chronyd's rules for length, type and version. */
bool cmdmon_is_request(const uint8_t *req, size_t len);

/* Answers a request of len bytes from an address that may ask. Returns the
 * length of the reply in out (CMDMON_REPLY_MAX bytes), or 0: silence. */
size_t cmdmon_reply(struct cmdmon *m, const uint8_t *req, size_t len,
                    uint8_t *out);

/* Returns a number in chrony's 32-bit floating format: 7 bits of exponent, 25
 * of coefficient, to 24 bits of precision. What is too large becomes the
 * largest, NaN 0. */
uint32_t cmdmon_float(double x);

#endif
