#include "chronyc_units.h"

#include <string.h>

#include "utc.h"

#define S_NS INT64_C(1000000000)

/* v / by, rounded half to even as printf does with a double. */
static uint64_t rounded(uint64_t v, uint64_t by)
{
    uint64_t q = v / by, r = v % by;
    if (r > by - r || (r == by - r && (q & 1)))
        q++;
    return q;
}

uint64_t chronyc_magnitude(span_ns v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

/* What a person reads is chronyc's sign, + where the local clock is ahead:
 * the opposite of ours (checked against chronyd 4.3: `ntpdata` says Offset
 * -0.000001116 where `sources` says [+1116ns]). */
const char *chronyc_sign(span_ns offset)
{
    return offset > 0 ? "-" : "+";
}

void chronyc_add_span(struct fmt_text *t, const char *sign, uint64_t a)
{
    static const struct {
        uint64_t below; /* ns: chronyc changes the unit where four (later
                         * five) digits would overflow after rounding       */
        uint64_t unit;
        const char *name;
        uint8_t width;
    } scale[] = {
        {UINT64_C(10000), 1, "ns", 4},
        {UINT64_C(9999500), 1000, "us", 4},
        {UINT64_C(9999500000), 1000000, "ms", 4},
        {UINT64_C(999500000000), 0, "s", 5}, /* with a tenth */
        {UINT64_C(99999500000000), S_NS, "s", 5},
        {UINT64_C(5999970000000000), 60 * S_NS, "m", 5},
        {UINT64_C(359998200000000000), 3600 * S_NS, "h", 5},
        {UINT64_C(8639956800000000000), 86400 * S_NS, "d", 5},
        {UINT64_MAX, 365 * 86400 * S_NS, "y", 5},
    };
    char text[32];
    size_t i = 0;
    while (a >= scale[i].below)
        i++;
    struct fmt_text n = fmt_text_of(text, sizeof(text));
    fmt_add(&n, "%s", sign);
    if (scale[i].unit) {
        fmt_add(&n, "%llu", (unsigned long long)rounded(a, scale[i].unit));
    } else {
        uint64_t tenths = rounded(a, S_NS / 10);
        fmt_add(&n, "%llu.%llu", (unsigned long long)(tenths / 10),
                (unsigned long long)(tenths % 10));
    }
    fmt_add(t, "%*s%s", scale[i].width + (*sign ? 1 : 0), text, scale[i].name);
}

void chronyc_add_offset(struct fmt_text *t, span_ns offset)
{
    chronyc_add_span(t, chronyc_sign(offset), chronyc_magnitude(offset));
}

void chronyc_add_ago(struct fmt_text *t, int64_t s)
{
    unsigned long n = s > UINT32_MAX ? UINT32_MAX - 1 : (unsigned long)s;
    if (s < 0)
        fmt_add(t, "   -");
    else if (n < 1200)
        fmt_add(t, "%4lu", n);
    else if (n < 36000)
        fmt_add(t, "%3lum", n / 60);
    else if (n < 345600)
        fmt_add(t, "%3luh", n / 3600);
    else if (n / 86400 <= 999)
        fmt_add(t, "%3lud", n / 86400);
    else
        fmt_add(t, "%3luy", n / 86400 / 365);
}

void chronyc_add_seconds(struct fmt_text *t, const char *sign, uint64_t a)
{
    fmt_add(t, "%s%llu.%09llu", sign, (unsigned long long)(a / 1000000000u),
            (unsigned long long)(a % 1000000000u));
}

/* The `:port` at the end, "" if there is none: an IPv6 address alone has more
 * colons. */
static const char *port_of(const char *name)
{
    const char *first = strchr(name, ':'), *last = strrchr(name, ':');
    return last && (first == last || (last > name && last[-1] == ']'))
               ? last
               : name + strlen(name);
}

void chronyc_name(const char *name, char out[26])
{
    const char *port = port_of(name);
    size_t n = (size_t)(port - name), room = 25 - strlen(port);
    if (strlen(port) > 6) /* 0 .. 65535 */
        room = 25, port = "";
    memcpy(out, name, n < room ? n : room);
    if (n > room)
        out[room - 1] = '>';
    memcpy(out + (n < room ? n : room), port, strlen(port) + 1);
}

void chronyc_add_header(struct fmt_text *t, const char *header)
{
    fmt_add(t, "%s\n", header);
    for (size_t n = strlen(header); n > 0; n--)
        fmt_add(t, "=");
    fmt_add(t, "\n");
}

double chronyc_ppm(int64_t freq_e12)
{
    return (double)freq_e12 / 1e6;
}

void chronyc_add_time(struct fmt_text *t, int64_t unix_s)
{
    char text[UTC_TEXT];
    (void)utc_text_chronyc(unix_s, text);
    fmt_add(t, "%s", text);
}
