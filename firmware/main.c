/* main.c -- composition root and superloop: the only file that knows every
 * service, and the doors between them. */
#include <string.h>

#include "core/mono.h"
#include "core/utc.h"
#include "port.h"
#include "services/console.h"
#include "services/crashloop.h"
#include "services/keeper.h"
#include "services/ke_client.h"
#include "services/led.h"
#include "services/log.h"
#include "services/machine.h"
#include "adapters/net.h"
#include "services/ntp_udp.h"
#include "services/pps.h"
#include "services/sources.h"
#include "services/store.h"
#include "services/timekeeper.h"
#include "adapters/tls.h"
#include "services/version.h"

static struct conf conf;
static int conf_errors;
static struct status snapshot;

/* One line of the superloop: a service, and the longest it ever took. */
static struct service {
    const char *name;
    mono_ns (*poll)(mono_ns now);
    mono_ns longest;
} services[] = {
    {.name = "net", .poll = net_poll},
    {.name = "sources", .poll = sources_poll},
    {.name = "ke_client", .poll = ke_client_poll},
    {.name = "timekeeper", .poll = timekeeper_poll},
    {.name = "pps", .poll = pps_poll},
    {.name = "keeper", .poll = keeper_poll},
    {.name = "store", .poll = store_poll}, /* after all who put */
    {.name = "console", .poll = console_poll},
    {.name = "log", .poll = log_poll},
    {.name = "led", .poll = led_poll},
    {.name = "crashloop", .poll = crashloop_poll},
};
static mono_ns loop_longest;
static bool started; /* false: waiting after crashes, little is there        */

/* ---- the doors between services ------------------------------------------ */

static struct tls_clock certificate_clock(void)
{
    struct timekeeper_cert_clock j;
    timekeeper_cert_clock(&j);
    return (struct tls_clock){.floor = keeper_floor(),
                              .synchronised = j.clock,
                              .now = j.now,
                              .slack = j.slack,
                              .strict = j.strict};
}

static bool may_ask(void)
{
    return net_up() && timekeeper_may_ask();
}

static bool remembers(void)
{
    return conf.save && store_state_partition();
}

static int load_assoc(uint8_t id, uint8_t *buf, size_t cap)
{
    return store_get(STORE_ASSOC, id, buf, cap);
}

static int save_assoc(uint8_t id, const uint8_t *data, size_t len)
{
    return store_put(STORE_ASSOC, id, data, len);
}

static int load_floor(uint8_t *buf, size_t cap)
{
    return store_get(STORE_FLOOR, 0, buf, cap);
}

static int save_floor(const uint8_t *data, size_t len)
{
    return conf.save ? store_put(STORE_FLOOR, 0, data, len) : RC_STATE;
}

static int load_retries(uint8_t *buf, size_t cap)
{
    return store_get(STORE_RETRY, 0, buf, cap);
}

/* With or without ntsdumpdir: it spares the servers, not us. */
static int save_retries(const uint8_t *data, size_t len)
{
    return store_state_partition() ? store_put(STORE_RETRY, 0, data, len)
                                   : RC_STATE;
}

static const struct keeper_ops keeper_doors = {
    .load = load_floor,
    .save = save_floor,
    .saved_all = store_idle,
    .save_others = sources_save,
    .handshakes = tls_handshakes,
    .floor_moved = sources_retry,
};

static const struct sources_ops source_doors = {
    .may_ask = may_ask,
    .resolve = net_resolve,
    .exchange = ke_client_start,
    .send = ntp_udp_send,
    .remembers = remembers,
    .load = load_assoc,
    .save = save_assoc,
    .durable = store_durable,
    .load_retries = load_retries,
    .save_retries = save_retries,
};

static const struct ntp_udp_ops datagram_doors = {
    .sent = sources_sent,
    .received = sources_received,
};

static void loop_status(struct status_loop *out)
{
    static_assert(LEN(services) < LEN(out->poll), "a row for every service");
    for (size_t i = 0; i < LEN(services); i++) {
        out->poll[i].name = services[i].name;
        out->poll[i].longest_ns = services[i].longest;
    }
    out->poll[LEN(services)].name = "whole pass";
    out->poll[LEN(services)].longest_ns = loop_longest;
    out->count = LEN(services) + 1;
}

static const struct status *take_snapshot(void)
{
    sources_status(&snapshot.sources);
    timekeeper_status(&snapshot.timekeeper);
    keeper_status(&snapshot.timefloor);
    net_status(&snapshot.net);
    tls_status(&snapshot.tls);
    store_status(&snapshot.store);
    pps_status(&snapshot.pps);
    log_status(&snapshot.log);
    machine_status(&snapshot.machine);
    loop_status(&snapshot.loop);
    snapshot.config = (struct status_config){.hostname = conf.hostname,
                                             .ok = conf_errors == 0};
    return &snapshot;
}

static void read_clock(int64_t *unix_s, uint32_t *ns)
{
    if (!started) {
        *unix_s = gnomon_build_unix;
        *ns = 0;
        return;
    }
    ntp64 now = timekeeper_utc(port_ticks());
    *unix_s = utc_unix_s(now, gnomon_build_unix);
    *ns = utc_unix_ns(now);
}

