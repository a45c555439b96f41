/* timekeeper_private.h -- the board's one clock, for timekeeper*.c. */
#ifndef TIMEKEEPER_OWNED_H
#define TIMEKEEPER_OWNED_H

#include "core/timekeeper.h"

extern struct timekeeper timekeeper_state;

#endif
