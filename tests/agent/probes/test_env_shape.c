#include "tests/support/table.h"

#include <stdio.h>

#include "agent/probes/env_shape.h"

static const struct shape {
	const char *name;
	const char *value, *type;
	uint32_t min_length;
	const char *expect; /* NULL: nothing is wrong */
} shapes[] = {
	{ "a plain value is fine", "db.test", "text", 0, NULL },
	{ "white space inside is fine", "a b", "text", 0, NULL },
	{ "nothing is empty", "", "text", 0, "is empty" },
	{ "blanks are nothing", " \t", "text", 0,
	    "is nothing but white space" },
	{ "a blank before is found", " a", "text", 0,
	    "has white space around it" },
	{ "a line end after is found", "a\n", "text", 0,
	    "has white space around it" },
	{ "a carriage return has its own word", "a\r", "text", 0,
	    "ends with a carriage return" },
	{ "double quotes are found", "\"a\"", "text", 0,
	    "is still in its quotes" },
	{ "single quotes are found", "'a'", "text", 0,
	    "is still in its quotes" },
	{ "one quote is a value", "\"", "text", 0, NULL },
	{ "quotes inside are fine", "a\"b\"c", "text", 0, NULL },
	{ "what nobody expanded is found", "postgres://${HOST}/db", "text", 0,
	    "holds a ${...} that nobody expanded" },
	{ "a dollar is no expansion", "pa$$word${", "text", 0, NULL },
	{ "changeme is a placeholder", "ChangeMe", "text", 0,
	    "is a placeholder" },
	{ "angle brackets are a placeholder", "<secret>", "text", 0,
	    "is a placeholder" },
	{ "your-key is a placeholder", "your-key-here", "text", 0,
	    "is a placeholder" },
	{ "null was never expanded", "null", "text", 0, "is a placeholder" },
	{ "a placeholder of one's own is one", "sesame", "text", 0,
	    "is a placeholder" },
	{ "five characters are too short for six", "12345", "text", 6,
	    "is too short" },
	{ "six are not", "123456", "text", 6, NULL },
	{ "an integer may have a sign", "-12", "integer", 0, NULL },
	{ "a fraction is no integer", "1.5", "integer", 0,
	    "is not an integer" },
	{ "a sign alone is no integer", "-", "integer", 0,
	    "is not an integer" },
	{ "a fraction is a number", "1.5e3", "number", 0, NULL },
	{ "infinity is no number", "inf", "number", 0, "is not a number" },
	{ "yes is a boolean", "Yes", "boolean", 0, NULL },
	{ "2 is no boolean", "2", "boolean", 0, "is not a boolean" },
	{ "65535 is a port", "65535", "port", 0, NULL },
	{ "65536 is no port", "65536", "port", 0, "is not a port" },
	{ "0 is no port", "0", "port", 0, "is not a port" },
	{ "80x is no port", "80x", "port", 0, "is not a port" },
	{ "a slash makes a path", "etc/ca.pem", "path", 0, NULL },
	{ "a word is no path", "ca", "path", 0, "is not a path" },
	{ "a url is no path", "file:///etc/ca.pem", "path", 0,
	    "is not a path" },
	{ "a scheme makes a url", "redis+tls://h/0", "url", 0, NULL },
	{ "a host is no url", "h:6379", "url", 0, "is not a url" },
	{ "a url has something after its scheme", "http://", "url", 0,
	    "is not a url" },
	{ "a url has no blanks", "http://a b", "url", 0, "is not a url" },
};

static void
test_shape(void **state)
{
	const struct shape *row = *state;
	char type[16], own[] = "sesame", *owns[] = { own };
	struct variable_config variable = {
		.type = type,
		.min_length = row->min_length,
		.not_placeholder = owns,
		.n_not_placeholder = 1,
	};
	const char *fault;

	snprintf(type, sizeof(type), "%s", row->type);
	fault = env_shape_fault(row->value, &variable);
	if (row->expect == NULL)
		assert_null(fault);
	else
		assert_string_equal(fault, row->expect);
}

int
main(void)
{
	return TABLE_RUN(shapes, test_shape);
}
