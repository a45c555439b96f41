/* clock_cost.c -- a payload in place of the firmware: what a sample costs the
 * board's processor, the filter alone and all that comes of a reply (selection
 * among four sources, the discipline), what a sensor of the temperature adds,
 * and what a source takes of memory.
 * bench_clock.py starts it under -icount, where a tick is so many instructions.
 */
#include <math.h>

#include "core/timekeeper.h"
#include "core/utc.h"
#include "cost.h"

#define SOURCES 4
#define SAMPLES 512 /* of each: all that is remembered is full after 256     */
#define COUNTED 256 /* the last so many                                      */
#define HZ      1000000u
#define NOW     INT64_C(1800000000)

static struct conf conf;
static struct timekeeper tk;
static struct filter alone;
static struct thermal law;
static uint32_t chance = 1;

static double exponential(double mean)
{
    chance = chance * 1664525u + 1013904223u;
    return -mean * log(((double)(chance >> 8) + 0.5) / 16777216.0);
}

/* A minute's sample over 10 ms and an exponential 1 ms each way. */
static struct ntp_sample sample(unsigned i, uint64_t *ticks)
{
    double up = 0.01 + exponential(1e-3), down = 0.01 + exponential(1e-3);
    uint64_t sent = (uint64_t)(i + 1) * 64 * HZ / SOURCES;
    *ticks = sent + (uint64_t)((up + down) * HZ);
    double off = (up - down) / 2;
    return (struct ntp_sample){
        .at_ticks = sent + (*ticks - sent) / 2,
        .utc = utc_of_unix(NOW, 0) +
               (uint64_t)(int64_t)(((double)i * 64 / SOURCES + off) * UTC_S),
        .delay_ns = (span_ns)((up + down) * 1e9),
        .stratum = 1,
        .server_precision = -24,
        .poll = 6,
    };
}

struct cost {
    uint64_t all, longest;
};

static void note(struct cost *c, uint64_t ticks)
{
    c->all += ticks;
    c->longest = ticks > c->longest ? ticks : c->longest;
}

static void begin(void)
{
    const struct timekeeper_start start = {.floor_unix_s = NOW - 1000};
    ASSERT(conf_parse(&conf, "", 0) == 0);
    tk_init(&tk, &conf, &start, HZ, 0);
    filter_init(&alone, HZ, 0, FILTER_SIGMA_UNKNOWN);
    for (unsigned i = 0; i < SOURCES; i++) {
        conf.sources[i] = conf_source_plain();
        tk_source(&tk, i, &conf.sources[i]);
    }
}

static void samples(struct cost *filter, struct cost *reply)
{
    for (unsigned i = 0; i < SAMPLES * SOURCES; i++) {
        uint64_t ticks, before;
        struct timekeeper_verdict v;
        struct ntp_sample s = sample(i, &ticks);
        const struct timekeeper_reply r = {.sample = &s, .reach = 255};
        bool counted = i >= (SAMPLES - COUNTED) * SOURCES;
        if (i % SOURCES == 0) {
            before = port_ticks();
            (void)filter_sample(&alone, &s);
            if (counted)
                note(filter, port_ticks() - before);
        }
        before = port_ticks();
        tk_reply(&tk, ticks, i % SOURCES, &r, &v);
        (void)tk_poll(&tk, ticks);
        if (counted)
            note(reply, port_ticks() - before);
    }
    ASSERT(tk_is_set(&tk) && tk.sel.selectable == SOURCES);
}

/* What the law costs with a room that swings by 8 C within the hour: 1 ppm a
 * degree, so that it is soon used and bends the clock's line at each reading. */
static void warmth(struct cost *reading, struct cost *thermal)
{
    const double step = 1e-6 * 10; /* the offset's, of a degree more for 10 s */
    double off = 0;
    thermal_init(&law, HZ);
    for (unsigned i = 0; i < SAMPLES * 6; i++) { /* a reading each 10 s */
        double c = 40 + 8 * sin(i * 10 * 6.283 / 3600);
        uint64_t ticks = (uint64_t)(i + 1) * 10 * HZ, before = port_ticks();
        (void)thermal_read(&law, ticks, (int32_t)(c * 2) * 500);
        if (i >= SAMPLES * 3)
            note(reading, port_ticks() - before);
        off += (c - 40) * step;
        if (i % 6)
            continue;
        ntp64 utc = utc_of_unix(NOW, 0) +
                    (uint64_t)(int64_t)(((double)i * 10 + off) * UTC_S);
        before = port_ticks();
        thermal_sample(&law, ticks, utc, 1e-8, 0);
        if (i >= SAMPLES * 3)
            note(thermal, port_ticks() - before);
    }
    ASSERT(law.used);
}

_Noreturn void gnomon_main(void)
{
    struct cost filter = {0}, reply = {0}, reading = {0}, thermal = {0};
    say("ticks a second", port_tick_hz(), 0);
    begin();
    samples(&filter, &reply);
    say("a sample, the filter alone", filter.all, COUNTED);
    say("a sample, the filter alone: the longest", filter.longest, 1);
    say("a reply of one of four sources", reply.all, COUNTED * SOURCES);
    say("a reply of one of four sources: the longest", reply.longest, 1);
    warmth(&reading, &thermal);
    say("a reading of the temperature", reading.all, SAMPLES * 3);
    say("a reading of the temperature: the longest", reading.longest, 1);
    say("its law, a sample", thermal.all, SAMPLES / 2);
    say("its law, a sample: the longest", thermal.longest, 1);
    say("bytes of a source: its filter", sizeof(struct filter), 0);
    say("bytes of a source: all that the clock keeps",
        sizeof(struct timekeeper_slot), 0);
    say("bytes of the temperature's law, once", sizeof(struct thermal), 0);
    say("done", 0, 0);
    for (;;)
        port_poll();
}
