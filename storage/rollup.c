#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "storage/bits.h"
#include "storage/rollup.h"

#define VERSION     1
#define PER_OCTAVE  35
#define BUCKETS     (1 + 64 * PER_OCTAVE) /* 0 has one of its own */
#define SLACK       16                    /* buckets more than asked for */
#define ORDERS      16                    /* of Golomb codes: 4 bits */
#define SHARE_WHOLE 10000
#define COUNT_MAX   (UINT64_C(1) << 60) /* of results; nobody has as many */

/* 2^31 times 2^(k/35): where the buckets of an octave begin. */
static const uint64_t bounds[PER_OCTAVE + 1] = { 0x80000000, 0x828f69a9,
	0x852bef4e, 0x87d5d40f, 0x8a8d5c63, 0x8d52ce21, 0x90267084, 0x93088c36,
	0x95f96b53, 0x98f95973, 0x9c08a3b1, 0x9f2798b4, 0xa25688b4, 0xa595c585,
	0xa8e5a29e, 0xac467520, 0xafb893e0, 0xb33c5773, 0xb6d21a2f, 0xba7a383b,
	0xbe350f95, 0xc203001e, 0xc5e46b9f, 0xc9d9b5d9, 0xcde34489, 0xd2017f76,
	0xd634d07b, 0xda7da390, 0xdedc66d7, 0xe3518aa4, 0xe7dd818d, 0xec80c070,
	0xf13bbe83, 0xf60ef55e, 0xfafae107, 0x100000000 };

