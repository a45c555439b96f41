/* fmt.h -- printf without newlib's: no malloc, no locale, no 20 KB of float
 * code. Pure; cuts at the buffer's end, always 0-terminates (cap >= 1).
 *
 * Knows: flags - 0 + and blank; width and precision, also as `*`; lengths
 * hh h l ll z j t; conversions d i u x X o c s p %, and f with a precision
 * up to 9 (default 6), which is rounded half away from zero through 64-bit
 * integers and saturates at 9e18 / 10^precision. Anything else prints as it
 * stands and stops the output there: the arguments no longer line up. */
#ifndef FMT_H
#define FMT_H

#include <stdarg.h>

#include "base.h"

/* Print into out, cut at cap. Returns the length written, without the 0. */
size_t fmt(char *out, size_t cap, const char *f, ...)
    __attribute__((format(printf, 3, 4)));
/* Print as fmt does, the arguments in a va_list. */
size_t fmt_v(char *out, size_t cap, const char *f, va_list ap)
    __attribute__((format(printf, 3, 0)));

/* A text that grows by pieces. `cut` is set once something did not fit. */
struct fmt_text {
    char *out;
    size_t cap, len;
    bool cut;
};
/* Return an empty text that grows in out. */
struct fmt_text fmt_text_of(char *out, size_t cap);
/* Append to a text what fmt would print. */
void fmt_add(struct fmt_text *t, const char *f, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends a time for people: "3 s", "10.5 s", "0.2 s", "3.5 ms", "10 us". */
void fmt_add_span(struct fmt_text *t, int64_t ns);

#endif
