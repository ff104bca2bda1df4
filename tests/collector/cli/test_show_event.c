#include "collector/cli/show.h"
#include "tests/collector/cli/answers.h"
#include "tests/collector/cli/hostile.h"
#include "tests/collector/cli/pages.h"

static const struct line {
	const char *name;
	enum event_kind kind;
	bool transition;
	const struct look *look;
	const char *expect;
} lines[] = {
	{ "a result that changes says so", EVENT_RESULT, true, &plain,
	    "2026-01-05 10:00:06  CRITICAL    staging/backend env: changed, "
	    "check.missing ...\n" },
	{ "a result is cut to one line", EVENT_RESULT, false, &plain,
	    "2026-01-05 10:00:06  CRITICAL    staging/backend env: "
	    "check.missing 0.42 ms: ...\n" },
	{ "a change names the fact", EVENT_CHANGE, false, &plain,
	    "2026-01-05 10:00:20  change      staging/backend "
	    "env/POSTGRES_HOST: fingerpri...\n" },
	{ "a mark says who told it", EVENT_MARK, false, &plain,
	    "2026-01-05 10:00:20  mark        staging/backend deploy build/v2: "
	    "released v2...\n" },
	{ "a regression is told whole", EVENT_REGRESSION, false, &plain,
	    "2026-01-05 10:00:20  REGRESSION  staging/backend env: #12 state, "
	    "ok -> critical,\n"
	    "                                 env.missing: 6 variables "
	    "missing\n" },
	{ "its end is told in green", EVENT_CLEARED, false, &fancy,
	    "\x1b[2m2026-01-05 10:00:20  \x1b[0m\x1b[32mcleared\x1b[0m     "
	    "staging/backend env: #12 state, ok \u2192 critical,\n"
	    "                                 env.missing: 6 variables "
	    "missing\n" },
};

static void
test_line(void **state)
{
	const struct line *row = *state;
	struct page page = { .look = *row->look };
	struct event event = {
		.kind = row->kind,
		.at_ms = NOW,
		.result = history_rows[0],
		.transition = row->transition,
		.change = changes[0],
		.regression = regressions[0],
		.mark = marks[0],
	};

	show_event(&page, &event);
	assert_string_equal(page.text.bytes, row->expect);
	check_page(&page);
	page_fini(&page);
}

static void
test_hostile(void **state)
{
	struct event event = {
		.at_ms = INT64_MIN,
		.result = hostile_rows[0],
		.change = hostile_changes[0],
		.regression = hostile_regressions[0],
		.mark = hostile_marks[0],
	};
	struct page page = { .look = plain };

	(void)state;
	for (event.kind = EVENT_RESULT; event.kind <= EVENT_MARK; event.kind++)
		show_event(&page, &event);
	check_page(&page);
	page_fini(&page);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(test_hostile),
	};

	use_utf8();
	return TABLE_RUN(lines, test_line) +
	    cmocka_run_group_tests_name("others", others, NULL, NULL);
}
