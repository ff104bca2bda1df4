/*
 * sqlite_lens.h - a store as tables for plain SQL, for reading.
 *
 * The virtual table `results` over chunks and inbox, and temporary views
 * `changes`, `regressions` and `marks` with words for numbers.  What is asked
 * of environment, service, agent, probe, outcome, at and at_ms is pushed down:
 * chunks that cannot hold it are not read, columns that nobody asks for are
 * not unpacked.  Needs a connection to a store and nothing else, so that it
 * is a loadable extension of the sqlite3 shell as well.  Rows whose checksum
 * is wrong are left out.
 */
#ifndef STORAGE_SQLITE_LENS_H
#define STORAGE_SQLITE_LENS_H

#include <sqlite3ext.h>

/* Returns SQLite's code.  Once per connection. */
int lens_register(sqlite3 *db);

/* --- within the lens (sqlite_lens_*.c) --------------------------------------- */

/* Columns of `results`, in this order. */
enum lens_column {
	LENS_ENVIRONMENT,
	LENS_SERVICE,
	LENS_AGENT,
	LENS_PROBE,
	LENS_KIND,
	LENS_VANTAGE,
	LENS_REFERENCE_OF,
	LENS_INTERVAL_MS,
	LENS_AT,
	LENS_AT_MS,
	LENS_OUTCOME,
	LENS_REASON,
	LENS_DURATION_MS,
	LENS_LIMIT_MS,
	LENS_CENSORED,
	LENS_ATTEMPTS,
	LENS_PHASES,
	LENS_MESSAGE,
	LENS_ATTRIBUTES,
	LENS_COLUMNS
};

extern const sqlite3_module lens_results;

/* The statement that makes the views, owned by the caller (sqlite3_free). */
char *lens_views(void);

#endif
