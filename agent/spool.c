#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/spool_gap.h"
#include "agent/spool_load.h"
#include "proto/base/crc32c.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"

/*
 * The rows of table entry have ids that only ever grow; the sequence within
 * the stream is id - base, so that a new stream is one small write.  The row
 * of meta is written only when the greatest id would be forgotten otherwise.
 *
 * SQLite has no checksum of pages outside its log.  Each row therefore
 * carries a seal over its numbers, and the CRC of its content.
 *
 * A write that went wrong leaves the file in doubt: `broken` makes the next
 * call close it, open it again and drop what the caller was told is not there.
 */

#define RESERVE_BYTES (1024 * 1024) /* twice the usual log */
#define MARGIN_BYTES  (64 * 1024)   /* pages that hold no content */

/* --- dropping ---------------------------------------------------------------- */

/* Deletes the entry that a statement stands on and puts it on record. */
static int
drop_entry(struct spool *spool, enum why why, const struct entry_row *row,
    struct spool_counts *counts, struct err *err)
{
	int64_t id = row->id, n_bytes = (int64_t)row->n_content;

	if (spool_gap_add(
		spool, row->sealed ? why : WHY_DAMAGED, row, counts, err) < 0)
		return -1;
	if (spool_db_run(spool, SQL_DELETE_UPTO, &id, 1, err) < 0)
		return -1;
	if (sqlite3_changes(spool->db) == 0)
		return spool_db_stuck(spool, err);
	counts->acked = id;
	counts->waiting--;
	counts->bytes -= n_bytes;
	return 0;
}

/* Drops from the old end what is over age, or stands in the way of n more
 * bytes.  Within a transaction. */
static int
apply_quota(
    struct spool *spool, struct spool_counts *counts, size_t n, struct err *err)
{
	int64_t now_ms = clock_wall_ms(spool->setup.clock);
	int64_t max_age_ms = spool->setup.max_age_ms;
	struct entry_row row;
	enum why why;
	int found, rc;

	for (;;) {
		spool_db_bind(spool, SQL_OLDEST, &counts->acked, 1);
		found = spool_db_step(spool, SQL_OLDEST, err);
		if (found <= 0)
			return found;
		spool_db_read_entry(&row, spool->statements[SQL_OLDEST]);
		if (counts->bytes + (int64_t)n > spool->setup.max_bytes)
			why = WHY_FULL;
		else if (row.sealed && max_age_ms > 0 &&
		    row.pushed_ms < now_ms - max_age_ms)
			why = WHY_AGE;
		else
			break;
		rc = drop_entry(spool, why, &row, counts, err);
		sqlite3_reset(spool->statements[SQL_OLDEST]);
		if (rc < 0)
			return -1;
	}
	sqlite3_reset(spool->statements[SQL_OLDEST]);
	return 0;
}

/* Drops an entry in a transaction of its own. */
static int
drop_one(struct spool *spool, enum why why, const struct entry_row *row,
    struct err *err)
{
	struct spool_counts counts = spool->counts;
	int rc;

	if (spool_db_run(spool, SQL_BEGIN, NULL, 0, err) < 0)
		return -1;
	rc = drop_entry(spool, why, row, &counts, err);
	if (rc == 0)
		rc = spool_db_put_meta(
		    spool, spool->stream, spool->base, counts.next, err);
	rc = spool_db_finish(spool, rc, err);
	if (rc == 0)
		spool->counts = counts;
	return rc;
}

/* --- opening ----------------------------------------------------------------- */

static void
reserve(struct spool *spool)
{
	if (!spool->reserved && spool->vfs == NULL)
		spool->reserved =
		    file_reserve(spool->reserve_path, RESERVE_BYTES, NULL) == 0;
}

int
spool_open(struct spool **out, char **out_salvaged,
    const struct spool_setup *setup, struct err *err)
{
	struct spool *spool = mem_zalloc(sizeof(*spool));
	char *lock = mem_printf("%s.lock", setup->path);
	int rc = -1;

	*out_salvaged = NULL;
	spool->setup = *setup;
	spool->path = mem_strdup(setup->path);
	spool->vfs = mem_strdup(setup->vfs);
	spool->reserve_path = mem_printf("%s.reserve", setup->path);
	spool->lock = file_lock(lock, err);
	if (spool->lock < 0)
		goto out;
	rc = spool_load(spool, out_salvaged, err);
	if (rc < 0)
		goto out;
	reserve(spool);
	*out = spool;
	spool = NULL; /* now the caller's */
out:
	spool_close(spool);
	free(lock);
	return rc;
}

