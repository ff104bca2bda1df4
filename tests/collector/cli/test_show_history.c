#include "collector/cli/show.h"
#include "tests/collector/cli/answers.h"
#include "tests/collector/cli/hostile.h"
#include "tests/collector/cli/pages.h"

static const struct look wide = { .width = 120 };

static const struct history_answer mixed = { history_rows, 3, true };
static const struct history_answer same = { history_rows + 1, 2, false };
static const struct history_answer none = { NULL, 0, false };
static const struct history_answer evil = { hostile_rows, 2, false };

static const struct history {
	const char *name;
	const struct history_answer *answer;
	const struct look *look;
	bool phases;
	const char *expect;
} histories[] = {
	{ "nothing found is said", &none, &plain, false, "no results\n" },
	{ "what all rows share is said once", &same, &plain, false,
	    "staging/backend, probe db (postgres), agent stg-1 (in_service)\n"
	    "TIME (UTC)           OUTCOME   DURATION  REASON, MESSAGE\n"
	    "2026-01-05 10:00:08  CRITICAL   >=5.0 s  connect.timeout: "
	    "db.staging:5432: no...\n"
	    "2026-01-05 09:59:48  ok           12 ms\n" },
	{ "what differs has a column", &mixed, &plain, false,
	    "staging/backend, agent stg-1 (in_service)\n"
	    "TIME (UTC)           PROBE  OUTCOME   DURATION  REASON, MESSAGE\n"
	    "2026-01-05 10:00:06  env    CRITICAL   0.42 ms  check.missing: 6 "
	    "variables mi...\n"
	    "2026-01-05 10:00:08  db     CRITICAL   >=5.0 s  connect.timeout: "
	    "db.staging:5...\n"
	    "2026-01-05 09:59:48  db     ok           12 ms\n"
	    "older results were left out: see --limit, --since\n" },
	{ "phases without room stand below", &same, &plain, true,
	    "staging/backend, probe db (postgres), agent stg-1 (in_service)\n"
	    "TIME (UTC)           OUTCOME   DURATION  REASON, MESSAGE\n"
	    "2026-01-05 10:00:08  CRITICAL   >=5.0 s  connect.timeout: "
	    "db.staging:5432: no...\n"
	    "    resolve 3.20 ms, connect 5.0 s\n"
	    "2026-01-05 09:59:48  ok           12 ms\n"
	    "    resolve 3.20 ms, connect 5.00 ms, query 4.20 ms\n" },
	{ "phases with room have columns", &same, &wide, true,
	    "staging/backend, probe db (postgres), agent stg-1 (in_service)\n"
	    "TIME (UTC)           OUTCOME   DURATION  resolve  connect    "
	    "query  REASON, MESSAGE\n"
	    "2026-01-05 10:00:08  CRITICAL   >=5.0 s  3.20 ms    5.0 s        "
	    "-  connect.timeout: db.staging:5432: no answer\n"
	    "2026-01-05 09:59:48  ok           12 ms  3.20 ms  5.00 ms  4.20 "
	    "ms\n" },
	{ "colour and glyphs are for terminals", &same, &fancy, false,
	    "\x1b[1mstaging/backend\x1b[0m, probe db (postgres), agent stg-1 "
	    "(in_service)\n"
	    "\x1b[2mTIME (UTC)\x1b[0m           \x1b[2mOUTCOME\x1b[0m   "
	    "\x1b[2mDURATION\x1b[0m  \x1b[2mREASON, MESSAGE\x1b[0m\n"
	    "2026-01-05 10:00:08  \x1b[1;31mCRITICAL\x1b[0m    \u22655.0 s  "
	    "connect.timeout: db.staging:5432: no a\u2026\n"
	    "2026-01-05 09:59:48  \x1b[32mok\x1b[0m           12 ms\n" },
};

static void
test_history(void **state)
{
	const struct history *row = *state;
	struct page page = { .look = *row->look };

	show_history(&page, row->answer, row->phases);
	assert_string_equal(page.text.bytes, row->expect);
	check_page(&page);
	page_fini(&page);
}

static const struct hostile {
	const char *name;
	size_t width;
	bool utf8, phases;
} hostiles[] = {
	{ "hostile results keep to 60 columns", 60, false, false },
	{ "hostile results keep to 80 columns", 80, true, false },
	{ "hostile phases keep to 80 columns", 80, true, true },
	{ "hostile phases keep to 500 columns", 500, false, true },
};

static void
test_hostile(void **state)
{
	const struct hostile *row = *state;
	struct page page = { .look = {
				 .width = row->width, .utf8 = row->utf8 } };

	show_history(&page, &evil, row->phases);
	check_page(&page);
	page_fini(&page);
}

int
main(void)
{
	use_utf8();
	return TABLE_RUN(histories, test_history) +
	    TABLE_RUN(hostiles, test_hostile);
}
