#include "tests/support/table.h"

#include "collector/alert/lane.h"

static const struct wait {
	const char *name;
	uint32_t n_failures;
	int64_t least_ms, most_ms;
} waits[] = {
	{ "the first failure waits up to a second", 1, 500, 1000 },
	{ "the second up to two", 2, 1000, 2000 },
	{ "the fifth up to sixteen", 5, 8000, 16000 },
	{ "none waits longer than five minutes", 50, 150000, 300000 },
	{ "however many there are", UINT32_MAX, 150000, 300000 },
};

static void
test_wait(void **state)
{
	const struct wait *row = *state;
	struct random_seeded seeded;
	int64_t least_ms = INT64_MAX, most_ms = 0;

	random_seeded_init(&seeded, 1);
	for (int i = 0; i < 1000; i++) {
		int64_t ms = lane_back_off_ms(row->n_failures, &seeded.random);

		least_ms = ms < least_ms ? ms : least_ms;
		most_ms = ms > most_ms ? ms : most_ms;
	}
	assert_true(least_ms >= row->least_ms && most_ms <= row->most_ms);
	/* By chance, but all over the span. */
	assert_true(most_ms - least_ms > (row->most_ms - row->least_ms) / 2);
}

static const struct story {
	const char *name;
	const char *whys[4]; /* "": taken */
	const char *news;    /* of each: y or n */
	uint32_t n_failures;
	const char *trouble;
} stories[] = {
	{ "what is taken is no news", { "", "" }, "nn", 0, NULL },
	{ "the first failure is", { "down", "down" }, "yn", 2, "down" },
	{ "another reason is", { "down", "late" }, "yy", 2, "late" },
	{ "the end of them is", { "down", "", "" }, "yyn", 0, NULL },
};

static void
test_story(void **state)
{
	const struct story *row = *state;
	struct random_seeded seeded;
	struct lane lane = { 0 };

	random_seeded_init(&seeded, 1);
	for (int i = 0; row->news[i] != '\0'; i++) {
		struct err why;
		bool is_taken = row->whys[i][0] == '\0';

		err_set(&why, ERR_IO, "%s", row->whys[i]);
		assert_int_equal(lane_note(&lane, is_taken ? NULL : &why,
				     1000 + i, 5000, &seeded.random),
		    row->news[i] == 'y');
		assert_int_equal(lane.retry_ms > 5000, !is_taken);
	}
	assert_int_equal(lane.state.n_failures, row->n_failures);
	assert_int_equal(lane.state.failing_ms, row->trouble ? 1000 : 0);
	if (row->trouble != NULL)
		assert_string_equal(lane.state.trouble, row->trouble);
	else
		assert_null(lane.state.trouble);
	lane_fini(&lane);
}

int
main(void)
{
	return TABLE_RUN(waits, test_wait) + TABLE_RUN(stories, test_story);
}
