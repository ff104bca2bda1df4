#include "tests/support/folder.h"
#include "tests/support/table.h"

#include "proto/conf.h"

/* A schema with everything that ours use, and two types (a float, an
 * enumeration) that are left to libcyaml. */
struct shelf {
	char *label;
	uint16_t width;
	double depth;
	uint32_t colour;
};

struct room {
	char *name;
	bool is_open;
	struct shelf *shelves;
	uint32_t n_shelves;
	struct shelf *best;
	char **tags;
	uint32_t n_tags;
};

static const cyaml_strval_t colours[] = { { "red", 1 }, { "blue", 2 } };

static const cyaml_schema_field_t shelf_fields[] = {
	CYAML_FIELD_STRING_PTR("label", CYAML_FLAG_DEFAULT, struct shelf, label,
	    0, CYAML_UNLIMITED),
	CYAML_FIELD_UINT("width", CYAML_FLAG_OPTIONAL, struct shelf, width),
	CYAML_FIELD_FLOAT("depth", CYAML_FLAG_OPTIONAL, struct shelf, depth),
	CYAML_FIELD_ENUM("colour", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT,
	    struct shelf, colour, colours, 2),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t shelf_item = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct shelf, shelf_fields),
};
static const cyaml_schema_value_t tag_item = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};
static const cyaml_schema_field_t room_fields[] = {
	CYAML_FIELD_STRING_PTR(
	    "name", CYAML_FLAG_DEFAULT, struct room, name, 0, CYAML_UNLIMITED),
	CYAML_FIELD_BOOL("open", CYAML_FLAG_OPTIONAL, struct room, is_open),
	CYAML_FIELD_SEQUENCE_COUNT("shelves",
	    CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct room, shelves,
	    n_shelves, &shelf_item, 0, CYAML_UNLIMITED),
	CYAML_FIELD_MAPPING_PTR(
	    "best", CYAML_FLAG_OPTIONAL, struct room, best, shelf_fields),
	CYAML_FIELD_SEQUENCE_COUNT("tags",
	    CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct room, tags, n_tags,
	    &tag_item, 0, CYAML_UNLIMITED),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t room_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct room, room_fields),
};

static const struct bad {
	const char *name;
	const char *yaml;
	const char *expect; /* after "FILE:" */
} bads[] = {
	{ "an unknown key is named with the nearest known one",
	    "name: a\nshelfes: []\n",
	    "2:1: shelfes: unknown key; did you mean shelves?" },
	{ "an unknown key has the place of the key, not of its mapping",
	    "name: a\nshelves:\n  - label: x\n    widht: 3\n",
	    "4:5: shelves[0].widht: unknown key; did you mean width?" },
	{ "a key like no other is to be removed", "name: a\nfrobnicate: 1\n",
	    "2:1: frobnicate: unknown key; remove it" },
	{ "what does not look like a key is not repeated",
	    "name: a\npostgres://u:hunter2@h/d: 1\n",
	    "2:1: unknown key; remove it" },
	{ "a missing required key is named", "open: true\n",
	    "1:1: name: required key is missing" },
	{ "a missing key of an item has the place of the item",
	    "name: a\nshelves:\n  - width: 3\n",
	    "3:5: shelves[0].label: required key is missing" },
	{ "a key given twice is refused", "name: a\nopen: true\nname: b\n",
	    "3:1: name: given twice; remove one" },
	{ "a word other than true or false is no boolean",
	    "name: a\nopen: maybe\n", "2:7: open: must be true or false" },
	{ "yes is no boolean", "name: a\nopen: yes\n",
	    "2:7: open: must be true or false" },
	{ "a number too large for its place is refused",
	    "name: a\nbest: {label: x, width: 65536}\n",
	    "2:25: best.width: must be a whole number from 0 to 65535" },
	{ "a number past 64 bits is refused",
	    "name: a\nbest: {label: x, width: 18446744073709551620}\n",
	    "2:25: best.width: must be a whole number from 0 to 65535" },
	{ "a negative number is refused",
	    "name: a\nbest: {label: x, width: -1}\n",
	    "2:25: best.width: must be a whole number from 0 to 65535" },
	{ "a leading zero is refused, it may have meant octal",
	    "name: a\nbest: {label: x, width: 080}\n",
	    "2:25: best.width: must be a whole number from 0 to 65535" },
	{ "a word is no number", "name: a\nbest: {label: x, width: x}\n",
	    "2:25: best.width: must be a whole number from 0 to 65535" },
	{ "a list where a text belongs is refused", "name: [a]\n",
	    "1:7: name: must be a single value" },
	{ "a text where a list belongs is refused", "name: a\ntags: b\n",
	    "2:7: tags: must be a list: [ ... ]" },
	{ "a text where a mapping belongs is refused", "name: a\nbest: b\n",
	    "2:7: best: must be a mapping: key: value ..." },
	{ "a key without value is refused", "name:\n",
	    "1:6: name: has no value; write one, or leave the key out" },
	{ "a tilde is no value", "name: ~\n",
	    "1:7: name: has no value; write one, or leave the key out" },
	{ "a NUL in a text is refused", "name: \"a\\0b\"\n",
	    "1:7: name: must not hold a NUL" },
	{ "a list as a whole is no configuration", "- a\n",
	    "1:1: must be a mapping: key: value ..." },
	{ "a list is no key", "? [a]\n: b\n", "1:3: a key must be a word" },
	{ "an empty file is said to be empty", "",
	    "1:1: the file is empty; write at least the required keys" },
	{ "a file of comments is empty", "# nothing\n",
	    "1:1: the file is empty; write at least the required keys" },
	{ "a second document is refused", "name: a\n---\nname: b\n",
	    "2:1: a second document begins here; write one document only" },
	{ "an open bracket is no YAML", "name: [a\n",
	    "2:1: not YAML: while parsing a flow sequence: did not find "
	    "expected ',' or ']'" },
	{ "a tab that indents is named", "name: a\nbest:\n\tlabel: x\n",
	    "3:1: not YAML: while scanning for the next token: found "
	    "character that cannot start any token; indent with spaces, not "
	    "with tabs" },
	{ "bytes that are not UTF-8 have their line", "name: a\ntags: [\xff]\n",
	    "2:1: not YAML: invalid leading UTF-8 octet" },
	{ "a list that holds itself is refused",
	    "name: a\nshelves: &s [ *s ]\n",
	    "2:10: shelves[0]: must be a mapping: key: value ..." },
	{ "an unknown alias is refused", "name: *nobody\n",
	    "1:7: not YAML: found undefined alias" },
	{ "what libcyaml finds has its place and not its value",
	    "name: a\nshelves:\n  - {label: x, depth: hunter2}\n",
	    "3:23: Invalid value" },
	{ "an unknown word of an enumeration is found by libcyaml",
	    "name: a\nbest: {label: x, colour: hunter2}\n",
	    "2:26: Invalid value" },
};

