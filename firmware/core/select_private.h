/* select_private.h -- what the files of core/select share: select.c says who is
 * believed and who is selected, select_combine.c who goes with the majority of
 * those, and makes one line of them. */
#ifndef SELECT_PRIVATE_H
#define SELECT_PRIVATE_H

#include "select.h"

enum role { OUT, VOTER, FOLLOWER }; /* follower: must agree, has no say */

struct select_span { /* ns about a common origin */
    span_ns lo, hi;
};

struct select_work {
    const struct select_in *in;
    const struct select_limits *limits;
    size_t n;
    ntp64 origin;
    enum role role[LIMIT_SOURCES];
    struct select_span span[LIMIT_SOURCES];
    bool good[LIMIT_SOURCES];  /* survivors                                */
    bool with[LIMIT_SOURCES];  /* of them: who goes with the others        */
    double off[LIMIT_SOURCES]; /* ns about origin, less the source's bias  */
};

/* Finds who of w->good goes with the others, into w->with and w->off. The
 * lines of a majority of three or more that have a say are where all others
 * have to be: in rate, and in offset but for what they have always differed by.
 * Who walks away is left alone, even if it was selected. */
void select_go_together(struct select_work *w, const struct select_conf *conf);

/* Combines the selected source with those that go with it and are not much
 * farther into out->est, which is kept within s, weighted by 1 / sigma squared.
 * Their bias is taken off each and learnt from the source that has a new
 * sample, so that weights may change and sources come and go without moving the
 * clock. */
void select_combine(struct select_work *w, const struct select_span *s,
                    const struct select_conf *conf, struct select_out *out);

#endif
