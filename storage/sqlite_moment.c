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

/* The newest day with a chunk that begins by then.  1: there is one. */
static int
find_chunk_day(
    struct moment *moment, int64_t *out, int64_t series_id, struct err *err)
{
	struct sqlite *s = moment->s;
	int found;

	sqlite_bind(s, SQL_CHUNK_UNTIL, "iii", series_id, day_of(moment->at_ms),
	    moment->at_ms);
	found = sqlite_step(s, SQL_CHUNK_UNTIL, err);
	if (found > 0)
		*out = sqlite_int(s, SQL_CHUNK_UNTIL, 0);
	sqlite_end(s, SQL_CHUNK_UNTIL);
	return found;
}

/* Lists the chunks of a day in the order of time. */
static int
find_pieces(
    struct moment *moment, int64_t series_id, int64_t day, struct err *err)
{
	struct sqlite *s = moment->s;
	enum sql sql = SQL_CHUNK_OF_DAY;
	size_t n = 0;
	int rc;

	sqlite_bind(s, sql, "ii", series_id, day);
	while ((rc = sqlite_step(s, sql, err)) > 0 && n < PIECES_MAX)
		/* From the end of the array: the newest comes first. */
		moment->pieces[PIECES_MAX - ++n] =
		    (struct piece){ sqlite_int(s, sql, 0),
			    sqlite_int(s, sql, 1), sqlite_int(s, sql, 2) };
	sqlite_end(s, sql);
	memmove(moment->pieces, moment->pieces + PIECES_MAX - n,
	    n * sizeof(*moment->pieces));
	moment->n_pieces = n;
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

/* Adds the runs beside the chunks.  1: done; 0: some are missing. */
static int
read_runs(struct moment *moment, struct err *err)
{
	bool whole = true;
	int rc;

	for (size_t i = 0; whole && i < moment->n_pieces; i++) {
		struct chunk_row row = { .id = moment->pieces[i].id };

		rc = chunk_get_runs(moment->s, &row, row.id, err);
		if (rc < 0)
			return -1;
		whole = rc == 1 && row.whole && row.n_runs > 0 &&
		    runs_decode(&moment->runs, row.runs, row.n_runs);
		sqlite_end(moment->s, SQL_CHUNK_RUNS);
	}
	return whole;
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
	bool unpacks = !is_in_order(moment);
	int rc;

	moment->runs.n = 0;
	if (!unpacks) {
		rc = read_runs(moment, err);
		if (rc < 0)
			return -1;
		unpacks = rc == 0;
	}
	if (unpacks) {
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
	int64_t day = 0, point_day = 0;
	bool has_points = find_point_day(moment, &point_day, subject);
	int found = 0;

	*out = NULL;
	if (subject->id != 0)
		found = find_chunk_day(moment, &day, subject->id, err);
	if (found < 0)
		return -1;
	if (!found && !has_points)
		return 0;
	if (!found || (has_points && point_day > day))
		day = point_day;
	moment->n_pieces = 0;
	if (subject->id != 0 && find_pieces(moment, subject->id, day, err) < 0)
		return -1;
	take_points(moment, subject, day);
	if (make_runs(moment, err) < 0)
		return -1;
	*out = runs_at(&moment->runs, moment->at_ms);
	return 0;
}

static int
visit(struct moment *moment, const struct subjects *subjects,
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
		rc = on_row(arg, &row, err);
	}
	return rc < 0 ? -1 : 0;
}

int
sqlite_scan_moment(struct store *store, const char *environment, int64_t at_ms,
    store_moment_fn *on_row, void *arg, struct err *err)
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
		rc = visit(&moment, &subjects, on_row, arg, err);
	subjects_fini(&subjects);
	chunk_reader_free(moment.reader);
	runs_fini(&moment.runs);
	free(moment.points);
	sqlite_release(s, held);
	return rc;
}
