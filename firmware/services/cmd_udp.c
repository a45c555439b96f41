#include "cmd_udp.h"

#include "adapters/net_udp.h"
#include "clients.h"
#include "core/cmdmon.h"
#include "log.h"
#include "port.h"
#include "snapshot.h"

/* A report is one moment's, and a flood of requests costs no more than so many
 * snapshots a second. */
#define SNAPSHOT_EVERY (100 * MONO_MS)

static struct {
    const struct conf *conf;
    struct net_udp socket;
    struct cmdmon mon;
    mono_ns taken; /* the snapshot                                         */
} cmd;

static void refresh(void)
{
    mono_ns now = port_mono();
    if (!cmd.mon.status || now - cmd.taken >= SNAPSHOT_EVERY) {
        cmd.mon.status = snapshot_take();
        cmd.taken = now;
    }
    cmd.mon.now = now;
    cmd.mon.clients = clients_log();
}

static void on_received(void *arg, const struct net_udp_datagram *d)
{
    uint8_t out[CMDMON_REPLY_MAX];
    (void)arg;
    clients_heard(CLIENTLOG_CMD);
    if (!access_allows(&cmd.conf->cmdallow, &d->from)) {
        clients_dropped(CLIENTLOG_CMD, STATUS_DROP_DENIED);
    } else if (!cmdmon_is_request(d->msg, d->len)) {
        clients_dropped(CLIENTLOG_CMD, STATUS_DROP_MALFORMED);
    } else if (clients_admit(CLIENTLOG_CMD, &d->from, NULL, NULL) ==
               CLIENTLOG_ANSWER) {
        refresh();
        size_t n = cmdmon_reply(&cmd.mon, d->msg, d->len, out);
        if (net_udp_reply(&cmd.socket, d, out, n) != RC_OK)
            clients_dropped(CLIENTLOG_CMD, STATUS_DROP_FULL);
    }
}

void cmd_udp_start(const struct conf *conf)
{
    cmd.conf = conf;
    cmd.mon = (struct cmdmon){.allow = &conf->allow,
                              .cmdallow = &conf->cmdallow,
                              .open = conf->opencommands};
    if (!access_opens(&conf->cmdallow) || conf->cmdport == 0)
        return;
    if (!clients_start(conf)) {
        log_at(LOG_ERROR, NULL, "chronyc is not answered: there is no entropy");
        return;
    }
    cmd.socket = (struct net_udp){.received = on_received};
    if (net_udp_open(&cmd.socket, conf->cmdport) != RC_OK) {
        log_at(LOG_ERROR, NULL,
               "chronyc is not answered: port %u cannot be opened",
               conf->cmdport);
        return;
    }
    log_at(LOG_NOTICE, NULL, "answering chronyc on port %u", conf->cmdport);
}
