/* What people had said of earlier incidents, by the moment asked about. */
#include "tests/collector/ask/broken.h"

#include "collector/ask/case_lessons.h"
#include "collector/diagnose/experience.h"

#define ROWS 4
#define SAID 3

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* What somebody said, of a regression by its place; minutes before. */
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
	{ "nobody said anything", { { "staging", NULL, 300, 290 } },
	    { { 0 } } },
	{ "what was said counts", { { "staging", NULL, 300, 290 } },
	    { { 200, 1, "env" } }, .env = 1 },
	{ "the last word counts", { { "staging", NULL, 300, 290 } },
	    { { 200, 1, "env" }, { 100, 1, "infra" } }, .infra = 1 },
	{ "but not one that was said later", { { "staging", NULL, 300, 290 } },
	    { { 200, 1, "env" }, { -5, 1, "infra" } }, .env = 1 },
	{ "what is still open teaches nothing", { { "staging", NULL, 300, 0 } },
	    { { 200, 1, "env" } } },
	{ "nor does what ended after the moment",
	    { { "staging", NULL, 300, -5 } }, { { 200, 1, "env" } } },
	{ "it is known by any of its regressions",
	    { { "staging", NULL, 300, 290 }, { "staging", NULL, 299, 280 } },
	    { { 200, 2, "env" } }, .env = 1 },
	{ "and counts once",
	    { { "staging", NULL, 300, 290 }, { "staging", NULL, 299, 280 } },
	    { { 201, 1, "env" }, { 200, 2, "env" } }, .env = 1 },
	{ "other environments teach as well",
	    { { "staging", NULL, 300, 290 }, { "production", NULL, 200, 190 } },
	    { { 150, 1, "env" }, { 150, 2, "infra" } }, .env = 1, .infra = 1 },
	{ "no such incident", { { "staging", NULL, 300, 290 } },
	    { { 200, 9, "env" } } },
	{ "no such class", { { "staging", NULL, 300, 290 } },
	    { { 200, 1, "weather" } } },
	{ "who says it again leaves what was found",
	    { { "staging", NULL, 300, 290 } },
	    { { 200, 1, "infra", "I1" }, { 100, 1, "env" } }, .env = 1,
	    .told = 1, .seen_impact = 1 },
	{ "findings that were kept count as well",
	    { { "staging", NULL, 300, 290 }, { "staging", NULL, 200, 190 } },
	    { { 150, 1, "env", "I1 FB_env" }, { 150, 2, "env" } }, .env = 2,
	    .told = 1, .seen_impact = 1 },
};

static void
put_said(struct store *store, const struct said *said)
{
	const struct attribute attributes[] = {
		{ MARK_INCIDENT, NULL, said->incident },
		{ MARK_VERDICT, said->class, 0 },
		{ MARK_FINDINGS, said->findings, 0 },
	};
	const struct mark mark = {
		.at_ms = broken_ms(said->at),
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

static void
test_row(void **state)
{
	static const struct experience nothing;
	const struct row *row = *state;
	struct arena *arena = arena_new(0);
	struct scene scene = { .at_ms = BROKEN_AT_MS,
		.environment = "staging" };
	const struct experience *found;
	struct err err = { 0 };
	struct broken_store store;

	broken_open(&store);
	for (int i = 0; i < ROWS && row->broken[i].environment != NULL; i++)
		broken_put(store.store, &row->broken[i], (uint64_t)i + 1);
	for (int i = 0; i < SAID && row->said[i].class != NULL; i++)
		put_said(store.store, &row->said[i]);
	if (store_commit(store.store, &err) < 0 ||
	    case_lessons(&scene, arena, store.store, &err) < 0)
		fail_msg("%s", err.text);
	found = scene.experience != NULL ? scene.experience : &nothing;
	assert_int_equal(found->labelled[BLAME_ENV], row->env);
	assert_int_equal(found->labelled[BLAME_INFRA], row->infra);
	assert_int_equal(experience_labelled(found), row->env + row->infra);
	assert_int_equal(experience_told(found), row->told);
	assert_int_equal(
	    found->seen[TOKEN_IMPACT][BLAME_ENV], row->seen_impact);
	broken_close(&store);
	arena_free(arena);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row);
}
