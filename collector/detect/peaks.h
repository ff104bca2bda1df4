/*
 * peaks.h - the evidence that this series passes only as often as wanted.
 *
 * Under a stationary series the peaks of the evidence above a low mark are
 * exponential (peaks over threshold).  Their rate and mean excess, learned
 * from the series itself, give the height passed once in so many values;
 * theory gives the values to begin with.
 */
#ifndef COLLECTOR_DETECT_PEAKS_H
#define COLLECTOR_DETECT_PEAKS_H

#define PEAKS_MARK 3.0 /* nats; what exceeds it is a peak */

struct peaks {
	float highest; /* of the excursion under way, if above the mark */
	float n, excess, values;
};

void peaks_init(struct peaks *peaks);

/* Evidence up to this height need not be told from none. */
double peaks_floor(const struct peaks *peaks);

/* Adds the evidence at one value, in nats; one above the logarithm of values
 * counts as that. */
void peaks_add(struct peaks *peaks, double nats, double values);

/* Ends the excursion under way, as an alarm does. */
void peaks_end(struct peaks *peaks, double values);

/* The evidence passed once in so many values on average; > PEAKS_MARK unless
 * values are few. */
double peaks_limit(const struct peaks *peaks, double values);

#endif
