#include "leap.h"

#include "utc.h"

#define SECOND ((int64_t)1 << 32)
#define CLOSE  (5 * SECOND)
#define DAY    86400

void leap_init(struct leap *l, enum leap_mode mode)
{
    *l = (struct leap){.mode = mode};
}

static bool may_leap(const struct utc_civil *c)
{
    return (c->month == 6 && c->day == 30) || (c->month == 12 && c->day == 31);
}

void leap_announce(struct leap *l, uint8_t bits, ntp64 now, int64_t pivot_s)
{
    int64_t unix_s = utc_unix_s(now, pivot_s);
    struct utc_civil day = utc_civil_of(unix_s);
    l->armed = 0;
    if (l->mode == LEAP_IGNORE || !may_leap(&day) || bits == 0 || bits > 2)
        return;
    int64_t left = DAY - (day.hour * 3600 + day.minute * 60 + day.second);
    ntp64 midnight = utc_of_unix(unix_s + left, 0);
    if (l->done && midnight == l->midnight) /* its last second, once more */
        return;
    l->armed = bits == 1 ? 1 : -1;
    l->midnight = midnight;
    l->done = false;
}

uint8_t leap_bits(const struct leap *l)
{
    return l->armed > 0 ? 1 : l->armed < 0 ? 2 : 0;
}

ntp64 leap_moment(const struct leap *l)
{
    return l->armed < 0 ? l->midnight - (uint64_t)SECOND : l->midnight;
}

int64_t leap_take(struct leap *l, ntp64 now, uint64_t ticks)
{
    if (l->armed == 0 || utc_diff(now, leap_moment(l)) < 0)
        return 0;
    int64_t by = l->armed > 0 ? -SECOND : SECOND;
    l->armed = 0;
    l->done = true;
    l->done_ticks = ticks;
    return by;
}

bool leap_close(const struct leap *l, ntp64 now, uint64_t at_ticks)
{
    if (l->armed == 0 && !l->done)
        return false;
    int64_t off = utc_diff(now, l->midnight);
    return (off > -CLOSE && off < CLOSE) ||
           (l->done && (int64_t)(at_ticks - l->done_ticks) < 0);
}
