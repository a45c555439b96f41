/* bench_clock [FIRST LAST [SCENARIO...]]: first every scenario of the four
 * files, over the seeds FIRST .. LAST, beside what chrony made of the same
 * crystals (chrony.txt, where it has the seed), which BESIDE=1 shows alone. Then
 * the table of every scenario, medians, beside chrony 4.6.1's recorded figures
 * (README.md): at a poll of 64 s; at chrony's default, 6 to 10, with the mean
 * time between requests; and at 1024 s, beside chrony's default, which comes
 * to that; and paths.txt's worlds at 64 s, beside chrony 4.3's. Then a1 and b1
 * at a poll of 64 s on counters of several rates. POLL=6, 610 or 10: that table
 * alone; PATHS=1: only paths.txt; HZ="RATE...": only the counters, of these
 * rates. CRYSTAL=FILE: nothing but the rates of that seed's crystal, into the
 * file. Figures; nothing passes or fails. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define SEEDS_MAX 256

static const struct polls {
    const char *env, *text;
    int min, max;
} tables[] = {
    {"6", "6", 6, 6}, {"610", "6 to 10", 6, 10}, {"10", "10", 10, 10}};

enum {
    RMS,
    MAX,
    FREQ,
    EST,
    MEAN,
    MS1,
    US100,
    REFUSED,
    FLOOR,
    POLL,
    OUT,
    WIDTH,
    MS,
    N
};

struct row {
    double v[N];
};

static struct row medians(const struct scenario *c, unsigned long first,
                          size_t n, const struct polls *p)
{
    static double v[N][SEEDS_MAX];
    struct row r;
    for (size_t i = 0; i < n; i++) {
        struct figures f = world_run(c, first + i, p->min, p->max);
        double got[N] = {f.rms,
                         f.max,
                         f.freq,
                         f.est_freq,
                         f.mean,
                         f.under_1ms < 0 ? 1e9 : f.under_1ms,
                         f.under_100us < 0 ? 1e9 : f.under_100us,
                         f.refused,
                         f.floor,
                         f.poll_s,
                         f.dishonest,
                         f.width,
                         f.within_ms};
        for (size_t k = 0; k < N; k++)
            v[k][i] = got[k];
    }
    for (size_t k = 0; k < N; k++)
        r.v[k] = k == OUT ? 0 : world_median(v[k], n);
    for (size_t i = 0; i < n; i++)
        r.v[OUT] += v[OUT][i];
    return r;
}

static void print(const struct scenario *c, unsigned long first, size_t n,
                  const struct polls *p)
{
    struct row a = medians(c, first, n, p);
    bool fixed = p->max == 6;
    double rms = fixed ? c->chrony_rms : c->default_rms;
    double max = fixed ? c->chrony_max : c->default_max;
    double freq = fixed ? c->chrony_freq : c->default_freq;
    double poll = fixed ? 65 / c->servers : c->default_poll;
    double goal = fixed ? c->goal : 1;
    printf("%-3s %7.1f %5.0f %6.0f %5.0f %4.0f | %7.1f %5.0f %5.0f %4.0f |"
           " %4.2f%s %4.2f %5.2f %5.2f",
           c->name, a.v[RMS], a.v[MAX], a.v[FREQ], a.v[EST], a.v[POLL], rms,
           max, freq, poll, a.v[RMS] / rms, a.v[RMS] <= goal * rms ? " " : "*",
           a.v[MAX] / max, a.v[FREQ] / freq, poll / a.v[POLL]);
    if (fixed)
        printf(" goal %4.2f", goal);
    if (c->name[0] == 'f')
        printf(" | 1 ms %.0f s, 100 us %.0f s", a.v[MS1], a.v[US100]);
    if (a.v[FLOOR] > 0)
        printf(" | perfect knowledge %.0f", a.v[FLOOR]);
    if (a.v[REFUSED] > 0)
        printf(" | refused %.0f", a.v[REFUSED]);
    if (a.v[OUT] > 0)
        printf(" | s outside the bound, all seeds: %.0f", a.v[OUT]);
    printf("\n");
    fflush(stdout);
}

static int table(const struct scenario *s, size_t n, int argc, char **argv,
                 const struct polls *p)
{
    unsigned long first = argc > 2 ? strtoul(argv[1], NULL, 0) : 101;
    unsigned long last = argc > 2 ? strtoul(argv[2], NULL, 0) : 116;
    if (n == 0 || last < first || last - first >= SEEDS_MAX)
        return 1;
    printf("Seeds %lu..%lu, medians; poll %s; time us, frequency of the "
           "steered clock and (est) of the estimate ppb,\npoll: mean s "
           "between requests; ratios ours / chrony's, packets too\n"
           "          ours                      | chrony                   |"
           " ratios\n"
           "        RMS   max   freq   est poll |     RMS   max  freq poll |"
           "  RMS   max  freq packets\n",
           first, last, p->text);
    for (size_t i = 0; argc <= 3 && i < n; i++)
        print(&s[i], first, last - first + 1, p);
    for (int i = 3; i < argc; i++) {
        const struct scenario *c = scenario_find(s, n, argv[i]);
        if (!c)
            return 1;
        print(c, first, last - first + 1, p);
    }
    return 0;
}

/* The same crystals and networks, counted in coarser ticks: RMS errors, and
 * each as a multiple of the first rate's. */
