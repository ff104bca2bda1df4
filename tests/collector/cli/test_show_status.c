#include <string.h>

#include "collector/cli/show.h"
#include "tests/collector/cli/answers.h"
#include "tests/collector/cli/hostile.h"
#include "tests/collector/cli/pages.h"

static const struct cell_row good_cells[] = {
	{ "production", "backend", STATE_OK, NOW - 86400000, NOW - 4000, "",
	    "" },
};

/* More environments than stand side by side. */
static const struct cell_row many_cells[] = {
	{ "e", "backend", STATE_OK, 1, NOW - 1000, "5", "" },
	{ "d", "backend", STATE_OK, 1, NOW - 1000, "", "" },
	{ "c", "backend", STATE_OK, 1, NOW - 1000, "", "" },
	{ "b", "", STATE_OK, 1, NOW - 1000, "", "" },
	{ "a", "backend", STATE_OK, 1, NOW - 1000, "1", "" },
};

static const struct status_answer good = { .at_ms = NOW,
	.cells = good_cells,
	.n_cells = 1,
	.agents = agents,
	.n_agents = 1 };
static const struct status_answer nothing = { .at_ms = NOW };
static const struct status_answer many = {
	.at_ms = NOW, .cells = many_cells, .n_cells = 5
};

static const struct status {
	const char *name;
	const struct status_answer *answer;
	const struct look *look;
	int exit_code;
	const char *expect;
} statuses[] = {
	{ "what is well takes few lines", &good, &plain, 0,
	    "collector 2026-01-05 10:00:20 UTC    1 agent\n"
	    "\n"
	    "               production\n"
	    "backend        ok 4s\n"
	    "\n"
	    "1 ok\n" },
	{ "what is well is green", &good, &fancy, 0,
	    "\x1b[1mcollector 2026-01-05 10:00:20 UTC\x1b[0m    1 agent\n"
	    "\n"
	    "               \x1b[2mproduction\x1b[0m\n"
	    "\x1b[1mbackend\x1b[0m        \x1b[32mok 4s\x1b[0m\n"
	    "\n"
	    "\x1b[32m1 ok\x1b[0m\n" },
	{ "nothing known is not well", &nothing, &plain, 3,
	    "collector 2026-01-05 10:00:20 UTC    0 agents\n"
	    "\n"
	    "nothing is known: no agent has sent a result of this\n" },
	{ "environments that do not fit follow below", &many, &plain, 0,
	    "collector 2026-01-05 10:00:20 UTC    0 agents\n"
	    "\n"
	    "               a               b               c               d"
	    "\n"
	    "(environment)  -               ok 1s           -               -"
	    "\n"
	    "backend        ok 1s           -               ok 1s           ok "
	    "1s\n"
	    "               1\n"
	    "\n"
	    "               e\n"
	    "(environment)  -\n"
	    "backend        ok 1s\n"
	    "               5\n"
	    "\n"
	    "5 ok\n" },
	{ "an outage tells what is wrong and what cannot be seen", &outage,
	    &plain, 2,
	    "collector 2026-01-05 10:00:20 UTC    2 agents, 1 silent\n"
	    "\n"
	    "               local           production      staging\n"
	    "backend        stale 6m        ok 4s           CRITICAL 2s\n"
	    "               dev             b41f            b41f\n"
	    "cache          -               blind           -\n"
	    "database       -               -               ok 4s\n"
	    "\n"
	    "WRONG\n"
	    "CRITICAL  staging/backend  since 2026-01-05 10:00:06 (14s)\n"
	    "  why         env: 6 variables missing in pid 812: POSTGRES_HOST "
	    "POSTGRES_PORT\n"
	    "              POSTGRES_DB POSTGRES_USER DATABASE_URL SECRET_KEY\n"
	    "  probe       env on stg-1: CRITICAL since 2026-01-05 10:00:06, "
	    "check.missing\n"
	    "              0.42 ms\n"
	    "  probe       db on stg-1: CRITICAL since 2026-01-05 10:00:08, "
	    "not "
	    "confirmed\n"
	    "              yet, connect.timeout >=5.0 s: db.staging:5432: no "
	    "answer\n"
	    "  reference   db: own inputs fail (env.missing), reference inputs "
	    "pass in the\n"
	    "              same run (3.2 ms)\n"
	    "  build       b41f is also on production/backend, which is ok\n"
	    "  regression  #12 state of env, onset 2026-01-05 09:59:56 .. "
	    "10:00:06: ok ->\n"
	    "              critical, env.missing: 6 variables missing\n"
	    "\n"
	    "CANNOT BE SEEN\n"
	    "stale     local/backend  since 2026-01-05 09:53:40 (6m)\n"
	    "blind     production/cache\n"
	    "  why         no probe looks at it from a vantage that counts\n"
	    "agent     laptop in local: silent: last batch 2026-01-05 "
	    "09:53:40; unproven\n"
	    "          (workstation): what it says does not count for the "
	    "environment; 7\n"
	    "          results lost, 2026-01-05 09:52:00 .. 09:52:50; 3 "
	    "batches "
	    "still in its\n"
	    "          spool\n"
	    "gap       staging/database: stg-1 lost 7 results\n"
	    "\n"
	    "ALSO OPEN OR NOTED\n"
	    "production/backend\n"
	    "  regression  #9 latency of http, onset 2026-01-05 08:58:40 .. "
	    "09:00:20: 3.2 ms\n"
	    "              -> 41 ms\n"
	    "peer      production/backend: the worker reaches db\n"
	    "\n"
	    "2 ok, 1 CRITICAL, 1 stale, 1 blind, 2 open regressions\n" },
};

