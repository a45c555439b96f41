/* scenarios.txt, paths.txt -> struct scenario. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define AT(field) offsetof(struct scenario, field)
#define WAY(field)                                                             \
    {"up_" #field, AT(up.field), 0}, {"down_" #field, AT(down.field), 0},      \
    {                                                                          \
#field, AT(up.field), AT(down.field)                                   \
    }

static const struct key {
    const char *name;
    size_t at, also; /* also: 0 none */
} keys[] = {
    {"hz", AT(hz), 0},
    {"ppm", AT(ppm), 0},
    {"start", AT(start), 0},
    {"wander", AT(wander), 0},
    {"days", AT(days), 0},
    {"from", AT(from), 0},
    {"to", AT(to), 0},
    {"servers", AT(servers), 0},
    {"liar", AT(liar), 0},
    {"liars", AT(liars), 0},
    {"liar_first", AT(liar_first), 0},
    {"liar_from", AT(liar_from), 0},
    {"liar_drift", AT(liar_drift), 0},
    {"liar_for", AT(liar_for), 0},
    {"liar_back", AT(liar_back), 0},
    {"to_server", AT(to_server), 0},
    {"loss", AT(loss), 0},
    {"latency", AT(latency), 0},
    {"step_at", AT(step_at), 0},
    {"step_ppm", AT(step_ppm), 0},
    {"step_for", AT(step_for), 0},
    {"jump_at", AT(jump_at), 0},
    {"jump", AT(jump), 0},
    {"route_at", AT(route_at), 0},
    {"route", AT(route), 0},
    {"route_every", AT(route_every), 0},
    {"sway_every", AT(sway_every), 0},
    {"dark", AT(dark), 0},
    {"week_ppm", AT(week_ppm), 0},
    {"dead_from", AT(dead_from), 0},
    {"dead_to", AT(dead_to), 0},
    {"sine_ppm", AT(sine_ppm), 0},
    {"triangle_ppm", AT(triangle_ppm), 0},
    {"room_ppm", AT(room_ppm), 0},
    {"room_s", AT(room_s), 0},
    {"room_tau", AT(room_tau), 0},
    {"load_ppm", AT(load_ppm), 0},
    {"load_s", AT(load_s), 0},
    {"load_every", AT(load_every), 0},
    {"load_tau", AT(load_tau), 0},
    {"room_c", AT(warmth.room_c), 0},
    {"day_c", AT(warmth.day_c), 0},
    {"warm_c", AT(warmth.warm_c), 0},
    {"warm_tau", AT(warmth.warm_tau), 0},
    {"cpu_c", AT(warmth.cpu_c), 0},
    {"cpu_share", AT(warmth.cpu_share), 0},
    {"cpu_s", AT(warmth.cpu_s), 0},
    {"cpu_every", AT(warmth.cpu_every), 0},
    {"xtal_tau", AT(warmth.xtal_tau), 0},
    {"linear", AT(warmth.linear), 0},
    {"parabola", AT(warmth.parabola), 0},
    {"about", AT(warmth.about), 0},
    {"per_c", AT(warmth.per_c), 0},
    {"sensor", AT(warmth.sensor), 0},
    {"sensor_tau", AT(warmth.sensor_tau), 0},
    {"sensor_step", AT(warmth.sensor_step), 0},
    {"sensor_noise", AT(warmth.sensor_noise), 0},
    {"lies_from", AT(warmth.lies_from), 0},
    {"busy_from", AT(busy_from), 0},
    {"busy_to", AT(busy_to), 0},
    {"chrony_rms", AT(chrony_rms), 0},
    {"chrony_max", AT(chrony_max), 0},
    {"chrony_freq", AT(chrony_freq), 0},
    {"goal", AT(goal), 0},
    {"default_rms", AT(default_rms), 0},
    {"default_max", AT(default_max), 0},
    {"default_freq", AT(default_freq), 0},
    {"default_poll", AT(default_poll), 0},
    {"bloat", AT(up.bloat), 0}, /* the uplink's queue */
    WAY(base),
    WAY(exp),
    WAY(gauss),
    WAY(normal),
    WAY(logn_median),
    WAY(logn_sigma),
    WAY(spike_p),
    WAY(spike_exp),
    WAY(two_p),
    WAY(two),
    WAY(uniform),
    WAY(busy),
    WAY(busy_exp),
    WAY(late),
    WAY(sway),
    {"up_1", AT(up.more[1]), 0},
    {"down_1", AT(down.more[1]), 0},
    {"up_2", AT(up.more[2]), 0},
    {"down_2", AT(down.more[2]), 0},
};

static bool set(struct scenario *s, const char *key, const char *value)
{
    char *end, *p = (char *)s;
    double v = strtod(value, &end);
    for (size_t i = 0; i < LEN(keys); i++) {
        if (strcmp(keys[i].name, key) != 0)
            continue;
        memcpy(p + keys[i].at, &v, sizeof v);
        if (keys[i].also)
            memcpy(p + keys[i].also, &v, sizeof v);
        return *end == 0;
    }
    return false;
}

static struct scenario usual(const char *name)
{
    struct scenario s = {.hz = 62500000,
                         .ppm = 10,
                         .start = 0.01,
                         .wander = 1e-9,
                         .days = 4,
                         .from = 86400,
                         .to = 1e9,
                         .servers = 1,
                         .liars = 1,
                         .goal = 1};
    snprintf(s.name, sizeof s.name, "%s", name);
    return s;
}

size_t scenario_load(const char *file, struct scenario *out, size_t cap)
{
    FILE *f = fopen(file, "r");
    char line[256];
    size_t n = 0;
    bool ok = f != NULL;
    while (ok && fgets(line, sizeof line, f)) {
        char *save, *word = strtok_r(line, " \n", &save);
        if (!word || word[0] == '#')
            continue;
        if (strcmp(word, "+") != 0 && (ok = n < cap))
            out[n++] = usual(word);
        char *key = strtok_r(NULL, " \n", &save);
        for (; ok && key; key = strtok_r(NULL, " \n", &save)) {
            char *value = strtok_r(NULL, " \n", &save);
            ok = n > 0 && value && set(&out[n - 1], key, value);
            if (!ok)
                fprintf(stderr, "%s: %s: what is this?\n", file, key);
        }
    }
    if (f)
        fclose(f);
    return ok ? n : 0;
}

const struct scenario *scenario_find(const struct scenario *s, size_t n,
                                     const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(s[i].name, name) == 0)
            return &s[i];
    return NULL;
}
