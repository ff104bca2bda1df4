/* Questions whose answers are documents, of a store with a short history. */
#include "tests/collector/batches.h"

#include <jansson.h>

#include "collector/ask/document.h"

#define DAY_MS INT64_C(86400000)

/* A value of a document by its path, "series.0.probe", as JSON; "none" when
 * there is none.  Owned by the caller. */
static char *
value_at(const json_t *document, const char *path)
{
	char *all = mem_strdup(path), *save = NULL, *found;
	const json_t *value = document;

	for (char *word = strtok_r(all, ".", &save); word != NULL;
	     word = strtok_r(NULL, ".", &save))
		value = json_is_array(value)
		    ? json_array_get(value, (size_t)atoi(word))
		    : json_object_get(value, word);
	free(all);
	if (value == NULL)
		return mem_strdup("none");
	if (json_is_array(value))
		return mem_printf("%zu rows", json_array_size(value));
	found = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	return found;
}

static void
put_mark(struct bench *bench, enum mark_kind kind, const char *service)
{
	const struct mark mark = {
		.at_ms = bench->now.wall_ms,
		.environment = "staging",
		.service = service,
		.kind = kind,
		.subject = "build/v2",
		.summary = "",
	};
	struct err err = { 0 };

	if (store_begin(bench->store, &err) < 0 ||
	    store_put_mark(bench->store, &mark, &err) < 0 ||
	    store_commit(bench->store, &err) < 0)
		fail_msg("%s", err.text);
}

/* Ten good ones, a deploy with its build, five bad ones, and the next day one
 * good one; production goes on all the time. */
static void
tell_story(struct bench *bench)
{
	bench_play(bench, "build=v1 env/KEY=k1:aa setting/pool=5 db:g");
	for (int i = 0; i < 9; i++)
		bench_play(bench, "+10 db:g web:g");
	put_mark(bench, MARK_DEPLOY, "backend");
	bench_play(bench, "build=v2");
	for (int i = 0; i < 5; i++)
		bench_play(bench, "+10 db:c web:g");
	bench_play(bench,
	    "@production db:g build=v1 env/KEY=k2:aa setting/pool=5 "
	    "setting/only=1 @staging");
	bench_pass(bench, DAY_MS);
	bench_play(bench, "db:g");
}

