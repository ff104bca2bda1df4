/*
 * spool.h - what the collector has not acknowledged yet, safe on disk.
 *
 * SQLite, synchronous=FULL: what spool_push() took survives a power cut.  In
 * order; the oldest leaves when the collector has it, or when the spool is
 * full, and then the loss is itself put on record as a gap.
 */
#ifndef AGENT_SPOOL_H
#define AGENT_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/clock.h"
#include "proto/base/err.h"
#include "proto/base/random.h"
#include "proto/result.h"

struct spool;

struct spool_setup {
	const char *path;
	const char *vfs; /* of SQLite, for simulations; NULL: the system's */
	const struct clock *clock;
	const struct random *random; /* for the stream's id */
	int64_t max_bytes;           /* of contents */
	int64_t max_age_ms;          /* by wall clock, checked at a push */
};

/* One batch's content, as encoded. */
struct spool_entry {
	uint64_t sequence; /* from 1, no holes between what was ever pushed */
	int64_t from_ms, to_ms;
	uint32_t n_results;
	uint32_t crc32c;
	const unsigned char *content;
	size_t n_content;
};

/* Opens or creates.  A damaged file is renamed to PATH.damaged-TIME,
 * *out_salvaged says so (owned by the caller; NULL when all is well), and a
 * new stream begins.  A second process on one file gets ERR_BUSY. */
int spool_open(struct spool **out, char **out_salvaged,
    const struct spool_setup *setup, struct err *err);

/* Takes nothing; copies.  Durable on return.  ERR_FULL when the disk is full:
 * nothing was stored, the caller keeps it and may try again.  sequence and
 * crc32c of entry are ignored. */
int spool_push(
    struct spool *spool, const struct spool_entry *entry, struct err *err);

/* The oldest: *out_found is 0 when there is none.  Borrowed until the next
 * call.  An entry whose CRC is wrong is dropped as a gap and skipped. */
int spool_peek(struct spool *spool, int *out_found, struct spool_entry *out,
    struct err *err);

/* Forgets everything up to sequence: the collector has it.  Cheap: the rows
 * go with the next push; after a crash they are sent again, as repeats. */
int spool_pop(struct spool *spool, uint64_t sequence, struct err *err);

/* Sets the oldest aside as a gap, if its sequence is this: no collector will
 * ever take it. */
int spool_refuse(struct spool *spool, uint64_t sequence, struct err *err);

/* What was dropped and not reported yet; *out_found is 0 when nothing was.
 * why is borrowed for ever. */
int spool_gap(
    struct spool *spool, int *out_found, struct gap *out, struct err *err);
/* The gap is part of a pushed batch now. */
int
spool_gap_reported(struct spool *spool, const struct gap *gap, struct err *err);

/* Gives what is left a new stream, numbered from 1: for ABORTED. */
int spool_renew(struct spool *spool, struct err *err);

uint64_t spool_stream(const struct spool *spool);
uint64_t spool_waiting(const struct spool *spool); /* entries */

/* Deletes what was popped and closes.  NULL is allowed. */
void spool_close(struct spool *spool);

#endif
