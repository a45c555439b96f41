/* A frame that may be a DHCP server's: what is found is in it. */
#include <string.h>

#include "core/dhcp_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool holds(const uint8_t *data, size_t size, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i + n <= size; i++)
        if (memcmp(data + i, b, n) == 0)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dhcp_reply r;
    int rc = dhcp_reply_read(&r, data, size);
    ASSERT(rc == RC_OK || (rc == RC_BAD && r.type == 0 && !r.named));
    if (r.named)
        ASSERT(holds(data, size, r.server, sizeof r.server));
    if (r.type)
        ASSERT(holds(data, size, (const uint8_t[]){53, 1, r.type}, 3));
    return 0;
}
