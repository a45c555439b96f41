/* metrics_private.h -- the table that metrics*.c share: which metrics there
 * are, by what name, and how many samples each has. */
#ifndef METRICS_PRIVATE_H
#define METRICS_PRIVATE_H

#include "base.h"

enum metric { /* in the order of metrics_families */
              UP,
              TRACKING_INFO,
              LAST_OFFSET,
              SYSTEM_TIME,
              RMS_OFFSET,
              FREQUENCY,
              RESIDUAL,
              SKEW,
              ROOT_DELAY,
              ROOT_DISPERSION,
              UPDATE_INTERVAL,
              REFERENCE_TIME,
              REMOTE,
              STRATUM,
              AGE,
              SAMPLE_OFFSET,
              SAMPLE_ERROR,
              REACH_RATIO,
              REACH_SUCCESS,
              POLL,
              SOURCE_STRATUM,
              STATE_INFO,
              PEER_OFFSET,
              PEER_DELAY,
              PEER_DISPERSION,
              PEER_RESPONSE,
              SAMPLES,
              RUNS,
              SPAN,
              STATS_FREQUENCY,
              STATS_SKEW,
              STATS_OFFSET,
              STATS_STDDEV,
              NTP_HITS,
              NTP_DROPS,
              CMD_HITS,
              CMD_DROPS,
              LOG_DROPS,
              KE_HITS,
              KE_DROPS,
              AUTHENTICATED,
              INTERLEAVED,
              BUILD_INFO,
              UPTIME,
              SYNCHRONISED,
              ERROR_BOUND,
              AGREEING,
              NEEDED,
              FLOOR,
              CERT_END,
              COOKIES,
              NAKS,
              KE_AGE,
              CARD_WRITES,
              CARD_ERRORS,
              CARD_WEAR,
              CRASHES,
              LOG_LOST,
              FRAMES_DROPPED,
              ARENA_PEAK,
              STACK_PEAK,
              LOOP_LONGEST,
              NAKS_SENT,
              COOKIE_KEY_AGE,
              NTP_DROPPED,
              CMD_DROPPED,
              TEMPERATURE,
              PPM_PER_C,
              LAW_USED,
              METRICS,
};

enum metrics_rows { ONE, EACH_SOURCE, EACH_POLL, EACH_DROP };

struct metrics_family {
    uint8_t metric; /* its own index                                        */
    uint8_t rows;   /* enum metrics_rows                                    */
    bool counter;   /* else a gauge                                         */
    const char *name, *help;
};
extern const struct metrics_family metrics_families[METRICS];

#endif
