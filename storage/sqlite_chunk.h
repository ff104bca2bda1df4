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

/* Days since 1970-01-01 UTC. */
int64_t day_of(int64_t at_ms);

#endif
