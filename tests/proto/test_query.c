/* Questions through a client, a server and handlers, and back. */
#include "tests/support/table.h"

#include <string.h>

#include "proto/query.h"
#include "tests/support/bridge.h"
#include "tests/support/loop.h"

#define OUTSIDE "inproc://test/query/outside"
#define INSIDE  "inproc://test/query/inside"

/* --- what the handlers say -------------------------------------------------- */

static const struct attribute attributes[] = {
	{ .name = "server_version", .text = "15.6" },
	{ .name = "query_duration_ms", .number = 0.42 },
};

static const struct history_row history_rows[] = { {
    .series = { .environment = "staging",
	.agent = "stg-1",
	.service = "backend",
	.probe = "db.reference",
	.kind = "postgres",
	.reference_of = "db",
	.vantage = VANTAGE_IN_SERVICE,
	.interval_ms = 10000,
	.phases = { "resolve", "connect" },
	.n_phases = 2 },
    .result = { .series = 9,
	.at_ms = 1000,
	.duration_us = 2000,
	.limit_ms = 3000,
	.outcome = OUTCOME_CRITICAL,
	.censored = true,
	.attempts = 3,
	.reason = REASON_TIMEOUT,
	.phase_us = { 4, 5 },
	.n_phases = 2,
	.message = "at least 3 s",
	.attributes = attributes,
	.n_attributes = 2 },
} };

static const struct change_row change_rows[] = { {
    .environment = "staging",
    .service = "backend",
    .name = "env/POSTGRES_HOST",
    .source = SOURCE_FILE,
    .before = "fingerprint k1:9f2c",
    .after = "absent",
    .after_ms = 1,
    .before_ms = 2,
    .agent = "stg-1",
} };

static const struct regression_row regression_rows[] = { {
    .id = 17,
    .kind = REGRESSION_DRIFT,
    .environment = "staging",
    .service = "backend",
    .agent = "stg-1",
    .subject = "env/POSTGRES_HOST",
    .severity = OUTCOME_WARNING,
    .onset_from_ms = 1,
    .onset_to_ms = 2,
    .detected_ms = 3,
    .cleared_ms = 4,
    .late = true,
    .before = "ok, 3.2 ms",
    .after = "absent",
    .message = "not the known good value",
} };

static const struct cell_row cells[] = { {
    .environment = "staging",
    .service = "backend",
    .state = STATE_STALE,
    .since_ms = 5,
    .last_ms = 6,
    .build = "412",
    .why = "no result for 3 intervals",
} };

static const struct agent_row agents[] = { {
    .environment = "staging",
    .agent = "stg-1",
    .version = "0.1.0",
    .vantage = VANTAGE_EXTERNAL,
    .seen_ms = 7,
    .silent = true,
    .clock_offset_ms = -8,
    .waiting = 9,
    .lost_results = 10,
    .lost_from_ms = 11,
    .lost_to_ms = 12,
} };

static const struct finding_row findings[] = { { .environment = "staging",
    .service = "backend",
    .kind = "reference",
    .text = "own inputs fail, reference inputs pass" } };

struct scene {
	uv_loop_t loop;
	struct rpc_server *server;
	struct query_service *service;
	struct bridge bridge;
	struct rpc_client *rpc;
	struct query_client *client;
	int handled, told;
	struct err failure;
	struct rpc_status status;
	bool closed[2];
	struct query_job *job;
};

static int
say_status(void *arg, struct status_answer *out, struct arena *arena,
    const struct query_status *request, struct err *err)
{
	struct scene *scene = arg;
	struct series_row *series = arena_zalloc(arena, sizeof(*series));

	scene->handled++;
	if (scene->failure.code != ERR_NONE) {
		*err = scene->failure;
		return -1;
	}
	assert_string_equal(request->environment, "staging");
	assert_string_equal(request->service, "backend");
	series->series = history_rows[0].series;
	series->last = history_rows[0].result;
	series->state = STATE_BLIND;
	series->hard = true;
	series->since_ms = 13;
	series->n_results = 14;
	*out = (struct status_answer){ .at_ms = 15,
		.cells = cells,
		.n_cells = 1,
		.series = series,
		.n_series = 1,
		.agents = agents,
		.n_agents = 1,
		.findings = findings,
		.n_findings = 1,
		.open = regression_rows,
		.n_open = 1 };
	return 0;
}

