/*
 * store.h - the history: batches as received, and what was derived of them.
 *
 * Engines are chosen by URI ("sqlite:/var/lib/vedette/store.db", or a plain
 * path).  One writer; every write belongs to a transaction, and is durable
 * when store_commit() has returned 0 and not before.  Readers opened with
 * STORE_READ never block the writer nor see half a transaction.
 */
#ifndef STORAGE_STORE_H
#define STORAGE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/mark.h"
#include "proto/query.h"
#include "proto/result.h"
#include "storage/rollup.h"

struct store;

enum store_mode { STORE_WRITE, STORE_READ };

struct store_setup {
	const char *uri;
	enum store_mode mode;
	const char *vfs;   /* of SQLite, for simulations; NULL: the system's */
	int64_t max_bytes; /* refuse to grow beyond; 0: no limit */
};

/* Opens, creating and migrating as needed when writing.  A database of a
 * newer version is refused.  A damaged one is renamed to
 * NAME.damaged-TIME, *out_salvaged says so (owned by the caller; NULL when
 * all is well), and a new one with all that can be read takes its place.  A
 * second writer gets ERR_BUSY. */
int store_open(struct store **out, char **out_salvaged,
    const struct store_setup *setup, struct err *err);
void store_close(struct store *store); /* rolls back; NULL is allowed */

/* --- writing ---------------------------------------------------------------- */

/* ERR_FULL when the disk, or max_bytes, is full.  After any -1 from here to
 * commit, the transaction is void: call store_rollback().  After a failed
 * commit only the next begin knows what is stored: it opens the file anew,
 * or says ERR_BUSY as long as a reader is in the way of that.  ERR_CORRUPT:
 * close and open, which sets the damaged file aside. */
int store_begin(struct store *store, struct err *err);
int store_commit(struct store *store, struct err *err);
void store_rollback(struct store *store);

/* A batch as it was received. */
struct store_batch {
	uint64_t id; /* given by the store, growing in order of arrival */
	const char *environment, *agent;
	uint64_t stream, sequence;
	int64_t received_ms;     /* the collector's wall clock */
	int64_t clock_offset_ms; /* agent's minus collector's, when sent */
	int64_t from_ms, to_ms;  /* times of what is inside */
	uint32_t n_results;
	int64_t told;    /* the caller's: what stood around it; 0: nothing */
	uint32_t crc32c; /* of content; checked when read */
	const void *content; /* a Content of publish.proto */
	size_t n_content;
};

enum store_put {
	STORE_NEW,
	STORE_REPEAT,  /* this sequence of the stream is stored already */
	STORE_CONFLICT /* ... with other content: two agents, one stream */
};

/* Sequences from here on are hashes of keys, not counted: what comes again
 * under one is a repeat whatever it holds, and no more than the number is
 * remembered of it.  No agent counts so far. */
#define STORE_BY_KEY (UINT64_C(1) << 62)

/* *out_id is set for STORE_NEW. */
int store_put_batch(struct store *store, enum store_put *out, uint64_t *out_id,
    const struct store_batch *batch, struct err *err);

/* A change that is stored already (same time, place, name, source and agent)
 * is replaced, so that what is found again is not there twice. */
int store_put_change(
    struct store *store, const struct change_row *change, struct err *err);

/* Inserts when row->id is 0 and sets *out_id; else inserts or replaces row
 * id. */
int store_put_regression(struct store *store, uint64_t *out_id,
    const struct regression_row *row, struct err *err);

/* The greatest id that a regression ever had; 0: none. */
int
store_last_regression(struct store *store, uint64_t *out_id, struct err *err);

/* The same mark again changes nothing. */
int
store_put_mark(struct store *store, const struct mark *mark, struct err *err);

/* Named pieces of derived state ("agent/staging/stg-1", "series/...",
 * "fact/..."): bytes whose format belongs to the caller.  n 0 deletes. */
int store_put_state(struct store *store, const char *key, const void *bytes,
    size_t n, struct err *err);

/* Moves the results of the batches of one stream from the inbox into chunks:
 * of the stream that has waited longest, if its oldest batch was received
 * before due_ms, those with an id of at most upto (what a checkpoint still
 * needs stays).  One call is a bounded piece of work, some milliseconds; call
 * it, each time within a transaction, until *out_n, the number of batches
 * moved, is 0.  Every question gives the same answer before and after.  What
 * else the batches held, facts and gaps, stays as batches without results. */
