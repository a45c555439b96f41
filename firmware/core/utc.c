#include "utc.h"

#include "fmt.h"
#include "mono.h"

#define DAY       INT64_C(86400)
#define DAYS_400Y INT64_C(146097) /* a whole Gregorian cycle */

static int64_t floor_div(int64_t a, int64_t b) /* b > 0 */
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

span_ns utc_span_ns(int64_t ntp_span)
{
    uint64_t frac = (uint64_t)ntp_span & 0xffffffff;
    int64_t s = (ntp_span - (int64_t)frac) / ((int64_t)1 << 32);
    return s * MONO_S + (int64_t)((frac * MONO_S + (1u << 31)) >> 32);
}

int64_t utc_span_ntp(span_ns ns)
{
    int64_t s = floor_div(ns, MONO_S);
    int64_t part = ns % MONO_S; /* not ns - s * 1e9: may overflow */
    uint64_t rest = (uint64_t)(part < 0 ? part + MONO_S : part);
    if (s >= (int64_t)1 << 31)
        return INT64_MAX;
    if (s < -((int64_t)1 << 31))
        return INT64_MIN;
    /* rest < 1e9 rounds to at most 2^32 - 4: no carry into the seconds */
    return s * ((int64_t)1 << 32) +
           (int64_t)(((rest << 32) + MONO_S / 2) / MONO_S);
}

int64_t utc_ticks_ntp(int64_t ticks, uint32_t hz)
{
    ASSERT(hz > 0);
    int64_t s = floor_div(ticks, hz);
    int64_t part = ticks % hz; /* not ticks - s * hz: may overflow */
    uint64_t rest = (uint64_t)(part < 0 ? part + hz : part);
    return (int64_t)(((uint64_t)s << 32) + (rest << 32) / hz);
}

span_ns utc_short_ns(uint32_t ntp_short)
{
    return (span_ns)(((uint64_t)ntp_short * MONO_S + (1u << 15)) >> 16);
}

int64_t utc_unix_s(ntp64 t, int64_t pivot_s)
{
    int64_t base = pivot_s - UTC_ERA_S / 2;
    uint32_t unix32 = (uint32_t)(t >> 32) - UTC_NTP_UNIX;
    return base + (int64_t)(uint32_t)(unix32 - (uint32_t)base);
}

uint32_t utc_unix_ns(ntp64 t)
{
    return (uint32_t)((t & 0xffffffff) * MONO_S >> 32);
}

ntp64 utc_of_unix(int64_t s, uint32_t ns)
{
    uint64_t rest = ns < MONO_S ? ns : MONO_S - 1;
    /* Rounded up, so that utc_unix_ns gives the same ns back. */
    uint64_t frac = ((rest << 32) + MONO_S - 1) / MONO_S;
    return ((uint64_t)s + UTC_NTP_UNIX) << 32 | frac;
}

/* Days since 1970-01-01 of a civil date. Years are counted from March, so
 * that the leap day comes last in them. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month > 2 ? year : year - 1;
    unsigned m = month > 2 ? month - 3 : month + 9; /* March = 0 */
    int64_t cycle = floor_div(y, 400), in = y - cycle * 400;
    int64_t before = in * 365 + in / 4 - in / 100 + (153 * m + 2) / 5;
    return cycle * DAYS_400Y + before + day - 1 - 719468;
}

static bool leap_year(int64_t y)
{
    return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

static unsigned days_in(int64_t year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};
    return month == 2 && leap_year(year) ? 29 : days[month - 1];
}

struct utc_civil utc_civil_of(int64_t s)
{
    const int64_t edge = (int64_t)1 << 40;
    s = s > edge ? edge : s < -edge ? -edge : s;
    int64_t days = floor_div(s, DAY);
    unsigned rest = (unsigned)(s - days * DAY);
    unsigned weekday = (unsigned)(days + 4 - floor_div(days + 4, 7) * 7);

    int64_t d = days + 719468; /* since 0000-03-01 */
    int64_t cycle = floor_div(d, DAYS_400Y);
    int64_t in = d - cycle * DAYS_400Y; /* 0 .. 146096 */
    int64_t y = (in - in / 1460 + in / 36524 - in / 146096) / 365;
    unsigned yday = (unsigned)(in - (y * 365 + y / 4 - y / 100));
    unsigned m = (5 * yday + 2) / 153; /* March = 0 */
    unsigned month = m < 10 ? m + 3 : m - 9;
    return (struct utc_civil){
        .year = (int32_t)(cycle * 400 + y + (month <= 2 ? 1 : 0)),
        .month = (uint8_t)month,
        .day = (uint8_t)(yday - (153 * m + 2) / 5 + 1),
        .hour = (uint8_t)(rest / 3600),
        .minute = (uint8_t)(rest / 60 % 60),
        .second = (uint8_t)(rest % 60),
        .weekday = (uint8_t)weekday,
    };
}

int utc_unix_of(const struct utc_civil *c, int64_t *unix_s)
{
    if (c->month < 1 || c->month > 12 || c->day < 1 ||
        c->day > days_in(c->year, c->month))
        return RC_BAD;
    if (c->hour > 23 || c->minute > 59 || c->second > 59)
        return RC_BAD;
    *unix_s = days_of(c->year, c->month, c->day) * DAY + c->hour * 3600 +
              c->minute * 60 + c->second;
    return RC_OK;
}

size_t utc_text(int64_t unix_s, uint32_t ns, char out[UTC_TEXT])
{
    struct utc_civil c = utc_civil_of(unix_s);
    return fmt(out, UTC_TEXT, "%04ld-%02u-%02u %02u:%02u:%02u.%06lu UTC",
               (long)c.year, (unsigned)c.month, (unsigned)c.day,
               (unsigned)c.hour, (unsigned)c.minute, (unsigned)c.second,
               (unsigned long)(ns / 1000));
}

size_t utc_text_chronyc(int64_t unix_s, char out[UTC_TEXT])
{
    static const char day[] = "SunMonTueWedThuFriSat";
    static const char month[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct utc_civil c = utc_civil_of(unix_s);
    return fmt(out, UTC_TEXT, "%.3s %.3s %02u %02u:%02u:%02u %04ld",
               day + 3 * c.weekday, month + 3 * (c.month - 1), (unsigned)c.day,
               (unsigned)c.hour, (unsigned)c.minute, (unsigned)c.second,
               (long)c.year);
}
