/* floor_record.h -- the journal's record of the time floor (kind STORE_FLOOR,
 * id 0; journal.h), and of what an operator did to it. All big-endian:
 *
 *      0  1  version 2 (1: the first 17 bytes only, still read)
 *      1  8  floor, Unix seconds
 *      9  4  frequency of the crystal, parts per 10^12, signed
 *     13  4  one sigma of it; 0: not known
 *     17  1  bit 0: the floor is an operator's, or rose from one in strict
 *            mode (bootstrap.h)
 *     18  1  what an operator did last: 0 nothing that was not yet reported
 *            at a boot, 1 set the floor, 2 reset it to the build time
 *     19  8  the floor before that
 *
 * Any bytes may come in; a floor outside the years 1970 .. 9999 is none. */
#ifndef FLOOR_RECORD_H
#define FLOOR_RECORD_H

#include "base.h"

#define FLOOR_RECORD_LEN 27
#define FLOOR_RECORD_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z       */

enum floor_act { FLOOR_ACT_NONE, FLOOR_ACT_SET, FLOOR_ACT_RESET };

struct floor_record {
    int64_t floor;
    int32_t freq_e12, freq_sigma_e12;
    bool by_operator;
    enum floor_act act;
    int64_t before;
};

/* Write the record. */
void floor_record_write(const struct floor_record *r,
                        uint8_t out[FLOOR_RECORD_LEN]);
/* Read a record, any bytes, of either version. Returns RC_OK, or RC_BAD when
 * it is none, and then *r is as it was. */
int floor_record_read(struct floor_record *r, const uint8_t *in,
                      size_t len) MUST_CHECK;

/* Read a time as an operator writes it, "YYYY-MM-DDThh:mm:ssZ": exactly that, a
 * day that exists, 1970 .. 9999. Returns RC_OK, or RC_BAD, and then *unix_s is
 * as it was. */
int floor_record_time(const char *text, int64_t *unix_s) MUST_CHECK;

#endif
