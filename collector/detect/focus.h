/*
 * focus.h - how strongly the latest values speak for a shift of the mean.
 *
 * Functional online CUSUM (FOCuS; Romano, Eckley, Fearnhead and Rigaill 2023)
 * with a known mean before the change, here zero: the maximum, over every
 * possible onset at once, of the log likelihood ratio in nats.  Only onsets on
 * the convex hull of the cumulative sums can ever win, so a handful is kept.
 * Watches one direction; give it the negated values for the other.
 */
#ifndef COLLECTOR_DETECT_FOCUS_H
#define COLLECTOR_DETECT_FOCUS_H

#include <stdint.h>

#include "collector/detect/spread.h"

#define FOCUS_ONSETS 16

/* The onsets that may win, the oldest first. */
struct focus {
	float sums[FOCUS_ONSETS]; /* of the values since; > 0 */
	uint16_t n[FOCUS_ONSETS]; /* how many that are */
	uint32_t count;
};

void focus_init(struct focus *focus);

/* Adds one value, in standard deviations.  Onsets more than longest values ago
 * are forgotten; at most 65000. */
void focus_add(struct focus *focus, double value, uint32_t longest);

/* The evidence in nats if it is more than floor >= 0, else 0; *out_n is the
 * number of values since the most likely onset, 0 if there is none.  A shift
 * smaller than least standard deviations is weighed as one of that size.
 * spread NULL: the values are independent. */
double focus_evidence(uint32_t *out_n, const struct focus *focus, double least,
    double floor, const struct spread *spread);

/* The sum of the values since an onset n values ago; 0 if there is none. */
double focus_sum(const struct focus *focus, uint32_t n);

#endif
