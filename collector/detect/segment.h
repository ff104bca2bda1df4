/*
 * segment.h - whether the values since the last change are two levels.
 *
 * Scans every split of the current segment online and compares the two means
 * with the noise that remains, which it takes from the segment itself: nothing
 * has to be learned first, so it is right for short series.  The noise is the
 * long-run one, (1 + rho) / (1 - rho) for a remaining correlation of rho, and
 * two levels must fit better than one straight line, so a trend is no string
 * of steps.  Exact in constant memory, as only splits on the convex hull of
 * the cumulative sum can win (see focus.h); but for splits of long ago rho is
 * known to a few hundredths only.
 */
#ifndef COLLECTOR_DETECT_SEGMENT_H
#define COLLECTOR_DETECT_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

enum { SEGMENT_LEAST = 6, SEGMENT_HULL = 16, SEGMENT_RECENT = 36 };

struct split {
	float sum; /* of the first n values */
	uint32_t n;
};

struct hull {
	struct split splits[SEGMENT_HULL];
	uint32_t count;
};

struct segment {
	double origin; /* all values are taken from here */
	double first, last, sum, square, product;
	uint32_t n;
	double moment;                 /* sum of value times number, from 0 */
	double waiting[SEGMENT_LEAST]; /* sums that are no splits yet */
	float recent[SEGMENT_RECENT];  /* the latest values */
	struct hull lower, upper;
};

struct step {
	uint32_t n;           /* values since */
	double before, after; /* means */
	double nats;
};

void segment_init(struct segment *segment);

/* Adds a value and returns true if the segment has two levels by more than
 * limit nats; the segment then begins anew with the second. */
bool segment_add(
    struct step *out, struct segment *segment, double value, double limit);

#endif