static int rates(const struct scenario *s, size_t n, int argc, char **argv,
                 const char *list)
{
    unsigned long first = argc > 2 ? strtoul(argv[1], NULL, 0) : 101;
    unsigned long last = argc > 2 ? strtoul(argv[2], NULL, 0) : 116;
    if (last < first || last - first >= SEEDS_MAX)
        return 1;
    printf("Seeds %lu..%lu, medians; poll 6; RMS error in us by the counter's "
           "rate in Hz\n",
           first, last);
    static const char *const worlds[] = {"a1", "b1"};
    for (size_t i = 0; i < LEN(worlds); i++) {
        const struct scenario *usual = scenario_find(s, n, worlds[i]);
        if (!usual)
            return 1;
        double one = 0;
        char *end;
        for (const char *p = list; *p; p = *end ? end + 1 : end) {
            struct scenario c = *usual;
            c.hz = strtod(p, &end);
            if (end == p || c.hz < 1e5)
                return 1;
            double rms =
                medians(&c, first, last - first + 1, &tables[0]).v[RMS];
            one = one > 0 ? one : rms;
            printf("%-3s %9.0f %7.2f  x %5.3f\n", c.name, c.hz, rms, rms / one);
            fflush(stdout);
        }
    }
    return 0;
}

/* ---- beside chrony, per seed --------------------------------------------- */

struct beside { /* a line of chrony.txt                                      */
    char world[8];
    unsigned long seed;
    double rms, max, freq, width, out, ms;
};

static size_t beside_load(struct beside *out, size_t cap)
{
    FILE *f = fopen("tests/sim/chrony.txt", "r");
    char line[160];
    size_t n = 0;
    while (f && n < cap && fgets(line, sizeof line, f)) {
        struct beside *b = &out[n];
        n +=
            sscanf(line, "%7s %lu %lf %lf %lf %lf %lf %lf", b->world, &b->seed,
                   &b->rms, &b->max, &b->freq, &b->width, &b->out, &b->ms) == 8;
    }
    if (f)
        fclose(f);
    return n;
}

