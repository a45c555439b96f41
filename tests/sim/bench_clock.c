/* bench_clock [FIRST LAST [SCENARIO...]]: the table of every scenario at poll
 * 6 and 10, medians over the seeds FIRST .. LAST, beside chrony 4.6.1's at
 * poll 6 (reference/clock.md section 3.1). Figures; nothing passes or fails. */
#include <stdio.h>
#include <stdlib.h>

#include "world.h"

#define SEEDS_MAX 64

struct row {
    double v[9];
};

static struct row medians(const struct scenario *c, unsigned long first,
                          size_t n, int poll)
{
    static double v[9][SEEDS_MAX];
    struct row r;
    for (size_t i = 0; i < n; i++) {
        struct figures f = world_run(c, first + i, poll);
        double got[9] = {f.rms, f.max, f.freq, f.est_freq, f.mean,
                         f.under_1ms < 0 ? 1e9 : f.under_1ms,
                         f.under_100us < 0 ? 1e9 : f.under_100us, f.refused,
                         f.floor};
        for (size_t k = 0; k < 9; k++)
            v[k][i] = got[k];
    }
    for (size_t k = 0; k < 9; k++)
        r.v[k] = world_median(v[k], n);
    return r;
}

static void print(const struct scenario *c, unsigned long first, size_t n)
{
    struct row a = medians(c, first, n, 6);
    printf("%-3s %7.1f %6.0f %7.0f %6.0f %6.0f | %7.1f %6.0f %6.0f | %5.2f"
           " %4.2f%s %5.2f",
           c->name, a.v[0], a.v[1], a.v[2], a.v[3], a.v[4], c->chrony_rms,
           c->chrony_max, c->chrony_freq, a.v[0] / c->chrony_rms, c->goal,
           a.v[0] <= c->goal * c->chrony_rms ? " " : "*",
           a.v[1] / c->chrony_max);
    fflush(stdout);
    if (!getenv("P6")) {
        struct row b = medians(c, first, n, 10);
        printf(" | %7.1f %6.0f %7.0f", b.v[0], b.v[1], b.v[2]);
    }
    if (c->name[0] == 'f')
        printf(" | 1 ms %.0f s, 100 us %.0f s", a.v[5], a.v[6]);
    if (a.v[8] > 0)
        printf(" | perfect knowledge %.0f", a.v[8]);
    if (a.v[7] > 0)
        printf(" | refused %.0f", a.v[7]);
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct scenario s[64];
    size_t n = scenario_load("tests/sim/scenarios.txt", s, LEN(s));
    unsigned long first = argc > 2 ? strtoul(argv[1], NULL, 0) : 101;
    unsigned long last = argc > 2 ? strtoul(argv[2], NULL, 0) : 108;
    if (n == 0 || last < first || last - first >= SEEDS_MAX)
        return 1;
    printf("Seeds %lu..%lu, medians; us, frequency errors in ppb; poll 6\n"
           "          ours                              | chrony 4.6.1  "
           "         | ratios           | ours, poll 10\n"
           "       RMS    max  freq  estfreq   mean |     RMS    max   freq"
           " |   RMS goal    max |     RMS    max    freq\n", first, last);
    if (argc <= 3)
        for (size_t i = 0; i < n; i++)
            print(&s[i], first, last - first + 1);
    for (int i = 3; i < argc; i++) {
        const struct scenario *c = scenario_find(s, n, argv[i]);
        if (!c)
            return 1;
        print(c, first, last - first + 1);
    }
    return 0;
}
