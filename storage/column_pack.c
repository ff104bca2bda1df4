/* Packing a column: which way is shortest, and writing it that way. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "storage/bits.h"
#include "storage/column.h"
#include "storage/column_code.h"

#define SAMPLE       1024
#define FINE_SYMBOLS 3840 /* of MANTISSA_MAX bits: all of 64-bit values */
#define SYMBOLS      256
#define LINEAR_TRIES 7
#define TABLE_BITS   4  /* what zstd spends on a symbol's own length ... */
#define FRAME_BITS   96 /* ... and around them, by measurement */
#define JUMPS_SHARE  8  /* at most n / 8 jumps, or the step is wrong */
#define SCALE_BITS   8  /* costs are in 1/256 bit */

struct plan {
	struct predictor predictor;
	bool folded, log;
	int64_t offset;
	unsigned width;
	uint64_t cost;
};

/* One set of values that remain, and how often which is in a sample. */
struct bin {
	uint64_t value;
	uint32_t count;
};

struct column_packer {
	struct blob_packer *blobs;
	int64_t *rest; /* what remains after prediction */
	unsigned char *symbols;
	size_t room;
	uint64_t sample[SAMPLE];
	size_t n_sample;
	uint16_t fine[FINE_SYMBOLS];
	struct bin bins[SAMPLE];
	size_t n_bins;
	struct text jumps, bits;
	size_t n_jumps;
};

struct column_packer *
column_packer_new(void)
{
	struct column_packer *packer = mem_zalloc(sizeof(*packer));

	packer->blobs = blob_packer_new();
	return packer;
}

void
column_packer_free(struct column_packer *packer)
{
	if (packer == NULL)
		return;
	blob_packer_free(packer->blobs);
	text_fini(&packer->jumps);
	text_fini(&packer->bits);
	free(packer->rest);
	free(packer->symbols);
	free(packer);
}

struct blob_packer *
column_blobs(struct column_packer *packer)
{
	return packer->blobs;
}

/* --- what a way would cost ------------------------------------------------ */

/* The binary logarithm of x > 0, in 1/256, rounded down: the mantissa is
 * squared, and each time it reaches 2 the next bit is a one. */
static uint64_t
scaled_log(uint64_t x)
{
	unsigned whole = 63 - (unsigned)__builtin_clzll(x);
	uint64_t mantissa = (x << (63 - whole)) >> 32, result = whole;

	for (int i = 0; i < SCALE_BITS; i++) {
		mantissa = (mantissa * mantissa) >> 31;
		result <<= 1;
		if (mantissa >> 32 != 0) {
			mantissa >>= 1;
			result |= 1;
		}
	}
	return result;
}

static unsigned
bit_length(uint64_t value)
{
	return value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value);
}

/* What n symbols out of `range` cost, given the entropy of a sample of them,
 * of which `seen` were different: packed by zstd or as plain bits, whichever
 * is less. */
static uint64_t
symbols_cost(
    uint64_t entropy, size_t n_sample, size_t seen, size_t n, uint64_t range)
{
	uint64_t coded, plain = bit_length(range - 1) * (uint64_t)n;

	if (range == 1)
		return 0;
	/* A sample shows less disorder than there is: Miller and Madow 1955,
	 * (seen - 1) / 2 ln 2 bits in all. */
	entropy += (seen - 1) * 185;
	coded = entropy / n_sample * n;
	coded += (range * TABLE_BITS + FRAME_BITS) << SCALE_BITS;
	plain <<= SCALE_BITS;
	return coded < plain ? coded : plain;
}

/* The entropy of counts that sum up to the sample's size. */
struct tally {
	uint64_t entropy;
	size_t seen;
};

static void
tally_add(struct tally *tally, uint32_t count, uint64_t log_all)
{
	if (count == 0)
		return;
	tally->entropy += count * (log_all - scaled_log(count));
	tally->seen++;
}

static void
try_plan(struct plan *best, const struct plan *tried)
{
	if (tried->cost < best->cost)
		*best = *tried;
}

