/* Reading a column: what comes in is checked, then decoded in two passes. */
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "storage/bits.h"
#include "storage/column.h"
#include "storage/column_code.h"

#define SYMBOLS 256

/* At most so many bits, from any bit of a byte on, are in 8 bytes. */
#define FAST_BITS 56

struct jump {
	size_t at;
	uint64_t by;
};

struct column_opener {
	struct blob_opener *blobs;
	struct text symbols;
	struct jump *jumps;
	size_t n_jumps, room_jumps;
	/* What each symbol of the column means. */
	uint64_t value[SYMBOLS];
	unsigned char below[SYMBOLS];
};

/* The head of a column. */
struct head {
	unsigned flags, width;
	struct predictor predictor;
	uint64_t offset;
	uint64_t lowest;
};

struct column_opener *
column_opener_new(void)
{
	struct column_opener *opener = mem_zalloc(sizeof(*opener));

	opener->blobs = blob_opener_new();
	return opener;
}

void
column_opener_free(struct column_opener *opener)
{
	if (opener == NULL)
		return;
	blob_opener_free(opener->blobs);
	text_fini(&opener->symbols);
	free(opener->jumps);
	free(opener);
}

struct blob_opener *
column_opener_blobs(struct column_opener *opener)
{
	return opener->blobs;
}

static int
get_jumps(struct column_opener *opener, size_t n, struct bytes *bytes)
{
	size_t count, at = 0, more;
	int64_t by;

	if (bytes_count(&count, bytes, n) < 0)
		return -1;
	if (count > opener->room_jumps) {
		opener->room_jumps = count;
		opener->jumps =
		    mem_resize(opener->jumps, count, sizeof(*opener->jumps));
	}
	for (opener->n_jumps = 0; opener->n_jumps < count; opener->n_jumps++) {
		if (bytes_count(&more, bytes, n) < 0 ||
		    bytes_signed(&by, bytes) < 0)
			return -1;
		at += more;
		if (at >= n || (opener->n_jumps > 0 && more == 0))
			return -1;
		opener->jumps[opener->n_jumps] =
		    (struct jump){ at, (uint64_t)by };
	}
	return 0;
}

static int
get_head(struct column_opener *opener, struct head *head, size_t n,
    struct bytes *bytes)
{
	struct predictor *predictor = &head->predictor;
	int64_t offset = 0;

	if (bytes_byte(&head->flags, bytes) < 0 ||
	    (head->flags & ~(unsigned)COLUMN_FLAGS) != 0)
		return -1;
	predictor->used = (head->flags & COLUMN_PREDICTED) != 0;
	if (predictor->used &&
	    (bytes_byte(&predictor->follow, bytes) < 0 ||
		predictor->follow > FOLLOW_NEVER ||
		bytes_signed(&predictor->step, bytes) < 0 ||
		bytes_signed(&predictor->first, bytes) < 0 ||
		get_jumps(opener, n, bytes) < 0))
		return -1;
	if ((head->flags & COLUMN_FOLDED) == 0 &&
	    bytes_signed(&offset, bytes) < 0)
		return -1;
	head->offset = (uint64_t)offset;
	if (bytes_byte(&head->width, bytes) < 0 || head->width > 63 ||
	    bytes_number(&head->lowest, bytes) < 0)
		return -1;
	return 0;
}

/* Says what the symbols from the lowest on mean. */
static int
fill_table(struct column_opener *opener, const struct head *head)
{
	unsigned limit = log_symbol(UINT64_MAX, head->width & 7) + 1;
	bool log = (head->flags & COLUMN_LOG) != 0;

	if (log && (head->width > MANTISSA_MAX || head->lowest >= limit))
		return -1;
	for (unsigned i = 0; i < SYMBOLS; i++) {
		uint64_t symbol = head->lowest + i;

		if (!log) {
			opener->value[i] = symbol << head->width;
			opener->below[i] = (unsigned char)head->width;
			continue;
		}
		/* Past the last bucket nothing is written; any value does. */
		if (symbol >= limit)
			symbol = limit - 1;
		opener->value[i] = log_value((unsigned)symbol, head->width);
		opener->below[i] =
		    (unsigned char)log_below((unsigned)symbol, head->width);
	}
	return 0;
}

