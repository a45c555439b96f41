/* machine.h -- what the machine says of itself (port_info). */
#ifndef MACHINE_H
#define MACHINE_H

#include "core/status.h"

/* Fills the machine's section of the snapshot. */
void machine_status(struct status_machine *out);

#endif
