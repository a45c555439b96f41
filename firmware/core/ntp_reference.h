/* ntp_reference.h -- what our clock says of itself to whom it serves time:
 * the system variables of RFC 5905 section 11.1. Made by core/timekeeper. */
#ifndef NTP_REFERENCE_H
#define NTP_REFERENCE_H

#include "base.h"

#define NTP_REFID_LOCAL   0x7f7f0101u /* 127.127.1.1, of chrony's local      */
#define NTP_STRATUM_UNSET 16 /* not synchronised; 0 in a packet             */

struct ntp_reference {
    uint8_t leap, stratum; /* 3, NTP_STRATUM_UNSET while the clock is not set */
    int8_t precision;      /* log2 s: of one tick of the counter          */
    uint32_t refid;        /* the selected source's address, section 7.3  */
    ntp64 ref_time;        /* UTC of the last update of the clock         */
    span_ns root_delay_ns; /* to the primary reference                    */
    span_ns root_disp_ns;  /* the clock served is right within half the
                              * delay and this; 16 s while it is not set    */
};

#endif
