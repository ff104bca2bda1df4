/*
 * tail.h - how rare an extreme value is in this series.
 *
 * Counts the values beyond two deviations by size and direction, and turns a
 * value into the one that is equally rare in a normal distribution.  Beyond
 * all that was seen, a power law stands in.  A deviation changes with the
 * series; what was counted keeps its size in the units of the series.
 */
#ifndef COLLECTOR_DETECT_TAIL_H
#define COLLECTOR_DETECT_TAIL_H

#include <stdint.h>

#define TAIL_BINS 32 /* each a quarter wider than the one before */

#define TAIL_PART 0.125 /* of a value, as what is counted fades */

enum { TAIL_LATE = 8, TAIL_ALARMS = 2 };

struct tail {
	uint16_t above[TAIL_BINS], below[TAIL_BINS]; /* in TAIL_PART */
	float n;    /* values seen, the ordinary ones included */
	float unit; /* the deviation that sizes are in; 0: not known yet */
	/* The latest are not counted yet: a burst is not measured by itself. */
	float late[TAIL_LATE];
	uint32_t added;
	/* Nor are the values that gave the latest alarms, 0 while there are
	 * none: one fault does not make a series one that has faults. */
	float alarms[TAIL_ALARMS];
};

void tail_init(struct tail *tail);

/* A deviation is now so large; what is in it follows by whole bins. */
void tail_follow(struct tail *tail, double unit);

void tail_add(struct tail *tail, double z);

/* Adds a value that gave an alarm; it counts after TAIL_ALARMS more. */
void tail_alarm(struct tail *tail, double z);

/* z, in robust deviations, as a normal score; no further from zero than
 * limit.  Below two deviations it is z itself. */
double tail_score(const struct tail *tail, double z, double limit);

#endif
