#include "tests/support/table.h"

#include <stdlib.h>
#include <string.h>

#include "agent/probes/journey_text.h"

static const char *
value_of(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "id") == 0 ? "17"
	    : strcmp(name, "odd") == 0 ? "a/b ${id}?"
				       : NULL;
}

static const struct row {
	const char *name, *text;
	bool is_url;
	const char *expect, *unknown; /* unknown: up to the end of text */
} rows[] = {
	{ "a text without names stays", "plain $ } {", false, "plain $ } {",
	    NULL },
	{ "a name is filled in", "/orders/${id}", true, "/orders/17", NULL },
	{ "a name is filled in twice", "${id}-${id}", false, "17-17", NULL },
	{ "a value in a url is no path of its own", "/x/${odd}", true,
	    "/x/a%2Fb%20%24%7Bid%7D%3F", NULL },
	{ "a value is not read again", "${odd}", false, "a/b ${id}?", NULL },
	{ "an unknown name stays and is told", "${id} ${who}", false,
	    "17 ${who}", "who}" },
	{ "an open brace is no name", "${id", false, "${id", NULL },
	{ "an empty name is unknown", "${}", false, "${}", "}" },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	size_t n = 0;
	const char *unknown =
	    journey_text_unknown(&n, row->text, value_of, NULL);
	char *text = journey_text_fill(row->text, row->is_url, value_of, NULL);

	assert_string_equal(text, row->expect);
	if (row->unknown == NULL)
		assert_null(unknown);
	else
		assert_string_equal(unknown, row->unknown);
	free(text);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row);
}
