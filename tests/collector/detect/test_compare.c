#include <math.h>

#include "collector/detect/compare.h"
#include "tests/collector/detect/stream.h"
#include "tests/support/table.h"

#define MOST 400

static const struct pair {
	const char *name;
	size_t n_before, n_after;
	double factor, noise, rho;
	double least, most; /* of z */
} pairs[] = {
	{ "the same is the same", 360, 40, 1, 0.25, 0, -4, 4 },
	{ "twice as long is surely longer", 360, 20, 2, 0.25, 0, 6, 100 },
	{ "half as long is surely shorter", 360, 20, 0.5, 0.25, 0, -100, -6 },
	{ "correlated noise proves less", 360, 40, 1, 0.25, 0.8, -4, 4 },
	{ "four results cannot tell", 360, 4, 10, 0.25, 0, 0, 0 },
	{ "steady values differ by little", 100, 20, 1.3, 0, 0, 6, 1000 },
};

static void
fill(double *out, size_t n, double factor, const struct pair *pair,
    uint64_t *seed)
{
	double x = 0;

	for (size_t i = 0; i < n; i++) {
		x = pair->rho * x +
		    sqrt(1 - pair->rho * pair->rho) * stream_normal(seed);
		out[i] = 12000 * factor * exp(pair->noise * x);
	}
}

static void
test_pair(void **state)
{
	const struct pair *row = *state;
	double before[MOST], after[MOST];
	struct compared compared;

	for (uint64_t seed = 1; seed <= 50; seed++) {
		uint64_t stream = seed;

		fill(before, row->n_before, 1, row, &stream);
		fill(after, row->n_after, row->factor, row, &stream);
		compare_durations(
		    &compared, before, row->n_before, after, row->n_after);
		assert_true(compared.z >= row->least);
		assert_true(compared.z <= row->most);
	}
}

static const struct share {
	const char *name;
	size_t failed_before, before, failed_after, after;
	double least, most; /* of z */
} shares[] = {
	{ "none and none are the same", 0, 360, 0, 40, 0, 0 },
	{ "all and all as well", 50, 50, 50, 50, -0.001, 0.001 },
	{ "one in forty is chance", 1, 360, 1, 40, 0, 2.5 },
	{ "ten in forty is not", 1, 360, 10, 40, 4.5, 20 },
	{ "fewer are the other way", 100, 360, 0, 40, -20, -4.5 },
	{ "four results cannot tell", 0, 360, 4, 4, 0, 0 },
};

static void
test_share(void **state)
{
	const struct share *row = *state;
	struct compared compared;

	compare_failures(&compared, row->failed_before, row->before,
	    row->failed_after, row->after);
	assert_true(compared.z >= row->least);
	assert_true(compared.z <= row->most);
}

int
main(void)
{
	return TABLE_RUN(pairs, test_pair) + TABLE_RUN(shares, test_share);
}