/* --- using ------------------------------------------------------------------- */

static int
delete_acked(struct spool *spool, struct err *err)
{
	return spool_db_run(
	    spool, SQL_DELETE_UPTO, &spool->counts.acked, 1, err);
}

/* Deletes what was popped in a transaction of its own. */
static int
tidy(struct spool *spool, struct err *err)
{
	int rc;

	if (spool_db_run(spool, SQL_BEGIN, NULL, 0, err) < 0)
		return -1;
	rc = delete_acked(spool, err);
	if (rc == 0)
		rc = spool_db_put_meta(
		    spool, spool->stream, spool->base, spool->counts.next, err);
	return spool_db_finish(spool, rc, err);
}

/* Moves the log into the database, and gives its room back. */
static void
empty_log(struct spool *spool)
{
	spool_db_execute(spool, "PRAGMA wal_checkpoint(TRUNCATE)", NULL);
}

/* Has the database pages to spare for so many bytes, so that the file need
 * not grow? */
static bool
has_free_pages(struct spool *spool, size_t n)
{
	int64_t bytes = 0;

	spool_db_ask(spool, &bytes,
	    "SELECT freelist_count * page_size"
	    " FROM pragma_freelist_count, pragma_page_size",
	    NULL);
	return bytes >= (int64_t)n + MARGIN_BYTES;
}

/* On a full disk even deleting takes room: the reserve gives it. */
static void
make_room(struct spool *spool)
{
	if (spool->reserved)
		unlink(spool->reserve_path);
	spool->reserved = false;
	if (tidy(spool, NULL) == 0)
		empty_log(spool);
}

static int
push_once(struct spool *spool, const struct entry_row *row, struct err *err)
{
	struct spool_counts counts = spool->counts;
	struct entry_row numbered = *row;
	int rc;

	if (spool_db_run(spool, SQL_BEGIN, NULL, 0, err) < 0)
		return -1;
	rc = delete_acked(spool, err);
	if (rc == 0)
		rc = apply_quota(spool, &counts, row->n_content, err);
	if (rc == 0) {
		numbered.id = counts.next++;
		counts.waiting++;
		counts.bytes += (int64_t)row->n_content;
		rc = spool_db_insert_entry(spool, &numbered, err);
	}
	rc = spool_db_finish(spool, rc, err);
	if (rc == 0)
		spool->counts = counts;
	return rc;
}

int
spool_push(
    struct spool *spool, const struct spool_entry *entry, struct err *err)
{
	struct entry_row row = {
		.from_ms = entry->from_ms,
		.to_ms = entry->to_ms,
		.n_results = entry->n_results,
		.pushed_ms = clock_wall_ms(spool->setup.clock),
		.crc32c = crc32c(0, entry->content, entry->n_content),
		.content = entry->content,
		.n_content = entry->n_content,
	};
	struct err why = { 0 };
	int rc;

	if (entry->n_content > SPOOL_ENTRY_MAX_BYTES ||
	    (int64_t)entry->n_content > spool->setup.max_bytes)
		return err_set(err, ERR_LIMIT,
		    "spool %s: a batch of %zu bytes does not fit", spool->path,
		    entry->n_content);
	if (spool_load_again(spool, err) < 0)
		return -1;
	rc = push_once(spool, &row, &why);
	if (rc < 0 && why.code == ERR_FULL && !spool->broken) {
		make_room(spool);
		/* An entry that fits into the file borrows room for the log
		 * only, and may borrow it from the reserve. */
		if (!has_free_pages(spool, row.n_content))
			reserve(spool);
		rc = push_once(spool, &row, &why);
		if (!spool->broken)
			empty_log(spool);
	}
	reserve(spool);
	return rc < 0 ? err_set(err, why.code, "%s", why.text) : 0;
}

int
spool_peek(struct spool *spool, int *out_found, struct spool_entry *out,
    struct err *err)
{
	struct entry_row row;
	bool whole;

