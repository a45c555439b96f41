/* main.c -- the firmware's main() on Linux. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "port.h"

static struct {
    const char *card;
    unsigned loss, delay, seed;
    struct {
        bool udp, ip6;
        unsigned port, to;
    } forward[4];
    unsigned forwards;
} opt = {.seed = 1};

static bool number(const char *name, const char *value, unsigned max,
                   const char *arg, unsigned *out)
{
    if (strcmp(arg, name) != 0 || value == NULL)
        return false;
    char *end;
    unsigned long n = strtoul(value, &end, 10);
    if (*value == 0 || *end != 0 || n > max) {
        fprintf(stderr, "%s: a number up to %u\n", name, max);
        exit(2);
    }
    *out = (unsigned)n;
    return true;
}

/* PORT:TO, of 127.0.0.1 and of the guest. */
static bool forward(const char *name, const char *arg, const char *value)
{
    unsigned port, to;
    bool udp = name[2] == 'u';
    if (strcmp(arg, name) != 0)
        return false;
    if (!value || sscanf(value, "%u:%u", &port, &to) != 2 ||
        opt.forwards == LEN(opt.forward)) {
        fprintf(stderr, "%s: PORT:TO\n", name);
        exit(2);
    }
    opt.forward[opt.forwards].udp = udp;
    opt.forward[opt.forwards].ip6 = strcmp(name, "--udp6") == 0;
    opt.forward[opt.forwards].port = port;
    opt.forward[opt.forwards++].to = to;
    return true;
}

static int parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(arg, "--no-card") == 0) {
            opt.card = NULL;
            continue;
        }
        if (strcmp(arg, "--card") == 0 && value)
            opt.card = value;
        else if (!forward("--udp", arg, value) &&
                 !forward("--udp6", arg, value) &&
                 !forward("--tcp", arg, value) &&
                 !number("--loss", value, 100, arg, &opt.loss) &&
                 !number("--delay", value, 10000, arg, &opt.delay) &&
                 !number("--seed", value, 0xffffffffu, arg, &opt.seed))
            return -1;
        i++;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (parse(argc, argv) != 0) {
        fprintf(stderr,
                "usage: %s [--card FILE | --no-card] [--loss PERCENT] "
                "[--delay MS] [--seed N] [--udp PORT:TO] "
                "[--udp6 PORT:TO] [--tcp PORT:TO]\n",
                argv[0]);
        return 2;
    }
    host_start(opt.card);
    for (unsigned i = 0; i < opt.forwards; i++)
        if ((opt.forward[i].ip6
                 ? host_net_forward6(opt.forward[i].port, opt.forward[i].to)
                 : host_net_forward(opt.forward[i].udp, opt.forward[i].port,
                                    opt.forward[i].to)) != 0) {
            fprintf(stderr, "port %u is in use\n", opt.forward[i].port);
            return 2;
        }
    host_net_faults(opt.loss, opt.delay, opt.seed);
    gnomon_main();
}
