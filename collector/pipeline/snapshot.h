/*
 * snapshot.h - the fleet as bytes and back, one piece per series, fact and
 * agent, so that a checkpoint writes only what has changed.
 *
 * Pieces are read by the version and machine layout that wrote them, and by no
 * other: what cannot be read is rebuilt from the batches.  Monotonic times
 * are not kept: they mean nothing after a restart.
 */
#ifndef COLLECTOR_PIPELINE_SNAPSHOT_H
#define COLLECTOR_PIPELINE_SNAPSHOT_H

#include <stdbool.h>

#include "collector/pipeline/fleet.h"
#include "proto/base/err.h"
#include "storage/store.h"

/* What the key of an agent's piece begins with; then "staging/stg-1". */
#define SNAPSHOT_AGENT "agent/"

/* Where a checkpoint stands. */
struct checkpoint {
	uint64_t last_id; /* of the last batch in it; 0: there is none */
	int64_t wall_ms;  /* when that came */
	bool is_older;    /* its keys are: write everything the next time */
};

/* Writes what is dirty into the open transaction; all of it when everything is
 * set. */
int snapshot_write(struct store *store, const struct fleet *fleet,
    const struct checkpoint *checkpoint, bool everything, struct err *err);

/* Nothing is dirty any more: what was written is durable. */
void snapshot_wash(const struct fleet *fleet);

/* Reads the pieces into an empty fleet.  *out is a checkpoint of id 0, and the
 * fleet may be half full, when there is none that is whole. */
int snapshot_read(struct store *store, struct fleet *fleet,
    struct checkpoint *out, struct err *err);

#endif
