/* truncated_normal.h -- the standard normal cut to an interval: how much of
 * it is there, and the mean and variance of what is. Exact to 1e-3 of the
 * variance in any tail and for any width > 0; total. */
#ifndef TRUNCATED_NORMAL_H
#define TRUNCATED_NORMAL_H

struct truncated {
    double log_mass, mean, var;
};

/* Cuts the standard normal to a .. b, where a < b must hold. */
struct truncated truncated_normal(double a, double b);

#endif
