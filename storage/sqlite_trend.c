/* Trends: rollups of what is sealed, and of what is not yet. */
#include <stdlib.h>

#include "proto/base/crc32c.h"
#include "storage/rollup.h"
#include "storage/sqlite_chunk.h"
#include "storage/sqlite_subject.h"

/* One hour or day of a line. */
struct bucket {
	int64_t at_ms;
	struct rollup rollup;
};

struct trend {
	struct sqlite *s;
	const struct store_trend *request;
	struct bucket *buckets; /* in the order of time, without holes */
	size_t n;
	int64_t first_ms;
};

static bool
is_empty(const struct rollup *rollup)
{
	for (int i = 0; i < ROLLUP_OUTCOMES; i++)
		if (rollup->n[i] > 0)
			return false;
	return true;
}

/* The bucket of a time; NULL when the time is not asked for. */
static struct rollup *
bucket_at(struct trend *trend, int64_t at_ms)
{
	int64_t i;

	if (at_ms < trend->first_ms)
		return NULL;
	i = (at_ms - trend->first_ms) / trend->request->span_ms;
	return i < (int64_t)trend->n ? &trend->buckets[i].rollup : NULL;
}

static int
add_sealed(struct trend *trend, int64_t series_id, struct err *err)
{
	sqlite3_stmt *statement = trend->s->statements[SQL_ROLLUP_SCAN];
	enum sql sql = SQL_ROLLUP_SCAN;
	struct sqlite *s = trend->s;
	struct rollup *rollup;
	const void *bytes;
	size_t n;
	int rc;

	sqlite_bind(s, sql, "iiii", series_id, trend->request->span_ms,
	    trend->first_ms,
	    trend->first_ms + (int64_t)trend->n * trend->request->span_ms);
	while ((rc = sqlite_step(s, sql, err)) > 0) {
		rollup = bucket_at(trend, sqlite_int(s, sql, 0));
		bytes = sqlite3_column_blob(statement, 2);
		n = (size_t)sqlite3_column_bytes(statement, 2);
		if (rollup == NULL ||
		    sqlite_int(s, sql, 1) != (int64_t)crc32c(0, bytes, n) ||
		    rollup_merge_bytes(rollup, bytes, n, NULL) < 0)
			s->damaged++;
	}
	return rc;
}

static void
add_points(struct trend *trend, const struct subject *subject)
{
	for (size_t i = 0; i < subject->n_points; i++) {
		const struct point *point = &subject->points[i];
		struct rollup *rollup = bucket_at(trend, point->at_ms);

		if (rollup != NULL)
			rollup_add(rollup, point->outcome, point->censored,
			    point->duration_us);
	}
}

/* Hands out what there is, and empties it. */
static int
hand_out(struct trend *trend, const struct series *key, store_rollup_fn *on_row,
    void *arg, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < trend->n; i++) {
		struct bucket *bucket = &trend->buckets[i];

		if (rc == 0 && !is_empty(&bucket->rollup))
			rc = on_row(
			    arg, key, bucket->at_ms, &bucket->rollup, err);
		rollup_fini(&bucket->rollup);
	}
	return rc;
}

static int
visit(struct trend *trend, const struct subjects *subjects,
    store_rollup_fn *on_row, void *arg, struct err *err)
{
	bool together = trend->request->together;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < subjects->n; i++) {
		const struct subject *subject = subjects->list[i];

		if (subject->id != 0)
			rc = add_sealed(trend, subject->id, err);
		add_points(trend, subject);
		if (rc == 0 && !together)
			rc = hand_out(trend, &subject->key, on_row, arg, err);
	}
	if (rc == 0 && together)
		rc = hand_out(trend, NULL, on_row, arg, err);
	return rc < 0 ? -1 : 0;
}

int
sqlite_scan_rollups(struct store *store, const struct store_trend *request,
    store_rollup_fn *on_row, void *arg, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	struct trend trend = {
		.s = s, .request = request, .first_ms = request->from_ms
	};
	struct query_history names = { request->environment, request->service,
		request->agent, request->probe, request->from_ms,
		request->to_ms, 0 };
	struct subjects subjects;
	bool held;
	int rc;

	if (sqlite_hold(s, &held, err) < 0)
		return -1;
	trend.n =
	    (size_t)((request->to_ms - request->from_ms) / request->span_ms);
	trend.buckets = mem_calloc(trend.n, sizeof(*trend.buckets));
	for (size_t i = 0; i < trend.n; i++)
		trend.buckets[i].at_ms =
		    trend.first_ms + (int64_t)i * request->span_ms;
	rc = subjects_find(&subjects, s, &names, err);
	if (rc == 0)
		rc = visit(&trend, &subjects, on_row, arg, err);
	subjects_fini(&subjects);
	for (size_t i = 0; i < trend.n; i++)
		rollup_fini(&trend.buckets[i].rollup);
	free(trend.buckets);
	sqlite_release(s, held);
	return rc;
}
