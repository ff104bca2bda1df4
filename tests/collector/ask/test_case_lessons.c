/* What people had said of earlier incidents, by the moment asked about. */
#include "tests/support/folder.h"
#include "tests/support/table.h"

#include "collector/ask/case_lessons.h"
#include "collector/diagnose/experience.h"

#define AT_MS     INT64_C(1767607200000)
#define MINUTE_MS INT64_C(60000)
#define ROWS      4
#define SAID      3

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* A regression, in minutes before the moment; to: 0 when it goes on. */
struct broken {
	const char *environment;
	int from, to;
};

/* What somebody said of it, by its place among those; minutes before. */
struct said {
	int at;
	double incident;
	const char *class, *findings;
};

static const struct row {
	const char *name;
	struct broken broken[ROWS];
	struct said said[SAID];
	uint32_t env, infra, told, seen_impact;
} rows[] = {
	{ "nobody said anything", { { "staging", 300, 290 } }, { { 0 } } },
	{ "what was said counts", { { "staging", 300, 290 } },
	    { { 200, 1, "env" } }, .env = 1 },
	{ "the last word counts", { { "staging", 300, 290 } },
	    { { 200, 1, "env" }, { 100, 1, "infra" } }, .infra = 1 },
	{ "but not one that was said later", { { "staging", 300, 290 } },
	    { { 200, 1, "env" }, { -5, 1, "infra" } }, .env = 1 },
	{ "what is still open teaches nothing", { { "staging", 300, 0 } },
	    { { 200, 1, "env" } } },
	{ "nor does what ended after the moment", { { "staging", 300, -5 } },
	    { { 200, 1, "env" } } },
	{ "it is known by any of its regressions",
	    { { "staging", 300, 290 }, { "staging", 299, 280 } },
	    { { 200, 2, "env" } }, .env = 1 },
	{ "and counts once",
	    { { "staging", 300, 290 }, { "staging", 299, 280 } },
	    { { 201, 1, "env" }, { 200, 2, "env" } }, .env = 1 },
	{ "other environments teach as well",
	    { { "staging", 300, 290 }, { "production", 200, 190 } },
	    { { 150, 1, "env" }, { 150, 2, "infra" } }, .env = 1, .infra = 1 },
	{ "no such incident", { { "staging", 300, 290 } },
	    { { 200, 9, "env" } } },
	{ "no such class", { { "staging", 300, 290 } },
	    { { 200, 1, "weather" } } },
	{ "findings that were kept count as well",
	    { { "staging", 300, 290 }, { "staging", 200, 190 } },
	    { { 150, 1, "env", "I1 FB_env" }, { 150, 2, "env" } }, .env = 2,
	    .told = 1, .seen_impact = 1 },
};

static void
put_broken(struct store *store, const struct broken *broken, uint64_t id)
{
	int64_t from_ms = AT_MS - broken->from * MINUTE_MS;
	const struct regression_row row = {
		.id = id,
		.kind = REGRESSION_STATE,
		.environment = broken->environment,
		.service = "backend",
		.agent = "a",
		.subject = "db",
		.severity = OUTCOME_CRITICAL,
		.onset_from_ms = from_ms - 5000,
		.onset_to_ms = from_ms,
		.detected_ms = from_ms + 10000,
		.cleared_ms =
		    broken->to == 0 ? 0 : AT_MS - broken->to * MINUTE_MS,
		.before = "",
		.after = "",
		.message = "",
	};
	struct err err = { 0 };
	uint64_t given;

	if (store_put_regression(store, &given, &row, &err) < 0)
		fail_msg("%s", err.text);
}

static void
put_said(struct store *store, const struct said *said)
{
	const struct attribute attributes[] = {
		{ MARK_INCIDENT, NULL, said->incident },
		{ MARK_VERDICT, said->class, 0 },
		{ MARK_FINDINGS, said->findings, 0 },
	};
	const struct mark mark = {
		.at_ms = AT_MS - said->at * MINUTE_MS,
		.environment = said->incident > 1 ? "production" : "staging",
		.service = "",
		.kind = MARK_INCIDENT_CLOSED,
		.subject = "",
		.summary = "",
		.attributes = attributes,
		.n_attributes = said->findings != NULL ? 3 : 2,
	};
	struct err err = { 0 };

	if (store_put_mark(store, &mark, &err) < 0)
		fail_msg("%s", err.text);
}

static struct store *
open_store(struct folder *folder, char path[FOLDER_PATH_BYTES])
{
	const struct store_setup setup = { .uri = path, .mode = STORE_WRITE };
	struct err err = { 0 };
	char *salvaged = NULL;
	struct store *store;

	folder_open(folder);
	folder_path(path, folder, "store.db");
	if (store_open(&store, &salvaged, &setup, &err) < 0 ||
	    store_begin(store, &err) < 0)
		fail_msg("%s", err.text);
	return store;
}

static void
test_row(void **state)
{
	static const struct experience nothing;
	const struct row *row = *state;
	struct arena *arena = arena_new(0);
	struct scene scene = { .at_ms = AT_MS, .environment = "staging" };
	const struct experience *found;
	struct err err = { 0 };
	char path[FOLDER_PATH_BYTES];
	struct folder folder;
	struct store *store = open_store(&folder, path);

	for (int i = 0; i < ROWS && row->broken[i].environment != NULL; i++)
		put_broken(store, &row->broken[i], (uint64_t)i + 1);
	for (int i = 0; i < SAID && row->said[i].class != NULL; i++)
		put_said(store, &row->said[i]);
	if (store_commit(store, &err) < 0 ||
	    case_lessons(&scene, arena, store, &err) < 0)
		fail_msg("%s", err.text);
	found = scene.experience != NULL ? scene.experience : &nothing;
	assert_int_equal(found->labelled[BLAME_ENV], row->env);
	assert_int_equal(found->labelled[BLAME_INFRA], row->infra);
	assert_int_equal(experience_labelled(found), row->env + row->infra);
	assert_int_equal(experience_told(found), row->told);
	assert_int_equal(
	    found->seen[TOKEN_IMPACT][BLAME_ENV], row->seen_impact);
	store_close(store);
	folder_close(&folder);
	arena_free(arena);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row);
}
