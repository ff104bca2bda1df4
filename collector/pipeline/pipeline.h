/*
 * pipeline.h - from a batch to what is known: writes, judgement, events.
 *
 * The deterministic core of the collector: no loop, no clock, no network.
 * Given the same batches, at the same moments, it finds the same regressions,
 * however they are split into transactions and wherever it was restarted in
 * between.  Live, collector/inbox drives it; a replay drives it with the
 * data's own times.
 *
 *	pipeline_begin(); pipeline_take() ... ; pipeline_commit();
 *	tell pipeline_events(); acknowledge
 *
 * The picture in memory may never be ahead of the disk: after a failure from
 * begin to commit call pipeline_abandon(), which rebuilds it.
 */
#ifndef COLLECTOR_PIPELINE_PIPELINE_H
#define COLLECTOR_PIPELINE_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/config/config.h"
#include "collector/pipeline/fleet.h"
#include "proto/base/err.h"
#include "proto/publish.h"
#include "storage/store.h"

struct pipeline;

/* Restores the picture from the store, which is borrowed, as is config.  A
 * store opened with STORE_READ can be looked at only. */
int pipeline_open(struct pipeline **out, struct store *store,
    const struct collector_config *config, struct moment now, struct err *err);
void pipeline_close(struct pipeline *pipeline); /* NULL is allowed */

/* From now on; borrowed.  The next tick judges again what it expects. */
void pipeline_set_config(
    struct pipeline *pipeline, const struct collector_config *config);

/* Does somebody watch?  Results are told only then; changes and regressions
 * always.  True at first. */
void pipeline_set_watched(struct pipeline *pipeline, bool is_watched);

const struct fleet *pipeline_fleet(const struct pipeline *pipeline);

/* --- within a transaction ----------------------------------------------- */

/* What came: the envelope, and what is inside, decoded.  Both are borrowed
 * until pipeline_forget(). */
struct arrived {
	const struct envelope *envelope;
	const struct batch *batch;
};

int pipeline_begin(struct pipeline *pipeline, struct err *err);

/* Stores and judges one batch; only STORE_NEW changes anything. */
int pipeline_take(struct pipeline *pipeline, enum store_put *out,
    const struct arrived *arrived, struct moment now, struct err *err);

/* Stores what somebody reports, and tells it. */
int pipeline_mark(
    struct pipeline *pipeline, const struct mark *mark, struct err *err);

/* Has pipeline_tick() something to do: a silence, or expectations that were
 * not judged yet? */
bool pipeline_is_due(const struct pipeline *pipeline, struct moment now);
int
pipeline_tick(struct pipeline *pipeline, struct moment now, struct err *err);

/* Deletes batches past their retention, some at a time; *out_n says how
 * many. */
int pipeline_expire(struct pipeline *pipeline, uint64_t *out_n,
    struct moment now, struct err *err);

/* Moves results of one agent, some at a time, from the store's inbox into its
 * chunks, if they have waited long enough and a checkpoint has them; *out_n
 * is 0 when there are none. */
int pipeline_seal(struct pipeline *pipeline, uint64_t *out_n, struct moment now,
    struct err *err);

/* Writes the picture with the next commit, whatever it is. */
void pipeline_checkpoint(struct pipeline *pipeline);

/* Durable when it returned 0. */
int pipeline_commit(struct pipeline *pipeline, struct err *err);

/* Rolls back and restores the picture; on -1 nothing but pipeline_abandon()
 * and pipeline_close() may be called. */
int
pipeline_abandon(struct pipeline *pipeline, struct moment now, struct err *err);

/* --- outside ------------------------------------------------------------ */

/* What the last transactions should tell, until pipeline_forget(). */
const struct event *
pipeline_events(const struct pipeline *pipeline, size_t *out_n);
void pipeline_forget(struct pipeline *pipeline);

/* An agent gave a sign of life, though its batch could not be stored. */
void pipeline_heard(struct pipeline *pipeline, const char *environment,
    const char *agent, struct moment now);

/* The collector itself stood still for so long: nobody else was silent. */
void pipeline_forgive(struct pipeline *pipeline, int64_t ms);

#endif
