/* cert_age.h -- what is to be said of how long our certificate will still do:
 * the same words for log, console and status page. Pure. */
#ifndef CERT_AGE_H
#define CERT_AGE_H

#include "status.h"

#define CERT_AGE_WARN_S (14 * INT64_C(86400)) /* before its end              */

/* Writes what is wrong, or soon will be, with the dates of a pair's
 * certificate, now being Unix seconds of a clock that is set: it has ended, it
 * ends within 14 days, it has not begun. Returns the length; 0: nothing. */
size_t cert_age_text(const struct status_ke_pair *pair, int64_t now_unix_s,
                     char *out, size_t cap);

#endif
