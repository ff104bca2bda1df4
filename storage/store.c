#include <assert.h>
#include <string.h>

#include "proto/base/text.h"
#include "proto/label.h"
#include "storage/engine.h"
#include "storage/sqlite.h"

#define LIMIT_DEFAULT   100
#define LIMIT_MAX       1000000 /* proto/query_service asks for less */
#define CONTENT_MAX     CONTENT_MAX_BYTES
#define TIME_MAX_MS     (INT64_C(1) << 50) /* some 35,000 years */
#define KEY_MAX_BYTES   512
#define STATE_MAX_BYTES CONTENT_MAX_BYTES

static const struct engine *const engines[] = { &engine_sqlite };

#define N_ENGINES (sizeof(engines) / sizeof(engines[0]))

/* The engine of a URI, and what follows its colon.  Without a scheme it is a
 * path, and SQLite's. */
static const struct engine *
find_engine(const char **out_path, const char *uri)
{
	size_t n = strspn(uri, "abcdefghijklmnopqrstuvwxyz");

	*out_path = uri;
	if (n < 2 || uri[n] != ':')
		return engines[0];
	*out_path = uri + n + 1;
	for (size_t i = 0; i < N_ENGINES; i++)
		if (strlen(engines[i]->scheme) == n &&
		    strncmp(engines[i]->scheme, uri, n) == 0)
			return engines[i];
	return NULL;
}

int
store_open(struct store **out, char **out_salvaged,
    const struct store_setup *setup, struct err *err)
{
	const struct engine *engine;
	const char *path;

	*out_salvaged = NULL;
	engine = find_engine(&path, setup->uri);
	if (engine == NULL)
		return err_set(err, ERR_INVALID,
		    "store %s: unknown kind of store: write sqlite:PATH",
		    setup->uri);
	if (path[0] == '\0')
		return err_set(err, ERR_INVALID,
		    "store %s: the path is missing: write sqlite:PATH",
		    setup->uri);
	if (setup->max_bytes < 0)
		return err_set(err, ERR_INVALID,
		    "store %s: a negative limit of size", setup->uri);
	return engine->open(out, out_salvaged, path, setup, err);
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	store_rollback(store);
	store->engine->close(store);
}

/* --- writing ----------------------------------------------------------------- */

int
store_begin(struct store *store, struct err *err)
{
	assert(!store->writing);
	if (store->engine->begin(store, err) < 0)
		return -1;
	store->writing = true;
	return 0;
}

int
store_commit(struct store *store, struct err *err)
{
	assert(store->writing);
	if (store->engine->commit(store, err) < 0)
		return -1;
	store->writing = false;
	return 0;
}

void
store_rollback(struct store *store)
{
	if (!store->writing)
		return;
	store->engine->rollback(store);
	store->writing = false;
}

int
store_put_batch(struct store *store, enum store_put *out, uint64_t *out_id,
    const struct store_batch *batch, struct err *err)
{
	assert(store->writing);
	if (!label_is_environment(batch->environment) ||
	    !label_is(batch->agent))
		return err_set(err, ERR_INVALID,
		    "store: batch of an agent without a valid name");
	if (batch->stream == 0 || batch->sequence == 0 ||
	    batch->sequence > INT64_MAX - 1)
		return err_set(err, ERR_INVALID,
		    "store: batch of agent %s/%s: stream or sequence out of "
		    "range",
		    batch->environment, batch->agent);
	if (batch->n_content > CONTENT_MAX)
		return err_set(err, ERR_LIMIT,
		    "store: batch of agent %s/%s: %zu bytes, at most %d",
		    batch->environment, batch->agent, batch->n_content,
		    CONTENT_MAX);
	return store->engine->put_batch(store, out, out_id, batch, err);
}

int
store_put_change(
    struct store *store, const struct change_row *change, struct err *err)
{
	assert(store->writing);
	return store->engine->put_change(store, change, err);
}

