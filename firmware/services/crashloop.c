#include "crashloop.h"

#include "log.h"
#include "port.h"

#define FIRST_WAIT (5 * MONO_S)
#define DOUBLINGS  7u

static struct {
    bool waits;
    mono_ns start_at;  /* the wait is over                                  */
    mono_ns stable_at; /* MONO_NEVER: it is                                 */
    uint32_t crashes;
} loop;

mono_ns crashloop_wait(uint32_t crashes)
{
    if (crashes <= CRASHLOOP_FREE)
        return 0;
    uint32_t n = crashes - CRASHLOOP_FREE - 1;
    return FIRST_WAIT << (n < DOUBLINGS ? n : DOUBLINGS);
}

void crashloop_init(mono_ns now, uint32_t crashes)
{
    mono_ns wait = crashloop_wait(crashes);
    loop.start_at = now + wait;
    loop.stable_at = now + wait + CRASHLOOP_STABLE;
    loop.waits = wait > 0;
    loop.crashes = crashes;
    if (loop.waits)
        log_at(LOG_ERROR, NULL, "%u crashes in a row: starting in %u s",
               (unsigned)crashes, (unsigned)(wait / MONO_S));
}

bool crashloop_waits(void)
{
    return loop.waits;
}

mono_ns crashloop_poll(mono_ns now)
{
    if (loop.waits && now < loop.start_at)
        return loop.start_at;
    loop.waits = false;
    if (now >= loop.stable_at) {
        loop.stable_at = MONO_NEVER;
        port_stable();
        if (loop.crashes > 0)
            log_at(LOG_NOTICE, NULL, "stable: %u crashes in a row are history",
                   (unsigned)loop.crashes);
        loop.crashes = 0;
    }
    return loop.stable_at;
}
