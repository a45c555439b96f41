#include "restart.h"

#include "core/mono.h"
#include "crashloop.h"
#include "log.h"
#include "port.h"
#include "sources.h"
#include "store.h"
#include "timefloor.h"
#include "timekeeper.h"

#define CARD_WAIT (2 * MONO_S)

static mono_ns latest = MONO_NEVER; /* MONO_NEVER: not asked for */

void restart_request(void)
{
    if (crashloop_waits())
        port_reset();
    timefloor_save();
    sources_save();
    latest = port_mono() + CARD_WAIT;
    log_line("restarting");
}

mono_ns restart_poll(mono_ns now)
{
    if (latest == MONO_NEVER)
        return MONO_NEVER;
    if (store_idle() || now >= latest)
        port_reset();
    return now + MONO_MS;
}
