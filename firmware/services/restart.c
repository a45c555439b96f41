#include "restart.h"

#include "adapters/net_mdns.h"
#include "core/mono.h"
#include "crashloop.h"
#include "log.h"
#include "port.h"
#include "sources.h"
#include "store.h"
#include "timefloor.h"
#include "timekeeper.h"

#define CARD_WAIT (2 * MONO_S)
#define WIRE_WAIT (20 * MONO_MS) /* for the last frames to go out            */

#define LATE_BOOTS 5
#define LOOK_EVERY (5 * MONO_S)

static bool late;
static mono_ns soonest, latest = MONO_NEVER; /* MONO_NEVER: not asked for */

void restart_request(void)
{
    if (crashloop_waits())
        port_reset();
    timefloor_save();
    sources_save();
    net_mdns_leave();
    soonest = port_mono() + WIRE_WAIT;
    latest = port_mono() + CARD_WAIT;
    log_at(LOG_NOTICE, NULL, "restarting");
}

/* A board that started without its card has no configuration: it starts again,
 * but not for ever where the card is only sometimes readable. */
static void look_at_card(void)
{
    struct port_info info;
    bool before = late;
    late = store_came_late();
    if (!late || before)
        return;
    port_info(&info);
    if (info.boots <= LATE_BOOTS) {
        log_at(LOG_NOTICE, NULL, "card: it can be read now");
        restart_request();
    } else {
        log_at(LOG_NOTICE, NULL,
               "card: it can be read now; restart to read chrony.conf");
    }
}

mono_ns restart_poll(mono_ns now)
{
    look_at_card();
    if (latest == MONO_NEVER)
        return now + LOOK_EVERY;
    if ((now >= soonest && store_idle() && !log_pending()) || now >= latest)
        port_reset();
    return now + MONO_MS;
}
