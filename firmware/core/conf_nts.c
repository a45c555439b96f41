/* the key exchange that the board serves: its keys, its port, its clients */
#include <string.h>

#include "conf_private.h"

/* ---- keys and certificates ----------------------------------------------- */

/* The i-th key belongs to the i-th certificate, so a line that is wrong counts:
 * those behind it keep their partners. */
int conf_read_pair(struct conf_parser *p)
{
    bool key = conf_lex_equal(p->w.word[0], "ntsserverkey");
    uint8_t *count = key ? &p->keys_given : &p->certs_given;
    if (*count == LIMIT_KE_PAIRS)
        return conf_bad(p, "there is room for 8 pairs", NULL);
    struct conf_pair *pair = &p->c->pair[(*count)++];
    if (*count > p->c->pair_count)
        p->c->pair_count = *count;
    *(key ? &pair->key_at : &pair->cert_at) = conf_here(p);
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    const char *file = p->w.word[1];
    if (strlen(file) >= LIMIT_NAME)
        return conf_bad(p, "the file name is too long", NULL);
    memcpy(key ? pair->key : pair->cert, file, strlen(file) + 1);
    return RC_OK;
}
static_assert(LIMIT_KE_PAIRS == 8, "the message says so");

/* One that has only half of its lines is left out, the others are served. */
void conf_check_pairs(struct conf_parser *p)
{
    for (unsigned i = 0; i < p->c->pair_count; i++) {
        const struct conf_pair *pair = &p->c->pair[i];
        if (!pair->cert_at.line)
            conf_report_at(p, &pair->key_at, CONF_ERROR, "ntsserverkey",
                           "no ntsservercert line belongs to it: not served");
        if (!pair->key_at.line)
            conf_report_at(p, &pair->cert_at, CONF_ERROR, "ntsservercert",
                           "no ntsserverkey line belongs to it: not served");
    }
}

/* ---- the rest ------------------------------------------------------------ */

int conf_read_ntsntpserver(struct conf_parser *p)
{
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    const char *name = p->w.word[1];
    if (!conf_lex_is_host(name) || strlen(name) >= LIMIT_NAME)
        return conf_bad(p, "* is neither a host name nor an address", name);
    memcpy(p->c->ntsntpserver, name, strlen(name) + 1);
    return RC_OK;
}

int conf_read_ntsprocesses(struct conf_parser *p)
{
    int64_t n;
    if (conf_want(p, 1, 1) < 0 ||
        conf_read_int(p, p->w.word[0], p->w.word[1], 0, 1000, &n) < 0)
        return RC_BAD;
    if (n > 1)
        conf_report(p, CONF_NOTE, p->w.word[0],
                    "one processor does it all here", NULL);
    return RC_OK;
}
