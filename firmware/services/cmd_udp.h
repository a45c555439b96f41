/* cmd_udp.h -- answers chronyc over UDP, whom chrony.conf allows (cmdallow):
 * the socket around core/cmdmon.h. Nothing here changes the machine. */
#ifndef CMD_UDP_H
#define CMD_UDP_H

#include "core/conf.h"

/* Opens the port if anybody is allowed, and says so. Without `cmdallow`
 * nothing is open. conf stays the caller's. */
void cmd_udp_start(const struct conf *conf);

#endif
