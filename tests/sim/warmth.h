/* warmth.h -- the temperature of a simulated board: its room, what warms it,
 * the crystal's law, and a sensor that tells of it or lies. World.c asks for
 * each second in order. Chance of its own, so that a world without a sensor is
 * what it is with one. */
#ifndef WARMTH_H
#define WARMTH_H

#include <stdbool.h>
#include <stdint.h>

enum sensor {
    SENSOR_NONE,
    SENSOR_HONEST,
    SENSOR_CONSTANT,
    SENSOR_NOISE,     /* +-5 C, each reading anew                           */
    SENSOR_STEPS,     /* to anywhere within 10 C, every hour or so          */
    SENSOR_UNRELATED, /* a day of its own, of 5 h, and a walk               */
    SENSOR_INVERTED,
    SENSOR_STUCK, /* from lies_from on, as all that follow               */
    SENSOR_THEN_STEPS,
    SENSOR_THEN_INVERTED,
    SENSOR_THEN_SHIFTED, /* by 10 C                                          */
    SENSOR_SILENT,       /* says nothing from then on                        */
    SENSOR_KINDS
};

struct warmth { /* C, s, ppm; zeros: nothing of the kind                      */
    double room_c, day_c; /* mean; from a day's least to its greatest        */
    double warm_c, warm_tau; /* after power-on                               */
    double cpu_c, cpu_share; /* a load heats the sensor, and the crystal by
                              * that share of it                             */
    double cpu_s, cpu_every; /* for so long of every so many                 */
    double xtal_tau;         /* the crystal's lag                            */
    double linear, parabola, about; /* its law: ppm per C, per C^2, about    */
    double per_c; /* ppm per C: of what warms the world otherwise (room_ppm) */
    double sensor, sensor_tau, sensor_step, sensor_noise;
    double lies_from;
};

struct warmth_state {
    const struct warmth *c;
    uint64_t chance;
    double crystal, sensor; /* C                                              */
    double walk, level, next, frozen;
    bool begun, stuck;
};

/* Returns the crystal's rate error by its law at t, ppm fast. other_ppm is what
 * the world says that its room does to the crystal. */
double warmth_step(struct warmth_state *w, double t, double other_ppm);

/* Reads the sensor. Returns false if it says nothing. */
bool warmth_read(struct warmth_state *w, double t, int32_t *millidegrees);

#endif
