#include "entropy.h"

#include <string.h>

#include "core/entropy_health.h"
#include "port.h"
#include "services/log.h"

static struct entropy_health health;
static bool started;

/* Bytes as they come from the generator, which makes words of them. */
static bool healthy(const uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len && !health.failed; i += sizeof(uint32_t)) {
        uint32_t word = 0;
        size_t n = len - i < sizeof word ? len - i : sizeof word;
        memcpy(&word, buf + i, n);
        if (n == sizeof word && !entropy_health_word(&health, word))
            log_at(LOG_ERROR, NULL,
                   "random generator: it repeats itself; no TLS and no keys "
                   "until a restart");
    }
    return !health.failed;
}

static int start(void)
{
    uint8_t first[ENTROPY_HEALTH_START * sizeof(uint32_t)];
    int rc = port_entropy(first, sizeof first);
    if (rc == RC_OK && !healthy(first, sizeof first))
        rc = RC_IO;
    memset(first, 0, sizeof first);
    started = rc == RC_OK;
    return rc;
}

int entropy_draw(uint8_t *buf, size_t len)
{
    if (!health.failed && (started || start() == RC_OK) &&
        port_entropy(buf, len) == RC_OK && healthy(buf, len))
        return RC_OK;
    memset(buf, 0, len);
    return RC_IO;
}
