/* What lwIP's DHCP client finds in option 42. */
#include <string.h>

#include "core/limit.h"
#include "lwip/dhcp.h"
#include "net.h"

static_assert(LWIP_DHCP_MAX_NTP_SERVERS == LIMIT_DHCP_SERVERS,
              "one size for both");

static void (*hears)(const struct addr *addr, size_t count);

void net_ntp_servers(void (*told)(const struct addr *addr, size_t count))
{
    hears = told;
}

/* lwIP's name for it; from dhcp.c, with every lease. */
void dhcp_set_ntp_servers(u8_t count, const ip4_addr_t *addr)
{
    struct addr list[LIMIT_DHCP_SERVERS] = {{0}};
    size_t n = 0;
    for (size_t i = 0; i < count && n < LEN(list); i++) {
        if (ip4_addr_isany_val(addr[i]) || ip4_addr_ismulticast(&addr[i]))
            continue;
        list[n++] = addr_of(4, (const uint8_t *)&addr[i].addr);
    }
    if (hears)
        hears(list, n);
}