/* Where in its octave does a number with its highest bit at bit 31 lie? */
static unsigned
place_in_octave(uint64_t mantissa)
{
	unsigned low = 0, high = PER_OCTAVE;

	while (high - low > 1) {
		unsigned middle = (low + high) / 2;

		if (bounds[middle] <= mantissa)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static uint32_t
bucket_of(uint64_t us)
{
	unsigned octave;

	if (us == 0)
		return 0;
	octave = 63 - (unsigned)__builtin_clzll(us);
	return 1 + octave * PER_OCTAVE +
	    place_in_octave((us << (63 - octave)) >> 32);
}

/* The value that is nearest to all of a bucket, by ratio: 2ab / (a + b). */
static uint64_t
value_of(uint32_t bucket)
{
	unsigned octave, place;
	uint64_t mantissa;

	if (bucket == 0)
		return 0;
	octave = (bucket - 1) / PER_OCTAVE;
	place = (bucket - 1) % PER_OCTAVE;
	mantissa = bounds[place] * bounds[place + 1] /
	    (bounds[place] + bounds[place + 1]); /* half of it */
	if (octave >= 30)
		return mantissa << (octave - 30);
	return (mantissa + (UINT64_C(1) << (29 - octave))) >> (30 - octave);
}

/* Makes sure that bucket has a place in counts. */
static void
make_room(struct rollup *rollup, uint32_t bucket)
{
	uint32_t first = bucket > SLACK ? bucket - SLACK : 0;
	uint32_t end = bucket + SLACK < BUCKETS ? bucket + SLACK : BUCKETS;
	uint64_t *counts;

	if (rollup->room > 0) {
		uint32_t had_end = rollup->first + rollup->room;

		if (bucket >= rollup->first && bucket < had_end)
			return;
		first = bucket < rollup->first ? first : rollup->first;
		end = bucket >= had_end ? end : had_end;
	}
	counts = mem_calloc(end - first, sizeof(*counts));
	if (rollup->room > 0)
		memcpy(counts + (rollup->first - first), rollup->counts,
		    rollup->room * sizeof(*counts));
	free(rollup->counts);
	rollup->counts = counts;
	rollup->first = first;
	rollup->room = end - first;
}

static void
add_to_bucket(struct rollup *rollup, uint32_t bucket, uint64_t count)
{
	if (bucket - rollup->first >= rollup->room)
		make_room(rollup, bucket);
	rollup->counts[bucket - rollup->first] += count;
}

void
rollup_fini(struct rollup *rollup)
{
	free(rollup->counts);
	*rollup = (struct rollup){ 0 };
}

/* Adds what is not in the buckets. */
static void
add_totals(struct rollup *rollup, const struct rollup *from)
{
	for (size_t i = 0; i < ROLLUP_OUTCOMES; i++)
		rollup->n[i] += from->n[i];
	rollup->n_censored += from->n_censored;
	if (from->n_timed == 0)
		return;
	if (rollup->n_timed == 0 || from->min_us < rollup->min_us)
		rollup->min_us = from->min_us;
	if (from->max_us > rollup->max_us)
		rollup->max_us = from->max_us;
	if (__builtin_add_overflow(
		rollup->sum_us, from->sum_us, &rollup->sum_us))
		rollup->sum_us = UINT64_MAX;
	rollup->n_timed += from->n_timed;
}

void
rollup_add(struct rollup *rollup, enum outcome outcome, bool censored,
    int64_t duration_us)
{
	uint64_t us = duration_us > 0 ? (uint64_t)duration_us : 0;
	bool timed = outcome == OUTCOME_OK || outcome == OUTCOME_WARNING;
	struct rollup one = { .n_censored = censored };

	one.n[outcome] = 1;
	if (timed) {
		one.n_timed = 1;
		one.sum_us = one.min_us = one.max_us = us;
		add_to_bucket(rollup, bucket_of(us), 1);
	}
	add_totals(rollup, &one);
}

void
rollup_merge(struct rollup *rollup, const struct rollup *from)
{
	for (uint32_t i = 0; i < from->room; i++)
		if (from->counts[i] > 0)
			add_to_bucket(rollup, from->first + i, from->counts[i]);
	add_totals(rollup, from);
}

uint64_t
rollup_quantile_us(const struct rollup *rollup, uint32_t share)
{
	uint64_t rank, seen = 0, us;

	if (rollup->n_timed == 0)
		return 0;
	if (share >= SHARE_WHOLE)
		return rollup->max_us;
	/* Without overflow: n is split into whole and rest of 10,000. */
	rank = (rollup->n_timed - 1) / SHARE_WHOLE * share +
	    (rollup->n_timed - 1) % SHARE_WHOLE * share / SHARE_WHOLE;
	if (rank == 0)
		return rollup->min_us;
	for (uint32_t i = 0; i < rollup->room; i++) {
		seen += rollup->counts[i];
		if (seen <= rank)
			continue;
		us = value_of(rollup->first + i);
		if (us < rollup->min_us)
			return rollup->min_us;
		return us < rollup->max_us ? us : rollup->max_us;
	}
	return rollup->max_us;
}

/* --- bytes ------------------------------------------------------------------ */

/* A bucket that is not empty. */
struct part {
	uint64_t count;
	uint32_t bucket;
};

/* Lists them; returns how many. */
static size_t
list_parts(struct part parts[BUCKETS], const struct rollup *rollup)
{
	size_t n = 0;

	for (uint32_t i = 0; i < rollup->room; i++)
		if (rollup->counts[i] > 0)
			parts[n++] = (struct part){ rollup->counts[i],
				rollup->first + i };
	return n;
}

/* The orders with which gaps and counts are shortest. */
static void
choose_orders(unsigned *out_gaps, unsigned *out_counts,
    const struct part *parts, size_t n)
{
	uint64_t least_gaps = UINT64_MAX, least_counts = UINT64_MAX;

	for (unsigned k = 0; k < ORDERS; k++) {
		uint64_t gaps = 0, counts = 0;

		for (size_t i = 0; i + 1 < n; i++) {
			gaps += golomb_bits(
			    parts[i + 1].bucket - parts[i].bucket - 1, k);
			counts += golomb_bits(parts[i].count - 1, k);
		}
		if (gaps < least_gaps)
			*out_gaps = k;
		if (counts < least_counts)
			*out_counts = k;
		least_gaps = gaps < least_gaps ? gaps : least_gaps;
		least_counts = counts < least_counts ? counts : least_counts;
	}
}

/* Where the first and the last bucket are, the extremes say; how much is in
 * the last one, the number of all. */
static void
put_parts(struct text *text, const struct rollup *rollup)
{
	struct part parts[BUCKETS];
	struct bit_writer writer = { .text = text };
	size_t n = list_parts(parts, rollup);
	unsigned gaps = 0, counts = 0;

	choose_orders(&gaps, &counts, parts, n);
	bytes_put_byte(text, gaps * ORDERS + counts);
	for (size_t i = 0; i + 1 < n; i++) {
		golomb_put(&writer, parts[i].count - 1, counts);
		golomb_put(
		    &writer, parts[i + 1].bucket - parts[i].bucket - 1, gaps);
	}
	bits_end(&writer);
}

void
rollup_encode(
    unsigned char **out_bytes, size_t *out_n, const struct rollup *rollup)
{
	struct text text = { 0 };

	bytes_put_byte(&text, VERSION);
	for (size_t i = 0; i < ROLLUP_OUTCOMES; i++)
		bytes_put_number(&text, rollup->n[i]);
	bytes_put_number(&text, rollup->n_censored);
	if (rollup->n_timed > 0) {
		bytes_put_number(&text, rollup->sum_us);
		bytes_put_number(&text, rollup->min_us);
		bytes_put_number(&text, rollup->max_us - rollup->min_us);
		put_parts(&text, rollup);
	}
	*out_n = text.n;
	*out_bytes = (unsigned char *)text_take(&text);
}

static int
get_totals(struct rollup *totals, struct bytes *bytes)
{
	uint64_t span;
	unsigned version;

	if (bytes_byte(&version, bytes) < 0 || version != VERSION)
		return -1;
	for (size_t i = 0; i < ROLLUP_OUTCOMES; i++)
		if (bytes_number(&totals->n[i], bytes) < 0 ||
		    totals->n[i] > COUNT_MAX)
			return -1;
	if (bytes_number(&totals->n_censored, bytes) < 0 ||
	    totals->n_censored > 4 * COUNT_MAX)
		return -1;
	totals->n_timed = totals->n[OUTCOME_OK] + totals->n[OUTCOME_WARNING];
	if (totals->n_timed == 0)
		return 0;
	if (bytes_number(&totals->sum_us, bytes) < 0 ||
	    bytes_number(&totals->min_us, bytes) < 0 ||
	    bytes_number(&span, bytes) < 0 ||
	    __builtin_add_overflow(totals->min_us, span, &totals->max_us))
		return -1;
	return 0;
}

static int
get_parts(struct part parts[BUCKETS], size_t *out_n,
    const struct rollup *totals, struct bytes *bytes)
{
	uint32_t bucket = bucket_of(totals->min_us);
	uint32_t last = bucket_of(totals->max_us);
	uint64_t left = totals->n_timed, count, gap;
	unsigned orders;
	size_t n = 0, at = 0;

	if (bytes_byte(&orders, bytes) < 0)
		return -1;
	while (bucket < last) {
		if (golomb_get(&count, bytes, &at, orders % ORDERS) < 0 ||
		    golomb_get(&gap, bytes, &at, orders / ORDERS) < 0 ||
		    count + 1 >= left || gap >= last - bucket)
			return -1;
		parts[n++] = (struct part){ count + 1, bucket };
		left -= count + 1;
		bucket += (uint32_t)gap + 1;
	}
	parts[n++] = (struct part){ left, last };
	*out_n = n;
	return (at + 7) / 8 == bytes_left(bytes) ? 0 : -1;
}

int
rollup_merge_bytes(
    struct rollup *rollup, const void *bytes, size_t n, struct err *err)
{
	struct bytes all = { bytes, (const unsigned char *)bytes + n };
	struct rollup totals = { 0 };
	struct part parts[BUCKETS];
	size_t n_parts = 0;

	if (n > ROLLUP_MAX_BYTES || get_totals(&totals, &all) < 0 ||
	    (totals.n_timed > 0 &&
		get_parts(parts, &n_parts, &totals, &all) < 0))
		return err_set(
		    err, ERR_CORRUPT, "malformed rollup of %zu bytes", n);
	for (size_t i = 0; i < n_parts; i++)
		add_to_bucket(rollup, parts[i].bucket, parts[i].count);
	add_totals(rollup, &totals);
	return 0;
}
