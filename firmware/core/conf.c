#include "conf.h"

#include <string.h>

#include "addr.h"
#include "aead.h"
#include "conf_read.h"
#include "fmt.h"

/* ---- directives -------------------------------------------------------- */

static int read_trust(struct conf_read *p)
{
    int64_t set = 0;
    if (conf_want(p, 1, 2) < 0)
        return RC_BAD;
    const char *file = p->w.word[p->w.count - 1];
    if (p->w.count == 3 &&
        conf_int(p, "ntstrustedcerts", p->w.word[1], 0, 255, &set) < 0)
        return RC_BAD;
    if (strlen(file) >= LIMIT_NAME)
        return conf_bad(p, "the file name is too long", NULL);
    if (p->c->trust_count == LIMIT_TRUST_FILES)
        return conf_bad(p, "too many of them", NULL);
    struct conf_trust *t = &p->c->trust[p->c->trust_count++];
    memcpy(t->file, file, strlen(file) + 1);
    t->line = p->line;
    t->certset = (uint8_t)set;
    return RC_OK;
}

static int read_dhcpservers(struct conf_read *p)
{
    if (conf_want(p, 0, 0) < 0)
        return RC_BAD;
    p->c->dhcpservers = true;
    return RC_OK;
}

static int read_nosystemcert(struct conf_read *p)
{
    if (conf_want(p, 0, 0) < 0)
        return RC_BAD;
    p->c->nosystemcert = true;
    return RC_OK;
}

static int read_save(struct conf_read *p)
{
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    p->c->save = true;
    return RC_OK;
}

/* Shorter wears the card for nothing, longer leaves the floor a day behind
 * at the least. */
static int read_saveinterval(struct conf_read *p)
{
    int64_t s;
    if (conf_want(p, 1, 1) < 0 ||
        conf_int(p, "saveinterval", p->w.word[1], 60, 86400, &s) < 0)
        return RC_BAD;
    p->c->saveinterval_s = (uint32_t)s;
    return RC_OK;
}

static int read_makestep(struct conf_read *p)
{
    double threshold;
    int64_t limit;
    if (conf_want(p, 2, 2) < 0)
        return RC_BAD;
    if (conf_words_real(p->w.word[1], &threshold) < 0)
        return conf_bad(p, "* is not a number", p->w.word[1]);
    if (conf_int(p, "makestep", p->w.word[2], INT32_MIN, INT32_MAX, &limit) < 0)
        return RC_BAD;
    p->c->makestep_s = threshold;
    p->c->makestep_limit = (int32_t)limit;
    return RC_OK;
}

static int read_aeads(struct conf_read *p)
{
    const char *odd = NULL, *unknown = "* is not known to Gnomon";
    if (conf_want(p, 1, CONF_ARGS_MAX - 2) < 0)
        return RC_BAD;
    int n = conf_words_aeads(&p->w, p->c->aeads, &odd);
    if (n <= 0)
        return conf_bad(p, n < 0 ? "* is not an AEAD's number" : unknown, odd);
    if (odd)
        conf_report(p, CONF_NOTE, p->w.word[0], unknown, odd);
    p->c->aead_count = (uint8_t)n;
    return RC_OK;
}

static int read_hostname(struct conf_read *p)
{
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    const char *name = p->w.word[1];
    /* RFC 2132 section 3.14: a DHCP host name follows RFC 1035. */
    if (!conf_words_is_host(name) || strchr(name, ':') ||
        strlen(name) >= sizeof(p->c->hostname))
        return conf_bad(p, "* is not a host name of up to 63 characters", name);
    memcpy(p->c->hostname, name, strlen(name) + 1);
    return RC_OK;
}

static int read_address(struct conf_read *p)
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

static int read_ip4(struct conf_read *p, uint8_t ip[4])
{
    struct addr a;
    if (addr_parse(p->w.word[1], &a) < 0 || a.family != 4)
        return conf_bad(p, "* is not an address A.B.C.D", p->w.word[1]);
    memcpy(ip, a.b, 4);
    return RC_OK;
}

static int read_gateway(struct conf_read *p)
{
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    return read_ip4(p, p->c->gateway4);
}

static int read_nameserver(struct conf_read *p)
{
    uint8_t ip[4] = {0};
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    if (read_ip4(p, ip) < 0)
        return RC_BAD;
    if (p->c->dns4_count == LEN(p->c->dns4))
        return conf_bad(p, "two are enough", NULL);
    memcpy(p->c->dns4[p->c->dns4_count++], ip, 4);
    return RC_OK;
}

/* N or Nms. */
static int read_width(struct conf_read *p, const char *word)
{
    char digits[8] = {0};
    int64_t ms;
    size_t n = strspn(word, "0123456789");
    if (n == 0 || n >= sizeof(digits) ||
        (word[n] && !conf_words_equal(word + n, "ms")))
        return conf_bad(p, "width * is not a number of milliseconds", word);
    memcpy(digits, word, n);
    if (conf_int(p, "width", digits, 1, 900, &ms) < 0)
        return RC_BAD;
    p->c->pps_width_ms = (uint16_t)ms;
    return RC_OK;
}

