/* report.h -- REPORT.TXT: what a board that does not get to the time leaves for
 * a person to read on any PC. Pure: bytes and texts in, 32 KiB of text out,
 * which services/report.c writes over the sectors of a file of that size.
 *
 *     report_begin, report_add and report_log as often as need be, report_end
 *
 * Lines end in CR LF; what is left over at the end is blanks. The first line is
 * "GNOMON REPORT N of 3", N being how many times it has been written since
 * power-on, with ", the last" behind it once a synchronisation was had; the
 * last line is "END OF GNOMON REPORT". By these two a file is known to be a
 * report: sectors without them are never written. */
#ifndef REPORT_H
#define REPORT_H

#include "logring.h"

#define REPORT_SECTOR  512u
#define REPORT_SECTORS 64u
#define REPORT_BYTES   (REPORT_SECTORS * REPORT_SECTOR)
#define REPORT_MOST    3u /* times a power-on */

struct report_head {
    uint8_t number; /* 0 .. REPORT_MOST                                     */
    bool last;
};

/* Reads the first and the last sector of a file, any bytes. Returns RC_OK, or
 * RC_BAD where neither is a report's, and then *out is as it was. A power cut
 * may have spoiled one of them: without the first, *out is the most careful
 * guess (REPORT_MOST, not the last). */
int report_head_read(struct report_head *out,
                     const uint8_t first[REPORT_SECTOR],
                     const uint8_t last[REPORT_SECTOR]) MUST_CHECK;

struct report {
    char *out;
    size_t len;
};

/* Begins a report in out, which stays the caller's. */
void report_begin(struct report *r, char out[REPORT_BYTES],
                  const struct report_head *head);

/* Adds text, whose lines end in LF, and ends its last one; bytes that are no
 * printable ASCII become `?`. What has no room is left out. */
void report_add(struct report *r, const char *text);

/* Adds the lines of the log, oldest first. Where they are too many, those in
 * the middle are left out, and how many is said. */
void report_log(struct report *r, const struct logring *log);

/* Fills up what is left. */
void report_end(struct report *r);

#endif
