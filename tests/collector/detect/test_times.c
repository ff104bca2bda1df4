#include "tests/support/table.h"

#include "collector/detect/times.h"

/* Value number i comes at 10 * (i + 1). */
static const struct asked {
	const char *name;
	uint64_t n, number;
	int64_t from_ms, to_ms;
} askeds[] = {
	{ "the first value has none before it", 1, 0, 0, 10 },
	{ "the second comes after the first", 2, 1, 10, 20 },
	{ "of sixteen every one is known", 16, 7, 70, 80 },
	{ "the last is known", 1000, 999, 9990, 10000 },
	{ "fifteen back is known", 1000, 985, 9850, 9860 },
	{ "further back every fourth is", 1000, 950, 9490, 9530 },
	{ "much further back every sixteenth", 1000, 900, 8970, 9130 },
	{ "what is forgotten was before the last", 1000000, 5, 0, 10000000 },
};

static void
test_asked(void **state)
{
	const struct asked *row = *state;
	struct times times = { 0 };
	int64_t from_ms, to_ms;

	for (uint64_t i = 0; i < row->n; i++)
		times_add(&times, 10 * ((int64_t)i + 1));
	times_span(&from_ms, &to_ms, &times, row->number);
	assert_int_equal(from_ms, row->from_ms);
	assert_int_equal(to_ms, row->to_ms);
}

static void
test_contains(void **state)
{
	struct times times = { 0 };
	int64_t from_ms, to_ms;

	(void)state;
	for (uint64_t n = 0; n < 5000; n++) {
		times_add(&times, 10 * ((int64_t)n + 1));
		for (uint64_t i = n > 40 ? n - 40 : 0; i <= n; i++) {
			times_span(&from_ms, &to_ms, &times, i);
			assert_true(from_ms <= 10 * (int64_t)i);
			assert_true(to_ms >= 10 * ((int64_t)i + 1));
			assert_true(to_ms - from_ms <= 10 * 4);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest whole[] = {
		{ "an interval holds its value, and is narrow for recent ones",
		    test_contains, NULL, NULL, NULL },
	};

	return TABLE_RUN(askeds, test_asked) +
	    cmocka_run_group_tests(whole, NULL, NULL);
}
