#include "warmth.h"

#include <math.h>

#define TAU 6.283185307179586

static double uniform(struct warmth_state *w)
{
    uint64_t z = w->chance += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return ((double)((z ^ z >> 31) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(struct warmth_state *w)
{
    double r = sqrt(-2 * log(uniform(w)));
    return r * cos(TAU * uniform(w));
}

static double towards(double was, double to, double tau, bool begun)
{
    return begun && tau > 0 ? was + (to - was) / tau : to;
}

double warmth_step(struct warmth_state *w, double t, double other_ppm)
{
    const struct warmth *c = w->c;
    double air = c->room_c + c->day_c / 2 * sin(TAU * t / 86400);
    if (c->warm_tau > 0)
        air += c->warm_c * (1 - exp(-t / c->warm_tau));
    if (c->per_c > 0)
        air += other_ppm / c->per_c;
    bool busy = c->cpu_every > 0 && fmod(t, c->cpu_every) < c->cpu_s;
    double cpu = busy ? c->cpu_c : 0;
    w->crystal =
        towards(w->crystal, air + cpu * c->cpu_share, c->xtal_tau, w->begun);
    w->sensor = towards(w->sensor, air + cpu, c->sensor_tau, w->begun);
    w->begun = true;
    double d = w->crystal - c->about;
    return c->linear * d + c->parabola * d * d;
}

static double steps(struct warmth_state *w, double t)
{
    if (t >= w->next) {
        w->next = t + 7200 * uniform(w);
        w->level = 20 * uniform(w) - 10;
    }
    return w->c->room_c + w->level;
}

static double told(struct warmth_state *w, double t)
{
    const struct warmth *c = w->c;
    bool lies = t >= c->lies_from;
    double honest = w->sensor + normal(w) * c->sensor_noise;
    switch ((enum sensor)c->sensor) {
    case SENSOR_CONSTANT:
        return c->room_c;
    case SENSOR_NOISE:
        return c->room_c + 10 * uniform(w) - 5;
    case SENSOR_STEPS:
        return steps(w, t);
    case SENSOR_UNRELATED:
        w->walk += 0.05 * normal(w);
        return c->room_c + 4 * sin(TAU * t / 18000) + w->walk;
    case SENSOR_INVERTED:
        return 2 * c->room_c - honest;
    case SENSOR_STUCK:
        if (lies && !w->stuck) {
            w->stuck = true;
            w->frozen = honest;
        }
        return lies ? w->frozen : honest;
    case SENSOR_THEN_STEPS:
        return lies ? steps(w, t) : honest;
    case SENSOR_THEN_INVERTED:
        return lies ? 2 * c->room_c - honest : honest;
    case SENSOR_THEN_SHIFTED:
        return lies ? honest + 10 : honest;
    default:
        return honest;
    }
}

bool warmth_read(struct warmth_state *w, double t, int32_t *millidegrees)
{
    const struct warmth *c = w->c;
    enum sensor kind = (enum sensor)c->sensor;
    if (kind == SENSOR_NONE || (kind == SENSOR_SILENT && t >= c->lies_from))
        return false;
    double v = told(w, t);
    if (c->sensor_step > 0)
        v = floor(v / c->sensor_step + 0.5) * c->sensor_step;
    *millidegrees = (int32_t)lround(v * 1000);
    return true;
}
