#include "tests/support/table.h"

#include <math.h>

#include "agent/probes/settings_value.h"

static const struct row {
	const char *name;
	enum value_type type;
	const char *text;
	double expect; /* NaN: it is not of this type */
} rows[] = {
	{ "a number has a fraction", VALUE_NUMBER, "35.5", 35.5 },
	{ "a number may be negative", VALUE_NUMBER, "-1e3", -1000 },
	{ "a number has no unit", VALUE_NUMBER, "35s", NAN },
	{ "a number has no white space", VALUE_NUMBER, " 35", NAN },
	{ "the empty text is no number", VALUE_NUMBER, "", NAN },
	{ "infinity is no number", VALUE_NUMBER, "inf", NAN },
	{ "what overflows is no number", VALUE_NUMBER, "1e999", NAN },
	{ "hexadecimal is no number", VALUE_NUMBER, "0x10", NAN },
	{ "two points are no number", VALUE_NUMBER, "1.2.3", NAN },
	{ "an integer is whole", VALUE_INTEGER, "20", 20 },
	{ "an integer may be written as a number", VALUE_INTEGER, "20.0", 20 },
	{ "a fraction is no integer", VALUE_INTEGER, "20.5", NAN },
	{ "a duration without a unit is in seconds", VALUE_DURATION, "35.0",
	    35 },
	{ "a duration is as PostgreSQL shows it", VALUE_DURATION, "5min", 300 },
	{ "milliseconds are a part of a second", VALUE_DURATION, "250ms",
	    0.25 },
	{ "a blank may stand before the unit", VALUE_DURATION, "2 h", 7200 },
	{ "a duration is not negative", VALUE_DURATION, "-1s", NAN },
	{ "an unknown unit is no duration", VALUE_DURATION, "3 weeks", NAN },
	{ "on is true", VALUE_BOOLEAN, "On", 1 },
	{ "0 is false", VALUE_BOOLEAN, "0", 0 },
	{ "2 is no boolean", VALUE_BOOLEAN, "2", NAN },
	{ "a text is worth no number", VALUE_TEXT, "35", NAN },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	double got = 0;
	int rc = value_parse(&got, row->type, row->text);

	assert_int_equal(rc, isnan(row->expect) ? -1 : 0);
	if (rc == 0)
		assert_true(value_same_number(got, row->expect));
}

static const struct pair {
	const char *name;
	enum value_type type;
	const char *a, *b;
	bool expect;
} pairs[] = {
	{ "35 and 35.0 are one number", VALUE_NUMBER, "35", "35.0", true },
	{ "35 and 35.0 are two texts", VALUE_TEXT, "35", "35.0", false },
	{ "60s and 1min are one duration", VALUE_DURATION, "60s", "1min",
	    true },
	{ "8 and 75 differ", VALUE_NUMBER, "8", "75", false },
	{ "off and false are one", VALUE_BOOLEAN, "off", "false", true },
	{ "what is no number is compared as it is", VALUE_NUMBER, "x", "x",
	    true },
	{ "what is no number equals none", VALUE_NUMBER, "x", "1", false },
};

static void
test_pair(void **state)
{
	const struct pair *pair = *state;

	assert_int_equal(
	    value_equal(pair->type, pair->a, pair->b), pair->expect);
	assert_int_equal(
	    value_equal(pair->type, pair->b, pair->a), pair->expect);
}

int
main(void)
{
	int rc = TABLE_RUN(rows, test_row);

	return rc + TABLE_RUN(pairs, test_pair);
}
