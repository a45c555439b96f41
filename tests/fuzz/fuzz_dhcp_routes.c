/* Option 121 of a DHCP server that means us no good: what is found is a route
 * of the list, to the address, and there is none with more bits. */
#include "core/dhcp_routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dhcp_routes routes = {.count = 0};
    uint8_t to[4] = {0};
    int rc = dhcp_routes_parse(data, size, &routes);
    ASSERT(rc == RC_OK || (rc == RC_BAD && routes.count == 0));
    ASSERT(routes.count <= LIMIT_DHCP_ROUTES);
    for (size_t i = 0; i < routes.count; i++) {
        const struct dhcp_route *r = &routes.r[i];
        for (size_t k = 0; k < sizeof to; k++)
            to[k] = r->net[k];
        const struct dhcp_route *found = dhcp_routes_find(&routes, to);
        ASSERT(found && found->bits >= r->bits && r->bits <= 32);
    }
    return 0;
}
