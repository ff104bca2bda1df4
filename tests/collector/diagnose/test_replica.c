#include "collector/diagnose/replica.h"
#include "tests/support/table.h"

static const struct pair {
	const char *name;
	const char *a, *b;
	bool are_alike;
} pairs[] = {
	{ "letters after a dash", "ready-a", "ready-b", true },
	{ "a letter before the end of a file's name", "app-b.pid", "app-a.pid",
	    true },
	{ "numbers after a word", "web1", "web2", true },
	{ "numbers that begin alike", "web-19", "web-11", true },
	{ "a number that another begins with", "web-1", "web-10", true },
	{ "numbers of different lengths that differ", "web-2", "web-10", true },
	{ "ports of one host", "10.0.0.1:8001", "10.0.0.1:8002", true },
	{ "other words are other things", "tcp-postgres", "tcp-payments",
	    false },
	{ "the last letter of a word is no replica", "part", "park", false },
	{ "a name is no replica of itself", "ready-a", "ready-a", false },
	{ "one name with more to it", "ready", "ready-b", false },
	{ "two parts that differ", "a-ready-1", "b-ready-2", false },
	{ "an id is no count", "job-123456", "job-654321", false },
	{ "nothing", "", "", false },
};

static void
test_pair(void **state)
{
	const struct pair *row = *state;

	assert_int_equal(replica_are_alike(row->a, row->b), row->are_alike);
	assert_int_equal(replica_are_alike(row->b, row->a), row->are_alike);
}

int
main(void)
{
	return TABLE_RUN(pairs, test_pair);
}