/* Buckets that grow with the values; least and most are of all values. */
static void
try_logs(struct column_packer *packer, struct plan *best,
    const struct plan *like, size_t n, uint64_t least, uint64_t most)
{
	uint64_t log_all = scaled_log(packer->n_sample);

	for (unsigned m = 0; m <= MANTISSA_MAX; m++) {
		unsigned lowest = log_symbol(least, m), last = lowest;
		uint64_t range = log_symbol(most, m) - lowest + 1, below = 0;
		struct plan tried = *like;
		struct tally tally = { 0 };
		uint32_t count = 0;

		if (range > SYMBOLS)
			break;
		for (size_t i = 0; i < packer->n_bins; i++) {
			const struct bin *bin = &packer->bins[i];
			unsigned symbol = log_symbol(bin->value, m);

			if (symbol != last) {
				tally_add(&tally, count, log_all);
				count = 0;
				last = symbol;
			}
			count += bin->count;
			below += (uint64_t)bin->count * log_below(symbol, m);
		}
		tally_add(&tally, count, log_all);
		tried.log = true;
		tried.width = m;
		tried.cost += symbols_cost(tally.entropy, packer->n_sample,
				  tally.seen, n, range) +
		    ((below * n) << SCALE_BITS) / packer->n_sample;
		try_plan(best, &tried);
	}
}

/* Buckets of one width. */
static void
try_linear(struct column_packer *packer, struct plan *best,
    const struct plan *like, size_t n, uint64_t most)
{
	uint64_t log_all = scaled_log(packer->n_sample);
	unsigned bits = bit_length(most), width = bits > 8 ? bits - 8 : 0;
	uint32_t counts[SYMBOLS] = { 0 };

	for (size_t i = 0; i < packer->n_sample; i++)
		counts[packer->sample[i] >> width]++;
	for (int i = 0; i < LINEAR_TRIES && width < 64; i++, width++) {
		struct plan tried = *like;
		struct tally tally = { 0 };
		uint64_t range = (most >> width) + 1;

		for (size_t k = 0; k < range; k++)
			tally_add(&tally, counts[k], log_all);
		tried.log = false;
		tried.width = width;
		tried.cost += symbols_cost(tally.entropy, packer->n_sample,
				  tally.seen, n, range) +
		    (((uint64_t)width * n) << SCALE_BITS);
		try_plan(best, &tried);
		for (size_t k = 0; k < SYMBOLS / 2; k++)
			counts[k] = counts[2 * k] + counts[2 * k + 1];
		memset(counts + SYMBOLS / 2, 0, sizeof(counts) / 2);
	}
}

static uint64_t
mapped(const struct plan *plan, int64_t value)
{
	return plan->folded ? bytes_fold(value)
			    : (uint64_t)value - (uint64_t)plan->offset;
}

/* Draws the sample and counts it in fine buckets. */
static void
draw_sample(struct column_packer *packer, const struct plan *plan, size_t n)
{
	size_t stride = n / SAMPLE + (n % SAMPLE > 0);
	unsigned lowest = FINE_SYMBOLS, highest = 0, symbol;

	packer->n_sample = packer->n_bins = 0;
	for (size_t i = 0; i < n; i += stride) {
		uint64_t value = mapped(plan, packer->rest[i]);

		packer->sample[packer->n_sample++] = value;
		symbol = log_symbol(value, MANTISSA_MAX);
		packer->fine[symbol]++;
		lowest = symbol < lowest ? symbol : lowest;
		highest = symbol > highest ? symbol : highest;
	}
	for (symbol = lowest; symbol <= highest; symbol++) {
		if (packer->fine[symbol] == 0)
			continue;
		packer->bins[packer->n_bins++] =
		    (struct bin){ log_value(symbol, MANTISSA_MAX),
			    packer->fine[symbol] };
		packer->fine[symbol] = 0;
	}
}

/* Tries every split of what remains; like has the prediction and its cost. */
static void
try_splits(struct column_packer *packer, struct plan *best,
    const struct plan *like, size_t n)
{
	int64_t least = packer->rest[0], most = least;
	struct plan tried = *like;
	uint64_t a, b;

	for (size_t i = 1; i < n; i++) {
		least = packer->rest[i] < least ? packer->rest[i] : least;
		most = packer->rest[i] > most ? packer->rest[i] : most;
	}
	tried.offset = least;
	draw_sample(packer, &tried, n);
	a = (uint64_t)most - (uint64_t)least;
	try_linear(packer, best, &tried, n, a);
	if (least < 0) {
		try_logs(packer, best, &tried, n, 0, a);
		tried.folded = true;
		a = bytes_fold(least);
		b = most < 0 ? bytes_fold(least) : bytes_fold(most);
		draw_sample(packer, &tried, n);
		try_logs(packer, best, &tried, n, 0, a > b ? a : b);
		return;
	}
	tried.offset = 0;
	draw_sample(packer, &tried, n);
	try_logs(packer, best, &tried, n, (uint64_t)least, (uint64_t)most);
}