static int
get_packed(struct text *symbols, size_t n, struct bytes *bytes)
{
	struct bytes bits;
	unsigned width;
	size_t at = 0;

	if (bytes_byte(&width, bytes) < 0 || width == 0 || width > 8 ||
	    bytes_part(&bits, bytes, (n * width + 7) / 8) < 0)
		return -1;
	for (size_t i = 0; i < n; i++, at += width) {
		size_t byte = at / 8;
		unsigned word = bits.at[byte];

		if (byte + 1 < bytes_left(&bits))
			word |= (unsigned)bits.at[byte + 1] << 8;
		symbols->bytes[i] =
		    (char)(word >> (at % 8) & ((1U << width) - 1));
	}
	return 0;
}

static int
get_symbols(struct column_opener *opener, const struct head *head, size_t n,
    struct bytes *bytes)
{
	struct text *symbols = &opener->symbols;

	if ((head->flags & COLUMN_SYMBOLS) == COLUMN_BLOB) {
		if (blob_get(opener->blobs, symbols, n, bytes) < 0)
			return -1;
		return symbols->n == n ? 0 : -1;
	}
	if (symbols->room < n + 1) {
		symbols->room = n + 1;
		symbols->bytes = mem_resize(symbols->bytes, n + 1, 1);
	}
	symbols->n = n;
	if ((head->flags & COLUMN_SYMBOLS) == COLUMN_PACKED)
		return get_packed(symbols, n, bytes);
	memset(symbols->bytes, 0, n);
	return (head->flags & COLUMN_SYMBOLS) == COLUMN_EQUAL ? 0 : -1;
}

/* The first pass: what remained after prediction, still folded or offset. */
static int
join(struct column_opener *opener, int64_t *out, size_t n, struct bytes *bytes)
{
	const unsigned char *symbols =
	    (const unsigned char *)opener->symbols.bytes;
	size_t total = 0, at = 0, i = 0, fast;
	struct bytes bits;

	for (size_t k = 0; k < n; k++)
		total += opener->below[symbols[k]];
	if (bytes_part(&bits, bytes, (total + 7) / 8) < 0)
		return -1;
	/* From here on 8 bytes at once would reach past the end. */
	fast = bytes_left(&bits) < 8 ? 0 : (bytes_left(&bits) - 7) * 8;
	for (; i < n && at < fast; i++) {
		unsigned below = opener->below[symbols[i]];
		uint64_t value = opener->value[symbols[i]];

		value += below <= FAST_BITS ? bits_fast(bits.at, at, below)
					    : bits_get(&bits, at, below);
		out[i] = (int64_t)value;
		at += below;
	}
	for (; i < n; i++) {
		unsigned below = opener->below[symbols[i]];

		out[i] = (int64_t)(opener->value[symbols[i]] +
		    bits_get(&bits, at, below));
		at += below;
	}
	return 0;
}

/* The second pass: adds what was predicted. */
static void
follow(const struct column_opener *opener, const struct predictor *predictor,
    int64_t *out, size_t n)
{
	uint64_t base = predictor_start(predictor), miss;
	size_t next = 0, until;

	for (size_t i = 0; i < n;) {
		if (next < opener->n_jumps && opener->jumps[next].at == i)
			base += opener->jumps[next++].by << STEP_BITS;
		until = next < opener->n_jumps ? opener->jumps[next].at : n;
		for (; i < until; i++) {
			miss = (uint64_t)out[i];
			out[i] = (int64_t)(predictor_guess(base) + miss);
			base = predictor_next(predictor, base, miss);
		}
	}
}

int
column_get(
    struct column_opener *opener, int64_t *out, size_t n, struct bytes *bytes)
{
	struct head head = { 0 };

	opener->n_jumps = 0;
	if (n == 0)
		return 0;
	if (get_head(opener, &head, n, bytes) < 0 ||
	    fill_table(opener, &head) < 0 ||
	    get_symbols(opener, &head, n, bytes) < 0 ||
	    join(opener, out, n, bytes) < 0)
		return -1;
	if ((head.flags & COLUMN_FOLDED) != 0)
		for (size_t i = 0; i < n; i++)
			out[i] = bytes_unfold((uint64_t)out[i]);
	else if (head.offset != 0)
		for (size_t i = 0; i < n; i++)
			out[i] = (int64_t)((uint64_t)out[i] + head.offset);
	if (head.predictor.used)
		follow(opener, &head.predictor, out, n);
	return 0;
}