static int
say_history(void *arg, struct history_answer *out, struct arena *arena,
    const struct query_history *request, struct err *err)
{
	struct scene *scene = arg;

	(void)arena;
	(void)err;
	scene->handled++;
	assert_int_equal(request->limit, 100); /* the default of none */
	assert_string_equal(request->agent, "stg-1");
	assert_string_equal(request->probe, "db");
	assert_int_equal(request->from_ms, 100);
	assert_int_equal(request->to_ms, 200);
	*out = (struct history_answer){ history_rows, 1, true };
	return 0;
}

static const struct attribute told_by[] = { { MARK_BY, "uid 7", 0 } };

static const struct mark told = { 23, "staging", "backend", MARK_CLAIM,
	"database", "it is slow", told_by, 1 };

static int
say_changes(void *arg, struct changes_answer *out, struct arena *arena,
    const struct query_changes *request, struct err *err)
{
	struct scene *scene = arg;

	(void)arena;
	(void)err;
	scene->handled++;
	assert_string_equal(request->name, "env/*");
	*out = (struct changes_answer){ change_rows, 1, true, &told, 1 };
	return 0;
}

static int
say_regressions(void *arg, struct regressions_answer *out, struct arena *arena,
    const struct query_regressions *request, struct err *err)
{
	struct scene *scene = arg;

	(void)arena;
	(void)err;
	scene->handled++;
	assert_true(request->open_only);
	*out = (struct regressions_answer){ regression_rows, 1, true };
	return 0;
}

static int
say_document(void *arg, const char **out_json, struct arena *arena,
    const struct query_document *request, struct err *err)
{
	struct scene *scene = arg;

	scene->handled++;
	if (scene->failure.code != ERR_NONE) {
		*err = scene->failure;
		return -1;
	}
	assert_string_equal(request->question, "diagnose");
	assert_string_equal(request->environment, "staging");
	assert_string_equal(request->service, "backend");
	assert_string_equal(request->agent, "stg-1");
	assert_string_equal(request->probe, "db");
	assert_string_equal(request->other, "production");
	assert_int_equal(request->from_ms, 100);
	assert_int_equal(request->to_ms, 200);
	assert_int_equal(request->limit, 5);
	*out_json = arena_strdup(arena, "{\"version\":1}");
	return 0;
}

static const struct query_handlers handlers = { say_status, say_history,
	say_changes, say_regressions, say_document, NULL };

/* Keeps the job, for a test to answer. */
static void
say_later(void *arg, struct query_job *job)
{
	struct scene *scene = arg;

	scene->handled++;
	scene->job = job;
}

static const struct query_handlers slow_handlers = { say_status, say_history,
	say_changes, say_regressions, say_document, say_later };

static void
scene_open_with(struct scene *scene, const struct query_handlers *served,
    enum transport transport, const char *identity)
{
	struct peer peer = { .transport = transport, .address = "10.0.0.9:1" };
	struct rpc_server_setup server = { .loop = &scene->loop,
		.clock = clock_system(),
		.address = INSIDE,
		.contexts = 4,
		.queue = 4 };
	struct rpc_client_setup client = { .loop = &scene->loop,
		.clock = clock_system(),
		.address = OUTSIDE };
	struct err err;

	*scene = (struct scene){ 0 };
	strcpy(peer.identity, identity);
	uv_loop_init(&scene->loop);
	assert_int_equal(rpc_server_new(&scene->server, &server, &err), 0);
	scene->service = query_service_new(scene->server, served, scene);
	bridge_open(&scene->bridge, OUTSIDE, INSIDE, &peer);
	assert_int_equal(rpc_client_new(&scene->rpc, &client, &err), 0);
	scene->client = query_client_new(scene->rpc);
}