static const struct question {
	const char *name;
	struct query_document request; /* to_ms: after the start */
	const char *path, *expect;
} questions[] = {
	{ "a trend goes day by day",
	    { .question = "trend", .environment = "staging", .probe = "db" },
	    "series.0.points", "2 rows" },
	{ "days begin at midnight",
	    { .question = "trend", .environment = "staging", .probe = "db" },
	    "series.0.points.0.at", "\"2026-01-05T00:00:00.000Z\"" },
	{ "it counts what was found",
	    { .question = "trend", .environment = "staging", .probe = "db" },
	    "series.0.points.0.results", "15" },
	{ "and what was not ok",
	    { .question = "trend", .environment = "staging", .probe = "db" },
	    "series.0.points.0.critical", "5" },
	{ "with the share of what was",
	    { .question = "trend", .environment = "staging", .probe = "db" },
	    "series.0.points.0.share_ok", "0.6666" },
	{ "a day that ended well is ok",
	    { .question = "trend", .environment = "staging", .probe = "db" },
	    "series.0.points.1.share_ok", "1" },
	{ "days of one week are one step",
	    { .question = "trend",
		.environment = "staging",
		.probe = "db",
		.span_ms = 7 * DAY_MS },
	    "series.0.points.0.results", "16" },
	{ "a week begins on Monday",
	    { .question = "trend",
		.environment = "staging",
		.probe = "db",
		.span_ms = 7 * DAY_MS },
	    "series.0.points.0.at", "\"2026-01-05T00:00:00.000Z\"" },
	{ "a trend may go hour by hour",
	    { .question = "trend",
		.environment = "staging",
		.probe = "db",
		.span_ms = DAY_MS / 24 },
	    "series.0.points.0.at", "\"2026-01-05T09:00:00.000Z\"" },
	{ "every series stands for itself",
	    { .question = "trend", .environment = "staging" }, "series",
	    "2 rows" },
	{ "environments are apart as well", { .question = "trend" }, "series",
	    "3 rows" },
	{ "or all are one", { .question = "trend", .together = true },
	    "series.0.total.results", "31" },
	{ "as many series as are asked for",
	    { .question = "trend", .limit = 2 }, "series", "2 rows" },
	{ "and it is said that there are more",
	    { .question = "trend", .limit = 2 }, "more", "true" },
	{ "a deploy is marked",
	    { .question = "trend", .environment = "staging", .probe = "db" },
	    "marks.0.kind", "\"deploy\"" },
	{ "a build that changed is marked",
	    { .question = "trend", .environment = "staging", .probe = "db" },
	    "builds.0.new", "\"v2\"" },
	{ "the first build is no deploy",
	    { .question = "trend", .environment = "production" }, "builds",
	    "0 rows" },
	{ "a regression of the probe is marked",
	    { .question = "trend", .environment = "staging", .probe = "db" },
	    "regressions.0.subject", "\"db\"" },
	{ "one of another probe is not",
	    { .question = "trend", .environment = "staging", .probe = "web" },
	    "regressions", "0 rows" },
	{ "a span without results is an empty trend",
	    { .question = "trend", .environment = "staging", .to_ms = -DAY_MS },
	    "series", "0 rows" },

	{ "what was red is told as it was then",
	    { .question = "timeline",
		.environment = "staging",
		.to_ms = 130000 },
	    "series.0.state", "\"critical\"" },
	{ "before that it was ok",
	    { .question = "timeline",
		.environment = "staging",
		.to_ms = 95000 },
	    "series.0.state", "\"ok\"" },
	{ "nothing was known before the beginning",
	    { .question = "timeline",
		.environment = "staging",
		.to_ms = -1000 },
	    "series", "0 rows" },
	{ "what was not seen for three intervals was stale",
	    { .question = "timeline",
		.environment = "staging",
		.to_ms = 140000 + 31000 },
	    "states.stale", "2" },
	{ "a regression that cleared later was open",
	    { .question = "timeline",
		.environment = "staging",
		.to_ms = 138000 },
	    "regressions.0.open", "true" },
	{ "one that was not detected yet was not",
	    { .question = "timeline",
		.environment = "staging",
		.to_ms = 101000 },
	    "regressions", "0 rows" },
	{ "the build is that of then",
	    { .question = "timeline",
		.environment = "staging",
		.to_ms = 80000 },
	    "facts.0.value", "\"v1\"" },
	{ "and later the other",
	    { .question = "timeline",
		.environment = "staging",
		.to_ms = 95000 },
	    "facts.0.value", "\"v2\"" },
	{ "the deploy had just been",
	    { .question = "timeline",
		.environment = "staging",
		.to_ms = 95000 },
	    "marks.0.subject", "\"build/v2\"" },
	{ "what is long ago had not",
	    { .question = "timeline",
		.environment = "staging",
		.to_ms = 95000,
		.last_ms = 4000 },
	    "marks", "0 rows" },

	{ "an outcome may differ",
	    { .question = "diff",
		.environment = "staging",
		.other = "production",
		.to_ms = 141000 },
	    "outcomes.0.likeness", "\"differs\"" },
	{ "both sides are told",
	    { .question = "diff",
		.environment = "staging",
		.other = "production",
		.to_ms = 141000 },
	    "outcomes.0.right.state", "\"ok\"" },
	{ "a probe may be on one side alone",
	    { .question = "diff",
		.environment = "staging",
		.other = "production",
		.to_ms = 141000 },
	    "outcomes.1.likeness", "\"missing\"" },
	{ "what is stale is not compared",
	    { .question = "diff",
		.environment = "staging",
		.other = "production",
		.to_ms = 141000 + 60000 },
	    "outcomes.0.likeness", "\"not_comparable\"" },
	{ "values differ",
	    { .question = "diff",
		.environment = "staging",
		.other = "production" },
	    "facts.0.likeness", "\"differs\"" },
	{ "fingerprints of two keys are not compared",
	    { .question = "diff",
		.environment = "staging",
		.other = "production" },
	    "facts.1.likeness", "\"not_comparable\"" },
	{ "a fact may be on one side alone",
	    { .question = "diff",
		.environment = "staging",
		.other = "production" },
	    "facts.2.left", "null" },
	{ "equal values are the same",
	    { .question = "diff",
		.environment = "staging",
		.other = "production" },
	    "facts.3.likeness", "\"same\"" },
	{ "likenesses are counted",
	    { .question = "diff",
		.environment = "staging",
		.other = "production" },
	    "counts.same", "1" },
};

