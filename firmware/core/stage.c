#include "stage.h"

/* Of the code, in tenths of a second. */
#define TENTH      (100 * MONO_MS)
#define LONG_LIT   10
#define LONG_DARK  6
#define SHORT_LIT  2
#define SHORT_DARK 4
#define PAUSE_MORE 14 /* after the last short flash's dark */

static bool heard(const struct status *s)
{
    for (unsigned i = 0; i < s->sources.count; i++)
        if (s->timekeeper.row[i].select.judged || s->sources.row[i].valid > 0)
            return true;
    return false;
}

enum stage stage_of(const struct status *s)
{
    if (s->timekeeper.tracking.synchronised)
        return STAGE_DONE;
    if (!s->store.card)
        return STAGE_CARD;
    if (s->config.file != CONFIG_READ || s->sources.count == 0)
        return STAGE_FILES;
    if (s->machine.eth_silent)
        return STAGE_ETHERNET;
    if (s->machine.eth_foreign)
        return STAGE_DRIVER;
    if (!s->net.link)
        return STAGE_LINK;
    if (!s->net.addr4.family && !s->net.addr6.family)
        return STAGE_ADDRESS;
    return heard(s) ? STAGE_QUORUM : STAGE_ANSWER;
}

const char *stage_text(enum stage stage)
{
    static const char *const text[] = {
        [STAGE_DONE] = "",
        [1] = "",
        [STAGE_CARD] = "no card that can be read",
        [STAGE_FILES] = "no chrony.conf with a server in it",
        [STAGE_ETHERNET] = "no Ethernet chip answers",
        [STAGE_DRIVER] = "an Ethernet chip that no driver knows",
        [STAGE_LINK] = "no Ethernet link",
        [STAGE_ADDRESS] = "no address",
        [STAGE_ANSWER] = "no server has given an answer that counts",
        [STAGE_QUORUM] = "too few servers agree",
    };
    ASSERT(stage < LEN(text));
    return text[stage];
}

bool stage_lit(enum stage stage, mono_ns since)
{
    int64_t shorts = stage * (SHORT_LIT + SHORT_DARK);
    int64_t at = since / TENTH % (LONG_LIT + LONG_DARK + shorts + PAUSE_MORE);
    if (at < LONG_LIT)
        return true;
    at -= LONG_LIT + LONG_DARK;
    return at >= 0 && at < shorts && at % (SHORT_LIT + SHORT_DARK) < SHORT_LIT;
}

enum stage stage_look(struct stage_watch *w, const struct status *s,
                      mono_ns now)
{
    enum stage stage = stage_of(s);
    if (stage != w->stage) {
        w->stage = stage;
        w->since = now;
    }
    return now - w->since >= STAGE_PATIENCE ? stage : STAGE_DONE;
}
