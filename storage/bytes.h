/*
 * bytes.h - the numbers of stored formats: written to a text, read within
 * bounds.
 *
 * Variable length numbers of 7 bits a byte, the lowest first; signed ones
 * fold the sign into the lowest bit.  What is read comes from outside: every
 * function says -1 when the bytes do not hold what was asked for.
 */
#ifndef STORAGE_BYTES_H
#define STORAGE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/base/text.h"

/* What is left to read; borrowed. */
struct bytes {
	const unsigned char *at, *end;
};

static inline size_t
bytes_left(const struct bytes *bytes)
{
	return (size_t)(bytes->end - bytes->at);
}

static inline uint64_t
bytes_fold(int64_t value)
{
	return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline int64_t
bytes_unfold(uint64_t folded)
{
	return (int64_t)((folded >> 1) ^ (0 - (folded & 1)));
}

static inline void
bytes_put_number(struct text *text, uint64_t number)
{
	unsigned char bytes[10];
	size_t n = 0;

	for (; number >= 0x80; number >>= 7)
		bytes[n++] = (unsigned char)(number | 0x80);
	bytes[n++] = (unsigned char)number;
	text_add_bytes(text, bytes, n);
}

static inline void
bytes_put_signed(struct text *text, int64_t number)
{
	bytes_put_number(text, bytes_fold(number));
}

static inline void
bytes_put_byte(struct text *text, unsigned byte)
{
	text_add_bytes(text, &(unsigned char){ (unsigned char)byte }, 1);
}

static inline int
bytes_number(uint64_t *out, struct bytes *bytes)
{
	uint64_t number = 0, more;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (bytes->at == bytes->end)
			return -1;
		more = *bytes->at++;
		number |= (more & 0x7f) << shift;
		if (more < 0x80) {
			*out = number;
			return 0;
		}
	}
	return -1;
}

/* A number of at most max. */
static inline int
bytes_count(size_t *out, struct bytes *bytes, size_t max)
{
	uint64_t number;

	if (bytes_number(&number, bytes) < 0 || number > max)
		return -1;
	*out = (size_t)number;
	return 0;
}

static inline int
bytes_signed(int64_t *out, struct bytes *bytes)
{
	uint64_t number;

	if (bytes_number(&number, bytes) < 0)
		return -1;
	*out = bytes_unfold(number);
	return 0;
}

static inline int
bytes_byte(unsigned *out, struct bytes *bytes)
{
	if (bytes->at == bytes->end)
		return -1;
	*out = *bytes->at++;
	return 0;
}

/* The next n bytes, as bytes of their own. */
static inline int
bytes_part(struct bytes *out, struct bytes *bytes, size_t n)
{
	if (n > bytes_left(bytes))
		return -1;
	*out = (struct bytes){ bytes->at, bytes->at + n };
	bytes->at += n;
	return 0;
}

/* The next string, up to its NUL, borrowed like the bytes. */
static inline int
bytes_string(const char **out, struct bytes *bytes)
{
	const void *nul = bytes->at == bytes->end
	    ? NULL
	    : memchr(bytes->at, '\0', bytes_left(bytes));

	if (nul == NULL)
		return -1;
	*out = (const char *)bytes->at;
	bytes->at = (const unsigned char *)nul + 1;
	return 0;
}

#endif
