/* A key exchange that runs out of memory of ours, at each block that it asks
 * for: nothing is said of the server but that, and it is asked again soon. The
 * whole firmware in virtual time (tests/world). SIM_SHOW=1: the console of
 * every case. */
#include <stdio.h>
#include <string.h>

#include "../world/case.h"
#include "core/arena.h"
#include "core/limit.h"

#define SERVER "server nts1.test iburst nts\n"
#define FULL   "nts1.test: no memory for TLS with it: "

static unsigned refused, until; /* the first block that is refused, the last */

void *__real_arena_get(struct arena *a, size_t len);
void *__wrap_arena_get(struct arena *a, size_t len);
void *__wrap_arena_get(struct arena *a, size_t len)
{
    static unsigned asked;
    if (a->size != LIMIT_TLS_SESSION_ARENA)
        return __real_arena_get(a, len);
    asked++;
    if (asked < refused || asked > until)
        return __real_arena_get(a, len);
    a->refused++;
    return NULL;
}

static bool blamed(void)
{
    static const char *const words[] = {
        "certificate", "server refuses", "server did", "malformed", "damaged",
        "TLS failed",  "nothing in",     "signed",     "changed on"};
    for (size_t i = 0; i < LEN(words); i++)
        if (sim_said(words[i]))
            return true;
    return false;
}

/* Returns false once the exchange needs fewer blocks. */
static bool one_block(unsigned k)
{
    char name[64];
    snprintf(name, sizeof name, "block %u of a key exchange", k);
    sim_case(name, SERVER);
    refused = until = k;
    sim_boot();
    sim_check(sim_until("synchronised: ", 130), "asked again, and good");
    bool lacked = sim_said(FULL);
    sim_check(!blamed(), "the server is not blamed");
    sim_end();
    return lacked;
}

/* Before: a certificate that is not signed by the CA that we trust, a server
 * that did not prove its own, "TLS: nothing in common", numbers; then waits
 * after what had been said of them. */
static void each_block(void)
{
    unsigned k = 1; /* beyond 200 they are big numbers */
    while (k < 100000 && one_block(k))
        k += k < 200 ? 1 : 97;
    sim_case("a key exchange needs many blocks", SERVER);
    sim_note("%u", k - 1);
    sim_check(k > 100, "as many as were refused, one by one");
    sim_end();
}

/* No memory at all for half an hour: said once, nobody is reached, and the wait
 * does not outlive it. */
static void long_want(void)
{
    sim_case("no memory for half an hour", SERVER);
    refused = 40;
    until = 100;
    sim_boot();
    sim_check(sim_until("synchronised: ", 3600), "once there is memory");
    sim_check(sim_count("] " FULL) == 1, "said, once");
    sim_check(!blamed(), "the server is not blamed");
    sim_note("%u connections in %.0f s", w->server[0].connections,
             sim_uptime());
    sim_check(sim_uptime() > 600 && w->server[0].connections < 5,
              "an exchange that cannot begin is no connection");
    sim_end();
}

int main(void)
{
    sim_setup();
    each_block();
    long_want();
    return sim_done();
}
