/* How everything stood at a moment, what was known, what had just changed. */
#include <stdlib.h>
#include <string.h>

#include "collector/ask/draft_rows.h"
#include "collector/ask/facts.h"
#include "collector/ask/questions.h"
#include "proto/base/mem.h"

#define VERSION   1
#define JUST_MS   INT64_C(3600000) /* what had "just" changed */
#define ROWS_MAX  10000
#define FORGET_MS ROLLUP_DAY_MS /* an agent does without a probe that long */

struct timeline {
	const struct query_document *request;
	int64_t at_ms, from_ms;
	struct draft draft;
	uint64_t n[STATE_BLIND + 1]; /* series in each state */
	uint64_t n_rows;
};

/* --- series --------------------------------------------------------------------- */

static enum state
state_of(const struct timeline *timeline, const struct store_moment *moment)
{
	int64_t limit_ms = (int64_t)moment->interval_ms * STORE_HOLE_INTERVALS;

	if (limit_ms > 0 && timeline->at_ms - moment->to_ms > limit_ms)
		return STATE_STALE;
	return (enum state)moment->outcome;
}

static void
draft_reason(struct draft *draft, enum reason reason)
{
	draft_text(draft, "reason",
	    reason == REASON_NONE ? NULL : reason_name(reason));
}

static int
on_moment(void *arg, const struct store_moment *moment, struct err *err)
{
	struct timeline *timeline = arg;
	const struct series *series = moment->series;
	const char *service = timeline->request->service;
	struct draft *draft = &timeline->draft;
	enum state state = state_of(timeline, moment);

	(void)err;
	if (service[0] != '\0' && strcmp(service, series->service) != 0)
		return 0;
	/* Taken away, not broken. */
	if (state == STATE_STALE && timeline->at_ms - moment->to_ms > FORGET_MS)
		return 0;
	timeline->n[state]++;
	timeline->n_rows++;
	draft_open(draft, NULL, '{');
	draft_place(draft, series->environment, series->service);
	draft_text(draft, "agent", series->agent);
	draft_text(draft, "probe", series->probe);
	draft_text(draft, "state", state_name(state));
	draft_text(draft, "outcome", outcome_name(moment->outcome));
	draft_reason(draft, moment->reason);
	draft_time(draft, "since", moment->from_ms);
	draft_time(draft, "last",
	    moment->to_ms < timeline->at_ms ? moment->to_ms : timeline->at_ms);
	draft_close(draft, '}');
	return 0;
}

static int
draft_states(struct timeline *timeline, struct store *store, struct err *err)
{
	struct draft *draft = &timeline->draft;
	int rc;

	draft_open(draft, "series", '[');
	rc = store_scan_moment_whole(store, timeline->request->environment,
	    timeline->at_ms, on_moment, timeline, err);
	draft_close(draft, ']');
	draft_open(draft, "states", '{');
	for (int i = 0; i < STATE_BLIND; i++)
		draft_count(draft, state_name((enum state)i), timeline->n[i]);
	draft_close(draft, '}');
	return rc;
}

/* --- regressions, facts --------------------------------------------------------------- */

/* As they stood then: what cleared later was open. */
static int
on_regression(void *arg, const struct regression_row *row, struct err *err)
{
	struct timeline *timeline = arg;
	struct regression_row then = *row;

	(void)err;
	if (row->detected_ms > timeline->at_ms ||
	    (row->cleared_ms != 0 && row->cleared_ms <= timeline->at_ms))
		return 0;
	then.cleared_ms = 0;
	draft_regression(&timeline->draft, &then);
	return 0;
}

static int
draft_open_then(struct timeline *timeline, struct store *store, struct err *err)
{
	const struct query_regressions wanted = {
		.environment = timeline->request->environment,
		.service = timeline->request->service,
		.from_ms = timeline->at_ms,
		.to_ms = timeline->at_ms + 1,
		.limit = ROWS_MAX,
	};
	bool more;
	int rc;

	draft_open(&timeline->draft, "regressions", '[');
	rc = store_scan_regressions(
	    store, &more, &wanted, on_regression, timeline, err);
	draft_close(&timeline->draft, ']');
	return rc;
}

