/*
 * fields.h - the wire format of protocol buffers, field by field.
 *
 * For what is read so often that unpacking it into messages is too dear; what
 * the fields mean is the reader's business.  Nothing is allocated, and bytes
 * that are anything else are told apart.
 */
#ifndef PROTO_FIELDS_H
#define PROTO_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum field_wire {
	FIELD_VARINT = 0,
	FIELD_I64 = 1,
	FIELD_BYTES = 2,
	FIELD_I32 = 5
};

struct span {
	const unsigned char *at, *end;
};

/* One field: a number, or bytes. */
struct field {
	uint32_t number; /* of the field; not 0 */
	enum field_wire wire;
	uint64_t value;    /* of FIELD_VARINT and FIELD_I64 */
	struct span bytes; /* of FIELD_BYTES */
};

static inline size_t
span_size(struct span span)
{
	return (size_t)(span.end - span.at);
}

static inline bool
span_varint(struct span *span, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && span->at < span->end;
	     shift += 7) {
		unsigned char byte = *span->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			*out = value;
			return true;
		}
	}
	return false;
}

static inline bool
span_skip(struct span *span, size_t n)
{
	if (span_size(*span) < n)
		return false;
	span->at += n;
	return true;
}

/* Takes a field from the front; false: malformed, or a group. */
static inline bool
span_field(struct span *span, struct field *out)
{
	uint64_t tag, n;

	if (!span_varint(span, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
		return false;
	out->number = (uint32_t)(tag >> 3);
	out->wire = (enum field_wire)(tag & 7);
	switch (out->wire) {
	case FIELD_VARINT:
		return span_varint(span, &out->value);
	case FIELD_I64:
		if (span_size(*span) < sizeof(out->value))
			return false;
		/* Little-endian, as are the machines that we build for. */
		memcpy(&out->value, span->at, sizeof(out->value));
		return span_skip(span, sizeof(out->value));
	case FIELD_I32:
		return span_skip(span, 4);
	case FIELD_BYTES:
		if (!span_varint(span, &n) || n > span_size(*span))
			return false;
		out->bytes = (struct span){ span->at, span->at + n };
		span->at += n;
		return true;
	}
	return false;
}

/* The number of a sint64. */
static inline int64_t
field_signed(uint64_t folded)
{
	return (int64_t)(folded >> 1) ^ -(int64_t)(folded & 1);
}

#endif
