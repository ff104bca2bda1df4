#include "tests/support/table.h"

#include <string.h>

#include "collector/ask/case_said.h"

#define FULL "could not extend file: No space left on device"

static const struct row {
	const char *name;
	enum outcome outcome;
	const char *message, *last_error;
	size_t n;
	const char *text;
} rows[] = {
	{ "what a log warns of is kept", OUTCOME_WARNING, FULL, NULL, 1, FULL },
	{ "what it says over and over as well", OUTCOME_OK, "", FULL, 1, FULL },
	{ "words of no known trouble are not", OUTCOME_WARNING, "it is late",
	    NULL, 0, NULL },
	{ "what a first look finds may be of any day", OUTCOME_UNKNOWN, FULL,
	    FULL, 0, NULL },
	{ "the same is kept once", OUTCOME_WARNING, FULL, FULL, 1, FULL },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	static struct case_said said;
	struct attribute attribute = { "last_error", row->last_error, 0 };
	struct result result = { .at_ms = 2000,
		.outcome = row->outcome,
		.message = row->message,
		.attributes = &attribute,
		.n_attributes = row->last_error != NULL };
	struct arena *arena = arena_new(0);

	memset(&said, 0, sizeof(said));
	case_said_add(&said, arena, &result);
	result.at_ms = 1000;
	case_said_add(&said, arena, &result);
	assert_int_equal(said.n, row->n);
	if (row->n > 0) {
		assert_string_equal(said.list[0].told->message, row->text);
		assert_int_equal(said.list[0].told->outcome, OUTCOME_CRITICAL);
		assert_int_equal(said.list[0].from_ms, 1000);
		assert_int_equal(said.list[0].to_ms, 2000);
	}
	arena_free(arena);
}

static void
say(struct case_said *said, struct arena *arena, const char *message)
{
	struct result result = { .outcome = OUTCOME_WARNING,
		.message = message };

	case_said_add(said, arena, &result);
}

static void
test_noise_costs_a_look_and_no_more(void **state)
{
	static struct case_said said;
	struct arena *arena = arena_new(0);

	(void)state;
	for (int i = 0; i < 1000; i++)
		say(&said, arena, i % 2 == 0 ? "it is late" : "so is this");
	assert_int_equal(said.n_looks, 2);
	say(&said, arena, FULL);
	assert_int_equal(said.n, 1);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_noise_costs_a_look_and_no_more),
	};

	return TABLE_RUN(rows, test_row) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
