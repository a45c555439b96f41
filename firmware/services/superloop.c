#include "superloop.h"

#include <string.h>

#include "core/mono.h"
#include "port.h"
#include "timekeeper.h"

static struct {
    const struct superloop_service *table;
    size_t count;
    span_ns longest[SUPERLOOP_SERVICES]; /* of each one's polls             */
    span_ns longest_pass;
} loop;

void superloop_init(const struct superloop_service *table, size_t count)
{
    ASSERT(count <= SUPERLOOP_SERVICES);
    memset(&loop, 0, sizeof loop);
    loop.table = table;
    loop.count = count;
}

void superloop_pass(bool early_only)
{
    mono_ns next = MONO_NEVER, begin = port_mono(), before = begin;
    port_poll();
    for (size_t i = 0; i < loop.count; i++) {
        if (early_only && !loop.table[i].early)
            continue;
        next = mono_min(next, loop.table[i].poll(before));
        mono_ns after = port_mono();
        if (after - before > loop.longest[i])
            loop.longest[i] = after - before;
        before = after;
    }
    if (before - begin > loop.longest_pass)
        loop.longest_pass = before - begin;
    port_watchdog_kick();
    port_idle(mono_to_ticks(next, port_tick_hz()));
}

void superloop_status(struct status_loop *out)
{
    for (size_t i = 0; i < loop.count; i++) {
        out->poll[i].name = loop.table[i].name;
        out->poll[i].longest_ns = loop.longest[i];
    }
    out->poll[loop.count].name = "whole pass";
    out->poll[loop.count].longest_ns = loop.longest_pass;
    out->count = (uint8_t)(loop.count + 1);
}
