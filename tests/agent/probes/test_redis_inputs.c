#include "tests/support/table.h"

#include "agent/probes/redis_inputs.h"

static const struct row {
	const char *name;
	const char *url;
	const char *host; /* NULL: it is no url of a redis */
	unsigned port;
	const char *user, *password;
	unsigned database;
	bool is_secure;
} rows[] = {
	{ "a host alone", "redis://h", "h", 0, NULL, NULL, 0, false },
	{ "all of it", "rediss://u:p@h:6380/5", "h", 6380, "u", "p", 5, true },
	{ "a password alone", "redis://:p@h", "h", 0, NULL, "p", 0, false },
	{ "a user alone", "redis://u@h", "h", 0, "u", NULL, 0, false },
	{ "an encoded password", "redis://:a%40b%2Fc%%@h", "h", 0, NULL,
	    "a@b/c%%", 0, false },
	{ "an at sign in the password", "redis://:a@b@h", "h", 0, NULL, "a@b",
	    0, false },
	{ "an address of IPv6", "redis://[::1]:7000/0", "::1", 7000, NULL, NULL,
	    0, false },
	{ "a query is somebody else's", "redis://h/2?timeout=1#x", "h", 0, NULL,
	    NULL, 2, false },
	{ "a slash alone", "redis://h/", "h", 0, NULL, NULL, 0, false },
	{ "another scheme", "http://h", NULL, 0, NULL, NULL, 0, false },
	{ "no scheme", "h:6379", NULL, 0, NULL, NULL, 0, false },
	{ "no host", "redis://:p@", NULL, 0, NULL, NULL, 0, false },
	{ "a port that is none", "redis://h:x", NULL, 0, NULL, NULL, 0, false },
	{ "a port that is too large", "redis://h:65536", NULL, 0, NULL, NULL, 0,
	    false },
	{ "a port of nothing", "redis://h:", NULL, 0, NULL, NULL, 0, false },
	{ "a database that is none", "redis://h/cache", NULL, 0, NULL, NULL, 0,
	    false },
	{ "an open bracket", "redis://[::1", NULL, 0, NULL, NULL, 0, false },
	{ "a NUL in the password", "redis://:a%00@h", NULL, 0, NULL, NULL, 0,
	    false },
	{ "nothing", "", NULL, 0, NULL, NULL, 0, false },
};

static void
assert_same(const char *text, const char *expect)
{
	if (expect == NULL)
		assert_null(text);
	else
		assert_string_equal(text, expect);
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct redis_target target = { 0 };
	int rc = redis_url_parse(&target, row->url);

	assert_int_equal(rc, row->host != NULL ? 0 : -1);
	if (rc == 0) {
		assert_string_equal(target.host, row->host);
		assert_same(target.user, row->user);
		assert_same(target.password, row->password);
		assert_int_equal(target.port, row->port);
		assert_int_equal(target.database, row->database);
		assert_int_equal(target.is_secure, row->is_secure);
	}
	redis_target_fini(&target);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row);
}
