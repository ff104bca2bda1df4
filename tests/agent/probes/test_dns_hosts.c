#include "agent/probes/dns_hosts.h"

#include <stdlib.h>

#include "tests/support/table.h"

static const struct hosts {
	const char *name;
	const char *text;
	const char *asked;
	const char *expect; /* NULL: the file does not speak of it */
} files[] = {
	{ "an empty file says nothing", "", "db.test", NULL },
	{ "an address stands before its names",
	    "127.0.0.1 localhost\n10.0.0.9\tdb.test db\n", "db.test",
	    "10.0.0.9" },
	{ "an alias is a name", "10.0.0.9 db.test db\n", "db", "10.0.0.9" },
	{ "capitals are the same", "10.0.0.9 DB.test\n", "db.TEST",
	    "10.0.0.9" },
	{ "a longer name is another", "10.0.0.9 db.test.old\n", "db.test",
	    NULL },
	{ "a remark is no name", "10.0.0.9 other # db.test\n#1.1.1.1 db.test",
	    "db.test", NULL },
	{ "several lines are all told, in order",
	    "10.0.0.9 db.test\n::1 x\n10.0.0.2 y db.test", "db.test",
	    "10.0.0.9, 10.0.0.2" },
	{ "the end of a line may be that of another system",
	    "10.0.0.9 db.test\r\n", "db.test", "10.0.0.9" },
	{ "a name alone has no address", "db.test\n", "db.test", NULL },
};

static void
test_hosts(void **state)
{
	const struct hosts *row = *state;
	char *found = dns_hosts_find(row->text, row->asked);

	if (row->expect == NULL)
		assert_null(found);
	else
		assert_string_equal(found, row->expect);
	free(found);
}

int
main(void)
{
	return TABLE_RUN(files, test_hosts);
}
