#include "leap.h"

#include "utc.h"

#define NEAR   (5 * UTC_S)  /* chrony's LEAP_SECOND_CLOSE                  */
#define ASLEEP (30 * UTC_S) /* the rate may change: look at least so often */
#define BUSY   (2 * UTC_S)  /* chrony's, from the leap on                  */
#define DAY    INT64_C(86400)

void leap_init(struct leap *l, enum leap_mode mode)
{
    *l = (struct leap){.mode = mode};
}

static bool leap_day(int64_t unix_s)
{
    struct utc_civil c = utc_civil_of(unix_s);
    return (c.month == 6 && c.day == 30) || (c.month == 12 && c.day == 31);
}

/* What the clk shows when the leap begins: 00:00:00, or, if 23:59:59 is to
 * be skipped, that. */
static ntp64 begins(const struct leap *l)
{
    return l->second < 0 ? l->at - (uint64_t)UTC_S : l->at;
}

bool leap_announce(struct leap *l, uint8_t bits, int64_t unix_s)
{
    int64_t rest = unix_s % DAY;
    ntp64 at = utc_of_unix(unix_s - rest + DAY, 0);
    int8_t was = l->second;
    if (leap_close(l, utc_of_unix(unix_s, 0)) || (l->done && l->at == at))
        return false;
    l->second = 0;
    if (leap_day(unix_s))
        l->second = bits == 1 ? 1 : bits == 2 ? -1 : 0;
    if (l->second || !l->done) {
        l->known = l->second != 0;
        l->done = false;
        l->at = at;
    }
    return l->second != was;
}

bool leap_close(const struct leap *l, ntp64 utc)
{
    int64_t d = utc_diff(utc, l->at);
    return l->known && d < NEAR && d > -NEAR;
}

bool leap_before(const struct leap *l, uint64_t ticks)
{
    return l->done && (int64_t)(ticks - l->ticks) < 0;
}

/* How far the clk is past the beginning of the leap. */
static int64_t over(const struct leap *l, const struct clk *c, uint64_t ticks)
{
    return utc_diff(clk_at(c, ticks), begins(l));
}

static int64_t jump(const struct leap *l)
{
    return -(int64_t)l->second * UTC_S;
}

static bool steps(const struct leap *l)
{
    return l->mode == LEAP_SYSTEM || l->mode == LEAP_STEP;
}

ntp64 leap_utc(const struct leap *l, const struct clk *c, uint64_t ticks)
{
    ntp64 utc = clk_at(c, ticks);
    if (!l->second || !steps(l))
        return utc;
    int64_t late = over(l, c, ticks);
    return late >= 0 && late < NEAR ? utc + (uint64_t)jump(l) : utc;
}

uint8_t leap_bits(const struct leap *l, const struct clk *c, uint64_t ticks)
{
    if (l->second) {
        int64_t late = over(l, c, ticks);
        return late >= BUSY ? 0 : late >= 0 ? 3 : l->second > 0 ? 1 : 2;
    }
    int64_t left = l->done ? utc_diff(l->ends, clk_at(c, ticks)) : 0;
    return left > 0 && left <= BUSY ? 3 : 0;
}

uint64_t leap_due(const struct leap *l, const struct clk *c, uint64_t ticks)
{
    if (!l->second)
        return UINT64_MAX;
    int64_t left = -over(l, c, ticks);
    if (left <= 0)
        return ticks;
    if (left < ASLEEP)
        return clk_when(c, ticks, begins(l));
    return clk_when(c, ticks, clk_at(c, ticks) + (uint64_t)ASLEEP);
}

/* The first tick of the leap, which the clk is `late` past; not before the
 * last bend, where the clk may have been stepped over it. */
static uint64_t first_tick(const struct leap *l, const struct clk *c,
                           uint64_t ticks, int64_t late)
{
    uint64_t back = ((uint64_t)late << 25) / (c->scale >> 7) + 2;
    uint64_t from = ticks - c->pin_ticks > back ? ticks - back : c->pin_ticks;
    return over(l, c, from) >= 0 ? from : clk_when(c, from, begins(l));
}

bool leap_take(struct leap *l, const struct clk *c, uint64_t ticks,
               struct leap_action *out)
{
    if (!l->second)
        return false;
    int64_t late = over(l, c, ticks);
    if (late < 0)
        return false;
    bool near = late < NEAR;
    l->ends = begins(l) + (uint64_t)(BUSY + (steps(l) ? jump(l) : 0));
    if (near)
        *out = (struct leap_action){
            .by = l->mode == LEAP_IGNORE ? 0 : jump(l),
            .step = steps(l),
            .ticks = first_tick(l, c, ticks, late),
        };
    l->second = 0;
    l->done = true;
    l->ticks = near ? out->ticks : 0;
    return near;
}
