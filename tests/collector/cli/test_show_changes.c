#include "collector/cli/show.h"
#include "tests/collector/cli/answers.h"
#include "tests/collector/cli/hostile.h"
#include "tests/collector/cli/pages.h"

static const struct changes_answer some = { changes, 2, true, NULL, 0 };
static const struct changes_answer none = { NULL, 0, false, NULL, 0 };
static const struct changes_answer evil = { hostile_changes, 2, false, NULL,
	0 };

static const struct changes_answer told = { NULL, 0, false, marks, 1 };
static const struct changes_answer both = { changes, 1, false, marks, 1 };
static const struct changes_answer lies = { NULL, 0, false, hostile_marks, 1 };

static const struct page_row {
	const char *name;
	const struct changes_answer *answer;
	const struct look *look;
	const char *expect; /* NULL: it is safe, whatever it is */
} pages[] = {
	{ "nothing found is said", &none, &plain, "no changes\n" },
	{ "a change is an interval, a first sight a point", &some, &plain,
	    "BETWEEN (UTC)                    PLACE            FACT\n"
	    "2026-01-05 09:59:56 .. 10:00:06  staging/backend  "
	    "env/POSTGRES_HOST\n"
	    "    fingerprint k1:9f2c0011 -> absent  (by stg-1, from process)\n"
	    "first seen 2026-01-04 09:00:20   staging          build\n"
	    "    not seen before -> b41f  (by stg-1, from service)\n"
	    "older changes were left out: see --limit, --since\n" },
	{ "colour and glyphs are for terminals", &some, &fancy,
	    "\x1b[2mBETWEEN (UTC)\x1b[0m                    "
	    "\x1b[2mPLACE\x1b[0m            \x1b[2mFACT\x1b[0m\n"
	    "2026-01-05 09:59:56 .. 10:00:06  staging/backend  "
	    "\x1b[1menv/POSTGRES_HOST\x1b[0m\n"
	    "    fingerprint k1:9f2c0011 \u2192 absent  (by stg-1, from "
	    "process)\n"
	    "first seen 2026-01-04 09:00:20   staging          "
	    "\x1b[1mbuild\x1b[0m\n"
	    "    not seen before \u2192 b41f  (by stg-1, from service)\n"
	    "\x1b[2molder changes were left out: see --limit, "
	    "--since\x1b[0m\n" },
	{ "what was told is shown with who told it", &told, &plain,
	    "2026-01-05 10:00:20  staging/backend: deploy build/v2: released "
	    "v2 (by uid 1000)\n" },
	{ "above what was found out", &both, &plain,
	    "2026-01-05 10:00:20  staging/backend: deploy build/v2: released "
	    "v2 (by uid 1000)\n"
	    "\n"
	    "BETWEEN (UTC)                    PLACE            FACT\n"
	    "2026-01-05 09:59:56 .. 10:00:06  staging/backend  "
	    "env/POSTGRES_HOST\n"
	    "    fingerprint k1:9f2c0011 -> absent  (by stg-1, from "
	    "process)\n" },
	{ "hostile marks keep to the line", &lies, &plain, NULL },
	{ "hostile facts keep to the line", &evil, &plain, NULL },
	{ "hostile facts keep to the line in colour", &evil, &fancy, NULL },
};

static void
test_page(void **state)
{
	const struct page_row *row = *state;
	struct page page = { .look = *row->look };

	show_changes(&page, row->answer);
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
