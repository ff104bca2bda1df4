#include "tests/support/table.h"

#include "collector/keep/rhythm.h"

#define MAX_TIMES 12

static const struct history {
	const char *name;
	int64_t times_ms[MAX_TIMES]; /* 0 ends them */
	uint32_t interval_ms;
} histories[] = {
	{ "one result has no rhythm", { 1000 }, 0 },
	{ "three results may be chance", { 1000, 31000, 61000 }, 0 },
	{ "four results alike are a rhythm", { 1000, 31000, 61000, 91000 },
	    30000 },
	{ "jitter does not hide it", { 1000, 31150, 61020, 91180 }, 30000 },
	{ "a pause changes nothing",
	    { 1000, 31000, 61000, 91000, 991000, 1021000 }, 30000 },
	{ "another rhythm takes its place",
	    { 1000, 31000, 61000, 91000, 101000, 111000, 121000 }, 10000 },
	{ "what comes when it comes has none",
	    { 1000, 3000, 61000, 62000, 900000, 910000 }, 0 },
	{ "late results are ignored", { 1000, 31000, 500, 61000, 40000, 91000 },
	    30000 },
	{ "a rhythm below a second is kept as it is",
	    { 1000, 1250, 1500, 1750 }, 250 },
};

static void
test_history(void **state)
{
	const struct history *row = *state;
	struct rhythm rhythm = { 0 };
	uint32_t interval_ms = 0;

	for (int i = 0; i < MAX_TIMES && row->times_ms[i] != 0; i++)
		interval_ms = rhythm_add(&rhythm, row->times_ms[i]);
	assert_int_equal(interval_ms, row->interval_ms);
}

int
main(void)
{
	return TABLE_RUN(histories, test_history);
}
