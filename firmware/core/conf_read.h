/* conf_read.h -- what the files that read chrony.conf's directives share. For
 * conf*.c. */
#ifndef CONF_READ_H
#define CONF_READ_H

#include "conf.h"
#include "conf_words.h"

struct conf_read { /* one file being read */
    struct conf *c;
    uint16_t line;
    int errors;
    struct conf_words w; /* the line's words; word[0] is the directive      */
};

/* Add a report about `what` (NULL: nothing to name). `*` in f stands for
 * arg, quoted, cut and cleaned. */
void conf_report(struct conf_read *p, enum conf_level level, const char *what,
                 const char *f, const char *arg);
/* An error of the line's directive. Returns RC_BAD. */
int conf_bad(struct conf_read *p, const char *f, const char *arg);
/* The directive has lo .. hi words after it; else RC_BAD, reported. */
int conf_want(struct conf_read *p, int lo, int hi) MUST_CHECK;
/* word as an integer lo .. hi; else RC_BAD, reported. */
int conf_int(struct conf_read *p, const char *what, const char *word,
             int64_t lo, int64_t hi, int64_t *v) MUST_CHECK;

/* word as a number, 0 (if zero says so) or more; else RC_BAD, reported. */
int conf_real(struct conf_read *p, const char *word, bool zero,
              double *v) MUST_CHECK;

/* The directives outside conf.c. RC_OK, RC_BAD: reported. */
int conf_read_server(struct conf_read *p);
int conf_read_pool(struct conf_read *p);
int conf_read_bootstrap(struct conf_read *p);
int conf_read_nocerttimecheck(struct conf_read *p);
int conf_read_maxslewrate(struct conf_read *p);
int conf_read_maxupdateskew(struct conf_read *p);
int conf_read_maxclockerror(struct conf_read *p);
int conf_read_maxdrift(struct conf_read *p);
int conf_read_maxchange(struct conf_read *p);
int conf_read_authselectmode(struct conf_read *p);
int conf_read_leapsecmode(struct conf_read *p);
int conf_read_minsources(struct conf_read *p);
int conf_read_combinelimit(struct conf_read *p);
int conf_read_maxdistance(struct conf_read *p);
int conf_read_maxjitter(struct conf_read *p);
int conf_read_reselectdist(struct conf_read *p);
int conf_read_stratumweight(struct conf_read *p);

#endif
