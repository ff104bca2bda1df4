#include <stdlib.h>
#include <string.h>

#include "collector/ask/answer.h"
#include "collector/ask/questions.h"
#include "collector/ask/standing.h"
#include "collector/pipeline/rows.h"
#include "proto/base/text.h"
#include "proto/copy.h"

/* --- status ------------------------------------------------------------- */

static bool
matches(const char *wanted, const char *is)
{
	return wanted[0] == '\0' || strcmp(wanted, is) == 0;
}

static void
add_series(struct status_answer *out, const struct standing *standing,
    const struct query_status *request)
{
	struct series_row *rows = arena_zalloc(standing->arena,
	    map_count(standing->fleet->series) * sizeof(*rows));
	struct series_row *row;

	out->series = rows;
	MAP_EACH (const struct fleet_series, series, standing->fleet->series) {
		if (!matches(
			request->environment, series->series.environment) ||
		    !matches(request->service, series->series.service))
			continue;
		row = &rows[out->n_series++];
		*row = (struct series_row){
			.state = standing_series(series, standing->now),
			.hard = (enum level)series->last.outcome ==
			    series->watch.hard,
			.since_ms = series->since_ms,
			.n_results = series->n_results,
		};
		series_copy(&row->series, standing->arena, &series->series);
		result_copy(&row->last, standing->arena, &series->last);
	}
}

static void
add_agents(struct status_answer *out, const struct standing *standing,
    const struct query_status *request)
{
	struct arena *arena = standing->arena;
	struct agent_row *rows = arena_zalloc(
	    arena, map_count(standing->fleet->agents) * sizeof(*rows));

	out->agents = rows;
	MAP_EACH (const struct fleet_agent, agent, standing->fleet->agents) {
		if (!matches(request->environment, agent->environment))
			continue;
		rows[out->n_agents++] = (struct agent_row){
			.environment = arena_strdup(arena, agent->environment),
			.agent = arena_strdup(arena, agent->agent),
			.version = arena_strdup(arena, agent->version),
			.vantage = agent->vantage,
			.seen_ms = agent->seen_ms,
			.silent = agent->open != 0,
			.clock_offset_ms = agent->clock_offset_ms,
			.waiting = agent->waiting,
			.lost_results = agent->lost_results,
			.lost_from_ms = agent->lost_from_ms,
			.lost_to_ms = agent->lost_to_ms,
		};
	}
}

static void
add_open(struct status_answer *out, const struct standing *standing,
    const struct query_status *request)
{
	struct regression_row *rows = arena_zalloc(
	    standing->arena, map_count(standing->fleet->open) * sizeof(*rows));

	out->open = rows;
	MAP_EACH (const struct fleet_regression, open, standing->fleet->open) {
		if (matches(request->environment, open->row.environment) &&
		    matches(request->service, open->row.service))
			rows[out->n_open++] =
			    rows_regression(standing->arena, &open->row);
	}
}

/* Comparisons need all cells; only then is left out what was not asked for. */
static void
restrict_to(struct status_answer *out, const struct query_status *request)
{
	struct cell_row *cells = (struct cell_row *)(uintptr_t)out->cells;
	struct finding_row *findings =
	    (struct finding_row *)(uintptr_t)out->findings;
	size_t n = 0;

	for (size_t i = 0; i < out->n_cells; i++)
		if (matches(request->environment, cells[i].environment) &&
		    matches(request->service, cells[i].service))
			cells[n++] = cells[i];
	out->n_cells = n;
	n = 0;
	for (size_t i = 0; i < out->n_findings; i++)
		if (matches(request->environment, findings[i].environment) &&
		    (findings[i].service[0] == '\0' ||
			matches(request->service, findings[i].service)))
			findings[n++] = findings[i];
	out->n_findings = n;
}

/* Is this environment configured, or was anything heard of it? */
static int
check_pictured(
    const struct answer *answer, const char *environment, struct err *err)
{
	if (environment[0] == '\0' ||
	    config_environment(answer->config, environment) != NULL)
		return 0;
	MAP_EACH (
	    const struct fleet_agent, agent, answer->fleet(answer->arg)->agents)
		if (strcmp(agent->environment, environment) == 0)
			return 0;
	return question_unknown(environment, err);
}

static int
answer_status(void *arg, struct status_answer *out, struct arena *arena,
    const struct query_status *request, struct err *err)
{
	const struct answer *answer = arg;
	struct standing standing = {
		.config = answer->config,
		.fleet = answer->fleet(answer->arg),
		.now = answer->now(answer->arg),
		.arena = arena,
	};

	if (check_pictured(answer, request->environment, err) < 0)
		return -1;
	memset(out, 0, sizeof(*out));
	out->at_ms = standing.now.wall_ms;
	standing_cells(&standing, out);
	standing_findings(&standing, out);
	restrict_to(out, request);
	add_series(out, &standing, request);
	add_agents(out, &standing, request);
	add_open(out, &standing, request);
	return 0;
}

/* --- from the store, by whoever has one ---------------------------------- */

static struct document_source
source_of(const struct answer *answer)
{
	return (struct document_source){
		.store = answer->store,
		.config = answer->config,
		.now_ms = answer->now(answer->arg).wall_ms,
	};
}

static int
check_environment(
    const struct answer *answer, const char *environment, struct err *err)
{
	const struct document_source source = source_of(answer);

	return question_check(&source, environment, err);
}

