/*
 * spread.h - how the mean of n neighbouring values scatters.
 *
 * The variance of sums over 1, 2, 4, ... values, divided by their number: 1
 * everywhere for independent values, and growing with the length for those
 * that wander.  Dividing evidence by it keeps correlated noise, an imperfect
 * profile and slow drift from being taken for a shift.
 */
#ifndef COLLECTOR_DETECT_SPREAD_H
#define COLLECTOR_DETECT_SPREAD_H

#include <stdint.h>

#define SPREAD_SCALES 11  /* up to 1024 values */
#define SPREAD_LEAST  0.9 /* variance that is believed */

struct spread {
	float variance[SPREAD_SCALES];
	float part[SPREAD_SCALES]; /* the first half of a block, waiting */
	uint32_t n;
};

void spread_init(struct spread *spread);

/* Adds a value in standard deviations. */
void spread_add(struct spread *spread, double value);

/* The variance of a sum of n > 0 values, divided by n, interpolated between
 * the scales: at least 1, and for many values, whose variance is known from few
 * blocks, at least SPREAD_LEAST, or what is too small by chance would be raised
 * and what is too large would not be lowered. */
double spread_of(const struct spread *spread, uint32_t n);

#endif
