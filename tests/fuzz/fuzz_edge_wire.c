/*
 * fuzz_edge_wire - whatever a peer sends, in whatever pieces: the same frames
 * come of it, inside its bytes, and no memory is taken for bytes that did not
 * arrive.
 *
 * The first byte says how the rest is cut: its lowest bit whether frames have
 * a type, the others the size of the pieces.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/crc32c.h"
#include "proto/edge_wire.h"
#include "tests/fuzz/fuzz.h"

#define FRAME_MAX 262144

/* What came of a stream: enough to tell two of them apart. */
struct outcome {
	size_t hellos, frames, bytes;
	uint32_t crc;
	bool is_refused, is_begun;
};

static void
take_frame(struct outcome *outcome, const struct wire *wire)
{
	int words = wire_words(wire->frame, wire->n_frame);

	assert(words == -1 ||
	    (words % 4 == 0 && words > 0 && (size_t)words <= wire->n_frame));
	assert(wire->n_frame <= FRAME_MAX);
	outcome->frames++;
	outcome->bytes += wire->n_frame;
	outcome->crc = crc32c(outcome->crc, wire->frame, wire->n_frame);
}

/* Reads the rest of a large frame to where it belongs, as a connection does;
 * returns how much of n. */
static size_t
read_directly(struct wire *wire, const uint8_t *bytes, size_t n)
{
	unsigned char *to;
	size_t room = wire_room(wire, &to);

	if (room > n)
		room = n;
	if (room > 0) {
		memcpy(to, bytes, room);
		wire_filled(wire, room);
	}
	return room;
}

static struct outcome
run(bool is_typed, size_t piece, const uint8_t *bytes, size_t n)
{
	struct outcome outcome = { .hellos = 0 };
	enum wire_event event;
	struct wire wire;
	size_t at = 0;

	wire_init(&wire, is_typed, FRAME_MAX);
	while (at < n && !outcome.is_refused) {
		size_t direct = read_directly(&wire, bytes + at, n - at);
		size_t left = n - at < piece ? n - at : piece;
		const unsigned char *next = bytes + at;

		if (direct > 0)
			left = 0;
		at += direct + left;
		do {
			struct err err;

			if (wire_take(&event, &wire, &next, &left, &err) < 0) {
				outcome.is_refused = true;
				break;
			}
			outcome.hellos += event == WIRE_HELLO;
			if (event == WIRE_FRAME)
				take_frame(&outcome, &wire);
			assert(wire.room <= 2 * at + 16384);
		} while (event != WIRE_MORE);
		assert(outcome.is_refused || left == 0);
	}
	outcome.is_begun = !outcome.is_refused && wire_is_begun(&wire);
	wire_fini(&wire);
	return outcome;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct outcome whole, pieces;
	bool is_typed;
	size_t piece;

	if (n == 0)
		return 0;
	is_typed = bytes[0] & 1;
	piece = 1 + (bytes[0] >> 1);
	whole = run(is_typed, n, bytes + 1, n - 1);
	pieces = run(is_typed, piece, bytes + 1, n - 1);
	assert(whole.frames == pieces.frames);
	assert(whole.hellos == pieces.hellos && whole.hellos <= 1);
	assert(whole.bytes == pieces.bytes && whole.bytes <= n);
	assert(whole.crc == pieces.crc);
	assert(whole.is_refused == pieces.is_refused);
	assert(whole.is_begun == pieces.is_begun);
	return 0;
}
