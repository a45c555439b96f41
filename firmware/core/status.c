#include "status.h"

#include "ntp_reference.h"

#define UNSET_NS 1000000000 /* root delay and dispersion, as chronyd says  */

static bool is_reference(const struct status *s, int i)
{
    uint32_t id = s->timekeeper.tracking.ref_id;
    return id != 0 && i >= 0 && i < (int)s->sources.count &&
           addr_refid(&s->sources.row[i].addr) == id;
}

const struct addr *status_source_addr(const struct status_source *x)
{
    return x->addr.family ? &x->addr : &x->ke_addr;
}

struct status_served status_served(const struct status *s)
{
    const struct status_tracking *k = &s->timekeeper.tracking;
    const struct status_server *v = &s->server;
    if (v->local_stratum)
        return (struct status_served){.ref_id = NTP_REFID_LOCAL,
                                      .local = true,
                                      .stratum = v->local_stratum,
                                      .ref_unix_s = v->local_ref_unix_s,
                                      .ref_unix_ns = v->local_ref_unix_ns};
    if (!k->synchronised)
        return (struct status_served){
            .leap = 3, .root_delay_ns = UNSET_NS, .root_disp_ns = UNSET_NS};
    return (struct status_served){.ref_id = k->ref_id,
                                  .stratum = k->stratum,
                                  .leap = k->leap,
                                  .ref_unix_s = k->ref_unix_s,
                                  .ref_unix_ns = k->ref_unix_ns,
                                  .root_delay_ns = k->root_delay_ns,
                                  .root_disp_ns = k->root_disp_ns};
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
