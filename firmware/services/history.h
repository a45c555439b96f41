/* history.h -- fills core/history with what the clock does, and notes how far
 * this start has come. In RAM only: a restart begins with an empty one. */
#ifndef SERVICES_HISTORY_H
#define SERVICES_HISTORY_H

#include "core/history.h"
#include "core/status.h"

/* Starts empty. chrony.conf has been read, if there is one. */
void history_init(void);

/* Takes a look. Returns when to be called next. */
mono_ns history_poll(mono_ns now);

/* Returns the history, to read from. */
const struct history *history_kept(void);

/* Fills the start's section of the snapshot. */
void history_status(struct status_start *out);

#endif
