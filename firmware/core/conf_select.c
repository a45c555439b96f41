/* How sources are selected: authselectmode, minsources and the limits; and
 * what becomes of their leap seconds. */
#include "conf_read.h"

int conf_read_authselectmode(struct conf_read *p)
{
    static const struct {
        const char *word;
        enum authselect mode;
    } modes[] = {{"mix", AUTHSELECT_MIX},
                 {"require", AUTHSELECT_REQUIRE},
                 {"prefer", AUTHSELECT_PREFER},
                 {"ignore", AUTHSELECT_IGNORE}};
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    for (size_t i = 0; i < LEN(modes); i++)
        if (conf_words_equal(p->w.word[1], modes[i].word)) {
            p->c->authselect = modes[i].mode;
            return RC_OK;
        }
    return conf_bad(p, "* is not require, prefer, mix or ignore", p->w.word[1]);
}

int conf_read_minsources(struct conf_read *p)
{
    int64_t v;
    if (conf_want(p, 1, 1) < 0 ||
        conf_int(p, "minsources", p->w.word[1], 1, 255, &v) < 0)
        return RC_BAD;
    p->c->minsources = (uint8_t)v;
    return RC_OK;
}

/* chrony takes any number; less than none makes no sense of any of these. */
static int limit(struct conf_read *p, double *out)
{
    return conf_want(p, 1, 1) < 0 ? RC_BAD
                                  : conf_real(p, p->w.word[1], true, out);
}

int conf_read_combinelimit(struct conf_read *p)
{
    return limit(p, &p->c->combinelimit);
}

int conf_read_maxdistance(struct conf_read *p)
{
    return limit(p, &p->c->maxdistance_s);
}

int conf_read_maxjitter(struct conf_read *p)
{
    return limit(p, &p->c->maxjitter_s);
}

int conf_read_reselectdist(struct conf_read *p)
{
    return limit(p, &p->c->reselectdist_s);
}

int conf_read_stratumweight(struct conf_read *p)
{
    return limit(p, &p->c->stratumweight_s);
}

int conf_read_leapsecmode(struct conf_read *p)
{
    static const struct {
        const char *word;
        enum leap_mode mode;
    } modes[] = {{"system", LEAP_SYSTEM},
                 {"step", LEAP_STEP},
                 {"slew", LEAP_SLEW},
                 {"ignore", LEAP_IGNORE}};
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    for (size_t i = 0; i < LEN(modes); i++)
        if (conf_words_equal(p->w.word[1], modes[i].word)) {
            p->c->leapsecmode = modes[i].mode;
            if (modes[i].mode == LEAP_SYSTEM)
                conf_report(p, CONF_NOTE, p->w.word[0],
                            "no kernel here: system is as step", NULL);
            return RC_OK;
        }
    return conf_bad(p, "* is not system, step, slew or ignore", p->w.word[1]);
}
