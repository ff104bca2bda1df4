#include <assert.h>

#include "proto/base/crc32c.h"
#include "storage/rollup.h"
#include "storage/seals.h"
#include "storage/sqlite_seal.h"

static int64_t
batch_seal(const struct key *key, const struct store_batch *batch)
{
	int64_t v[] = { key->stream_id, key->sequence, batch->received_ms,
		batch->clock_offset_ms, batch->from_ms, batch->to_ms,
		batch->n_results, batch->crc32c, batch->told };
	size_t n = sizeof(v) / sizeof(v[0]);

	/* Rows of before there was such a thing were sealed without. */
	return seal_of(v, batch->told != 0 ? n : n - 1, NULL, 0);
}

/* --- writing ----------------------------------------------------------------- */

/* The number of a stream, given to it when it is new. */
static int
find_stream(struct sqlite *s, int64_t *out, const struct store_batch *batch,
    struct err *err)
{
	int found;

	sqlite_bind(s, SQL_STREAM_FIND, "tti", batch->environment, batch->agent,
	    (int64_t)batch->stream);
	found = sqlite_step(s, SQL_STREAM_FIND, err);
	if (found < 0)
		return -1;
	if (found) {
		*out = sqlite_int(s, SQL_STREAM_FIND, 0);
		sqlite_end(s, SQL_STREAM_FIND);
		return 0;
	}
	sqlite_bind(s, SQL_STREAM_ADD, "tti", batch->environment, batch->agent,
	    (int64_t)batch->stream);
	if (sqlite_run(s, SQL_STREAM_ADD, err) < 0)
		return -1;
	*out = sqlite3_last_insert_rowid(s->db);
	return 0;
}

/* The sequence is in the inbox: with the same content? */
static int
compare(struct sqlite *s, enum store_put *out, const struct key *key,
    uint32_t crc, struct err *err)
{
	int found;

	sqlite_bind(s, SQL_BATCH_FIND, "ii", key->stream_id, key->sequence);
	found = sqlite_step(s, SQL_BATCH_FIND, err);
	if (found < 0)
		return -1;
	*out = found && key->sequence < (int64_t)STORE_BY_KEY &&
		sqlite_int(s, SQL_BATCH_FIND, 0) != (int64_t)crc
	    ? STORE_CONFLICT
	    : STORE_REPEAT;
	sqlite_end(s, SQL_BATCH_FIND);
	return 0;
}

int
sqlite_put_batch(struct store *store, enum store_put *out, uint64_t *out_id,
    const struct store_batch *batch, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	struct key key = { .sequence = (int64_t)batch->sequence };

	if (find_stream(s, &key.stream_id, batch, err) < 0 ||
	    seen_find(s, out, &key, batch->crc32c, err) < 0)
		return -1;
	if (*out != STORE_NEW)
		return 0;
	sqlite_bind(s, SQL_BATCH_ADD, "iiiiiiiiibi", key.stream_id,
	    key.sequence, batch->received_ms, batch->clock_offset_ms,
	    batch->from_ms, batch->to_ms, (int64_t)batch->n_results,
	    (int64_t)batch->crc32c, batch_seal(&key, batch), batch->content,
	    batch->n_content, batch->told);
	if (sqlite_run(s, SQL_BATCH_ADD, err) < 0)
		return -1;
	if (sqlite3_changes(s->db) == 0)
		return compare(s, out, &key, batch->crc32c, err);
	*out = STORE_NEW;
	*out_id = (uint64_t)sqlite3_last_insert_rowid(s->db);
	return 0;
}

int
batch_remain(struct sqlite *s, const struct key *key,
    const struct store_batch *batch, struct err *err)
{
	sqlite_bind(s, SQL_REMAINDER_ADD, "iiiiiiiiiibi", (int64_t)batch->id,
	    key->stream_id, key->sequence, batch->received_ms,
	    batch->clock_offset_ms, batch->from_ms, batch->to_ms,
	    (int64_t)batch->n_results, (int64_t)batch->crc32c,
	    batch_seal(key, batch), batch->content, batch->n_content,
	    batch->told);
	return sqlite_run(s, SQL_REMAINDER_ADD, err);
}

/* Deletes the oldest batch, if it is old enough.  1: done, 0: none. */
static int
expire_batch(struct sqlite *s, const char *environment, int64_t before_ms,
    struct err *err)
{
	struct seen seen;
	int64_t id, stream_id;
	int found;

	sqlite_bind(s, SQL_BATCH_EXPIRED, "ti", environment, before_ms);
	found = sqlite_step(s, SQL_BATCH_EXPIRED, err);
	if (found <= 0)
		return found;
	id = sqlite_int(s, SQL_BATCH_EXPIRED, 0);
	stream_id = sqlite_int(s, SQL_BATCH_EXPIRED, 1);
	seen = (struct seen){ sqlite_int(s, SQL_BATCH_EXPIRED, 2),
		sqlite_int(s, SQL_BATCH_EXPIRED, 3),
		(uint32_t)sqlite_int(s, SQL_BATCH_EXPIRED, 4) };
	sqlite_end(s, SQL_BATCH_EXPIRED);
	sqlite_bind(s, SQL_BATCH_DROP, "i", id);
	if (sqlite_run(s, SQL_BATCH_DROP, err) < 0 ||
	    seen_add(s, stream_id, &seen, 1, err) < 0)
		return -1;
	return 1;
}

