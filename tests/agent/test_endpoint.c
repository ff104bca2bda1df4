/* What people write for a place, taken apart. */
#include "tests/support/table.h"

#include <string.h>

#include "agent/endpoint.h"

static const struct reading {
	const char *name, *text;
	const char *scheme; /* NULL: it is no endpoint */
	const char *host;
	unsigned port;
	const char *path;
	bool has_more;
} readings[] = {
	{ "a URL has a scheme, a host and a path", "https://a.test/x/y",
	    "https", "a.test", 443, "/x/y", false },
	{ "a port that is given counts", "http://a.test:8080", "http", "a.test",
	    8080, "", false },
	{ "user and password are left out", "amqp://u:p@a.test/v", "amqp",
	    "a.test", 5672, "/v", true },
	{ "a query is left out", "http://a.test/x?k=v", "http", "a.test", 80,
	    "/x", true },
	{ "a query without a path is left out", "http://a.test?k=v", "http",
	    "a.test", 80, "", true },
	{ "a driver is not part of the scheme", "postgresql+asyncpg://a.test/d",
	    "postgresql", "a.test", 5432, "/d", false },
	{ "a scheme is lower case", "HTTP://a.test", "http", "a.test", 80, "",
	    false },
	{ "an address of IPv6 stands in brackets", "http://[2001:db8::1]:81/",
	    "http", "2001:db8::1", 81, "/", false },
	{ "host and port need no scheme", "a.test:9092", "", "a.test", 9092, "",
	    false },
	{ "the port of an unknown scheme is unknown", "x://a.test", "x",
	    "a.test", 0, "", false },
	{ "an @ in a password is not the end of it", "http://u:p@q@a.test/",
	    "http", "a.test", 80, "/", true },
	{ "a word is no place", "info", NULL, NULL, 0, NULL, false },
	{ "nothing is no place", "", NULL, NULL, 0, NULL, false },
	{ "a path is no place", "/var/run/x:1", NULL, NULL, 0, NULL, false },
	{ "port 0 is none", "a.test:0", NULL, NULL, 0, NULL, false },
	{ "ports end at 65535", "a.test:65536", NULL, NULL, 0, NULL, false },
	{ "a host without letters is none", "http://:80/", NULL, NULL, 0, NULL,
	    false },
	{ "a bracket that stays open is none", "http://[::1/", NULL, NULL, 0,
	    NULL, false },
	{ "a placeholder is no place", "http://${HOST}/", NULL, NULL, 0, NULL,
	    false },
	{ "what follows a bracket is a port", "http://[::1]x/", NULL, NULL, 0,
	    NULL, false },
};

static void
test_reading(void **state)
{
	const struct reading *row = *state;
	struct endpoint found = { 0 };
	int rc = endpoint_parse(&found, row->text);

	assert_int_equal(rc, row->scheme != NULL ? 0 : -1);
	if (rc == 0) {
		assert_string_equal(found.scheme, row->scheme);
		assert_string_equal(found.host, row->host);
		assert_int_equal(found.port, row->port);
		assert_string_equal(found.path, row->path);
		assert_int_equal(found.has_more, row->has_more);
	} else {
		assert_null(found.host);
	}
	endpoint_fini(&found);
}

static const struct naming {
	const char *name, *text;
	bool has_name;
} namings[] = {
	{ "a name with a dot is asked for", "a.test:1", true },
	{ "a name without one is not", "db:1", false },
	{ "an address of IPv4 is not", "192.0.2.7:1", false },
	{ "an address of IPv6 is not", "[2001:db8::1]:1", false },
};

static void
test_naming(void **state)
{
	const struct naming *row = *state;
	struct endpoint found = { 0 };

	assert_int_equal(endpoint_parse(&found, row->text), 0);
	assert_int_equal(endpoint_has_name(&found), row->has_name);
	endpoint_fini(&found);
}

int
main(void)
{
	return TABLE_RUN(readings, test_reading) +
	    TABLE_RUN(namings, test_naming);
}