static void
scene_open(struct scene *scene, enum transport transport, const char *identity)
{
	scene_open_with(scene, &handlers, transport, identity);
}

static void
scene_close(struct scene *scene)
{
	query_client_free(scene->client);
	rpc_client_close(scene->rpc, loop_on_done, &scene->closed[0]);
	rpc_server_close(scene->server, loop_on_done, &scene->closed[1]);
	loop_drain(&scene->loop);
	assert_true(scene->closed[0] && scene->closed[1]);
	bridge_close(&scene->bridge);
	query_service_free(scene->service);
}

/* --- what arrives ----------------------------------------------------------- */

static void
expect_result(const struct series *series, const struct result *result)
{
	assert_string_equal(series->environment, "staging");
	assert_string_equal(series->agent, "stg-1");
	assert_string_equal(series->service, "backend");
	assert_string_equal(series->probe, "db.reference");
	assert_string_equal(series->kind, "postgres");
	assert_string_equal(series->reference_of, "db");
	assert_int_equal(series->vantage, VANTAGE_IN_SERVICE);
	assert_int_equal(series->interval_ms, 10000);
	assert_int_equal(series->n_phases, 2);
	assert_string_equal(series->phases[1], "connect");
	assert_int_equal(result->series, 0);
	assert_int_equal(result->at_ms, 1000);
	assert_int_equal(result->duration_us, 2000);
	assert_int_equal(result->limit_ms, 3000);
	assert_int_equal(result->outcome, OUTCOME_CRITICAL);
	assert_true(result->censored);
	assert_int_equal(result->attempts, 3);
	assert_int_equal(result->reason, REASON_TIMEOUT);
	assert_int_equal(result->n_phases, 2);
	assert_int_equal(result->phase_us[1], 5);
	assert_string_equal(result->message, "at least 3 s");
	assert_int_equal(result->n_attributes, 2);
	assert_string_equal(result->attributes[0].text, "15.6");
	assert_null(result->attributes[1].text);
	assert_float_equal(result->attributes[1].number, 0.42, 0.0);
}

static void
expect_change(const struct change_row *row)
{
	assert_string_equal(row->environment, "staging");
	assert_string_equal(row->service, "backend");
	assert_string_equal(row->name, "env/POSTGRES_HOST");
	assert_int_equal(row->source, SOURCE_FILE);
	assert_string_equal(row->before, "fingerprint k1:9f2c");
	assert_string_equal(row->after, "absent");
	assert_int_equal(row->after_ms, 1);
	assert_int_equal(row->before_ms, 2);
	assert_string_equal(row->agent, "stg-1");
}

static void
expect_regression(const struct regression_row *row)
{
	assert_int_equal(row->id, 17);
	assert_int_equal(row->kind, REGRESSION_DRIFT);
	assert_string_equal(row->environment, "staging");
	assert_string_equal(row->service, "backend");
	assert_string_equal(row->agent, "stg-1");
	assert_string_equal(row->subject, "env/POSTGRES_HOST");
	assert_int_equal(row->severity, OUTCOME_WARNING);
	assert_int_equal(row->onset_from_ms, 1);
	assert_int_equal(row->onset_to_ms, 2);
	assert_int_equal(row->detected_ms, 3);
	assert_int_equal(row->cleared_ms, 4);
	assert_true(row->late);
	assert_string_equal(row->before, "ok, 3.2 ms");
	assert_string_equal(row->after, "absent");
	assert_string_equal(row->message, "not the known good value");
}

static void
expect_agent(const struct agent_row *row)
{
	assert_string_equal(row->environment, "staging");
	assert_string_equal(row->agent, "stg-1");
	assert_string_equal(row->version, "0.1.0");
	assert_int_equal(row->vantage, VANTAGE_EXTERNAL);
	assert_int_equal(row->seen_ms, 7);
	assert_true(row->silent);
	assert_int_equal(row->clock_offset_ms, -8);
	assert_int_equal(row->waiting, 9);
	assert_int_equal(row->lost_results, 10);
	assert_int_equal(row->lost_from_ms, 11);
	assert_int_equal(row->lost_to_ms, 12);
}

