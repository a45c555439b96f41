/* bench_warmth [FIRST LAST [WORLD...]]: what the board's sensor is worth. For
 * every world of warmth.txt, over the seeds FIRST .. LAST (101 .. 108): the RMS
 * error without a sensor, quadratic mean in us; then with an honest one and
 * with each kind that lies, as a ratio to that, and in how many of the runs the
 * law was used at the end. Looks outside the stated bound in any of them.
 * Figures; nothing passes or fails. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

static const char *const names[SENSOR_KINDS] = {
    "none",   "honest", "constant", "noise",   "steps",  "unrelated",
    "invert", "stuck",  "+steps",   "+invert", "+shift", "+silent"};

static double run(const struct scenario *world, int kind, unsigned long first,
                  unsigned long last, unsigned *used, unsigned *outside,
                  double *width)
{
    struct scenario c = *world;
    double sum2 = 0, widths = 0;
    c.warmth.sensor = kind;
    *used = 0;
    for (unsigned long seed = first; seed <= last; seed++) {
        struct figures f = world_run(&c, seed, 6, 6);
        sum2 += f.rms * f.rms;
        widths += f.width;
        *used += f.used;
        *outside += f.dishonest;
    }
    *width = widths / (double)(last - first + 1);
    return sqrt(sum2 / (double)(last - first + 1));
}

static void row(const struct scenario *c, unsigned long first,
                unsigned long last, const char *only)
{
    unsigned used, outside = 0;
    double width,
        none = run(c, SENSOR_NONE, first, last, &used, &outside, &width);
    printf("%-6s %8.1f", c->name, none);
    for (int k = 1; k < SENSOR_KINDS; k++) {
        if (only && !strchr(only, 'a' + k))
            continue;
        double w, rms = run(c, k, first, last, &used, &outside, &w);
        printf(" %5.2f/%-3u", rms / none, used);
        if (k == SENSOR_HONEST)
            printf("%4.2f", w / width);
        fflush(stdout);
    }
    printf(" %6u\n", outside);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct scenario s[64];
    const char *only = getenv("KINDS"), *file = getenv("WORLDS");
    size_t n = scenario_load(file ? file : "tests/sim/warmth.txt", s, LEN(s));
    unsigned long first = argc > 2 ? strtoul(argv[1], NULL, 0) : 101;
    unsigned long last = argc > 2 ? strtoul(argv[2], NULL, 0) : 108;
    if (n == 0 || last < first)
        return 1;
    printf("Seeds %lu..%lu, poll 64 s. RMS us without; ratio / runs that used "
           "it with (and of the bound's width):\nworld   without",
           first, last);
    for (int k = 1; k < SENSOR_KINDS; k++)
        if (!only || strchr(only, 'a' + k))
            printf(" %-9s", names[k]);
    printf("outside\n");
    for (size_t i = 0; argc <= 3 && i < n; i++)
        row(&s[i], first, last, only);
    for (int i = 3; i < argc; i++) {
        const struct scenario *c = scenario_find(s, n, argv[i]);
        if (!c)
            return 1;
        row(c, first, last, only);
    }
    return 0;
}
