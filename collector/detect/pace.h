/*
 * pace.h - how often values come.
 */
#ifndef COLLECTOR_DETECT_PACE_H
#define COLLECTOR_DETECT_PACE_H

#include <stdint.h>

/* A time that is not known. */
#define PACE_NO_TIME INT64_MIN

struct pace {
	int64_t at_ms;  /* of the last value with a time */
	double step_ms; /* usual time between two; 0: not known yet */
	uint32_t n, unused;
};

void pace_init(struct pace *pace);

/* Adds a time, or PACE_NO_TIME.  One that goes back is allowed. */
void pace_add(struct pace *pace, int64_t at_ms);

/* Values that should pass between two false alarms, so that there are so many
 * in a year.  Values whose times are not known count as one a minute. */
double pace_values(const struct pace *pace, double per_year);

#endif