static void
note(struct scene *scene, const struct rpc_status *status)
{
	scene->told++;
	scene->status = *status;
}

static void
on_status(void *arg, const struct rpc_status *status,
    const struct status_answer *answer)
{
	note(arg, status);
	if (answer == NULL)
		return;
	assert_int_equal(answer->at_ms, 15);
	assert_int_equal(answer->n_cells, 1);
	assert_string_equal(answer->cells[0].environment, "staging");
	assert_string_equal(answer->cells[0].service, "backend");
	assert_int_equal(answer->cells[0].state, STATE_STALE);
	assert_int_equal(answer->cells[0].since_ms, 5);
	assert_int_equal(answer->cells[0].last_ms, 6);
	assert_string_equal(answer->cells[0].build, "412");
	assert_string_equal(answer->cells[0].why, "no result for 3 intervals");
	assert_int_equal(answer->n_series, 1);
	expect_result(&answer->series[0].series, &answer->series[0].last);
	assert_int_equal(answer->series[0].state, STATE_BLIND);
	assert_true(answer->series[0].hard);
	assert_int_equal(answer->series[0].since_ms, 13);
	assert_int_equal(answer->series[0].n_results, 14);
	assert_int_equal(answer->n_agents, 1);
	expect_agent(&answer->agents[0]);
	assert_int_equal(answer->n_findings, 1);
	assert_string_equal(answer->findings[0].environment, "staging");
	assert_string_equal(answer->findings[0].service, "backend");
	assert_string_equal(answer->findings[0].kind, "reference");
	assert_string_equal(
	    answer->findings[0].text, "own inputs fail, reference inputs pass");
	assert_int_equal(answer->n_open, 1);
	expect_regression(&answer->open[0]);
}

static void
on_history(void *arg, const struct rpc_status *status,
    const struct history_answer *answer)
{
	note(arg, status);
	if (answer == NULL)
		return;
	assert_true(answer->more);
	assert_int_equal(answer->n_rows, 1);
	expect_result(&answer->rows[0].series, &answer->rows[0].result);
}

static void
expect_mark(const struct mark *mark)
{
	assert_int_equal(mark->at_ms, 23);
	assert_string_equal(mark->environment, "staging");
	assert_string_equal(mark->service, "backend");
	assert_int_equal(mark->kind, MARK_CLAIM);
	assert_string_equal(mark->subject, "database");
	assert_string_equal(mark->summary, "it is slow");
	assert_string_equal(mark_by(mark), "uid 7");
}

static void
on_changes(void *arg, const struct rpc_status *status,
    const struct changes_answer *answer)
{
	note(arg, status);
	if (answer == NULL)
		return;
	assert_true(answer->more);
	assert_int_equal(answer->n_rows, 1);
	expect_change(&answer->rows[0]);
	assert_int_equal(answer->n_marks, 1);
	expect_mark(&answer->marks[0]);
}

static void
on_regressions(void *arg, const struct rpc_status *status,
    const struct regressions_answer *answer)
{
	note(arg, status);
	if (answer == NULL)
		return;
	assert_true(answer->more);
	assert_int_equal(answer->n_rows, 1);
	expect_regression(&answer->rows[0]);
}

static void
on_document(void *arg, const struct rpc_status *status, const char *json)
{
	note(arg, status);
	if (json != NULL)
		assert_string_equal(json, "{\"version\":1}");
}

/* --- asking ----------------------------------------------------------------- */

static void
ask_status(struct scene *scene)
{
	struct query_status request = { "staging", "backend" };

	query_status(scene->client, &request, on_status, scene);
}

static void
ask_status_of_a_path(struct scene *scene)
{
	struct query_status request = { "../../etc", "" };

	query_status(scene->client, &request, on_status, scene);
}

