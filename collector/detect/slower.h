/*
 * slower.h - is a series slower than it was, and until when?
 *
 * Stands between the flags of a detector, which tell of any change, and what
 * people should hear of:
 *
 *   size         only what rose by SLOWER_FACTOR and SLOWER_LEAST counts, once
 *                that is sure; rises that are too small add up for
 *                SLOWER_CREEP_MS
 *   persistence  a flag of a few values is believed once so many are nearer to
 *                the new level than to the old one
 *   end          a likelihood CUSUM of the old level against the new one, at
 *                the usual hour, weighed by the noise and its correlation; or
 *                COURSE_NORMAL_MS, after which what is there is the new normal
 *   better       a level that fell by as much is told apart, and is measured
 *                from: its end within SLOWER_BETTER_MS is no rise
 *
 * Of what took hours it says nothing before three days are known, and of what
 * is better before a week is, as that may be how every day goes.
 *
 * Arithmetic only: values are durations in microseconds, > 0; NaN is a result
 * without one, which is counted and else ignored.  No pointers; may be copied
 * to snapshot it.
 */
#ifndef COLLECTOR_DETECT_SLOWER_H
#define COLLECTOR_DETECT_SLOWER_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/detect/course.h"
#include "collector/detect/detector.h"
#include "collector/detect/times.h"

#define SLOWER_FACTOR    1.2
#define SLOWER_LEAST     1000.0 /* microseconds */
#define SLOWER_CREEP_MS  INT64_C(604800000)
#define SLOWER_BETTER_MS INT64_C(86400000)

enum { SLOWER_RECENT = 16 };

enum slower_state { SLOWER_NOT, SLOWER_MAYBE, SLOWER_IS };

struct slower {
	struct detector detector;
	uint32_t state;          /* enum slower_state */
	uint32_t falls;          /* what may be is a fall */
	uint32_t beyond, within; /* values since it may be so */
	struct course_news news;
	uint64_t onset;
	int64_t begun_ms; /* first value of all */
	int64_t since_ms; /* when it was told */
	/* Of the logarithm less that of the hour, before and since. */
	double old_level, new_level;
	double noise, weight;
	double usual; /* of the hour of news.before and news.after */
	uint32_t n_new, n_back;
	double back; /* nats for the old level */
	/* What the detector took for normal. */
	double burst_level, shift_level;
	uint32_t burst_seen, shift_seen;
	/* What was normal before a change that was not told as a rise. */
	double normal;
	int64_t normal_from_ms, normal_until_ms;
	uint32_t n_recent, unused;
	double recent[SLOWER_RECENT];
};

void slower_init(struct slower *slower);

/* Adds a value, which times has already; *out is set unless COURSE_STEADY. */
enum course slower_add(struct course_news *out, struct slower *slower,
    const struct course_rule *rule, const struct times *times, int64_t at_ms,
    double value);

/* Did the last value speak for the new level, while it is slower? */
bool slower_goes_on(const struct slower *slower);

/* Forgets the rise under way, if any. */
void slower_drop(struct slower *slower);

#endif
