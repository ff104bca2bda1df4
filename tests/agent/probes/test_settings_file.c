#include "tests/support/table.h"

#include <stdlib.h>
#include <string.h>

#include "agent/probes/settings_file.h"
#include "proto/base/text.h"

static const struct row {
	const char *name;
	enum settings_format format;
	const char *bytes, *key;
	const char *expect; /* NULL: it is not there */
} rows[] = {
	{ "a key of YAML goes deeper by dots", FORMAT_YAML,
	    "database:\n  timeout: 35.0\n", "database.timeout", "35.0" },
	{ "a number of YAML stays as it is written", FORMAT_YAML, "a: 0010\n",
	    "a", "0010" },
	{ "a list of YAML is counted from 0", FORMAT_YAML, "a: [x, y]\n", "a.1",
	    "y" },
	{ "an alias of YAML is followed", FORMAT_YAML, "x: &x {t: 8}\ny: *x\n",
	    "y.t", "8" },
	{ "a mapping is no value", FORMAT_YAML, "a: {b: 1}\n", "a", NULL },
	{ "an empty YAML has no keys", FORMAT_YAML, "", "a", NULL },
	{ "a key of JSON goes deeper by dots", FORMAT_JSON,
	    "{\"a\": {\"b\": 75}}", "a.b", "75" },
	{ "a key with a dot counts as a whole", FORMAT_JSON,
	    "{\"a.b\": \"x\", \"a\": {\"b\": \"y\"}}", "a.b", "x" },
	{ "a null is not there", FORMAT_JSON, "{\"a\": null}", "a", NULL },
	{ "a line of ini is key = value", FORMAT_INI, "# c\n\npool = 20\n",
	    "pool", "20" },
	{ "a section of ini comes before the key", FORMAT_INI,
	    "[db]\r\npool=\"20 s\"\r\n", "db.pool", "20 s" },
	{ "a property has its dots in the name", FORMAT_INI, "spring.pool: 20",
	    "spring.pool", "20" },
	{ "the last line of ini counts", FORMAT_INI, "a=1\na=2\n", "a", "2" },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct err err = { 0 };
	json_t *root = NULL;
	char *text;

	assert_int_equal(settings_file_parse(&root, row->format, row->bytes,
			     strlen(row->bytes), &err),
	    0);
	text = settings_file_text(root, row->key);
	if (row->expect == NULL)
		assert_null(text);
	else
		assert_string_equal(text, row->expect);
	free(text);
	json_decref(root);
}

static const struct bad {
	const char *name;
	enum settings_format format;
	const char *bytes, *expect;
} bads[] = {
	{ "malformed YAML is named by its line", FORMAT_YAML,
	    "a: 1\nb: [canary\n", "line 3: not YAML" },
	{ "malformed JSON is named by its line", FORMAT_JSON,
	    "{\n\"a\": canary}", "line 2: not JSON" },
	{ "malformed ini is named by its line", FORMAT_INI, "a=1\ncanary\n",
	    "line 2: not key = value" },
};

static void
test_bad(void **state)
{
	const struct bad *bad = *state;
	struct err err = { 0 };
	json_t *root = NULL;

	assert_int_equal(settings_file_parse(&root, bad->format, bad->bytes,
			     strlen(bad->bytes), &err),
	    -1);
	assert_null(root);
	assert_string_equal(err.text, bad->expect);
}

/* Nine levels of nine aliases each: 400 million values. */
static void
a_bomb_of_aliases_is_refused(void **state)
{
	struct text bomb = { 0 };
	struct err err = { 0 };
	json_t *root = NULL;

	(void)state;
	text_add(&bomb, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 9; i++) {
		text_addf(&bomb, "a%d: &a%d [", i, i);
		for (int k = 0; k < 9; k++)
			text_addf(&bomb, "%s*a%d", k > 0 ? "," : "", i - 1);
		text_add(&bomb, "]\n");
	}
	assert_int_equal(
	    settings_file_parse(&root, FORMAT_YAML, bomb.bytes, bomb.n, &err),
	    -1);
	assert_int_equal(err.code, ERR_LIMIT);
	text_fini(&bomb);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(a_bomb_of_aliases_is_refused),
	};
	int rc = TABLE_RUN(rows, test_row);

	rc += TABLE_RUN(bads, test_bad);
	return rc + cmocka_run_group_tests(others, NULL, NULL);
}
