#include "tests/support/folder.h"
#include "tests/support/table.h"

#include <string.h>

#include "agent/probes/log_memory.h"

static const struct pair {
	const char *name;
	const char *a, *b;
	bool is_same;
} pairs[] = {
	{ "times do not matter", "2026-01-05 10:00:00 ERROR x",
	    "2025-12-31 23:59:59 ERROR x", true },
	{ "numbers do not matter", "order 17 failed", "order 4711 failed",
	    true },
	{ "identifiers do not matter", "req 9f3ab2 lost", "req 77c1d lost",
	    true },
	{ "capitals do not matter", "ERROR x", "Error X", true },
	{ "names in quotes do not matter", "no user \"bob\"",
	    "no user \"eve smith\"", true },
	{ "words do matter", "ERROR disk", "ERROR network", false },
	{ "an apostrophe opens nothing", "can't read", "can't write", false },
	{ "an empty line is a kind", "", "x", false },
	{ "in JSON what is said matters",
	    "{\"level\":\"error\",\"msg\":\"disk is full\"}",
	    "{\"level\":\"error\",\"msg\":\"it is read-only\"}", false },
	{ "and who it is said of does not",
	    "{\"level\":\"error\",\"user\":\"bob\",\"msg\":\"no user 'bob'\"}",
	    "{\"level\":\"error\",\"user\":\"eve\",\"msg\":\"no user 'bob'\"}",
	    true },
	{ "wherever that stands",
	    "{\"msg\":\"it has failed\",\"user\":\"bob\"}",
	    "{\"msg\":\"it has failed\",\"user\":\"eve\"}", true },
	{ "nor when it was",
	    "{\"ts\":\"2026-01-05T10:00:00Z\",\"msg\":\"say \\\"no more\\\"\"}",
	    "{\"ts\":\"2026-02-07T11:12:13Z\",\"msg\":\"say \\\"no more\\\"\"}",
	    true },
	{ "a quote that is escaped ends no name", "no \"a\\\"b\" here",
	    "no \"c\" here", true },
};

static void
test_pair(void **state)
{
	const struct pair *row = *state;

	assert_int_equal(
	    log_kind_of(row->a) == log_kind_of(row->b), row->is_same);
}

static const struct text {
	const char *name;
	const char *text;
	bool is_known;
	size_t n;
} texts[] = {
	{ "a memory",
	    "vedette-log 1\nfile 1 2 3\ntime 4 5\ncursor=s=1;i=2\n00ff\n0a\n",
	    true, 2 },
	{ "without a cursor",
	    "vedette-log 1\nfile 1 2 3\ntime 4 5\ncursor=\n0a\n", true, 1 },
	{ "of another version", "vedette-log 2\nfile 1 2 3\ntime 4 5\n", false,
	    0 },
	{ "cut off", "vedette-log 1\nfile 1 2", false, 0 },
	{ "with a place before the beginning",
	    "vedette-log 1\nfile 1 2 -3\ntime 4 5\ncursor=\n", false, 0 },
	{ "nothing", "", false, 0 },
};

static void
test_text(void **state)
{
	const struct text *row = *state;
	struct log_memory memory;

	log_memory_parse(&memory, row->text);
	assert_int_equal(memory.is_known, row->is_known);
	assert_int_equal(memory.n_known, row->n);
}

static void
test_what_is_written_is_read_again(void **state)
{
	static struct log_memory memory, again;
	char path[FOLDER_PATH_BYTES];
	struct folder folder;
	struct err err;

	(void)state;
	memory = (struct log_memory){ .device = UINT64_MAX,
		.inode = 7,
		.offset = INT64_MAX,
		.cursor = "s=ab;i=1",
		.at_ms = 12,
		.line_ms = 11 };
	for (uint64_t i = 0; i < LOG_KNOWN_MAX + 5; i++)
		assert_true(log_memory_learn(&memory, UINT64_MAX - i));
	assert_false(log_memory_learn(&memory, UINT64_MAX - 5));
	folder_open(&folder);
	folder_path(path, &folder, "state");
	assert_int_equal(log_memory_write(&memory, path, &err), 0);
	log_memory_read(&again, path);
	folder_close(&folder);
	assert_true(again.is_known);
	assert_int_equal(again.device, UINT64_MAX);
	assert_int_equal(again.offset, INT64_MAX);
	assert_string_equal(again.cursor, "s=ab;i=1");
	assert_int_equal(again.n_known, LOG_KNOWN_MAX);
	/* The oldest are forgotten first, also after it was read again. */
	assert_true(log_memory_learn(&again, 1));
	assert_true(log_memory_learn(&again, UINT64_MAX - 5));
	assert_false(log_memory_learn(&again, UINT64_MAX - 7));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read_again),
	};

	return TABLE_RUN(pairs, test_pair) + TABLE_RUN(texts, test_text) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
