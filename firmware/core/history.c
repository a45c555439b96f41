#include "history.h"

#include <math.h>

enum { CORRECTED = 1, KNOWN = 2, STEPPED = 4 };

static const struct {
    span_ns width;
    uint32_t slots;
} levels[HISTORY_LEVELS] = {
    [HISTORY_MINUTE] = {60 * MONO_S, HISTORY_MINUTES},
    [HISTORY_QUARTER] = {900 * MONO_S, HISTORY_QUARTERS},
};

/* ---- 0 .. 2^63 in 16 bits, to 0.1 % -------------------------------------- */

#define MANTISSA 10 /* bits; the exponent has the other six                  */

static uint16_t pack(double v)
{
    uint64_t n = v < 1 ? 0 : v < 9e18 ? (uint64_t)v : (uint64_t)9e18;
    unsigned shift = 0;
    while (n >> shift >= UINT64_C(2) << MANTISSA)
        shift++;
    if (n < UINT64_C(1) << MANTISSA)
        return (uint16_t)n; /* exponent 0: as it is                          */
    uint64_t rest = (n >> shift) - (UINT64_C(1) << MANTISSA);
    return (uint16_t)((shift + 1) << MANTISSA | rest);
}

static double unpack(uint16_t v)
{
    unsigned exponent = v >> MANTISSA;
    unsigned rest = v & ((1u << MANTISSA) - 1);
    if (exponent == 0)
        return rest;
    rest += 1u << MANTISSA;
    exponent--;
    return (double)(rest << (exponent & 15)) *
           (double)(UINT32_C(1) << (exponent & 16)) *
           (exponent & 32 ? 4294967296.0 : 1.0);
}

/* ---- filling ------------------------------------------------------------- */

static struct history_slot *ring(struct history *h, unsigned level)
{
    return level == HISTORY_MINUTE ? h->minute : h->quarter;
}

/* An open slot as it is kept. */
static struct history_slot closed(const struct history_open *o)
{
    struct history_slot s = o->slot;
    if (o->corrections > 0)
        s.rms = pack(sqrt(o->square / o->corrections));
    s.skew = pack((double)o->skew_e12);
    s.bound = pack((double)o->bound_ns);
    return s;
}

/* The slot for now; what lies between it and the one before is a gap. */
static struct history_open *open_at(struct history *h, unsigned level,
                                    mono_ns now)
{
    struct history_open *o = &h->open[level];
    int64_t number = now / levels[level].width;
    if (number <= o->number)
        return o;
    ring(h, level)[(uint32_t)o->number % levels[level].slots] = closed(o);
    int64_t gap = number - o->number - 1;
    if (gap > levels[level].slots)
        gap = levels[level].slots;
    for (int64_t i = 1; i <= gap; i++)
        ring(h, level)[(uint32_t)(number - i) % levels[level].slots] =
            (struct history_slot){0};
    *o = (struct history_open){.number = number};
    return o;
}

void history_correction(struct history *h, mono_ns now, span_ns offset_ns)
{
    float v = (float)offset_ns;
    for (unsigned i = 0; i < HISTORY_LEVELS; i++) {
        struct history_open *o = open_at(h, i, now);
        bool first = o->corrections++ == 0;
        if (first || v < o->slot.least_ns)
            o->slot.least_ns = v;
        if (first || v > o->slot.most_ns)
            o->slot.most_ns = v;
        o->slot.last_ns = v;
        o->square += (double)offset_ns * (double)offset_ns;
        o->slot.flags |= CORRECTED;
    }
}

void history_step(struct history *h, mono_ns now)
{
    for (unsigned i = 0; i < HISTORY_LEVELS; i++)
        open_at(h, i, now)->slot.flags |= STEPPED;
}

void history_state(struct history *h, mono_ns now,
                   const struct history_state *s)
{
    for (unsigned i = 0; i < HISTORY_LEVELS; i++) {
        struct history_open *o = open_at(h, i, now);
        bool first = !(o->slot.flags & KNOWN);
        int64_t f = s->freq_e12;
        o->slot.freq_e12 = f > INT32_MAX   ? INT32_MAX
                           : f < INT32_MIN ? INT32_MIN
                                           : (int32_t)f;
        if (s->skew_e12 > o->skew_e12)
            o->skew_e12 = s->skew_e12;
        if (s->bound_ns > o->bound_ns)
            o->bound_ns = s->bound_ns;
        if (first || s->agree < o->slot.agree)
            o->slot.agree = s->agree;
        o->slot.flags |= KNOWN;
    }
}

/* ---- reading ------------------------------------------------------------- */

span_ns history_width(enum history_level level)
{
    return levels[level].width;
}

int64_t history_slots(enum history_level level)
{
    return levels[level].slots - HISTORY_SPARE;
}

int64_t history_last(enum history_level level, mono_ns now)
{
    return now / levels[level].width - 1;
}

bool history_read(const struct history *h, enum history_level level,
                  int64_t number, int64_t last, struct history_view *out)
{
    const struct history_open *o = &h->open[level];
    const struct history_slot *kept =
        level == HISTORY_MINUTE ? h->minute : h->quarter;
    *out = (struct history_view){0};
    if (number < 0 || number > last || last - number >= history_slots(level) ||
        number > o->number || o->number - number > levels[level].slots)
        return false;
    /* The open one is over, and nobody has told anything since. */
    struct history_slot s = number == o->number
                                ? closed(o)
                                : kept[(uint32_t)number % levels[level].slots];
    *out = (struct history_view){
        .corrected = s.flags & CORRECTED,
        .least_ns = (double)s.least_ns,
        .most_ns = (double)s.most_ns,
        .last_ns = (double)s.last_ns,
        .rms_ns = unpack(s.rms),
        .known = s.flags & KNOWN,
        .freq_e12 = s.freq_e12,
        .skew_e12 = unpack(s.skew),
        .bound_ns = unpack(s.bound),
        .agree = s.agree,
        .stepped = s.flags & STEPPED,
    };
    return s.flags != 0;
}
