#include "dhcp_routes.h"

#include <string.h>

#include "bytes.h"

static uint32_t mask(unsigned bits)
{
    return bits == 0 ? 0 : UINT32_MAX << (32 - bits);
}

int dhcp_routes_parse(const uint8_t *b, size_t len, struct dhcp_routes *out)
{
    struct dhcp_routes list = {.count = 0};
    for (size_t at = 0; at < len;) {
        struct dhcp_route r = {.bits = b[at]};
        size_t octets = (r.bits + 7u) / 8;
        if (r.bits > 32 || len - at < 1 + octets + 4)
            return RC_BAD;
        memcpy(r.net, b + at + 1, octets);
        bytes_put32(r.net, bytes_get32(r.net) & mask(r.bits));
        memcpy(r.via, b + at + 1 + octets, 4);
        if (list.count < LIMIT_DHCP_ROUTES)
            list.r[list.count++] = r;
        at += 1 + octets + 4;
    }
    if (len == 0) /* RFC 3442: at least one */
        return RC_BAD;
    *out = list;
    return RC_OK;
}

const struct dhcp_route *dhcp_routes_find(const struct dhcp_routes *routes,
                                          const uint8_t to[4])
{
    const struct dhcp_route *best = NULL;
    for (size_t i = 0; i < routes->count; i++) {
        const struct dhcp_route *r = &routes->r[i];
        bool in =
            ((bytes_get32(to) ^ bytes_get32(r->net)) & mask(r->bits)) == 0;
        if (in && (!best || r->bits > best->bits))
            best = r;
    }
    return best;
}
