/* Chunks of a series and day, and the rollups beside them: writing. */
#include <stdlib.h>
#include <string.h>

#include "proto/base/crc32c.h"
#include "proto/base/mem.h"
#include "storage/chunk.h"
#include "proto/copy.h"
#include "storage/rollup.h"
#include "storage/runs.h"
#include "storage/seals.h"
#include "storage/sqlite_chunk.h"
#include "storage/sqlite_seal.h"

/*
 * A day of a series begins as small chunks, one for each time its batches
 * were sealed.  New results are packed together with the chunks before them
 * that hold at most MERGE_FACTOR times as many, so that a result is packed
 * anew a logarithmic number of times; and when the next day begins, the last
 * one is packed as a whole.
 */
#define MERGE_FACTOR 2
#define DAY_CHUNKS   64 /* looked at; more are left as they are */

/* What is done to one series. */
struct work {
	struct sqlite *s;
	int64_t series_id;
	const struct series *key;
	struct arena *arena; /* holds what was read of old chunks */
	struct row *rows;
	size_t n, room;
	struct chunk_reader *reader;
	struct chunk_writer *writer;
};

static int64_t
floor_to(int64_t at_ms, int64_t span_ms)
{
	int64_t rest = at_ms % span_ms;

	return at_ms - (rest < 0 ? rest + span_ms : rest);
}

int64_t
day_of(int64_t at_ms)
{
	return floor_to(at_ms, ROLLUP_DAY_MS) / ROLLUP_DAY_MS;
}

static int
compare_rows(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int rc = (a->result->at_ms > b->result->at_ms) -
	    (a->result->at_ms < b->result->at_ms);

	if (rc == 0)
		rc = (a->result->outcome > b->result->outcome) -
		    (a->result->outcome < b->result->outcome);
	if (rc == 0)
		rc = (a->result->reason > b->result->reason) -
		    (a->result->reason < b->result->reason);
	return rc != 0 ? rc : (a->order > b->order) - (a->order < b->order);
}

/* --- reading one chunk --------------------------------------------------------- */

uint32_t
chunk_seal(const struct chunk_row *row)
{
	int64_t v[] = { row->series_id, row->day, row->from_ms, row->to_ms,
		row->n_results };

	return seal_of(v, sizeof(v) / sizeof(v[0]), row->runs, row->n_runs);
}

int
chunk_get(struct sqlite *s, struct chunk_row *out, int64_t id, struct err *err)
{
	sqlite3_stmt *statement = s->statements[SQL_CHUNK_GET];
	enum sql sql = SQL_CHUNK_GET;
	int found;

	sqlite_bind(s, sql, "i", id);
	found = sqlite_step(s, sql, err);
	if (found <= 0)
		return found;
	*out = (struct chunk_row){
		.id = id,
		.series_id = sqlite_int(s, sql, 0),
		.day = sqlite_int(s, sql, 1),
		.from_ms = sqlite_int(s, sql, 2),
		.to_ms = sqlite_int(s, sql, 3),
		.n_results = sqlite_int(s, sql, 4),
		.runs = sqlite3_column_blob(statement, 6),
		.n_runs = (size_t)sqlite3_column_bytes(statement, 6),
		.key = { .environment = sqlite_str(s, sql, 7),
		    .agent = sqlite_str(s, sql, 8),
		    .service = sqlite_str(s, sql, 9),
		    .probe = sqlite_str(s, sql, 10) },
		.bytes = sqlite3_column_blob(statement, 11),
		.n_bytes = (size_t)sqlite3_column_bytes(statement, 11),
	};
	out->whole = sqlite_int(s, sql, 5) == (int64_t)chunk_seal(out) &&
	    out->key.environment[0] != '\0';
	return 1;
}

/* --- packing ------------------------------------------------------------------- */

static void
add_row(struct work *work, const struct row *row)
{
	if (work->n == work->room) {
		work->room = 2 * work->room + 256;
		work->rows =
		    mem_resize(work->rows, work->room, sizeof(*work->rows));
	}
	work->rows[work->n] = *row;
	work->rows[work->n].order = work->n;
	work->n++;
}

/* Copies the results of a chunk that is open. */
static void
unpack_rows(struct work *work)
{
	const struct chunk_view *view = chunk_view(work->reader);
	struct series *series =
	    arena_zalloc(work->arena, view->n_series * sizeof(*series));
	struct result *results =
	    arena_zalloc(work->arena, view->n * sizeof(*results));
	struct result row;

	for (size_t i = 0; i < view->n_series; i++)
		series_copy(&series[i], work->arena, &view->series[i]);
	for (size_t i = 0; i < view->n; i++) {
		chunk_row(work->reader, &row, i);
		result_copy(&results[i], work->arena, &row);
		add_row(
		    work, &(struct row){ &series[row.series], &results[i], 0 });
	}
}

