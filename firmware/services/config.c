#include "config.h"

#include "adapters/tls_client.h"
#include "core/limit.h"
#include "log.h"
#include "store.h"

static struct conf conf;
static int errors;

static void report(void)
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

const struct conf *config_read(bool card)
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
    errors = conf_parse(&conf, text, len < 0 ? 0 : (size_t)len);
    store_save_interval(conf.saveinterval_s);
    report();
    return &conf;
}

void config_read_trust(void)
{
    static uint8_t file[LIMIT_TRUST_FILE];
    for (unsigned i = 0; i < conf.trust_count; i++) {
        const struct conf_trust *t = &conf.trust[i];
        const char *why = "cannot be read";
        int len = store_read_file(t->file, file, sizeof file);
        if (len >= 0) {
            (void)!tls_trust(t->certset, file, (size_t)len);
            why = tls_trust_reason(); /* also of what is left out */
        } else if (len == RC_STATE) {
            why = "no such file on the boot partition";
        } else if (len == RC_SPACE) {
            why = "longer than 256 KB: not read";
        }
        if (why[0])
            log_line("chrony.conf:%u: ntstrustedcerts %s: %s",
                     (unsigned)t->line, t->file, why);
    }
}

void config_status(struct status_config *out)
{
    *out = (struct status_config){.hostname = conf.hostname, .ok = errors == 0};
}
