#include "tests/support/table.h"

#include "collector/keep/derive.h"

static const struct failure {
	const char *name;
	enum outcome outcome;
	struct attribute attribute; /* name NULL: none */
	bool censored;
	const char *message;
	enum reason expect;
} failures[] = {
	{ "what is ok has no reason", OUTCOME_OK, { "status", NULL, 200 },
	    false, "connection refused", REASON_NONE },
	{ "a password is told from a role", OUTCOME_CRITICAL,
	    { "sqlstate", "28P01", 0 }, false, "", REASON_PASSWORD },
	{ "a role is told from a password", OUTCOME_CRITICAL,
	    { "sqlstate", "28000", 0 }, false, "", REASON_ROLE },
	{ "a privilege is told from a schema", OUTCOME_CRITICAL,
	    { "sqlstate", "42501", 0 }, false, "", REASON_PRIVILEGE },
	{ "a table that is missing is the schema's", OUTCOME_CRITICAL,
	    { "sqlstate", "42P01", 0 }, false, "", REASON_SCHEMA },
	{ "a code written as a number is one", OUTCOME_CRITICAL,
	    { "sqlstate", NULL, 53300 }, false, "", REASON_EXHAUSTED },
	{ "a code below 10000 has its zeros", OUTCOME_CRITICAL,
	    { "sqlstate", NULL, 8006 }, false, "", REASON_RESET },
	{ "any other code is of SQL", OUTCOME_WARNING,
	    { "sqlstate", "XX000", 0 }, false, "", REASON_SQL },
	{ "a status is a reason", OUTCOME_CRITICAL, { "status", NULL, 503 },
	    false, "", REASON_STATUS },
	{ "a limit that was reached is a timeout", OUTCOME_CRITICAL,
	    { NULL, NULL, 0 }, true, "", REASON_TIMEOUT },
	{ "a message is read", OUTCOME_CRITICAL, { NULL, NULL, 0 }, false,
	    "dial tcp 192.0.2.7:5432: connect: connection refused",
	    REASON_REFUSED },
	{ "an exit code is the last resort", OUTCOME_CRITICAL,
	    { "exit", NULL, 2 }, false, "went wrong", REASON_ANSWER },
	{ "a message goes before an exit code", OUTCOME_CRITICAL,
	    { "exit", NULL, 1 }, false,
	    "ModuleNotFoundError: No module named 'psycopg2'", REASON_MISSING },
	{ "an exit code of 0 says nothing", OUTCOME_CRITICAL,
	    { "exit", NULL, 0 }, false, "went wrong", REASON_NONE },
	{ "a message that says nothing known is not guessed", OUTCOME_CRITICAL,
	    { NULL, NULL, 0 }, false, "went wrong", REASON_NONE },
};

static void
test_failure(void **state)
{
	const struct failure *row = *state;
	struct result result = { .outcome = row->outcome,
		.censored = row->censored,
		.message = row->message,
		.attributes = &row->attribute,
		.n_attributes = row->attribute.name != NULL };

	assert_string_equal(
	    reason_name(derive_reason(&result)), reason_name(row->expect));
}

int
main(void)
{
	return TABLE_RUN(failures, test_failure);
}
