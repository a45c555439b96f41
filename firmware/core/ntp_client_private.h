/* ntp_client_private.h -- what the files of ntp_client share. Private to
 * ntp_client*.c: _poll says when and writes requests, ntp_client.c judges
 * replies, _sample makes samples of their timestamps. */
#ifndef NTP_CLIENT_PRIVATE_H
#define NTP_CLIENT_PRIVATE_H

#include "ntp_client.h"
#include "ntp_wire.h"

#define NTP_CLIENT_POLL_MIN (-7) /* chrony's limits, log2 s                  */
#define NTP_CLIENT_POLL_MAX 24
#define NTP_CLIENT_BACKOFF  8 /* unanswered requests per doubling         */

static inline int ntp_client_clamp(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Return when the request after one at `asked` is due, without its jitter. */
mono_ns ntp_client_next(const struct ntp_client *n, mono_ns asked);
/* Begin the ramp of quick polls, once the first valid reply has come. */
void ntp_client_ramp(struct ntp_client *n, mono_ns now);
/* Put the next request off to 2 s from now (minpoll, if less) or later. */
void ntp_client_hold_off(struct ntp_client *n, mono_ns now);
/* Let the next request go when poll says. */
void ntp_client_reschedule(struct ntp_client *n);
/* Ask again in 2 s (minpoll, if less), if the next request has been put off to
 * spare cookies. */
void ntp_client_unspare(struct ntp_client *n, mono_ns now);
/* Double the interval from now on, which is what a RATE kiss asks for: up to
 * maxpoll, or beyond when there was one before and no valid reply since. */
void ntp_client_slow_down(struct ntp_client *n, mono_ns now);
/* Note that a valid reply has come: the interval that RATE kisses made longer
 * gets shorter step by step. */
void ntp_client_speed_up(struct ntp_client *n);
/* Put the next request off for hours, longer each time, because the server
 * refuses us. */
void ntp_client_refuse(struct ntp_client *n, mono_ns now);

/* Make a sample *s of the exchange that a valid reply's header h and our two
 * stamps tell of: the one before when h->origin is our receive timestamp,
 * else this one. Returns false when the times are impossible (packet sanity,
 * RFC 5905 section 9.2), which *why says, and then *s must not be used.
 * s->failed is NTP_TEST_A or 0. *n is not changed. */
bool ntp_client_sample(const struct ntp_client *n, const struct ntp_header *h,
                       uint64_t stamp, struct ntp_sample *s,
                       enum ntp_drop *why);

#endif
