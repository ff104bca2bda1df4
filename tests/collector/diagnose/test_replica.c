#include "collector/diagnose/replica.h"
#include "tests/support/table.h"

static const struct pair {
	const char *name;
	const char *a, *b;
	const char *label; /* of a; "" when they are no replicas */
} pairs[] = {
	{ "letters after a dash", "ready-a", "ready-b", "a" },
	{ "a letter before the end of a file's name", "app-b.pid", "app-a.pid",
	    "b" },
	{ "numbers after a word", "web1", "web2", "1" },
	{ "numbers that begin alike", "web-19", "web-11", "19" },
	{ "a number that another begins with", "web-1", "web-10", "1" },
	{ "numbers of different lengths that differ", "web-2", "web-10", "2" },
	{ "ports of one host", "10.0.0.1:8001", "10.0.0.1:8002", "8001" },
	{ "other words are other things", "tcp-postgres", "tcp-payments", "" },
	{ "the last letter of a word is no replica", "part", "park", "" },
	{ "a name is no replica of itself", "ready-a", "ready-a", "" },
	{ "one name with more to it", "ready", "ready-b", "" },
	{ "two parts that differ", "a-ready-1", "b-ready-2", "" },
	{ "an id is no count", "job-123456", "job-654321", "" },
	{ "nothing", "", "", "" },
};

static void
test_pair(void **state)
{
	const struct pair *row = *state;
	struct arena *arena = arena_new(0);

	assert_string_equal(replica_label(arena, row->a, row->b), row->label);
	assert_int_equal(
	    replica_are_alike(row->a, row->b), row->label[0] != '\0');
	assert_int_equal(replica_are_alike(row->b, row->a),
	    replica_are_alike(row->a, row->b));
	arena_free(arena);
}

int
main(void)
{
	return TABLE_RUN(pairs, test_pair);
}
