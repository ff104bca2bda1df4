#include "tests/support/table.h"

#include "collector/detect/silence.h"

static const struct row {
	const char *name;
	int64_t heard_ms;
	uint32_t heartbeat_ms;
	int64_t now_ms;
	bool due;
} rows[] = {
	{ "one missed heartbeat is not silence", 0, 1000, 1001, false },
	{ "nor are three but for a moment", 0, 1000, 2999, false },
	{ "three are", 0, 1000, 3000, true },
	{ "who promised nothing has ten seconds", 5000, 0, 34999, false },
	{ "and is silent after thirty", 5000, 0, 35000, true },
	{ "the longest heartbeat does not overflow", 0, UINT32_MAX, INT32_MAX,
	    false },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct silence silence = { row->heard_ms, row->heartbeat_ms };

	assert_int_equal(silence_is_due(&silence, row->now_ms), row->due);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row);
}
