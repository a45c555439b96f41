/* net_flood.h -- what the files of the flood share. */
#ifndef NET_FLOOD_H
#define NET_FLOOD_H

#include "world.h"

/* Writes the Ethernet header of the flood's next frame; returns its length. */
size_t simflood_ethernet(uint8_t *b, uint16_t type);
/* Writes the checksum at `at` of the payload of `len` bytes behind `head`. */
void simflood_sum(uint8_t *b, size_t at, size_t head, size_t len);
/* Writes a whole frame of an IPv6 kind, the count'th of the flood, with a port
 * of any value; returns its length. */
size_t simflood_make6(uint8_t *b, uint16_t any, uint32_t count);

#endif
