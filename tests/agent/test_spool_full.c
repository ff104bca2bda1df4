/*
 * Fills the spool's disk to its last byte, for real and again and again.
 *
 * VEDETTE_SEED sets where to begin.
 */
#include "tests/support/disk.h"
#include "tests/support/folder.h"
#include "tests/support/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/spool.h"

#define DISK_BYTES (8 * 1024 * 1024)
#define ROUNDS     20

/* Who fills the disk, and what is expected of the spool meanwhile. */
static const struct story {
	const char *name;
	size_t content; /* bytes of each entry, at most */
	bool by_others; /* a foreign file takes the last byte */
	bool reopens;   /* the agent restarts on the full disk */
} stories[] = {
	{ "a disk that the spool fills itself", 100000, false, false },
	{ "a disk that others fill", 3000, true, false },
	{ "a disk that others fill, under large batches", 100000, true, false },
	{ "a restart on a full disk", 3000, true, true },
	{ "a restart on a disk that the spool filled", 100000, false, true },
};

struct place {
	const struct story *story;
	struct random_seeded random;
	struct folder folder;
	char path[FOLDER_PATH_BYTES];
	struct spool *spool;
	uint64_t pushed, popped; /* entries; a spool gives them in order */
};

static void
open_spool(struct place *place)
{
	struct spool_setup setup = { .path = place->path,
		.clock = clock_system(),
		.random = random_system(),
		.max_bytes = INT64_C(1) << 30,
		.max_age_ms = INT64_C(86400000) };
	char *salvaged = NULL;
	struct err err = { 0 };

	if (spool_open(&place->spool, &salvaged, &setup, &err) < 0)
		fail_msg("%s", err.text);
	assert_null(salvaged);
	assert_int_equal(
	    spool_waiting(place->spool), place->pushed - place->popped);
}

/* Returns false when the disk is full. */
static bool
push(struct place *place)
{
	static unsigned char content[100000];
	struct spool_entry entry = {
		.from_ms = (int64_t)place->pushed,
		.to_ms = (int64_t)place->pushed,
		.n_results = 1,
		.content = content,
		.n_content = sizeof(place->pushed) +
		    random_below(&place->random.random,
			place->story->content - sizeof(place->pushed)),
	};
	uint64_t waiting = spool_waiting(place->spool);
	struct err err = { 0 };

	memcpy(content, &place->pushed, sizeof(place->pushed));
	if (spool_push(place->spool, &entry, &err) == 0) {
		place->pushed++;
		return true;
	}
	if (err.code != ERR_FULL)
		fail_msg("%s", err.text);
	assert_non_null(strstr(err.text, "the disk is full: make room there"));
	assert_int_equal(spool_waiting(place->spool), waiting);
	return false;
}

static void
pop(struct place *place)
{
	struct spool_entry entry;
	struct err err = { 0 };
	int found;

	if (spool_peek(place->spool, &found, &entry, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(found, 1);
	assert_int_equal(entry.sequence, place->popped + 1);
	assert_memory_equal(
	    entry.content, &place->popped, sizeof(place->popped));
	assert_int_equal(spool_pop(place->spool, entry.sequence, &err), 0);
	place->popped++;
}

static void
push_until_full(struct place *place)
{
	while (push(place))
		assert_true(place->pushed < 1000000);
	for (int i = 0; i < 3; i++) /* smaller ones may still fit */
		push(place);
}

/* One time of need: the disk is full, the collector takes some, and there is
 * room again. */
static void
need(struct place *place)
{
	const struct story *story = place->story;

	for (uint64_t i = random_below(&place->random.random, 20); i > 0; i--)
		push(place);
	if (story->by_others)
		disk_fill(place->folder.path);
	push_until_full(place);
	if (story->reopens) {
		spool_close(place->spool);
		open_spool(place);
		push_until_full(place);
	}
	/* What the collector took makes room, however full the disk is. */
	while (spool_waiting(place->spool) > 0 &&
	    random_below(&place->random.random, 50) > 0)
		pop(place);
	while (spool_waiting(place->spool) > 0 && !push(place))
		pop(place);
	if (story->by_others)
		disk_make_room(place->folder.path);
	while (!push(place))
		pop(place);
}

static void
test_story(void **state)
{
	const char *text = getenv("VEDETTE_SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : 1;
	struct place place = { .story = *state };

	print_message("seed %" PRIu64 "\n", seed);
	random_seeded_init(&place.random, seed);
	folder_open(&place.folder);
	disk_open(place.folder.path, DISK_BYTES);
	folder_path(place.path, &place.folder, "spool.db");
	open_spool(&place);
	for (int round = 0; round < ROUNDS; round++)
		need(&place);
	while (place.popped < place.pushed)
		pop(&place);
	assert_int_equal(spool_waiting(place.spool), 0);
	spool_close(place.spool);
	disk_close(place.folder.path);
	folder_close(&place.folder);
}

int
main(void)
{
	disk_private();
	return TABLE_RUN(stories, test_story);
}
