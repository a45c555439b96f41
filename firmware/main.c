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

/* In this order. Those from EARLY on need neither card nor network, and run
 * while a machine that keeps crashing waits (crashloop.h). */
#define EARLY 17
static const struct superloop_service services[] = {
    {"net", net_poll},
    {"sources", sources_poll},
    {"ke_client", ke_client_poll},
    {"ke_server", ke_server_poll}, /* after ke_client */
    {"timekeeper", timekeeper_poll},
    {"history", history_poll},
    {"pps", pps_poll},
    {"timefloor", timefloor_poll},
    {"cookies", cookies_poll},
    {"store", store_poll}, /* after all who put */
    {"why_log", why_log_poll},
    {"syslog", syslog_poll},
    {"mdns", mdns_poll},
    {"stage", stage_poll},
    {"report", report_poll},
    {"http", http_poll},
    {"restart", restart_poll},
    {"console", console_poll},
    {"log", log_poll},
    {"led", led_poll},
    {"crashloop", crashloop_poll},
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
        superloop_pass(EARLY);
    start();
    for (;;)
        superloop_pass(0);
}
