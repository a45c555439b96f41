/* stage.h -- looks once a second how far the board has come (core/stage.h), has
 * the LED show where it stands, and says so in the log. */
#ifndef SERVICES_STAGE_H
#define SERVICES_STAGE_H

#include "core/mono.h"

/* Starts at the way's beginning. */
void stage_init(void);

/* Looks at the snapshot. Returns when to be called next. */
mono_ns stage_poll(mono_ns now);

#endif
