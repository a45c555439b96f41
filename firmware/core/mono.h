/* mono.h -- the raw counter as nanoseconds since boot and back. Rates are
 * 1 .. 100 MHz, spans up to 292 years; rounding is down, never drifting. */
#ifndef MONO_H
#define MONO_H

#include "base.h"

#define MONO_NEVER INT64_MAX
#define MONO_US    INT64_C(1000)
#define MONO_MS    INT64_C(1000000)
#define MONO_S     INT64_C(1000000000)

static inline mono_ns mono_of_ticks(uint64_t ticks, uint32_t hz)
{
    uint64_t s = ticks / hz, rest = ticks % hz; /* rest * 1e9 < 1e17 */
    return (mono_ns)(s * UINT64_C(1000000000) +
                     rest * UINT64_C(1000000000) / hz);
}

static inline uint64_t mono_to_ticks(mono_ns t, uint32_t hz)
{
    if (t == MONO_NEVER)
        return UINT64_MAX;
    uint64_t s = (uint64_t)t / 1000000000u, rest = (uint64_t)t % 1000000000u;
    return s * hz + rest * hz / 1000000000u;
}

static inline mono_ns mono_min(mono_ns a, mono_ns b)
{
    return a < b ? a : b;
}

#endif
