#include "tests/support/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "proto/base/random.h"
#include "storage/rollup.h"

typedef int64_t duration_fn(const struct random *random);

static double
gauss(const struct random *random)
{
	double u = ((double)random_below(random, 1 << 30) + 1) / (1 << 30);
	double v = (double)random_below(random, 1 << 30) / (1 << 30);

	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static int64_t
lognormal(const struct random *random)
{
	return (int64_t)(3000 * exp(0.25 * gauss(random)));
}

static int64_t
wide(const struct random *random)
{
	return (int64_t)exp2((double)random_below(random, 62000) / 1000);
}

static int64_t
tiny(const struct random *random)
{
	return (int64_t)random_below(random, 40);
}

static int64_t
two_levels(const struct random *random)
{
	return random_below(random, 10) == 0 ? 35000000 : lognormal(random);
}

static int64_t
equal(const struct random *random)
{
	(void)random;
	return 4711;
}

static int64_t
zero(const struct random *random)
{
	(void)random;
	return 0;
}

static const struct sample {
	const char *name;
	duration_fn *draw;
	size_t n;
	size_t max_bytes; /* encoded */
} samples[] = {
	{ "an hour of noisy durations", lognormal, 120, 45 },
	{ "a day of noisy durations", lognormal, 2880, 120 },
	{ "a year of noisy durations", lognormal, 100000, 200 },
	{ "durations of every size", wide, 5000, 3000 },
	{ "durations of microseconds", tiny, 1000, 90 },
	{ "two levels far apart", two_levels, 2880, 130 },
	{ "equal durations", equal, 2880, 16 },
	{ "no time at all", zero, 10, 12 },
	{ "a single result", lognormal, 1, 13 },
};

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Compares quantiles with those of the sorted values: 1 %, and half a
 * microsecond since the answer is a whole number of them. */
static void
check_quantiles(const struct rollup *rollup, int64_t *values, size_t n)
{
	static const uint32_t shares[] = { 0, 1, 100, 2500, 5000, 9000, 9500,
		9900, 9999, 10000 };

	qsort(values, n, sizeof(*values), by_size);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		size_t rank = (n - 1) * shares[i] / 10000;
		double truth = (double)values[rank];
		double found = (double)rollup_quantile_us(rollup, shares[i]);

		if (fabs(found - truth) > truth * 0.01 + 0.5)
			fail_msg("share %u: %f instead of %f", shares[i], found,
			    truth);
	}
}

static void
test_sample(void **state)
{
	const struct sample *row = *state;
	int64_t *values = mem_calloc(row->n, sizeof(*values));
	struct rollup rollup = { 0 }, again = { 0 };
	struct random_seeded seeded;
	unsigned char *bytes, *bytes_again;
	uint64_t sum = 0;
	size_t n, n_again;

	random_seeded_init(&seeded, 42);
	for (size_t i = 0; i < row->n; i++) {
		values[i] = row->draw(&seeded.random);
		rollup_add(&rollup, OUTCOME_OK, false, values[i]);
		sum += (uint64_t)values[i];
	}
	check_quantiles(&rollup, values, row->n);
	assert_int_equal(rollup.n_timed, row->n);
	assert_int_equal(rollup.min_us, values[0]);
	assert_int_equal(rollup.max_us, values[row->n - 1]);
	rollup_encode(&bytes, &n, &rollup);
	assert_in_range(n, 1, row->max_bytes);
	assert_int_equal(rollup_merge_bytes(&again, bytes, n, NULL), 0);
	check_quantiles(&again, values, row->n);
	rollup_encode(&bytes_again, &n_again, &again);
	assert_int_equal(n, n_again);
	assert_memory_equal(bytes, bytes_again, n);
	if (row->draw != wide) /* whose sum is more than can be counted */
		assert_true(again.sum_us == sum);
	rollup_fini(&rollup);
	rollup_fini(&again);
	free(bytes);
	free(bytes_again);
	free(values);
}

static void
same_bytes(const struct rollup *a, const struct rollup *b)
{
	unsigned char *x, *y;
	size_t n, m;

	rollup_encode(&x, &n, a);
	rollup_encode(&y, &m, b);
	assert_int_equal(n, m);
	assert_memory_equal(x, y, n);
	free(x);
	free(y);
}