static void
test_status(void **state)
{
	const struct status *row = *state;
	struct page page = { .look = *row->look };

	show_status(&page, row->answer);
	assert_string_equal(page.text.bytes, row->expect);
	assert_int_equal(show_status_exit(row->answer), row->exit_code);
	check_page(&page);
	page_fini(&page);
}

/* Colour adds nothing but colour. */
static void
test_colour(void **state)
{
	struct page with = { .look = fancy }, without = { .look = plain };
	char *bare;

	(void)state;
	with.look.glyphs = false;
	show_status(&with, &outage);
	show_status(&without, &outage);
	bare = without_colour(with.text.bytes);
	assert_non_null(strstr(with.text.bytes, "\x1b[1;31mCRITICAL 2s"));
	assert_non_null(strstr(with.text.bytes, "\x1b[35mblind"));
	assert_string_equal(bare, without.text.bytes);
	free(bare);
	page_fini(&with);
	page_fini(&without);
}

static const struct hostile {
	const char *name;
	struct look look;
} hostiles[] = {
	{ "a hostile answer keeps to 60 columns", { .width = 60 } },
	{ "a hostile answer keeps to 80 columns", { .width = 80 } },
	{ "a hostile answer keeps to 80 columns in colour",
	    { .width = 80, .colour = true, .utf8 = true, .glyphs = true } },
	{ "a hostile answer keeps to 500 columns",
	    { .width = 500, .utf8 = true } },
};

static void
test_hostile(void **state)
{
	const struct hostile *row = *state;
	struct page page = { .look = row->look };

	show_status(&page, &hostile_status);
	check_page(&page);
	page_fini(&page);
}

static const struct verdict {
	const char *name;
	enum state states[3];
	size_t n;
	enum outcome regression; /* an open one, unless it is ok */
	int expect;
} verdicts[] = {
	{ "all ok is 0", { STATE_OK, STATE_OK }, 2, OUTCOME_OK, 0 },
	{ "a warning is 1", { STATE_OK, STATE_WARNING }, 2, OUTCOME_OK, 1 },
	{ "critical is 2", { STATE_CRITICAL }, 1, OUTCOME_OK, 2 },
	{ "unknown is 3", { STATE_UNKNOWN }, 1, OUTCOME_OK, 3 },
	{ "stale is 3", { STATE_OK, STATE_STALE }, 2, OUTCOME_OK, 3 },
	{ "blind is 3", { STATE_BLIND, STATE_OK }, 2, OUTCOME_OK, 3 },
	{ "unknown outweighs a warning", { STATE_WARNING, STATE_BLIND }, 2,
	    OUTCOME_OK, 3 },
	{ "critical outweighs unknown", { STATE_UNKNOWN, STATE_CRITICAL }, 2,
	    OUTCOME_OK, 2 },
	{ "an open regression of an ok cell counts", { STATE_OK }, 1,
	    OUTCOME_WARNING, 1 },
	{ "a critical regression outweighs unknown", { STATE_STALE }, 1,
	    OUTCOME_CRITICAL, 2 },
	{ "nothing seen is 3", { STATE_OK }, 0, OUTCOME_OK, 3 },
	{ "a state from the future is 3", { (enum state)9 }, 1, OUTCOME_OK, 3 },
};

static void
test_verdict(void **state)
{
	const struct verdict *row = *state;
	struct cell_row some[3] = { 0 };
	struct regression_row open = { .severity = row->regression };
	struct status_answer answer = {
		.cells = some,
		.n_cells = row->n,
		.open = &open,
		.n_open = row->regression != OUTCOME_OK,
	};

	for (size_t i = 0; i < row->n; i++)
		some[i].state = row->states[i];
	assert_int_equal(show_status_exit(&answer), row->expect);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(test_colour),
	};

	use_utf8();
	return TABLE_RUN(statuses, test_status) +
	    TABLE_RUN(hostiles, test_hostile) +
	    TABLE_RUN(verdicts, test_verdict) +
	    cmocka_run_group_tests_name("others", others, NULL, NULL);
}
