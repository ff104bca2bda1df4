/*
 * export.h - what a store holds, as lines of history.
 *
 * Results, facts, events and gaps in the order of their times, those of one
 * moment in the order of their bytes: stores that hold the same give the same
 * bytes, however it came into them.  Heartbeats are not kept.
 */
#ifndef COLLECTOR_KEEP_EXPORT_H
#define COLLECTOR_KEEP_EXPORT_H

#include <stdio.h>

#include "storage/store.h"

enum export_format { EXPORT_JSONL, EXPORT_CSV }; /* CSV: results alone */

/* Up to which moment it has come; the first and the last that there are. */
typedef void export_progress_fn(
    void *arg, uint64_t lines, int64_t at_ms, int64_t from_ms, int64_t to_ms);

struct export_setup {
	struct store *store; /* borrowed; for reading is enough */
	FILE *out;           /* borrowed */
	enum export_format format;
	const char *environment;      /* "": all */
	int64_t from_ms, to_ms;       /* from inclusive, to exclusive; 0: all */
	export_progress_fn *progress; /* or NULL */
	void *arg;
};

/* *out_lines is how many were written, on failure too. */
int export_run(
    uint64_t *out_lines, const struct export_setup *setup, struct err *err);

#endif
