/* net_dhcp.c -- the network's DHCP server, which is the router, and what else
 * answers in its place. */
#include <string.h>

#include "core/bytes.h"
#include "world.h"

static void option(struct writer *o, uint8_t code, uint32_t value)
{
    writer_u8(o, code);
    writer_u8(o, 4);
    writer_u32(o, value);
}

/* The head of an answer to m, and its first options. */
static struct writer dhcp_message(uint8_t a[300], const uint8_t *m,
                                  uint8_t type, uint32_t server)
{
    memset(a, 0, 300);
    memcpy(a, "\2\1\6", 3);
    memcpy(a + 4, m + 4, 4);
    memcpy(a + 28, m + 28, 16);
    bytes_put32(a + 236, 0x63825363);
    struct writer o = writer_of(a + 240, 60);
    writer_u8(&o, 53);
    writer_u8(&o, 1);
    writer_u8(&o, type);
    option(&o, 54, server);
    return o;
}

static void dhcp_refuse(const uint8_t *m, uint32_t server)
{
    uint8_t a[300];
    struct writer o = dhcp_message(a, m, 6, server);
    writer_u8(&o, 255);
    simnet_udp(server, 67, 0xffffffff, 68, a, sizeof a);
}

/* OFFER to a DISCOVER, ACK to a REQUEST for what we give, else NAK. */
void simdhcp_message(const uint8_t *m, size_t len)
{
    uint8_t kind = 0, a[300];
    uint32_t wants = bytes_get32(m + 12); /* ciaddr */
    for (size_t i = 240; i + 2 < len && m[i] != 255; i += 2u + m[i + 1]) {
        if (m[i] == 53)
            kind = m[i + 2];
        if (m[i] == 50 && m[i + 1] == 4 && i + 6 <= len)
            wants = bytes_get32(m + i + 2);
    }
    w->dhcp_heard++;
    if (w->dhcp_dead || (kind != 1 && kind != 3)) /* DISCOVER, REQUEST */
        return;
    if (kind == 3 && (w->dhcp_nak || wants != w->address)) {
        dhcp_refuse(m, SIM_ROUTER);
        return;
    }
    if (kind == 3 && w->dhcp_other) /* who is not asked */
        dhcp_refuse(m, SIM_EVIL);
    struct writer o = dhcp_message(a, m, kind == 1 ? 2 : 5, SIM_ROUTER);
    bytes_put32(a + 16, w->address);
    option(&o, 51, w->lease_s);
    option(&o, 1, 0xffffff00);
    if (!w->dhcp_no_router)
        option(&o, 3, w->dhcp_evil ? SIM_EVIL : SIM_ROUTER);
    if (!w->dhcp_no_dns)
        option(&o, 6, w->dhcp_evil ? SIM_EVIL : SIM_ROUTER);
    if (w->dhcp_evil)
        option(&o, 42, SIM_SERVER_0 + SIM_SERVERS - 1);
    writer_u8(&o, 255);
    simnet_udp(SIM_ROUTER, 67, w->address, 68, a, sizeof a);
}
