/*
 * sqlite.h - the inside of the SQLite engine, for storage/sqlite*.c alone.
 *
 * Every statement is prepared when the file is opened, so that a schema that
 * is not ours is noticed then.  A statement is in use from sqlite_bind() until
 * sqlite_step() gives 0 or -1, or sqlite_end().
 */
#ifndef STORAGE_SQLITE_H
#define STORAGE_SQLITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "storage/chunk.h"
#include "storage/engine.h"

#define CONTENT_MAX_BYTES (8 * 1024 * 1024)

enum sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_STREAM_FIND,
	SQL_STREAM_ADD,
	SQL_HOLD,
	SQL_SEEN,
	SQL_SEEN_ADD,
	SQL_SEEN_DROP,
	SQL_BATCH_ADD,
	SQL_BATCH_FIND,
	SQL_BATCH_DROP,
	SQL_BATCH_AFTER,
	SQL_BATCH_SPAN,
	SQL_BATCH_EXPIRED,
	SQL_DIGEST,
	SQL_DIGEST_PUT,
	SQL_DIGEST_EXPIRE,
	SQL_REMAINDER_ADD,
	SQL_REMAINDER_EXPIRE,
	SQL_SEAL_NEXT,
	SQL_SEAL_BATCHES,
	SQL_SEAL_ASIDE,
	SQL_SERIES_FIND,
	SQL_SERIES_ADD,
	SQL_SERIES_SCAN,
	SQL_CHUNK_OF_DAY,
	SQL_CHUNK_DAY_BEFORE,
	SQL_CHUNK_UNTIL,
	SQL_CHUNK_GET,
	SQL_CHUNK_DAYS,
	SQL_CHUNK_IDS,
	SQL_CHUNK_ADD,
	SQL_CHUNK_DROP,
	SQL_CHUNK_OF_SERIES,
	SQL_CHUNK_OF_SPAN,
	SQL_CHUNK_EXPIRE,
	SQL_ROLLUP_GET,
	SQL_ROLLUP_PUT,
	SQL_ROLLUP_SCAN,
	SQL_ROLLUP_ALL,
	SQL_ROLLUP_DROP,
	SQL_ROLLUP_EXPIRE,
	SQL_CHANGE_ADD,
	SQL_CHANGE_SCAN,
	SQL_CHANGE_EXPIRE,
	SQL_REGRESSION_ADD,
	SQL_REGRESSION_LAST,
	SQL_REGRESSION_SCAN,
	SQL_REGRESSION_OPEN,
	SQL_REGRESSION_EXPIRE,
	SQL_MARK_ADD,
	SQL_MARK_SCAN,
	SQL_MARK_EXPIRE,
	SQL_STATE_PUT,
	SQL_STATE_DROP,
	SQL_STATE_SCAN,
	SQL_SIZE,
	SQL_N
};

/* Borrowed for ever. */
const char *sqlite_text(enum sql sql);

struct sqlite {
	struct store store; /* first */
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_N];
	char *path, *vfs, *reserve_path, *suspect_path;
	enum store_mode mode;
	int64_t max_bytes;
	int lock;      /* descriptor; -1 for readers */
	bool broken;   /* the outcome of a write is not known: reopen */
	bool in_doubt; /* it was broken, and is not sound again yet */
	bool full;     /* the last write found no room */
	bool reserved; /* the ballast holds its place */
	int log_pages; /* in the write-ahead log */
	/* For sealing, made when first needed; or NULL. */
	struct chunk_reader *unpacker;
	struct chunk_writer *packer;
	uint64_t damaged; /* rows left out because their CRC is wrong */
};

static inline struct sqlite *
sqlite_of(struct store *store)
{
	return (struct sqlite *)(void *)store; /* its first member */
}

/* Describes what SQLite said last, and returns -1. */
int sqlite_fail(struct sqlite *s, struct err *err);

/* Binds from the first parameter on: 'i' int64_t, 't' const char *,
 * 'b' const void * and size_t.  Texts and blobs are borrowed until the
 * statement ends. */
void sqlite_bind(struct sqlite *s, enum sql sql, const char *types, ...);

/* Returns 1 for a row, 0 at the end, -1 on failure. */
int sqlite_step(struct sqlite *s, enum sql sql, struct err *err);

/* Ends a statement before its last row. */
void sqlite_end(struct sqlite *s, enum sql sql);

