/* How the clock may be set for the first time (bootstrap.h). */
#include "conf_read.h"

int conf_read_bootstrap(struct conf_read *p)
{
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    const char *mode = p->w.word[1];
    if (!conf_words_equal(mode, "strict") && !conf_words_equal(mode, "default"))
        return conf_bad(p, "* is not strict or default", mode);
    p->c->bootstrap_strict = conf_words_equal(mode, "strict");
    return RC_OK;
}

int conf_read_nocerttimecheck(struct conf_read *p)
{
    int64_t n;
    if (conf_want(p, 1, 1) < 0 ||
        conf_int(p, "nocerttimecheck", p->w.word[1], 0, INT32_MAX, &n) < 0)
        return RC_BAD;
    p->c->nocerttimecheck = (uint32_t)n;
    return RC_OK;
}
