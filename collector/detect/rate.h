/*
 * rate.h - notices that a share of failures has risen.
 *
 * Likelihood CUSUMs over single results (Page 1954; Bernoulli: Reynolds and
 * Stoumbos 1999) for three sizes of outage, from a few failures in a hundred
 * to hard down, against the usual share, which is learned.  Their thresholds
 * follow from the false alarms wanted (Tartakovsky: ARL = e^h / (I z^2), z the
 * mean of e^-overshoot).  One addition per result and size.
 *
 * Arithmetic only, no pointers; may be copied to snapshot it.
 */
#ifndef COLLECTOR_DETECT_RATE_H
#define COLLECTOR_DETECT_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/detect/pace.h"

enum { RATE_SIZES = 3 };

struct rate {
	double per_year;
	double failed, seen; /* what the usual share is learned from */
	double nats[RATE_SIZES];
	uint64_t onset[RATE_SIZES]; /* number of the result where each began */
	uint64_t added;
	struct pace pace;
	uint32_t altered; /* results since the alarm under way; 0: none */
	uint32_t altered_failed;
	uint32_t size;          /* of the outage under way */
	double bad, good, back; /* nats of a result in it; against it, so far */
};

struct rate_flag {
	uint64_t onset, alarm; /* numbers of results, from 0 */
	double before, after;  /* shares of failures */
};

/* per_year: false alarms wanted per year, > 0. */
void rate_init(struct rate *rate, double per_year);

/* Adds a result; returns true if it proves a rise.  at_ms as for
 * detector_add(). */
bool
rate_add(struct rate_flag *out, struct rate *rate, int64_t at_ms, bool failed);

/* Counts a result that could not tell. */
void rate_skip(struct rate *rate);

#endif
