/* Whom the board serves: chronyc's serverstats and clients. */
#include "chronyc_text.h"
#include "chronyc_units.h"

static void add_dropped(struct fmt_text *t, const char *what,
                        const uint64_t dropped[STATUS_DROPS])
{
    uint64_t any = 0;
    for (unsigned i = 0; i < STATUS_DROPS; i++)
        any += dropped[i];
    if (any == 0)
        return;
    fmt_add(t, "%s dropped:", what);
    for (unsigned i = 0; i < STATUS_DROPS; i++)
        if (dropped[i] > 0)
            fmt_add(t, " %s %llu", status_drop_word(i),
                    (unsigned long long)dropped[i]);
    fmt_add(t, "\n");
}

size_t chronyc_serverstats(const struct status *s, char *out, size_t cap)
{
    const struct status_server *v = &s->server;
    const struct {
        const char *name;
        uint64_t count;
    } row[] = {
        {"NTP packets received       ", v->ntp_hits},
        {"NTP packets dropped        ", v->ntp_drops},
        {"Command packets received   ", v->cmd_hits},
        {"Command packets dropped    ", v->cmd_drops},
        {"Client log records dropped ", v->log_drops},
        {"NTS-KE connections accepted", v->ke_hits},
        {"NTS-KE connections dropped ", v->ke_drops},
        {"Authenticated NTP packets  ", v->authenticated},
        {"Interleaved NTP packets    ", v->interleaved},
        {"NTP timestamps held        ", v->stamps_held},
        {"NTP timestamp span         ", v->stamps_span_s},
        {"NTP daemon RX timestamps   ", v->daemon_rx},
        {"NTP daemon TX timestamps   ", v->daemon_tx},
        {"NTP kernel RX timestamps   ", v->kernel_rx},
        {"NTP kernel TX timestamps   ", v->kernel_tx},
        {"NTP hardware RX timestamps ", 0},
        {"NTP hardware TX timestamps ", 0},
    };
    struct fmt_text t = fmt_text_of(out, cap);
    for (size_t i = 0; i < LEN(row); i++)
        fmt_add(&t, "%s: %llu\n", row[i].name,
                (unsigned long long)row[i].count);
    add_dropped(&t, "NTP", v->ntp_dropped);
    add_dropped(&t, "Command", v->cmd_dropped);
    if (v->nts) {
        fmt_add(&t, "NTS: %llu NAKs; the key of its cookies is ",
                (unsigned long long)v->naks);
        if (v->cookie_key_age_s < 0)
            fmt_add(&t, "older than this start\n");
        else
            fmt_add(&t, "%lld s old\n", (long long)v->cookie_key_age_s);
    }
    if (!v->serving)
        fmt_add(&t, "(nobody is served: chrony.conf has no allow)\n");
    return t.len;
}

size_t chronyc_clients_header(bool ke, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    chronyc_add_header(
        &t, ke ? "Hostname                      NTP   Drop Int IntL Last  "
                 "NTS-KE   Drop Int  Last"
               : "Hostname                      NTP   Drop Int IntL Last     "
                 "Cmd   Drop Int  Last");
    return t.len;
}

static void add_interval(struct fmt_text *t, uint32_t mean)
{
    int8_t i = clientlog_interval(mean);
    if (i == CLIENTLOG_INTERVAL_UNKNOWN)
        fmt_add(t, "   -");
    else
        fmt_add(t, "  %2d", i);
}

static void add_use(struct fmt_text *t, const struct clientlog_use *u)
{
    fmt_add(t, "  %6lu  %5lu", (unsigned long)u->hits, (unsigned long)u->drops);
    add_interval(t, u->mean);
}

static void add_last(struct fmt_text *t, const struct clientlog_use *u,
                     mono_ns now)
{
    uint32_t ago = clientlog_ago_s(u, now);
    fmt_add(t, "  ");
    chronyc_add_ago(t, ago == UINT32_MAX ? -1 : (int64_t)ago);
}

size_t chronyc_client(const struct clientlog_client *c, mono_ns now, bool ke,
                      char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    const struct clientlog_use *ntp = &c->use[CLIENTLOG_NTP];
    const struct clientlog_use *other =
        &c->use[ke ? CLIENTLOG_KE : CLIENTLOG_CMD];
    char addr[ADDR_TEXT], name[26];
    addr_text(&c->addr, addr);
    chronyc_name(addr, name);
    fmt_add(&t, "%-25s", name);
    add_use(&t, ntp);
    add_interval(&t, ntp->mean_unanswered);
    add_last(&t, ntp, now);
    add_use(&t, other);
    add_last(&t, other, now);
    fmt_add(&t, "\n");
    return t.len;
}