static void
ask_history_of(struct scene *scene, int64_t to_ms, uint32_t limit)
{
	struct query_history request = { "staging", "backend", "stg-1", "db",
		100, to_ms, limit };

	query_history(scene->client, &request, on_history, scene);
}

static void
ask_history(struct scene *scene)
{
	ask_history_of(scene, 200, 0);
}

static void
ask_history_backwards(struct scene *scene)
{
	ask_history_of(scene, 99, 0);
}

static void
ask_history_without_limit(struct scene *scene)
{
	ask_history_of(scene, 200, 10001);
}

static void
ask_changes(struct scene *scene)
{
	struct query_changes request = { "staging", "", "env/*", 0, 0, 5 };

	query_changes(scene->client, &request, on_changes, scene);
}

static void
ask_changes_with_stars(struct scene *scene)
{
	struct query_changes request = { "", "",
		"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a"
		"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a"
		"*a*a*a*a*a",
		0, 0, 5 };

	query_changes(scene->client, &request, on_changes, scene);
}

static void
ask_regressions(struct scene *scene)
{
	struct query_regressions request = { "staging", "backend", 0, 0, true,
		5 };

	query_regressions(scene->client, &request, on_regressions, scene);
}

static void
ask_document(struct scene *scene)
{
	struct query_document request = { "diagnose", "staging", "backend",
		"stg-1", "db", "production", 100, 200, 5, 3600000, true, 0 };

	query_document(scene->client, &request, on_document, scene);
}

static void
ask_document_of_a_path(struct scene *scene)
{
	struct query_document request = { "diagnose", "staging", "", "", "",
		"../x", 0, 0, 0, 0, false, 0 };

	query_document(scene->client, &request, on_document, scene);
}

static const struct question {
	const char *name;
	void (*ask)(struct scene *scene);
	enum transport transport;
	const char *identity;
	enum err_code failure; /* of the handler */
	int handled;
	enum rpc_code code;
	const char *says;
} questions[] = {
	{ "status arrives with every field", ask_status, TRANSPORT_IPC, "", 0,
	    1, RPC_OK, "" },
	{ "history arrives with every field", ask_history, TRANSPORT_IPC, "", 0,
	    1, RPC_OK, "" },
	{ "changes arrive with every field", ask_changes, TRANSPORT_IPC, "", 0,
	    1, RPC_OK, "" },
	{ "regressions arrive with every field", ask_regressions, TRANSPORT_IPC,
	    "", 0, 1, RPC_OK, "" },
	{ "a document arrives", ask_document, TRANSPORT_IPC, "", 0, 1, RPC_OK,
	    "" },
	{ "a path is no subject of a document", ask_document_of_a_path,
	    TRANSPORT_IPC, "", 0, 0, RPC_INVALID_ARGUMENT,
	    "other is not a name" },
	{ "a person's certificate may ask", ask_status, TRANSPORT_TLS,
	    "vedette://user/ann", 0, 1, RPC_OK, "" },
	{ "an agent's certificate may not ask", ask_status, TRANSPORT_TLS,
	    "vedette://staging/stg-1", 0, 0, RPC_PERMISSION_DENIED,
	    "vedette://user/NAME" },
	{ "a path is no environment", ask_status_of_a_path, TRANSPORT_IPC, "",
	    0, 0, RPC_INVALID_ARGUMENT, "environment is not a name" },
	{ "a span that ends before it begins is refused", ask_history_backwards,
	    TRANSPORT_IPC, "", 0, 0, RPC_INVALID_ARGUMENT,
	    "ends before it begins" },
	{ "a limit above the highest is refused", ask_history_without_limit,
	    TRANSPORT_IPC, "", 0, 0, RPC_INVALID_ARGUMENT, "at most 10000" },
	{ "a pattern that takes for ever is refused", ask_changes_with_stars,
	    TRANSPORT_IPC, "", 0, 0, RPC_INVALID_ARGUMENT, "64 stars" },
	{ "what a handler calls invalid is the caller's fault", ask_status,
	    TRANSPORT_IPC, "", ERR_INVALID, 1, RPC_INVALID_ARGUMENT, "why" },
	{ "what a handler does not find is not found", ask_status,
	    TRANSPORT_IPC, "", ERR_NOT_FOUND, 1, RPC_NOT_FOUND, "why" },
	{ "what goes wrong in a handler is internal", ask_status, TRANSPORT_IPC,
	    "", ERR_IO, 1, RPC_INTERNAL, "why" },
};

