#include <stdio.h>
#include <string.h>

#include "simcase.h"

static void honest(void)
{
    sim_boot();
    sim_check(sim_until("synchronised: ", 120), "three honest servers");
    sim_note("synchronised after %.2f s", sim_uptime());
    sim_run(60);
    sim_check(sim_synchronised(), "it stays so");
}

int main(void)
{
    sim_setup();
    sim_case("honest", NULL);
    honest();
    sim_end();
    return sim_done();
}
