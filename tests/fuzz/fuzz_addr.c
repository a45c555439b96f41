/* Any text as an address and as a prefix: what the C library takes and
 * nothing else, printed as it prints it, and read back the same. */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"

#define CHECK(c)                                                               \
    do {                                                                       \
        if (!(c))                                                              \
            abort();                                                           \
    } while (0)

static void as_address(const char *text)
{
    uint8_t b[16] = {0};
    struct addr a, again;
    char got[ADDR_TEXT], want[INET6_ADDRSTRLEN];
    int family = inet_pton(AF_INET, text, b) == 1    ? AF_INET
                 : inet_pton(AF_INET6, text, b) == 1 ? AF_INET6
                                                     : 0;
    CHECK((addr_parse(text, &a) == RC_OK) == (family != 0));
    if (!family)
        return;
    CHECK(a.family == (family == AF_INET ? 4 : 6));
    CHECK(memcmp(a.b, b, sizeof b) == 0);
    addr_text(&a, got);
    CHECK(inet_ntop(family, b, want, sizeof want));
    CHECK(strcmp(got, want) == 0);
    CHECK(addr_parse(got, &again) == RC_OK && addr_equal(&a, &again));
}

static void as_prefix(const char *text)
{
    struct addr_prefix p, again;
    char got[ADDR_PREFIX_TEXT];
    if (addr_prefix_parse(text, &p) != RC_OK)
        return;
    CHECK(p.bits <= addr_size(&p.addr) * 8);
    CHECK(addr_in_prefix(&p.addr, &p));
    addr_prefix_text(&p, got);
    CHECK(addr_prefix_parse(got, &again) == RC_OK);
    CHECK(again.bits == p.bits && addr_equal(&again.addr, &p.addr));
    for (unsigned bit = 0; bit < addr_size(&p.addr) * 8; bit++) {
        struct addr a = p.addr;
        a.b[bit / 8] = (uint8_t)(a.b[bit / 8] ^ 0x80u >> bit % 8);
        CHECK(addr_in_prefix(&a, &p) == (bit >= p.bits));
        CHECK(!addr_equal(&a, &p.addr));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[80];
    if (len >= sizeof text)
        len = sizeof text - 1;
    memcpy(text, data, len);
    text[len] = 0;
    as_address(text);
    as_prefix(text);
    return 0;
}
