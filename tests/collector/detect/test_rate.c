#include "collector/detect/rate.h"
#include "tests/collector/detect/stream.h"
#include "tests/support/table.h"

#define STEP_MS  60000
#define ORDINARY 5000 /* results before the change */

static const struct row {
	const char *name;
	double before, after; /* shares of failures */
	int most;             /* results until it is known, in the mean */
	bool expect;
} rows[] = {
	{ "never a failure is quiet", 0, 0, 0, false },
	{ "a failure in a thousand is quiet", 0.001, 0.001, 0, false },
	{ "a failure in ten is quiet if it is usual", 0.1, 0.1, 0, false },
	{ "always failing is quiet if it is usual", 1, 1, 0, false },
	{ "fewer failures are no alarm", 0.2, 0.01, 0, false },
	{ "hard down is known after three", 0.001, 1, 3, true },
	{ "hard down of a shaky target is known after five", 0.05, 1, 5, true },
	{ "one in five is known within twenty", 0.001, 0.2, 20, true },
	{ "one in five against one in twenty takes eighty", 0.05, 0.2, 80,
	    true },
	{ "the first failures ever are hard down", 0, 1, 3, true },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	uint64_t seed = 11;
	double total = 0;
	int found = 0, early = 0, series = 20;

	for (int k = 0; k < series; k++) {
		struct rate rate;
		struct rate_flag flag;

		rate_init(&rate, 1);
		for (int i = 0; i < ORDINARY + 400; i++) {
			bool failed = stream_uniform(&seed) <
			    (i < ORDINARY ? row->before : row->after);

			if (!rate_add(
				&flag, &rate, i * (int64_t)STEP_MS, failed))
				continue;
			assert_true(flag.after > flag.before);
			assert_true(flag.onset <= flag.alarm);
			assert_int_equal(flag.alarm, i);
			if (i < ORDINARY) {
				early += i > 1000;
				continue;
			}
			found++;
			total += i - ORDINARY + 1;
			break;
		}
	}
	assert_int_equal(early, 0);
	assert_int_equal(found, row->expect ? series : 0);
	if (row->expect)
		assert_true(total / series <= row->most);
}

static void
test_an_outage_is_flagged_once_and_the_next_again(void **state)
{
	struct rate rate;
	struct rate_flag flag;
	int flags = 0;

	(void)state;
	rate_init(&rate, 1);
	for (int i = 0; i < 3000; i++)
		flags += rate_add(&flag, &rate, i * (int64_t)STEP_MS,
		    (i >= 1000 && i < 1100) || (i >= 2000 && i < 2100));
	assert_int_equal(flags, 2);
	assert_int_equal(flag.onset, 2000);
}

static void
test_an_outage_may_grow(void **state)
{
	struct rate rate;
	struct rate_flag flag;
	uint64_t seed = 5;
	int flags = 0;

	(void)state;
	rate_init(&rate, 1);
	for (int i = 0; i < 2200; i++)
		flags += rate_add(&flag, &rate, i * (int64_t)STEP_MS,
		    i >= 2000 ? stream_uniform(&seed) < (i < 2100 ? .15 : 1)
			      : i % 100 == 0);
	assert_int_equal(flags, 2);
	assert_in_range(flag.alarm, 2100, 2115);
	assert_true(flag.before < 0.5 && flag.after > 0.8);
}

static void
test_a_lasting_outage_becomes_usual(void **state)
{
	struct rate rate;
	struct rate_flag flag;
	int flags = 0;

	(void)state;
	rate_init(&rate, 1);
	for (int i = 0; i < 20000; i++)
		flags += rate_add(
		    &flag, &rate, i * (int64_t)STEP_MS, i >= 1000 && i % 2);
	assert_int_equal(flags, 1);
}

static void
test_what_could_not_tell_is_counted(void **state)
{
	struct rate rate;
	struct rate_flag flag = { 0 };

	(void)state;
	rate_init(&rate, 1);
	for (int i = 0; i < 1000; i++) {
		if (i % 2 == 0)
			rate_skip(&rate);
		else if (rate_add(&flag, &rate, PACE_NO_TIME, i >= 500))
			break;
	}
	assert_int_equal(flag.onset, 501);
}

/* Known answers: the mean time between false alarms is the one asked for. */
static void
test_run_length_is_as_wanted(void **state)
{
	static const double shares[] = { 0.002, 0.01, 0.05 };
	uint64_t seed = 3;

	(void)state;
	for (int s = 0; s < 3; s++) {
		struct rate rate;
		struct rate_flag flag;
		int flags = 0, n = 2000000;

		rate_init(&rate, 365.25 * 1440 / 10000); /* 1 in 10000 */
		for (int i = 0; i < n; i++)
			flags += rate_add(&flag, &rate, i * (int64_t)STEP_MS,
			    stream_uniform(&seed) < shares[s]);
		assert_in_range(flags, n / 10000 / 4, n / 10000 * 3 / 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_an_outage_is_flagged_once_and_the_next_again),
		cmocka_unit_test(test_an_outage_may_grow),
		cmocka_unit_test(test_a_lasting_outage_becomes_usual),
		cmocka_unit_test(test_what_could_not_tell_is_counted),
		cmocka_unit_test(test_run_length_is_as_wanted),
	};

	return TABLE_RUN(rows, test_row) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
