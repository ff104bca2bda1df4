#include "tests/support/table.h"

#include <string.h>

#include "agent/probes/postgres_reason.h"

/* Messages of libpq 15 as they were seen. */
static const struct said {
	const char *name;
	const char *message;
	enum reason reason;
	const char *sqlstate, *text;
} saids[] = {
	{ "a refused login has its state",
	    "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  "
	    "28P01: password authentication failed for user \"a\"\n"
	    "LOCATION:  auth_failed, auth.c:326\n",
	    REASON_PASSWORD, "28P01",
	    "28P01: password authentication failed for user \"a\"" },
	{ "of two attempts the last counts",
	    "connection to server at \"h\" (::1), port 1 failed: FATAL:  "
	    "28000: no entry, SSL on\nLOCATION:  a, b:1\n"
	    "connection to server at \"h\" (::1), port 1 failed: FATAL:  "
	    "3D000: database \"x\" does not exist\nLOCATION:  a, b:1\n",
	    REASON_DATABASE, "3D000", "3D000: database \"x\" does not exist" },
	{ "the language of the server does not matter",
	    "x failed: FATAL:  53300: zu viele Verbindungen\n",
	    REASON_EXHAUSTED, "53300", "53300: zu viele Verbindungen" },
	{ "a refused connection",
	    "connection to server at \"127.0.0.1\", port 1 failed: Connection "
	    "refused\n\tIs the server running on that host?\n",
	    REASON_REFUSED, "", "Connection refused" },
	{ "a closed connection",
	    "connection to server at \"127.0.0.1\", port 1 failed: server "
	    "closed the connection unexpectedly\n\tThis probably means\n",
	    REASON_RESET, "", "server closed the connection unexpectedly" },
	{ "a certificate that is not for this name",
	    "x failed: server certificate for \"a\" does not match host name "
	    "\"b\"\n",
	    REASON_WRONG_NAME, "",
	    "server certificate for \"a\" does not match host name \"b\"" },
	{ "a file of ours that is missing",
	    "x failed: root certificate file \"r\" does not exist\n",
	    REASON_INTERNAL, "", "root certificate file \"r\" does not exist" },
	{ "words nobody knows tell nothing", "odd", REASON_INTERNAL, "",
	    "odd" },
	{ "nor does nothing", "", REASON_INTERNAL, "", "" },
	{ "a state has five characters", "x failed: FATAL:  2800: y\n",
	    REASON_INTERNAL, "", "FATAL:  2800: y" },
};

static void
test_said(void **state)
{
	const struct said *row = *state;
	struct postgres_complaint complaint;

	postgres_complaint_read(&complaint, row->message);
	assert_int_equal(complaint.reason, row->reason);
	assert_string_equal(complaint.sqlstate, row->sqlstate);
	assert_int_equal(complaint.n_text, strlen(row->text));
	assert_memory_equal(complaint.text, row->text, complaint.n_text);
}

static const struct code {
	const char *name;
	const char *sqlstate;
	enum reason reason;
} codes[] = {
	{ "28P01 is the password", "28P01", REASON_PASSWORD },
	{ "28000 is the role", "28000", REASON_ROLE },
	{ "42501 is a privilege", "42501", REASON_PRIVILEGE },
	{ "42P01 is the schema", "42P01", REASON_SCHEMA },
	{ "53100 is exhausted", "53100", REASON_EXHAUSTED },
	{ "57P03 is starting", "57P03", REASON_STARTING },
	{ "57014 is cancelled", "57014", REASON_CANCELLED },
	{ "55P03 is cancelled", "55P03", REASON_CANCELLED },
	{ "25006 is read only", "25006", REASON_READ_ONLY },
	{ "25001 is not", "25001", REASON_SQL },
	{ "anything else is SQL", "22012", REASON_SQL },
};

static void
test_code(void **state)
{
	const struct code *row = *state;

	assert_int_equal(reason_of_sqlstate(row->sqlstate), row->reason);
}

int
main(void)
{
	return TABLE_RUN(saids, test_said) + TABLE_RUN(codes, test_code);
}