static void
test_question(void **state)
{
	const struct question *row = *state;
	struct scene scene;

	scene_open(&scene, row->transport, row->identity);
	if (row->failure != ERR_NONE)
		err_set(&scene.failure, row->failure, "why");
	row->ask(&scene);
	loop_until(&scene.loop, scene.told == 1);
	assert_int_equal(scene.status.code, row->code);
	assert_non_null(strstr(scene.status.message, row->says));
	assert_int_equal(scene.handled, row->handled);
	scene_close(&scene);
}

/* --- answers that are made elsewhere ------------------------------------------ */

enum ending { ANSWERED, IN_VAIN, REFUSED, STOPPED };

static const struct delay {
	const char *name;
	void (*ask)(struct scene *scene);
	enum ending ending;
	enum rpc_code code;
	const char *says;
} delays[] = {
	{ "a document may come later", ask_document, ANSWERED, RPC_OK, "" },
	{ "history may come later", ask_history, ANSWERED, RPC_OK, "" },
	{ "changes may come later", ask_changes, ANSWERED, RPC_OK, "" },
	{ "regressions may come later", ask_regressions, ANSWERED, RPC_OK, "" },
	{ "so may the reason why there is no document", ask_document, IN_VAIN,
	    RPC_NOT_FOUND, "nobody knows" },
	{ "so may what is wrong with a question", ask_history_backwards,
	    ANSWERED, RPC_INVALID_ARGUMENT, "ends before it begins" },
	{ "one that is refused may be asked for again", ask_document, REFUSED,
	    RPC_UNAVAILABLE, "too many" },
	{ "once the service is stopped nobody is answered", ask_document,
	    STOPPED, RPC_UNAVAILABLE, "gone" },
};

static void
end_job(struct scene *scene, enum ending ending)
{
	struct err err;

	if (ending == STOPPED)
		query_service_stop(scene->service);
	if (ending == REFUSED) {
		query_job_refuse(scene->job, 5, "too many");
		return;
	}
	if (ending == IN_VAIN)
		err_set(&scene->failure, ERR_NOT_FOUND, "nobody knows");
	query_job_make(scene->job, &handlers, scene, &err);
	query_job_answer(scene->job, &err);
}

static void
test_delay(void **state)
{
	const struct delay *row = *state;
	struct scene scene;

	scene_open_with(&scene, &slow_handlers, TRANSPORT_IPC, "");
	row->ask(&scene);
	loop_until(&scene.loop, scene.job != NULL);
	assert_false(query_job_is_late(scene.job));
	assert_int_equal(scene.told, 0);
	end_job(&scene, row->ending);
	if (row->ending == STOPPED)
		rpc_client_fail_all(scene.rpc, "gone");
	loop_until(&scene.loop, scene.told == 1);
	assert_int_equal(scene.status.code, row->code);
	assert_non_null(strstr(scene.status.message, row->says));
	scene_close(&scene);
}

static void
test_a_status_is_answered_at_once(void **state)
{
	struct scene scene;

	(void)state;
	scene_open_with(&scene, &slow_handlers, TRANSPORT_IPC, "");
	ask_status(&scene);
	loop_until(&scene.loop, scene.told == 1);
	assert_int_equal(scene.status.code, RPC_OK);
	assert_null(scene.job);
	scene_close(&scene);
}

