/* The attack table: the whole firmware in a world whose time and network are
 * simulated (world.h), each row a named case. SIM_SEED=N another seed,
 * SIM_SHOW=1 the console of every row, an argument: the rows whose name has
 * that in it, SIM_TABLE=1 only the table of who does what. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "attack.h"

void sim_row_at(double day)
{
    int64_t now = sim_start + (int64_t)(day * (double)SIM_DAY);
    w->boot_ns = now * MONO_S;
    w->ticks = 0;
    for (unsigned i = 0; i < SIM_SERVERS; i++) {
        w->server[i].cert_lo = now - 10 * SIM_DAY;
        w->server[i].cert_hi = now + 80 * SIM_DAY;
    }
}

void sim_row_liar(unsigned server, double lo, double hi, double says)
{
    struct sim_server *s = &w->server[server];
    s->cert_lo = sim_start + (int64_t)(lo * (double)SIM_DAY);
    s->cert_hi = sim_start + (int64_t)(hi * (double)SIM_DAY);
    s->lie_ns = (sim_start + (int64_t)(says * (double)SIM_DAY)) * MONO_S -
                sim_true_ns();
}

void sim_row_right(void)
{
    double error = sim_error();
    sim_check(sim_synchronised(), "synchronised");
    sim_check(fabs(error) < 0.02, "the clock is right");
}

void sim_row_good(double seconds)
{
    sim_boot();
    sim_check(sim_until("synchronised: ", seconds), "synchronises");
    sim_note("set after %.2f s", sim_uptime());
    sim_run(10);
    sim_row_right();
}

void sim_row_unset(double seconds)
{
    sim_boot();
    sim_check(!sim_until("synchronised: ", seconds), "does not synchronise");
    sim_check(!sim_said("clock set to"), "the clock is not set");
    sim_check(strstr(sim_ask("tracking"), "Not synchronised") != NULL,
              "and says so");
}

static void run(const struct sim_row *row, unsigned count, const char *only)
{
    for (unsigned i = 0; i < count; i++) {
        if (only && !strstr(row[i].name, only))
            continue;
        sim_case(row[i].name, NULL);
        row[i].run();
        sim_end();
    }
}

static void show(const struct sim_row *row, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        printf("# %s\n#     Gnomon: %s\n#     chrony: %s\n"
               "#     chrony, nocerttimecheck: %s\n#     ntpd-rs: %s\n",
               row[i].name, row[i].gnomon, row[i].chrony, row[i].nocert,
               row[i].ntpd_rs);
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : NULL;
    const char *seed = getenv("SIM_SEED");
    show(sim_rows_time, sim_rows_time_count);
    show(sim_rows_path, sim_rows_path_count);
    show(sim_rows_ke, sim_rows_ke_count);
    if (getenv("SIM_TABLE"))
        return 0;
    printf("# seed %s\n", seed ? seed : "1");
    sim_setup();
    run(sim_rows_time, sim_rows_time_count, only);
    run(sim_rows_path, sim_rows_path_count, only);
    run(sim_rows_ke, sim_rows_ke_count, only);
    return sim_done();
}
