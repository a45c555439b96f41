/* Names with an address of each family, one of which is dead, from the start
 * or after an hour. The whole firmware in virtual time (tests/world). */
#include <stdio.h>

#include "../world/case.h"

#define EVERY   0xffu
#define HOUR    3600.0
#define MINUTES 5
#define LATER   25 /* minutes: a poll of 1024 s, then six of 64 s        */

static void both(const char *name)
{
    sim_case(name, NULL);
    w->ip6 = true;
}

static unsigned heard(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < 3; i++)
        n += w->server[i].replies > 0;
    return n;
}

static void set_within(double seconds)
{
    sim_check(sim_until("synchronised: ", seconds), "time within minutes");
    sim_note("set after %.1f s", sim_uptime());
    sim_run(60);
    double error = sim_error();
    sim_check(error > -0.01 && error < 0.01, "and right");
    sim_check(heard() == 3, "of all of them");
    sim_check(w->repeats == 0, "no cookie twice");
}

static void from_the_start(void)
{
    both("both families answer");
    sim_boot();
    set_within(10);
    sim_end();

    both("A dead, AAAA alive");
    w->dead4 = EVERY;
    sim_boot();
    set_within(MINUTES * 60);
    sim_end();

    both("AAAA dead, A alive");
    w->dead6 = EVERY;
    sim_boot();
    set_within(MINUTES * 60);
    sim_end();

    both("one server's A dead, another's AAAA");
    w->dead4 = 1;
    w->dead6 = 2;
    sim_boot();
    set_within(MINUTES * 60);
    sim_end();
}

static void after_an_hour(bool six)
{
    both(six ? "AAAA in use, dead after an hour" : "A dead after an hour");
    w->dead4 = six ? EVERY : 0;
    sim_boot();
    sim_run(HOUR);
    sim_check(sim_synchronised(), "time");
    w->dead4 = six ? 0 : EVERY;
    w->dead6 = six ? EVERY : 0;
    for (unsigned i = 0; i < 3; i++)
        w->server[i].replies = 0;
    unsigned minutes = 0;
    while (heard() < 3 && minutes++ < 60)
        sim_run(60);
    sim_note("all heard again after %u min", minutes);
    sim_check(minutes <= LATER, "within minutes");
    sim_end();
}

int main(void)
{
    sim_setup();
    from_the_start();
    after_an_hour(false);
    after_an_hour(true);
    return sim_done();
}
