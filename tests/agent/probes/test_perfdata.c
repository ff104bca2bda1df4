#include "tests/support/table.h"

#include <string.h>

#include "agent/probes/perfdata.h"

/* What plug-ins print, and what none should. */
static const struct output {
	const char *name;
	const char *output, *text, *data;
} outputs[] = {
	{ "a line with a bar has text and data", "LOAD OK | load1=0.1;5;10",
	    "LOAD OK", " load1=0.1;5;10" },
	{ "a line without a bar is text", "fine\n", "fine", "" },
	{ "further lines are not the message", "a | b=1\nlong\nmore | c=2\nd=3",
	    "a", " b=1 c=2 d=3" },
	{ "data of the first line ends with it", "a | b=1\nc=2", "a", " b=1" },
	{ "an empty first line gives way to the next", "\n  late \n", "late",
	    "" },
	{ "nothing is nothing", "", "", "" },
	{ "data alone is no text", "|a=1", "", " a=1" },
};

static void
test_output(void **state)
{
	const struct output *row = *state;
	char *text, *data;

	perfdata_split(&text, &data, row->output);
	assert_string_equal(text, row->text);
	assert_string_equal(data, row->data);
	free(text);
	free(data);
}

static const struct datum {
	const char *name;
	const char *data;
	const char *label;
	double value;
} data[] = {
	{ "a plain number", "users=3;20;50;0", "users", 3 },
	{ "seconds", "time=0.012s;;;0;10", "time_s", 0.012 },
	{ "milliseconds stay what they are", "rta=1.5ms", "rta_ms", 1.5 },
	{ "a percentage", "pl=20%;80", "pl_percent", 20 },
	{ "sizes become bytes", "/=2MB;1;2", "/_bytes", 2097152 },
	{ "units in small letters do as well", "x=1kb", "x_bytes", 1024 },
	{ "a counter", "hits=7c", "hits_count", 7 },
	{ "a label in quotes", "'C: used'=1", "C__used", 1 },
	{ "a quote in quotes is written twice", "'it''s'=1", "it_s", 1 },
	{ "an equals sign in quotes is part of the label", "'a=b'=1", "a_b",
	    1 },
	{ "a comma may part the decimals", "t=0,5s", "t_s", 0.5 },
	{ "a negative exponent", "x=-1.5e-3", "x", -0.0015 },
	{ "what comes before and makes no sense is passed over",
	    "= ' junk x= y=U z=1q ok=2", "ok", 2 },
	{ "infinity is no measure", "a=inf b=nan c=1e999 d=4", "d", 4 },
	{ "an open quote is junk up to the next blank", "'open=1 b=2", "b", 2 },
};

static void
test_datum(void **state)
{
	const struct datum *row = *state;
	const char *at = row->data;
	struct perfdata perfdata;

	assert_int_equal(perfdata_next(&perfdata, &at), 1);
	assert_string_equal(perfdata.name, row->label);
	assert_float_equal(perfdata.value, row->value, 1e-12);
}

static void
test_all_are_read(void **state)
{
	const char *at = "a=1;2;3 b=2s\tc=3%\n'd e'=4";
	struct perfdata perfdata;
	double sum = 0;
	int n = 0;

	(void)state;
	while (perfdata_next(&perfdata, &at) == 1) {
		sum += perfdata.value;
		n++;
	}
	assert_int_equal(n, 4);
	assert_float_equal(sum, 10, 1e-12);
	assert_int_equal(*at, '\0');
}

static void
test_a_long_label_keeps_its_unit(void **state)
{
	char text[200] = "";
	const char *at = text;
	struct perfdata perfdata;

	(void)state;
	memset(text, 'l', 150);
	strcpy(text + 150, "=1ms");
	assert_int_equal(perfdata_next(&perfdata, &at), 1);
	assert_int_equal(strlen(perfdata.name), PERFDATA_NAME_BYTES - 1);
	assert_string_equal(
	    perfdata.name + PERFDATA_NAME_BYTES - 1 - strlen("_ms"), "_ms");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_read),
		cmocka_unit_test(test_a_long_label_keeps_its_unit),
	};

	return TABLE_RUN(outputs, test_output) + TABLE_RUN(data, test_datum) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
