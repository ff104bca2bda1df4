/*
 * Kills the writer of a store at random moments, again and again: what it
 * acknowledged is there, each result once.
 *
 * VEDETTE_KILLS sets how often (100), VEDETTE_SEED where to begin.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/storage/place.h"

#include "proto/base/random.h"

#define KILLS      100
#define ACKS_MAX   40
#define SEAL_EVERY 5

/* Puts batch after batch from a sequence on, and writes the number of each to
 * the pipe once it is durable.  Never returns. */
static void
write_on(const struct place *place, uint64_t sequence, int pipe_fd)
{
	struct place mine = *place;
	struct store_seal all = { INT64_MAX, INT64_MAX };
	struct err err = { 0 };
	uint64_t n;

	mine.store = place_open_store(&mine, STORE_WRITE);
	for (;; sequence++) {
		if (place_put_one(&mine, 5, sequence,
			(int64_t)sequence * 1000) == STORE_CONFLICT)
			_exit(1);
		if (write(pipe_fd, &sequence, sizeof(sequence)) !=
		    sizeof(sequence))
			_exit(1);
		if (sequence % SEAL_EVERY != 0)
			continue;
		if (store_begin(mine.store, &err) < 0 ||
		    store_seal(mine.store, &n, &all, &err) < 0 ||
		    store_commit(mine.store, &err) < 0)
			_exit(1);
	}
}

/* Lets a writer work until so many batches are acknowledged, kills it, and
 * returns the last one that was. */
static uint64_t
work_and_die(const struct place *place, uint64_t sequence, uint64_t acks)
{
	uint64_t last = sequence - 1, got;
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		write_on(place, sequence, ends[1]);
	}
	close(ends[1]);
	for (uint64_t i = 0; i < acks; i++) {
		assert_int_equal(read(ends[0], &got, sizeof(got)), sizeof(got));
		last = got;
	}
	kill(child, SIGKILL);
	/* What was acknowledged before it died counts as well. */
	while (read(ends[0], &got, sizeof(got)) == sizeof(got))
		last = got;
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return last;
}

static int
expect_next(void *arg, const struct series *series, const struct result *got,
    struct err *err)
{
	int64_t *next_ms = arg;

	(void)series;
	(void)err;
	assert_int_equal(got->at_ms, *next_ms);
	*next_ms -= 1000;
	return 0;
}

/* The results are 1000, 2000 ... without a hole, each once. */
static uint64_t
check(const struct place *place, uint64_t acked)
{
	struct query_history all = { "", "", "", "", 0, 0, 10000 };
	struct store *store = place_open_store(place, STORE_WRITE);
	struct store_size size = place_measure(store);
	int64_t next_ms = size.results * 1000;
	struct err err = { 0 };
	bool more;

	if (store_scan_results(
		store, &more, &all, expect_next, &next_ms, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(next_ms, 0);
	/* One may be durable whose word did not come through. */
	assert_in_range(size.results, acked, acked + 1);
	assert_int_equal(size.damaged, 0);
	store_close(store);
	return (uint64_t)size.results;
}

static void
killed_at_any_moment(void **state)
{
	const char *kills = getenv("VEDETTE_KILLS"),
		   *seed = getenv("VEDETTE_SEED");
	int n = kills != NULL ? atoi(kills) : KILLS;
	struct random_seeded random;
	struct place place;
	uint64_t last = 0;

	(void)state;
	random_seeded_init(
	    &random, seed != NULL ? strtoull(seed, NULL, 10) : 1);
	place_open(&place, "sqlite");
	store_close(place.store);
	for (int i = 0; i < n && last < 9000; i++) {
		last = work_and_die(
		    &place, last + 1, random_below(&random.random, ACKS_MAX));
		last = check(&place, last);
	}
	assert_true(last > (uint64_t)n);
	folder_close(&place.folder);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_at_any_moment),
	};

	return cmocka_run_group_tests_name("kill", tests, NULL, NULL);
}
