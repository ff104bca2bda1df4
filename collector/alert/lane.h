/*
 * lane.h - what is under way to one receiver, and when it is tried again.
 *
 * One thing at a time; after a failure not before a while, which doubles up
 * to some minutes.  What is to be told is asked for when there is a turn, so
 * nothing piles up for a receiver that is down.
 */
#ifndef COLLECTOR_ALERT_LANE_H
#define COLLECTOR_ALERT_LANE_H

#include "collector/alert/courier.h"
#include "collector/alert/state_json.h"
#include "proto/base/random.h"

#define LANE_RETRY_MIN_MS 1000
#define LANE_RETRY_MAX_MS 300000

struct lane {
	const struct target *target; /* borrowed */
	struct receiver_state state;
	bool is_dirty;             /* state differs from what is kept */
	int64_t retry_ms;          /* not before, monotonic */
	struct delivery *delivery; /* NULL: nothing is under way */
	uint64_t alert_id;         /* of what is under way */
	enum word word;
	uint32_t version;
	uint64_t n_taken, n_failed;
	void *arg; /* of whoever owns it */
};

/* How long to wait after so many failures in a row: half of it fixed, half by
 * chance, so that those who failed together do not come back together. */
int64_t lane_back_off_ms(uint32_t n_failures, const struct random *random);

/* Writes down how it went; why NULL: it was taken.  True when that is news:
 * the first failure, another reason, or the end of them. */
bool lane_note(struct lane *lane, const struct err *why, int64_t wall_ms,
    int64_t mono_ms, const struct random *random);

void lane_fini(struct lane *lane);

#endif
