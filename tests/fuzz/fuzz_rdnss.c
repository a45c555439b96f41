/* The options of a router advertisement of a router that means us no good:
 * what is found stands in the bytes, and none beyond them is read. */
#include <string.h>

#include "core/rdnss.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t nobody[16];
    for (size_t at = 0; at + 16 <= size; at += 8) {
        uint32_t s = rdnss_lifetime(data, size, data + at);
        ASSERT(s == 0 || size >= 40);
    }
    (void)rdnss_lifetime(data, size, nobody);
    return 0;
}
