/* report.h -- writes REPORT.TXT (core/report.h) over the sectors of that file
 * on the boot partition, so that a board which does not get to the time can be
 * understood on any PC.
 *
 * At most REPORT_MOST times a power-on: 10 s and 60 s after a start, and at the
 * first synchronisation or at a start after crashes in a row. After the first
 * synchronisation ever it is written no more; chrony.conf's `report` makes it
 * always or never. That there has been one is in the journal and, for a card
 * without one, in the report's first line; the journal comes first, so a power
 * cut in between costs the last report. Where the file is missing, of another
 * size, in pieces or no report, nothing is written, and the log says so once,
 * when it would have been. */
#ifndef SERVICES_REPORT_H
#define SERVICES_REPORT_H

#include "core/conf.h"

/* Finds the file, and whether it may be written. conf stays the caller's. After
 * store_init. */
void report_init(const struct conf *conf);

/* Writes it when it is time. Returns when to be called next. */
mono_ns report_poll(mono_ns now);

#endif
