#include "floor_record.h"

#include "bytes.h"
#include "utc.h"

#define VERSION      2
#define OLD_LEN      17
#define BIT_OPERATOR 1

void floor_record_write(const struct floor_record *r,
                        uint8_t out[FLOOR_RECORD_LEN])
{
    out[0] = VERSION;
    bytes_put64(out + 1, (uint64_t)r->floor);
    bytes_put32(out + 9, (uint32_t)r->freq_e12);
    bytes_put32(out + 13, (uint32_t)r->freq_sigma_e12);
    out[17] = r->by_operator ? BIT_OPERATOR : 0;
    out[18] = (uint8_t)r->act;
    bytes_put64(out + 19, (uint64_t)r->before);
}

static bool is_time(int64_t t)
{
    return t >= 0 && t <= FLOOR_RECORD_MAX;
}

int floor_record_read(struct floor_record *r, const uint8_t *in, size_t len)
{
    bool old = len == OLD_LEN && in[0] == 1;
    if (!old && (len != FLOOR_RECORD_LEN || in[0] != VERSION))
        return RC_BAD;
    struct floor_record got = {
        .floor = (int64_t)bytes_get64(in + 1),
        .freq_e12 = (int32_t)bytes_get32(in + 9),
        .freq_sigma_e12 = (int32_t)bytes_get32(in + 13),
    };
    if (!old) {
        if (in[17] > BIT_OPERATOR || in[18] > FLOOR_ACT_RESET)
            return RC_BAD;
        got.by_operator = in[17] == BIT_OPERATOR;
        got.act = (enum floor_act)in[18];
        got.before = (int64_t)bytes_get64(in + 19);
    }
    if (!is_time(got.floor) || !is_time(got.before))
        return RC_BAD;
    *r = got;
    return RC_OK;
}

static int digits(const char *p, size_t n)
{
    int v = 0;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (p[i] - '0');
    return v;
}

int floor_record_time(const char *text, int64_t *unix_s)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    for (size_t i = 0; i < sizeof form; i++) /* with its 0 */
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9'
                           : text[i] != form[i])
            return RC_BAD;
    const struct utc_civil civil = {
        .year = digits(text, 4),
        .month = (uint8_t)digits(text + 5, 2),
        .day = (uint8_t)digits(text + 8, 2),
        .hour = (uint8_t)digits(text + 11, 2),
        .minute = (uint8_t)digits(text + 14, 2),
        .second = (uint8_t)digits(text + 17, 2),
    };
    int64_t t;
    if (utc_unix_of(&civil, &t) != RC_OK || !is_time(t))
        return RC_BAD;
    *unix_s = t;
    return RC_OK;
}
