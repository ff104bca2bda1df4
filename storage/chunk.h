/*
 * chunk.h - the results of one series over a span, packed without loss.
 *
 * Columns, each coded for what it holds: times against a fitted interval,
 * durations and phases in logarithmic buckets whose numbers zstd packs and
 * whose remainders are raw bits, one phase as what the others leave of the
 * duration, everything else as runs over a list of distinct states.  A
 * CRC32C covers the whole.  Order is kept as given; sorted by time packs
 * best.  The names of the series (environment, agent, service, probe) are
 * not stored: they are the key under which the chunk is kept.  Everything
 * else in struct series may change from one result to the next.
 */
#ifndef STORAGE_CHUNK_H
#define STORAGE_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/result.h"

#define CHUNK_MAX_RESULTS 8192
#define CHUNK_MAX_BYTES   (16 * 1024 * 1024)

/* --- packing ------------------------------------------------------------ */

struct chunk_writer;

struct chunk_writer *chunk_writer_new(void);

/* Adds a deep copy.  False when there is no room for it: finish first; an
 * empty writer has room for any result within the limits of result.h.
 * result->series is not looked at. */
bool chunk_add(struct chunk_writer *writer, const struct series *series,
    const struct result *result);

size_t chunk_count(const struct chunk_writer *writer); /* added so far */

/* Packs what was added (one result or more) to *out_bytes, owned by the
 * caller, and empties the writer.  The same results give the same bytes. */
void chunk_finish(
    struct chunk_writer *writer, unsigned char **out_bytes, size_t *out_n);

void chunk_writer_free(struct chunk_writer *writer); /* NULL is allowed */

/* --- reading ------------------------------------------------------------ */

/* What to decode.  States are always decoded: they cost next to nothing. */
enum chunk_columns {
	CHUNK_TIMES = 1,
	CHUNK_DURATIONS = 2,
	CHUNK_PHASES = 4, /* and durations, which they need */
	CHUNK_TEXTS = 8,  /* messages and attributes */
	CHUNK_ALL = 15,
};

/* What the results of a run have in common. */
struct chunk_state {
	size_t series; /* index into the view's series */
	enum outcome outcome;
	enum reason reason;
	bool censored;
	uint32_t attempts, limit_ms;
	size_t n_phases;
};

/* Columns of n results; NULL for those that were not asked for. */
struct chunk_view {
	size_t n;
	int64_t from_ms, to_ms; /* smallest and largest time, both inclusive */
	const int64_t *at_ms;
	const int64_t *duration_us;
	const uint16_t *state; /* index into states */
	const struct chunk_state *states;
	const struct series *series; /* named like the key given to open */
	size_t n_states, n_series;
};

/* Reusable: opening many chunks one after the other with one reader costs
 * no allocation for each. */
struct chunk_reader;

struct chunk_reader *chunk_reader_new(void);

/* Checks the CRC and the header of a chunk and decodes its states.  bytes
 * and the strings of key (its names alone are looked at) are borrowed until
 * the next open or free.  ERR_CORRUPT for anything chunk_finish() cannot
 * have written, ERR_UNSUPPORTED for a newer version. */
int chunk_open(struct chunk_reader *reader, const struct series *key,
    const void *bytes, size_t n, struct err *err);

/* Decodes these columns (of enum chunk_columns, joined by |) as well. */
int
chunk_decode(struct chunk_reader *reader, unsigned columns, struct err *err);

/* Borrowed until the next open or free; columns appear as decoded. */
const struct chunk_view *chunk_view(const struct chunk_reader *reader);

/* Sets *out to result i of the view; what was not decoded is 0, "" or none.
 * Its series is an index into the view's series.  Strings and attributes are
 * borrowed until the next chunk_row(), open or free. */
void chunk_row(struct chunk_reader *reader, struct result *out, size_t i);

void chunk_reader_free(struct chunk_reader *reader); /* NULL is allowed */

#endif
