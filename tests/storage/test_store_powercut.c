/*
 * Cuts the power of the store's disk at any operation, again and again, and
 * compares what is there afterwards with what was acknowledged.
 *
 * VEDETTE_CUTS sets how many cuts (1,000), VEDETTE_SEED where to begin.
 */
#include "tests/support/vfs_powercut.h"

#include "tests/storage/place.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/random.h"

#define VFS         "powercut"
#define STREAMS     3
#define BATCHES_MAX 400
#define CUTS        1000

/* What the world knows of one batch. */
enum known { NEVER, MAYBE, ACKED };

struct world {
	struct random_seeded random;
	struct powercut *disk;
	char path[FOLDER_PATH_BYTES];
	struct store *store;
	uint64_t seed;
	size_t content_max;
	uint64_t next[STREAMS]; /* sequence that was not sent yet */
	enum known known[STREAMS][BATCHES_MAX];
	bool present[STREAMS][BATCHES_MAX]; /* as the last scan found */
	uint64_t state, state_maybe;        /* of the row of state */
};

static uint64_t
below(struct world *world, uint64_t limit)
{
	return random_below(&world->random.random, limit);
}

/* The batch of a place, the same at each call.  Its content is borrowed
 * until the next call. */
static struct store_batch
batch_of(const struct world *world, uint64_t stream, uint64_t sequence)
{
	static unsigned char content[64 * 1024];
	struct random_seeded seeded;
	struct store_batch batch = { .environment = "staging",
		.agent = "stg-1",
		.stream = stream + 1,
		.sequence = sequence,
		.from_ms = (int64_t)sequence * 1000,
		.to_ms = (int64_t)sequence * 1000 + 10,
		.n_results = 1,
		.content = content };

	random_seeded_init(&seeded, stream * 100000 + sequence);
	batch.n_content = 1 + random_below(&seeded.random, world->content_max);
	for (size_t i = 0; i < batch.n_content; i++)
		content[i] = (unsigned char)(seeded.state + i * 7);
	batch.crc32c = crc32c(0, content, batch.n_content);
	return batch;
}

/* One transaction.  False when the power went. */
static bool
transact(struct world *world)
{
	uint64_t from[STREAMS], n_expired = 0, id, stream;
	uint64_t state = world->state + 1;
	struct store_batch batch;
	enum store_put put;
	struct err err;

	memcpy(from, world->next, sizeof(from));
	world->state_maybe = state;
	if (store_begin(world->store, &err) < 0)
		return false;
	for (uint64_t i = 1 + below(world, 4); i > 0; i--) {
		stream = below(world, STREAMS);
		if (world->next[stream] >= BATCHES_MAX)
			continue;
		batch = batch_of(world, stream, world->next[stream]);
		world->known[stream][world->next[stream]++] = MAYBE;
		if (store_put_batch(world->store, &put, &id, &batch, &err) < 0)
			return false;
	}
	if (store_put_state(
		world->store, "state", &state, sizeof(state), &err) < 0)
		return false;
	if (below(world, 20) == 0 &&
	    store_expire(world->store, &n_expired, "", 5000, 2, &err) < 0)
		return false;
	if (store_commit(world->store, &err) < 0)
		return false;
	world->state = state;
	for (stream = 0; stream < STREAMS; stream++)
		for (id = from[stream]; id < world->next[stream]; id++)
			world->known[stream][id] = ACKED;
	return true;
}

static bool
open_store(struct world *world)
{
	struct store_setup setup = { .uri = world->path, .vfs = VFS };
	char *salvaged = NULL;
	struct err err = { 0 };

	world->store = NULL;
	if (store_open(&world->store, &salvaged, &setup, &err) == 0)
		return true;
	if (!powercut_is_off(world->disk))
		fail_msg("seed %" PRIu64 ": %s", world->seed, err.text);
	return false;
}

/* Writes until the power goes; restarts cleanly now and then. */
static void
live(struct world *world)
{
	bool on = open_store(world);

	for (int i = 0; on && i < 120; i++) {
		if (below(world, 25) == 0) {
			store_close(world->store);
			on = open_store(world);
		} else {
			on = transact(world);
		}
	}
	assert_true(on || powercut_is_off(world->disk));
	store_close(world->store);
	world->store = NULL;
}