static void restart(void)
{
    if (!started)
        port_reset();
    keeper_reset();
}

static enum led_state led_state(void)
{
    if (!started)
        return LED_CRASHED;
    if (!timekeeper_synchronised())
        return LED_UNSYNCHRONISED;
    return timekeeper_hold_over() ? LED_HOLD_OVER : LED_SYNCHRONISED;
}

static const struct console_ops console_doors = {
    .status = take_snapshot,
    .clock = read_clock,
    .reset = restart,
    .floor_set = keeper_floor_set,
    .floor_reset = keeper_floor_reset,
};

/* ---- start-up ------------------------------------------------------------ */

static void report_conf(void)
{
    static const char *const level[] = {"error: ", "", ""};
    for (unsigned i = 0; i < conf.report_count; i++)
        log_line("chrony.conf:%u: %s%s", (unsigned)conf.reports[i].line,
                 level[conf.reports[i].level], conf.reports[i].text);
    if (conf.reports_lost)
        log_line("chrony.conf: %u more reports", (unsigned)conf.reports_lost);
    if (conf.source_count == 0)
        log_line("chrony.conf: no server or pool line: there is nothing to "
                 "get time from");
}

static void read_conf(bool card)
{
    static char text[LIMIT_CONF_BYTES];
    int len = store_read_file("chrony.conf", (uint8_t *)text, sizeof text);
    if (len == RC_SPACE)
        log_line("chrony.conf: longer than %u bytes: not read",
                 (unsigned)sizeof text);
    else if (len < 0 && card)
        log_line("chrony.conf: %s", len == RC_STATE
                                        ? "no such file on the boot partition"
                                        : "cannot be read");
    conf_errors = conf_parse(&conf, text, len < 0 ? 0 : (size_t)len);
    store_save_interval(conf.saveinterval_s);
    report_conf();
}

static void read_trust(void)
{
    static uint8_t file[LIMIT_TRUST_BYTES];
    for (unsigned i = 0; i < conf.trust_count; i++) {
        const struct conf_trust *t = &conf.trust[i];
        int len = store_read_file(t->file, file, sizeof file);
        int n = len < 0 ? len : tls_trust(t->certset, file, (size_t)len);
        if (n > 0)
            continue;
        log_line("chrony.conf:%u: ntstrustedcerts %s: %s", (unsigned)t->line,
                 t->file,
                 len == RC_STATE ? "no such file on the boot partition"
                 : n == RC_SPACE ? "too large"
                 : len < 0       ? "cannot be read"
                                 : "no certificate in it");
    }
}

/* What a person needs to see and say something; the crashes in a row. */
static uint32_t start_console(void)
{
    struct port_info info;
    port_info(&info);
    log_init();
    log_line("Gnomon %s on %s", gnomon_version, info.board);
    log_line("last reset: %s", info.last_reset);
    console_init(&console_doors);
    led_init(led_state);
    return info.crashes;
}

/* crashloop.h: the console answers, nothing else has been started. */
static void wait_out(uint32_t crashes)
{
    mono_ns now = timekeeper_mono(), wait = crashloop_wait(crashes);
    mono_ns until = now + wait;
    if (wait > 0)
        log_line("%u crashes in a row: starting in %u s", (unsigned)crashes,
                 (unsigned)(wait / MONO_S));
    for (; now < until; now = timekeeper_mono()) {
        port_poll();
        mono_ns next = mono_min(console_poll(now), log_poll(now));
        next = mono_min(mono_min(next, led_poll(now)), until);
        port_watchdog_kick();
        port_idle(mono_to_ticks(next, port_tick_hz()));
    }
    crashloop_init(now, crashes);
    started = true;
}

static void start(void)
{
    read_conf(store_init() == RC_OK);
    tls_init(!conf.nosystemcert);
    read_trust();
    keeper_init(&conf, &keeper_doors);
    pps_init(&conf);
    net_init(&conf, sources_net_changed);
    ke_client_init();
    ke_client_offer(conf.aeads, conf.aead_count);
    ke_client_clock(certificate_clock);
    ntp_udp_init(&datagram_doors);
    sources_init(&conf, &source_doors);
    if (conf.dhcpservers)
        net_ntp_servers(sources_named);
}

/* ---- the superloop ------------------------------------------------------- */

static mono_ns pass(void)
{
    mono_ns next = MONO_NEVER, begin = timekeeper_mono(), before = begin;
    port_poll();
    for (size_t i = 0; i < LEN(services); i++) {
        next = mono_min(next, services[i].poll(before));
        mono_ns after = timekeeper_mono();
        if (after - before > services[i].longest)
            services[i].longest = after - before;
        before = after;
    }
    if (before - begin > loop_longest)
        loop_longest = before - begin;
    port_watchdog_kick();
    return next;
}

_Noreturn void gnomon_main(void)
{
    wait_out(start_console());
    start();
    for (;;)
        port_idle(mono_to_ticks(pass(), port_tick_hz()));
}
