/*
 * pipeline_inside.h - the inside of a pipeline, for pipeline.c and restore.c
 * alone.
 */
#ifndef COLLECTOR_PIPELINE_PIPELINE_INSIDE_H
#define COLLECTOR_PIPELINE_PIPELINE_INSIDE_H

#include "collector/pipeline/judge.h"
#include "collector/pipeline/pipeline.h"
#include "collector/pipeline/snapshot.h"

struct pipeline {
	struct store *store;
	const struct collector_config *config;
	struct fleet *fleet;
	struct ledger ledger;
	struct entries *told;    /* written, and not forgotten yet; or NULL */
	struct checkpoint stand; /* last_id: judged up to here */
	int64_t written_ms;      /* when the last checkpoint was written */
	uint64_t written_id;     /* the last batch it has */
	uint64_t n_results;      /* judged since */
	int64_t derived_ms;      /* when to look for old rollups, monotonic */
	int64_t newest_ms;       /* of all results judged since the start */
	bool has_judged;         /* the store says up to where */
	bool is_due;             /* a checkpoint */
	bool is_watched;
	struct guards *guards;
	bool is_new; /* something is expected that was not judged yet */
};

/* Up to which batch rows were written of what judging found; those that
 * follow are still to be judged.  A store of before there was such a thing
 * has none, and all of its batches were. */
#define JUDGED_KEY "judged"

/* Judges what is in a batch. */
void pipeline_judge_batch(struct pipeline *pipeline, const struct batch *batch,
    struct fleet_agent *agent, const struct arrival *arrival);

/* What an agent says of itself around a batch, as store_batch's told. */
int64_t told_of(const struct envelope *envelope);

/* Rebuilds the picture from the store. */
int
pipeline_restore(struct pipeline *pipeline, struct moment now, struct err *err);

#endif