int
store_put_regression(struct store *store, uint64_t *out_id,
    const struct regression_row *row, struct err *err)
{
	assert(store->writing);
	*out_id = row->id;
	return store->engine->put_regression(store, out_id, row, err);
}

int
store_last_regression(struct store *store, uint64_t *out_id, struct err *err)
{
	*out_id = 0;
	return store->engine->last_regression(store, out_id, err);
}

int
store_put_mark(struct store *store, const struct mark *mark, struct err *err)
{
	assert(store->writing);
	if (!label_is_environment(mark->environment) ||
	    (mark->service[0] != '\0' && !label_is(mark->service)) ||
	    mark->n_attributes > ATTRIBUTES_MAX)
		return err_set(err, ERR_INVALID,
		    "store: a mark of no environment or service, or of %zu "
		    "attributes",
		    mark->n_attributes);
	return store->engine->put_mark(store, mark, err);
}

int
store_put_state(struct store *store, const char *key, const void *bytes,
    size_t n, struct err *err)
{
	assert(store->writing);
	if (key[0] == '\0' || strlen(key) > KEY_MAX_BYTES ||
	    n > STATE_MAX_BYTES)
		return err_set(err, ERR_LIMIT,
		    "store: state \"%.64s\": a key of 1 to %d bytes and a "
		    "content of at most %d",
		    key, KEY_MAX_BYTES, STATE_MAX_BYTES);
	return store->engine->put_state(store, key, bytes, n, err);
}

int
store_seal(struct store *store, uint64_t *out_n,
    const struct store_seal *request, struct err *err)
{
	assert(store->writing);
	return store->engine->seal(store, out_n, request, err);
}

int
store_expire(struct store *store, uint64_t *out_n, const char *environment,
    int64_t before_ms, uint32_t limit, struct err *err)
{
	assert(store->writing);
	return store->engine->expire(
	    store, out_n, environment, before_ms, limit, err);
}

int
store_expire_derived(struct store *store, uint64_t *out_n,
    enum store_derived what, const char *environment, int64_t before_ms,
    uint32_t limit, struct err *err)
{
	assert(store->writing);
	return store->engine->expire_derived(
	    store, out_n, what, environment, before_ms, limit, err);
}

/* --- reading ----------------------------------------------------------------- */

int
store_scan_batches(struct store *store, uint64_t after,
    store_batch_fn *on_batch, void *arg, struct err *err)
{
	return store->engine->scan_batches(store, after, on_batch, arg, err);
}

int
store_scan_span(struct store *store, const char *environment, const char *agent,
    int64_t from_ms, int64_t to_ms, store_batch_fn *on_batch, void *arg,
    struct err *err)
{
	return store->engine->scan_span(
	    store, environment, agent, from_ms, to_ms, on_batch, arg, err);
}

/* What a request leaves out gets its default. */
static uint32_t
limit_or_default(uint32_t limit)
{
	if (limit == 0)
		return LIMIT_DEFAULT;
	return limit < LIMIT_MAX ? limit : LIMIT_MAX;
}

static int64_t
end_or_never(int64_t to_ms)
{
	return to_ms == 0 ? INT64_MAX : to_ms;
}

int
store_scan_results(struct store *store, bool *out_more,
    const struct query_history *request, store_result_fn *on_result, void *arg,
    struct err *err)
{
	struct query_history whole = *request;

	whole.limit = limit_or_default(request->limit);
	whole.to_ms = end_or_never(request->to_ms);
	return store->engine->scan_results(
	    store, out_more, &whole, on_result, arg, err);
}

/* Rounds down to whole spans. */
static int64_t
floor_to(int64_t at_ms, int64_t span_ms)
{
	int64_t rest = at_ms % span_ms;

	return at_ms - (rest < 0 ? rest + span_ms : rest);
}

