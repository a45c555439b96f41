/* timekeeper_boot.h -- core/bootstrap at work: whose reply is believed, when
 * the clock may be set, when the floor rises, and why not. Private to
 * timekeeper*.c. */
#ifndef TIMEKEEPER_BOOT_H
#define TIMEKEEPER_BOOT_H

#include "core/bootstrap.h"
#include "core/select.h"
#include "timekeeper.h"

void timekeeper_boot_init(const struct conf *conf,
                          const struct timekeeper_start *start);
void timekeeper_boot_floor(int64_t floor, bool by_operator);
/* An authentic reply of slot says t. False: not believed, and said. */
bool timekeeper_boot_believes(unsigned slot, const char *name, int64_t t,
                              int64_t cert_lo, int64_t cert_hi);
void timekeeper_boot_forget(unsigned slot);
/* What select made of in[n]. True: if sel->ok, it may steer the clock. Finds
 * the words for why not. */
bool timekeeper_boot_judge(const struct select_in *in, size_t n,
                           const struct select_out *sel);
/* Says them; when it wants to be called again. */
mono_ns timekeeper_boot_poll(mono_ns now);
/* It has. */
void timekeeper_boot_updated(const struct select_out *sel);
/* The latest time that a quorum agreed on; false: none since boot. */
bool timekeeper_boot_raised(int64_t *unix_s);
/* Why the clock is not set, and what is not checked; "" if there is nothing
 * to say. */
void timekeeper_boot_status(struct status_tracking *t);

/* In timekeeper.c: what the clock may be off, seconds; 0 while not set. */
int64_t timekeeper_slack(void);

#endif
