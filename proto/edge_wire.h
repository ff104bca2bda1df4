/*
 * edge_wire.h - nng's stream framing, as code over bytes alone.
 *
 * A peer first sends an 8-byte SP header, which names its protocol; then
 * frames: a 64-bit length and as many bytes.  Over a Unix socket a type byte,
 * always 1, precedes the length.  No descriptor, clock or nng here; nothing
 * is allocated before the length was compared with the limit, and then as
 * the bytes arrive.
 */
#ifndef PROTO_EDGE_WIRE_H
#define PROTO_EDGE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"

#define WIRE_HELLO_BYTES 8
#define WIRE_HEAD_BYTES  9 /* type byte and length */

/* The words before a request's body: the hops it came by, then its id.  One
 * more, ours, makes the eight that nng lets pass. */
#define WIRE_WORDS_MAX 7

enum wire_protocol {
	WIRE_PUB = 0x20,
	WIRE_SUB = 0x21,
	WIRE_REQ = 0x30,
	WIRE_REP = 0x31,
};

/* Writes the SP header of a protocol. */
void wire_hello(unsigned char out[WIRE_HELLO_BYTES], uint16_t protocol);

/* Writes type byte and length of a frame of n bytes. */
void wire_head(unsigned char out[WIRE_HEAD_BYTES], uint64_t n);

/* The bytes of the words at the start of a request or reply, the one with
 * the highest bit set being the last; -1 when there is no such start. */
int wire_words(const unsigned char *frame, size_t n);

enum wire_event {
	WIRE_MORE,  /* all bytes are taken */
	WIRE_HELLO, /* the SP header is complete: see protocol */
	WIRE_FRAME, /* a frame is complete: see frame and n_frame */
};

/* The receiving side of one connection.  Read only for others. */
struct wire {
	uint16_t protocol;
	const unsigned char *frame; /* borrowed until the next wire_take() */
	size_t n_frame;

	bool typed, greeted, in_body;
	size_t frame_max;
	unsigned char head[WIRE_HEAD_BYTES];
	size_t n_head;
	unsigned char *body; /* of a frame that came in pieces */
	size_t n_body, room, size;
};

/* typed: frames begin with the type byte.  Longer frames than frame_max are
 * refused. */
void wire_init(struct wire *wire, bool typed, size_t frame_max);
void wire_fini(struct wire *wire);

/* Takes bytes from the front of *bytes up to the next event, and moves *bytes
 * and *n behind them.  On failure (ERR_INVALID: not this format; ERR_LIMIT:
 * frame too large) the connection is of no use any more. */
int wire_take(enum wire_event *out, struct wire *wire,
    const unsigned char **bytes, size_t *n, struct err *err);

/* A place to read the rest of a large frame into, without a copy; returns its
 * size, 0 when there is no such frame under way.  What was read is told by
 * wire_filled(); wire_take() then gives the event. */
size_t wire_room(struct wire *wire, unsigned char **out);
void wire_filled(struct wire *wire, size_t n);

/* Is a header or frame begun and not complete? */
bool wire_is_begun(const struct wire *wire);

#endif
