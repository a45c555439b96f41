/* filter_delay.h -- what the last round trips say about a path: the least and
 * the greatest possible one, how sure they are, and how the others spread.
 *
 *     filter_delay_add(&d, delay, now_s, doubt);  each round trip, in order
 *     then least, lo, most, hi, median, iqr are what kalman_bank wants to know
 *
 * Remembers 256 of at most a day. A shorter way is believed at once: the
 * least is the least. A longer one only when 32 in a row lie above 7 of 8
 * older ones and start as sharply as a new floor does (their 6th smallest near
 * their smallest): a queue that fills for half an hour looks different, and
 * taking it for a route was a 24 ms error once.
 * Or when the older ones, too, came by either way for long and in turns: a
 * route that comes and goes. Then all that is older is forgotten.
 *
 * Pure; caller owns the struct. Delays are >= 0, else anything. */
#ifndef FILTER_DELAY_H
#define FILTER_DELAY_H

#include "base.h"

#define FILTER_DELAYS 256

struct filter_delay {              /* fields but the first line are private */
    double least, lo, median, iqr; /* s; lo: least may be too great by this  */
    double most, hi;               /* the greatest; may be too little by hi  */
    float ring[FILTER_DELAYS], sorted[FILTER_DELAYS];
    uint32_t at[FILTER_DELAYS]; /* s */
    uint16_t n, next;
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

#endif
