/* Which regressions make one incident, and when it is over. */
#include "tests/collector/ask/broken.h"

#include "collector/ask/incident.h"
#include "proto/base/text.h"

#define ROWS 6
#define DAY  1440 /* minutes */

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define HERE "staging"

static const struct row {
	const char *name;
	struct broken broken[ROWS];
	/* The newest first: regressions by their place, then how it stands. */
	const char *expect;
} rows[] = {
	{ "what begins while one is open joins it",
	    { { HERE, "db", 60 }, { HERE, "web", 20 } }, "1 2 open" },
	{ "and within ten minutes of its end",
	    { { HERE, "db", 60, 50 }, { HERE, "web", 41, 30 } }, "1 2 closed" },
	{ "not later", { { HERE, "db", 60, 50 }, { HERE, "web", 39, 30 } },
	    "2 closed, 1 closed" },
	{ "environments are apart",
	    { { HERE, "db", 60 }, { "production", "db", 60 } },
	    "2 open, 1 open" },
	{ "one is open as long as one of its regressions is",
	    { { HERE, "db", 60, 50 }, { HERE, "web", 55 } }, "1 2 open" },
	{ "what failed comes back within half an hour, and is the same",
	    { { HERE, "db", 60, 50 }, { HERE, "db", 21, 10 } }, "1 2 closed" },
	{ "wherever on the way it fails for the same reason",
	    { { HERE, "db", 60, 50, .why = "connect.timeout" },
		{ HERE, "db", 21, 10, .why = "query.timeout" } },
	    "1 2 closed" },
	{ "for another reason it is another",
	    { { HERE, "db", 60, 50, .why = "inputs.missing" },
		{ HERE, "db", 21, 10, .why = "connect.refused" } },
	    "2 closed, 1 closed" },
	{ "after that it is another",
	    { { HERE, "db", 60, 50 }, { HERE, "db", 19, 10 } },
	    "2 closed, 1 closed" },
	{ "what came back twice may come back again",
	    { { HERE, "db", 60, 58 }, { HERE, "db", 40, 38 },
		{ HERE, "db", 20, 18 } },
	    "1 2 3 open" },
	{ "until it stayed away for twice as long",
	    { { HERE, "db", 98, 96 }, { HERE, "db", 78, 76 },
		{ HERE, "db", 58, 56 } },
	    "1 2 3 closed" },
	{ "what two agents see has not come back",
	    { { HERE, "db", 60, 58 }, { HERE, "db", 60, 58 },
		{ HERE, "db", 59, 58 } },
	    "1 2 3 closed" },
	{ "it comes back to its own incident, not to the last one",
	    { { HERE, "db", 60, 50 }, { HERE, "web", 38, 36 },
		{ HERE, "db", 30, 20 } },
	    "2 closed, 1 3 closed" },
	{ "what was red for a day takes in nothing new",
	    { { HERE, "certificate", 2 * DAY }, { HERE, "db", 60, 50 } },
	    "2 closed, 1 open" },
	{ "but what was open for an hour does",
	    { { HERE, "certificate", 120 }, { HERE, "db", 60, 50 } },
	    "1 2 open" },
	{ "and what fails there as well",
	    { { HERE, "certificate", 2 * DAY }, { HERE, "certificate", 60 } },
	    "1 2 open" },
	{ "what came late may open it again",
	    { { HERE, "db", 60, 50 }, { HERE, "web", 55, 0, true } },
	    "1 2 open" },
	{ "and has begun it, when it was earlier",
	    { { HERE, "db", 60, 50 }, { HERE, "web", 65, 55, true } },
	    "2 1 closed" },
	{ "what was found out later is not known yet",
	    { { HERE, "db", 60, 50 }, { HERE, "web", 55, 0, true, -5 } },
	    "1 closed" },
	{ "what ends later is open", { { HERE, "db", 60, -5 } }, "1 open" },
};

static void
say(struct text *out, const struct incident *incident)
{
	if (out->n > 0)
		text_add(out, ", ");
	for (size_t i = 0; i < incident->n_rows; i++)
		text_addf(out, "%d ", (int)incident->rows[i]->id);
	text_add(out, incident->closed_ms == 0 ? "open" : "closed");
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct arena *arena = arena_new(0);
	struct broken_store store;
	struct incidents found;
	struct text text = { 0 };
	struct err err = { 0 };

	broken_open(&store);
	for (int i = 0; i < ROWS && row->broken[i].environment != NULL; i++)
		broken_put(store.store, &row->broken[i], (uint64_t)i + 1);
	if (store_commit(store.store, &err) < 0 ||
	    incidents_find(
		&found, arena, store.store, "", 0, BROKEN_AT_MS, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < found.n; i++)
		say(&text, &found.list[i]);
	assert_string_equal(text.bytes, row->expect);
	text_fini(&text);
	broken_close(&store);
	arena_free(arena);
}

/* Minutes before the moment at which it is judged. */
static const struct judged {
	const char *name;
	struct broken broken[ROWS];
	int at, more_ms;
} judgeds[] = {
	{ "what is open is judged now", { { HERE, "db", 60 } }, 0, 0 },
	{ "what is over, when it was found", { { HERE, "db", 60, 50 } }, 60,
	    10000 },
	{ "when most was found, and the last of these moments",
	    { { HERE, "db", 60, 50 }, { HERE, "web", 55, 45 },
		{ HERE, "late", 48, 40 } },
	    48, 10000 },
	{ "when most of it failed",
	    { { HERE, "db", 60, 50 }, { HERE, "web", 55, 45 },
		{ HERE, "late", 44, 40 } },
	    55, 10000 },
	{ "the last time, when it came back",
	    { { HERE, "db", 90, 88 }, { HERE, "db", 70, 68 } }, 70, 10000 },
};

static void
test_judged(void **state)
{
	const struct judged *row = *state;
	struct arena *arena = arena_new(0);
	struct broken_store store;
	struct incidents found;
	struct err err = { 0 };

	broken_open(&store);
	for (int i = 0; i < ROWS && row->broken[i].environment != NULL; i++)
		broken_put(store.store, &row->broken[i], (uint64_t)i + 1);
	if (store_commit(store.store, &err) < 0 ||
	    incidents_find(
		&found, arena, store.store, "", 0, BROKEN_AT_MS, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(found.n, 1);
	assert_int_equal(
	    found.list[0].seen_ms, broken_ms(row->at) + row->more_ms);
	broken_close(&store);
	arena_free(arena);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row) + TABLE_RUN(judgeds, test_judged);
}
