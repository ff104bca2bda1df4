/*
 * Cuts the power of the spool's disk at any operation, again and again, and
 * compares what is there afterwards with what the spool promised.
 *
 * VEDETTE_CUTS sets how many cuts (1,000), VEDETTE_SEED where to begin.
 */
#include "tests/support/vfs_powercut.h"

#include "tests/support/folder.h"
#include "tests/support/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/spool.h"
#include "proto/base/mem.h"

#define VFS         "powercut"
#define CUTS        1000
#define ENTRIES_MAX 1000
#define SENT_MAX    4000
#define STEPS       120
#define CONTENT_MAX 3000

/* What was promised of one entry. */
enum promise {
	NEVER,
	MAYBE,  /* the push did not return: there whole, or not at all */
	PUSHED, /* must be there */
	POPPED, /* the collector has it: may be there again, as a repeat */
};

/* What a collector was sent under a number, which must never be another. */
struct sent {
	uint64_t stream, sequence;
	unsigned number;
};

struct world {
	struct random_seeded random;
	struct powercut *disk;
	char path[FOLDER_PATH_BYTES];
	uint64_t seed;
	struct spool *spool;
	enum promise promises[ENTRIES_MAX];
	unsigned next;   /* number of the next entry */
	unsigned newest; /* number + 1 of the last one that was seen */
	struct sent sent[SENT_MAX];
	size_t n_sent;
};

static uint64_t
below(struct world *world, uint64_t limit)
{
	return random_below(&world->random.random, limit);
}

/* The content of an entry, the same at each call: its number comes first. */
static size_t
content_of(unsigned char out[CONTENT_MAX], unsigned number)
{
	struct random_seeded seeded;
	size_t n;

	random_seeded_init(&seeded, number);
	n = sizeof(number) +
	    random_below(&seeded.random, CONTENT_MAX - sizeof(number));
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)(seeded.state + i * 7);
	memcpy(out, &number, sizeof(number));
	return n;
}

static bool
open_spool(struct world *world)
{
	struct spool_setup setup = { .path = world->path,
		.vfs = VFS,
		.clock = clock_system(),
		.random = &world->random.random,
		.max_bytes = INT64_C(1) << 30,
		.max_age_ms = INT64_C(86400000) };
	char *salvaged = NULL;
	struct err err = { 0 };

	world->spool = NULL;
	if (spool_open(&world->spool, &salvaged, &setup, &err) < 0) {
		if (!powercut_is_off(world->disk))
			fail_msg("seed %" PRIu64 ": %s", world->seed, err.text);
		return false;
	}
	if (salvaged != NULL)
		fail_msg("seed %" PRIu64 ": %s", world->seed, salvaged);
	return true;
}

/* Each of these returns false when the power went. */
static bool
push(struct world *world)
{
	unsigned char content[CONTENT_MAX];
	unsigned number = world->next;
	struct spool_entry entry = { .from_ms = number,
		.to_ms = number + 1,
		.n_results = 1,
		.content = content };
	struct err err;

	if (number >= ENTRIES_MAX)
		return true;
	world->next++;
	entry.n_content = content_of(content, number);
	world->promises[number] = MAYBE;
	if (spool_push(world->spool, &entry, &err) < 0)
		return false;
	world->promises[number] = PUSHED;
	return true;
}

/* Looks at what would be sent next, as a collector would see it. */
static bool
see(struct world *world, struct spool_entry *entry, unsigned *out)
{
	unsigned char content[CONTENT_MAX];
	uint64_t stream = spool_stream(world->spool);
	size_t n;

	memcpy(out, entry->content, sizeof(*out));
	assert_in_range(*out, 0, world->next - 1);
	n = content_of(content, *out);
	assert_int_equal(entry->n_content, n);
	assert_memory_equal(entry->content, content, n);
	assert_int_equal(entry->from_ms, *out);
	for (size_t i = 0; i < world->n_sent; i++)
		if (world->sent[i].stream == stream &&
		    world->sent[i].sequence == entry->sequence) {
			if (world->sent[i].number != *out)
				fail_msg("seed %" PRIu64 ": %" PRIu64
					 " was sent as %u and is %u",
				    world->seed, entry->sequence,
				    world->sent[i].number, *out);
			return true;
		}
	assert_true(world->n_sent < SENT_MAX);
	world->sent[world->n_sent++] =
	    (struct sent){ stream, entry->sequence, *out };
	return true;
}

