/*
 * compare.h - are results after a moment different from those before it?
 *
 * Two samples, not a stream: for a gate after a deploy.  Durations are
 * compared by their logarithms, clipped at CLIP robust deviations, with the
 * long-run variance of correlated neighbours (AR(1): (1+rho)/(1-rho));
 * failures by the log-likelihood ratio of two shares against one (Wilks 1938:
 * twice it is chi-squared of one degree).
 *
 * Arithmetic only.
 */
#ifndef COLLECTOR_DETECT_COMPARE_H
#define COLLECTOR_DETECT_COMPARE_H

#include <stddef.h>

struct compared {
	double before, after; /* typical values, or shares */
	double z; /* deviations by which after is above before; 0 when either
		   * side is too small to tell */
};

/* Durations > 0, in the order they came; the arrays are sorted. */
#define COMPARE_LEAST 5
void compare_durations(struct compared *out, double *before, size_t n_before,
    double *after, size_t n_after);

/* So many failed of so many. */
void compare_failures(struct compared *out, size_t failed_before,
    size_t n_before, size_t failed_after, size_t n_after);

#endif
