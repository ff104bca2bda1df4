#include "tests/support/table.h"

#include "collector/detect/beat.h"

static const struct beat_rule hourly = { 3600, 600, 0 };
static const struct beat_rule bounded = { 3600, 600, 100 };

/* What is said at a moment by one that called at 1000. */
static const struct row {
	const char *name;
	const struct beat_rule *rule;
	struct beat beat;
	int64_t now_ms;
	enum beat_says says;
} rows[] = {
	{ "who never called is not known", &hourly, { .is_known = false }, 1,
	    BEAT_NEVER },
	{ "who never called is not known long after either", &hourly,
	    { .is_known = false }, 100000, BEAT_NEVER },
	{ "within the interval all is well", &hourly,
	    { .is_known = true, .called_ms = 1000 }, 4600, BEAT_NOTHING },
	{ "and within the grace", &hourly,
	    { .is_known = true, .called_ms = 1000 }, 5199, BEAT_NOTHING },
	{ "then it is missed", &hourly, { .is_known = true, .called_ms = 1000 },
	    5200, BEAT_MISSED },
	{ "what was said is not said again at once", &hourly,
	    { .is_known = true,
		.called_ms = 1000,
		.said = BEAT_MISSED,
		.said_ms = 5200 },
	    9399, BEAT_NOTHING },
	{ "but after another interval and grace", &hourly,
	    { .is_known = true,
		.called_ms = 1000,
		.said = BEAT_MISSED,
		.said_ms = 5200 },
	    9400, BEAT_MISSED },
	{ "a call that was due while nobody listened may be lost", &hourly,
	    { .is_known = true,
		.called_ms = 1000,
		.deaf_from_ms = 4000,
		.deaf_to_ms = 5000 },
	    5200, BEAT_UNHEARD },
	{ "until an interval and grace after that", &hourly,
	    { .is_known = true,
		.called_ms = 1000,
		.deaf_from_ms = 4000,
		.deaf_to_ms = 5000 },
	    9199, BEAT_UNHEARD },
	{ "then it is missed all the same", &hourly,
	    { .is_known = true,
		.called_ms = 1000,
		.deaf_from_ms = 4000,
		.deaf_to_ms = 5000 },
	    9200, BEAT_MISSED },
	{ "not having listened before a call was due excuses nobody", &hourly,
	    { .is_known = true,
		.called_ms = 1000,
		.deaf_from_ms = 2000,
		.deaf_to_ms = 4500 },
	    5200, BEAT_MISSED },
	{ "nor does not having listened after it was", &hourly,
	    { .is_known = true,
		.called_ms = 1000,
		.deaf_from_ms = 5200,
		.deaf_to_ms = 6000 },
	    6000, BEAT_MISSED },
	{ "a run without a limit may take its time", &hourly,
	    { .is_known = true,
		.called_ms = 1000,
		.is_running = true,
		.started_ms = 1100 },
	    5199, BEAT_NOTHING },
	{ "one with a limit may not", &bounded,
	    { .is_known = true,
		.called_ms = 1000,
		.is_running = true,
		.started_ms = 1100 },
	    1200, BEAT_TOO_LONG },
	{ "not even the first", &bounded,
	    { .is_running = true, .started_ms = 1100 }, 1200, BEAT_TOO_LONG },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct beat beat = row->beat;

	assert_int_equal(beat_look(&beat, row->rule, row->now_ms), row->says);
}

/* A day in the life of a job. */
static void
test_calls(void **state)
{
	struct beat beat = { .is_known = false };

	(void)state;
	assert_int_equal(beat_look(&beat, &hourly, 0), BEAT_NEVER);
	assert_int_equal(beat_end(&beat, 100), -1);
	assert_int_equal(beat_look(&beat, &hourly, 101), BEAT_NOTHING);
	assert_int_equal(beat_due_ms(&beat, &hourly), 4300);
	beat_start(&beat, 3700);
	assert_int_equal(beat_end(&beat, 3720), 20);
	assert_int_equal(beat_look(&beat, &hourly, 7919), BEAT_NOTHING);
	assert_int_equal(beat_look(&beat, &hourly, 7920), BEAT_MISSED);
	assert_int_equal(beat_look(&beat, &hourly, 7921), BEAT_NOTHING);
	assert_int_equal(beat_end(&beat, 8000), -1);
	assert_int_equal(beat_look(&beat, &hourly, 8001), BEAT_NOTHING);
}

int
main(void)
{
	const struct CMUnitTest more[] = {
		cmocka_unit_test(test_calls),
	};
	int n_failed = TABLE_RUN(rows, test_row);

	return n_failed + cmocka_run_group_tests(more, NULL, NULL);
}
