/* Any bytes as chronyc's requests: no reply is longer than its request, none
 * would be answered by another of us, and nothing that can be asked changes
 * what the others get.
 *
 * Input: a byte of flags, then requests, each two bytes of its length and the
 * bytes. Flags: 1 the header is put right (version, type, reserved bytes); 2
 * there are no sources; 4 clients are not kept; 8 only the default reports. */
#include <stdlib.h>

#include "core/bytes.h"
#include "core/cmdmon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct status s;
static struct clientlog l;
static struct access list;

static void fill(void)
{
    static const uint64_t key[5] = {UINT64_C(0x9e3779b97f4a7c15),
                                    UINT64_C(0xbf58476d1ce4e5b9),
                                    UINT64_C(0x94d049bb133111eb), 7, 9};
    clientlog_init(&l, key);
    for (uint8_t i = 0; i < 30; i++)
        (void)clientlog_of(&l, i % 3, &(struct addr){4, {10, 0, 0, i}}, i);
    for (uint8_t i = 0; i < LIMIT_SOURCES; i++) {
        struct status_source *x = &s.sources.row[i];
        memset(x->name, 'a' + i, (size_t)i * 16);
        x->addr = (struct addr){i % 3 == 2 ? 0 : i % 3 == 1 ? 6 : 4, {10, i}};
        if (x->addr.family == 0)
            memset(x->addr.b, 0, sizeof x->addr.b);
        s.timekeeper.row[i].state = "*+-x~?"[i % 6];
        s.timekeeper.row[i].reply.any = i % 2;
        s.timekeeper.row[i].offset_ns = INT64_MIN + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(data, size);
    static uint8_t req[65536];
    uint8_t out[CMDMON_REPLY_MAX], again[CMDMON_REPLY_MAX];
    if (l.key[0] == 0)
        fill();
    uint8_t flags = reader_u8(&r);
    s.sources.count = flags & 2 ? 0 : LIMIT_SOURCES;
    struct cmdmon m = {.status = &s,
                       .clients = flags & 4 ? NULL : &l,
                       .allow = &list,
                       .cmdallow = &list,
                       .open = flags & 8 ? CMDMON_OPEN : UINT32_MAX,
                       .now = 100};
    while (r.left > 0) {
        size_t len = reader_u16(&r);
        len = len < r.left ? len : r.left;
        const uint8_t *p = reader_take(&r, len);
        if (!p)
            break;
        memcpy(req, p, len);
        if ((flags & 1) && len >= 4)
            memcpy(req, (const uint8_t[]){6, 1, 0, 0}, 4);
        size_t n = cmdmon_reply(&m, req, len, out);
        ASSERT(n == 0 || (n >= 28 && n <= len && n <= sizeof out));
        ASSERT((n > 0) == cmdmon_is_request(req, len));
        ASSERT(n == 0 || cmdmon_reply(&m, out, n, again) == 0);
    }
    return 0;
}
