/*
 * sqlite_chunk.h - rows of chunks, for storage/sqlite_*.c alone.
 */
#ifndef STORAGE_SQLITE_CHUNK_H
#define STORAGE_SQLITE_CHUNK_H

#include "storage/sqlite.h"

/* Pointers are borrowed until SQL_CHUNK_GET ends. */
struct chunk_row {
	int64_t id, series_id, day, from_ms, to_ms, n_results;
	const void *runs, *bytes;
	size_t n_runs, n_bytes;
	struct series key; /* its names alone */
	bool whole;        /* the numbers and runs are those written */
};

/* The CRC of its numbers and runs. */
uint32_t chunk_seal(const struct chunk_row *row);

/* 1: SQL_CHUNK_GET stands on it, to be ended by the caller; 0: there is none;
 * or -1. */
int
chunk_get(struct sqlite *s, struct chunk_row *out, int64_t id, struct err *err);

/* --- rollups as rows (sqlite_rollup.c) ----------------------------------------- */

struct rollup_key {
	int64_t series_id, span_ms, at_ms;
};

enum rollup_row { ROLLUP_MISSING, ROLLUP_SOUND, ROLLUP_DAMAGED };

/* Adds a stored one to *rollup, if it is sound. */
int rollup_get(struct sqlite *s, struct rollup *rollup, enum rollup_row *out,
    const struct rollup_key *key, struct err *err);
int rollup_put(struct sqlite *s, const struct rollup *rollup,
    const struct rollup_key *key, struct err *err);

/* Adds the results of its span that chunks hold. */
int rollup_from_chunks(struct sqlite *s, struct rollup *rollup,
    const struct rollup_key *key, struct err *err);

/* Days since 1970-01-01 UTC. */
int64_t day_of(int64_t at_ms);

#endif
