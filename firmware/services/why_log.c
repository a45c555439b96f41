#include "why_log.h"

#include <string.h>

#include "core/mono.h"
#include "core/why.h"
#include "log.h"
#include "snapshot.h"

#define LOOK_EVERY  MONO_S
#define SETTLED     MONO_S        /* the other sources may be about to answer */
#define START_TAKES (10 * MONO_S) /* as may the link, and DHCP                */
#define SAY_EVERY   (10 * MONO_S)
#define SAY_ANEW    (6 * 3600 * MONO_S)
#define STATES      8

static struct {
    uint32_t state; /* as of the last look                              */
    mono_ns since;
    mono_ns look; /* next; a snapshot is too dear for every pass      */
    mono_ns next; /* line, not before this                            */
    struct {
        uint32_t state;
        mono_ns until; /* 0: none                                          */
    } said[STATES];
    unsigned oldest;
    bool noted;
} wl;

void why_log_init(void)
{
    memset(&wl, 0, sizeof wl);
}

static bool was_said(uint32_t state, mono_ns now)
{
    for (unsigned i = 0; i < STATES; i++)
        if (wl.said[i].state == state && now < wl.said[i].until)
            return true;
    return false;
}

static void say(const struct status *s, const char *why, mono_ns now)
{
    log_at(LOG_WARNING, NULL, "clock %s: %s",
           s->timekeeper.tracking.synchronised ? "runs on alone" : "not set",
           why);
    wl.said[wl.oldest].state = wl.state;
    wl.said[wl.oldest].until = now + SAY_ANEW;
    wl.oldest = (wl.oldest + 1) % STATES;
    wl.next = now + SAY_EVERY;
}

mono_ns why_log_poll(mono_ns now)
{
    char why[WHY_TEXT];
    if (now < wl.look)
        return wl.look;
    wl.look = now + LOOK_EVERY;
    const struct status *s = snapshot_take();
    uint32_t state = why_state(s);
    if (state != wl.state) {
        wl.state = state;
        wl.since = now;
    }
    if (why_text(s, why, sizeof why) == 0) {
        memset(wl.said, 0, sizeof wl.said);
        if (!wl.noted && why_note(s)[0])
            log_at(LOG_NOTICE, NULL, "note: %s", why_note(s));
        wl.noted = true;
        return wl.look;
    }
    mono_ns wait = why_is_known(s) ? SETTLED : START_TAKES;
    if (now - wl.since >= wait && now >= wl.next && !was_said(state, now))
        say(s, why, now);
    return wl.look;
}
