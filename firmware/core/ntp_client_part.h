/* ntp_client_part.h -- what the files of ntp_client share. Private to
 * ntp_client*.c: _poll says when and writes requests, ntp_client.c judges
 * replies, _times makes samples of their timestamps. */
#ifndef NTP_CLIENT_PART_H
#define NTP_CLIENT_PART_H

#include "ntp_client.h"
#include "ntp_wire.h"

#define NTP_CLIENT_SECOND   INT64_C(1000000000)
#define NTP_CLIENT_POLL_MIN (-7) /* chrony's limits, log2 s                  */
#define NTP_CLIENT_POLL_MAX 24
#define NTP_CLIENT_BACKOFF  8 /* unanswered requests per doubling         */

static inline int ntp_client_clamp(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* When the request after one at `asked` is due, but for chance. */
mono_ns ntp_client_next(const struct ntp_client *n, mono_ns asked);
/* The first valid reply has come: the ramp begins. */
void ntp_client_ramp(struct ntp_client *n, mono_ns now);
/* The next request is not sooner than 2 s (minpoll, if less) from now. */
void ntp_client_hold_off(struct ntp_client *n, mono_ns now);
/* RATE: twice the interval from now on, beyond maxpoll if need be. */
void ntp_client_slow_down(struct ntp_client *n, mono_ns now);

/* The exchange that a valid reply's header and our two stamps tell of, as a
 * sample: with h->origin our receive timestamp the one before, else this one.
 * RFC 5905 section 9.2's packet sanity; false: impossible, *s is not to be
 * used. s->failed: NTP_TEST_A or 0. *n is not changed. */
bool ntp_client_times(const struct ntp_client *n, const struct ntp_header *h,
                      uint64_t stamp, struct ntp_sample *s);

#endif
