/* ntp_udp.h -- the NTP client's datagrams: one slot for each source, a new
 * random source port for every request (RFC 9109), so that a reply can only
 * come back to the request it answers. */
#ifndef NTP_UDP_H
#define NTP_UDP_H

#include "core/addr.h"

/* Sets what is called when the request of a slot has left, with the stamp of
 * its frame, however long it waited for an address resolution; when the device
 * has told at what stamp that frame began to leave on the wire; and when a
 * datagram has come from where this slot's request went; and the class of
 * requests (dscp). Once, first. */
void ntp_udp_init(uint8_t dscp, void (*sent)(unsigned slot, uint64_t stamp),
                  void (*left)(unsigned slot, uint64_t stamp),
                  void (*received)(unsigned slot, uint64_t stamp,
                                   const uint8_t *msg, size_t len));

/* Sends one request and listens for its answer until the next request from
 * this slot. Returns RC_OK once lwIP has taken it, RC_SPACE: out of buffers or
 * ports, RC_IO: no route or no address, RC_STATE: no entropy. */
int ntp_udp_send(unsigned slot, const struct addr *to, uint16_t port,
                 const uint8_t *msg, size_t len) MUST_CHECK;

#endif
