/*
 * pipeline.h - from a batch to what is known: writes, judgement, events.
 *
 * The deterministic core of the collector: no loop, no clock, no network.
 * Given the same batches, at the same moments, it finds the same regressions,
 * however they are split into transactions and wherever it was restarted in
 * between.  A replay drives it with the data's own times, all in one place:
 *
 *	pipeline_begin(); pipeline_take() ... ; pipeline_commit();
 *
 * Live, collector/inbox stores first, acknowledges, and judges then, while
 * another thread writes the next transaction: batches, and what judging found
 * in earlier ones.
 *
 *	pipeline_gather()                            here
 *	pipeline_begin(); pipeline_store() ... ;     there
 *	pipeline_write(); pipeline_end();            there
 *	pipeline_written(); tell pipeline_told()     here
 *	pipeline_judge() ... ; tell pipeline_events()
 *
 * A batch is judged from what the store keeps of it, so one that was not when
 * the end came is judged by the next start, to the same effect.
 *
 * The picture in memory may never hold what the disk does not: after a failure
 * from begin to the end call pipeline_abandon(), which rebuilds it.
 */
#ifndef COLLECTOR_PIPELINE_PIPELINE_H
#define COLLECTOR_PIPELINE_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/config/config.h"
#include "collector/pipeline/entries.h"
#include "collector/pipeline/fleet.h"
#include "collector/pipeline/snapshot.h"
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

/* What people told to be kept in force, and is stored. */
const struct guards *pipeline_guards(const struct pipeline *pipeline);

/* --- within a transaction ----------------------------------------------- */

/* What came: the envelope, and what is inside, decoded.  Both are borrowed
 * until pipeline_forget(). */
struct arrived {
	const struct envelope *envelope;
	const struct batch *batch;
};

/* What became of it, and when it came. */
struct stored {
	enum store_put put;
	uint64_t id; /* when it is STORE_NEW */
	struct moment at;
};

int pipeline_begin(struct pipeline *pipeline, struct err *err);

/* Stores one batch. */
int pipeline_store(struct pipeline *pipeline, struct stored *out,
    const struct arrived *arrived, struct moment now, struct err *err);

/* Judges one that is stored; in the order of ids.  Only STORE_NEW changes
 * anything. */
void pipeline_judge(struct pipeline *pipeline, const struct stored *stored,
    const struct arrived *arrived);

/* Both at once. */
int pipeline_take(struct pipeline *pipeline, enum store_put *out,
    const struct arrived *arrived, struct moment now, struct err *err);

/* Stores what somebody reports. */
int pipeline_mark(
    struct pipeline *pipeline, const struct mark *mark, struct err *err);

/* Keeps a piece of somebody else's state, as store_put_state() does; the
 * fleet's own keys are not to be used. */
int pipeline_keep(struct pipeline *pipeline, const char *key, const void *bytes,
    size_t n, struct err *err);

/* Takes in what that may say of what is expected; true when pipeline_tick()
 * has something to do now. */
bool pipeline_learn(struct pipeline *pipeline, const struct mark *mark);

/* Has pipeline_tick() something to do: a silence, or expectations that were
 * not judged yet? */
bool pipeline_is_due(const struct pipeline *pipeline, struct moment now);

/* Are there rows to be written? */
bool pipeline_has_found(const struct pipeline *pipeline);

/* Judges what no batch brings about. */
void pipeline_tick(struct pipeline *pipeline, struct moment now);

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

/* Writes what was found, the picture if it is time, and commits.  Durable when
 * it returned 0. */
int pipeline_commit(struct pipeline *pipeline, struct err *err);

/* --- the same beside the loop ------------------------------------------- */

/* What a transaction writes besides batches.  While with_picture is set,
 * nothing may be judged from gathering to written. */
struct writing {
	struct entries *entries; /* owned */
	struct checkpoint stand;
	bool with_judged, with_picture, with_everything;
};

/* What has been found since the last time. */
void pipeline_gather(struct pipeline *pipeline, struct writing *out);

/* Writes it, and pipeline_end() commits; both on any thread, as may begin,
 * store, mark and seal be; expire needs that nothing is judged meanwhile. */
int pipeline_write(
    struct pipeline *pipeline, const struct writing *writing, struct err *err);
int pipeline_end(struct pipeline *pipeline, struct err *err);

/* It is durable.  Takes the entries. */
void pipeline_written(struct pipeline *pipeline, struct writing *writing);

/* --- after a failure ---------------------------------------------------- */

/* Rolls back and restores the picture; on -1 nothing but pipeline_abandon()
 * and pipeline_close() may be called. */
int
pipeline_abandon(struct pipeline *pipeline, struct moment now, struct err *err);

/* --- outside ------------------------------------------------------------ */

/* Results that were judged, until pipeline_forget(); borrowed from their
 * batches. */
const struct event *
pipeline_events(const struct pipeline *pipeline, size_t *out_n);

/* What was found, and is written now; until the next or pipeline_forget(). */
const struct event *
pipeline_told(const struct pipeline *pipeline, size_t *out_n);
void pipeline_forget(struct pipeline *pipeline);

/* An agent gave a sign of life, though its batch could not be stored. */
void pipeline_heard(struct pipeline *pipeline, const char *environment,
    const char *agent, struct moment now);

/* The collector itself stood still for so long: nobody else was silent. */
void pipeline_forgive(struct pipeline *pipeline, int64_t ms);

#endif
