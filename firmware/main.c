/* main.c -- the table of services and their start: the only file that knows
 * them all. */
#include "port.h"
#include "services/cmd_udp.h"
#include "services/config.h"
#include "services/cookies.h"
#include "services/console.h"
#include "services/crashloop.h"
#include "services/ke_client.h"
#include "services/history.h"
#include "services/ke_server.h"
#include "services/http.h"
#include "services/led.h"
#include "services/log.h"
#include "services/machine.h"
#include "services/mdns.h"
#include "adapters/net.h"
#include "services/server.h"
#include "services/pps.h"
#include "services/report.h"
#include "services/restart.h"
#include "services/stage.h"
#include "services/sources.h"
#include "services/store.h"
#include "services/superloop.h"
#include "services/syslog.h"
#include "services/timefloor.h"
#include "services/timekeeper.h"
#include "adapters/tls_client.h"
#include "adapters/tls_platform.h"
#include "services/version.h"
#include "services/why_log.h"

enum { LATER, EARLY };

/* In this order. The early ones need neither card nor network, and run while a
 * machine that keeps crashing waits (crashloop.h). */
static const struct superloop_service services[] = {
    {"net", net_poll, LATER},
    {"sources", sources_poll, LATER},
    {"ke_client", ke_client_poll, LATER},
    {"ke_server", ke_server_poll, LATER}, /* after ke_client */
    {"timekeeper", timekeeper_poll, LATER},
    {"history", history_poll, LATER},
    {"pps", pps_poll, LATER},
    {"timefloor", timefloor_poll, LATER},
    {"cookies", cookies_poll, LATER},
    {"store", store_poll, LATER}, /* after all who put */
    {"why_log", why_log_poll, LATER},
    {"syslog", syslog_poll, LATER},
    {"mdns", mdns_poll, LATER},
    {"stage", stage_poll, LATER},
    {"report", report_poll, LATER},
    {"http", http_poll, LATER},
    {"restart", restart_poll, EARLY},
    {"console", console_poll, EARLY},
    {"log", log_poll, EARLY},
    {"led", led_poll, EARLY},
    {"crashloop", crashloop_poll, EARLY},
};
static_assert(LEN(services) <= SUPERLOOP_SERVICES, "each has a row in status");

/* Certificates may have been refused for the sake of the floor that was. */
static void floor_moved(bool needs_restart)
{
    sources_retry();
    if (needs_restart)
        restart_request();
}

/* ---- start-up ------------------------------------------------------------ */

/* What a person needs to see and say something. */
static void start_console(void)
{
    struct port_info info;
    port_info(&info);
    log_init();
    log_at(LOG_NOTICE, NULL, "Gnomon %s on %s", gnomon_version, info.board);
    log_at(info.crashes > 0 ? LOG_ERROR : LOG_NOTICE, NULL, "last reset: %s",
           info.last_reset);
    console_init();
    led_init();
    crashloop_init(port_mono(), info.crashes);
}

static void start(void)
{
    const struct conf *conf = config_read(store_init() == RC_OK);
    history_init();
    tls_platform_init();
    tls_client_init(!conf->nosystemcert);
    config_read_trust();
    config_read_pairs(conf);
    timefloor_init(conf, floor_moved);
    pps_init(conf);
    net_init(conf, sources_net_changed);
    ke_client_init();
    ke_client_offer(conf->aeads, conf->aead_count);
    sources_init(conf);
    if (conf->pair_count > 0)
        cookies_start(conf);
    server_start(conf);
    ke_server_start(conf);
    cmd_udp_start(conf);
    syslog_init(conf);
    http_start(conf);
    mdns_init(conf);
    why_log_init();
    stage_init();
    report_init(conf);
}

_Noreturn void gnomon_main(void)
{
    machine_init();
    superloop_init(services, LEN(services));
    start_console();
    while (crashloop_waits())
        superloop_pass(true);
    start();
    for (;;)
        superloop_pass(false);
}