static int
draft_facts(struct timeline *timeline, struct arena *arena, struct store *store,
    struct err *err)
{
	const struct query_changes wanted = {
		.environment = timeline->request->environment,
		.service = timeline->request->service,
		.name = "",
		.to_ms = timeline->at_ms + 1,
	};
	struct draft *draft = &timeline->draft;
	struct facts facts;

	if (facts_at(&facts, arena, store, &wanted, err) < 0)
		return -1;
	draft_open(draft, "facts", '[');
	for (size_t i = 0; i < facts.n; i++) {
		const struct change_row *row = &facts.rows[i];

		draft_open(draft, NULL, '{');
		draft_place(draft, row->environment, row->service);
		draft_text(draft, "name", row->name);
		draft_text(draft, "source", source_name(row->source));
		draft_text(draft, "agent", row->agent);
		draft_text(draft, "value", row->after);
		draft_time(draft, "since", row->before_ms);
		draft_close(draft, '}');
	}
	draft_close(draft, ']');
	timeline->n_rows += facts.n;
	return 0;
}

/* --- what had just changed ------------------------------------------------------------ */

static int
on_change(void *arg, const struct change_row *row, struct err *err)
{
	struct timeline *timeline = arg;

	(void)err;
	draft_change(&timeline->draft, row);
	return 0;
}

static int
on_mark(void *arg, const struct mark *mark, struct err *err)
{
	struct timeline *timeline = arg;
	const char *service = timeline->request->service;

	(void)err;
	if (service[0] == '\0' || mark->service[0] == '\0' ||
	    strcmp(service, mark->service) == 0)
		draft_mark(&timeline->draft, mark);
	return 0;
}

static int
draft_recent(struct timeline *timeline, struct store *store, struct err *err)
{
	const struct query_changes changes = {
		.environment = timeline->request->environment,
		.service = timeline->request->service,
		.name = "",
		.from_ms = timeline->from_ms,
		.to_ms = timeline->at_ms + 1,
		.limit = ROWS_MAX,
	};
	const struct store_marks marks = { timeline->request->environment, "",
		timeline->from_ms, timeline->at_ms + 1 };
	bool more;
	int rc;

	draft_time(&timeline->draft, "recent_from", timeline->from_ms);
	draft_open(&timeline->draft, "changes", '[');
	rc = store_scan_changes(
	    store, &more, &changes, on_change, timeline, err);
	draft_close(&timeline->draft, ']');
	draft_open(&timeline->draft, "marks", '[');
	if (rc == 0)
		rc = store_scan_marks(store, &marks, on_mark, timeline, err);
	draft_close(&timeline->draft, ']');
	return rc;
}

char *
question_timeline(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	struct timeline timeline = { .request = request };
	struct draft *draft = &timeline.draft;
	int rc;

	timeline.at_ms = question_at_ms(source, request);
	timeline.from_ms = question_from_ms(request, timeline.at_ms, JUST_MS);
	draft_open(draft, NULL, '{');
	draft_count(draft, "version", VERSION);
	draft_place(draft, request->environment, request->service);
	draft_time(draft, "at", timeline.at_ms);
	rc = draft_states(&timeline, source->store, err);
	if (rc == 0)
		rc = draft_open_then(&timeline, source->store, err);
	if (rc == 0)
		rc = draft_facts(&timeline, arena, source->store, err);
	if (rc == 0)
		rc = draft_recent(&timeline, source->store, err);
	if (rc == 0 && timeline.n_rows == 0)
		rc = question_check(source, request->environment, err);
	draft_close(draft, '}');
	if (rc == 0)
		return draft_take(draft);
	draft_fini(draft);
	return NULL;
}
