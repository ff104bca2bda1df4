#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/mem.h"
#include "proto/base/random.h"
#include "proto/glance.h"

static const struct look {
	const char *name;
	uint64_t seed;
	unsigned n;
} looks[] = {
	{ "an empty batch shows nothing", 1, 0 },
	{ "one result is seen as it would be decoded", 2, 1 },
	{ "a hundred results are seen as they would be decoded", 3, 100 },
	{ "a thousand results are seen as they would be decoded", 4, 1000 },
};

struct seen {
	const struct batch *batch;
	size_t n_series, n_results;
};

static void
expect_name(const struct glance_name *got, const char *expected)
{
	assert_int_equal(got->n, strlen(expected));
	assert_memory_equal(got->bytes, expected, got->n);
}

static void
see_series(void *arg, const struct glance_series *got)
{
	struct seen *seen = arg;
	const struct series *series = &seen->batch->series[seen->n_series];

	assert_int_equal(got->index, seen->n_series++);
	expect_name(&got->service, series->service);
	expect_name(&got->probe, series->probe);
	assert_int_equal(got->interval_ms, series->interval_ms);
}

static void
see_result(void *arg, const struct glance_result *got)
{
	struct seen *seen = arg;
	const struct result *result = &seen->batch->results[seen->n_results++];

	assert_int_equal(got->series, result->series);
	assert_int_equal(got->at_ms, result->at_ms);
	assert_int_equal(got->duration_us, result->duration_us);
	assert_int_equal(got->outcome, result->outcome);
	assert_int_equal(got->reason, result->reason);
	assert_int_equal(got->censored, result->censored);
}

static void
add_random(struct batch *batch, const struct random *random)
{
	struct attribute attribute = { "status", "fine", 0 };
	char probe[16];
	struct series series = {
		.service = random_below(random, 2) ? "backend" : "",
		.probe = probe,
		.kind = "tcp",
		.reference_of = "",
		.interval_ms = (uint32_t)random_below(random, 100000),
		.phases = { "resolve" },
		.n_phases = 1,
	};
	struct result result = {
		.at_ms = (int64_t)random_below(random, INT64_C(4000000000000)),
		.duration_us = (int64_t)random_below(random, 10000000),
		.outcome = (enum outcome)random_below(random, 4),
		.reason = (enum reason)random_below(random, REASON_COUNT),
		.censored = random_below(random, 2) != 0,
		.attempts = 1,
		.phase_us = { (int64_t)random_below(random, 1000000) },
		.n_phases = random_below(random, 2),
		.message = random_below(random, 2) ? "a message" : "",
		.attributes = &attribute,
		.n_attributes = random_below(random, 2),
	};

	series.interval_ms = (uint32_t)random_below(random, 3) * 1000;
	snprintf(probe, sizeof(probe), "p%d", (int)random_below(random, 9));
	batch_add_result(batch, &series, &result);
}

/* Encodes a random batch; the bytes are owned by the caller. */
static unsigned char *
random_bytes(size_t *out_n, uint64_t seed, unsigned n_results)
{
	struct batch *batch = batch_new();
	struct fact fact = { .service = "", .name = "build", .value = "1" };
	struct random_seeded random;
	unsigned char *bytes = NULL;

	random_seeded_init(&random, seed);
	for (unsigned i = 0; i < n_results; i++)
		add_random(batch, &random.random);
	if (n_results > 0)
		batch_add_fact(batch, &fact);
	batch_encode(&bytes, out_n, batch);
	batch_free(batch);
	return bytes;
}

static void
test_look(void **state)
{
	const struct look *look = *state;
	struct seen seen = { 0 };
	struct glance glance = { see_series, see_result, &seen };
	struct batch *batch = NULL;
	unsigned char *bytes;
	size_t n;

	bytes = random_bytes(&n, look->seed, look->n);
	assert_int_equal(batch_decode(&batch, bytes, n, "e", "a", NULL), 0);
	seen.batch = batch;
	assert_int_equal(batch_glance(&glance, bytes, n), 0);
	assert_int_equal(seen.n_series, batch->n_series);
	assert_int_equal(seen.n_results, look->n);
	batch_free(batch);
	free(bytes);
}

static void
touch_series(void *arg, const struct glance_series *got)
{
	for (size_t i = 0; i < got->service.n; i++)
		*(unsigned *)arg += (unsigned char)got->service.bytes[i];
	for (size_t i = 0; i < got->probe.n; i++)
		*(unsigned *)arg += (unsigned char)got->probe.bytes[i];
}

static void
touch_result(void *arg, const struct glance_result *got)
{
	*(unsigned *)arg += (unsigned)got->series;
	assert_in_range(got->outcome, OUTCOME_OK, OUTCOME_UNKNOWN);
	assert_in_range(got->reason, 0, REASON_COUNT - 1);
}

/* Truncated anywhere, and with any byte changed: told or refused, never
 * read beyond (the sanitizers see to that: the copy is exactly as long). */
static void
spoiled_bytes(void **state)
{
	unsigned sum = 0, refused = 0;
	struct glance glance = { touch_series, touch_result, &sum };
	struct random_seeded random;
	unsigned char *whole;
	size_t n;

	(void)state;
	random_seeded_init(&random, 7);
	whole = random_bytes(&n, 5, 20);
	for (size_t i = 0; i < n; i++) {
		unsigned char *copy = mem_dup(whole, i);

		refused += batch_glance(&glance, copy, i) < 0;
		free(copy);
		copy = mem_dup(whole, n);
		copy[i] ^=
		    (unsigned char)(1 + random_below(&random.random, 255));
		refused += batch_glance(&glance, copy, n) < 0;
		free(copy);
	}
	assert_true(refused > n / 2);
	free(whole);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(spoiled_bytes),
	};
	int failed = TABLE_RUN(looks, test_look);

	return failed +
	    cmocka_run_group_tests_name("spoiled", tests, NULL, NULL);
}