/* Names that a row leaves out are "", and times are of the story. */
static struct query_document
completed(const struct query_document *request, int64_t now_ms)
{
	struct query_document whole = *request;

	whole.environment = request->environment ? request->environment : "";
	whole.other = request->other ? request->other : "";
	whole.probe = request->probe ? request->probe : "";
	whole.service = whole.agent = "";
	whole.limit = request->limit != 0 ? request->limit : 100;
	whole.to_ms = request->to_ms != 0 ? START_MS + request->to_ms : now_ms;
	return whole;
}

static void
test_question(void **state)
{
	const struct question *question = *state;
	struct query_document request;
	struct document_source source;
	struct err err = { 0 };
	struct arena *arena = arena_new(0);
	struct bench bench;
	const char *json;
	json_t *document;
	char *found;

	bench_open(&bench);
	tell_story(&bench);
	source = (struct document_source){ bench.store, bench.config,
		bench.now.wall_ms };
	request = completed(&question->request, bench.now.wall_ms);
	if (document_make(&json, arena, &source, &request, &err) < 0)
		fail_msg("%s", err.text);
	document = json_loads(json, 0, NULL);
	assert_non_null(document);
	found = value_at(document, question->path);
	assert_string_equal(found, question->expect);
	free(found);
	json_decref(document);
	arena_free(arena);
	bench_close(&bench);
}

/* --- what cannot be answered ------------------------------------------------------ */

static const struct refusal {
	const char *name;
	struct query_document request;
	enum err_code code;
	const char *says;
} refusals[] = {
	{ "an unknown question is told which there are",
	    { .question = "horoscope" }, ERR_INVALID,
	    "not one of: diagnose, incidents, report, trend, timeline" },
	{ "a trend of an environment that nobody heard of is not found",
	    { .question = "trend", .environment = "stagign" }, ERR_NOT_FOUND,
	    "stagign" },
	{ "nor is its timeline",
	    { .question = "timeline", .environment = "stagign" }, ERR_NOT_FOUND,
	    "stagign" },
	{ "nor is its difference from another",
	    { .question = "diff",
		.environment = "staging",
		.other = "stagign" },
	    ERR_NOT_FOUND, "stagign" },
	{ "an environment does not differ from itself",
	    { .question = "diff",
		.environment = "staging",
		.other = "staging" },
	    ERR_INVALID, "name two environments" },
	{ "a trend goes by the hour, the day or the week",
	    { .question = "trend", .span_ms = 60000 }, ERR_INVALID,
	    "the hour, the day or the week" },
	{ "hours of more than two years are too many",
	    { .question = "trend",
		.span_ms = DAY_MS / 24,
		.last_ms = 900 * DAY_MS },
	    ERR_INVALID, "20000 hours or days" },
};

static void
test_refusal(void **state)
{
	const struct refusal *refusal = *state;
	struct query_document request;
	struct document_source source;
	struct err err = { 0 };
	struct arena *arena = arena_new(0);
	struct bench bench;
	const char *json;

	bench_open(&bench);
	bench_play(&bench, "db:g");
	source = (struct document_source){ bench.store, bench.config,
		bench.now.wall_ms };
	request = completed(&refusal->request, bench.now.wall_ms);
	assert_int_equal(
	    document_make(&json, arena, &source, &request, &err), -1);
	assert_int_equal(err.code, refusal->code);
	if (strstr(err.text, refusal->says) == NULL)
		fail_msg("%s", err.text);
	arena_free(arena);
	bench_close(&bench);
}

int
main(void)
{
	int failed = TABLE_RUN(questions, test_question);

	return failed + TABLE_RUN(refusals, test_refusal);
}
