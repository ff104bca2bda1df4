#include "collector/cli/show.h"
#include "tests/collector/cli/answers.h"
#include "tests/collector/cli/hostile.h"
#include "tests/collector/cli/pages.h"

static const struct regressions_answer some = { regressions, 3, true };
static const struct regressions_answer one = { regressions, 1, false };
static const struct regressions_answer none = { NULL, 0, false };
static const struct regressions_answer evil = { hostile_regressions, 2, false };

static const struct page_row {
	const char *name;
	const struct regressions_answer *answer;
	const struct look *look;
	const char *expect; /* NULL: it is safe, whatever it is */
} pages[] = {
	{ "nothing found is said", &none, &plain, "no regressions\n" },
	{ "open, late and cleared ones are told apart", &some, &plain,
	    "CRITICAL  #12  open  state of env in staging/backend\n"
	    "    onset 2026-01-05 09:59:56 .. 10:00:06, detected 2026-01-05 "
	    "10:00:07\n"
	    "    ok -> critical, env.missing\n"
	    "    6 variables missing\n"
	    "warning   #9  open  latency of http in production/backend  (late: "
	    "known only\n"
	    "    afterwards)\n"
	    "    onset 2026-01-05 08:58:40 .. 09:00:20, detected 2026-01-05 "
	    "09:02:00\n"
	    "    3.2 ms -> 41 ms\n"
	    "warning   #3  cleared  silence of laptop in local\n"
	    "    onset 2026-01-04 09:00:20 .. 09:17:00, detected 2026-01-04 "
	    "09:33:40, cleared\n"
	    "    2026-01-04 11:47:00\n"
	    "    a batch every 10 s -> none\n"
	    "older regressions were left out: see --limit, --since\n" },
	{ "colour and glyphs are for terminals", &one, &fancy,
	    "\x1b[1;31mCRITICAL\x1b[0m\x1b[1m  #12\x1b[0m  open  state of env "
	    "in staging/backend\n"
	    "    \x1b[2monset 2026-01-05 09:59:56 .. 10:00:06, detected "
	    "2026-01-05 10:00:07\x1b[0m\n"
	    "    ok \u2192 critical, env.missing\n"
	    "    6 variables missing\n" },
	{ "hostile regressions keep to the line", &evil, &plain, NULL },
	{ "hostile regressions keep to the line in colour", &evil, &fancy,
	    NULL },
};

static void
test_page(void **state)
{
	const struct page_row *row = *state;
	struct page page = { .look = *row->look };

	show_regressions(&page, row->answer);
	if (row->expect != NULL)
		assert_string_equal(page.text.bytes, row->expect);
	check_page(&page);
	page_fini(&page);
}

int
main(void)
{
	use_utf8();
	return TABLE_RUN(pages, test_page);
}
