/* host.h -- private to tests/host: the parts of the Linux port. */
#ifndef HOST_H
#define HOST_H

#include "core/base.h"

/* Before gnomon_main(): network up, card open (NULL: none). */
void host_start(const char *card_path);

/* slirp.c */
void host_net_start(void);
void host_net_wait(int ms);     /* poll everything, at most so long         */
void host_net_link(bool up);    /* pull the plug, put it back               */
void host_net_no_console(void); /* wait for stdin no more                   */
/* From here on lose so many of a hundred frames each way, and hold those that
 * come in for so long (their stamps say when they were let go). */
void host_net_faults(unsigned loss_percent, unsigned delay_ms, uint32_t seed);

#endif
