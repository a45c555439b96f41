/* page_private.h -- what page*.c share. */
#ifndef PAGE_PRIVATE_H
#define PAGE_PRIVATE_H

#include "page.h"

/* A section appends the piece p->index of its own, and returns true if it has
 * another one. */
bool page_plots(struct page *p, struct fmt_text *t);
bool page_sources(struct page *p, struct fmt_text *t);
bool page_cards(struct page *p, struct fmt_text *t);

/* Appends a text that is not ours, escaped, at most `most` characters of it and
 * then an ellipsis. What is not printable ASCII becomes `?`. */
void page_add_text(struct fmt_text *t, const char *text, size_t most);
#define PAGE_NAME 120 /* characters of a name                                */

/* Appends a time in three digits and a unit: "221 µs", "1.73 s". */
void page_add_span(struct fmt_text *t, span_ns ns);
/* The same with a sign. */
void page_add_offset(struct fmt_text *t, span_ns ns);
/* Appends how long: "12 s", "5 min", "3 h 20 min", "4 days". */
void page_add_long(struct fmt_text *t, int64_t s);
/* Appends parts per million in three digits. */
void page_add_ppm(struct fmt_text *t, int64_t e12);
/* Appends "2026-11-28 09:47:53", or the first n characters of it. */
void page_add_utc(struct fmt_text *t, int64_t unix_s, size_t n);

/* Tells whether a source needs a look: it is not used, and not by choice. */
bool page_needs_look(const struct status *s, unsigned i);

#endif
