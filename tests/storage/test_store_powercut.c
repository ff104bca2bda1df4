/*
 * Cuts the power of the store's disk at any operation, again and again, and
 * compares what is there afterwards with what was acknowledged; once more
 * with single writes and syncs that fail.
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
#define BATCHES_MAX 250
#define RESULTS_MAX 12
#define CUTS        1000

/* What the world knows of one batch. */
enum known { NEVER, MAYBE, ACKED };

struct world {
	struct random_seeded random;
	struct powercut *disk;
	char path[FOLDER_PATH_BYTES];
	struct store *store;
	uint64_t seed;
	size_t text_max;        /* of the message of a result */
	bool trouble;           /* single operations fail as well */
	uint64_t next[STREAMS]; /* sequence that was not sent yet */
	enum known known[STREAMS][BATCHES_MAX];
	unsigned present[STREAMS][BATCHES_MAX]; /* results found */
	uint64_t state, state_maybe;            /* of the row of state */
};

static uint64_t
below(struct world *world, uint64_t limit)
{
	return random_below(&world->random.random, limit);
}

/* How many results a batch has. */
static uint64_t
size_of(uint64_t stream, uint64_t sequence)
{
	return 1 + (stream * 31 + sequence * 7) % RESULTS_MAX;
}

/* The time of a result says where it belongs. */
static int64_t
time_of(uint64_t stream, uint64_t sequence, uint64_t i)
{
	return (int64_t)(sequence * 1000 + stream * 100 + i);
}

/* The batch of a place, the same at each call; its content is owned by the
 * caller. */
static struct store_batch
batch_of(const struct world *world, uint64_t stream, uint64_t sequence)
{
	struct store_batch out = { .environment = "staging",
		.agent = "stg-1",
		.stream = stream + 1,
		.sequence = sequence,
		.n_results = (uint32_t)size_of(stream, sequence) };
	struct series series = { .service = "web",
		.probe = stream % 2 ? "http" : "db",
		.kind = "tcp",
		.reference_of = "",
		.interval_ms = 30000 };
	struct batch *batch = batch_new();
	unsigned char *content = NULL;
	char message[MESSAGE_MAX_BYTES];
	struct random_seeded seeded;

	random_seeded_init(&seeded, stream * 100000 + sequence);
	for (uint64_t i = 0; i < out.n_results; i++) {
		struct result result = { .at_ms = time_of(stream, sequence, i),
			.duration_us = (int64_t)(stream + sequence + i),
			.attempts = 1,
			.message = message };
		size_t n = random_below(&seeded.random, world->text_max);

		for (size_t k = 0; k < n; k++)
			message[k] =
			    (char)('a' + random_below(&seeded.random, 26));
		message[n] = '\0';
		batch_add_result(batch, &series, &result);
	}
	batch_span(&out.from_ms, &out.to_ms, batch);
	batch_encode(&content, &out.n_content, batch);
	batch_free(batch);
	out.content = content;
	out.crc32c = crc32c(0, content, out.n_content);
	return out;
}

/* Puts the batch of a place. */
static int
put(const struct world *world, enum store_put *out, uint64_t stream,
    uint64_t sequence, struct err *err)
{
	struct store_batch batch = batch_of(world, stream, sequence);
	uint64_t id;
	int rc = store_put_batch(world->store, out, &id, &batch, err);

	free((void *)(uintptr_t)batch.content);
	return rc;
}

/* Seals, or expires, now and then. */
static int
tidy(struct world *world, struct err *err)
{
	struct store_seal all = { .due_ms = 1, .upto = INT64_MAX };
	uint64_t n;

	if (below(world, 20) == 0)
		return store_expire(world->store, &n, "", 5000, 2, err);
	if (below(world, 8) == 0)
		return store_seal(world->store, &n, &all, err);
	return 0;
}

/* One transaction.  False when the power went. */
static bool
transact(struct world *world)
{
	uint64_t from[STREAMS], id, stream, state = world->state + 1;
	enum store_put how;
	struct err err;

	memcpy(from, world->next, sizeof(from));
	world->state_maybe = state;
	if (store_begin(world->store, &err) < 0)
		return false;
	for (uint64_t i = 1 + below(world, 4); i > 0; i--) {
		stream = below(world, STREAMS);
		if (world->next[stream] >= BATCHES_MAX)
			continue;
		id = world->next[stream]++;
		world->known[stream][id] = MAYBE;
		if (put(world, &how, stream, id, &err) < 0)
			return false;
	}
	if (store_put_state(
		world->store, "state", &state, sizeof(state), &err) < 0)
		return false;
	if (tidy(world, &err) < 0)
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
open_store_again(struct world *world, const struct store_setup *setup)
{
	char *salvaged = NULL;
	struct err err = { 0 };

	if (store_open(&world->store, &salvaged, setup, &err) == 0)
		return true;
	if (!powercut_is_off(world->disk))
		fail_msg("seed %" PRIu64 ": %s", world->seed, err.text);
	return false;
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
	/* Trouble strikes once: the next time it opens. */
	if (world->trouble && !powercut_is_off(world->disk))
		return open_store_again(world, &setup);
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
		} else if (!transact(world)) {
			/* One operation failed, or all do from now on. */
			store_rollback(world->store);
			on = !powercut_is_off(world->disk);
		}
		if (world->trouble && below(world, 10) == 0)
			powercut_trouble(world->disk, below(world, 30));
	}
	assert_true(on || powercut_is_off(world->disk));
	store_close(world->store);
	world->store = NULL;
}

