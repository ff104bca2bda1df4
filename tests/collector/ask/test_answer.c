/* What people are told: cells, comparisons, and lists, live and offline. */
#include "tests/collector/batches.h"

#include "collector/ask/answer.h"

static const struct fleet *
fleet_of(void *arg)
{
	const struct bench *bench = arg;

	return pipeline_fleet(bench->pipeline);
}

static struct moment
now_of(void *arg)
{
	const struct bench *bench = arg;

	return bench->now;
}

static void
use_config(struct bench *bench)
{
	static const char yaml[] =
	    "store: s\nlisten: [{url: 'ipc:///x'}]\n"
	    "environments: {staging: {compare_with: [production]}, "
	    "production: {}}\nservices: [{name: backend}]\n";
	char path[FOLDER_PATH_BYTES];
	struct err err = { 0 };

	config_free(bench->config);
	folder_write(path, &bench->folder, "c.yaml", yaml, strlen(yaml));
	if (config_load(&bench->config, path, &err) < 0)
		fail_msg("%s", err.text);
	pipeline_set_config(bench->pipeline, bench->config);
}

static struct answer
answer_of(struct bench *bench)
{
	return (struct answer){
		.fleet = fleet_of,
		.now = now_of,
		.arg = bench,
		.store = bench->store,
		.config = bench->config,
	};
}

static void
ask_status(struct bench *bench, struct status_answer *out, struct arena *arena,
    const char *environment)
{
	struct query_status request = { environment, "" };
	struct answer answer = answer_of(bench);
	struct err err = { 0 };

	if (answer_handlers.status(&answer, out, arena, &request, &err) < 0)
		fail_msg("%s", err.text);
}

/* --- cells -------------------------------------------------------------- */

/* Of staging/backend. */
static const struct cell_story {
	const char *name;
	const char *words;
	enum state state;
	const char *why;
} cells[] = {
	{ "a cell that nobody looks at is blind", "", STATE_BLIND,
	    "no probe looks at it from a vantage that counts" },
	{ "one that only a workstation saw is blind", "laptop db:g",
	    STATE_BLIND, "no probe looks at it from a vantage that counts" },
	{ "all ok is ok", "db:g env:g", STATE_OK, "" },
	{ "the worst is told", "db:w env:g web:c", STATE_CRITICAL,
	    "web: connection refused" },
	{ "of equals the one nearest to the ground", "web:c +1 db:c +1 env:c",
	    STATE_CRITICAL, "env: connection refused" },
	{ "what could not tell outweighs a warning", "db:u env:w",
	    STATE_UNKNOWN, "db: connection refused" },
	{ "thirty seconds after a result of ten it still holds", "db:c +30",
	    STATE_CRITICAL, "db: connection refused" },
	{ "after that it is stale, never the last colour", "db:c +33",
	    STATE_STALE, "db: no result for 33.0 s" },
	{ "a stale probe makes a cell stale beside one that is ok",
	    "db:g +33 env:g", STATE_STALE, "db: no result for 33.0 s" },
	{ "a probe that its agent does without is no part of it any more",
	    "db:c +3700 env:g", STATE_OK, "" },
	{ "a run with reference inputs is no part of it", "db:g db.reference:c",
	    STATE_OK, "" },
	{ "another environment is no part of it", "db:g @production db:c",
	    STATE_OK, "" },
};

static const struct cell_row *
cell_of(const struct status_answer *status, const char *environment)
{
	for (size_t i = 0; i < status->n_cells; i++)
		if (strcmp(status->cells[i].environment, environment) == 0 &&
		    strcmp(status->cells[i].service, "backend") == 0)
			return &status->cells[i];
	fail_msg("no cell of %s", environment);
	return NULL;
}

static void
test_cell(void **state)
{
	const struct cell_story *row = *state;
	struct arena *arena = arena_new(0);
	const struct cell_row *cell;
	struct status_answer status;
	struct bench bench;

	bench_open(&bench);
	use_config(&bench);
	bench_play(&bench, row->words);
	ask_status(&bench, &status, arena, "");
	assert_int_equal(status.n_cells, 2);
	cell = cell_of(&status, "staging");
	assert_int_equal(cell->state, row->state);
	assert_string_equal(cell->why, row->why);
	arena_free(arena);
	bench_close(&bench);
}

/* --- comparisons -------------------------------------------------------- */