/* Steps a statement that gives no row. */
int sqlite_run(struct sqlite *s, enum sql sql, struct err *err);

/* Everything read until sqlite_release() is of one moment.  *out_held says
 * whether there is something to release. */
int sqlite_hold(struct sqlite *s, bool *out_held, struct err *err);
void sqlite_release(struct sqlite *s, bool held);

int64_t sqlite_int(const struct sqlite *s, enum sql sql, int column);
/* Never NULL; borrowed until the next step. */
const char *sqlite_str(const struct sqlite *s, enum sql sql, int column);

/* --- what the engine's table lists, file by file --------------------------- */

/* sqlite_batch.c */
int sqlite_put_batch(struct store *store, enum store_put *out, uint64_t *out_id,
    const struct store_batch *batch, struct err *err);
int sqlite_expire(struct store *store, uint64_t *out_n, const char *environment,
    int64_t before_ms, uint32_t limit, struct err *err);
int sqlite_expire_derived(struct store *store, uint64_t *out_n,
    enum store_derived what, const char *environment, int64_t before_ms,
    uint32_t limit, struct err *err);
int sqlite_scan_batches(struct store *store, uint64_t after,
    store_batch_fn *on_batch, void *arg, struct err *err);
int sqlite_scan_span(struct store *store, const char *environment,
    const char *agent, int64_t from_ms, int64_t to_ms, store_batch_fn *on_batch,
    void *arg, struct err *err);

/* sqlite_seal.c */
int sqlite_seal(struct store *store, uint64_t *out_n,
    const struct store_seal *request, struct err *err);

/* sqlite_scan.c */
int sqlite_scan_results(struct store *store, bool *out_more,
    const struct query_history *request, store_result_fn *on_result, void *arg,
    struct err *err);

/* sqlite_trend.c */
int sqlite_scan_rollups(struct store *store, const struct store_trend *request,
    store_rollup_fn *on_row, void *arg, struct err *err);

/* sqlite_moment.c */
int
sqlite_scan_moment(struct store *store, const char *environment, int64_t at_ms,
    bool whole, store_moment_fn *on_row, void *arg, struct err *err);

/* sqlite_rows.c */
int sqlite_put_change(
    struct store *store, const struct change_row *change, struct err *err);
int sqlite_put_regression(struct store *store, uint64_t *out_id,
    const struct regression_row *row, struct err *err);
int
sqlite_last_regression(struct store *store, uint64_t *out_id, struct err *err);
int sqlite_put_state(struct store *store, const char *key, const void *bytes,
    size_t n, struct err *err);
int sqlite_scan_changes(struct store *store, bool *out_more,
    const struct query_changes *request, store_change_fn *on_change, void *arg,
    struct err *err);
int sqlite_scan_regressions(struct store *store, bool *out_more,
    const struct query_regressions *request, store_regression_fn *on_row,
    void *arg, struct err *err);
int sqlite_scan_states(struct store *store, const char *prefix,
    store_state_fn *on_state, void *arg, struct err *err);

/* sqlite_mark.c */
int
sqlite_put_mark(struct store *store, const struct mark *mark, struct err *err);
int sqlite_scan_marks(struct store *store, const struct store_marks *request,
    store_mark_fn *on_mark, void *arg, struct err *err);

/* sqlite_query.c */
int sqlite_sql(struct store *store, const char *sql, store_sql_fn *on_row,
    void *arg, struct err *err);

/* sqlite_open.c: opens what store's path says; check: every page is read. */
int sqlite_connect(struct sqlite *s, bool check, struct err *err);
void sqlite_disconnect(struct sqlite *s);

/* sqlite_verify.c */
int sqlite_verify(struct store *store, struct store_verified *out,
    store_damage_fn *on_damage, void *arg, struct err *err);
int sqlite_backup(struct store *store, const char *path, struct err *err);

/* sqlite_rollup.c */
int sqlite_repair(struct store *store, struct store_repaired *out,
    store_damage_fn *on_loss, void *arg, struct err *err);

/* sqlite_salvage.c: replaces the damaged file, which is closed, by a new one
 * with all that can be read of it, and says so.  To be resumed before each
 * opening: it may have been interrupted. */
int sqlite_salvage(
    struct sqlite *s, char **out_told, const char *why, struct err *err);
void sqlite_salvage_resume(struct sqlite *s);

/* sqlite.c */
extern const struct engine engine_sqlite;

#endif
