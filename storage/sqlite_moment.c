/* How everything stood at a moment. */
#include <stdlib.h>
#include <string.h>

#include "storage/chunk.h"
#include "storage/rollup.h"
#include "storage/runs.h"
#include "storage/sqlite_chunk.h"
#include "storage/sqlite_subject.h"

#define PIECES_MAX 64 /* of one series on one day */

/*
 * The answer for a series is a run of the newest day, up to the moment's,
 * that has a result at or before the moment.  The runs that lie beside the
 * chunks give it without unpacking anything, as long as chunks and inbox
 * follow one another in time; otherwise the results of that day are sorted.
 */

struct piece {
	int64_t id, from_ms, to_ms;
	unsigned char runs[RUNS_MAX_BYTES];
	size_t n_runs; /* 0: there are none, or they are damaged */
};

struct moment {
	struct sqlite *s;
	int64_t at_ms;
	struct chunk_reader *reader;
	struct runs runs; /* of the series and day at hand */
	struct piece pieces[PIECES_MAX];
	size_t n_pieces;
	struct point *points; /* of the day: what is unpacked, and the inbox */
	size_t n, room;
};

/* Takes the chunk that the index stands on. */
static void
take_piece(struct moment *moment, int64_t series_id, int64_t day)
{
	sqlite3_stmt *statement = moment->s->statements[SQL_CHUNK_UNTIL];
	enum sql sql = SQL_CHUNK_UNTIL;
	struct sqlite *s = moment->s;
	struct chunk_row row = { .series_id = series_id,
		.day = day,
		.to_ms = sqlite_int(s, sql, 2),
		.from_ms = sqlite_int(s, sql, 3),
		.n_results = sqlite_int(s, sql, 4),
		.runs = sqlite3_column_blob(statement, 6),
		.n_runs = (size_t)sqlite3_column_bytes(statement, 6) };
	struct piece *piece;

	if (moment->n_pieces == PIECES_MAX)
		return;
	piece = &moment->pieces[moment->n_pieces++];
	piece->id = sqlite_int(s, sql, 0);
	piece->from_ms = row.from_ms;
	piece->to_ms = row.to_ms;
	piece->n_runs = 0;
	if (row.n_runs <= sizeof(piece->runs) &&
	    sqlite_int(s, sql, 5) == (int64_t)chunk_seal(&row)) {
		piece->n_runs = row.n_runs;
		if (row.n_runs > 0)
			memcpy(piece->runs, row.runs, row.n_runs);
	}
}

static void
reverse_pieces(struct moment *moment)
{
	struct piece swap;

	for (size_t i = 0; i < moment->n_pieces / 2; i++) {
		size_t k = moment->n_pieces - 1 - i;

		swap = moment->pieces[i];
		moment->pieces[i] = moment->pieces[k];
		moment->pieces[k] = swap;
	}
}

/* Finds the newest day that has a chunk begun by the moment, or that is
 * min_day, and its chunks in the order of time. */
static int
find_pieces(struct moment *moment, int64_t *out_day, int64_t series_id,
    int64_t min_day, struct err *err)
{
	enum sql sql = SQL_CHUNK_UNTIL;
	struct sqlite *s = moment->s;
	bool found = false;
	int64_t day = min_day;
	int rc;

	sqlite_bind(s, sql, "iii", series_id, day_of(moment->at_ms), min_day);
	while ((rc = sqlite_step(s, sql, err)) > 0) {
		if (sqlite_int(s, sql, 1) != day) {
			if (found)
				break;
			moment->n_pieces = 0;
		}
		day = sqlite_int(s, sql, 1);
		if (sqlite_int(s, sql, 3) <= moment->at_ms || day == min_day)
			found = true;
		take_piece(moment, series_id, day);
	}
	sqlite_end(s, sql);
	if (!found)
		moment->n_pieces = 0;
	*out_day = found ? day : min_day;
	reverse_pieces(moment);
	return rc < 0 ? -1 : 0;
}

static void
add_point(struct moment *moment, const struct point *point)
{
	if (moment->n == moment->room) {
		moment->room = 2 * moment->room + 64;
		moment->points = mem_resize(
		    moment->points, moment->room, sizeof(*moment->points));
	}
	moment->points[moment->n++] = *point;
}

/* Takes the points of a day from the inbox. */
static void
take_points(struct moment *moment, const struct subject *subject, int64_t day)
{
	moment->n = 0;
	for (size_t i = 0; i < subject->n_points; i++)
		if (day_of(subject->points[i].at_ms) == day)
			add_point(moment, &subject->points[i]);
}

/* The newest day with a point at or before the moment. */
static bool
find_point_day(
    const struct moment *moment, int64_t *out, const struct subject *subject)
{
	bool found = false;

	for (size_t i = 0;
	     i < subject->n_points && subject->points[i].at_ms <= moment->at_ms;
	     i++) {
		*out = day_of(subject->points[i].at_ms);
		found = true;
	}
	return found;
}

/* Do the chunks, and then the points, follow one another? */
static bool
is_in_order(const struct moment *moment)
{
	for (size_t i = 1; i < moment->n_pieces; i++)
		if (moment->pieces[i].from_ms <= moment->pieces[i - 1].to_ms)
			return false;
	return moment->n == 0 || moment->n_pieces == 0 ||
	    moment->points[0].at_ms >
	    moment->pieces[moment->n_pieces - 1].to_ms;
}

