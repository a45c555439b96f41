/* status_units.h -- chronyc's numbers, names and headings. For status*.c. */
#ifndef STATUS_UNITS_H
#define STATUS_UNITS_H

#include "base.h"
#include "fmt.h"

uint64_t status_size_of(span_ns v);
/* chronyc's sign of an offset of ours. */
const char *status_sign(span_ns offset);
void status_add_span(struct fmt_text *t, const char *sign, uint64_t ns);
void status_add_offset(struct fmt_text *t, span_ns offset); /* ours */
void status_add_ago(struct fmt_text *t, int64_t s);
void status_add_seconds(struct fmt_text *t, const char *sign, uint64_t ns);
void status_add_time(struct fmt_text *t, int64_t unix_s);
void status_add_header(struct fmt_text *t, const char *header);
void status_name(const char *name, char out[26]);

#endif
