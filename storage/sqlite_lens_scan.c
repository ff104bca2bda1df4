#include "storage/sqlite_lens_scan.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/crc32c.h"
#include "proto/base/mem.h"
#include "proto/publish.h"
#include "storage/chunk.h"
#include "storage/rollup.h"
#include "storage/seals.h"

SQLITE_EXTENSION_INIT3

/* Keeps the moment from the first row to the last. */
static const char hold_sql[] = "SELECT count(*) FROM sqlite_schema";

#define PLACES                               \
	"(?1 IS NULL OR s.environment = ?1)" \
	" AND (?2 IS NULL OR s.agent = ?2)"

/* Series first: there are few, and the index of chunks begins with them. */
static const char chunks_sql[] =
    "SELECT c.series_id, c.day, c.from_ms, c.to_ms, c.n_results, c.seal,"
    " c.runs, s.environment, s.agent, s.service, s.probe, c.bytes, c.id"
    " FROM series AS s CROSS JOIN chunk AS c ON c.series_id = s.id"
    " WHERE " PLACES " AND (?3 IS NULL OR s.service = ?3)"
    " AND (?4 IS NULL OR s.probe = ?4)"
    " AND c.day BETWEEN ?7 AND ?8 AND c.to_ms >= ?5 AND c.from_ms < ?6";

static const char batches_sql[] =
    "SELECT b.stream_id, b.sequence, b.received_ms, b.clock_offset_ms,"
    " b.from_ms, b.to_ms, b.n_results, b.crc32c, b.seal, s.environment,"
    " s.agent, b.content, b.id FROM inbox AS b JOIN stream AS s"
    " ON s.id = b.stream_id WHERE b.to_ms >= ?5 AND b.from_ms < ?6"
    " AND b.n_results > 0 AND " PLACES;

#define ROWS_EACH_MAX (INT64_C(1) << 20) /* of a chunk or a batch, and more */

enum stage { CHUNKS, BATCHES, OVER };

struct lens_scan {
	struct lens_filter filter;
	struct arena *arena; /* names of the filter */
	sqlite3_stmt *hold, *chunks, *batches;
	struct chunk_reader *reader;
	struct batch *batch;
	enum stage stage;
	bool is_inside; /* of a chunk or a batch */
	size_t at;      /* the next of its results */
	const struct series *series;
	struct result result;
	int64_t source; /* number of the chunk or batch */
};

/* --- opening ------------------------------------------------------------------ */

static int64_t
day_of(int64_t at_ms)
{
	int64_t rest = at_ms % ROLLUP_DAY_MS;

	return (at_ms - (rest < 0 ? rest + ROLLUP_DAY_MS : rest)) /
	    ROLLUP_DAY_MS;
}

static void
bind_text(sqlite3_stmt *statement, int i, const char *text)
{
	if (text != NULL)
		sqlite3_bind_text(statement, i, text, -1, SQLITE_STATIC);
}

static void
bind_filter(sqlite3_stmt *statement, const struct lens_filter *filter)
{
	bind_text(statement, 1, filter->environment);
	bind_text(statement, 2, filter->agent);
	bind_text(statement, 3, filter->service);
	bind_text(statement, 4, filter->probe);
	sqlite3_bind_int64(statement, 5, filter->from_ms);
	sqlite3_bind_int64(statement, 6, filter->to_ms);
	sqlite3_bind_int64(statement, 7, day_of(filter->from_ms));
	sqlite3_bind_int64(statement, 8, day_of(filter->to_ms));
}

