/*
 * bits.h - numbers of any width, one after the other, the lowest bit first.
 */
#ifndef STORAGE_BITS_H
#define STORAGE_BITS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/base/text.h"
#include "storage/bytes.h"

/* Starts with its text, all else 0. */
struct bit_writer {
	struct text *text;
	uint64_t waiting;
	unsigned n; /* bits waiting; below 32 between two calls */
};

static inline void
bits_put_few(struct bit_writer *writer, uint64_t value, unsigned n)
{
	unsigned char bytes[4];

	writer->waiting |= value << writer->n;
	writer->n += n;
	if (writer->n < 32)
		return;
	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(writer->waiting >> (8 * i));
	text_add_bytes(writer->text, bytes, sizeof(bytes));
	writer->waiting >>= 32;
	writer->n -= 32;
}

/* Writes the n lowest bits of value, at most 64; it has none above. */
static inline void
bits_put(struct bit_writer *writer, uint64_t value, unsigned n)
{
	if (n > 32) {
		bits_put_few(writer, value & UINT32_MAX, 32);
		value >>= 32;
		n -= 32;
	}
	bits_put_few(writer, value, n);
}

/* Fills the last byte with zeros. */
static inline void
bits_end(struct bit_writer *writer)
{
	for (; writer->n > 0; writer->n = writer->n > 8 ? writer->n - 8 : 0) {
		bytes_put_byte(writer->text, writer->waiting & 0xff);
		writer->waiting >>= 8;
	}
}

/* The n <= 56 bits at bit `at` of memory of which 8 bytes may be read. */
static inline uint64_t
bits_fast(const unsigned char *bytes, size_t at, unsigned n)
{
	uint64_t word;

	memcpy(&word, bytes + at / 8, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word >> (at % 8) & ((UINT64_C(1) << n) - 1);
}

/* The n <= 64 bits at bit `at`; past the end there are zeros. */
static inline uint64_t
bits_get(const struct bytes *bytes, size_t at, unsigned n)
{
	size_t left = bytes_left(bytes);
	uint64_t value = 0;

	if (n <= 56 && at / 8 + 8 <= left)
		return bits_fast(bytes->at, at, n);
	for (unsigned i = 0; i < n; i++) {
		size_t bit = at + i;

		if (bit / 8 < left)
			value |= (uint64_t)(bytes->at[bit / 8] >> (bit % 8) & 1)
			    << i;
	}
	return value;
}

/* Numbers of unknown size, small ones most often: exponential Golomb codes
 * of order k <= 32 (Teuhola 1978).  value < 2^63. */
static inline unsigned
golomb_bits(uint64_t value, unsigned k)
{
	unsigned length =
	    63 - (unsigned)__builtin_clzll(value + (UINT64_C(1) << k));

	return 2 * length - k + 1;
}

static inline void
golomb_put(struct bit_writer *writer, uint64_t value, unsigned k)
{
	uint64_t moved = value + (UINT64_C(1) << k);
	unsigned length = 63 - (unsigned)__builtin_clzll(moved);

	bits_put(writer, UINT64_C(1) << (length - k), length - k + 1);
	bits_put(writer, moved & ((UINT64_C(1) << length) - 1), length);
}

/* Reads one and moves *at on; -1 when there is none. */
static inline int
golomb_get(uint64_t *out, const struct bytes *bytes, size_t *at, unsigned k)
{
	uint64_t head = bits_get(bytes, *at, 56);
	unsigned zeros, length;

	if (head == 0)
		head = bits_get(bytes, *at, 64);
	if (head == 0)
		return -1;
	zeros = (unsigned)__builtin_ctzll(head);
	length = zeros + k;
	if (length > 62 || *at + zeros + 1 + length > 8 * bytes_left(bytes))
		return -1;
	*at += zeros + 1;
	*out = (bits_get(bytes, *at, length) | UINT64_C(1) << length) -
	    (UINT64_C(1) << k);
	*at += length;
	return 0;
}

#endif
