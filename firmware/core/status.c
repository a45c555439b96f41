#include "status.h"

static bool is_reference(const struct status *s, int i)
{
    uint32_t id = s->timekeeper.tracking.ref_id;
    return id != 0 && i >= 0 && i < (int)s->sources.count &&
           addr_refid(&s->sources.row[i].addr) == id;
}

int status_reference(const struct status *s)
{
    const struct status_tracking *k = &s->timekeeper.tracking;
    if (k->selected >= 0 && k->selected < (int)s->sources.count)
        return k->selected;
    if (is_reference(s, k->last)) /* others may have its address, too        */
        return k->last;
    for (int i = 0; i < (int)s->sources.count; i++)
        if (is_reference(s, i))
            return i;
    return -1;
}

const char *status_drop_word(enum status_drop why)
{
    static const char *const word[STATUS_DROPS] = {
        [STATUS_DROP_DENIED] = "denied",       [STATUS_DROP_LIMIT] = "limit",
        [STATUS_DROP_MALFORMED] = "malformed", [STATUS_DROP_NTS] = "NTS",
        [STATUS_DROP_FULL] = "no room",
    };
    return word[why];
}
