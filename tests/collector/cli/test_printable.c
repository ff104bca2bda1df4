#include "collector/cli/printable.h"
#include "tests/collector/cli/pages.h"

static const struct clean {
	const char *name, *text;
	bool utf8;
	const char *expect;
} cleans[] = {
	{ "plain text stays", "connect: refused", false, "connect: refused" },
	{ "an escape sequence loses its escape", "a\x1b[2Jb", true, "a?[2Jb" },
	{ "line ends and tabs become spaces", "a\r\n\tb", false, "a   b" },
	{ "bell, backspace and DEL become marks", "\a\b\x7f", true, "???" },
	{ "UTF-8 stays where it can be shown", "d\u00e9j\u00e0", true,
	    "d\u00e9j\u00e0" },
	{ "UTF-8 becomes one mark per character elsewhere", "d\u00e9j\u00e0",
	    false, "d?j?" },
	{ "a byte that is no UTF-8 becomes a mark", "a\xff\xc3", true, "a??" },
	{ "a control character in UTF-8 becomes a mark",
	    "\xc2\x9b"
	    "2J",
	    true, "?2J" },
	{ "a mark that turns the line round is shown as one",
	    "\u202egnp.exe\u2066", true, "?gnp.exe?" },
	{ "characters without width are shown", "a\u200bb\ufeff", true,
	    "a?b?" },
	{ "wide characters stay", "\u6771", true, "\u6771" },
};

static void
test_clean(void **state)
{
	const struct clean *row = *state;
	struct text out = { 0 };

	printable_add(&out, row->text, row->utf8);
	assert_string_equal(out.bytes, row->expect);
	text_fini(&out);
}

static const struct fit {
	const char *name, *text;
	size_t columns, bytes, line_bytes, next;
} fits[] = {
	{ "short text fits whole", "one two", 20, 7, 7, 7 },
	{ "a text as wide as the line fits", "one two", 7, 7, 7, 7 },
	{ "a line ends at a word", "one two", 5, 5, 3, 4 },
	{ "several spaces are left out", "one   two", 7, 7, 3, 6 },
	{ "a word may end where the line does", "one two", 3, 3, 3, 4 },
	{ "a long word is cut", "abcdefgh ij", 4, 4, 4, 4 },
	{ "a wide character takes two columns", "\u6771\u4eac", 3, 3, 3, 3 },
	{ "one character is taken even of too narrow a line", "\u6771", 1, 0, 3,
	    3 },
	{ "an empty text takes nothing", "", 10, 0, 0, 0 },
};

static void
test_fit(void **state)
{
	const struct fit *row = *state;
	size_t next;

	assert_int_equal(printable_fit(row->text, row->columns), row->bytes);
	assert_int_equal(
	    printable_line(&next, row->text, row->columns), row->line_bytes);
	assert_int_equal(next, row->next);
}

static const struct width {
	const char *name, *text;
	size_t width;
} widths[] = {
	{ "a letter takes a column", "abc", 3 },
	{ "an accented letter takes a column", "d\u00e9j\u00e0", 4 },
	{ "a combining accent takes none", "e\u0301", 1 },
	{ "an ideograph takes two", "\u6771\u4eac", 4 },
};

static void
test_width(void **state)
{
	const struct width *row = *state;

	assert_int_equal(printable_width(row->text), row->width);
}

int
main(void)
{
	use_utf8();
	return TABLE_RUN(cleans, test_clean) + TABLE_RUN(fits, test_fit) +
	    TABLE_RUN(widths, test_width);
}
