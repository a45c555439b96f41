/* mdns.h -- tells the network our name, and what is served while it is
 * (adapters/net_mdns.h): the page, and NTP and NTS-KE as long as the clock is
 * set. */
#ifndef SERVICES_MDNS_H
#define SERVICES_MDNS_H

#include "core/conf.h"

/* Begins, unless chrony.conf says `mdns off`. After net_init, before the first
 * net_poll. conf stays the caller's. */
void mdns_init(const struct conf *conf);

/* Looks what is served. Returns when to be called next. */
mono_ns mdns_poll(mono_ns now);

#endif
