/*
 * column_code.h - what packing and reading a column have in common; for
 * column_pack.c and column_open.c alone.
 *
 * A column of n > 0 values is
 *   flags                        one byte, COLUMN_* below
 *   if PREDICTED: follow byte, step, first value, number of jumps, and for
 *   each jump how many values after the last one, and how far
 *   if not FOLDED: offset        added to what remains
 *   width                        one byte: bits below a linear symbol, or
 *                                bits of mantissa in a logarithmic one
 *   lowest symbol                subtracted from all
 *   symbols                      none: all are the lowest; packed: a byte of
 *                                their width, then bits; else a blob
 *   remainders                   bits, as many as the symbols say
 */
#ifndef STORAGE_COLUMN_CODE_H
#define STORAGE_COLUMN_CODE_H

#include <stdbool.h>
#include <stdint.h>

#define COLUMN_PREDICTED 1
#define COLUMN_FOLDED    2 /* the sign is in the lowest bit */
#define COLUMN_LOG       4
#define COLUMN_SYMBOLS   24 /* mask: */
#define COLUMN_EQUAL     0
#define COLUMN_PACKED    8
#define COLUMN_BLOB      16
#define COLUMN_FLAGS     31

#define MANTISSA_MAX 6
#define FOLLOW_NEVER 15
#define STEP_BITS    8 /* a step is in units of 1/256 */

struct predictor {
	bool used;
	unsigned follow; /* takes 1/2^follow of each miss; or FOLLOW_NEVER */
	int64_t step;    /* from value to value, in 1/256 */
	int64_t first;
};

/* The base that predicts: wraps around, on both sides alike. */
static inline uint64_t
predictor_start(const struct predictor *predictor)
{
	return (uint64_t)predictor->first << STEP_BITS;
}

static inline uint64_t
predictor_guess(uint64_t base)
{
	return (
	    uint64_t)((int64_t)(base + (1 << (STEP_BITS - 1))) >> STEP_BITS);
}

static inline uint64_t
predictor_next(const struct predictor *predictor, uint64_t base, uint64_t miss)
{
	base += (uint64_t)predictor->step;
	if (predictor->follow == FOLLOW_NEVER)
		return base;
	return base +
	    (uint64_t)((int64_t)(miss << STEP_BITS) >> predictor->follow);
}

/* The logarithmic bucket of a value: exact below 2^(mantissa + 1). */
static inline unsigned
log_symbol(uint64_t value, unsigned mantissa)
{
	unsigned below;

	if (value < (UINT64_C(2) << mantissa))
		return (unsigned)value;
	below = 63 - (unsigned)__builtin_clzll(value) - mantissa;
	return (below << mantissa) + (unsigned)(value >> below);
}

/* How many bits of a value lie below its symbol. */
static inline unsigned
log_below(unsigned symbol, unsigned mantissa)
{
	return symbol < (2U << mantissa) ? 0 : (symbol >> mantissa) - 1;
}

/* The smallest value of a bucket. */
static inline uint64_t
log_value(unsigned symbol, unsigned mantissa)
{
	unsigned below = log_below(symbol, mantissa);

	return (uint64_t)(symbol - (below << mantissa)) << below;
}

#endif
