/* timekeeper_state.h -- what the timekeeper holds. Private to timekeeper*.c:
 * timekeeper.c changes it, timekeeper_status.c only reads. */
#ifndef TIMEKEEPER_STATE_H
#define TIMEKEEPER_STATE_H

#include "core/limit.h"
#include "core/clk.h"
#include "core/discipline.h"
#include "core/leap.h"
#include "core/poll_adapt.h"
#include "core/residuals.h"
#include "timekeeper.h"

struct timekeeper_slot {
    const struct conf_source *conf; /* NULL: unused                          */
    uint8_t reach;
    uint32_t refid;
    struct filter filter;
    struct poll_adapt adapt;
    struct ntp_sample last;  /* that passed all tests                        */
    struct ntp_sample shown; /* of the last valid reply                      */
    span_ns measured_ns; /* that - clk, when it came                       */
    struct residuals residuals;
    bool refused;  /* the last sample, by the filter                 */
    uint32_t good; /* samples the filter took, since boot            */
};

struct timekeeper_state {
    const struct conf *conf;
    uint32_t hz;
    struct clk clk;
    struct timekeeper_slot slot[LIMIT_SOURCES];
    unsigned slots;
    bool nts; /* one of them has it                             */
    struct select_limits limits;
    double score[LIMIT_SOURCES]; /* select.h                                 */
    struct discipline d;
    struct leap leap;
    struct select_in in[LIMIT_SOURCES];
    struct select_out sel;
    uint64_t until; /* discipline_follow is due here                  */
    mono_ns first_sync;
    enum select_why said; /* last reason logged for not being synchronised  */
    bool agreed;          /* sel may steer the clock                         */
    bool reselect;
};
extern struct timekeeper_state timekeeper_state;

/* Takes a leap second whose moment has come. */
void timekeeper_leap_if_due(uint64_t ticks);

#endif