static bool
pop(struct world *world)
{
	struct spool_entry entry;
	unsigned number;
	struct err err;
	int found;

	if (spool_peek(world->spool, &found, &entry, &err) < 0)
		return false;
	if (!found)
		return true;
	see(world, &entry, &number);
	if (spool_pop(world->spool, entry.sequence, &err) < 0)
		return false;
	world->promises[number] = POPPED;
	return true;
}

static bool
reopen(struct world *world)
{
	spool_close(world->spool);
	return open_spool(world);
}

static bool
act(struct world *world)
{
	uint64_t dice = below(world, 100);
	struct err err;

	if (dice < 65)
		return push(world);
	if (dice < 93)
		return pop(world);
	if (dice < 97)
		return reopen(world);
	return spool_renew(world->spool, &err) == 0;
}

/* Everything that was pushed is there, once and in order. */
static void
check(struct world *world)
{
	bool there[ENTRIES_MAX] = { false };
	struct spool_entry entry;
	unsigned number, last = 0;
	uint64_t sequence = 0;
	struct err err = { 0 };
	int found;

	for (;;) {
		if (spool_peek(world->spool, &found, &entry, &err) < 0)
			fail_msg("seed %" PRIu64 ": %s", world->seed, err.text);
		if (!found)
			break;
		see(world, &entry, &number);
		if (sequence != 0) { /* no holes, and in order */
			assert_int_equal(entry.sequence, sequence + 1);
			assert_true(number > last);
		}
		sequence = entry.sequence;
		last = number;
		there[number] = true;
		assert_true(world->promises[number] != NEVER);
		assert_int_equal(
		    spool_pop(world->spool, entry.sequence, &err), 0);
	}
	for (unsigned i = 0; i < world->next; i++) {
		if (world->promises[i] == PUSHED && !there[i])
			fail_msg("seed %" PRIu64 ": entry %u is lost",
			    world->seed, i);
		/* What was not there at a restart never will be. */
		world->promises[i] = there[i] ? POPPED : NEVER;
	}
	assert_int_equal(
	    spool_gap(world->spool, &found, &(struct gap){ 0 }, &err), 0);
	assert_int_equal(found, 0); /* nothing was dropped */
}

/* Several lives of one spool; returns how many ended by a cut. */
static unsigned
live_and_die(struct world *world)
{
	unsigned cuts = 0;
	bool on;

	for (int life = 0; life < 4; life++) {
		/* Often while opening and creating, else anywhere. */
		powercut_arm(
		    world->disk, below(world, below(world, 3) ? 500 : 30));
		on = open_spool(world);
		for (int i = 0; on && i < STEPS; i++)
			on = act(world);
		assert_true(on || powercut_is_off(world->disk));
		cuts += powercut_is_off(world->disk);
		spool_close(world->spool);
		powercut_restart(world->disk);
		assert_true(open_spool(world));
		check(world);
		if (below(world, 2)) /* what was popped may come again */
			powercut_arm(world->disk, 0);
		spool_close(world->spool);
		powercut_restart(world->disk);
	}
	return cuts;
}

static uint64_t
number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void
nothing_pushed_is_lost(void **state)
{
	uint64_t seed = number_of("VEDETTE_SEED", 1);
	uint64_t wanted = number_of("VEDETTE_CUTS", CUTS), cuts = 0;
	struct world *world = mem_zalloc(sizeof(*world));
	struct folder folder;

	(void)state;
	folder_open(&folder);
	for (; cuts < wanted; seed++) {
		memset(world, 0, sizeof(*world));
		world->seed = seed;
		random_seeded_init(&world->random, seed);
		folder_path(world->path, &folder, "spool.db");
		world->disk = powercut_new(VFS, seed);
		cuts += live_and_die(world);
		powercut_free(world->disk);
	}
	printf("%" PRIu64 " cuts, seeds up to %" PRIu64 "\n", cuts, seed - 1);
	free(world);
	folder_close(&folder);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_pushed_is_lost),
	};

	return cmocka_run_group_tests_name("powercut", tests, NULL, NULL);
}