static int
see_batch(void *arg, const struct store_batch *got, struct err *err)
{
	struct world *world = arg;
	struct store_batch put;

	(void)err;
	assert_in_range(got->stream, 1, STREAMS);
	assert_in_range(got->sequence, 1, BATCHES_MAX - 1);
	put = batch_of(world, got->stream - 1, got->sequence);
	if (world->present[got->stream - 1][got->sequence])
		fail_msg("seed %" PRIu64 ": batch %" PRIu64 "/%" PRIu64
			 " is there twice",
		    world->seed, got->stream, got->sequence);
	world->present[got->stream - 1][got->sequence] = true;
	assert_int_equal(got->to_ms, put.to_ms);
	assert_int_equal(got->n_content, put.n_content);
	assert_memory_equal(got->content, put.content, put.n_content);
	return 0;
}

static int
see_state(
    void *arg, const char *key, const void *bytes, size_t n, struct err *err)
{
	struct world *world = arg;
	uint64_t state;

	(void)err;
	assert_string_equal(key, "state");
	assert_int_equal(n, sizeof(state));
	memcpy(&state, bytes, n);
	if (state != world->state && state != world->state_maybe)
		fail_msg("seed %" PRIu64 ": state %" PRIu64 ", not %" PRIu64,
		    world->seed, state, world->state);
	world->state = state;
	return 0;
}

/* Everything acknowledged is there once; what was not is there whole or not
 * at all, and can be sent again. */
static void
check(struct world *world)
{
	struct store_batch batch;
	enum store_put put;
	struct err err = { 0 };
	uint64_t id;

	memset(world->present, 0, sizeof(world->present));
	assert_int_equal(
	    store_scan_batches(world->store, 0, see_batch, world, &err), 0);
	assert_int_equal(
	    store_scan_states(world->store, "", see_state, world, &err), 0);
	assert_int_equal(place_measure(world->store).damaged, 0);
	assert_int_equal(store_begin(world->store, &err), 0);
	for (uint64_t stream = 0; stream < STREAMS; stream++)
		for (uint64_t i = 1; i < world->next[stream]; i++) {
			enum known *known = &world->known[stream][i];
			bool there = world->present[stream][i];

			batch = batch_of(world, stream, i);
			assert_int_equal(store_put_batch(world->store, &put,
					     &id, &batch, &err),
			    0);
			/* Batches before 5000 may have expired. */
			if (*known == ACKED && put != STORE_REPEAT)
				fail_msg("seed %" PRIu64 ": batch %" PRIu64
					 "/%" PRIu64 " is lost",
				    world->seed, stream, i);
			if (*known == ACKED && !there && batch.to_ms >= 5000)
				fail_msg("seed %" PRIu64 ": batch %" PRIu64
					 "/%" PRIu64 " is known but gone",
				    world->seed, stream, i);
			if (there)
				assert_int_equal(put, STORE_REPEAT);
			*known = ACKED;
		}
	assert_int_equal(store_commit(world->store, &err), 0);
}

static uint64_t
number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* Three lives of one store; returns how many ended by a cut. */
static unsigned
live_and_die(struct world *world)
{
	unsigned cuts = 0;

	for (int life = 0; life < 3; life++) {
		/* Often while opening and creating, else anywhere. */
		uint64_t span = world->content_max > 2000 ? 4000 : 400;

		powercut_arm(
		    world->disk, below(world, below(world, 3) ? span : 40));
		live(world);
		cuts += powercut_is_off(world->disk);
		powercut_restart(world->disk);
		if (!open_store(world))
			fail();
		check(world);
		store_close(world->store);
		world->store = NULL;
	}
	return cuts;
}

static void
nothing_acknowledged_is_lost(void **state)
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
		/* Some are large enough for the log to be moved meanwhile. */
		world->content_max = below(world, 10) == 0 ? 64000 : 2000;
		folder_path(world->path, &folder, "store.db");
		for (int i = 0; i < STREAMS; i++)
			world->next[i] = 1;
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
		cmocka_unit_test(nothing_acknowledged_is_lost),
	};

	return cmocka_run_group_tests_name("powercut", tests, NULL, NULL);
}
