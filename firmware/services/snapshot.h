/* snapshot.h -- asks every service for its section of the status.
 * For what shows it: the console, and whoever else will. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "core/status.h"

/* Returns a fresh snapshot, which the next call overwrites. */
const struct status *snapshot_take(void);

#endif