/* Takes a chunk apart and deletes it.  A damaged one stays as it is. */
static int
take_apart(struct work *work, int64_t id, struct err *err)
{
	struct chunk_row row;
	bool whole;
	int rc;

	rc = chunk_get(work->s, &row, id, err);
	if (rc <= 0)
		return rc;
	whole = row.whole &&
	    chunk_open(work->reader, &row.key, row.bytes, row.n_bytes, NULL) ==
		0 &&
	    chunk_decode(work->reader, CHUNK_ALL, NULL) == 0;
	if (whole)
		unpack_rows(work);
	else
		work->s->damaged++;
	sqlite_end(work->s, SQL_CHUNK_GET);
	if (!whole)
		return 0;
	sqlite_bind(work->s, SQL_CHUNK_DROP, "i", id);
	return sqlite_run(work->s, SQL_CHUNK_DROP, err);
}

/* Writes rows [from, to), which are in the writer, as one chunk. */
static int
put_chunk(
    struct work *work, int64_t day, size_t from, size_t to, struct err *err)
{
	unsigned char coded[RUNS_MAX_BYTES], *bytes = NULL;
	struct chunk_row row = { .series_id = work->series_id,
		.day = day,
		.from_ms = work->rows[from].result->at_ms,
		.to_ms = work->rows[to - 1].result->at_ms,
		.n_results = (int64_t)(to - from),
		.runs = coded };
	struct runs runs = { 0 };
	size_t n;
	int rc;

	for (size_t i = from; i < to; i++)
		runs_add(&runs, work->rows[i].result->at_ms,
		    work->rows[i].result->outcome, work->rows[i].result->reason,
		    work->rows[i].series->interval_ms);
	row.n_runs = runs_encode(coded, &runs);
	runs_fini(&runs);
	chunk_finish(work->writer, &bytes, &n);
	sqlite_bind(work->s, SQL_CHUNK_ADD, "iiiiiibb", row.series_id, row.day,
	    row.from_ms, row.to_ms, row.n_results, (int64_t)chunk_seal(&row),
	    row.n_runs > 0 ? row.runs : NULL, row.n_runs, (const void *)bytes,
	    n);
	rc = sqlite_run(work->s, SQL_CHUNK_ADD, err);
	free(bytes);
	return rc;
}

static int
pack(struct work *work, int64_t day, struct err *err)
{
	size_t from = 0;

	qsort(work->rows, work->n, sizeof(*work->rows), compare_rows);
	for (size_t i = 0; i < work->n; i++) {
		const struct row *row = &work->rows[i];

		if (chunk_add(work->writer, row->series, row->result))
			continue;
		if (put_chunk(work, day, from, i, err) < 0)
			return -1;
		from = i;
		chunk_add(work->writer, row->series, row->result);
	}
	return put_chunk(work, day, from, work->n, err);
}

/* A chunk of the day, as its index knows it. */
struct piece {
	int64_t id, from_ms, to_ms;
	size_t n;
};

static int
list_pieces(struct work *work, struct piece pieces[DAY_CHUNKS], size_t *out_n,
    int64_t day, struct err *err)
{
	struct sqlite *s = work->s;
	int rc;

	*out_n = 0;
	sqlite_bind(s, SQL_CHUNK_OF_DAY, "ii", work->series_id, day);
	while (*out_n < DAY_CHUNKS &&
	    (rc = sqlite_step(s, SQL_CHUNK_OF_DAY, err)) != 0) {
		if (rc < 0)
			return -1;
		pieces[(*out_n)++] =
		    (struct piece){ sqlite_int(s, SQL_CHUNK_OF_DAY, 0),
			    sqlite_int(s, SQL_CHUNK_OF_DAY, 1),
			    sqlite_int(s, SQL_CHUNK_OF_DAY, 2),
			    (size_t)sqlite_int(s, SQL_CHUNK_OF_DAY, 3) };
	}
	sqlite_end(s, SQL_CHUNK_OF_DAY);
	return 0;
}

/* The work begins anew, for another day. */
static void
clear(struct work *work)
{
	arena_free(work->arena);
	work->arena = arena_new(0);
	work->n = 0;
}

/* Packs what belongs to one day: the rows given, and what is there already as
 * far as it is small beside them, or wholly. */