/* Joins the runs beside the chunks.  False: some are missing. */
static bool
join_runs(struct moment *moment)
{
	for (size_t i = 0; i < moment->n_pieces; i++) {
		const struct piece *piece = &moment->pieces[i];

		if (piece->n_runs == 0 ||
		    !runs_decode(&moment->runs, piece->runs, piece->n_runs))
			return false;
	}
	return true;
}

static int
unpack(struct moment *moment, int64_t id, struct err *err)
{
	const struct chunk_view *view;
	struct chunk_row row;
	int rc;

	rc = chunk_get(moment->s, &row, id, err);
	if (rc <= 0)
		return rc;
	if (!row.whole ||
	    chunk_open(moment->reader, &row.key, row.bytes, row.n_bytes, NULL) <
		0 ||
	    chunk_decode(moment->reader, CHUNK_TIMES, NULL) < 0) {
		moment->s->damaged++;
		sqlite_end(moment->s, SQL_CHUNK_GET);
		return 0;
	}
	view = chunk_view(moment->reader);
	for (size_t i = 0; i < view->n; i++) {
		const struct chunk_state *state = &view->states[view->state[i]];

		add_point(moment,
		    &(struct point){ .at_ms = view->at_ms[i],
			.outcome = state->outcome,
			.reason = state->reason,
			.interval_ms =
			    view->series[state->series].interval_ms });
	}
	sqlite_end(moment->s, SQL_CHUNK_GET);
	return 0;
}

static int
make_runs(struct moment *moment, struct err *err)
{
	moment->runs.n = 0;
	if (!is_in_order(moment) || !join_runs(moment)) {
		moment->runs.n = 0;
		for (size_t i = 0; i < moment->n_pieces; i++)
			if (unpack(moment, moment->pieces[i].id, err) < 0)
				return -1;
		if (moment->n > 1)
			qsort(moment->points, moment->n,
			    sizeof(*moment->points), point_compare);
	}
	for (size_t i = 0; i < moment->n; i++)
		runs_add(&moment->runs, moment->points[i].at_ms,
		    moment->points[i].outcome, moment->points[i].reason,
		    moment->points[i].interval_ms);
	return 0;
}

/* Finds the run of a series; NULL: there was nothing yet. */
static int
find_run(struct moment *moment, const struct run **out,
    const struct subject *subject, struct err *err)
{
	int64_t day = INT64_MIN;
	bool has_points = find_point_day(moment, &day, subject);

	*out = NULL;
	moment->n_pieces = 0;
	if (subject->id != 0 &&
	    find_pieces(moment, &day, subject->id, day, err) < 0)
		return -1;
	if (moment->n_pieces == 0 && !has_points)
		return 0;
	take_points(moment, subject, day);
	if (make_runs(moment, err) < 0)
		return -1;
	*out = runs_at(&moment->runs, moment->at_ms);
	return 0;
}

/* A run that begins with its day may have begun before: reaches back as far
 * as the state is the same, without a hole. */
static int
reach_back(struct moment *moment, struct store_moment *row,
    const struct subject *subject, struct err *err)
{
	int64_t at_ms = moment->at_ms;
	const struct run *run;
	int rc = 0;

	while (row->from_ms == moment->runs.list[0].from_ms) {
		moment->at_ms = row->from_ms - 1;
		rc = find_run(moment, &run, subject, err);
		if (rc < 0 || run == NULL || run->outcome != row->outcome ||
		    run->reason != row->reason ||
		    (run->interval_ms > 0 &&
			row->from_ms - run->to_ms >
			    (int64_t)run->interval_ms * STORE_HOLE_INTERVALS))
			break;
		row->from_ms = run->from_ms;
	}
	moment->at_ms = at_ms;
	return rc;
}

static int
visit(struct moment *moment, const struct subjects *subjects, bool whole,
    store_moment_fn *on_row, void *arg, struct err *err)
{
	const struct run *run;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < subjects->n; i++) {
		const struct subject *subject = subjects->list[i];
		struct store_moment row = { .series = &subject->key };

		rc = find_run(moment, &run, subject, err);
		if (rc < 0 || run == NULL)
			continue;
		row.outcome = run->outcome;
		row.reason = run->reason;
		row.interval_ms = run->interval_ms;
		row.from_ms = run->from_ms;
		row.to_ms = run->to_ms;
		if (whole && row.outcome != OUTCOME_OK)
			rc = reach_back(moment, &row, subject, err);
		if (rc == 0)
			rc = on_row(arg, &row, err);
	}
	return rc < 0 ? -1 : 0;
}

int
sqlite_scan_moment(struct store *store, const char *environment, int64_t at_ms,
    bool whole, store_moment_fn *on_row, void *arg, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	struct moment moment = { .s = s, .at_ms = at_ms };
	struct query_history names = { environment, "", "", "", INT64_MIN,
		(day_of(at_ms) + 1) * ROLLUP_DAY_MS, 0 };
	struct subjects subjects;
	bool held;
	int rc;

	if (sqlite_hold(s, &held, err) < 0)
		return -1;
	moment.reader = chunk_reader_new();
	rc = subjects_find(&subjects, s, &names, err);
	if (rc == 0)
		rc = visit(&moment, &subjects, whole, on_row, arg, err);
	subjects_fini(&subjects);
	chunk_reader_free(moment.reader);
	runs_fini(&moment.runs);
	free(moment.points);
	sqlite_release(s, held);
	return rc;
}