/* Runs a statement that deletes at most so many rows, and counts them. */
static int
expire_rows(struct sqlite *s, uint64_t *n, enum sql sql,
    const char *environment, int64_t before_ms, uint64_t limit, struct err *err)
{
	if (*n >= limit)
		return 0;
	sqlite_bind(
	    s, sql, "tii", environment, before_ms, (int64_t)(limit - *n));
	if (sqlite_run(s, sql, err) < 0)
		return -1;
	*n += (uint64_t)sqlite3_changes(s->db);
	return 0;
}

int
sqlite_expire(struct store *store, uint64_t *out_n, const char *environment,
    int64_t before_ms, uint32_t limit, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	uint64_t n_digests = 0;
	int rc;

	for (*out_n = 0; *out_n < limit; ++*out_n) {
		rc = expire_batch(s, environment, before_ms, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			break;
	}
	if (expire_rows(s, out_n, SQL_CHUNK_EXPIRE, environment, before_ms,
		limit, err) < 0 ||
	    expire_rows(s, out_n, SQL_REMAINDER_EXPIRE, environment, before_ms,
		limit, err) < 0)
		return -1;
	return expire_rows(s, &n_digests, SQL_DIGEST_EXPIRE, environment,
	    before_ms, limit, err);
}

int
sqlite_expire_derived(struct store *store, uint64_t *out_n,
    enum store_derived what, const char *environment, int64_t before_ms,
    uint32_t limit, struct err *err)
{
	static const struct {
		enum sql sql;
		int64_t span_ms;
	} rows[] = {
		[STORE_HOURS] = { SQL_ROLLUP_EXPIRE, ROLLUP_HOUR_MS },
		[STORE_DAYS] = { SQL_ROLLUP_EXPIRE, ROLLUP_DAY_MS },
		[STORE_CHANGES] = { SQL_CHANGE_EXPIRE, 0 },
		[STORE_REGRESSIONS] = { SQL_REGRESSION_EXPIRE, 0 },
		[STORE_MARKS] = { SQL_MARK_EXPIRE, 0 },
	};
	struct sqlite *s = sqlite_of(store);

	sqlite_bind(s, rows[what].sql, "tiii", environment, before_ms,
	    (int64_t)limit, rows[what].span_ms);
	if (sqlite_run(s, rows[what].sql, err) < 0)
		return -1;
	*out_n = (uint64_t)sqlite3_changes(s->db);
	return 0;
}

/* --- reading ----------------------------------------------------------------- */

bool
batch_read(struct sqlite *s, struct store_batch *out, enum sql sql)
{
	struct key key = { sqlite_int(s, sql, 1), sqlite_int(s, sql, 2) };

	*out = (struct store_batch){
		.id = (uint64_t)sqlite_int(s, sql, 0),
		.sequence = (uint64_t)key.sequence,
		.received_ms = sqlite_int(s, sql, 3),
		.clock_offset_ms = sqlite_int(s, sql, 4),
		.from_ms = sqlite_int(s, sql, 5),
		.to_ms = sqlite_int(s, sql, 6),
		.n_results = (uint32_t)sqlite_int(s, sql, 7),
		.crc32c = (uint32_t)sqlite_int(s, sql, 8),
		.environment = sqlite_str(s, sql, 10),
		.agent = sqlite_str(s, sql, 11),
		.stream = (uint64_t)sqlite_int(s, sql, 12),
		.content = sqlite3_column_blob(s->statements[sql], 13),
		.n_content =
		    (size_t)sqlite3_column_bytes(s->statements[sql], 13),
		.told = sqlite_int(s, sql, 14),
	};
	return sqlite_int(s, sql, 9) == batch_seal(&key, out) &&
	    out->environment[0] != '\0' &&
	    crc32c(0, out->content, out->n_content) == out->crc32c;
}

static int
scan(struct sqlite *s, enum sql sql, store_batch_fn *on_batch, void *arg,
    struct err *err)
{
	struct store_batch batch;
	int rc;

	for (;;) {
		rc = sqlite_step(s, sql, err);
		if (rc <= 0)
			return rc;
		if (!batch_read(s, &batch, sql)) {
			s->damaged++;
			continue;
		}
		rc = on_batch(arg, &batch, err);
		if (rc != 0)
			break;
	}
	sqlite_end(s, sql);
	return rc < 0 ? -1 : 0;
}

int
sqlite_scan_batches(struct store *store, uint64_t after,
    store_batch_fn *on_batch, void *arg, struct err *err)
{
	struct sqlite *s = sqlite_of(store);

	sqlite_bind(s, SQL_BATCH_AFTER, "i", (int64_t)after);
	return scan(s, SQL_BATCH_AFTER, on_batch, arg, err);
}

int
sqlite_scan_span(struct store *store, const char *environment,
    const char *agent, int64_t from_ms, int64_t to_ms, store_batch_fn *on_batch,
    void *arg, struct err *err)
{
	struct sqlite *s = sqlite_of(store);

	sqlite_bind(
	    s, SQL_BATCH_SPAN, "ttii", environment, agent, from_ms, to_ms);
	return scan(s, SQL_BATCH_SPAN, on_batch, arg, err);
}
