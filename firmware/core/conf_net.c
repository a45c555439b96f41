/* this host on the network, and whom it tells */
#include <string.h>

#include "addr.h"
#include "conf_private.h"
#include "syslog.h"

int conf_read_hostname(struct conf_parser *p)
{
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    const char *name = p->w.word[1];
    /* RFC 2132 section 3.14: a DHCP host name follows RFC 1035. */
    if (!conf_lex_is_host(name) || strchr(name, ':') ||
        strlen(name) >= sizeof(p->c->hostname))
        return conf_bad(p, "* is not a host name of up to 63 characters", name);
    memcpy(p->c->hostname, name, strlen(name) + 1);
    return RC_OK;
}

int conf_read_address(struct conf_parser *p)
{
    struct addr_prefix net;
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    const char *word = p->w.word[1];
    if (addr_prefix_parse(word, &net) < 0 || net.addr.family != 4 ||
        !strchr(word, '/') || net.bits == 0 || net.addr.b[0] == 0 ||
        net.addr.b[0] >= 224)
        return conf_bad(p, "* is not an address A.B.C.D/N", word);
    memcpy(p->c->ip4, net.addr.b, 4);
    p->c->ip4_prefix = net.bits;
    p->c->static_ip4 = true;
    return RC_OK;
}

int conf_read_gateway(struct conf_parser *p)
{
    struct addr a;
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    if (addr_parse(p->w.word[1], &a) < 0 || a.family != 4)
        return conf_bad(p, "* is not an address A.B.C.D", p->w.word[1]);
    memcpy(p->c->gateway4, a.b, 4);
    p->gateway = conf_here(p);
    return RC_OK;
}

int conf_read_nameserver(struct conf_parser *p)
{
    struct addr a;
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    if (addr_parse(p->w.word[1], &a) < 0)
        return conf_bad(p, "* is not an address", p->w.word[1]);
    p->nameserver_given++;
    if (p->c->nameserver_count == LIMIT_NAMESERVERS) {
        if (!p->too_many_nameserver.line)
            p->too_many_nameserver = conf_here(p);
        return RC_OK; /* said once, at the end */
    }
    p->c->nameserver[p->c->nameserver_count++] = a;
    return RC_OK;
}

/* ADDRESS, ADDRESS:PORT or, of IPv6, [ADDRESS]:PORT, cut in two; *port is NULL
 * if there is none. Returns false if it is nothing of the kind. */
static bool cut_port(const char *word, char *address, size_t cap,
                     const char **port)
{
    bool bracket = *word == '[';
    const char *end = bracket ? strchr(word, ']') : strchr(word, ':');
    if (bracket && !end)
        return false;
    if (!end || (!bracket && strchr(end + 1, ':'))) /* IPv6 by itself */
        end = word + strlen(word);
    size_t len = (size_t)(end - word) - bracket;
    if (len >= cap)
        return false;
    memcpy(address, word + bracket, len);
    address[len] = 0;
    end += bracket;
    *port = *end == ':' ? end + 1 : NULL;
    return *end == ':' || *end == 0;
}

int conf_read_syslog(struct conf_parser *p)
{
    struct conf_syslog s = {.port = SYSLOG_PORT};
    char address[LIMIT_NAME];
    const char *port;
    int64_t n;
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    const char *word = p->w.word[1];
    if (!cut_port(word, address, sizeof address, &port))
        return conf_bad(p, "* is not ADDRESS or ADDRESS:PORT", word);
    if (addr_parse(address, &s.addr) < 0)
        return conf_bad(p,
                        conf_lex_is_host(address)
                            ? "* is a name, and none is looked up here; write "
                              "its address"
                            : "* is not ADDRESS or ADDRESS:PORT",
                        word);
    if (!addr_is_unicast(&s.addr))
        return conf_bad(p, "* is no other host's address", word);
    if (port && conf_read_int(p, "port", port, 1, 65535, &n) < 0)
        return RC_BAD;
    if (port)
        s.port = (uint16_t)n;
    if (p->c->syslog_count == LIMIT_SYSLOG)
        return conf_bad(p, "there are four already", NULL);
    p->c->syslog[p->c->syslog_count++] = s;
    return RC_OK;
}
static_assert(LIMIT_SYSLOG == 4, "the message says so");
