#include "tests/support/table.h"

#include "agent/probes/redis_reply.h"

/* Errors as redis 7 and older ones write them. */
static const struct said {
	const char *name;
	const char *error;
	enum reason reason;
} saids[] = {
	{ "no login", "NOAUTH Authentication required.", REASON_PASSWORD },
	{ "a wrong password",
	    "WRONGPASS invalid username-password pair or user is disabled.",
	    REASON_PASSWORD },
	{ "a wrong password, before redis 6", "ERR invalid password",
	    REASON_PASSWORD },
	{ "a password that nobody asked for",
	    "ERR AUTH <password> called without any password configured for "
	    "the default user. Are you sure your configuration is correct?",
	    REASON_PASSWORD },
	{ "a right that is missing",
	    "NOPERM this user has no permissions to run the 'ping' command",
	    REASON_PRIVILEGE },
	{ "loading", "LOADING Redis is loading the dataset in memory",
	    REASON_STARTING },
	{ "a replica", "READONLY You can't write against a read only replica.",
	    REASON_READ_ONLY },
	{ "no memory",
	    "OOM command not allowed when used memory > "
	    "'maxmemory'.",
	    REASON_EXHAUSTED },
	{ "no disk",
	    "MISCONF Redis is configured to save RDB snapshots, but "
	    "it's currently unable to persist to disk.",
	    REASON_EXHAUSTED },
	{ "no room for another client", "ERR max number of clients reached",
	    REASON_EXHAUSTED },
	{ "protected mode", "DENIED Redis is running in protected mode",
	    REASON_ROLE },
	{ "no such database", "ERR DB index is out of range", REASON_DATABASE },
	{ "words nobody knows", "ERR unknown command 'X'", REASON_ANSWER },
	{ "nothing", "", REASON_ANSWER },
};

static void
test_said(void **state)
{
	const struct said *row = *state;

	assert_int_equal(redis_reason_of(row->error), row->reason);
}

#define INFO                                                   \
	"# Server\r\nredis_version:7.0.15\r\n\r\n# Memory\r\n" \
	"used_memory:1024\r\nrole:master\r\nempty:\r\n"

static const struct value {
	const char *name;
	const char *info, *key, *expect; /* NULL: it does not say */
} values[] = {
	{ "a value", INFO, "redis_version", "7.0.15" },
	{ "the last", INFO, "role", "master" },
	{ "an empty one", INFO, "empty", "" },
	{ "a key is no beginning of another", INFO, "redis", NULL },
	{ "a key that is not there", INFO, "missing", NULL },
	{ "of nothing", "", "role", NULL },
	{ "without an end of line", "role:slave", "role", "slave" },
};

static void
test_value(void **state)
{
	const struct value *row = *state;
	char text[32];
	int rc = redis_info_text(text, sizeof(text), row->info, row->key);

	if (row->expect == NULL) {
		assert_int_equal(rc, -1);
		return;
	}
	assert_int_equal(rc, 0);
	assert_string_equal(text, row->expect);
}

static const struct lag {
	const char *name;
	const char *info;
	double lag; /* below 0: there is none */
} lags[] = {
	{ "of a primary, the replica that is most behind",
	    "master_repl_offset:100\r\n"
	    "slave0:ip=a,port=1,state=online,offset=90,lag=0\r\n"
	    "slave1:ip=b,port=1,state=online,offset=40,lag=1\r\n",
	    60 },
	{ "of a primary without a replica", "master_repl_offset:100\r\n", -1 },
	{ "of a replica, its own",
	    "slave_read_repl_offset:50\r\nslave_repl_offset:42\r\n"
	    "master_repl_offset:42\r\n",
	    8 },
	{ "of numbers that are none", "master_repl_offset:x\r\n", -1 },
	{ "of a replica without an offset",
	    "master_repl_offset:1\r\nslave0:ip=a\r\n", -1 },
};

static void
test_lag(void **state)
{
	const struct lag *row = *state;
	double lag = 0;
	int rc = redis_info_lag(&lag, row->info);

	if (row->lag < 0) {
		assert_int_equal(rc, -1);
		return;
	}
	assert_int_equal(rc, 0);
	assert_float_equal(lag, row->lag, 1e-9);
}

int
main(void)
{
	return TABLE_RUN(saids, test_said) + TABLE_RUN(values, test_value) +
	    TABLE_RUN(lags, test_lag);
}
