/* host.h -- private to tests/host: the parts of the Linux port. */
#ifndef HOST_H
#define HOST_H

#include "core/base.h"

/* Before gnomon_main(): network up, card open (NULL: none). */
void host_start(const char *card_path);

/* eth_slirp.c, or eth_genet.c: one pass, and by when the next must come, at
 * most in ms. */
void host_eth_start(void);
void host_eth_poll(void);
int host_eth_wait(int ms);

static const uint8_t host_mac[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x57};

/* slirp.c */
bool host_net_linked(void);
/* Takes a frame that is for us, as port_eth_recv; gives one to the network. */
int host_net_take(uint8_t *buf, size_t cap, uint64_t *stamp);
void host_net_give(const uint8_t *frame, size_t len);
void host_net_start(void);
void host_net_wait(int ms);     /* poll everything, at most so long         */
void host_net_link(bool up);    /* pull the plug, put it back               */
void host_net_no_console(void); /* wait for stdin no more                   */
/* From here on what comes to this port of 127.0.0.1 is the guest's. Returns
 * 0, or less: the port is in use. */
int host_net_forward(bool udp, unsigned port, unsigned to);
/* The same of a UDP port of ::1. */
int host_net_forward6(unsigned port, unsigned to);
/* From here on lose so many of a hundred frames each way, and hold those that
 * come in for so long (their stamps say when they were let go). */
void host_net_faults(unsigned loss_percent, unsigned delay_ms, uint32_t seed);

#endif