struct store_seal {
	int64_t due_ms;
	uint64_t upto;
};
int store_seal(struct store *store, uint64_t *out_n,
    const struct store_seal *request, struct err *err);

/* Deletes up to limit batches or chunks of an environment ("" for all) whose
 * to_ms is before this, the oldest first; *out_n says how many.  Their sequences stay
 * known: a late repeat is still one.  Within a transaction; works on a full
 * disk, where a reserve gives it room. */
int store_expire(struct store *store, uint64_t *out_n, const char *environment,
    int64_t before_ms, uint32_t limit, struct err *err);

/* Deletes up to limit rows of what was made of results: rollups of hours and
 * of days by their time, changes by before_ms, regressions by when they were
 * cleared (open ones stay), marks by at_ms (guards stay). */
enum store_derived {
	STORE_HOURS,
	STORE_DAYS,
	STORE_CHANGES,
	STORE_REGRESSIONS,
	STORE_MARKS
};
int store_expire_derived(struct store *store, uint64_t *out_n,
    enum store_derived what, const char *environment, int64_t before_ms,
    uint32_t limit, struct err *err);

/* --- reading ------------------------------------------------------------------ */

/* Callbacks return 0 to go on, 1 to stop (no failure), -1 with their err
 * set.  What they are given is borrowed for the call.  A scan may not start
 * another of the same kind on the same store.  Rows whose CRC is wrong are
 * left out and counted: see store_measure().
 *
 * In requests "" and 0 leave a restriction out; a limit of 0 is 100, and none
 * exceeds 10,000. */

/* Batches with id > after, in order of arrival.  Of those that were sealed
 * facts and gaps are left, if they had any. */
typedef int
store_batch_fn(void *arg, const struct store_batch *batch, struct err *err);
int store_scan_batches(struct store *store, uint64_t after,
    store_batch_fn *on_batch, void *arg, struct err *err);

/* Batches of one environment ("" for all) and agent ("" for all) that reach
 * into [from_ms, to_ms), the newest to_ms first. */
int store_scan_span(struct store *store, const char *environment,
    const char *agent, int64_t from_ms, int64_t to_ms, store_batch_fn *on_batch,
    void *arg, struct err *err);

/* Results that match, newest first (of equal times in the order of the names
 * of their series), at most request->limit; *out_more when older ones were
 * left out. */
typedef int store_result_fn(void *arg, const struct series *series,
    const struct result *result, struct err *err);
int store_scan_results(struct store *store, bool *out_more,
    const struct query_history *request, store_result_fn *on_result, void *arg,
    struct err *err);

/* How it went, hour by hour or day by day: rollups of every series that
 * matches, in the order of names (environment, agent, service, probe) and of
 * time; or of all of them together, key being NULL.  Spans without a result
 * are left out.  from_ms is rounded down to a whole span, to_ms up. */
struct store_trend {
	const char *environment, *service, *agent, *probe;
	int64_t from_ms, to_ms; /* at most STORE_TREND_MAX spans apart */
	int64_t span_ms;        /* ROLLUP_HOUR_MS or ROLLUP_DAY_MS */
	bool together;
};
#define STORE_TREND_MAX 20000
/* key holds names alone. */
typedef int store_rollup_fn(void *arg, const struct series *key, int64_t at_ms,
    const struct rollup *rollup, struct err *err);
int store_scan_rollups(struct store *store, const struct store_trend *request,
    store_rollup_fn *on_row, void *arg, struct err *err);

/* How each series of an environment ("" for all) stood at a moment: the run
 * it was in or had come out of, if it had any result by then.  A run is of
 * results with one outcome and reason on one day (UTC), without a hole of
 * more than STORE_HOLE_INTERVALS intervals; after a hole as long the state is
 * stale.  In the order of names. */
#define STORE_HOLE_INTERVALS 3
struct store_moment {
	const struct series *series; /* its names alone */
	enum outcome outcome;
	enum reason reason;
	uint32_t interval_ms;   /* 0: not periodic, never stale */
	int64_t from_ms, to_ms; /* to_ms may be after the moment */
};
typedef int
store_moment_fn(void *arg, const struct store_moment *moment, struct err *err);
int store_scan_moment(struct store *store, const char *environment,
    int64_t at_ms, store_moment_fn *on_row, void *arg, struct err *err);

