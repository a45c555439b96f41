/* timekeeper_private.h -- what the files of core/timekeeper share:
 * timekeeper.c chooses and steers, timekeeper_boot.c judges what may be
 * believed before the clock is set, timekeeper_read.c only reads. */
#ifndef TIMEKEEPER_PRIVATE_H
#define TIMEKEEPER_PRIVATE_H

#include "timekeeper.h"

/* Puts a line into the list of events; limit as in struct timekeeper_event.
 * Formats are core/fmt's. */
void tk_say(struct timekeeper *t, enum log_severity severity, const void *limit,
            const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Begins with the floor and modes of start and conf. */
void tk_boot_init(struct timekeeper *t, const struct timekeeper_start *start,
                  uint64_t ticks);

/* Takes a floor that somebody else has found. */
void tk_boot_floor(struct timekeeper *t, uint64_t ticks, int64_t floor_unix_s);

/* Returns whether an authentic reply of s is believed; why not goes to the
 * source's doubt and to the log. */
bool tk_boot_believes(struct timekeeper *t, struct timekeeper_slot *s,
                      const struct timekeeper_reply *reply);

/* Forgets a source's window and doubt. */
void tk_boot_forget(struct timekeeper_slot *s);

/* Judges what select made of in[], and returns whether it may steer the clock.
 * If not, t->why says so in words. */
bool tk_boot_judge(struct timekeeper *t);

/* Notes that an update contradicts the clock (discipline.h). */
void tk_boot_contradicted(struct timekeeper *t);

/* Counts an update that the clock follows, raises the floor as far as that
 * bears it, and warns of a lone plain server. */
void tk_boot_updated(struct timekeeper *t, uint64_t ticks,
                     const struct discipline_action *act);

#endif