int
store_scan_rollups(struct store *store, const struct store_trend *request,
    store_rollup_fn *on_row, void *arg, struct err *err)
{
	struct store_trend whole = *request;
	int64_t span_ms = request->span_ms;

	if (span_ms != ROLLUP_HOUR_MS && span_ms != ROLLUP_DAY_MS)
		return err_set(err, ERR_INVALID,
		    "store: a trend goes by the hour or by the day");
	if (request->to_ms <= request->from_ms ||
	    request->from_ms < -TIME_MAX_MS || request->to_ms > TIME_MAX_MS ||
	    (request->to_ms - request->from_ms) / span_ms > STORE_TREND_MAX)
		return err_set(err, ERR_INVALID,
		    "store: a trend covers 1 to %d hours or days",
		    STORE_TREND_MAX);
	whole.from_ms = floor_to(request->from_ms, span_ms);
	whole.to_ms = floor_to(request->to_ms - 1, span_ms) + span_ms;
	return store->engine->scan_rollups(store, &whole, on_row, arg, err);
}

int
store_scan_moment(struct store *store, const char *environment, int64_t at_ms,
    store_moment_fn *on_row, void *arg, struct err *err)
{
	return store->engine->scan_moment(
	    store, environment, at_ms, false, on_row, arg, err);
}

int
store_scan_moment_whole(struct store *store, const char *environment,
    int64_t at_ms, store_moment_fn *on_row, void *arg, struct err *err)
{
	return store->engine->scan_moment(
	    store, environment, at_ms, true, on_row, arg, err);
}

int
store_scan_changes(struct store *store, bool *out_more,
    const struct query_changes *request, store_change_fn *on_change, void *arg,
    struct err *err)
{
	struct query_changes whole = *request;

	whole.limit = limit_or_default(request->limit);
	whole.to_ms = end_or_never(request->to_ms);
	return store->engine->scan_changes(
	    store, out_more, &whole, on_change, arg, err);
}

int
store_scan_regressions(struct store *store, bool *out_more,
    const struct query_regressions *request, store_regression_fn *on_row,
    void *arg, struct err *err)
{
	struct query_regressions whole = *request;

	whole.limit = limit_or_default(request->limit);
	whole.to_ms = end_or_never(request->to_ms);
	return store->engine->scan_regressions(
	    store, out_more, &whole, on_row, arg, err);
}

int
store_scan_marks(struct store *store, const struct store_marks *request,
    store_mark_fn *on_mark, void *arg, struct err *err)
{
	struct store_marks whole = *request;

	whole.to_ms = end_or_never(request->to_ms);
	return store->engine->scan_marks(store, &whole, on_mark, arg, err);
}

int
store_scan_states(struct store *store, const char *prefix,
    store_state_fn *on_state, void *arg, struct err *err)
{
	return store->engine->scan_states(store, prefix, on_state, arg, err);
}

int
store_sql(struct store *store, const char *sql, store_sql_fn *on_row, void *arg,
    struct err *err)
{
	return store->engine->sql(store, sql, on_row, arg, err);
}

int
store_measure(struct store *store, struct store_size *out, struct err *err)
{
	return store->engine->measure(store, out, err);
}

void
store_on_progress(
    struct store *store, store_progress_fn *on_progress, void *arg)
{
	store->on_progress = on_progress;
	store->progress_arg = arg;
}

int
store_verify(struct store *store, struct store_verified *out,
    store_damage_fn *on_damage, void *arg, struct err *err)
{
	return store->engine->verify(store, out, on_damage, arg, err);
}

int
store_repair(struct store *store, struct store_repaired *out,
    store_damage_fn *on_loss, void *arg, struct err *err)
{
	assert(store->writing);
	return store->engine->repair(store, out, on_loss, arg, err);
}

int
store_compact(struct store *store, struct err *err)
{
	assert(!store->writing);
	return store->engine->compact(store, err);
}

int
store_backup(struct store *store, const char *path, struct err *err)
{
	return store->engine->backup(store, path, err);
}
