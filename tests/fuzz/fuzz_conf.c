/* Any bytes as chrony.conf: what comes out keeps every promise of conf.h. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/conf.h"

#define CHECK(c)                                                               \
    do {                                                                       \
        if (!(c))                                                              \
            abort();                                                           \
    } while (0)

static void check_source(const struct conf_source *s)
{
    CHECK(memchr(s->name, 0, LIMIT_NAME) && s->name[0]);
    CHECK(s->version >= 1 && s->version <= 4);
    CHECK(s->port > 0 && s->ntsport > 0 && s->line > 0);
    CHECK(s->minpoll >= -7 && s->minpoll <= s->maxpoll && s->maxpoll <= 24);
    CHECK(s->maxsources >= 1 && s->maxsources <= 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct conf c;
    int errors = 0;
    int n = conf_parse(&c, (const char *)data, len);
    CHECK(c.source_count <= LIMIT_SOURCES);
    CHECK(c.trust_count <= LIMIT_TRUST_FILES &&
          c.nameserver_count <= LIMIT_NAMESERVERS);
    CHECK(c.report_count <= LIMIT_CONF_ERRORS);
    for (size_t i = 0; i < c.source_count; i++)
        check_source(&c.sources[i]);
    for (size_t i = 0; i < c.trust_count; i++)
        CHECK(memchr(c.trust[i].file, 0, LIMIT_NAME));
    for (size_t i = 0; i < c.report_count; i++) {
        const char *t = c.reports[i].text;
        errors += c.reports[i].level == CONF_ERROR;
        CHECK(memchr(t, 0, sizeof c.reports[i].text) && t[0]);
        CHECK(c.reports[i].file < c.file_count);
        for (; *t; t++)
            CHECK(*t >= ' ' && *t <= '~');
    }
    CHECK(n >= errors && (c.reports_lost || n == errors));
    CHECK(c.errors == (unsigned)n);
    CHECK(c.reports_lost || c.errors + c.notes == c.report_count);
    CHECK(c.hostname[0] && memchr(c.hostname, 0, 64));
    CHECK(!c.static_ip4 || (c.ip4_prefix >= 1 && c.ip4_prefix <= 32));
    CHECK(c.makestep_s == c.makestep_s);
    return 0;
}
