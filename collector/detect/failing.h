/*
 * failing.h - does a series fail more often than it did, and until when?
 *
 * Stands between the flags of rate.h and what people should hear of.  A flag
 * that a plain run of failures explains is held back until it is clear whether
 * the series is down altogether, which is another finding (state.h); while it
 * is down, results say nothing of a share.  A likelihood ratio of the old share
 * against the new one ends it, or COURSE_NORMAL_MS.
 *
 * Arithmetic only; no pointers; may be copied to snapshot it.
 */
#ifndef COLLECTOR_DETECT_FAILING_H
#define COLLECTOR_DETECT_FAILING_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/detect/course.h"
#include "collector/detect/rate.h"
#include "collector/detect/times.h"

#define FAILING_KNOWN 30   /* results before the first that can be a rise */
#define FAILING_LEAST 0.02 /* a smaller rise of the share is not told */

enum failing_state { FAILING_NOT, FAILING_MAYBE, FAILING_IS };

struct failing {
	struct rate rate;
	uint32_t state; /* enum failing_state */
	uint32_t run;   /* newest consecutive failures */
	struct course_news news;
	int64_t since_ms; /* when it was told */
	uint64_t onset;
	double usual_failed, usual_seen; /* of rate, before the rise */
	double back;                     /* nats for the old share */
	uint32_t n_back, n_back_failed;
	double n_new, n_new_failed; /* results of the new share, at first */
};

void failing_init(struct failing *failing);

/* Adds a result, which times has already; *out is set unless COURSE_STEADY.
 * is_down: the series is known to be down altogether. */
enum course failing_add(struct course_news *out, struct failing *failing,
    const struct course_rule *rule, const struct times *times, int64_t at_ms,
    bool failed, bool is_down);

/* Counts a result that could not tell. */
void failing_skip(struct failing *failing);

/* Forgets the rise under way, if any. */
void failing_drop(struct failing *failing);

#endif
