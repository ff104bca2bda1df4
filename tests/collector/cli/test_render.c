#include "collector/cli/render.h"
#include "tests/collector/cli/pages.h"

static const struct wrap {
	const char *name;
	size_t width, used, indent;
	const char *text, *expect;
} wraps[] = {
	{ "short text stays on its line", 60, 0, 4, "one two", "one two\n" },
	{ "an empty text ends the line", 60, 0, 4, "", "\n" },
	{ "what does not fit goes on below, indented", 60, 50, 4,
	    "one two three", "one two\n    three\n" },
	{ "a word longer than the line is cut", 60, 50, 2, "aaaaaaaaaaaabbb",
	    "aaaaaaaaaa\n  aabbb\n" },
	{ "newlines from outside cannot begin a line", 60, 0, 0,
	    "one\ncritical", "one critical\n" },
};

static void
test_wrap(void **state)
{
	const struct wrap *row = *state;
	struct page page = { .look = { .width = row->width } };

	page_wrap(&page, row->used, row->indent, INK_PLAIN, row->text);
	assert_string_equal(page.text.bytes, row->expect);
	page_fini(&page);
}

static const struct field {
	const char *name;
	bool glyphs;
	const char *text;
	size_t columns;
	const char *expect;
} fields[] = {
	{ "a short text is filled up", false, "ab", 4, "ab  |\n" },
	{ "a long text is cut with dots", false, "abcdefgh", 6, "abc...|\n" },
	{ "a long text is cut with an ellipsis", true, "abcdefgh", 6,
	    "abcde\u2026|\n" },
	{ "half of a wide character leaves a space", true,
	    "\u6771\u4eac\u6771\u4eac", 6, "\u6771\u4eac\u2026 |\n" },
};

static void
test_field(void **state)
{
	const struct field *row = *state;
	struct page page = {
		.look = { .width = 80, .utf8 = true, .glyphs = row->glyphs }
	};

	page_field(&page, INK_PLAIN, row->text, row->columns);
	page_put(&page, INK_PLAIN, "|");
	page_newline(&page);
	assert_string_equal(page.text.bytes, row->expect);
	page_fini(&page);
}

static const struct column columns[] = {
	{ .title = "NAME" },
	{ .title = "MS", .right = true, .whole = true },
	{ .title = "TEXT" },
};

static const struct sheet {
	const char *name;
	size_t width;
	const char *cells[6], *note, *expect;
} sheets[] = {
	{ "columns are as wide as what they hold", 80,
	    { "alpha", "1", "x", "b", "1000", "" }, NULL,
	    "NAME     MS  TEXT\n"
	    "alpha     1  x\n"
	    "b      1000\n" },
	{ "the widest column gives way", 24,
	    { "alpha", "1", "a long text of many words", "b", "1000", "" },
	    NULL,
	    "NAME     MS  TEXT\n"
	    "alpha     1  a long t...\n"
	    "b      1000\n" },
	{ "a note stands below its row", 24,
	    { "alpha", "1", "x", "b", "2", "y" }, "more of this than fits",
	    "NAME   MS  TEXT\n"
	    "alpha   1  x\n"
	    "b       2  y\n"
	    "    more of this than\n"
	    "    fits\n" },
};

static void
test_sheet(void **state)
{
	const struct sheet *row = *state;
	struct page page = { .look = { .width = row->width } };
	struct table *table = table_new(columns, 3);

	for (size_t i = 0; i < 6; i++)
		table_add(table, INK_PLAIN, "%s", row->cells[i]);
	if (row->note != NULL)
		table_note(table, INK_PLAIN, "%s", row->note);
	table_print(table, &page);
	assert_string_equal(page.text.bytes, row->expect);
	check_page(&page);
	page_fini(&page);
}

static void
test_colour(void **state)
{
	struct page page = { .look = fancy };

	(void)state;
	page_put(&page, INK_BAD, "bad");
	page_put(&page, INK_PLAIN, " plain");
	page_put(&page, INK_GOOD, "%s", "");
	page_newline(&page);
	assert_string_equal(page.text.bytes, "\x1b[1;31mbad\x1b[0m plain\n");
	page_fini(&page);
}

#define T INT64_C(1767607220000) /* 2026-01-05T10:00:20Z */

static const struct age {
	const char *name;
	int64_t from_ms;
	const char *expect;
} ages[] = {
	{ "a time to come is now", T + 5000, "0s" },
	{ "seconds to two minutes", T - 119999, "119s" },
	{ "minutes to two hours", T - 120000, "2m" },
	{ "hours to two days", T - 7200000, "2h" },
	{ "then days", T - 172800000, "2d" },
	{ "before all calendars is long ago", INT64_MIN, "106751991167d" },
	{ "after all calendars is now", INT64_MAX, "0s" },
};

static void
test_age(void **state)
{
	const struct age *row = *state;
	char out[RENDER_AGE_BYTES];

	assert_string_equal(render_age(out, row->from_ms, T), row->expect);
}

static const struct interval {
	const char *name;
	int64_t from_ms, to_ms;
	const char *expect;
} intervals[] = {
	{ "the day is written once", T - 10000, T,
	    "2026-01-05 10:00:10 .. 10:00:20" },
	{ "two days are written twice", T - 86400000, T,
	    "2026-01-04 10:00:20 .. 2026-01-05 10:00:20" },
	{ "without a beginning it was before", 0, T,
	    "before 2026-01-05 10:00:20" },
	{ "times no calendar has do no harm", INT64_MAX, INT64_MIN,
	    "no time .. no time" },
};

static void
test_interval(void **state)
{
	const struct interval *row = *state;
	char out[RENDER_INTERVAL_BYTES];

	assert_string_equal(
	    render_interval(out, row->from_ms, row->to_ms), row->expect);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(test_colour),
	};

	use_utf8();
	return TABLE_RUN(wraps, test_wrap) + TABLE_RUN(fields, test_field) +
	    TABLE_RUN(sheets, test_sheet) + TABLE_RUN(ages, test_age) +
	    TABLE_RUN(intervals, test_interval) +
	    cmocka_run_group_tests_name("others", others, NULL, NULL);
}
