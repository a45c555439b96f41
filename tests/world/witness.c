/* witness.c -- stands beside the clock and compares, within the firmware's
 * process: what it would serve now, how far off it says that may be, and its
 * time floor, with the truth. */
#include "services/timefloor.h"
#include "services/timekeeper.h"
#include "world.h"

#define LOOK_TICKS (SIM_HZ / 10)

static void compare(struct sim_witness *v, int64_t now_ns)
{
    struct ntp_reference r;
    ntp64 utc = timekeeper_utc(w->ticks);
    timekeeper_reference(w->ticks, &r);
    v->bound_ns = r.root_disp_ns + r.root_delay_ns / 2;
    int64_t whole = timekeeper_unix_of(utc) - now_ns / MONO_S;
    int64_t part = (int64_t)(((utc & 0xffffffffu) * (uint64_t)MONO_S) >> 32) -
                   now_ns % MONO_S;
    v->error_ns = whole > INT64_C(9000000000)    ? INT64_MAX
                  : whole < -INT64_C(9000000000) ? -INT64_MAX
                                                 : whole * MONO_S + part;
    int64_t off = v->error_ns < 0 ? -v->error_ns : v->error_ns;
    if (off > v->bound_ns && v->wrong++ == 0) {
        v->wrong_at_ns = now_ns;
        v->wrong_ns = v->error_ns;
        v->wrong_bound_ns = v->bound_ns;
    }
}

void simwitness_look(void)
{
    static uint64_t next;
    struct sim_witness *v = &w->witness;
    int64_t now_ns = sim_true_ns();
    if (w->ticks < next)
        return;
    next = w->ticks + LOOK_TICKS;
    v->looks++;
    v->floor_s = timefloor_unix();
    if (v->floor_s > now_ns / MONO_S && v->high++ == 0) {
        v->high_at_ns = now_ns;
        v->high_s = v->floor_s;
    }
    bool set = timekeeper_synchronised();
    if (set != v->set)
        *(set ? &v->got_ns : &v->lost_ns) = now_ns;
    v->set = set;
    if (set)
        compare(v, now_ns);
}
