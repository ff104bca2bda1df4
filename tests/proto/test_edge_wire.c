#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>

#include "proto/edge_wire.h"

#define FRAME_MAX 100000

/* What a peer sends, as hexadecimal, and what must come of it: "H30" for a
 * hello of protocol 0x30, "F4" for a frame of four bytes, "!I" and "!L" for
 * the end by ERR_INVALID and ERR_LIMIT, "+" when more is expected. */
#define HELLO_REQ "0053500000300000"

static const struct speech {
	const char *name;
	bool typed;
	const char *hex;
	const char *expect;
} speeches[] = {
	{ "silence is waited out", false, "", "+" },
	{ "half a hello is waited for", false, "00535000", "+" },
	{ "a hello names its protocol", false, HELLO_REQ, "H30" },
	{ "any protocol may be named", false, "00535000beef0000", "Hbeef" },
	{ "a hello of another kind is refused", false, "0053510000300000",
	    "!I" },
	{ "HTTP is refused", false, "474554202f204854", "!I" },
	{ "reserved bytes must be zero", false, "0053500000300001", "!I" },
	{ "a frame follows", false, HELLO_REQ "000000000000000480000001",
	    "H30 F4" },
	{ "an empty frame is a frame", false,
	    HELLO_REQ "0000000000000000"
		      "0000000000000001ff",
	    "H30 F0 F1" },
	{ "half a length is waited for", false, HELLO_REQ "00000000", "H30 +" },
	{ "half a frame is waited for", false, HELLO_REQ "0000000000000004aa",
	    "H30 +" },
	{ "eight gigabytes are refused unseen", false,
	    HELLO_REQ "0000000200000000", "H30 !L" },
	{ "the largest length is refused", false, HELLO_REQ "ffffffffffffffff",
	    "H30 !L" },
	{ "one byte more than the limit is refused", false,
	    HELLO_REQ "00000000000186a1", "H30 !L" },
	{ "the limit itself is waited for", false, HELLO_REQ "00000000000186a0",
	    "H30 +" },
	{ "frames on a unix socket have a type", true,
	    HELLO_REQ "01000000000000000480000001", "H30 F4" },
	{ "an unknown type is refused", true, HELLO_REQ "020000000000000004",
	    "H30 !I" },
};

/* Tells what came of the bytes given in pieces of this size. */
static void
tell(char *out, size_t room, bool typed, const unsigned char *bytes, size_t n,
    size_t piece)
{
	enum wire_event event = WIRE_MORE;
	struct wire wire;
	struct err err;
	size_t used = 0;

	out[0] = '\0';
	wire_init(&wire, typed, FRAME_MAX);
	for (size_t at = 0; at < n; at += piece) {
		size_t left = n - at < piece ? n - at : piece;
		/* On the heap, so that a sanitizer sees one byte too many. */
		unsigned char *copy = malloc(left);
		const unsigned char *next = copy;

		memcpy(copy, bytes + at, left);
		do {
			if (wire_take(&event, &wire, &next, &left, &err) < 0) {
				used += (size_t)snprintf(out + used,
				    room - used, " !%c",
				    err.code == ERR_LIMIT ? 'L' : 'I');
				at = n;
				break;
			}
			if (event == WIRE_HELLO)
				used += (size_t)snprintf(out + used,
				    room - used, " H%x", wire.protocol);
			if (event == WIRE_FRAME)
				used += (size_t)snprintf(out + used,
				    room - used, " F%zu", wire.n_frame);
		} while (event != WIRE_MORE);
		free(copy);
	}
	if (strchr(out, '!') == NULL && wire_is_begun(&wire))
		snprintf(out + used, room - used, " +");
	wire_fini(&wire);
}

static size_t
from_hex(unsigned char *out, const char *hex)
{
	size_t n = 0;
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		out[n++] = (unsigned char)byte;
	return n;
}

/* Whatever the pieces, the same comes of it. */
static void
test_speech(void **state)
{
	const struct speech *row = *state;
	unsigned char bytes[256];
	size_t n = from_hex(bytes, row->hex);
	char told[128];

	for (size_t piece = 1; piece <= n + 1; piece++) {
		tell(told, sizeof(told), row->typed, bytes, n, piece);
		assert_string_equal(told + (told[0] == ' '), row->expect);
	}
}

/* A large frame takes no more memory than twice what came of it. */
static void
test_large(void **state)
{
	static const unsigned char start[] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0, 0,
		0, 0, 0, 0, 1, 0x86, 0xa0, 0x80 };
	const unsigned char *next = start;
	size_t n = sizeof(start), left = FRAME_MAX - 1, room;
	enum wire_event event;
	struct wire wire;
	struct err err;
	unsigned char *to;

	(void)state;
	wire_init(&wire, false, FRAME_MAX);
	assert_int_equal(wire_take(&event, &wire, &next, &n, &err), 0);
	assert_int_equal(event, WIRE_HELLO);
	assert_int_equal(wire_take(&event, &wire, &next, &n, &err), 0);
	assert_int_equal(event, WIRE_MORE);
	assert_true(wire.room <= 4096);
	while ((room = wire_room(&wire, &to)) > 0) {
		assert_true(room <= left);
		assert_true(wire.room <= 2 * wire.n_body + 16384);
		memset(to, 0x55, room);
		wire_filled(&wire, room);
		left -= room;
	}
	while (left > 0) {
		unsigned char byte = 0x55;

		next = &byte;
		n = 1;
		assert_int_equal(wire_take(&event, &wire, &next, &n, &err), 0);
		left--;
	}
	if (event != WIRE_FRAME)
		assert_int_equal(wire_take(&event, &wire, &next, &n, &err), 0);
	assert_int_equal(event, WIRE_FRAME);
	assert_int_equal(wire.n_frame, FRAME_MAX);
	assert_int_equal(wire.frame[0], 0x80);
	for (size_t i = 1; i < FRAME_MAX; i++)
		assert_int_equal(wire.frame[i], 0x55);
	wire_fini(&wire);
}

static const struct words {
	const char *name, *hex;
	int expect;
} words[] = {
	{ "an id alone is the words", "80000001", 4 },
	{ "a body may follow", "80000001aabb", 4 },
	{ "hops come before the id", "000000010000000280000001aa", 12 },
	{ "nothing has no id", "", -1 },
	{ "three bytes are no id", "800000", -1 },
	{ "hops alone are no id", "0000000100000002", -1 },
	{ "half an id is none", "00000001800000", -1 },
	{ "six hops are let pass",
	    "00000001000000010000000100000001000000010000000180000001", 28 },
	{ "seven hops are too many",
	    "0000000100000001000000010000000100000001000000010000000180000001",
	    -1 },
};

static void
test_words(void **state)
{
	const struct words *row = *state;
	unsigned char bytes[64], *exact;
	size_t n = from_hex(bytes, row->hex);

	exact = malloc(n);
	memcpy(exact, bytes, n);
	assert_int_equal(wire_words(exact, n), row->expect);
	free(exact);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		{ "a large frame takes memory as it comes", test_large, NULL,
		    NULL, NULL },
	};

	return TABLE_RUN(speeches, test_speech) + TABLE_RUN(words, test_words) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
