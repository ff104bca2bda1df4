/*
 * rollup.h - what an hour or a day of a series comes to.
 *
 * Counts by outcome, and of the durations of results that are ok or warning
 * (a failure's duration says how long it took to fail; mixed in, a refused
 * connection would look like a fast one) sum, extremes and a quantile sketch:
 * DDSketch (Masson, Rim, Lee: A fast and fully-mergeable quantile sketch with
 * relative-error guarantees, VLDB 2019).  Buckets grow by 2^(1/35), so that
 * a quantile is within 1 % of the true one; every bucket a duration can fall
 * into is kept, nothing is ever collapsed.  The bucket is found by integer
 * comparisons alone: the same durations give the same bytes on every machine,
 * in whatever order they are added or merged.
 */
#ifndef STORAGE_ROLLUP_H
#define STORAGE_ROLLUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/result.h"

#define ROLLUP_HOUR_MS   INT64_C(3600000)
#define ROLLUP_DAY_MS    INT64_C(86400000) /* days are those of UTC */
#define ROLLUP_MAX_BYTES 32768             /* of one, encoded */
#define ROLLUP_OUTCOMES  4

/* Starts as { 0 }.  Copy it with rollup_merge() only. */
struct rollup {
	uint64_t n[ROLLUP_OUTCOMES]; /* results, by enum outcome */
	uint64_t n_censored;         /* of all outcomes */
	uint64_t n_timed;            /* those in the fields below */
	uint64_t sum_us;         /* stays at its maximum when it gets there */
	uint64_t min_us, max_us; /* 0 when n_timed is */
	uint64_t *counts; /* private: of buckets first .. first + room - 1 */
	uint32_t first, room;
};

void rollup_fini(struct rollup *rollup); /* leaves { 0 } */

/* Counts one result.  A negative duration counts as 0. */
void rollup_add(struct rollup *rollup, enum outcome outcome, bool censored,
    int64_t duration_us);

/* Adds all of from. */
void rollup_merge(struct rollup *rollup, const struct rollup *from);

/* The duration below or at which `share` of 10,000 of the timed results lie
 * (5000: the median), within 1 %; 0 when none is timed.  The rank is
 * floor(share * (n - 1) / 10,000), as in the paper. */
uint64_t rollup_quantile_us(const struct rollup *rollup, uint32_t share);

/* Writes it to *out_bytes, owned by the caller; at most ROLLUP_MAX_BYTES. */
void rollup_encode(
    unsigned char **out_bytes, size_t *out_n, const struct rollup *rollup);

/* Adds what rollup_encode() wrote; ERR_CORRUPT, and the rollup as it was, for
 * other bytes.  Bytes carry no checksum: the store's rows do. */
int rollup_merge_bytes(
    struct rollup *rollup, const void *bytes, size_t n, struct err *err);

#endif
