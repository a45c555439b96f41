#include "truncated_normal.h"

#include <math.h>

#include "base.h"

#define TAIL         20.0 /* beyond, the density is as good as exponential    */
#define NARROW       0.03 /* and within so little                             */
#define ROOT_2PI     2.5066282746310002
#define LOG_ROOT_2PI 0.9189385332046727

static double density(double x)
{
    return exp(-x * x / 2) / ROOT_2PI;
}

/* exp(-c x) on 0 .. w, c >= 0: *mean and variance of x; the log of its
 * integral is returned. */
static double exponential(double c, double w, double *mean, double *var)
{
    double cw = c * w;
    if (cw < 1e-3) {
        *mean = w / 2 - cw * w / 12;
        *var = w * w / 12;
        return log(w) - cw / 2;
    }
    double e = exp(-cw), rest = -expm1(-cw);
    *mean = 1 / c - w * e / rest;
    *var = 1 / (c * c) - w * w * e / (rest * rest);
    return log(rest / c);
}

/* a + b >= 0 */
static struct truncated right(double a, double b)
{
    struct truncated t;
    double w = b - a;
    if (a > TAIL || w < NARROW) {
        double c = a > TAIL ? a : (a + b) / 2;
        t.log_mass = exponential(c, w, &t.mean, &t.var) - LOG_ROOT_2PI;
        t.log_mass -= a > TAIL ? a * a / 2 : c * c / 2 - c * w / 2;
        t.mean += a;
        return t;
    }
    double mass = (erfc(a / sqrt(2)) - erfc(b / sqrt(2))) / 2;
    double fa = density(a), fb = density(b);
    t.log_mass = log(mass);
    t.mean = (fa - fb) / mass;
    t.var =
        1 + (a * fa - (isfinite(b * b) ? b * fb : 0)) / mass - t.mean * t.mean;
    return t;
}

struct truncated truncated_normal(double a, double b)
{
    if (a + b >= 0)
        return right(a, b);
    struct truncated t = right(-b, -a);
    t.mean = -t.mean;
    return t;
}
