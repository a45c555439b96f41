/* machine.h -- what the machine says of itself (port_info). */
#ifndef MACHINE_H
#define MACHINE_H

#include "core/status.h"

/* Notes that this start begins now. First of all. */
void machine_init(void);

/* Fills the machine's section of the snapshot. */
void machine_status(struct status_machine *out);

#endif
