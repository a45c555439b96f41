/* core/crypto.h for a client that has no NTS: random bytes are the kernel's,
 * everything that wants a key is refused. */
#include "core/crypto.h"

#include <string.h>
#include <sys/random.h>

int crypto_random(uint8_t *out, size_t len)
{
    return getrandom(out, len, 0) == (ssize_t)len ? RC_OK : RC_IO;
}

bool crypto_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    return memcmp(a, b, len) == 0; /* without NTS there are no secrets */
}

void crypto_wipe(void *p, size_t len)
{
    explicit_bzero(p, len);
}