static int
prepare(struct lens_scan *scan, sqlite3 *db)
{
	int rc;

	rc = sqlite3_prepare_v2(db, hold_sql, -1, &scan->hold, NULL);
	if (rc == SQLITE_OK)
		rc =
		    sqlite3_prepare_v2(db, chunks_sql, -1, &scan->chunks, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(
		    db, batches_sql, -1, &scan->batches, NULL);
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(scan->hold);
	if (rc != SQLITE_ROW)
		return rc;
	bind_filter(scan->chunks, &scan->filter);
	bind_filter(scan->batches, &scan->filter);
	return SQLITE_OK;
}

int
lens_scan_open(
    struct lens_scan **out, sqlite3 *db, const struct lens_filter *filter)
{
	struct lens_scan *scan = mem_zalloc(sizeof(*scan));
	int rc;

	scan->arena = arena_new(0);
	scan->filter = *filter;
	scan->filter.environment =
	    arena_strdup(scan->arena, filter->environment);
	scan->filter.service = arena_strdup(scan->arena, filter->service);
	scan->filter.agent = arena_strdup(scan->arena, filter->agent);
	scan->filter.probe = arena_strdup(scan->arena, filter->probe);
	scan->reader = chunk_reader_new();
	rc = prepare(scan, db);
	if (rc != SQLITE_OK) {
		lens_scan_close(scan);
		return rc;
	}
	*out = scan;
	return SQLITE_OK;
}

/* --- chunks ------------------------------------------------------------------- */

static const char *
column_text(sqlite3_stmt *statement, int i)
{
	const unsigned char *text = sqlite3_column_text(statement, i);

	return text != NULL ? (const char *)text : "";
}

/* Is anything in the chunk that was asked for?  Its states tell. */
static bool
has_outcome(const struct lens_scan *scan)
{
	const struct chunk_view *view = chunk_view(scan->reader);

	if (!scan->filter.has_outcome)
		return true;
	for (size_t i = 0; i < view->n_states; i++)
		if (view->states[i].outcome == scan->filter.outcome)
			return true;
	return false;
}

/* Enters the chunk that the statement stands on; a damaged one, and one that
 * has nothing to give, is passed by. */
static void
enter_chunk(struct lens_scan *scan)
{
	sqlite3_stmt *statement = scan->chunks;
	const struct series key = {
		.environment = column_text(statement, 7),
		.agent = column_text(statement, 8),
		.service = column_text(statement, 9),
		.probe = column_text(statement, 10),
	};
	int64_t numbers[5];

	for (int i = 0; i < 5; i++)
		numbers[i] = sqlite3_column_int64(statement, i);
	if (sqlite3_column_int64(statement, 5) !=
		seal_of(numbers, 5, sqlite3_column_blob(statement, 6),
		    (size_t)sqlite3_column_bytes(statement, 6)) ||
	    chunk_open(scan->reader, &key, sqlite3_column_blob(statement, 11),
		(size_t)sqlite3_column_bytes(statement, 11), NULL) < 0 ||
	    !has_outcome(scan) ||
	    chunk_decode(scan->reader, scan->filter.columns, NULL) < 0)
		return;
	scan->source = sqlite3_column_int64(statement, 12);
	scan->is_inside = true;
	scan->at = 0;
}

static bool
next_of_chunk(struct lens_scan *scan)
{
	const struct chunk_view *view = chunk_view(scan->reader);
	const struct lens_filter *filter = &scan->filter;

	for (; scan->at < view->n; scan->at++) {
		if (filter->has_outcome &&
		    view->states[view->state[scan->at]].outcome !=
			filter->outcome)
			continue;
		if (view->at_ms != NULL &&
		    (view->at_ms[scan->at] < filter->from_ms ||
			view->at_ms[scan->at] >= filter->to_ms))
			continue;
		chunk_row(scan->reader, &scan->result, scan->at++);
		scan->series = &view->series[scan->result.series];
		return true;
	}
	return false;
}

/* --- the inbox ---------------------------------------------------------------- */

static void
enter_batch(struct lens_scan *scan)
{
	sqlite3_stmt *statement = scan->batches;
	const void *content = sqlite3_column_blob(statement, 11);
	size_t n = (size_t)sqlite3_column_bytes(statement, 11);
	int64_t numbers[8];

	for (int i = 0; i < 8; i++)
		numbers[i] = sqlite3_column_int64(statement, i);
	if (sqlite3_column_int64(statement, 8) !=
		seal_of(numbers, 8, NULL, 0) ||
	    crc32c(0, content, n) != (uint32_t)numbers[7])
		return;
	batch_free(scan->batch);
	scan->batch = NULL;
	if (batch_decode(&scan->batch, content, n, column_text(statement, 9),
		column_text(statement, 10), NULL) < 0)
		return;
	scan->source = sqlite3_column_int64(statement, 12);
	scan->is_inside = true;
	scan->at = 0;
}

static bool
is_asked(const char *wanted, const char *found)
{
	return wanted == NULL || strcmp(wanted, found) == 0;
}

static bool
next_of_batch(struct lens_scan *scan)
{
	const struct lens_filter *filter = &scan->filter;

	while (scan->at < scan->batch->n_results) {
		const struct result *result = &scan->batch->results[scan->at++];
		const struct series *series =
		    &scan->batch->series[result->series];

		if (result->at_ms < filter->from_ms ||
		    result->at_ms >= filter->to_ms ||
		    (filter->has_outcome &&
			result->outcome != filter->outcome) ||
		    !is_asked(filter->service, series->service) ||
		    !is_asked(filter->probe, series->probe))
			continue;
		scan->result = *result;
		scan->series = series;
		return true;
	}
	return false;
}

/* --- going on ------------------------------------------------------------------- */

/* Steps to the next chunk or batch; SQLITE_ROW, or why there is none. */
static int
next_row(struct lens_scan *scan)
{
	int rc =
	    sqlite3_step(scan->stage == CHUNKS ? scan->chunks : scan->batches);

	if (rc == SQLITE_DONE && scan->stage == CHUNKS) {
		scan->stage = BATCHES;
		return next_row(scan);
	}
	if (rc != SQLITE_ROW)
		scan->stage = OVER;
	else if (scan->stage == CHUNKS)
		enter_chunk(scan);
	else
		enter_batch(scan);
	return rc;
}

int
lens_scan_next(struct lens_scan *scan)
{
	int rc = SQLITE_DONE;

	while (scan->stage != OVER) {
		if (scan->is_inside &&
		    (scan->stage == CHUNKS ? next_of_chunk(scan)
					   : next_of_batch(scan)))
			return SQLITE_ROW;
		scan->is_inside = false;
		rc = next_row(scan);
		if (rc != SQLITE_ROW)
			break;
	}
	return rc;
}

const struct series *
lens_scan_series(const struct lens_scan *scan)
{
	return scan->series;
}

const struct result *
lens_scan_result(const struct lens_scan *scan)
{
	return &scan->result;
}

/* Batches count downwards. */
int64_t
lens_scan_id(const struct lens_scan *scan)
{
	int64_t id = scan->source * ROWS_EACH_MAX + (int64_t)scan->at;

	return scan->stage == CHUNKS ? id : -id;
}

void
lens_scan_close(struct lens_scan *scan)
{
	if (scan == NULL)
		return;
	sqlite3_finalize(scan->chunks);
	sqlite3_finalize(scan->batches);
	sqlite3_finalize(scan->hold);
	chunk_reader_free(scan->reader);
	batch_free(scan->batch);
	arena_free(scan->arena);
	free(scan);
}
