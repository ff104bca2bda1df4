#include "tests/support/table.h"

#include <stdlib.h>
#include <string.h>

#include "collector/keep/reorder.h"
#include "proto/base/random.h"

#define MINUTE_MS INT64_C(60000)

/* Digits are the minutes at which lines begin, in the order in which they
 * come; in the order in which they leave before the end; and at the end. */
static const struct order {
	const char *name;
	const char *come, *leave, *rest;
} orders[] = {
	{ "lines wait while they may be overtaken", "012", "", "012" },
	{ "a line leaves when another began five minutes later", "0126", "01",
	    "26" },
	{ "lines leave in the order of their times", "21037", "012", "37" },
	{ "who comes too late leaves at once", "0901", "001", "9" },
	{ "nothing comes of nothing", "", "", "" },
};

static struct line
line_at(int64_t at_ms)
{
	return (struct line){ .type = LINE_FACT,
		.at_ms = at_ms,
		.environment = "staging",
		.agent = "",
		.fact = { .service = "", .name = "build", .value = "v1" } };
}

static void
take_all(struct reorder *reorder, bool at_end, char *out, size_t *n)
{
	struct line *line;
	int64_t known_ms;

	while ((line = reorder_take(reorder, &known_ms, at_end)) != NULL) {
		assert_int_equal(line->at_ms, known_ms);
		assert_string_equal(line->fact.value, "v1");
		out[(*n)++] = (char)('0' + line->at_ms / MINUTE_MS);
		free(line);
	}
}

static void
test_order(void **state)
{
	const struct order *row = *state;
	struct reorder *reorder = reorder_new();
	char left[16] = "", rest[16] = "";
	size_t n = 0, m = 0;

	for (const char *at = row->come; *at != '\0'; at++) {
		struct line line = line_at((*at - '0') * MINUTE_MS);

		reorder_put(reorder, &line, 0);
		take_all(reorder, false, left, &n);
	}
	take_all(reorder, true, rest, &m);
	assert_string_equal(left, row->leave);
	assert_string_equal(rest, row->rest);
	reorder_free(reorder);
}

/* A run is known when it ended; a clock that is ahead is set right. */
static void
test_known(void **state)
{
	struct reorder *reorder = reorder_new();
	struct line line = { .type = LINE_RESULT,
		.at_ms = 5 * MINUTE_MS,
		.environment = "staging",
		.agent = "a",
		.series = { .service = "",
		    .probe = "db",
		    .kind = "tcp",
		    .reference_of = "" },
		.result = { .duration_us = 35000000, .message = "" } };
	struct line *taken;
	int64_t known_ms;

	(void)state;
	reorder_put(reorder, &line, 2 * MINUTE_MS);
	taken = reorder_take(reorder, &known_ms, true);
	assert_non_null(taken);
	assert_int_equal(known_ms, 3 * MINUTE_MS + 35000);
	assert_string_equal(taken->series.probe, "db");
	free(taken);
	reorder_free(reorder);
}

static void
test_sorted(void **state)
{
	struct reorder *reorder = reorder_new();
	struct random_seeded seeded;
	struct line line, *taken;
	int64_t known_ms, last_ms = -1;
	size_t n = 0;

	(void)state;
	random_seeded_init(&seeded, 4);
	for (int i = 0; i < 5000; i++) {
		line =
		    line_at((int64_t)random_below(&seeded.random, REORDER_MS));
		reorder_put(reorder, &line, 0);
	}
	assert_null(reorder_take(reorder, &known_ms, false));
	for (; (taken = reorder_take(reorder, &known_ms, true)) != NULL; n++) {
		assert_true(known_ms >= last_ms);
		last_ms = known_ms;
		free(taken);
	}
	assert_int_equal(n, 5000);
	/* What is left is freed with it. */
	reorder_put(reorder, &line, 0);
	reorder_free(reorder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_sorted),
	};

	return TABLE_RUN(orders, test_order) +
	    cmocka_run_group_tests_name("reorder", tests, NULL, NULL);
}
