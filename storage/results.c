#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "proto/copy.h"
#include "storage/results.h"

/* A batch, or copies, that go with the last of their results. */
struct held {
	struct batch *batch;
	struct arena *arena;
	size_t n;
};

struct item {
	struct held *held;
	const struct series *series;
	const struct result *result;
};

struct results {
	const struct query_history *request;
	struct item *items;
	size_t n, room;
	bool sorted; /* trimmed to the newest limit, and in order */
	bool more;
};

struct results *
results_new(const struct query_history *request)
{
	struct results *results = mem_zalloc(sizeof(*results));

	results->request = request;
	return results;
}

static bool
is_equal_or_any(const char *wanted, const char *found)
{
	return wanted[0] == '\0' || strcmp(wanted, found) == 0;
}

static bool
matches(const struct query_history *request, const struct series *series,
    const struct result *result)
{
	return result->at_ms >= request->from_ms &&
	    result->at_ms < request->to_ms &&
	    is_equal_or_any(request->probe, series->probe) &&
	    is_equal_or_any(request->service, series->service) &&
	    is_equal_or_any(request->agent, series->agent) &&
	    is_equal_or_any(request->environment, series->environment);
}

static void
release(struct held *held)
{
	if (--held->n > 0)
		return;
	batch_free(held->batch);
	arena_free(held->arena);
	free(held);
}

static int
compare_series(const struct series *a, const struct series *b)
{
	int rc = strcmp(a->environment, b->environment);

	if (rc == 0)
		rc = strcmp(a->service, b->service);
	if (rc == 0)
		rc = strcmp(a->agent, b->agent);
	if (rc == 0)
		rc = strcmp(a->probe, b->probe);
	if (rc == 0)
		rc = (a->vantage > b->vantage) - (a->vantage < b->vantage);
	return rc;
}

/* Of one series at one time: by what was found, so that the order does not
 * depend on where the results come from. */
static int
compare_content(const struct result *a, const struct result *b)
{
	int rc = (a->duration_us < b->duration_us) -
	    (a->duration_us > b->duration_us);

	if (rc == 0)
		rc = (a->outcome > b->outcome) - (a->outcome < b->outcome);
	if (rc == 0)
		rc = (a->reason > b->reason) - (a->reason < b->reason);
	if (rc == 0)
		rc = strcmp(a->message, b->message);
	return rc;
}

static int
compare_items(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	int rc = (a->result->at_ms < b->result->at_ms) -
	    (a->result->at_ms > b->result->at_ms);

	if (rc == 0)
		rc = compare_series(a->series, b->series);
	if (rc == 0)
		rc = compare_content(a->result, b->result);
	return rc;
}

/* Sorts, and lets go of what is beyond the limit. */
static void
settle(struct results *results)
{
	if (results->sorted)
		return;
	if (results->n > 0) /* else there is no array */
		qsort(results->items, results->n, sizeof(*results->items),
		    compare_items);
	while (results->n > results->request->limit) {
		release(results->items[--results->n].held);
		results->more = true;
	}
	results->sorted = true;
}

static void
keep(struct results *results, struct held *held, const struct series *series,
    const struct result *result)
{
	if (results->n == results->room) {
		results->room = 2 * results->room + 64;
		results->items = mem_resize(
		    results->items, results->room, sizeof(*results->items));
	}
	results->items[results->n++] = (struct item){ held, series, result };
	held->n++;
	results->sorted = false;
}

/* Sorting costs more than keeping a few too many. */
static void
trim(struct results *results)
{
	size_t limit = results->request->limit;

	if (results->n > limit + limit / 2 + 16)
		settle(results);
}

void
results_add(struct results *results, struct batch *batch)
{
	struct held *held = mem_zalloc(sizeof(*held));

	held->batch = batch;
	held->n = 1; /* ours, until we are done with it */
	for (size_t i = 0; i < batch->n_results; i++) {
		const struct result *result = &batch->results[i];
		const struct series *series = &batch->series[result->series];

		if (matches(results->request, series, result))
			keep(results, held, series, result);
	}
	release(held);
	trim(results);
}

/* Where in the order of time does the span that is asked for end? */
static size_t
end_of_span(const struct chunk_view *view, int64_t to_ms)
{
	size_t low = 0, high = view->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (view->at_ms[middle] < to_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The newest limit + 1 of a chunk are enough, and those of the same time as
 * the last of them, for the order of equals. */
static size_t
start_of_need(
    const struct results *results, const struct chunk_view *view, size_t end)
{
	size_t need = (size_t)results->request->limit + 1, at = end;

	while (at > 0 && view->at_ms[at - 1] >= results->request->from_ms &&
	    (end - at < need || view->at_ms[at - 1] == view->at_ms[at]))
		at--;
	return at;
}

int
results_add_chunk(
    struct results *results, struct chunk_reader *reader, struct err *err)
{
	const struct chunk_view *view = chunk_view(reader);
	struct held *held;
	struct series *series;
	size_t end;

	if (chunk_decode(reader, CHUNK_ALL, err) < 0)
		return -1;
	held = mem_zalloc(sizeof(*held));
	held->arena = arena_new(0);
	held->n = 1;
	series = arena_zalloc(held->arena, view->n_series * sizeof(*series));
	for (size_t i = 0; i < view->n_series; i++)
		series_copy(&series[i], held->arena, &view->series[i]);
	end = end_of_span(view, results->request->to_ms);
	for (size_t i = start_of_need(results, view, end); i < end; i++) {
		struct result *copy = arena_zalloc(held->arena, sizeof(*copy));
		struct result row;

		chunk_row(reader, &row, i);
		result_copy(copy, held->arena, &row);
		if (matches(results->request, &series[row.series], copy))
			keep(results, held, &series[row.series], copy);
	}
	release(held);
	trim(results);
	return 0;
}

bool
results_is_past(const struct results *results, int64_t at_ms)
{
	size_t limit = results->request->limit;

	return results->sorted && results->more && results->n == limit &&
	    results->items[limit - 1].result->at_ms > at_ms;
}

int
results_visit(struct results *results, bool *out_more,
    store_result_fn *on_result, void *arg, struct err *err)
{
	int rc = 0;

	settle(results);
	*out_more = results->more;
	for (size_t i = 0; rc == 0 && i < results->n; i++)
		rc = on_result(arg, results->items[i].series,
		    results->items[i].result, err);
	return rc < 0 ? -1 : 0;
}

void
results_free(struct results *results)
{
	if (results == NULL)
		return;
	for (size_t i = 0; i < results->n; i++)
		release(results->items[i].held);
	free(results->items);
	free(results);
}