/* Quadratic means over the seeds of both. */
static void compare(const struct scenario *c, unsigned long first,
                    unsigned long last, const struct beside *all, size_t n)
{
    struct figures f;
    double ours[4] = {0}, theirs[4] = {0}, out = 0, their_out = 0;
    double most = 0, ms = 0, their_ms = 0;
    unsigned pairs = 0, runs = 0;
    for (unsigned long seed = first; seed <= last; seed++) {
        f = world_run(c, seed, 6, 6);
        double a[4] = {f.rms, f.max, f.freq, f.width};
        runs++;
        for (size_t k = 0; k < 4; k++)
            ours[k] += a[k] * a[k];
        out += f.dishonest;
        ms += f.within_ms;
        for (size_t i = 0; i < n; i++) {
            const struct beside *b = &all[i];
            if (b->seed != seed || strcmp(b->world, c->name) != 0)
                continue;
            double v[4] = {b->rms, b->max, b->freq, b->width};
            for (size_t k = 0; k < 4; k++)
                theirs[k] += v[k] * v[k];
            pairs++;
            their_out += b->out;
            their_ms += b->ms;
            most = f.max / b->max > most ? f.max / b->max : most;
        }
    }
    for (size_t k = 0; k < 4; k++) {
        ours[k] = sqrt(ours[k] / runs);
        theirs[k] = pairs ? sqrt(theirs[k] / pairs) : 0;
    }
    printf("%-6s %7.1f %6.0f %6.0f %6.0f %5.0f %5.0f |", c->name, ours[0],
           ours[1], ours[2], ours[3], out, ms / runs);
    if (pairs)
        printf(" %7.1f %6.0f %6.0f %6.0f %5.0f %5.0f | %4.2f %4.2f %5.2f %5.2f "
               "%4.2f (%u)",
               theirs[0], theirs[1], theirs[2], theirs[3], their_out,
               their_ms / pairs, ours[0] / theirs[0], ours[1] / theirs[1],
               ours[2] / theirs[2], ours[3] / theirs[3], most, pairs);
    printf("\n");
    fflush(stdout);
}

static int beside(const struct scenario *s, size_t n, int argc, char **argv)
{
    static struct beside all[2048];
    size_t known = beside_load(all, LEN(all));
    unsigned long first = argc > 2 ? strtoul(argv[1], NULL, 0) : 101;
    unsigned long last = argc > 2 ? strtoul(argv[2], NULL, 0) : 108;
    printf(
        "Seeds %lu..%lu, quadratic means, poll 64 s: RMS and greatest "
        "error us, RMS frequency error ppb, median of\nthe stated bound us, "
        "looks outside it (ours: every s; chrony's: every 16 s, its pairs), s "
        "to 1 ms;\nchrony 4.6.1 by the same crystal; ratios, and the "
        "greatest ratio of greatest errors\n",
        first, last);
    for (size_t i = 0; argc <= 3 && i < n; i++)
        compare(&s[i], first, last, all, known);
    for (int i = 3; i < argc; i++) {
        const struct scenario *c = scenario_find(s, n, argv[i]);
        if (!c)
            return 1;
        compare(c, first, last, all, known);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct scenario s[64];
    static const char *const files[] = {
        "tests/sim/scenarios.txt", "tests/sim/paths.txt",
        "tests/sim/floors.txt", "tests/sim/changes.txt"};
    size_t n = scenario_load(files[0], s, LEN(s)), every = n;
    for (size_t i = 1; i < LEN(files); i++)
        every += scenario_load(files[i], s + every, LEN(s) - every);
    const char *crystal = getenv("CRYSTAL");
    if (crystal && argc > 3) {
        const struct scenario *c = scenario_find(s, every, argv[3]);
        return !c || !world_crystal(c, strtoul(argv[1], NULL, 0), crystal);
    }
    if (getenv("BESIDE"))
        return beside(s, every, argc, argv);
    const char *only = getenv("POLL");
    const char *hz = getenv("HZ");
    if (hz)
        return rates(s, n, argc, argv, hz);
    int bad = 0;
    if (argc <= 3 && !only && !getenv("PATHS"))
        bad = beside(s, every, argc, argv);
    if (argc <= 3 && !only) {
        size_t k = scenario_load("tests/sim/paths.txt", s + n, LEN(s) - n);
        bad = table(s + n, k, argc, argv, &tables[0]);
    }
    if (getenv("PATHS"))
        return bad;
    for (size_t i = 0; i < LEN(tables) && !bad; i++)
        if (!only || strcmp(only, tables[i].env) == 0)
            bad = table(s, n, argc, argv, &tables[i]);
    if (argc <= 3 && !only && !bad)
        bad = rates(s, n, argc, argv, "62500000 1000000");
    return bad;
}