/* The same, but runs that are not ok begin where they began, days before. */
int store_scan_moment_whole(struct store *store, const char *environment,
    int64_t at_ms, store_moment_fn *on_row, void *arg, struct err *err);

/* Changes first seen (before_ms) in [from_ms, to_ms), newest first. */
typedef int
store_change_fn(void *arg, const struct change_row *row, struct err *err);
int store_scan_changes(struct store *store, bool *out_more,
    const struct query_changes *request, store_change_fn *on_change, void *arg,
    struct err *err);

/* Regressions with an onset (onset_to_ms) before to_ms that were not cleared
 * before from_ms; the newest onset first. */
typedef int store_regression_fn(
    void *arg, const struct regression_row *row, struct err *err);
int store_scan_regressions(struct store *store, bool *out_more,
    const struct query_regressions *request, store_regression_fn *on_row,
    void *arg, struct err *err);

struct store_marks {
	const char *environment, *service;
	int64_t from_ms, to_ms; /* from inclusive, to exclusive */
};

/* The oldest first. */
typedef int store_mark_fn(void *arg, const struct mark *mark, struct err *err);
int store_scan_marks(struct store *store, const struct store_marks *request,
    store_mark_fn *on_mark, void *arg, struct err *err);

/* In the order of their keys. */
typedef int store_state_fn(
    void *arg, const char *key, const void *bytes, size_t n, struct err *err);
int store_scan_states(struct store *store, const char *prefix,
    store_state_fn *on_state, void *arg, struct err *err);

struct store_size {
	int64_t bytes, batches, results;
	uint64_t last_id; /* of the newest batch that ever was */
	uint64_t damaged; /* rows this handle left out: their CRC is wrong */
};
int store_measure(struct store *store, struct store_size *out, struct err *err);

/* --- plain SQL ---------------------------------------------------------------- */

/* A value of an answer, as text; blobs are bytes. */
struct store_cell {
	bool is_null, is_number;
	const char *text; /* "" for NULL */
	size_t n;
};

/* The titles first, then row by row. */
typedef int store_sql_fn(void *arg, const struct store_cell *cells, size_t n,
    bool is_title, struct err *err);

/* Answers one question in the engine's SQL: the table results, and changes,
 * regressions, marks (docs/cli.md).  It may read this store and do nothing
 * else; ERR_INVALID for what is wrong with it. */
int store_sql(struct store *store, const char *sql, store_sql_fn *on_row,
    void *arg, struct err *err);

/* --- keeping ------------------------------------------------------------------ */

/* Is told, now and then, how far verifying, repairing, compacting or a backup
 * is; of 0: nobody knows. */
typedef void store_progress_fn(void *arg, int64_t done, int64_t of);
void store_on_progress(
    struct store *store, store_progress_fn *on_progress, void *arg);

/* Reads and checks everything: pages, indexes, batches, chunks, rollups,
 * state, marks, changes, regressions.  on_damage is told of each thing that is damaged, by name, and what
 * is lost with it.  0 when it could look, whatever it found. */
struct store_verified {
	/* looked at */
	uint64_t batches, chunks, results, rollups, states, marks, changes,
	    regressions;
	uint64_t damaged; /* 0: all is well */
};
typedef void store_damage_fn(void *arg, const char *what);
int store_verify(struct store *store, struct store_verified *out,
    store_damage_fn *on_damage, void *arg, struct err *err);

/* Makes rollups that are damaged or missing anew of the results that are still
 * there, within a transaction; on_loss is told of damaged ones whose results
 * are gone, which go as well.  A file that was salvaged has been through it. */
struct store_repaired {
	uint64_t rebuilt, lost;
};
int store_repair(struct store *store, struct store_repaired *out,
    store_damage_fn *on_loss, void *arg, struct err *err);

/* Gives back the room of what was deleted, outside of a transaction; needs as
 * much room beside the file as what is left of it.  What it holds is the same
 * afterwards, and also when it is cut short. */
int store_compact(struct store *store, struct err *err);

/* Copies the store as it is at this moment to a new file, durable when it
 * returns 0; the writer goes on meanwhile if this is a reader's handle. */
int store_backup(struct store *store, const char *path, struct err *err);

#endif
