/* resolver_private.h -- what resolver.c (questions, their answers, what to
 * do next) and resolver_query.c (attempts and what comes of them) share. */
#ifndef RESOLVER_PRIVATE_H
#define RESOLVER_PRIVATE_H

#include "resolver.h"

/* Makes the next attempt at one family of a question, whose time has come:
 * a query falls due, or the family has no server left and is settled. */
void resolver_attempt(struct resolver *r, struct resolver_question *q,
                      unsigned family, mono_ns now);

/* Ends one family of a question; its queries are closed. When both are at
 * their end, so is the question. */
void resolver_settle(struct resolver *r, struct resolver_question *q,
                     unsigned family, enum resolver_why why, mono_ns now);

/* Tells whether the query is under way for this family of that question. */
bool resolver_belongs(const struct resolver *r,
                      const struct resolver_query *one,
                      const struct resolver_question *q, unsigned family);

/* Closes the query, if it is open. */
void resolver_close(struct resolver *r, struct resolver_query *one);

/* Says what has to be sent, opened or closed next, as resolver_poll does. */
int resolver_next_out(struct resolver *r, mono_ns now,
                      struct resolver_out *out) MUST_CHECK;

#endif
