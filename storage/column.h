/*
 * column.h - a column of integers, packed in whichever way is shortest.
 *
 * A value is predicted (not at all, or by a base that moves on by a fixed
 * step and follows the values more or less quickly), and what remains is
 * split: a symbol of one byte says in which bucket it lies, the bits below
 * follow as they are.  Buckets are equally wide or grow as the values do, as
 * in HdrHistogram.  zstd packs the symbols, since that is where the order is;
 * the bits are noise.  Which prediction and which split is decided by
 * counting on a sample, in integers: the same values give the same bytes.
 */
#ifndef STORAGE_COLUMN_H
#define STORAGE_COLUMN_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/text.h"
#include "storage/blob.h"
#include "storage/bytes.h"

/* What the values look like, as far as it is known beforehand. */
enum column_hint {
	COLUMN_NOISE, /* around a level that may wander: durations */
	COLUMN_TICKS, /* growing, nearly evenly: times */
};

struct column_packer;

struct column_packer *column_packer_new(void);

/* Adds n values to text.  Any values are packed without loss, whatever the
 * hint; n may be 0. */
void column_put(struct column_packer *packer, struct text *text,
    const int64_t *values, size_t n, enum column_hint hint);

/* The packer's own packer of blobs, borrowed. */
struct blob_packer *column_blobs(struct column_packer *packer);

void column_packer_free(struct column_packer *packer); /* NULL is allowed */

struct column_opener;

struct column_opener *column_opener_new(void);

/* Reads n values; -1 when the bytes do not hold them. */
int column_get(
    struct column_opener *opener, int64_t *out, size_t n, struct bytes *bytes);

struct blob_opener *column_opener_blobs(struct column_opener *opener);

void column_opener_free(struct column_opener *opener); /* NULL is allowed */

#endif
