#include "tests/support/table.h"

#include <string.h>

#include "collector/ask/case_holders.h"

#define MINUTE_MS INT64_C(60000)
#define SAMPLES   4

static const struct row {
	const char *name;
	const char *attribute;
	double counts[SAMPLES]; /* a minute apart, the newest first */
	const char *who;        /* NULL: it counts nobody's */
	int32_t usual, now;
	int64_t grew_ms; /* before the newest; -1: did not */
} rows[] = {
	{ "an application's sessions, as our probe writes them",
	    "sessions:shop", { 90, 60, 12, 12 }, "shop", 12, 90, MINUTE_MS },
	{ "as others write them", "sessions_shop", { 90, 12, 12, 12 }, "shop",
	    12, 90, 0 },
	{ "of the role that logs in", "sessions_own", { 12, 12, 12, 12 }, "",
	    12, 12, -1 },
	{ "a few more are no growth", "sessions:shop", { 16, 15, 12, 12 },
	    "shop", 12, 16, -1 },
	{ "what fell again is none", "sessions:shop", { 12, 90, 90, 12 },
	    "shop", 12, 12, -1 },
	{ "a name may hold anything", "sessions:my job: 7", { 9, 9, 0, 0 },
	    "my job: 7", 0, 9, MINUTE_MS },
	{ "all of them are nobody's", "sessions", { 97, 97, 12, 12 }, NULL, 0,
	    0, -1 },
	{ "nor those who wait", "sessions_waiting", { 9, 9, 0, 0 }, NULL, 0, 0,
	    -1 },
	{ "nor those of whom nothing is seen", "sessions_hidden",
	    { 9, 9, 0, 0 }, NULL, 0, 0, -1 },
	{ "nor is another measure", "rows", { 9, 9, 0, 0 }, NULL, 0, 0, -1 },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct arena *arena = arena_new(0);
	struct case_holders *holders = NULL;
	struct scene_view view = { 0 };
	int64_t at_ms = 100 * MINUTE_MS;

	for (int i = 0; i < SAMPLES; i++) {
		struct attribute attribute = { row->attribute, NULL,
			row->counts[i] };
		struct result result = { .at_ms = at_ms - i * MINUTE_MS,
			.attributes = &attribute,
			.n_attributes = 1 };

		case_holders_add(&holders, arena, &result);
		case_holders_add(&holders, arena, &result);
	}
	case_holders_view(&view, holders, arena);
	assert_int_equal(view.n_holders, row->who != NULL);
	if (row->who != NULL) {
		assert_string_equal(view.holders[0].name, row->who);
		assert_int_equal(view.holders[0].usual, row->usual);
		assert_int_equal(view.holders[0].now, row->now);
		assert_int_equal(view.holders[0].grew_ms,
		    row->grew_ms < 0 ? 0 : at_ms - row->grew_ms);
	}
	arena_free(arena);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row);
}