/* Rows that grow while the store is scanned. */
struct rows {
	struct arena *arena;
	void *rows;
	size_t n, room;
};

static void *
add_row(struct rows *rows, size_t size)
{
	if (rows->n == rows->room) {
		rows->room = rows->room > 0 ? rows->room * 2 : 64;
		rows->rows = mem_resize(rows->rows, rows->room, size);
	}
	return (char *)rows->rows + rows->n++ * size;
}

/* Moves the rows into the arena. */
static const void *
finish(struct rows *rows, size_t size)
{
	void *moved = arena_zalloc(rows->arena, rows->n * size);

	if (rows->n > 0)
		memcpy(moved, rows->rows, rows->n * size);
	free(rows->rows);
	return moved;
}

static int
on_result(void *arg, const struct series *series, const struct result *result,
    struct err *err)
{
	struct rows *rows = arg;
	struct history_row *row = add_row(rows, sizeof(*row));

	(void)err;
	series_copy(&row->series, rows->arena, series);
	result_copy(&row->result, rows->arena, result);
	return 0;
}

static int
answer_history(void *arg, struct history_answer *out, struct arena *arena,
    const struct query_history *request, struct err *err)
{
	const struct answer *answer = arg;
	struct rows rows = { .arena = arena };
	int rc;

	memset(out, 0, sizeof(*out));
	if (check_environment(answer, request->environment, err) < 0)
		return -1;
	rc = store_scan_results(
	    answer->store, &out->more, request, on_result, &rows, err);
	out->n_rows = rows.n;
	out->rows = finish(&rows, sizeof(*out->rows));
	return rc;
}

static int
on_change(void *arg, const struct change_row *change, struct err *err)
{
	struct rows *rows = arg;
	struct change_row *row = add_row(rows, sizeof(*row));

	(void)err;
	*row = rows_change(rows->arena, change);
	return 0;
}

struct marking {
	struct rows rows;
	const char *pattern; /* of the name; "" for all */
	const char *service;
};

/* What happens to an environment happens to its services. */
static int
on_mark(void *arg, const struct mark *mark, struct err *err)
{
	struct marking *marking = arg;
	struct mark *row;

	(void)err;
	if ((mark->service[0] != '\0' &&
		!matches(marking->service, mark->service)) ||
	    (marking->pattern[0] != '\0' &&
		!text_matches(marking->pattern, mark->subject)))
		return 0;
	row = add_row(&marking->rows, sizeof(*row));
	*row = rows_mark(marking->rows.arena, mark);
	return 0;
}

/* The newest, the newest first; the store gives the oldest first. */
static int
add_marks(const struct answer *answer, struct changes_answer *out,
    struct arena *arena, const struct query_changes *request, struct err *err)
{
	struct marking marking = { .rows = { .arena = arena },
		.pattern = request->name,
		.service = request->service };
	const struct store_marks wanted = { request->environment, "",
		request->from_ms, request->to_ms };
	const struct mark *all;
	struct mark *marks;
	size_t n;
	int rc;

	rc = store_scan_marks(answer->store, &wanted, on_mark, &marking, err);
	n = marking.rows.n;
	all = finish(&marking.rows, sizeof(*all));
	out->n_marks = n < request->limit ? n : request->limit;
	out->more |= n > out->n_marks;
	marks = arena_zalloc(arena, out->n_marks * sizeof(*marks));
	for (size_t i = 0; i < out->n_marks; i++)
		marks[i] = all[n - 1 - i];
	out->marks = marks;
	return rc;
}

static int
answer_changes(void *arg, struct changes_answer *out, struct arena *arena,
    const struct query_changes *request, struct err *err)
{
	const struct answer *answer = arg;
	struct rows rows = { .arena = arena };
	int rc;

	memset(out, 0, sizeof(*out));
	if (check_environment(answer, request->environment, err) < 0)
		return -1;
	rc = store_scan_changes(
	    answer->store, &out->more, request, on_change, &rows, err);
	out->n_rows = rows.n;
	out->rows = finish(&rows, sizeof(*out->rows));
	return rc < 0 ? -1 : add_marks(answer, out, arena, request, err);
}

static int
on_regression(void *arg, const struct regression_row *row, struct err *err)
{
	struct rows *rows = arg;
	struct regression_row *added = add_row(rows, sizeof(*added));

	(void)err;
	*added = rows_regression(rows->arena, row);
	return 0;
}

static int
answer_regressions(void *arg, struct regressions_answer *out,
    struct arena *arena, const struct query_regressions *request,
    struct err *err)
{
	const struct answer *answer = arg;
	struct rows rows = { .arena = arena };
	int rc;

	memset(out, 0, sizeof(*out));
	if (check_environment(answer, request->environment, err) < 0)
		return -1;
	rc = store_scan_regressions(
	    answer->store, &out->more, request, on_regression, &rows, err);
	out->n_rows = rows.n;
	out->rows = finish(&rows, sizeof(*out->rows));
	return rc;
}

static int
answer_document(void *arg, const char **out_json, struct arena *arena,
    const struct query_document *request, struct err *err)
{
	const struct answer *answer = arg;
	const struct document_source source = source_of(answer);

	return document_make(out_json, arena, &source, request, err);
}

const struct query_handlers answer_handlers = {
	.status = answer_status,
	.history = answer_history,
	.changes = answer_changes,
	.regressions = answer_regressions,
	.document = answer_document,
};
