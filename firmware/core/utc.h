/* utc.h -- NTP, Unix and civil time, and spans between them. No leap-second
 * table: like NTP and Unix time, every day has 86400 seconds.
 *
 * Eras: an ntp64 says where in 2^32 s (136 years) a moment lies, not in which
 * such era. Whoever needs the century gives a pivot, Unix seconds: the moment
 * is the one nearest to it, within 2^31 s (68 years) either way. The pivot is
 * the time floor, the latest moment that is known to be past, so that a server
 * that says 1970, 2000 or 2007 is decades before the floor, and not in the
 * next century. 2036, 2038 and 2106 are ordinary years to a clock whose floor
 * is not more than 68 years before them. Only the years before 1958, read with
 * a floor of 2026, come out an era later: 1900-01-01, where a counter of NTP
 * seconds begins at 0, is the same ntp64 as 2036-02-07.
 *
 * Two ntp64 are subtracted, never compared: a difference is right as long as
 * the moments lie within 68 years of each other.
 *
 * Pure; every function is total. Nothing here calls libc's time functions. */
#ifndef UTC_H
#define UTC_H

#include "base.h"

#define UTC_NTP_UNIX 2208988800u /* 1970-01-01 in NTP s, RFC 5905 fig 4 */
#define UTC_ERA_S    ((int64_t)1 << 32)
#define UTC_S        ((int64_t)1 << 32) /* a second as an ntp span */

/* --- spans: int64_t of 2^-32 s (the word for it: ntp span), or span_ns --- */

/* Return a - b in 2^-32 s. */
static inline int64_t utc_diff(ntp64 a, ntp64 b)
{
    return (int64_t)(a - b);
}

/* Return a span of 2^-32 s in ns, rounded to the nearest. */
span_ns utc_span_ns(int64_t ntp_span);
/* Return a span of ns in 2^-32 s, rounded to the nearest and clamped to
 * +-2^31 s. */
int64_t utc_span_ntp(span_ns ns);

/* Return a - b in ns. */
static inline span_ns utc_diff_ns(ntp64 a, ntp64 b)
{
    return utc_span_ns(utc_diff(a, b));
}

/* Return the moment that is ns later than t. */
static inline ntp64 utc_add_ns(ntp64 t, span_ns ns)
{
    return t + (uint64_t)utc_span_ntp(ns);
}

/* Return how long `ticks` of a counter of exactly hz last, in 2^-32 s, rounded
 * towards minus infinity; it wraps beyond +-2^31 s like any ntp64 difference.
 */
int64_t utc_ticks_ntp(int64_t ticks, uint32_t hz);

/* Return an NTP short (16.16 s, root delay and dispersion) in ns, 0 .. 65536
 * s. */
span_ns utc_short_ns(uint32_t ntp_short);

/* --- Unix -------------------------------------------------------------- */

/* Return t in Unix seconds, rounded down: the moment nearest to the pivot, from
 * pivot_s - 2^31 to pivot_s + 2^31 - 1. */
int64_t utc_unix_s(ntp64 t, int64_t pivot_s);
/* Return the rest of t's second in ns, 0 .. 999999999. */
uint32_t utc_unix_ns(ntp64 t);
/* Return the moment of these Unix seconds and ns; ns from 1e9 on is clamped. */
ntp64 utc_of_unix(int64_t s, uint32_t ns);

/* --- civil, proleptic Gregorian ---------------------------------------- */

struct utc_civil {
    int32_t year;  /* 2026                                                  */
    uint8_t month; /* 1 .. 12                                               */
    uint8_t day;   /* 1 .. 31                                               */
    uint8_t hour, minute, second;
    uint8_t weekday; /* 0 Sunday; an output only                             */
};

/* Return the date and time of these Unix seconds, clamped beyond +-2^40 s
 * (about +-34 800 years). */
struct utc_civil utc_civil_of(int64_t unix_s);
/* Turn a date and time, such as a certificate's, into Unix seconds. Returns
 * RC_OK, or RC_BAD when it does not exist (30 February, 24:00, second 60), and
 * then *unix_s is as it was. */
int utc_unix_of(const struct utc_civil *c, int64_t *unix_s) MUST_CHECK;

#define UTC_TEXT 48 /* room for either text and its final 0 */

/* Write "2026-11-23 01:02:03.123456 UTC" and return the length. ns is cut, not
 * rounded, to microseconds: a clock never shows a time before it came. */
size_t utc_text(int64_t unix_s, uint32_t ns, char out[UTC_TEXT]);
/* Write "Mon Nov 23 01:02:03 2026", as chronyc's tracking prints it, and return
 * the length. */
size_t utc_text_chronyc(int64_t unix_s, char out[UTC_TEXT]);

#endif