static int read_pps(struct conf_read *p)
{
    int64_t gpio;
    if (conf_want(p, 2, 5) < 0)
        return RC_BAD;
    if (!conf_words_equal(p->w.word[1], "gpio"))
        return conf_bad(p, "comes out of a gpio, not of *", p->w.word[1]);
    if (conf_int(p, "gpio", p->w.word[2], 0, 53, &gpio) < 0)
        return RC_BAD;
    bool always = false;
    for (size_t i = 3; i < p->w.count; i++) {
        const char *word = p->w.word[i];
        if (conf_words_equal(word, "always"))
            always = true;
        else if (!conf_words_equal(word, "width"))
            return conf_bad(p, "unknown option *", word);
        else if (++i == p->w.count)
            return conf_bad(p, "its width is missing", NULL);
        else if (read_width(p, p->w.word[i]) < 0)
            return RC_BAD;
    }
    p->c->pps = true;
    p->c->pps_always = always;
    p->c->pps_gpio = (uint8_t)gpio;
    return RC_OK;
}

static int read_directive(struct conf_read *p)
{
    static const struct {
        const char *name;
        int (*read)(struct conf_read *p);
    } table[] = {
        {"server", conf_read_server},
        {"pool", conf_read_pool},
        {"ntstrustedcerts", read_trust},
        {"dhcpservers", read_dhcpservers},
        {"nosystemcert", read_nosystemcert},
        {"ntsdumpdir", read_save},
        {"driftfile", read_save},
        {"saveinterval", read_saveinterval},
        {"ntsaeads", read_aeads},
        {"makestep", read_makestep},
        {"bootstrap", conf_read_bootstrap},
        {"nocerttimecheck", conf_read_nocerttimecheck},
        {"minsources", conf_read_minsources},
        {"authselectmode", conf_read_authselectmode},
        {"combinelimit", conf_read_combinelimit},
        {"maxdistance", conf_read_maxdistance},
        {"maxjitter", conf_read_maxjitter},
        {"reselectdist", conf_read_reselectdist},
        {"stratumweight", conf_read_stratumweight},
        {"leapsecmode", conf_read_leapsecmode},
        {"maxslewrate", conf_read_maxslewrate},
        {"maxupdateskew", conf_read_maxupdateskew},
        {"maxclockerror", conf_read_maxclockerror},
        {"maxdrift", conf_read_maxdrift},
        {"maxchange", conf_read_maxchange},
        {"pps", read_pps},
        {"hostname", read_hostname},
        {"address", read_address},
        {"gateway", read_gateway},
        {"nameserver", read_nameserver},
    };
    const char *word = p->w.word[0];
    for (size_t i = 0; i < LEN(table); i++)
        if (conf_words_equal(word, table[i].name))
            return table[i].read(p);
    const char *why = conf_words_ignored(word);
    if (why)
        conf_report(p, CONF_IGNORED, word, why, NULL);
    else
        conf_report(p, CONF_ERROR, NULL, "unknown directive *", word);
    return why ? RC_OK : RC_BAD;
}

static void read_line(struct conf_read *p, const char *line, size_t len)
{
    int r = conf_words_split(&p->w, line, len);
    if (r == RC_SPACE)
        conf_report(p, CONF_ERROR, NULL, "the line is too long", NULL);
    else if (r < 0)
        conf_report(p, CONF_ERROR, NULL, "control characters: is this text?",
                    NULL);
    else if (p->w.count > 0)
        (void)read_directive(p); /* has reported; the next line applies */
}

static void check_whole(struct conf_read *p)
{
    const struct conf *c = p->c;
    p->line = 0;
    if (c->bootstrap_strict && c->nocerttimecheck)
        conf_report(p, CONF_NOTE, "nocerttimecheck",
                    "has no effect beside bootstrap strict", NULL);
    if (!c->static_ip4 && (c->gateway4[0] || c->gateway4[1]))
        conf_report(p, CONF_NOTE, "gateway", "no address line: DHCP decides",
                    NULL);
}

static void set_defaults(struct conf *c)
{
    memset(c, 0, sizeof(*c));
    c->saveinterval_s = 900;
    c->makestep_s = 1.0;
    c->makestep_limit = 3;
    c->maxslewrate_ppm = 83333.333;
    c->maxupdateskew_ppm = 1000;
    c->maxclockerror_ppm = 1;
    c->maxdrift_ppm = 500000;
    c->aeads[0] = AEAD_AES_128_GCM_SIV;
    c->aeads[1] = AEAD_AES_SIV_CMAC_256;
    c->aead_count = 2;
    c->maxdistance_s = 3;
    c->maxjitter_s = 1;
    c->reselectdist_s = 100e-6;
    c->stratumweight_s = 1e-3;
    c->combinelimit = 3;
    c->pps_gpio = 18;
    c->pps_width_ms = 100;
    memcpy(c->hostname, "gnomon", 7);
}

int conf_parse(struct conf *c, const char *text, size_t len)
{
    struct conf_read p = {.c = c};
    set_defaults(c);
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3; /* UTF-8 byte order mark: Windows' editors write it */
        len -= 3;
    }
    if (len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 ||
                     memcmp(text, "\xfe\xff", 2) == 0)) {
        conf_report(&p, CONF_ERROR, NULL, "UTF-16: save it as UTF-8 or ASCII",
                    NULL);
        len = 0;
    }
    for (size_t at = 0; at < len;) {
        const char *nl = memchr(text + at, '\n', len - at);
        size_t n = nl ? (size_t)(nl - (text + at)) : len - at;
        if (p.line < UINT16_MAX)
            p.line++;
        read_line(&p, text + at, n);
        at += n + 1;
    }
    check_whole(&p);
    return p.errors;
}