static int
pack_day(struct work *work, int64_t day, const struct row *rows, size_t n,
    bool wholly, struct err *err)
{
	struct piece pieces[DAY_CHUNKS];
	size_t n_pieces, total = n;

	clear(work);
	if (list_pieces(work, pieces, &n_pieces, day, err) < 0)
		return -1;
	if (wholly && n_pieces < 2)
		return 0;
	for (size_t i = 0; i < n_pieces; i++) {
		bool late = n > 0 && pieces[i].to_ms >= rows[0].result->at_ms &&
		    pieces[i].from_ms <= rows[n - 1].result->at_ms;

		if (!wholly && !late && pieces[i].n > total * MERGE_FACTOR)
			break;
		if (!late && pieces[i].n > CHUNK_MAX_RESULTS / 2)
			continue;
		total += pieces[i].n;
		if (take_apart(work, pieces[i].id, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++)
		add_row(work, &rows[i]);
	return work->n > 0 ? pack(work, day, err) : 0;
}

/* The first chunk of a day: the day before is complete. */
static int
pack_day_before(struct work *work, int64_t day, struct err *err)
{
	struct sqlite *s = work->s;
	bool is_first, is_any;
	int64_t before;
	int rc;

	sqlite_bind(s, SQL_CHUNK_OF_DAY, "ii", work->series_id, day);
	rc = sqlite_step(s, SQL_CHUNK_OF_DAY, err);
	sqlite_end(s, SQL_CHUNK_OF_DAY);
	if (rc < 0)
		return -1;
	is_first = rc == 0;
	if (!is_first)
		return 0;
	sqlite_bind(s, SQL_CHUNK_DAY_BEFORE, "ii", work->series_id, day);
	if (sqlite_step(s, SQL_CHUNK_DAY_BEFORE, err) < 0)
		return -1;
	is_any = sqlite3_column_type(s->statements[SQL_CHUNK_DAY_BEFORE], 0) !=
	    SQLITE_NULL;
	before = sqlite_int(s, SQL_CHUNK_DAY_BEFORE, 0);
	sqlite_end(s, SQL_CHUNK_DAY_BEFORE);
	return is_any ? pack_day(work, before, NULL, 0, true, err) : 0;
}

/* --- rollups ------------------------------------------------------------------- */

/* Adds rows of one span, sorted by time, to its rollup.  They are in chunks
 * already: a rollup that is damaged is made anew of those. */
static int
add_to_rollup(struct work *work, int64_t span_ms, const struct row *rows,
    size_t n, struct err *err)
{
	const struct rollup_key key = { work->series_id, span_ms,
		floor_to(rows[0].result->at_ms, span_ms) };
	struct rollup rollup = { 0 };
	enum rollup_row found;
	int rc;

	rc = rollup_get(work->s, &rollup, &found, &key, err);
	if (rc == 0 && found == ROLLUP_DAMAGED)
		rc = rollup_from_chunks(work->s, &rollup, &key, err);
	for (size_t i = 0; found != ROLLUP_DAMAGED && i < n; i++)
		rollup_add(&rollup, rows[i].result->outcome,
		    rows[i].result->censored, rows[i].result->duration_us);
	if (rc == 0)
		rc = rollup_put(work->s, &rollup, &key, err);
	rollup_fini(&rollup);
	return rc;
}

static int
roll_up(struct work *work, int64_t span_ms, const struct row *rows, size_t n,
    struct err *err)
{
	size_t from = 0;

	for (size_t i = 1; i <= n; i++) {
		if (i < n &&
		    floor_to(rows[i].result->at_ms, span_ms) ==
			floor_to(rows[from].result->at_ms, span_ms))
			continue;
		if (add_to_rollup(work, span_ms, rows + from, i - from, err) <
		    0)
			return -1;
		from = i;
	}
	return 0;
}

/* --- a series ------------------------------------------------------------------ */

static int
find_series(
    struct sqlite *s, int64_t *out, const struct series *key, struct err *err)
{
	int found;

	sqlite_bind(s, SQL_SERIES_FIND, "tttt", key->environment, key->agent,
	    key->service, key->probe);
	found = sqlite_step(s, SQL_SERIES_FIND, err);
	if (found < 0)
		return -1;
	if (found) {
		*out = sqlite_int(s, SQL_SERIES_FIND, 0);
		sqlite_end(s, SQL_SERIES_FIND);
		return 0;
	}
	sqlite_bind(s, SQL_SERIES_ADD, "tttt", key->environment, key->agent,
	    key->service, key->probe);
	if (sqlite_run(s, SQL_SERIES_ADD, err) < 0)
		return -1;
	*out = sqlite3_last_insert_rowid(s->db);
	return 0;
}

static int
store_days(struct work *work, struct row *rows, size_t n, struct err *err)
{
	size_t from = 0;
	int64_t day;

	for (size_t i = 1; i <= n; i++) {
		day = day_of(rows[from].result->at_ms);
		if (i < n && day_of(rows[i].result->at_ms) == day)
			continue;
		if (pack_day_before(work, day, err) < 0 ||
		    pack_day(work, day, rows + from, i - from, false, err) < 0)
			return -1;
		from = i;
	}
	return 0;
}

int
chunk_store(struct sqlite *s, const struct series *key, struct row *rows,
    size_t n, struct err *err)
{
	struct work work = { .s = s, .key = key };
	int rc;

	rc = find_series(s, &work.series_id, key, err);
	if (rc < 0)
		return -1;
	if (s->packer == NULL) {
		s->unpacker = chunk_reader_new();
		s->packer = chunk_writer_new();
	}
	work.reader = s->unpacker;
	work.writer = s->packer;
	qsort(rows, n, sizeof(*rows), compare_rows);
	rc = store_days(&work, rows, n, err);
	if (rc == 0)
		rc = roll_up(&work, ROLLUP_HOUR_MS, rows, n, err);
	if (rc == 0)
		rc = roll_up(&work, ROLLUP_DAY_MS, rows, n, err);
	arena_free(work.arena);
	free(work.rows);
	return rc;
}
