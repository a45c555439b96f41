#include "mdns.h"

#include "adapters/net_mdns.h"
#include "core/mono.h"
#include "ke_server.h"
#include "server.h"
#include "timekeeper.h"

static const struct conf *conf_of_mdns;

void mdns_init(const struct conf *conf)
{
    conf_of_mdns = conf->mdns ? conf : NULL;
    if (!conf->mdns)
        return;
    net_mdns_init(conf->hostname);
    net_mdns_serve(NET_MDNS_HTTP, conf->httpport);
}

mono_ns mdns_poll(mono_ns now)
{
    struct status_server ntp;
    if (!conf_of_mdns)
        return MONO_NEVER;
    bool set = timekeeper_synchronised();
    server_status(&ntp);
    net_mdns_serve(NET_MDNS_NTP, set && ntp.serving ? conf_of_mdns->port : 0);
    net_mdns_serve(NET_MDNS_NTSKE, set ? ke_server_port() : 0);
    return now + MONO_S;
}
