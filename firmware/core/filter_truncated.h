/* filter_truncated.h -- the standard normal cut to an interval: how much of
 * it is there, and the mean and variance of what is. Exact to 1e-3 of the
 * variance in any tail and for any width > 0; total. */
#ifndef FILTER_TRUNCATED_H
#define FILTER_TRUNCATED_H

struct truncated {
    double log_mass, mean, var;
};

struct truncated truncated_normal(double a, double b); /* a < b */

#endif
