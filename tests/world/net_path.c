/* net_path.c -- what the path to a server does to NTP: it loses, doubles and
 * delays, each packet by itself, so that they also change places. */
#include "world.h"

/* splitmix64, of the world: it goes on over a power cut. */
unsigned simpath_random(unsigned below)
{
    uint64_t z = w->path_random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((z ^ z >> 31) >> 32) % below;
}

unsigned simpath_copies(unsigned server, int64_t extra_ns[2])
{
    const struct sim_server *s = &w->server[server];
    if (!s->lost && !s->twice && !s->jitter_ns)
        return 1;
    if (simpath_random(1000) < s->lost)
        return 0;
    for (unsigned i = 0; i < 2; i++)
        extra_ns[i] = s->jitter_ns / 1000 * (int64_t)simpath_random(1001);
    return simpath_random(1000) < s->twice ? 2 : 1;
}

/* A packet of so many bytes behind its IP header; the board's port. */
bool simpath_too_long(uint8_t protocol, size_t len, uint16_t port)
{
    return w->mtu && len + (simnet6_is(protocol, port) ? 40 : 20) > w->mtu;
}
