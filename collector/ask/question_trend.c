/* Trends: rollups of the store, with what was marked on the way. */
#include <stdlib.h>
#include <string.h>

#include "collector/ask/draft_rows.h"
#include "collector/ask/questions.h"
#include "proto/base/mem.h"

#define VERSION          1
#define WEEK_MS          (7 * ROLLUP_DAY_MS)
#define MONDAY_MS        (4 * ROLLUP_DAY_MS) /* 1970-01-05 */
#define LAST_MS          (90 * ROLLUP_DAY_MS)
#define MARKED_MAX       1000
#define ANSWER_MAX_BYTES (14 * 1024 * 1024) /* below what a reply may have */

struct trend {
	const struct query_document *request;
	int64_t from_ms, to_ms, span_ms;
	struct draft draft;
	/* The series at hand; names are in the arena, "" before the first. */
	struct arena *arena;
	struct series series;
	bool is_open, more;
	uint32_t n_series;
	struct rollup total;
	/* The step at hand, of one rollup or, of a week, several. */
	struct rollup step;
	int64_t step_ms;
	bool is_begun;
};

/* --- numbers ------------------------------------------------------------------- */

static void
draft_rollup(struct draft *draft, const struct rollup *rollup)
{
	static const char *const shares[] = { "p50_ms", "p95_ms", "p99_ms" };
	static const uint32_t of[] = { 5000, 9500, 9900 };
	uint64_t n = 0;

	for (int i = 0; i < ROLLUP_OUTCOMES; i++)
		n += rollup->n[i];
	draft_count(draft, "results", n);
	for (int i = 0; i < ROLLUP_OUTCOMES; i++)
		draft_count(draft, outcome_name((enum outcome)i), rollup->n[i]);
	draft_count(draft, "censored", rollup->n_censored);
	draft_share(draft, "share_ok", rollup->n[OUTCOME_OK], n);
	for (int i = 0; i < 3; i++) {
		if (rollup->n_timed == 0)
			draft_null(draft, shares[i]);
		else
			draft_ms(draft, shares[i],
			    rollup_quantile_us(rollup, of[i]));
	}
	if (rollup->n_timed == 0)
		draft_null(draft, "max_ms");
	else
		draft_ms(draft, "max_ms", rollup->max_us);
}

static void
end_step(struct trend *trend)
{
	if (!trend->is_begun)
		return;
	draft_open(&trend->draft, NULL, '{');
	draft_time(&trend->draft, "at", trend->step_ms);
	draft_rollup(&trend->draft, &trend->step);
	draft_close(&trend->draft, '}');
	rollup_fini(&trend->step);
	trend->is_begun = false;
}

static void
end_series(struct trend *trend)
{
	end_step(trend);
	if (!trend->is_open)
		return;
	draft_close(&trend->draft, ']');
	draft_open(&trend->draft, "total", '{');
	draft_rollup(&trend->draft, &trend->total);
	draft_close(&trend->draft, '}');
	draft_close(&trend->draft, '}');
	rollup_fini(&trend->total);
	trend->is_open = false;
}

static void
begin_series(struct trend *trend, const struct series *key)
{
	const struct query_document *request = trend->request;

	/* All together are what was asked for. */
	trend->series = (struct series){
		.environment = arena_strdup(trend->arena,
		    key != NULL ? key->environment : request->environment),
		.service = arena_strdup(trend->arena,
		    key != NULL ? key->service : request->service),
		.agent = arena_strdup(
		    trend->arena, key != NULL ? key->agent : request->agent),
		.probe = arena_strdup(
		    trend->arena, key != NULL ? key->probe : request->probe),
	};
	draft_open(&trend->draft, NULL, '{');
	draft_place(
	    &trend->draft, trend->series.environment, trend->series.service);
	draft_text(&trend->draft, "agent", trend->series.agent);
	draft_text(&trend->draft, "probe", trend->series.probe);
	draft_open(&trend->draft, "points", '[');
	trend->is_open = true;
	trend->n_series++;
}

static bool
is_other(const struct trend *trend, const struct series *key)
{
	if (!trend->is_open || key == NULL)
		return !trend->is_open;
	return strcmp(trend->series.probe, key->probe) != 0 ||
	    strcmp(trend->series.service, key->service) != 0 ||
	    strcmp(trend->series.agent, key->agent) != 0 ||
	    strcmp(trend->series.environment, key->environment) != 0;
}

static int64_t
step_of(const struct trend *trend, int64_t at_ms)
{
	int64_t rest = (at_ms - MONDAY_MS) % WEEK_MS;

	if (trend->span_ms != WEEK_MS)
		return at_ms;
	return at_ms - (rest < 0 ? rest + WEEK_MS : rest);
}

static int
on_rollup(void *arg, const struct series *key, int64_t at_ms,
    const struct rollup *rollup, struct err *err)
{
	struct trend *trend = arg;
	int64_t step_ms = step_of(trend, at_ms);

	if (is_other(trend, key)) {
		end_series(trend);
		trend->more = trend->n_series == trend->request->limit;
		if (trend->more)
			return 1;
		begin_series(trend, key);
	}
	if (step_ms != trend->step_ms)
		end_step(trend);
	trend->step_ms = step_ms;
	trend->is_begun = true;
	rollup_merge(&trend->step, rollup);
	rollup_merge(&trend->total, rollup);
	if (trend->draft.text.n > ANSWER_MAX_BYTES)
		return err_set(err, ERR_INVALID,
		    "trend: more than %d MiB of it: ask for fewer series, "
		    "longer steps or a shorter span, or for all together",
		    ANSWER_MAX_BYTES / 1024 / 1024);
	return 0;
}

