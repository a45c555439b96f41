/* Names, troubles and figures of servers, whatever they are: page and metrics
 * are whole, no piece is longer than it may be, nothing of it is markup or a
 * line of its own, and the same comes out twice.
 *
 * Input: a byte of flags, one of how many sources, then texts, each a byte of
 * its length and that many bytes, repeated to the end of its field; what is
 * left goes over the figures. Flags: 1 not set, 2 alone, 4 a history. */
#include <stdlib.h>

#include "../unit/page_state.h"
#include "../unit/page_whole.h"
#include "core/bytes.h"
#include "core/metrics.h"
#include "core/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct status s;
static struct history h;
static struct logring lines;
static char text[2][600000];

static void put(struct reader *r, char *to, size_t cap)
{
    char word[256] = {0};
    size_t n = reader_u8(r);
    n = n < r->left ? n : r->left;
    const uint8_t *p = reader_take(r, n);
    if (p)
        memcpy(word, p, n);
    state_repeat(to, cap, word);
}

static int64_t number(struct reader *r)
{
    return (int64_t)reader_u64(r) >> (reader_u8(r) & 63);
}

static void figures(struct reader *r)
{
    struct status_tracking *k = &s.timekeeper.tracking;
    span_ns *const of[] = {&k->last_offset_ns, &k->rms_offset_ns, &k->bound_ns,
                           &k->freq_e12, &k->freq_sigma_e12};
    for (size_t i = 0; i < LEN(of); i++)
        *of[i] = number(r);
    k->now_unix_s = number(r) >> 8;
    for (unsigned i = 0; i < s.sources.count && r->left > 8; i++) {
        struct status_clock_source *e = &s.timekeeper.row[i];
        struct status_source *x = &s.sources.row[i];
        e->offset_ns = number(r);
        e->bound_ns = number(r);
        e->select.lo_ns = number(r);
        e->select.hi_ns = number(r);
        e->select.letter = (char)reader_u8(r);
        x->reach = reader_u8(r);
        x->poll = (int8_t)(reader_u8(r) % 32);
        x->cert_end_unix_s = number(r) >> 8;
        x->last_rx_ago_s = number(r);
        if (e->offset_ns == INT64_MIN)
            e->offset_ns = 0;
    }
    if (k->last_offset_ns == INT64_MIN)
        k->last_offset_ns = 0;
}

static void remember(struct reader *r)
{
    memset(&h, 0, sizeof h);
    mono_ns at = 0;
    while (r->left > 12) {
        at += (mono_ns)(reader_u16(r) % 7200) * MONO_S;
        uint8_t what = reader_u8(r);
        struct history_state state = {(int32_t)reader_u32(r), reader_u16(r),
                                      reader_u16(r), 3};
        if (what & 1)
            history_correction(&h, at, (int32_t)state.freq_e12);
        if (what & 2)
            history_state(&h, at, &state);
        if (what & 4)
            history_step(&h, at);
    }
    s.machine.up = at + 60 * MONO_S;
}

static size_t draw(char *to)
{
    struct page p;
    size_t len = 0;
    page_begin(&p, &s, &h, &lines, lines.next);
    for (;;) {
        struct fmt_text t = fmt_text_of(to + len, PAGE_PIECE + 1);
        if (!page_next(&p, &t))
            return len;
        ASSERT(!t.cut);
        len += t.len;
        ASSERT(len < sizeof text[0] - PAGE_PIECE - 1);
    }
}

static void measure(char *to)
{
    uint32_t at = 0;
    size_t len = 0;
    for (;;) {
        struct fmt_text t = fmt_text_of(to + len, METRICS_PIECE + 1);
        if (!metrics_next(&s, &at, &t))
            return;
        ASSERT(!t.cut);
        len += t.len;
        ASSERT(len < sizeof text[0] - METRICS_PIECE - 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(data, size);
    char line[300];
    uint8_t flags = reader_u8(&r);
    (flags & 1   ? state_unset
     : flags & 2 ? state_alone
                 : state_set)(&s, reader_u8(&r) % (LIMIT_SOURCES + 1));
    for (unsigned i = 0; i < s.sources.count && r.left > 0; i++) {
        put(&r, s.sources.row[i].name, sizeof s.sources.row[i].name);
        put(&r, s.sources.row[i].trouble, sizeof s.sources.row[i].trouble);
    }
    put(&r, s.timekeeper.tracking.why, sizeof s.timekeeper.tracking.why);
    put(&r, s.timekeeper.tracking.warning,
        sizeof s.timekeeper.tracking.warning);
    put(&r, line, sizeof line);
    logring_add(&lines, MONO_S, LOG_INFO, line);
    figures(&r);
    if (flags & 4)
        remember(&r);
    size_t len = draw(text[0]);
    ASSERT(page_is_whole(text[0]));
    ASSERT(draw(text[1]) == len && memcmp(text[0], text[1], len) == 0);
    measure(text[0]);
    ASSERT(metrics_are_whole(text[0]));
    return 0;
}
