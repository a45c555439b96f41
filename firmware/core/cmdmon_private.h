/* cmdmon_private.h -- what the files of cmdmon share:
 *
 *   cmdmon.c          a request, the table of commands, reports on the server
 *   cmdmon_sources.c  reports on sources, and tracking
 *   cmdmon_put.c      chrony's types on the wire */
#ifndef CMDMON_PRIVATE_H
#define CMDMON_PRIVATE_H

#include "bytes.h"
#include "cmdmon.h"

#define CMDMON_REQUEST 20 /* a request's header, then its data               */

enum {
    CMDMON_OK = 0,
    CMDMON_FAILED = 1,
    CMDMON_NOT_AUTHORISED = 2,
    CMDMON_INVALID = 3,
    CMDMON_NO_SOURCE = 4,
    CMDMON_NOT_ENABLED = 6,
    CMDMON_ACCESS_ALLOWED = 8,
    CMDMON_ACCESS_DENIED = 9,
    CMDMON_NO_RTC = 13,
    CMDMON_INACTIVE = 15,
    CMDMON_BAD_VERSION = 18,
    CMDMON_BAD_LENGTH = 19,
};

struct cmdmon_answer {
    struct writer w; /* the data                                            */
    uint16_t code, status;
};

/* Append a number in chrony's format; a span as seconds, a frequency as ppm. */
void cmdmon_put_float(struct cmdmon_answer *a, double x);
void cmdmon_put_ns(struct cmdmon_answer *a, span_ns ns);
void cmdmon_put_ppm(struct cmdmon_answer *a, int64_t e12);
/* Append so many zeros. */
void cmdmon_put_zeros(struct cmdmon_answer *a, size_t n);
/* Append an address, or that of a source, which has a number from 1 on where
 * it has no address. */
void cmdmon_put_addr(struct cmdmon_answer *a, const struct addr *x);
void cmdmon_put_source(struct cmdmon_answer *a, const struct status *s,
                       uint32_t i);
/* Append a time. */
void cmdmon_put_time(struct cmdmon_answer *a, int64_t unix_s, uint32_t ns);
/* Return a snapshot's "seconds ago" as chrony has it. */
uint32_t cmdmon_ago_s(int64_t s);
/* Read an address; of another family than IPv4 and IPv6 it is none. */
struct addr cmdmon_take_addr(struct reader *r);

/* Answer a command: m and the request's data in, reply code and data, or a
 * status, out. */
void cmdmon_n_sources(struct cmdmon *m, struct reader *r,
                      struct cmdmon_answer *a);
void cmdmon_source_data(struct cmdmon *m, struct reader *r,
                        struct cmdmon_answer *a);
void cmdmon_tracking(struct cmdmon *m, struct reader *r,
                     struct cmdmon_answer *a);
void cmdmon_sourcestats(struct cmdmon *m, struct reader *r,
                        struct cmdmon_answer *a);
void cmdmon_selectdata(struct cmdmon *m, struct reader *r,
                       struct cmdmon_answer *a);
void cmdmon_sourcename(struct cmdmon *m, struct reader *r,
                       struct cmdmon_answer *a);
void cmdmon_authdata(struct cmdmon *m, struct reader *r,
                     struct cmdmon_answer *a);
void cmdmon_ntpdata(struct cmdmon *m, struct reader *r,
                    struct cmdmon_answer *a);

#endif
