/* metrics.h -- the snapshot in Prometheus's text format 0.0.4, in pieces.
 *
 *     uint32_t at = 0;
 *     while (metrics_next(&s, &at, &text))  a fresh text each time: send it
 *
 * What chrony_exporter has a name for has that name, its labels, and the signs
 * of `chronyc -c`, so that dashboards and rules made for it work as they are;
 * what is ours alone begins with gnomon_. Of two sources with one name and one
 * address the second is called name#2, and so on: no two series are equal.
 * Names come from chrony.conf, DHCP and DNS: what is not printable ASCII
 * becomes `?`, and the rest is escaped. Pure. */
#ifndef METRICS_H
#define METRICS_H

#include "fmt.h"
#include "status.h"

#define METRICS_TYPE  "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_PIECE 1536 /* room that any piece finds enough               */

/* Appends the piece *at to t, and moves *at to the next. Returns false, and
 * appends nothing, behind the last. */
bool metrics_next(const struct status *s, uint32_t *at, struct fmt_text *t);

#endif
