#include "addr_pick.h"

#include <string.h>

static bool among(const struct addr *list, size_t count, const struct addr *a)
{
    for (size_t i = 0; i < count; i++)
        if (addr_equal(&list[i], a))
            return true;
    return false;
}

void addr_pick_good(struct addr_pick *p, const struct addr *a)
{
    for (uint8_t i = 0; i < p->count; i++)
        if (addr_equal(&p->bad[i], a)) {
            p->count--;
            memmove(&p->bad[i], &p->bad[i + 1],
                    (p->count - i) * sizeof p->bad[0]);
            return;
        }
}

void addr_pick_bad(struct addr_pick *p, const struct addr *a)
{
    addr_pick_good(p, a);
    if (p->count == LEN(p->bad))
        addr_pick_good(p, &p->bad[0]);
    p->bad[p->count++] = *a;
}

void addr_pick_next(struct addr_pick *p, const struct addr *list, size_t count,
                    const struct addr *used, size_t used_count,
                    struct addr *own)
{
    ASSERT(count > 0);
    if (among(list, count, own) && !among(p->bad, p->count, own) &&
        !among(used, used_count, own))
        return;
    for (int round = 0; round < 4; round++) {
        bool shared = round >= 2, again = round % 2 != 0;
        for (size_t i = 0; i < count; i++) {
            if ((!again && among(p->bad, p->count, &list[i])) ||
                (!shared && among(used, used_count, &list[i])))
                continue;
            if (again) /* all have had their turn */
                p->count = 0;
            *own = list[i];
            return;
        }
    }
}