static const struct finding_story {
	const char *name;
	const char *words;
	const char *expect; /* "kind: text" of each, in order */
} findings[] = {
	{ "nothing is said of what is well", "db:g @production db:g", "" },
	{ "own inputs that fail beside reference inputs that pass",
	    "db:c db.reference:g",
	    "reference: db: own inputs fail (connect.refused), reference "
	    "inputs pass in the same run (3.20 ms): what it was given is at "
	    "fault\n" },
	{ "both failing alike", "db:c db.reference:c",
	    "reference: db: own and reference inputs fail alike "
	    "(connect.refused): the dependency or the way to it\n" },
	{ "a reference run of long ago says nothing",
	    "db.reference:g +300 db:c", "" },
	{ "a healthy peer", "db:c @production db:g",
	    "peer: backend is ok in production at the same time\n" },
	{ "the same build, healthy elsewhere",
	    "build=v1 db:c @production build=v1 db:g",
	    "build: the same build v1 is healthy in production at the same "
	    "time\npeer: backend is ok in production at the same time\n" },
	{ "another build, healthy elsewhere",
	    "build=v2 db:c @production build=v1 db:g",
	    "build: another build runs here: v2, and v1 in production, which "
	    "is healthy\npeer: backend is ok in production at the same "
	    "time\n" },
	{ "a peer that is stale proves nothing",
	    "@production db:g +40 @staging db:c",
	    "blind: agent stg-1 is silent: nothing it watches can be "
	    "seen\n" },
	{ "a probe that was taken away", "db:g +3700 env:g",
	    "blind: db: no result any more, though agent stg-1 lives: was it "
	    "taken out of its configuration?\n" },
	{ "a workstation is no witness", "laptop db:c",
	    "blind: db: stg-1 has results from a workstation only, which say "
	    "nothing of staging; its agent cannot prove where it stands\n" },
};

static void
test_finding(void **state)
{
	const struct finding_story *row = *state;
	struct arena *arena = arena_new(0);
	struct text text = { 0 };
	struct status_answer status;
	struct bench bench;
	char *found;

	bench_open(&bench);
	use_config(&bench);
	bench_play(&bench, row->words);
	ask_status(&bench, &status, arena, "");
	for (size_t i = 0; i < status.n_findings; i++)
		text_addf(&text, "%s: %s\n", status.findings[i].kind,
		    status.findings[i].text);
	found = text_take(&text);
	assert_string_equal(found, row->expect);
	free(found);
	arena_free(arena);
	bench_close(&bench);
}

/* --- lists -------------------------------------------------------------- */

static const struct list_story {
	const char *name;
	const char *environment;
	size_t n_series, n_history, n_changes, n_regressions;
} lists[] = {
	{ "everything is listed when nothing is left out", "", 3, 6, 2, 1 },
	{ "one environment on request", "staging", 2, 5, 1, 1 },
	{ "and the other", "production", 1, 1, 1, 0 },
};

static const char told[] = "x=1 db:g db:c db:c db:c env:g @production x=2 db:g";

static void
check_lists(struct bench *bench, const struct list_story *row)
{
	struct query_history history = { row->environment, "", "", "", 0, 0,
		100 };
	struct query_changes changes = { row->environment, "", "", 0, 0, 100 };
	struct query_regressions regressions = {
		.environment = row->environment, .service = ""
	};
	struct answer answer = answer_of(bench);
	struct arena *arena = arena_new(0);
	struct regressions_answer found;
	struct changes_answer changed;
	struct status_answer status;
	struct history_answer past;
	struct err err;

	ask_status(bench, &status, arena, row->environment);
	assert_int_equal(status.n_series, row->n_series);
	assert_int_equal(status.n_open, row->n_regressions);
	assert_int_equal(
	    answer_handlers.history(&answer, &past, arena, &history, &err), 0);
	assert_int_equal(past.n_rows, row->n_history);
	assert_int_equal(
	    answer_handlers.changes(&answer, &changed, arena, &changes, &err),
	    0);
	assert_int_equal(changed.n_rows, row->n_changes);
	assert_int_equal(answer_handlers.regressions(
			     &answer, &found, arena, &regressions, &err),
	    0);
	assert_int_equal(found.n_rows, row->n_regressions);
	arena_free(arena);
}

static void
test_list(void **state)
{
	struct bench bench;

	bench_open(&bench);
	bench_play(&bench, told);
	check_lists(&bench, *state);
	bench_close(&bench);
}

/* The same from a store that is only read. */
static void
test_offline(void **state)
{
	struct store_setup setup = { .mode = STORE_READ };
	struct err err = { 0 };
	char *salvaged = NULL;
	struct bench bench;

	bench_open(&bench);
	bench_play(&bench, told);
	bench_close_store(&bench);
	setup.uri = bench.path;
	if (store_open(&bench.store, &salvaged, &setup, &err) < 0 ||
	    pipeline_open(&bench.pipeline, bench.store, bench.config, bench.now,
		&err) < 0)
		fail_msg("%s", err.text);
	check_lists(&bench, *state);
	bench_close(&bench);
}

static const struct unknown {
	const char *name;
} unknowns[] = {
	{ "an environment that nobody heard of is not found" },
};

static void
test_unknown(void **state)
{
	struct query_status request = { "stagign", "" };
	struct arena *arena = arena_new(0);
	struct status_answer status;
	struct answer answer;
	struct bench bench;
	struct err err;

	(void)state;
	bench_open(&bench);
	answer = answer_of(&bench);
	assert_int_equal(
	    answer_handlers.status(&answer, &status, arena, &request, &err),
	    -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.text,
	    "environment stagign: neither configured nor ever heard of");
	arena_free(arena);
	bench_close(&bench);
}

int
main(void)
{
	return TABLE_RUN(cells, test_cell) + TABLE_RUN(findings, test_finding) +
	    TABLE_RUN(lists, test_list) + TABLE_RUN(lists, test_offline) +
	    TABLE_RUN(unknowns, test_unknown);
}