/* --- prediction ------------------------------------------------------------ */

/* Puts what remains in packer->rest.  A miss of half a step or more is a
 * jump: the series paused, or began anew. */
static void
predict(struct column_packer *packer, const struct predictor *predictor,
    const int64_t *values, size_t n)
{
	uint64_t limit = (uint64_t)predictor->step >> (STEP_BITS + 1);
	uint64_t base = predictor_start(predictor), miss;
	size_t last = 0;

	packer->jumps.n = packer->n_jumps = 0;
	if (!predictor->used) {
		memcpy(packer->rest, values, n * sizeof(*values));
		return;
	}
	for (size_t i = 0; i < n; i++) {
		miss = (uint64_t)values[i] - predictor_guess(base);
		if (limit > 0 && miss + limit > 2 * limit) {
			bytes_put_number(&packer->jumps, i - last);
			bytes_put_signed(&packer->jumps, (int64_t)miss);
			packer->n_jumps++;
			last = i;
			base += miss << STEP_BITS;
			miss = 0;
		}
		packer->rest[i] = (int64_t)miss;
		base = predictor_next(predictor, base, miss);
	}
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The usual distance of two values, in 1/256; 0 when there is none. */
static int64_t
usual_step(struct column_packer *packer, const int64_t *values, size_t n)
{
	size_t stride = (n - 1) / SAMPLE + 1, got = 0;
	uint64_t delta, sum = 0, within = 0, median;

	for (size_t i = 1; i < n && got < SAMPLE; i += stride)
		packer->sample[got++] =
		    (uint64_t)values[i] - (uint64_t)values[i - 1];
	if (got == 0)
		return 0;
	qsort(packer->sample, got, sizeof(uint64_t), by_size);
	median = packer->sample[got / 2];
	if (median == 0 || median > UINT32_MAX)
		return 0;
	for (size_t i = 1; i < n; i++) {
		delta = (uint64_t)values[i] - (uint64_t)values[i - 1];
		if (delta + median / 2 >= median &&
		    delta <= median + median / 2) {
			sum += delta;
			within++;
		}
	}
	assert(within > 0); /* the median itself is */
	return (int64_t)((sum << STEP_BITS) / within);
}

/* Is a step a whole number but for the ends of the column?  Then it is that
 * number: a fraction would add up to a slope. */
static int64_t
rounded_step(int64_t step, size_t n)
{
	int64_t one = INT64_C(1) << STEP_BITS;
	int64_t whole = (step + one / 2) / one * one;
	int64_t off = step > whole ? step - whole : whole - step;

	return n < 64 || off <= 2 + 64 * one / (int64_t)n ? whole : step;
}

static void
choose(struct column_packer *packer, struct plan *best, const int64_t *values,
    size_t n, enum column_hint hint)
{
	static const unsigned ticks[] = { FOLLOW_NEVER, 4, 2, 0 };
	static const unsigned noise[] = { 0, 2, 4 };
	const unsigned *follows = hint == COLUMN_TICKS ? ticks : noise;
	size_t n_follows = hint == COLUMN_TICKS ? 4 : 3;
	struct plan plan = { 0 };
	int64_t step = 0;

	best->cost = UINT64_MAX;
	predict(packer, &plan.predictor, values, n);
	try_splits(packer, best, &plan, n);
	if (n < 3)
		return;
	if (hint == COLUMN_TICKS)
		step = rounded_step(usual_step(packer, values, n), n);
	for (size_t i = 0; i < n_follows; i++) {
		plan.predictor =
		    (struct predictor){ true, follows[i], step, values[0] };
		predict(packer, &plan.predictor, values, n);
		if (packer->n_jumps > n / JUMPS_SHARE)
			plan.predictor.step = 0;
		if (packer->n_jumps > n / JUMPS_SHARE)
			predict(packer, &plan.predictor, values, n);
		plan.cost = (8 * (uint64_t)packer->jumps.n + 64) << SCALE_BITS;
		try_splits(packer, best, &plan, n);
	}
}

/* --- writing ---------------------------------------------------------------- */

/* Splits what remains into packer->symbols and packer->bits; returns the
 * lowest symbol, and in *out_range how many there are from it on. */
static unsigned
split(struct column_packer *packer, const struct plan *plan, size_t n,
    unsigned *out_range)
{
	struct bit_writer writer = { .text = &packer->bits };
	uint64_t least = UINT64_MAX, most = 0, value;
	unsigned lowest, highest, symbol, below = plan->width;

	packer->bits.n = 0;
	for (size_t i = 0; i < n; i++) {
		value = mapped(plan, packer->rest[i]);
		least = value < least ? value : least;
		most = value > most ? value : most;
	}
	lowest = plan->log ? log_symbol(least, plan->width)
			   : (unsigned)(least >> below);
	highest = plan->log ? log_symbol(most, plan->width)
			    : (unsigned)(most >> below);
	*out_range = highest - lowest + 1;
	for (size_t i = 0; i < n; i++) {
		value = mapped(plan, packer->rest[i]);
		if (plan->log) {
			symbol = log_symbol(value, plan->width);
			below = log_below(symbol, plan->width);
		} else {
			symbol = (unsigned)(value >> below);
		}
		packer->symbols[i] = (unsigned char)(symbol - lowest);
		bits_put(&writer, value & ((UINT64_C(1) << below) - 1), below);
	}
	bits_end(&writer);
	return lowest;
}

static void
pack_plainly(
    struct column_packer *packer, struct text *text, size_t n, unsigned width)
{
	struct bit_writer writer = { .text = text };

	bytes_put_byte(text, width);
	for (size_t i = 0; i < n; i++)
		bits_put(&writer, packer->symbols[i], width);
	bits_end(&writer);
}

/* Writes the symbols and returns which of COLUMN_SYMBOLS was shortest. */
static unsigned
put_symbols(
    struct column_packer *packer, struct text *text, size_t n, unsigned range)
{
	size_t start = text->n, plain;
	unsigned width = bit_length(range - 1);

	if (range == 1)
		return COLUMN_EQUAL;
	plain = 1 + (n * width + 7) / 8;
	blob_put(packer->blobs, text, packer->symbols, n);
	if (text->n - start <= plain)
		return COLUMN_BLOB;
	text->n = start;
	pack_plainly(packer, text, n, width);
	return COLUMN_PACKED;
}

static void
put_prediction(struct column_packer *packer, struct text *text,
    const struct predictor *predictor)
{
	bytes_put_byte(text, predictor->follow);
	bytes_put_signed(text, predictor->step);
	bytes_put_signed(text, predictor->first);
	bytes_put_number(text, packer->n_jumps);
	text_add_bytes(text, packer->jumps.bytes, packer->jumps.n);
}

static void
make_room(struct column_packer *packer, size_t n)
{
	if (n <= packer->room)
		return;
	packer->room = n;
	packer->rest = mem_resize(packer->rest, n, sizeof(*packer->rest));
	packer->symbols = mem_resize(packer->symbols, n, 1);
}

void
column_put(struct column_packer *packer, struct text *text,
    const int64_t *values, size_t n, enum column_hint hint)
{
	size_t start = text->n;
	unsigned lowest, range, flags = 0;
	struct plan plan;

	if (n == 0)
		return;
	make_room(packer, n);
	choose(packer, &plan, values, n, hint);
	predict(packer, &plan.predictor, values, n);
	lowest = split(packer, &plan, n, &range);
	bytes_put_byte(text, 0);
	if (plan.predictor.used)
		put_prediction(packer, text, &plan.predictor);
	if (!plan.folded)
		bytes_put_signed(text, plan.offset);
	bytes_put_byte(text, plan.width);
	bytes_put_number(text, lowest);
	flags |= put_symbols(packer, text, n, range);
	text_add_bytes(text, packer->bits.bytes, packer->bits.n);
	flags |= (plan.predictor.used ? COLUMN_PREDICTED : 0) |
	    (plan.folded ? COLUMN_FOLDED : 0) | (plan.log ? COLUMN_LOG : 0);
	text->bytes[start] = (char)flags;
}
