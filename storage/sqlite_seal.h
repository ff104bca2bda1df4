/*
 * sqlite_seal.h - how batches leave the inbox, for storage/sqlite_*.c alone.
 */
#ifndef STORAGE_SQLITE_SEAL_H
#define STORAGE_SQLITE_SEAL_H

#include "storage/sqlite.h"

/* The key of a batch, with its stream by number. */
struct key {
	int64_t stream_id, sequence;
};

/* --- which batches were here (sqlite_seen.c) -------------------------------- */

struct seen {
	int64_t sequence, to_ms;
	uint32_t crc32c;
};

/* STORE_NEW, or what a batch that is not in the inbox any more is. */
int seen_find(struct sqlite *s, enum store_put *out, const struct key *key,
    uint32_t crc, struct err *err);

/* Keeps in mind n batches of one stream, in ascending order. */
int seen_add(struct sqlite *s, int64_t stream_id, const struct seen *list,
    size_t n, struct err *err);

/* --- rows that are whole (sqlite_batch.c) ------------------------------------ */

/* Reads the batch a statement stands on.  False: it is damaged. */
bool batch_read(struct sqlite *s, struct store_batch *out, enum sql sql);

/* Puts a batch into the remainder, under the id it has. */
int batch_remain(struct sqlite *s, const struct key *key,
    const struct store_batch *batch, struct err *err);

/* --- series, chunks and rollups (sqlite_chunk.c) ------------------------------ */

/* A result of one series, wherever it is. */
struct row {
	const struct series *series;
	const struct result *result;
	size_t order; /* of equal times, the order of arrival */
};

/* Adds results of one series, in any order: to its chunks, and to its
 * rollups.  key holds the names. */
int chunk_store(struct sqlite *s, const struct series *key, struct row *rows,
    size_t n, struct err *err);

#endif
