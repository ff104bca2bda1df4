#include "tests/support/table.h"

#include "collector/cli/serials.h"

#define NOTES_MAX 4

static const struct hole {
	const char *name;
	struct {
		const char *environment; /* NULL: the connection was lost */
		uint64_t serial, missing;
	} notes[NOTES_MAX];
} holes[] = {
	{ "events one after the other miss nothing",
	    { { "a", 7, 0 }, { "a", 8, 0 }, { "a", 9, 0 }, { "a", 10, 0 } } },
	{ "a hole counts what did not arrive",
	    { { "a", 1, 0 }, { "a", 5, 3 }, { "a", 6, 0 }, { "a", 8, 1 } } },
	{ "each environment has serials of its own",
	    { { "a", 1, 0 }, { "b", 9, 0 }, { "a", 2, 0 }, { "b", 11, 1 } } },
	{ "a collector that begins again misses nothing",
	    { { "a", 900, 0 }, { "a", 1, 0 }, { "a", 2, 0 }, { "a", 4, 1 } } },
	{ "after a lost connection nothing is known",
	    { { "a", 1, 0 }, { NULL, 0, 0 }, { "a", 5, 0 }, { "a", 7, 1 } } },
	{ "events that are not counted tell nothing",
	    { { "a", 0, 0 }, { "a", 0, 0 }, { "a", 5, 0 }, { "a", 0, 0 } } },
};

static void
test_hole(void **state)
{
	const struct hole *row = *state;
	struct serials *serials = serials_new();

	for (size_t i = 0; i < NOTES_MAX; i++) {
		if (row->notes[i].environment == NULL)
			serials_forget(serials);
		else
			assert_int_equal(
			    serials_note(serials, row->notes[i].environment,
				row->notes[i].serial),
			    row->notes[i].missing);
	}
	serials_free(serials);
}

int
main(void)
{
	return TABLE_RUN(holes, test_hole);
}
