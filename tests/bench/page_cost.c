/* page_cost.c -- a payload in place of the firmware: what it costs the board's
 * processor to draw the page and the metrics of 16 sources, and how long the
 * longest step of services/http is meanwhile. bench_page.py starts it under
 * -icount, where a tick is so many instructions. */
#include "../unit/page_state.h"
#include "core/metrics.h"
#include "core/page.h"
#include "cost.h"

#define TURN (200 * MONO_US) /* services/http.c                               */

static struct status s;
static struct history h;
static struct logring lines;

/* What a name of 60 characters, a trouble each and so many minutes cost. */
static void fill(unsigned minutes)
{
    state_set(&s, 16);
    memset(&h, 0, sizeof h);
    for (unsigned i = 0; i < 16; i++) {
        state_repeat(s.sources.row[i].name, 61, "a-long-name.");
        (void)fmt(s.sources.row[i].trouble, sizeof s.sources.row[i].trouble,
                  "something is wrong with it");
    }
    s.machine.up = (mono_ns)minutes * 60 * MONO_S;
    for (mono_ns at = 0; at < s.machine.up; at += 30 * MONO_S) {
        int64_t i = at / (30 * MONO_S);
        history_correction(&h, at, (i * 7919) % 20000 - 10000);
        history_state(
            &h, at,
            &(struct history_state){63000 + i % 9, 139000, 200000 + i, 3});
    }
}

struct cost {
    uint64_t all, longest;
    size_t bytes;
};

static void note(struct cost *c, uint64_t *turn, uint64_t ticks)
{
    c->all += ticks;
    *turn =
        *turn >= mono_to_ticks(TURN, port_tick_hz()) ? ticks : *turn + ticks;
    if (*turn > c->longest)
        c->longest = *turn;
}

static struct cost draw(bool page)
{
    static char out[2 * PAGE_PIECE];
    static struct page p;
    struct cost c = {0};
    uint32_t at = 0;
    uint64_t turn = 0;
    page_begin(&p, &s, &h, &lines, lines.next);
    for (;;) {
        uint64_t begin = port_ticks();
        struct fmt_text t = fmt_text_of(out, sizeof out);
        bool more = page ? page_next(&p, &t) : metrics_next(&s, &at, &t);
        note(&c, &turn, port_ticks() - begin);
        c.bytes += t.len;
        if (!more)
            return c;
    }
}

static void measure(const char *what, bool page)
{
    char text[100];
    struct cost c = draw(page);
    (void)fmt(text, sizeof text, "%s: bytes", what);
    say(text, c.bytes, 0);
    (void)fmt(text, sizeof text, "%s, drawn twice", what);
    say(text, 2 * c.all, 1);
    (void)fmt(text, sizeof text, "%s: longest turn", what);
    say(text, c.longest, 1);
}

_Noreturn void gnomon_main(void)
{
    say("ticks a second", port_tick_hz(), 0);
    for (unsigned i = 0; i < PAGE_LOG; i++)
        logring_add(&lines, MONO_S, LOG_INFO,
                    "a line of the log as long as such lines often are, so");
    fill(30);
    measure("page after half an hour", true);
    fill(8 * 1440);
    measure("page after a week", true);
    measure("metrics", false);
    say("done", 0, 0);
    for (;;)
        port_poll();
}
