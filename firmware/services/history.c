#include "history.h"

#include <string.h>

#include "adapters/net.h"
#include "adapters/tls_client.h"
#include "port.h"
#include "timekeeper.h"

#define LOOK_EVERY (10 * MONO_S)

static struct {
    struct history kept;
    struct status_start start;
    bool started;
    uint32_t updates, steps;
    mono_ns look;
} hi;

void history_init(void)
{
    memset(&hi, 0, sizeof hi);
    hi.start = (struct status_start){port_mono(), -1, -1, -1};
}

const struct history *history_kept(void)
{
    return &hi.kept;
}

void history_status(struct status_start *out)
{
    *out = hi.start;
}

static void note(mono_ns *at, bool reached, mono_ns now)
{
    if (*at < 0 && reached)
        *at = now;
}

static void look_at_start(mono_ns now)
{
    struct status_net net;
    struct status_tls tls;
    net_status(&net);
    tls_client_status(&tls);
    note(&hi.start.link, net.link, now);
    note(&hi.start.address, net_up(), now);
    note(&hi.start.keys, tls.handshakes > 0, now);
    hi.started = timekeeper_synchronised();
}

/* A step is no correction; the first setting is one of them. */
static void look_at_updates(mono_ns now)
{
    span_ns offset;
    uint32_t updates = timekeeper_updates(&offset);
    uint32_t steps = timekeeper_steps();
    if (steps != hi.steps)
        history_step(&hi.kept, now);
    else if (updates != hi.updates)
        history_correction(&hi.kept, now, offset);
    hi.steps = steps;
    hi.updates = updates;
}

mono_ns history_poll(mono_ns now)
{
    struct history_state state;
    if (!hi.started)
        look_at_start(now);
    look_at_updates(now);
    if (now >= hi.look) {
        hi.look = now + LOOK_EVERY;
        if (timekeeper_figures(&state))
            history_state(&hi.kept, now, &state);
    }
    return hi.look;
}
