/*
 * real.h - the few functions of a real number that the detectors need.
 *
 * Built from +, -, *, / and sqrt alone, which IEEE 754 rounds in one way only,
 * so that every machine gets the same last bit; those of libm need not.
 */
#ifndef COLLECTOR_DETECT_REAL_H
#define COLLECTOR_DETECT_REAL_H

/* The natural logarithm of x > 0, to about 1e-15; x must be normal. */
double real_log(double x);

/* e to the power of x, to about 1e-14 of itself; 0 below -700, and no more
 * than e to the 700. */
double real_exp(double x);

/* x, but no further from zero than limit. */
static inline double
real_clip(double x, double limit)
{
	return x > limit ? limit : x < -limit ? -limit : x;
}

/* The z of a standard normal value that is exceeded with probability p,
 * 0 < p <= 0.5; to about 5e-4 (Abramowitz and Stegun 26.2.23). */
double real_score(double p);

#endif