static int
see_result(void *arg, const struct series *series, const struct result *got,
    struct err *err)
{
	struct world *world = arg;
	uint64_t at = (uint64_t)got->at_ms, sequence = at / 1000;
	uint64_t stream = at / 100 % 10, i = at % 100;

	(void)err;
	assert_in_range(stream, 0, STREAMS - 1);
	assert_in_range(sequence, 1, BATCHES_MAX - 1);
	assert_in_range(i, 0, size_of(stream, sequence) - 1);
	assert_string_equal(series->probe, stream % 2 ? "http" : "db");
	assert_int_equal(got->duration_us, stream + sequence + i);
	world->present[stream][sequence]++;
	return 0;
}

/* Each batch is there with all its results, or with none. */
static void
look(struct world *world)
{
	struct query_history all = { "", "", "", "", 0, 0, 10000 };
	struct err err = { 0 };
	bool more;

	memset(world->present, 0, sizeof(world->present));
	assert_int_equal(store_scan_results(world->store, &more, &all,
			     see_result, world, &err),
	    0);
	assert_false(more);
	for (uint64_t stream = 0; stream < STREAMS; stream++)
		for (uint64_t i = 1; i < world->next[stream]; i++) {
			unsigned n = world->present[stream][i];

			if (n != 0 && n != size_of(stream, i))
				fail_msg("seed %" PRIu64 ": batch %" PRIu64
					 "/%" PRIu64 " has %u results",
				    world->seed, stream, i, n);
		}
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
	enum store_put how;
	struct err err = { 0 };

	look(world);
	assert_int_equal(
	    store_scan_states(world->store, "", see_state, world, &err), 0);
	assert_int_equal(place_measure(world->store).damaged, 0);
	assert_int_equal(store_begin(world->store, &err), 0);
	for (uint64_t stream = 0; stream < STREAMS; stream++)
		for (uint64_t i = 1; i < world->next[stream]; i++) {
			enum known *known = &world->known[stream][i];
			bool there = world->present[stream][i] > 0;

			assert_int_equal(put(world, &how, stream, i, &err), 0);
			if ((*known == ACKED || there) && how != STORE_REPEAT)
				fail_msg("seed %" PRIu64 ": batch %" PRIu64
					 "/%" PRIu64 " is lost",
				    world->seed, stream, i);
			/* Batches before 5000 may have expired. */
			if (*known == ACKED && !there &&
			    time_of(stream, i, 0) >= 5000)
				fail_msg("seed %" PRIu64 ": batch %" PRIu64
					 "/%" PRIu64 " is known but gone",
				    world->seed, stream, i);
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
		uint64_t span = world->text_max > 100 ? 4000 : 400;

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
cut_and_check(bool trouble)
{
	uint64_t seed = number_of("VEDETTE_SEED", 1);
	uint64_t wanted = number_of("VEDETTE_CUTS", CUTS), cuts = 0;
	struct world *world = mem_zalloc(sizeof(*world));
	struct folder folder;

	folder_open(&folder);
	for (; cuts < wanted; seed++) {
		memset(world, 0, sizeof(*world));
		world->seed = seed;
		random_seeded_init(&world->random, seed);
		/* Some are large enough for the log to be moved meanwhile. */
		world->text_max =
		    below(world, 10) == 0 ? MESSAGE_MAX_BYTES : 100;
		folder_path(world->path, &folder, "store.db");
		world->trouble = trouble;
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

static void
nothing_acknowledged_is_lost(void **state)
{
	(void)state;
	cut_and_check(false);
}

/* ... nor when writes and syncs fail now and then before. */
static void
nor_when_operations_fail(void **state)
{
	(void)state;
	cut_and_check(true);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_acknowledged_is_lost),
		cmocka_unit_test(nor_when_operations_fail),
	};

	return cmocka_run_group_tests_name("powercut", tests, NULL, NULL);
}
