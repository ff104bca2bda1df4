#include "tests/support/table.h"

#include "proto/result.h"

static const struct writing {
	const char *name;
	size_t n_phases;
	enum reason reason;
	const char *text;
} writings[] = {
	{ "a reason names the phase it happened in", 2, REASON_TIMEOUT,
	    "connect.timeout" },
	{ "without a phase the class stands alone", 0, REASON_INTERNAL,
	    "internal" },
	{ "success has no reason", 2, REASON_NONE, "" },
};

static void
test_writing(void **state)
{
	const struct writing *row = *state;
	struct series series = { .phases = { "resolve", "connect" },
		.n_phases = 2 };
	struct result result = { .reason = row->reason,
		.n_phases = row->n_phases };
	char text[REASON_TEXT_BYTES];

	assert_string_equal(result_reason(text, &series, &result), row->text);
}

static const struct words {
	const char *name;
	int last;
} words[] = {
	{ "every word is read back as what it was", REASON_COUNT },
};

static void
test_words(void **state)
{
	const struct words *row = *state;

	for (int i = 0; i < row->last; i++) {
		enum reason again;

		assert_int_equal(
		    reason_parse(&again, reason_name((enum reason)i)), 0);
		assert_int_equal(again, i);
	}
	for (int i = OUTCOME_OK; i <= OUTCOME_UNKNOWN; i++) {
		enum outcome again;

		assert_int_equal(
		    outcome_parse(&again, outcome_name((enum outcome)i)), 0);
		assert_int_equal(again, i);
	}
}

int
main(void)
{
	return TABLE_RUN(writings, test_writing) + TABLE_RUN(words, test_words);
}
