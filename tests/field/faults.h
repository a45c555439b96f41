/* faults.h -- a day's faults (test_faults.c): which there are, the schedule
 * that a seed makes of them, and what they do to the simulated world. */
#ifndef FAULTS_H
#define FAULTS_H

#include "../world/case.h"

#define MINUTE  60
#define HOUR    3600
#define FAULTS  300
#define RECOVER (10 * MINUTE)

enum fault_kind {
    /* of a minority of the servers */
    LIE,
    NAK,
    TAMPER,
    REPLAY,
    PLAIN,
    KISS,
    KE_BAD,
    /* of any servers */
    SILENT,
    SLOW,
    ASYMMETRIC,
    LOSS,
    JITTER,
    TWICE,
    KE_AWAY,
    KEYS,
    OLD,
    /* of the board's surroundings */
    LINK,
    NAMES,
    LEASE,
    MOVED,
    CARD_FAILS,
    CARD_GONE,
    FLOOD,
    POWER,
    POWER_IN_WRITE,
    KINDS,
};
extern const char *const fault_name[KINDS];

struct fault {
    enum fault_kind kind;
    unsigned servers; /* a bit each                                      */
    int64_t from, to; /* seconds since the day began                     */
    int64_t amount;
    bool begun;
};

struct faults { /* of one day; seconds count from its begin              */
    unsigned servers, storms;
    struct fault fault[FAULTS];
    unsigned count;
    int64_t storm_end[32];
};

/* Make a day of w->path_random's numbers: how many servers, how long a lease
 * (w->lease_s), which faults when. *d is all zero before. */
void faults_plan(struct faults *d);
/* Make the world what the schedule says of that second; what only happens once,
 * when a fault begins, is the caller's. */
void faults_afflict(const struct faults *d, int64_t at);
/* End all of them. */
void faults_heal(void);

#endif