	*out_found = 0;
	if (spool_load_again(spool, err) < 0)
		return -1;
	for (;;) {
		spool_db_bind(spool, SQL_OLDEST, &spool->counts.acked, 1);
		*out_found = spool_db_step(spool, SQL_OLDEST, err);
		if (*out_found <= 0)
			return *out_found;
		spool_db_read_entry(&row, spool->statements[SQL_OLDEST]);
		whole = spool_db_is_whole(&row);
		if (whole && row.n_content > spool->room) {
			spool->room = row.n_content;
			spool->buffer =
			    mem_resize(spool->buffer, spool->room, 1);
		}
		if (whole && row.n_content > 0)
			memcpy(spool->buffer, row.content, row.n_content);
		sqlite3_reset(spool->statements[SQL_OLDEST]);
		if (whole)
			break;
		*out_found = 0;
		if (drop_one(spool, WHY_DAMAGED, &row, err) < 0)
			return -1;
	}
	*out = (struct spool_entry){ (uint64_t)(row.id - spool->base),
		row.from_ms, row.to_ms, (uint32_t)row.n_results,
		(uint32_t)row.crc32c, spool->buffer, row.n_content };
	return 0;
}

int
spool_pop(struct spool *spool, uint64_t sequence, struct err *err)
{
	int64_t range[2] = { spool->counts.acked };
	sqlite3_stmt *statement;

	if (spool_load_again(spool, err) < 0)
		return -1;
	if (sequence >= (uint64_t)(spool->counts.next - spool->base))
		return err_set(err, ERR_INVALID,
		    "spool %s: batch %llu was never pushed", spool->path,
		    (unsigned long long)sequence);
	range[0] = spool->counts.acked;
	range[1] = spool->base + (int64_t)sequence;
	if (range[1] <= range[0])
		return 0;
	statement = spool->statements[SQL_COUNT_UPTO];
	spool_db_bind(spool, SQL_COUNT_UPTO, range, 2);
	if (spool_db_step(spool, SQL_COUNT_UPTO, err) < 0)
		return -1;
	spool->counts.waiting -= (uint64_t)sqlite3_column_int64(statement, 0);
	spool->counts.bytes -= sqlite3_column_int64(statement, 1);
	sqlite3_reset(statement);
	spool->counts.acked = range[1];
	return 0;
}

int
spool_refuse(struct spool *spool, uint64_t sequence, struct err *err)
{
	sqlite3_stmt *statement;
	struct entry_row row;
	int found;

	if (spool_load_again(spool, err) < 0)
		return -1;
	statement = spool->statements[SQL_OLDEST];
	spool_db_bind(spool, SQL_OLDEST, &spool->counts.acked, 1);
	found = spool_db_step(spool, SQL_OLDEST, err);
	if (found <= 0)
		return found;
	spool_db_read_entry(&row, statement);
	sqlite3_reset(statement);
	if (row.id - spool->base != (int64_t)sequence)
		return 0;
	return drop_one(spool, WHY_REFUSED, &row, err);
}

int
spool_renew(struct spool *spool, struct err *err)
{
	uint64_t stream;
	int64_t base;
	int rc;

	if (spool_load_again(spool, err) < 0)
		return -1;
	stream = spool_db_new_stream(spool);
	base = spool->counts.acked;
	if (spool_db_run(spool, SQL_BEGIN, NULL, 0, err) < 0)
		return -1;
	rc = delete_acked(spool, err);
	if (rc == 0)
		rc = spool_db_put_meta(
		    spool, stream, base, spool->counts.next, err);
	rc = spool_db_finish(spool, rc, err);
	if (rc == 0) {
		spool->stream = stream;
		spool->base = base;
	}
	return rc;
}

uint64_t
spool_stream(const struct spool *spool)
{
	return spool->stream;
}

uint64_t
spool_waiting(const struct spool *spool)
{
	return spool->counts.waiting;
}

void
spool_close(struct spool *spool)
{
	if (spool == NULL)
		return;
	if (spool->db != NULL && !spool->broken)
		tidy(spool, NULL);
	spool_db_close(spool);
	if (spool->lock >= 0)
		close(spool->lock);
	free(spool->buffer);
	free(spool->reserve_path);
	free(spool->vfs);
	free(spool->path);
	free(spool);
}
