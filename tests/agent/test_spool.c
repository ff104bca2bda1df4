#include "tests/support/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/spool.h"
#include "proto/base/mem.h"

/* Each row: push, pop and reopen as the letters say ('+' pushes one entry,
 * '-' acknowledges the oldest, 'o' closes and opens again, 'r' renews the
 * stream), and what must then be waiting. */
static const struct story {
	const char *name;
	const char *steps;
	unsigned waiting;
	uint64_t first; /* sequence of the oldest; 0 when none */
} stories[] = {
	{ "a new spool is empty", "", 0, 0 },
	{ "what was pushed waits, the oldest first", "+++", 3, 1 },
	{ "what was acknowledged is gone", "+++--", 1, 3 },
	{ "a reopened spool still holds what waited", "+++o", 3, 1 },
	{ "an acknowledgement survives a clean end", "+++-o", 2, 2 },
	{ "sequences go on after everything was acknowledged", "++--o+", 1, 3 },
	{ "a renewed stream numbers what waits from one", "+++-r", 2, 1 },
	{ "a renewed stream survives a reopening", "+++-ro+", 3, 1 },
};

/* Entries that do not all fit, and the gap that is left on record: reopened
 * or not, until it was reported. */
static const struct dropped {
	const char *name;
	unsigned pushes, kept; /* of 300,000 bytes, in a spool of 1 MiB */
	bool reopens;
} droppeds[] = {
	{ "what fits is not dropped", 3, 3, false },
	{ "the first to be dropped is a gap", 4, 3, false },
	{ "dropped one after another makes one gap", 9, 3, false },
	{ "a gap survives a reopening", 9, 3, true },
};

struct place {
	char folder[32], *path;
	struct spool_setup setup;
	struct spool *spool;
};

static void
open_spool(struct place *place)
{
	char *salvaged = NULL;
	struct err err = { 0 };

	if (spool_open(&place->spool, &salvaged, &place->setup, &err) < 0)
		fail_msg("%s", err.text);
	assert_null(salvaged);
}

static void
push(struct place *place, unsigned number)
{
	char content[32];
	struct err err = { 0 };
	struct spool_entry entry = { .from_ms = number,
		.to_ms = number,
		.n_results = 1,
		.content = (unsigned char *)content };

	snprintf(content, sizeof(content), "content %u", number);
	entry.n_content = strlen(content) + 1;
	if (spool_push(place->spool, &entry, &err) < 0)
		fail_msg("%s", err.text);
}

static void
pop(struct place *place)
{
	struct spool_entry entry;
	struct err err = { 0 };
	int found;

	assert_int_equal(spool_peek(place->spool, &found, &entry, &err), 0);
	assert_int_equal(found, 1);
	assert_int_equal(spool_pop(place->spool, entry.sequence, &err), 0);
}

static void
do_step(struct place *place, char step, unsigned *pushed)
{
	struct err err = { 0 };
	uint64_t stream;

	switch (step) {
	case '+':
		push(place, ++*pushed);
		break;
	case '-':
		pop(place);
		break;
	case 'o':
		spool_close(place->spool);
		open_spool(place);
		break;
	case 'r':
		stream = spool_stream(place->spool);
		assert_int_equal(spool_renew(place->spool, &err), 0);
		assert_true(spool_stream(place->spool) != stream);
		break;
	}
}

/* The files of a folder made for one test. */
static void
remove_folder(const char *folder)
{
	char *command = mem_printf("rm -rf %s", folder);

	assert_int_equal(system(command), 0);
	free(command);
}

static void
place_open(struct place *place)
{
	assert_non_null(mkdtemp(place->folder));
	place->path = mem_printf("%s/spool.db", place->folder);
	place->setup = (struct spool_setup){ .path = place->path,
		.clock = clock_system(),
		.random = random_system(),
		.max_bytes = 1 << 20,
		.max_age_ms = INT64_C(600000) };
	open_spool(place);
}

static void
place_close(struct place *place)
{
	spool_close(place->spool);
	free(place->path);
	remove_folder(place->folder);
}

static void
test_story(void **state)
{
	const struct story *row = *state;
	struct place place = { .folder = "/tmp/vedette-spool-XXXXXX" };
	struct spool_entry entry;
	struct err err = { 0 };
	unsigned pushed = 0;
	int found;

	place_open(&place);
	for (const char *step = row->steps; *step != '\0'; step++)
		do_step(&place, *step, &pushed);
	assert_int_equal(spool_waiting(place.spool), row->waiting);
	assert_int_equal(spool_peek(place.spool, &found, &entry, &err), 0);
	assert_int_equal(found, row->waiting > 0);
	if (found)
		assert_int_equal(entry.sequence, row->first);
	place_close(&place);
}

static void
test_dropped(void **state)
{
	static unsigned char content[300000];
	const struct dropped *row = *state;
	struct place place = { .folder = "/tmp/vedette-spool-XXXXXX" };
	struct spool_entry entry = {
		.n_results = 7, .content = content, .n_content = sizeof(content)
	};
	struct err err = { 0 };
	struct gap gap;
	int found;

	place_open(&place);
	for (unsigned i = 1; i <= row->pushes; i++) {
		entry.from_ms = i * 10;
		entry.to_ms = i * 10 + 5;
		if (spool_push(place.spool, &entry, &err) < 0)
			fail_msg("%s", err.text);
	}
	if (row->reopens)
		do_step(&place, 'o', NULL);
	assert_int_equal(spool_waiting(place.spool), row->kept);
	assert_int_equal(spool_gap(place.spool, &found, &gap, &err), 0);
	assert_int_equal(found, row->pushes > row->kept);
	if (found) {
		assert_string_equal(gap.why, "spool full");
		assert_int_equal(gap.first_sequence, 1);
		assert_int_equal(gap.last_sequence, row->pushes - row->kept);
		assert_int_equal(gap.n_results, 7 * gap.last_sequence);
		assert_int_equal(gap.from_ms, 10);
		assert_int_equal(gap.to_ms, gap.last_sequence * 10 + 5);
		assert_int_equal(
		    spool_gap_reported(place.spool, &gap, &err), 0);
		assert_int_equal(spool_gap(place.spool, &found, &gap, &err), 0);
		assert_int_equal(found, 0);
	}
	place_close(&place);
}

int
main(void)
{
	return TABLE_RUN(stories, test_story) +
	    TABLE_RUN(droppeds, test_dropped);
}