static void
test_bad(void **state)
{
	const struct bad *row = *state;
	char path[FOLDER_PATH_BYTES];
	struct folder folder;
	struct conf *conf = NULL;
	void *data = NULL;
	struct err err;

	folder_open(&folder);
	folder_write(path, &folder, "room.yaml", row->yaml, strlen(row->yaml));
	assert_int_equal(conf_load(&conf, &data, path, &room_schema, &err), -1);
	folder_close(&folder);
	assert_memory_equal(err.text, path, strlen(path));
	assert_string_equal(err.text + strlen(path) + 1, row->expect);
	assert_int_equal(err.code, ERR_INVALID);
	assert_null(strstr(err.text, "hunter2"));
}

static const char good[] = "name: attic\n"
			   "open: true\n"
			   "shelves:\n"
			   "  - &a { label: one, width: 65535, depth: 0.5 }\n"
			   "  - *a\n"
			   "tags: [ x, '~', \"\" ]\n";

static const struct place {
	const char *name;
	const char *path;
	const char *expect;
} places[] = {
	{ "a value has the place of the value", "shelves[0].width",
	    "4:29: shelves[0].width: too wide" },
	{ "an item has its own place", "tags[1]", "6:12: tags[1]: too wide" },
	{ "what is not there has the place of what is around it",
	    "shelves[0].colour", "4:5: shelves[0].colour: too wide" },
	{ "an item past the end has the place of the list", "tags[7]",
	    "6:7: tags[7]: too wide" },
	{ "a value reached by an alias has the place of the anchor",
	    "shelves[1].label", "4:17: shelves[1].label: too wide" },
	{ "no path is the beginning", "", "1:1: too wide" },
};

static void
test_place(void **state)
{
	const struct place *row = *state;
	char path[FOLDER_PATH_BYTES];
	struct folder folder;
	struct conf *conf = NULL;
	struct room *room;
	void *data = NULL;
	struct err err = { 0 };

	folder_open(&folder);
	folder_write(path, &folder, "room.yaml", good, strlen(good));
	assert_int_equal(conf_load(&conf, &data, path, &room_schema, &err), 0);
	folder_close(&folder);
	room = data;
	assert_string_equal(room->name, "attic");
	assert_true(room->is_open);
	assert_int_equal(room->n_shelves, 2);
	assert_int_equal(room->shelves[1].width, 65535);
	assert_int_equal(room->n_tags, 3);
	assert_string_equal(room->tags[1], "~");
	assert_int_equal(
	    conf_complain(conf, &err, row->path, "too %s", "wide"), -1);
	assert_string_equal(err.text + strlen(path) + 1, row->expect);
	conf_free(conf, &room_schema, data);
}

