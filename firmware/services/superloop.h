/* superloop.h -- everything takes turns: one pass polls each service once, in
 * order, and sleeps until the first of them wants to run again or an interrupt
 * comes. A poll does about a millisecond of work at most; how long each took
 * at most is kept. The watchdog is kicked only when all have come back. */
#ifndef SUPERLOOP_H
#define SUPERLOOP_H

#include "core/status.h"

#define SUPERLOOP_SERVICES (LEN(((struct status_loop *)0)->poll) - 1)

struct superloop_service {
    const char *name;
    mono_ns (*poll)(mono_ns now); /* returns when it must run next          */
    bool early; /* needs nothing but the machine: runs before all is started */
};

/* Takes over the table, which stays the caller's and is at most
 * SUPERLOOP_SERVICES long. */
void superloop_init(const struct superloop_service *table, size_t count);

/* Makes one pass over the services, or over the early ones alone, and
 * sleeps. */
void superloop_pass(bool early_only);

/* Fills the loop's section of the snapshot: a row for each service, then one
 * for the whole pass. */
void superloop_status(struct status_loop *out);

#endif
