/*
 * course.h - which way a series goes, in words: what slower.h and failing.h
 * tell of.
 */
#ifndef COLLECTOR_DETECT_COURSE_H
#define COLLECTOR_DETECT_COURSE_H

#include <stdint.h>

enum course {
	COURSE_STEADY,
	COURSE_WORSE,   /* a rise that people should hear of has begun */
	COURSE_MORE,    /* the one under way has grown, or is known better */
	COURSE_BACK,    /* it is over: things are what they were before */
	COURSE_SETTLED, /* it has lasted so long that it is the new normal */
	COURSE_BETTER,  /* the level fell below what was normal */
};

struct course_news {
	double before, after;   /* of an end: the old level, and that of now */
	int64_t from_ms, to_ms; /* onset: last before it, first after it */
	uint32_t n, unused;     /* values that prove it */
	double nats;            /* evidence beyond what was asked for */
};

struct course_rule {
	double per_year;         /* false alarms wanted; > 0 */
	uint32_t confirm, clear; /* values in a row, at least */
};

/* How long a rise lasts before it is the normal one. */
#define COURSE_NORMAL_MS INT64_C(604800000)

#endif
