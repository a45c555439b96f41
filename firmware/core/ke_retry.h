/* ke_retry.h -- when a key exchange may be tried again (RFC 8915 section
 * 4.2), also over restarts.
 *
 * After the nth exchange in a row that no reply has proved,
 *
 *     t = min(10 * 1.5^(n-1), 432000) seconds
 *
 * must pass, here with a jitter of up to a quarter more, so that clients which
 * failed together do not come back together (never beyond 432000). Only
 * proved(), which is a valid reply under the keys of the last exchange, takes
 * the count back.
 *
 *     may -> TCP connected -> begin -> write the record, wait for the card
 *         -> TLS, exchange -> ended -> (valid reply) proved -> write the record
 *
 * An attempt that finds no TCP connection has met no server: it does not count
 * and is in no record.
 *
 * Over a restart. The record says how many failed and how much of the wait
 * is left. It is written before an exchange, with the whole wait, so that a
 * crash or a power cut in the middle of it counts as a failure. There is no
 * wall time before the first sync, so only time with the power on counts:
 * the wait goes on from what the record says, from boot. note() says when to
 * write it again: 10, 20, 40 ... s into the wait, at most 16 times. A machine
 * that is never on as long as its wait is therefore not shut out for ever (at
 * most half of what it waited is forgotten), and one that restarts every few
 * seconds asks no more often than one that does not. */
#ifndef KE_RETRY_H
#define KE_RETRY_H

#include "bytes.h"

#define KE_RETRY_MAX_S 432000

struct ke_retry {     /* all zero: nothing has failed */
    uint8_t failures; /* begun in a row and not proved, up to 255           */
    mono_ns wait;     /* after the last one begun                           */
    mono_ns next;     /* no exchange before this                            */
    mono_ns from, noted; /* the wait began; the record is due again         */
    uint8_t hurried;     /* waits cut short since the last success          */
};

/* Tell whether a key exchange may begin now. */
bool ke_retry_may(const struct ke_retry *r, mono_ns now);
/* Count an exchange that begins now as failed and set the wait after it, at
 * most most_s seconds; 0: the RFC's longest. jitter: any 16 random bits. */
void ke_retry_begin(struct ke_retry *r, mono_ns now, uint16_t jitter,
                    uint32_t most_s);
/* End the wait early, because the network or what the server answers has become
 * another, by which exchanges may have failed. The count stays. So that a link
 * that comes and goes does not ask all the time, at least a minute passes after
 * the last exchange, and twice as long after each wait cut short, up to 64
 * minutes. */
void ke_retry_hurry(struct ke_retry *r, mono_ns now);
/* End the wait at once, because whoever switched the power off and on after a
 * long run, or changed the card, wants an answer. The count stays. */
void ke_retry_now(struct ke_retry *r, mono_ns now);
/* Let the wait count from now, when the exchange has ended, well or badly. */
void ke_retry_ended(struct ke_retry *r, mono_ns now);
/* Take the count back to 0, when a valid reply has proved the keys of the last
 * exchange. */
void ke_retry_proved(struct ke_retry *r);

/* Return when the record is worth writing again, or MONO_NEVER. */
mono_ns ke_retry_note(const struct ke_retry *r);
/* Note that the record is being written now. */
void ke_retry_noted(struct ke_retry *r, mono_ns now);

#define KE_RETRY_BYTES 5
/* Append the record's bytes to w: failures, and the seconds left of the wait
 * (32 bits), rounded up. */
void ke_retry_write(const struct ke_retry *r, mono_ns now, struct writer *w);
/* Read a record back at boot, any bytes, and wait on from now. A wait beyond
 * the longest is the longest; what in does not hold counts as zeros. */
void ke_retry_read(struct ke_retry *r, mono_ns now, struct reader *in);

#endif
