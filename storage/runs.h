/*
 * runs.h - how a series went: runs of results with one outcome and reason.
 *
 * A run ends where outcome or reason change, and at a hole: no result for
 * more than STORE_HOLE_INTERVALS intervals.  So the state at a moment within a run is its
 * outcome, whatever the single results are.  Plain struct, no I/O.
 */
#ifndef STORAGE_RUNS_H
#define STORAGE_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/store.h"

#define RUNS_MAX_CODED 64 /* more are not worth keeping beside a chunk */

struct run {
	int64_t from_ms, to_ms; /* of its first and last result */
	enum outcome outcome;
	enum reason reason;
	uint32_t interval_ms; /* of its last result; 0: not periodic */
};

/* Starts as { 0 }. */
struct runs {
	struct run *list; /* in the order of time */
	size_t n, room;
};

/* Adds a result that is not older than the last one. */
void runs_add(struct runs *runs, int64_t at_ms, enum outcome outcome,
    enum reason reason, uint32_t interval_ms);

/* The run a moment falls into or comes after; NULL before the first. */
const struct run *runs_at(const struct runs *runs, int64_t at_ms);

/* Writes the runs to bytes and returns how many; 0 when there are none, or
 * more than RUNS_MAX_CODED. */
#define RUNS_MAX_BYTES ((size_t)RUNS_MAX_CODED * 40)
size_t
runs_encode(unsigned char bytes[RUNS_MAX_BYTES], const struct runs *runs);

/* Adds what was encoded, of a time after what is there; false, and some of it
 * added, for other bytes. */
bool runs_decode(struct runs *runs, const void *bytes, size_t n);

void runs_fini(struct runs *runs);

#endif
