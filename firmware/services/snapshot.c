#include "snapshot.h"

#include "adapters/net.h"
#include "adapters/net_mdns.h"
#include "adapters/tls_client.h"
#include "config.h"
#include "history.h"
#include "ke_server.h"
#include "log.h"
#include "machine.h"
#include "server.h"
#include "pps.h"
#include "sources.h"
#include "store.h"
#include "superloop.h"
#include "syslog.h"
#include "timefloor.h"
#include "timekeeper.h"

static struct status snapshot;

const struct status *snapshot_take(void)
{
    sources_status(&snapshot.sources);
    timekeeper_status(&snapshot.timekeeper);
    timefloor_status(&snapshot.timefloor);
    net_status(&snapshot.net);
    net_mdns_status(&snapshot.mdns);
    tls_client_status(&snapshot.tls);
    store_status(&snapshot.store);
    pps_status(&snapshot.pps);
    log_status(&snapshot.log);
    syslog_status(&snapshot.syslog);
    machine_status(&snapshot.machine);
    config_status(&snapshot.config);
    superloop_status(&snapshot.loop);
    server_status(&snapshot.server);
    history_status(&snapshot.start);
    ke_server_status(&snapshot.ke);
    snapshot.server.ke_hits = snapshot.ke.hits; /* serverstats has them, too */
    snapshot.server.ke_drops = snapshot.ke.drops;
    return &snapshot;
}
