#include <string.h>

#include "collector/ask/case_pace.h"
#include "tests/support/table.h"

#define AT_MS   INT64_C(1767607200000)
#define STEP_MS INT64_C(5000)
#define OLD     60 /* results before, of 200 ms, connected in 1 ms */

/* The newest first: how long they took and connected, in ms, and how they
 * ended: "." ok, "w" warning, "c" critical, "?" unknown. */
static const struct pace {
	const char *name;
	int ms[SCENE_RECENT], connect_ms[SCENE_RECENT];
	const char *outcomes;
	int late_runs; /* late since so many runs ago; -1: not late */
	uint32_t n_again;
} paces[] = {
	{ "as ever", { 210, 190, 205, 200, 220 }, { 0 }, ".....", -1, 0 },
	{ "warnings of what takes half as long again",
	    { 400, 390, 410, 200, 200, 200, 200, 200 }, { 0 }, "www.....", 2,
	    0 },
	{ "the same without a warning is within what happens",
	    { 400, 390, 410, 400, 400, 200, 200, 200 }, { 0 }, "........", -1,
	    0 },
	{ "without a warning, much slower",
	    { 900, 950, 900, 200, 200, 200, 200, 200 }, { 0 }, "........", 2,
	    0 },
	{ "warnings of what is as quick as ever", { 200, 210, 190, 200, 205 },
	    { 0 }, "wwwww", -1, 0 },
	{ "one late run is none", { 3000, 200, 200, 200, 200, 200 }, { 0 },
	    "w.....", -1, 0 },
	{ "now and then in between it is quick",
	    { 200, 1400, 3000, 200, 1200, 220, 1300, 200, 200, 200, 200, 200 },
	    { 0 }, ".ww.w.w.....", 6, 0 },
	{ "what was late before five quick ones is over",
	    { 900, 900, 900, 200, 200, 200, 200, 200, 900, 900 }, { 0 },
	    "www.....ww", 2, 0 },
	{ "a time-out among late ones is late",
	    { 4000, 900, 900, 200, 200, 200, 200, 200 }, { 0 }, "cww.....", 2,
	    0 },
	{ "who could not tell was not late",
	    { 4000, 4000, 4000, 200, 200, 200, 200 }, { 0 }, "???....", -1, 0 },
	{ "connects that were tried again after 1 s and 3 s",
	    { 1005, 5, 3020, 5, 1010, 5, 5, 5 },
	    { 1002, 1, 3015, 1, 1004, 1, 1, 1 }, "........", 4, 3 },
	{ "a connect of half a second was not tried again",
	    { 600, 600, 600, 200, 200 }, { 500, 510, 490, 1, 1 }, ".....", -1,
	    0 },
	{ "one that never came about is no connect",
	    { 1004, 200, 200, 200, 200 }, { 1002, 1, 1, 1, 1 }, "c....", -1,
	    0 },
};

static enum outcome
outcome_of(char c)
{
	return c == '.' ? OUTCOME_OK
	    : c == 'w'  ? OUTCOME_WARNING
	    : c == 'c'  ? OUTCOME_CRITICAL
			: OUTCOME_UNKNOWN;
}

static void
test_pace(void **state)
{
	const struct pace *row = *state;
	static const struct series series = {
		.kind = "postgres", .phases = { "connect" }, .n_phases = 1
	};
	int64_t older_us[OLD], older_connect_us[OLD];
	struct result results[SCENE_RECENT];
	const struct case_pace pace = { &series, results, strlen(row->outcomes),
		older_us, older_connect_us, OLD };
	struct scene_view view = { 0 };

	memset(results, 0, sizeof(results));
	for (size_t i = 0; i < OLD; i++) {
		older_us[i] = 200000;
		older_connect_us[i] = 1000;
	}
	for (size_t i = 0; i < pace.n_results; i++) {
		results[i].at_ms = AT_MS - (int64_t)i * STEP_MS;
		results[i].duration_us = row->ms[i] * 1000;
		results[i].outcome = outcome_of(row->outcomes[i]);
		results[i].n_phases = 1;
		results[i].phase_us[0] = row->connect_ms[i] * 1000;
	}
	case_pace_set(&view, &pace);
	assert_int_equal(view.n_again, row->n_again);
	if (row->late_runs < 0) {
		assert_int_equal(view.late_from_ms, 0);
		return;
	}
	assert_int_equal(view.late_from_ms, AT_MS - row->late_runs * STEP_MS);
	assert_int_equal(
	    view.late_good_ms, AT_MS - (row->late_runs + 1) * STEP_MS);
}

/* Where nobody recorded phases. */
static void
test_port(void **state)
{
	static const struct series port = { .kind = "tcp" };
	static const struct series query = { .kind = "postgres" };
	static const struct result result = { .duration_us = 1000 };

	(void)state;
	assert_int_equal(case_pace_connect_us(&port, &result), 1000);
	assert_int_equal(case_pace_connect_us(&query, &result), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_port),
	};

	return TABLE_RUN(paces, test_pace) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
