/* world.h -- one oscillator, one to five servers, their network, and the
 * firmware's own clock (core/timekeeper), at tens of thousands of times real
 * speed. A scenario is a line of scenarios.txt; same scenario and seed, same
 * numbers, on any machine.
 *
 * The models are README.md's, with which chrony's figures were measured: the
 * crystal's frequency is a random walk, constant over a second; delays are
 * independent draws, each way. Samples are made as ntp_client makes them:
 * whole ticks of the counter, the midpoint, the round trip less the server's
 * time; polls as it sends them: a ramp of 4 per octave from 2 s, then 2^poll
 * s, each up to 4 % longer by chance. Error: steered clock - true time, looked
 * at once a second. */
#ifndef WORLD_H
#define WORLD_H

#include "core/timekeeper.h"
#include "warmth.h"

#define WORLD_SERVERS 5
#define WORLD_SECONDS (4 * 86400)

struct path { /* one way, s: the sum of these, |normal| */
    double base, exp, gauss, normal, logn_median, logn_sigma;
    double spike_p, spike_exp;
    double uniform; /* 0 to so much, any as likely                            */
    double bloat; /* uniform, 20 minutes of every two hours                   */
    double two_p, two; /* by chance another way, longer by                    */
    double busy, busy_exp; /* more, from busy_from to busy_to of each day     */
    double late;           /* more, by route_every's turns, this way alone    */
    double sway;           /* to and fro, a sine of sway_every                */
    double more[WORLD_SERVERS]; /* of each server's path, to base             */
};

struct scenario {
    char name[8];
    double hz, ppm, start; /* counter; crystal fast by; clock's error, s      */
    double wander;         /* per sqrt(s)                                     */
    double days, from, to; /* to run; window of the figures, s                */
    double servers;        /* how many                                        */
    double liars, liar;    /* the last so many of them are wrong by, s        */
    double liar_first;     /* or the first so many                            */
    double liar_from, liar_drift; /* from then on, s; and more and more, s/s  */
    double liar_for;  /* ... for so long, s; 0: for ever                     */
    double liar_back; /* then back at the same rate                          */
    double to_server; /* errors are against what the last server says        */
    double loss;      /* each way                                        */
    double latency;   /* receive stamps late by up to, s                 */
    double step_at, step_ppm;  /* of the crystal                              */
    double step_for;           /* s; 0: for ever                              */
    double jump_at, jump;      /* of the counter, s                           */
    double route_at, route;    /* base grows by, each way, s                  */
    double route_every;        /* ... and shrinks, in turns of so many s      */
    double sway_every;         /* s                                           */
    double dark;               /* s of every two hours in which all is lost   */
    double dead_from, dead_to; /* outage                                      */
    double sine_ppm, triangle_ppm; /* 24 h and 30 min periods, amplitudes     */
    double week_ppm;               /* a week                                  */
    double room_ppm, room_s, room_tau; /* the room warms and cools in turns of
                                        * room_s, the case follows in room_tau */
    double load_ppm, load_s, load_every, load_tau; /* load: for load_s of every
                                                    * load_every             */
    struct warmth warmth;
    double busy_from, busy_to; /* s of each day                           */
    double epoch;  /* Unix s at true time 0; 0: an hour before era 1  */
    double ticks0; /* counter then; 0: a million                      */
    /* A leap second, +1 inserted, -1 deleted, when true time is leap_at;
     * servers as bits: who announces it, who does it (nobody: there was none),
     * the last leap_late s later; leapsecmode as enum leap_mode */
    double leap, leap_at, leap_say, leap_do, leap_late, leap_mode;
    struct path up, down;
    /* what we have of chrony 4.6.1 at poll 6, us and ppb, and our goal */
    double chrony_rms, chrony_max, chrony_freq, goal;
    /* and at its default, poll 6 to 10; s between requests                   */
    double default_rms, default_max, default_freq, default_poll;
};

struct figures {
    double rms, max; /* us                                              */
    double freq;     /* ppb RMS of the steered clock's own rate         */
    double est_freq; /* ppb RMS of the rate in the estimate             */
    double floor;    /* us RMS in the outage had phase and frequency
                            * been known exactly when it began: the crystal's */
    double mean;     /* us, the bias                                    */
    double under_1ms, under_100us; /* s since when for good, -1 not           */
    double poll_s;     /* mean time between requests, to whomever         */
    double max_synced; /* us, from the first sync on                      */
    unsigned polls, refused, steps, back, dishonest, followed_liar;
    char state[WORLD_SERVERS +
               1];    /* of the servers at the end, chrony's letters */
    double width;     /* us, median of the bound, looked at every 16 s   */
    double within_ms; /* s after `from` since when it is within 1 ms for good */
    bool used;        /* the temperature, at the end                     */
    unsigned leaps;   /* done by the clk or its discipline               */
    double announced; /* s, for how long a leap was shown                */
};

/* The scenarios of a file; how many, 0 if it cannot be read or understood. */
size_t scenario_load(const char *file, struct scenario *out, size_t cap);
const struct scenario *scenario_find(const struct scenario *s, size_t n,
                                     const char *name);

/* minpoll, maxpoll: log2 s; equal: all polls after the ramp. */
struct figures world_run(const struct scenario *c, uint64_t seed, int minpoll,
                         int maxpoll);

/* The crystal's rates of such a run, second by second, as text. */
bool world_crystal(const struct scenario *c, uint64_t seed, const char *file);

/* SIM_SEED of the environment, or a new one; printed. */
uint64_t world_seed(void);

double world_median(double *v, size_t n); /* sorts v */

#endif