static int
load(const char *path, struct err *err)
{
	struct conf *conf = NULL;
	void *data = NULL;
	int rc = conf_load(&conf, &data, path, &room_schema, err);

	if (rc == 0)
		conf_free(conf, &room_schema, data);
	return rc;
}

static void
test_no_file(void **state)
{
	char path[FOLDER_PATH_BYTES];
	struct folder folder;
	struct err err;

	(void)state;
	folder_open(&folder);
	assert_int_equal(load(folder.path, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	assert_non_null(strstr(err.text, "not a file; name a YAML file"));
	assert_int_equal(load(folder_path(path, &folder, "absent"), &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, path));
	folder_close(&folder);
}

/* A list of n aliases of a mapping with three values. */
static int
load_aliases(struct err *err, size_t n)
{
	static const char head[] =
	    "name: a\nbest: &b {label: x, width: 1, depth: 1}\nshelves: [";
	size_t used = sizeof(head) - 1;
	char *yaml = malloc(used + n * 3 + 3), path[FOLDER_PATH_BYTES];
	struct folder folder;
	int rc;

	memcpy(yaml, head, used);
	for (size_t i = 0; i < n; i++, used += 3)
		memcpy(yaml + used, "*b,", 3);
	memcpy(yaml + used, "]\n", 3);
	folder_open(&folder);
	rc =
	    load(folder_write(path, &folder, "many.yaml", yaml, used + 2), err);
	folder_close(&folder);
	free(yaml);
	return rc;
}

static void
test_many_aliases(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(load_aliases(&err, 10000), 0);
	assert_int_equal(load_aliases(&err, 300000), -1);
	assert_non_null(strstr(err.text, "too many values, aliases included"));
}

static void
test_large(void **state)
{
	char path[FOLDER_PATH_BYTES], *spaces = malloc(CONF_MAX_BYTES + 1);
	struct folder folder;
	struct err err;

	(void)state;
	memset(spaces, ' ', CONF_MAX_BYTES + 1);
	folder_open(&folder);
	folder_write(path, &folder, "large.yaml", spaces, CONF_MAX_BYTES + 1);
	assert_int_equal(load(path, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	folder_close(&folder);
	free(spaces);
}

/* Each line is wrong in its own way but the last. */
static const char wrongs[] = "nmae: a\n"
			     "open: yes\n"
			     "shelves:\n"
			     "  - label: x\n"
			     "    width: -1\n"
			     "  - width: 3\n"
			     "tags: [a, {}]\n";

static void
test_all(void **state)
{
	struct complaints complaints = { 0 };
	char path[FOLDER_PATH_BYTES], *text, *at;
	struct conf *conf = NULL;
	void *data = NULL;
	struct folder folder;
	struct err err;

	(void)state;
	folder_open(&folder);
	folder_write(path, &folder, "f", wrongs, strlen(wrongs));
	assert_int_equal(
	    conf_load_all(&conf, &data, path, &room_schema, &complaints, &err),
	    -1);
	assert_non_null(strstr(err.text, ":1:1: nmae: unknown key"));
	text = at = complaints_print(&complaints, "");
	for (const char *const *place = (const char *const[]){ ":1:1: nmae: ",
		 ":1:1: name: ", ":2:7: open: ", ":5:12: shelves[0].width: ",
		 ":6:5: shelves[1].label: ", ":7:11: tags[1]: ", NULL };
	     *place != NULL; place++) {
		at = strstr(at, *place);
		if (at == NULL)
			fail_msg("no %s in\n%s", *place, text);
	}
	assert_int_equal(complaints.n, 6);
	free(text);
	complaints_fini(&complaints);
	folder_close(&folder);
}

/* More than anybody reads are counted. */
static void
test_too_many(void **state)
{
	struct complaints complaints = { 0 };
	struct complaint complaint = { .text = "f:1:1: wrong" };
	char *text;

	(void)state;
	for (size_t i = 0; i < COMPLAINTS_MAX + 3; i++)
		complaints_add(&complaints, &complaint);
	text = complaints_print(&complaints, "x: ");
	assert_int_equal(strncmp(text, "x: f:1:1: wrong\nx: ", 19), 0);
	assert_string_equal(text + strlen(text) - 10, "x: 3 more\n");
	free(text);
	complaints_fini(&complaints);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_many_aliases),
		cmocka_unit_test(test_large),
	};

	return TABLE_RUN(bads, test_bad) + TABLE_RUN(places, test_place) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
