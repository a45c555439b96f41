/* chronyc_units.h -- chronyc's numbers, names and headings. Private to
 * chronyc_*.c. Offsets that go in have our sign (reference - local); what
 * comes out has chronyc's. */
#ifndef CHRONYC_UNITS_H
#define CHRONYC_UNITS_H

#include "base.h"
#include "fmt.h"

/* Returns the magnitude of v, for any v. */
uint64_t chronyc_magnitude(span_ns v);

/* Returns chronyc's sign of an offset of ours: "-" where ours is positive. */
const char *chronyc_sign(span_ns offset_ns);

/* Adds nanoseconds in chronyc's four digits and a unit: "146ns", "1061us",
 * "12.5s". sign is "", or one that goes before and takes a column more. */
void chronyc_add_span(struct fmt_text *t, const char *sign, uint64_t ns);

/* Adds an offset of ours in chronyc's sign, as chronyc_add_span does. */
void chronyc_add_offset(struct fmt_text *t, span_ns offset_ns);

/* Adds how long ago in four columns: seconds, then m, h, d, y; "-" for -1. */
void chronyc_add_ago(struct fmt_text *t, int64_t ago_s);

/* Adds seconds with nine places. */
void chronyc_add_seconds(struct fmt_text *t, const char *sign, uint64_t ns);

/* Returns parts per million. */
double chronyc_ppm(int64_t freq_e12);

/* Adds date and time as chronyc writes them. */
void chronyc_add_time(struct fmt_text *t, int64_t unix_s);

/* Adds a table's heading and the line under it. */
void chronyc_add_header(struct fmt_text *t, const char *header);

/* Copies up to 25 columns of the name; of a longer one the last is `>`, before
 * its port if it has one. */
void chronyc_name(const char *name, char out[26]);

#endif
