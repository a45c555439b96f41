/* filter_delay.h -- what the last round trips say about a path: the least and
 * the greatest possible one, how sure they are, and how the others spread.
 *
 *     filter_delay_add(&d, delay, now_s, doubt);  each round trip, in order
 *     then least, lo, most, hi, median, iqr are what kalman_bank wants to know
 *
 * Remembers 256 of at most a day, and of all those of a day the least ones: 256
 * leave twice as much of the least possible one open, and a path that is full
 * for six hours was free before. A shorter way is believed at once: the least
 * is the least. Whether a way has become longer, round trips alone cannot tell
 * from a queue: `lately` is what the least one would be if it has. That is the
 * least of the last 20 where those lie above 7 of 8 older ones (or the older
 * ones, too, came by either way for long and in turns) and start as sharply as
 * a new floor does, their 6th smallest near their smallest; else the least of
 * the last 256. Who knows the time sees which it is (filter.md) and says so
 * with filter_delay_forget.
 *
 * Pure; caller owns the struct. Delays are >= 0, else anything. */
#ifndef FILTER_DELAY_H
#define FILTER_DELAY_H

#include "base.h"

#define FILTER_DELAYS 256
/* So many samples make a law, of delays or of what a source differs by. */
#define FILTER_KNOWN  16
#define FILTER_LOWEST 6 /* the last of so many says how sure the least one is */
#define FILTER_SPANS  6 /* of four hours each, in which those are kept     */

struct filter_lowest { /* of some round trips, in order */
    float v[FILTER_LOWEST];
    unsigned n;
};

struct filter_delay {              /* fields but the first line are private */
    double least, lo, median, iqr; /* s; lo: least may be too great by this  */
    double most, hi;               /* the greatest; may be too little by hi  */
    double lately, lately_lo;      /* least and lo if the way is longer now  */
    struct filter_lowest span[FILTER_SPANS]; /* the newest one first         */
    uint32_t begun;                          /* s, when that began           */
    float ring[FILTER_DELAYS], sorted[FILTER_DELAYS];
    uint32_t at[FILTER_DELAYS]; /* s */
    uint16_t n, next;
    bool sharp;      /* lately is of the last 20                             */
    bool ends;       /* most is an end as sharp as least                     */
    bool usual;      /* one of the last 12 came near the least: neither a longer
                 * route that is not yet one, nor a full queue              */
    uint16_t routes; /* readable: longer ways found               */
};

/* Adds a round trip, in seconds, in the order they were made. now_s is the
 * time in seconds on any even clock and may wrap. doubt is how coarse a single
 * round trip is by the counter and the server's precision, in seconds. */
void filter_delay_add(struct filter_delay *d, double delay, uint32_t now_s,
                      double doubt);

/* The way has become longer: forgets what is older than the round trips that
 * `lately` is of, so that it is the least one from now on. doubt as above. */
void filter_delay_forget(struct filter_delay *d, double doubt);

#endif
