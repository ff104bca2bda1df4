#include <stdio.h>

#include "proto/base/mem.h"
#include "tests/collector/diagnose/cases.h"
#include "tests/support/table.h"

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define S  "staging"
#define P  "production"
#define IN VANTAGE_IN_SERVICE
#define EX VANTAGE_EXTERNAL

/* Orders fail since a minute ago and say no more; reading works. */
static const struct row {
	const char *name;
	const char *said;
	int said_s; /* ago */
	enum blame blame;
	const char *subject; /* how it begins */
} rows[] = {
	{ "a failure that no log speaks of is the application's", NULL, 0,
	    BLAME_APP, "app:backend@v1" },
	{ "a full disk that was named once is the database's",
	    "3 new kinds of error: ERROR orders failed; Traceback (most "
	    "recent call last):; psycopg2.errors.DiskFull: could not extend "
	    "file \"base/5/1\": No space left on device",
	    58, BLAME_INFRA, "infra:postgres#disk" },
	{ "a disk of its own is not the database's",
	    "OSError: [Errno 28] No space left on device: '/srv/receipts'", 58,
	    BLAME_INFRA, "infra:backend#disk" },
	{ "the words of a server are enough, whatever the driver",
	    "[error] ERROR: cannot execute INSERT in a read-only transaction",
	    58, BLAME_INFRA, "infra:postgres" },
	{ "a lock is the database's",
	    "org.postgresql.util.PSQLException: ERROR: canceling statement "
	    "due to lock timeout",
	    40, BLAME_INFRA, "infra:postgres" },
	{ "what was said before it began is not said of it",
	    "psycopg2.errors.DiskFull: could not extend file \"base/5/1\"", 300,
	    BLAME_APP, "app:backend@v1" },
	{ "a way that our own probe goes is another than the one named",
	    "psycopg2.OperationalError: connection to server at \"10.9.9.9\", "
	    "port 5432 failed: timeout expired",
	    58, BLAME_APP, "app:backend@v1" },
	{ "words that nobody knows place nothing", "ERROR it went wrong", 58,
	    BLAME_APP, "app:backend@v1" },
	{ "a variable that is missing is an input",
	    "KeyError: missing required environment variable: PAYMENTS_KEY", 58,
	    BLAME_ENV, "envvar:PAYMENTS_KEY" },
};

static void
test_row(void **state)
{
	static const struct changed changed[] = { { 0 } };
	static const struct known known[] = { { S, "backend", "build", "v1" },
		{ P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" }, { 0 } };
	static const struct heard heard[] = { { S, "stg-1", IN, 3 }, { 0 } };
	const struct row *row = *state;
	const struct seen seen[] = {
		{ S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "log", "log", IN, .said = row->said,
		    .said_s = row->said_s },
		{ S, "ops-1", "backend", "order", "journey", EX, REASON_STATUS,
		    NULL, "step 4 order: status 503", 60, .text_is_new = true },
		{ P, "prd-1", "backend", "order", "journey", EX },
		{ 0 },
	};
	struct case_room room;
	struct verdict verdict;
	struct arena *arena = arena_new(0);

	case_scene(&room, seen, changed, known, heard);
	verdict_reach(&verdict, arena, &room.scene);
	if (verdict.blame != row->blame ||
	    strncmp(verdict.subject, row->subject, strlen(row->subject)) != 0)
		printf("%s %s %d\n", blame_name(verdict.blame), verdict.subject,
		    verdict.permyriad);
	assert_int_equal(verdict.blame, row->blame);
	assert_memory_equal(
	    verdict.subject, row->subject, strlen(row->subject));
	arena_free(arena);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row);
}