static int
draft_series(struct trend *trend, struct store *store, struct err *err)
{
	const struct query_document *request = trend->request;
	struct store_trend wanted = {
		.environment = request->environment,
		.service = request->service,
		.agent = request->agent,
		.probe = request->probe,
		.from_ms = trend->from_ms,
		.to_ms = trend->to_ms,
		.span_ms =
		    trend->span_ms == WEEK_MS ? ROLLUP_DAY_MS : trend->span_ms,
		.together = request->together,
	};
	int rc;

	draft_open(&trend->draft, "series", '[');
	rc = store_scan_rollups(store, &wanted, on_rollup, trend, err);
	end_series(trend);
	draft_close(&trend->draft, ']');
	draft_flag(&trend->draft, "more", trend->more);
	return rc;
}

/* --- what was marked on the way ---------------------------------------------------- */

static bool
is_asked(const char *wanted, const char *found)
{
	return wanted[0] == '\0' || strcmp(wanted, found) == 0;
}

/* Those of the series that are shown; drift and silence are of no probe. */
static int
on_regression(void *arg, const struct regression_row *row, struct err *err)
{
	struct trend *trend = arg;
	bool has_probe = row->kind == REGRESSION_STATE ||
	    row->kind == REGRESSION_LATENCY ||
	    row->kind == REGRESSION_ERROR_RATE;

	(void)err;
	if (row->onset_to_ms >= trend->from_ms &&
	    is_asked(trend->request->agent, row->agent) &&
	    (has_probe ? is_asked(trend->request->probe, row->subject)
		       : trend->request->probe[0] == '\0'))
		draft_regression(&trend->draft, row);
	return 0;
}

static int
on_mark(void *arg, const struct mark *mark, struct err *err)
{
	struct trend *trend = arg;

	(void)err;
	/* What happens to an environment happens to its services. */
	if (mark->service[0] == '\0' ||
	    is_asked(trend->request->service, mark->service))
		draft_mark(&trend->draft, mark);
	return trend->draft.text.n > ANSWER_MAX_BYTES;
}

static int
on_build(void *arg, const struct change_row *row, struct err *err)
{
	struct trend *trend = arg;

	(void)err;
	if (row->after_ms != 0) /* the first one ever seen is no deploy */
		draft_change(&trend->draft, row);
	return 0;
}

static int
draft_marked(struct trend *trend, struct store *store, struct err *err)
{
	const struct query_document *request = trend->request;
	const struct query_regressions regressions = {
		.environment = request->environment,
		.service = request->service,
		.from_ms = trend->from_ms,
		.to_ms = trend->to_ms,
		.limit = MARKED_MAX,
	};
	const struct query_changes builds = {
		.environment = request->environment,
		.service = request->service,
		.name = "build",
		.from_ms = trend->from_ms,
		.to_ms = trend->to_ms,
		.limit = MARKED_MAX,
	};
	const struct store_marks marks = { request->environment, "",
		trend->from_ms, trend->to_ms };
	struct draft *draft = &trend->draft;
	bool more;
	int rc;

	draft_open(draft, "regressions", '[');
	rc = store_scan_regressions(
	    store, &more, &regressions, on_regression, trend, err);
	draft_close(draft, ']');
	draft_open(draft, "marks", '[');
	if (rc == 0)
		rc = store_scan_marks(store, &marks, on_mark, trend, err);
	draft_close(draft, ']');
	draft_open(draft, "builds", '[');
	if (rc == 0)
		rc = store_scan_changes(
		    store, &more, &builds, on_build, trend, err);
	draft_close(draft, ']');
	return rc;
}

/* --- the whole ---------------------------------------------------------------------- */

static const char *
step_name(int64_t span_ms)
{
	return span_ms == ROLLUP_HOUR_MS ? "hour"
	    : span_ms == ROLLUP_DAY_MS   ? "day"
	    : span_ms == WEEK_MS         ? "week"
					 : NULL;
}

static void
draft_head(struct trend *trend)
{
	const struct query_document *request = trend->request;
	struct draft *draft = &trend->draft;

	draft_open(draft, NULL, '{');
	draft_count(draft, "version", VERSION);
	draft_place(draft, request->environment, request->service);
	draft_text(draft, "agent", request->agent);
	draft_text(draft, "probe", request->probe);
	draft_text(draft, "by", step_name(trend->span_ms));
	draft_time(draft, "from", trend->from_ms);
	draft_time(draft, "to", trend->to_ms);
	draft_flag(draft, "together", request->together);
}

char *
question_trend(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	struct trend trend = { .request = request, .arena = arena };
	int rc;

	trend.span_ms =
	    request->span_ms != 0 ? request->span_ms : ROLLUP_DAY_MS;
	trend.to_ms = question_at_ms(source, request);
	trend.from_ms = question_from_ms(request, trend.to_ms, LAST_MS);
	if (step_name(trend.span_ms) == NULL) {
		err_set(err, ERR_INVALID,
		    "trend: goes by the hour, the day or the week");
		return NULL;
	}
	if (trend.span_ms == WEEK_MS)
		trend.from_ms = step_of(&trend, trend.from_ms);
	draft_head(&trend);
	rc = draft_series(&trend, source->store, err);
	if (rc == 0 && trend.n_series == 0)
		rc = question_check(source, request->environment, err);
	if (rc == 0)
		rc = draft_marked(&trend, source->store, err);
	draft_close(&trend.draft, '}');
	rollup_fini(&trend.step);
	rollup_fini(&trend.total);
	if (rc == 0)
		return draft_take(&trend.draft);
	draft_fini(&trend.draft);
	return NULL;
}
