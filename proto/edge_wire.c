#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "proto/edge_wire.h"

#define TYPE_MESSAGE 1
#define FIRST_ROOM   4096

/* Below this a copy is cheaper than one more read. */
#define DIRECT_BYTES 16384

void
wire_hello(unsigned char out[WIRE_HELLO_BYTES], uint16_t protocol)
{
	const unsigned char hello[WIRE_HELLO_BYTES] = { 0, 'S', 'P', 0,
		(unsigned char)(protocol >> 8), (unsigned char)protocol, 0, 0 };

	memcpy(out, hello, sizeof(hello));
}

void
wire_head(unsigned char out[WIRE_HEAD_BYTES], uint64_t n)
{
	out[0] = TYPE_MESSAGE;
	for (int i = 0; i < 8; i++)
		out[1 + i] = (unsigned char)(n >> (56 - 8 * i));
}

int
wire_words(const unsigned char *frame, size_t n)
{
	for (size_t at = 0; at / 4 < WIRE_WORDS_MAX && n - at >= 4; at += 4) {
		if ((frame[at] & 0x80) != 0)
			return (int)at + 4;
	}
	return -1;
}

void
wire_init(struct wire *wire, bool typed, size_t frame_max)
{
	memset(wire, 0, sizeof(*wire));
	wire->typed = typed;
	wire->frame_max = frame_max;
}

static void
forget_frame(struct wire *wire)
{
	free(wire->body);
	wire->body = NULL;
	wire->frame = NULL;
	wire->n_frame = wire->n_body = wire->room = wire->size = 0;
	wire->in_body = false;
	wire->n_head = 0;
}

void
wire_fini(struct wire *wire)
{
	forget_frame(wire);
}

/* Collects the head up to n bytes; is it complete? */
static bool
take_head(
    struct wire *wire, size_t size, const unsigned char **bytes, size_t *n)
{
	size_t more = size - wire->n_head;

	if (more > *n)
		more = *n;
	if (more > 0)
		memcpy(wire->head + wire->n_head, *bytes, more);
	wire->n_head += more;
	*bytes += more;
	*n -= more;
	return wire->n_head == size;
}

static int
read_hello(struct wire *wire, struct err *err)
{
	const unsigned char *head = wire->head;
	unsigned char expect[WIRE_HELLO_BYTES];

	wire->protocol = (uint16_t)(head[4] << 8 | head[5]);
	wire_hello(expect, wire->protocol);
	if (memcmp(head, expect, sizeof(expect)) != 0)
		return err_set(err, ERR_INVALID,
		    "its first bytes are not an SP header; is it an nng or "
		    "vedette program?");
	wire->greeted = true;
	wire->n_head = 0;
	return 0;
}

static int
read_length(struct wire *wire, struct err *err)
{
	const unsigned char *at = wire->head;
	uint64_t size = 0;

	if (wire->typed && *at++ != TYPE_MESSAGE)
		return err_set(err, ERR_INVALID, "frame of unknown type %u",
		    wire->head[0]);
	for (int i = 0; i < 8; i++)
		size = size << 8 | at[i];
	if (size > wire->frame_max)
		return err_set(err, ERR_LIMIT,
		    "frame of %llu bytes, larger than %zu",
		    (unsigned long long)size, wire->frame_max);
	wire->size = (size_t)size;
	wire->in_body = true;
	return 0;
}

/* Makes room for more bytes, at most twice what has arrived and a bit. */
static void
grow(struct wire *wire, size_t more)
{
	size_t room = wire->n_body * 2;

	if (room < FIRST_ROOM)
		room = FIRST_ROOM;
	if (room < wire->n_body + more)
		room = wire->n_body + more;
	if (room > wire->size)
		room = wire->size;
	if (room <= wire->room)
		return;
	wire->body = mem_resize(wire->body, room, 1);
	wire->room = room;
}

static enum wire_event
take_body(struct wire *wire, const unsigned char **bytes, size_t *n)
{
	size_t more = wire->size - wire->n_body;

	if (wire->n_body == 0 && more <= *n) {
		wire->frame = *bytes; /* whole as it lies: no copy */
	} else {
		if (more > *n)
			more = *n;
		if (more > 0) {
			grow(wire, more);
			memcpy(wire->body + wire->n_body, *bytes, more);
		}
		wire->n_body += more;
		if (wire->n_body < wire->size) {
			*bytes += more;
			*n -= more;
			return WIRE_MORE;
		}
		wire->frame = wire->body;
	}
	wire->n_frame = wire->size;
	*bytes += more;
	*n -= more;
	return WIRE_FRAME;
}

int
wire_take(enum wire_event *out, struct wire *wire, const unsigned char **bytes,
    size_t *n, struct err *err)
{
	*out = WIRE_MORE;
	if (wire->frame != NULL)
		forget_frame(wire);
	if (!wire->greeted) {
		if (!take_head(wire, WIRE_HELLO_BYTES, bytes, n))
			return 0;
		*out = WIRE_HELLO;
		return read_hello(wire, err);
	}
	if (!wire->in_body) {
		if (!take_head(wire, wire->typed ? 9 : 8, bytes, n))
			return 0;
		if (read_length(wire, err) < 0)
			return -1;
	}
	*out = take_body(wire, bytes, n);
	return 0;
}

size_t
wire_room(struct wire *wire, unsigned char **out)
{
	if (!wire->in_body || wire->frame != NULL ||
	    wire->size - wire->n_body < DIRECT_BYTES)
		return 0;
	grow(wire, DIRECT_BYTES);
	*out = wire->body + wire->n_body;
	return wire->room - wire->n_body;
}

void
wire_filled(struct wire *wire, size_t n)
{
	wire->n_body += n;
}

bool
wire_is_begun(const struct wire *wire)
{
	return !wire->greeted || wire->n_head > 0 || wire->in_body;
}
