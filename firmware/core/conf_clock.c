/* How the clock may be corrected, and what is assumed of its crystal
 * (discipline.h). */
#include "conf_read.h"

static int only(struct conf_read *p, double *out)
{
    return conf_want(p, 1, 1) < 0 ? RC_BAD
                                  : conf_real(p, p->w.word[1], false, out);
}

int conf_read_maxslewrate(struct conf_read *p)
{
    int rc = only(p, &p->c->maxslewrate_ppm);
    if (rc == RC_OK && p->c->maxslewrate_ppm > CONF_SLEW_PPM)
        conf_report(p, CONF_NOTE, "maxslewrate",
                    "Gnomon never slews by more than 500 ppm", NULL);
    return rc;
}

int conf_read_maxupdateskew(struct conf_read *p)
{
    return only(p, &p->c->maxupdateskew_ppm);
}

int conf_read_maxclockerror(struct conf_read *p)
{
    return only(p, &p->c->maxclockerror_ppm);
}

int conf_read_maxdrift(struct conf_read *p)
{
    return only(p, &p->c->maxdrift_ppm);
}

/* maxchange OFFSET START IGNORE */
int conf_read_maxchange(struct conf_read *p)
{
    double offset;
    int64_t start, ignore;
    if (conf_want(p, 3, 3) < 0 ||
        conf_real(p, p->w.word[1], false, &offset) < 0 ||
        conf_int(p, "maxchange", p->w.word[2], INT32_MIN, INT32_MAX, &start) <
            0 ||
        conf_int(p, "maxchange", p->w.word[3], INT32_MIN, INT32_MAX, &ignore) <
            0)
        return RC_BAD;
    p->c->maxchange_s = offset;
    p->c->maxchange_start = (int32_t)start;
    p->c->maxchange_ignore = (int32_t)ignore;
    return RC_OK;
}
