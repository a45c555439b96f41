#include "rdnss.h"

#include <string.h>

#include "bytes.h"

#define FIXED 16 /* bytes of an advertisement before its options (RFC 4861)  */
#define TYPE  25
#define HEAD  8 /* of the option: type, length, reserved, lifetime           */

uint32_t rdnss_lifetime(const uint8_t *icmp, size_t len,
                        const uint8_t server[16])
{
    uint32_t found_s = 0;
    size_t n;
    for (size_t at = FIXED; at + HEAD <= len; at += n) {
        const uint8_t *option = icmp + at;
        n = (size_t)option[1] * 8;
        if (n == 0 || n > len - at)
            break;
        for (size_t i = HEAD; option[0] == TYPE && i + 16 <= n; i += 16)
            if (memcmp(option + i, server, 16) == 0)
                found_s = bytes_get32(option + 4);
    }
    return found_s;
}
