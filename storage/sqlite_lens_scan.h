/*
 * sqlite_lens_scan.h - every result of a store that may matter, one by one.
 *
 * Chunks first, then the inbox, in no order that anybody may rely on, all of
 * one moment: what is sealed meanwhile is neither lost nor there twice.
 */
#ifndef STORAGE_SQLITE_LENS_SCAN_H
#define STORAGE_SQLITE_LENS_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/result.h"
#include "storage/sqlite_lens.h"

/* What is asked for; more may be given. */
struct lens_filter {
	const char *environment, *service, *agent, *probe; /* NULL: any */
	bool has_outcome;
	enum outcome outcome;
	int64_t from_ms, to_ms; /* from inclusive, to exclusive */
	unsigned columns;       /* enum chunk_columns; others are empty */
};

struct lens_scan;

/* Strings of the filter are copied.  Returns SQLite's code. */
int lens_scan_open(
    struct lens_scan **out, sqlite3 *db, const struct lens_filter *filter);

/* SQLITE_ROW, SQLITE_DONE, or another code of SQLite. */
int lens_scan_next(struct lens_scan *scan);

/* Of the row at hand; borrowed until the next step. */
const struct series *lens_scan_series(const struct lens_scan *scan);
const struct result *lens_scan_result(const struct lens_scan *scan);

/* A number of its own, the same in every scan: SQLite tells rows apart by it
 * when it looks for one condition or another. */
int64_t lens_scan_id(const struct lens_scan *scan);

void lens_scan_close(struct lens_scan *scan); /* NULL is allowed */

#endif