/* Twenty-four hours merged, forwards, backwards and as bytes, are the day. */
static void
test_merge(void **state)
{
	struct rollup hours[24] = { 0 }, day = { 0 }, sum = { 0 }, back = { 0 };
	struct random_seeded seeded;

	(void)state;
	random_seeded_init(&seeded, 23);
	for (int i = 0; i < 24 * 120; i++) {
		enum outcome outcome =
		    (enum outcome)(random_below(&seeded.random, 20) / 5);
		int64_t us = two_levels(&seeded.random);

		rollup_add(&hours[i / 120], outcome, us > 30000000, us);
		rollup_add(&day, outcome, us > 30000000, us);
	}
	for (int i = 0; i < 24; i++) {
		unsigned char *bytes;
		size_t n;

		rollup_encode(&bytes, &n, &hours[i]);
		assert_int_equal(rollup_merge_bytes(&sum, bytes, n, NULL), 0);
		free(bytes);
		rollup_merge(&back, &hours[23 - i]);
	}
	same_bytes(&day, &sum);
	same_bytes(&day, &back);
	assert_int_equal(sum.n[0] + sum.n[1] + sum.n[2] + sum.n[3], 2880);
	assert_int_equal(sum.n_timed, sum.n[0] + sum.n[1]);
	assert_true(sum.n_censored > 0);
	for (int i = 0; i < 24; i++)
		rollup_fini(&hours[i]);
	rollup_fini(&day);
	rollup_fini(&sum);
	rollup_fini(&back);
}

static void
test_failures(void **state)
{
	struct rollup rollup = { 0 };

	(void)state;
	rollup_add(&rollup, OUTCOME_CRITICAL, true, 35000000);
	rollup_add(&rollup, OUTCOME_UNKNOWN, false, 1);
	assert_int_equal(rollup.n_timed, 0);
	assert_int_equal(rollup.n_censored, 1);
	assert_int_equal(rollup_quantile_us(&rollup, 5000), 0);
	rollup_add(&rollup, OUTCOME_WARNING, false, -5);
	assert_int_equal(rollup.n_timed, 1);
	assert_int_equal(rollup.max_us, 0);
	rollup_fini(&rollup);
}

/* The bytes are a format: these come from another implementation, with
 * decimal arithmetic of 50 digits. */
static void
test_golden(void **state)
{
	static const int64_t values[] = { 0, 1, 2, 3, 999, 1000, 1010, 1020,
		65535, 65536, INT64_MAX };
	static const unsigned char golden[] = { 0x01, 0x0b, 0x00, 0x00, 0x00,
		0x00, 0xc1, 0x9f, 0x88, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
		0x01, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0x7f, 0x30, 0x23, 0x55, 0x37, 0xc8, 0xa2, 0x10, 0xcc, 0x8e,
		0x80, 0x73, 0x02 };
	struct rollup rollup = { 0 };
	unsigned char *bytes;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		rollup_add(&rollup, OUTCOME_OK, false, values[i]);
	rollup_encode(&bytes, &n, &rollup);
	assert_int_equal(n, sizeof(golden));
	assert_memory_equal(bytes, golden, n);
	free(bytes);
	rollup_fini(&rollup);
}

/* Whatever comes: refused and nothing changed, or counts that add up. */
static void
test_hostile(void **state)
{
	struct random_seeded seeded;
	struct rollup rollup = { 0 }, copy = { 0 };
	unsigned char *bytes, *forged;
	unsigned refused = 0;
	size_t n, m;

	(void)state;
	random_seeded_init(&seeded, 5);
	for (int i = 0; i < 300; i++)
		rollup_add(
		    &rollup, OUTCOME_OK, false, two_levels(&seeded.random));
	rollup_encode(&bytes, &n, &rollup);
	for (int round = 0; round < 20000; round++) {
		m = round % 4 == 0 ? random_below(&seeded.random, n) : n;
		forged = mem_dup(bytes, m);
		if (m > 0)
			forged[random_below(&seeded.random, m)] =
			    (unsigned char)random_u64(&seeded.random);
		if (rollup_merge_bytes(&copy, forged, m, NULL) < 0) {
			refused++;
			assert_int_equal(copy.n_timed, 0);
			assert_null(copy.counts);
		} else {
			uint64_t sum = 0;

			for (uint32_t i = 0; i < copy.room; i++)
				sum += copy.counts[i];
			assert_true(sum == copy.n_timed);
			rollup_quantile_us(&copy, 9900);
		}
		rollup_fini(&copy);
		free(forged);
	}
	assert_true(refused > 5000);
	rollup_fini(&rollup);
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_hostile),
	};

	return TABLE_RUN(samples, test_sample) +
	    cmocka_run_group_tests_name("rollup", tests, NULL, NULL);
}
