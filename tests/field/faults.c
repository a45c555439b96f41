/* The schedule of a day's faults, and what each does to the world. */
#include <string.h>

#include "faults.h"

#define POWER_SHARE 3 /* cuts are so much likelier than other faults */

const char *const fault_name[KINDS] = {
    "lie",        "NAK",       "tampered", "replayed",  "without NTS",
    "kiss",       "KE bad",    "silent",   "slow",      "one-sided",
    "loss",       "jitter",    "twice",    "KE away",   "new keys",
    "version 3",  "link down", "names",    "no lease",  "moved",
    "card fails", "card gone", "flood",    "power cut", "cut in write"};

/* ---- the schedule -------------------------------------------------------- */

static int64_t between(int64_t lo, int64_t hi)
{
    return lo + (int64_t)simpath_random((unsigned)(hi - lo + 1));
}

static int64_t pick(const int64_t *of, unsigned count)
{
    return of[simpath_random(count)];
}
#define PICK(...)                                                              \
    pick((const int64_t[]){__VA_ARGS__},                                       \
         sizeof(const int64_t[]){__VA_ARGS__} / sizeof(int64_t))

static int64_t amount_of(enum fault_kind kind)
{
    switch (kind) {
    case LIE: /* ms */
        return PICK(1, -1) * PICK(1, 3, 6, 8, 20, 120, 1000, 5000, 60000,
                                  3600000, 86400 * INT64_C(400000));
    case KE_BAD:
        return PICK(KE_HANG, KE_HANG_ANSWER, KE_DRIP, KE_COOKIES_NONE,
                    KE_ENDLESS, KE_ERROR);
    case KISS: /* which code, and whose */
        return between(0, 11);
    case SLOW: /* ms, there and back */
    case ASYMMETRIC:
        return PICK(5, 30, 100, 400, 1200);
    case LOSS: /* of 1000 */
    case TWICE:
        return between(50, 900);
    case JITTER: /* ms */
        return between(1, 300);
    case KE_AWAY:
        return PICK(KE_DEAF, KE_REFUSE);
    case NAMES:
        return PICK(SIM_DNS_DEAD, SIM_DNS_FAILS, SIM_SERVERS - 1);
    case CARD_FAILS: /* of 1000 */
        return PICK(100, 500, 1000);
    case FLOOD: /* its kind: those that need no service of the board's */
        return between(0, FLOOD_MLD);
    case POWER: /* off so long, s */
        return PICK(1, 5, 60, 600);
    case POWER_IN_WRITE: /* in which, how */
        return between(1, 6) * CUT_KINDS + between(0, CUT_KINDS - 1);
    default:
        return 0;
    }
}

static void plan_fault(struct faults *d, int64_t from, int64_t to,
                       unsigned liars)
{
    unsigned all = (1u << d->servers) - 1;
    struct fault *f = &d->fault[d->count];
    if (d->count++ == FAULTS)
        sim_broken("more faults than there is room for");
    f->kind = (enum fault_kind)simpath_random(KINDS + POWER_SHARE);
    if (f->kind >= KINDS)
        f->kind = POWER;
    f->servers = f->kind <= KE_BAD ? liars : 1 + simpath_random(all);
    f->from = between(from, to - 10);
    f->to = between(f->from + 5, to);
    f->amount = amount_of(f->kind);
    if (f->kind == FLOOD && f->to > f->from + 3 * MINUTE)
        f->to = f->from + 3 * MINUTE;
}

void faults_plan(struct faults *d)
{
    int64_t at = 15 * MINUTE;
    d->servers = 3 + simpath_random(3);
    w->lease_s = (uint32_t)PICK(120, 600, 3600, 86400);
    while (at < 23 * HOUR) {
        int64_t end = at + between(10 * MINUTE, 150 * MINUTE);
        unsigned liars = 1u << simpath_random(d->servers);
        if (d->servers == 5)
            liars |= 1u << simpath_random(d->servers);
        end = end < 24 * HOUR - 15 * MINUTE ? end : 24 * HOUR - 15 * MINUTE;
        for (int64_t n = between(2, 12); n > 0; n--)
            plan_fault(d, at, end, liars);
        d->storm_end[d->storms++] = end;
        at = end + between(15, 30) * MINUTE;
    }
}

/* ---- the weather --------------------------------------------------------- */

void faults_heal(void)
{
    for (unsigned i = 0; i < SIM_SERVERS; i++) {
        struct sim_server *s = &w->server[i];
        s->ke = KE_OK;
        s->ntp = NTP_OK;
        s->lie_ns = s->jitter_ns = 0;
        memset(s->kiss, 0, sizeof s->kiss);
        s->kiss_plain = s->kiss_forged = false;
        s->version = 0;
        s->lost = s->twice = 0;
        s->up_ns = s->down_ns = SIM_LINK_NS;
    }
    w->link = true;
    w->dns_lie = SIM_DNS_TRUE;
    w->dhcp_dead = w->card_gone = false;
    w->card_fails = w->flood.per_s = w->cut_after = 0;
}

static void afflict_server(struct sim_server *s, const struct fault *f)
{
    int64_t ms = f->amount * MONO_MS;
    switch (f->kind) {
    case LIE:
        s->lie_ns = ms;
        break;
    case NAK:
        s->ntp = NTP_NAK_ONLY;
        break;
    case TAMPER:
        s->ntp = NTP_TAMPER;
        break;
    case REPLAY:
        s->ntp = NTP_REPLAY;
        break;
    case PLAIN:
        s->ntp = NTP_PLAIN;
        break;
    case KISS:
        memcpy(s->kiss, "RATEDENYRSTRXYZW" + f->amount / 3 * 4, 4);
        s->kiss_plain = f->amount % 3 == 1;
        s->kiss_forged = f->amount % 3 == 2;
        break;
    case OLD:
        s->version = 3;
        break;
    case SILENT:
        s->ntp = NTP_SILENT;
        break;
    case KE_BAD:
    case KE_AWAY:
        s->ke = (enum sim_ke)f->amount;
        break;
    case SLOW:
        s->up_ns += ms / 2;
        s->down_ns += ms / 2;
        break;
    case ASYMMETRIC:
        s->down_ns += ms;
        break;
    case LOSS:
        s->lost = (unsigned)f->amount;
        break;
    case TWICE:
        s->twice = (unsigned)f->amount;
        break;
    case JITTER:
        s->jitter_ns = ms;
        break;
    default:
        break;
    }
}

static void afflict_world(const struct fault *f)
{
    switch (f->kind) {
    case LINK:
        w->link = false;
        break;
    case NAMES:
        w->dns_lie = (int)f->amount;
        break;
    case LEASE:
        w->dhcp_dead = true;
        break;
    case CARD_FAILS:
        w->card_fails = (unsigned)f->amount;
        break;
    case CARD_GONE:
        w->card_gone = true;
        break;
    case FLOOD:
        w->flood.kind = (enum sim_flood)f->amount;
        w->flood.from = FLOOD_UNKNOWN;
        w->flood.per_s = 80;
        break;
    default:
        break;
    }
}

/* Makes the weather what the schedule says of that moment. */
void faults_afflict(const struct faults *d, int64_t at)
{
    unsigned cut_after = w->cut_after;
    faults_heal();
    w->cut_after = cut_after;
    for (unsigned i = 0; i < d->count; i++) {
        const struct fault *f = &d->fault[i];
        if (at < f->from || at >= f->to)
            continue;
        for (unsigned k = 0; k < SIM_SERVERS; k++)
            if (f->servers >> k & 1)
                afflict_server(&w->server[k], f);
        afflict_world(f);
    }
}