static void
test_who_stopped_waiting_is_passed_over(void **state)
{
	struct scene scene;

	(void)state;
	scene_open_with(&scene, &slow_handlers, TRANSPORT_IPC, "");
	rpc_client_set_deadline(scene.rpc, 300);
	ask_history(&scene);
	loop_until(&scene.loop, scene.told == 1);
	assert_int_equal(scene.status.code, RPC_DEADLINE_EXCEEDED);
	if (scene.job != NULL) { /* else it did not even get there in time */
		/* Its clock began when the call arrived: a moment later. */
		while (!query_job_is_late(scene.job))
			uv_run(&scene.loop, UV_RUN_NOWAIT);
		query_job_drop(scene.job);
	}
	assert_int_equal(scene.handled, scene.job != NULL);
	scene_close(&scene);
}

static void
test_who_asks_here_may_be_gone_too(void **state)
{
	struct scene scene = { 0 };
	struct err err;

	(void)state;
	for (int is_gone = 0; is_gone < 2; is_gone++) {
		scene.client = query_client_new_local(&slow_handlers, &scene);
		ask_history(&scene);
		assert_non_null(scene.job);
		assert_false(query_job_is_late(scene.job));
		if (is_gone)
			query_client_free(scene.client);
		assert_int_equal(
		    query_job_make(scene.job, &handlers, &scene, &err), 0);
		query_job_answer(scene.job, &err);
		assert_int_equal(scene.told, 1);
		if (!is_gone)
			query_client_free(scene.client);
	}
}

/* --- events ----------------------------------------------------------------- */

static const struct happening {
	const char *name;
	enum event_kind kind;
	const char *topic;
} happenings[] = {
	{ "a result travels as an event", EVENT_RESULT,
	    "staging/result/backend/db.reference" },
	{ "a change travels as an event", EVENT_CHANGE,
	    "staging/change/backend/env/POSTGRES_HOST" },
	{ "a regression travels as an event", EVENT_REGRESSION,
	    "staging/regression/backend/env/POSTGRES_HOST" },
	{ "its end travels as an event", EVENT_CLEARED,
	    "staging/cleared/backend/env/POSTGRES_HOST" },
	{ "what somebody told travels as an event", EVENT_MARK,
	    "staging/mark/backend/claim" },
};

static void
expect_content(const struct event *event)
{
	if (event->kind == EVENT_RESULT)
		expect_result(&event->result.series, &event->result.result);
	else if (event->kind == EVENT_CHANGE)
		expect_change(&event->change);
	else if (event->kind == EVENT_MARK)
		expect_mark(&event->mark);
	else
		expect_regression(&event->regression);
}

/* Shorter bytes are refused or give less, and never crash. */
static void
test_happening(void **state)
{
	const struct happening *row = *state;
	struct event event = { .kind = row->kind,
		.at_ms = 21,
		.serial = 22,
		.transition = true,
		.result = history_rows[0],
		.change = change_rows[0],
		.regression = regression_rows[0],
		.mark = told };
	struct event again;
	struct arena *arena = arena_new(0);
	char topic[EVENT_TOPIC_BYTES];
	unsigned char *bytes;
	struct err err;
	size_t n;

	assert_string_equal(event_topic(topic, &event), row->topic);
	event_encode(&bytes, &n, &event);
	assert_int_equal(event_decode(&again, arena, bytes, n, &err), 0);
	assert_int_equal(again.kind, row->kind);
	assert_int_equal(again.at_ms, 21);
	assert_int_equal(again.serial, 22);
	assert_true(again.transition);
	expect_content(&again);
	for (size_t cut = 0; cut < n; cut++)
		event_decode(&again, arena, bytes, cut, &err);
	arena_free(arena);
	arena = arena_new(64);
	assert_int_equal(event_decode(&again, arena, bytes, n, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	arena_free(arena);
	free(bytes);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_status_is_answered_at_once),
		cmocka_unit_test(test_who_stopped_waiting_is_passed_over),
		cmocka_unit_test(test_who_asks_here_may_be_gone_too),
	};

	return TABLE_RUN(questions, test_question) +
	    TABLE_RUN(delays, test_delay) +
	    TABLE_RUN(happenings, test_happening) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
