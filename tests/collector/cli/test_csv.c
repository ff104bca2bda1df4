#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collector/cli/csv.h"
#include "collector/cli/moment.h"
#include "tests/support/table.h"

/* Rows are joined by ';', fields by '|'; a fault ends them. */
static const struct file {
	const char *name, *bytes, *expect;
	size_t n; /* bytes, where they hold a NUL */
} files[] = {
	{ "an empty file has no rows", "", "", 0 },
	{ "a row needs no newline at its end", "a,b\n1,2", "a|b;1|2;", 0 },
	{ "lines may end with CRLF", "a,b\r\n1,2\r\n", "a|b;1|2;", 0 },
	{ "empty lines are skipped", "\n\na,b\n\r\n1,2\n\n", "a|b;1|2;", 0 },
	{ "in a single column they are empty fields", "\na\n1\n\n3\n",
	    "a;1;;3;", 0 },
	{ "empty fields are fields", ",\na,,b\n", "|;a||b;", 0 },
	{ "a byte order mark is skipped", "\xef\xbb\xbfvalue\n", "value;", 0 },
	{ "quotes keep commas and newlines", "\"a,\nb\",c\n", "a,\nb|c;", 0 },
	{ "doubled quotes are quotes", "\"say \"\"hi\"\"\"\n", "say \"hi\";",
	    0 },
	{ "spaces are kept", " a , b\n", " a | b;", 0 },
	{ "a lone CR belongs to the field", "a\rb\n", "a\rb;", 0 },
	{ "a quote must be closed", "a\n\"b\nc",
	    "a;:2:1: this quote is never "
	    "closed",
	    0 },
	{ "nothing follows a closing quote", "\"a\"b\n",
	    ":1:4: a comma or the end of the line belongs after a closing "
	    "quote",
	    0 },
	{ "a quote does not begin inside", "x,ab\"c\n",
	    ":1:5: a quote inside a field that does not begin with one", 0 },
	{ "a NUL byte is no text", "a\n1,\0\n",
	    "a;:2:3: a NUL byte: is this a "
	    "text file?",
	    6 },
};

static void
write_file(char path[32], const char *bytes, size_t n)
{
	FILE *file;

	strcpy(path, "/tmp/test_csv.XXXXXX");
	file = fdopen(mkstemp(path), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	fclose(file);
}

static void
test_file(void **state)
{
	const struct file *row = *state;
	char path[32], found[512] = "";
	struct csv *csv = NULL;
	struct err err;
	int rc;

	write_file(path, row->bytes, row->n > 0 ? row->n : strlen(row->bytes));
	assert_int_equal(csv_open(&csv, path, &err), 0);
	while ((rc = csv_next(csv, &err)) > 0) {
		for (size_t i = 0; i < csv_n(csv); i++) {
			strcat(found, i > 0 ? "|" : "");
			strcat(found, csv_field(csv, i));
		}
		strcat(found, ";");
	}
	if (rc < 0)
		strcat(found, err.text + strlen(path));
	csv_close(csv);
	unlink(path);
	assert_string_equal(found, row->expect);
}

static void
test_a_row_has_a_limit(void **state)
{
	static char bytes[CSV_ROW_MAX + 2];
	char path[32];
	struct csv *csv = NULL;
	struct err err;

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	write_file(path, bytes, sizeof(bytes));
	assert_int_equal(csv_open(&csv, path, &err), 0);
	assert_int_equal(csv_next(csv, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	csv_close(csv);
	unlink(path);
}

static void
test_fields_have_a_limit(void **state)
{
	static char bytes[CSV_FIELDS_MAX + 1];
	char path[32];
	struct csv *csv = NULL;
	struct err err;

	(void)state;
	memset(bytes, ',', sizeof(bytes));
	write_file(path, bytes, sizeof(bytes));
	assert_int_equal(csv_open(&csv, path, &err), 0);
	assert_int_equal(csv_next(csv, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	csv_close(csv);
	unlink(path);
}

static void
test_no_file_is_named(void **state)
{
	struct csv *csv = NULL;
	struct err err;

	(void)state;
	assert_int_equal(csv_open(&csv, "/nonexistent/a.csv", &err), -1);
	assert_string_equal(
	    err.text, "/nonexistent/a.csv: No such file or directory");
}

static const struct moment {
	const char *name, *text;
	bool right;
	int64_t expect_ms;
} moments[] = {
	{ "RFC 3339", "2026-01-05T10:00:00.120Z", true, 1767607200120 },
	{ "a zone counts", "2026-01-05T11:00:00+01:00", true, 1767607200000 },
	{ "no zone is UTC", "2026-01-05 10:00:00", true, 1767607200000 },
	{ "fractions without a zone", "2026-01-05 10:00:00.500", true,
	    1767607200500 },
	{ "minutes are enough", "2026-01-05 10:00", true, 1767607200000 },
	{ "a date is its midnight", "2026-01-05", true, 1767571200000 },
	{ "a month is its first day", "2026-01", true, 1767225600000 },
	{ "seconds since 1970", "1767607200", true, 1767607200000 },
	{ "milliseconds since 1970", "1767607200120", true, 1767607200120 },
	{ "microseconds since 1970", "1767607200120000", true, 1767607200120 },
	{ "a small number counts minutes", "2", true, 120000 },
	{ "a word is no time", "yesterday", false, 0 },
	{ "nothing is no time", "", false, 0 },
	{ "infinity is no time", "inf", false, 0 },
	{ "a thirteenth month is no time", "2026-13-05", false, 0 },
	{ "something after it is no time", "2026-01-05T10:00:00Zx", false, 0 },
	{ "a very long text is no time",
	    "2026-01-05T10:00:00.000000000000000000000000000000000000Z", false,
	    0 },
};

static void
test_moment(void **state)
{
	const struct moment *row = *state;
	int64_t at_ms = -1;

	assert_int_equal(moment_parse(&at_ms, row->text), row->right);
	if (row->right)
		assert_int_equal(at_ms, row->expect_ms);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_row_has_a_limit),
		cmocka_unit_test(test_fields_have_a_limit),
		cmocka_unit_test(test_no_file_is_named),
	};

	return TABLE_RUN(files, test_file) + TABLE_RUN(moments, test_moment) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
