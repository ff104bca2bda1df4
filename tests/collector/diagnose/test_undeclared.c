#include "tests/collector/diagnose/cases.h"
#include "tests/support/table.h"

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define S  "staging"
#define P  "production"
#define IN VANTAGE_IN_ENVIRONMENT
#define EX VANTAGE_EXTERNAL

/* What can be told when nobody declared a service: "api" and what it uses. */
static const struct case_named undeclareds[] = {
	{ "an application needs the store beside it", BLAME_ENV,
	    "envvar:POSTGRES_HOST",
	    { { S, "exp-1", "orders-db", "login", "postgres", IN,
		  REASON_NXDOMAIN, NULL,
		  "lookup db.stagging.test: no such host", 60 },
		{ S, "exp-1", "api", "ready", "http", IN, REASON_STATUS, NULL,
		    "503: could not translate host name \"db.stagging.test\"",
		    61 },
		{ S, "ext-1", "orders-db", "login", "postgres", EX },
		{ P, "exp-2", "api", "ready", "http", IN } },
	    { { S, "api", "env/POSTGRES_HOST", "k1:1", "k1:2", 70, 65 } },
	    { { S, "api", "env/POSTGRES_HOST", "" },
		{ S, "api", "build", "v1" }, { P, "api", "build", "v1" } } },

	{ "what is called another's reference is one", BLAME_INFRA,
	    "infra:orders-db",
	    { { S, "exp-1", "orders-db", "login", "postgres", IN,
		  REASON_REFUSED, NULL, "connection refused", 60 },
		{ S, "exp-1", "orders-db", "login_ref", "postgres", IN,
		    REASON_REFUSED, NULL, "connection refused", 60 },
		{ S, "exp-1", "api", "ready", "http", IN, REASON_STATUS, NULL,
		    "503", 61 },
		{ S, "ext-1", "orders-db", "login", "postgres", EX,
		    REASON_REFUSED, NULL, "connection refused", 60 },
		{ P, "exp-2", "api", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "api", "env/POSTGRES_HOST", "" },
		{ S, "api", "build", "v1" }, { P, "api", "build", "v1" } } },

	{ "and tells that own inputs are wrong though nobody saw them change",
	    BLAME_ENV, "env:orders-db",
	    { { S, "exp-1", "orders-db", "login", "postgres", IN,
		  REASON_PASSWORD, NULL, "password authentication failed", 60 },
		{ S, "exp-1", "orders-db", "login_ref", "postgres", IN },
		{ S, "exp-1", "api", "ready", "http", IN, REASON_STATUS, NULL,
		    "503", 61 },
		{ P, "exp-2", "api", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "api", "build", "v1" }, { P, "api", "build", "v1" } } },

	{ "who is given nothing is no application that needs the store",
	    BLAME_INFRA, "infra:orders-db",
	    { { S, "exp-1", "orders-db", "login", "postgres", IN,
		  REASON_REFUSED, NULL, "connection refused", 60 },
		{ S, "ext-1", "orders-db", "login", "postgres", EX,
		    REASON_REFUSED, NULL, "connection refused", 60 },
		{ S, "exp-1", "third-party", "ping", "http", IN },
		{ S, "exp-1", "api", "ready", "http", IN, REASON_STATUS, NULL,
		    "503", 61 } },
	    { { 0 } },
	    { { S, "api", "env/POSTGRES_HOST", "" },
		{ S, "api", "build", "v1" } } },
};

static const struct heard heard[] = {
	{ S, "exp-1", IN, 3 },
	{ S, "ext-1", EX, 3 },
	{ NULL },
};

static void
test_undeclared(void **state)
{
	case_assert_named(*state, heard, false);
}

int
main(void)
{
	return TABLE_RUN(undeclareds, test_undeclared);
}
