/* What the evidence is made of, against slow and plain computations. */
#include <math.h>
#include <string.h>

#include "collector/detect/focus.h"
#include "collector/detect/peaks.h"
#include "collector/detect/profile.h"
#include "collector/detect/real.h"
#include "collector/detect/segment.h"
#include "collector/detect/spread.h"
#include "collector/detect/tail.h"
#include "tests/collector/detect/stream.h"
#include "tests/support/table.h"

#define HOUR_MS 3600000

static const struct wave {
	const char *name;
	double rho, shift; /* from the middle on */
} waves[] = {
	{ "independent values", 0, 0 },
	{ "correlated values", 0.9, 0 },
	{ "a small shift", 0, 0.5 },
	{ "a large shift", 0, 5 },
	{ "a fall", 0.5, -3 },
};

static void
draw(double *out, int n, const struct wave *wave, uint64_t *seed)
{
	double z = 0;

	for (int i = 0; i < n; i++) {
		z = wave->rho * z +
		    sqrt(1 - wave->rho * wave->rho) * stream_normal(seed);
		out[i] = z + (i >= n / 2 ? wave->shift : 0);
	}
}

/* The maximum over every onset, by trying all of them. */
static double
all_onsets(const double *values, int n, int longest, double least)
{
	double best = 0, sum = 0;

	for (int k = 1; k <= n && k <= longest; k++) {
		double nats;

		sum += values[n - k];
		nats = sum >= least * k ? sum * sum / (2 * k)
					: least * sum - least * least * k / 2;
		if (nats > best)
			best = nats;
	}
	return best;
}

static void
test_focus_is_exact(void **state)
{
	double values[600];
	uint64_t seed = 21;

	for (int round = 0; round < 20; round++) {
		struct focus focus;
		uint32_t n;

		draw(values, 600, *state, &seed);
		focus_init(&focus);
		for (int i = 0; i < 600; i++) {
			double found, expect;

			focus_add(&focus, values[i], 1000);
			found = focus_evidence(&n, &focus, 0, 0, NULL);
			expect = all_onsets(values, i + 1, 1000, 0);
			assert_true(
			    fabs(found - expect) <= 1e-4 * (1 + expect));
			assert_true(n <= (uint32_t)i + 1);
			/* A floor hides what does not reach it. */
			expect = found > 2 ? found : 0;
			found = focus_evidence(&n, &focus, 0, 2, NULL);
			assert_true(fabs(found - expect) <= 1e-12);
			assert_int_equal(n > 0, found > 0);
		}
	}
}

/* Mean run lengths of the two-sided CUSUM with a slack of half a deviation:
 * Montgomery, Introduction to Statistical Quality Control, table 9.3 (after
 * Lucas and Crosier 1982). */
static const struct arl {
	const char *name;
	double limit, shift, expect;
	int runs;
} arls[] = {
	{ "without a shift 4 are passed after 168", 4, 0, 168, 4000 },
	{ "without a shift 5 are passed after 465", 5, 0, 465, 3000 },
	{ "a shift of 0.25 passes 4 after 74.2", 4, 0.25, 74.2, 4000 },
	{ "a shift of 0.25 passes 5 after 139", 5, 0.25, 139, 4000 },
	{ "a shift of 0.5 passes 4 after 26.6", 4, 0.5, 26.6, 4000 },
	{ "a shift of 0.5 passes 5 after 38", 5, 0.5, 38.0, 4000 },
	{ "a shift of 1 passes 4 after 8.38", 4, 1, 8.38, 4000 },
	{ "a shift of 1 passes 5 after 10.4", 5, 1, 10.4, 4000 },
	{ "a shift of 2 passes 4 after 3.34", 4, 2, 3.34, 4000 },
	{ "a shift of 2 passes 5 after 4.01", 5, 2, 4.01, 4000 },
	{ "a shift of 4 passes 5 after 2.01", 5, 4, 2.01, 4000 },
};

/* The CUSUM with this slack: its onset, as that of any other, is among those
 * kept. */
static double
cusum_of(const struct focus *focus, double slack)
{
	double most = 0;

	for (uint32_t i = 0; i < focus->count; i++) {
		double sum = (double)focus->sums[i] - slack * focus->n[i];

		if (sum > most)
			most = sum;
	}
	return most;
}

static void
test_run_length(void **state)
{
	const struct arl *row = *state;
	uint64_t seed = 31;
	double values = 0;

	for (int run = 0; run < row->runs; run++) {
		struct focus up, down;

		focus_init(&up);
		focus_init(&down);
		do {
			double z = row->shift + stream_normal(&seed);

			focus_add(&up, z, 60000);
			focus_add(&down, -z, 60000);
			values++;
		} while (cusum_of(&up, 0.5) <= row->limit &&
		    cusum_of(&down, 0.5) <= row->limit);
	}
	/* Run lengths scatter about as much as they are long. */
	assert_true(
	    fabs(values / row->runs / row->expect - 1) < 4 / sqrt(row->runs));
}

/* All splits of a segment, tried one by one. */
static double
all_splits(const double *values, int n, int *out_n)
{
	double total = 0, left = 0, best = -1;

	for (int i = 0; i < n; i++)
		total += values[i];
	for (int i = 1; i < n; i++) {
		double apart, between;

		left += values[i - 1];
		apart = left - total * i / n;
		between = apart * apart * n / ((double)i * (n - i));
		if (i >= SEGMENT_LEAST && n - i >= SEGMENT_LEAST &&
		    between > best) {
			best = between;
			*out_n = n - i;
		}
	}
	return best;
}

/* The evidence for the best split, from the residuals themselves. */
static double
plain_nats(const double *values, int n, int after, double between)
{
	double means[2] = { 0, 0 }, within = 0, product = 0, rho;

	for (int i = 0; i < n; i++)
		means[i >= n - after] +=
		    values[i] / (i >= n - after ? after : n - after);
	for (int i = 0; i < n; i++) {
		double r = values[i] - means[i >= n - after];

		within += r * r;
		if (i > 0)
			product +=
			    r * (values[i - 1] - means[i - 1 >= n - after]);
	}
	rho = product / within;
	rho = rho < 0 ? 0 : rho > 0.99 ? 0.99 : rho;
	return between / (2 * within / (n - 2)) * (1 - rho) / (1 + rho);
}

static void
test_segment_is_exact(void **state)
{
	double values[300];
	uint64_t seed = 5;

	for (int round = 0; round < 20; round++) {
		struct segment segment;

		draw(values, 300, *state, &seed);
		segment_init(&segment);
		for (int i = 0; i < 300; i++) {
			struct step step = { .n = 0 };
			int after = 0;
			double between;

			/* Never believed, so never cut. */
			assert_false(
			    segment_add(&step, &segment, values[i], HUGE_VAL));
			between = all_splits(values, i + 1, &after);
			if (step.n == 0)
				continue; /* a line fits as well */
			assert_int_equal(step.n, after);
			between = plain_nats(values, i + 1, after, between);
			/* Then its neighbours, which rho needs, are known. */
			if (after >= SEGMENT_RECENT)
				continue;
			assert_true(
			    fabs(step.nats - between) <= 1e-4 * (1 + between));
		}
	}
}

static void
test_segment_begins_anew_at_the_split(void **state)
{
	struct segment segment;
	struct step step;
	uint64_t seed = 9;
	int found = 0;

	(void)state;
	segment_init(&segment);
	for (int i = 0; i < 300; i++) {
		double x = stream_normal(&seed) + 20 * (i / 100);

		if (!segment_add(&step, &segment, x, 28))
			continue;
		found++;
		assert_int_equal(i + 1 - (int)step.n, 100 * found);
		assert_true(fabs(step.after - step.before - 20) < 2);
	}
	assert_int_equal(found, 2);
}

static void
test_real_functions(void **state)
{
	(void)state;
	for (double x = 1e-300; x < 1e300; x *= 1.7) {
		double got = real_log(x);

		assert_true(fabs(got - log(x)) <= 1e-14 * (1 + fabs(log(x))));
	}
	for (double x = -690; x < 690; x += 0.37)
		assert_true(fabs(real_exp(x) / exp(x) - 1) < 1e-11);
	assert_true(real_exp(-1000) <= 0 && real_exp(-1000) >= 0);
	/* Abramowitz and Stegun, table 26.1 and 26.5. */
	assert_true(fabs(real_score(0.5)) < 5e-4);
	assert_true(fabs(real_score(0.158655) - 1) < 5e-4);
	assert_true(fabs(real_score(0.0227501) - 2) < 5e-4);
	assert_true(fabs(real_score(1.349898e-3) - 3) < 5e-4);
	assert_true(fabs(real_score(2.866516e-7) - 5) < 5e-4);
}

/* (1 + rho) / (1 - rho), the long-run variance of an AR(1). */
static void
test_spread_finds_the_long_run(void **state)
{
	static const double rhos[] = { 0, 0.3, 0.5 };
	uint64_t seed = 4;

	(void)state;
	for (int k = 0; k < 3; k++) {
		double rho = rhos[k], z = 0, expect = (1 + rho) / (1 - rho);
		struct spread spread;

		spread_init(&spread);
		for (int i = 0; i < 200000; i++) {
			z = rho * z +
			    sqrt(1 - rho * rho) * stream_normal(&seed);
			spread_add(&spread, z);
		}
		assert_true(fabs(spread_of(&spread, 1) - 1) < 0.05);
		assert_true(fabs(spread_of(&spread, 100) / expect - 1) < 0.15);
	}
}

static void
test_tail_scores(void **state)
{
	struct tail tail;
	uint64_t seed = 6;

	(void)state;
	tail_init(&tail);
	assert_true(tail_score(&tail, 1.5, 9) >= 1.5);
	for (int i = 0; i < 20000; i++) /* 1 in 100 is ten deviations high */
		tail_add(&tail, i % 100 == 0 ? 10 : stream_normal(&seed));
	/* A size that one in a hundred has is as rare as 2.33 deviations. */
	assert_true(fabs(tail_score(&tail, 9, 9) - 2.33) < 0.15);
	/* Lower down it is unheard of, and further up as well. */
	assert_true(tail_score(&tail, -9, 9) < -4);
	assert_true(tail_score(&tail, 100, 9) > 3);
	assert_true(tail_score(&tail, 1e300, 4) <= 4);
	/* Never rarer than in a normal distribution. */
	for (double z = 2; z < 100; z *= 1.1)
		assert_true(fabs(tail_score(&tail, z, 99)) <= z);
}

static void
test_an_alarm_counts_once_others_followed(void **state)
{
	struct tail tail;
	uint64_t seed = 7;
	double unheard_of;

	(void)state;
	tail_init(&tail);
	for (int i = 0; i < 500; i++)
		tail_add(&tail, stream_normal(&seed));
	unheard_of = tail_score(&tail, 12, 9);
	for (int i = 0; i < TAIL_ALARMS; i++)
		tail_alarm(&tail, 20);
	for (int i = 0; i < TAIL_LATE; i++)
		tail_add(&tail, 0);
	assert_true(fabs(tail_score(&tail, 12, 9) - unheard_of) < 0.01);
	tail_alarm(&tail, 20);
	for (int i = 0; i < TAIL_LATE; i++)
		tail_add(&tail, 0);
	/* One in five hundred. */
	assert_true(fabs(tail_score(&tail, 12, 9) - 2.88) < 0.1);
}

/* A smaller deviation, and more of them: the same sizes. */
static void
test_tail_follows_the_deviation(void **state)
{
	struct tail tail;
	uint64_t seed = 9;
	double before, after;

	(void)state;
	tail_init(&tail);
	tail_follow(&tail, 1);
	for (int i = 0; i < 5000; i++)
		tail_add(&tail, i % 50 == 0 ? 8 : stream_normal(&seed));
	before = tail_score(&tail, 7, 9);
	for (int i = 0; i < 10; i++)
		tail_follow(&tail, 0.4); /* four bins */
	after = tail_score(&tail, 7 * 2.44140625, 9);
	assert_true(fabs(after - before) < 0.05);
	for (int i = 0; i < 10; i++)
		tail_follow(&tail, 1);
	assert_true(fabs(tail_score(&tail, 7, 9) - before) < 0.05);
}

/* What is clipped to the end of the histogram is all as rare. */
static void
test_the_farthest_are_counted_in_full(void **state)
{
	struct tail tail;

	(void)state;
	tail_init(&tail);
	for (int i = 0; i < 5000; i++)
		tail_add(&tail, i % 50 == 0 ? 1e6 : 0);
	assert_true(fabs(tail_score(&tail, 1e6, 9) - 2.05) < 0.05);
}

static void
test_peaks_give_the_height_asked_for(void **state)
{
	struct peaks peaks;
	uint64_t seed = 8;

	(void)state;
	peaks_init(&peaks);
	/* A peak every 50 values, exponential with mean 2 above the mark. */
	for (int i = 0; i < 500000; i++)
		peaks_add(&peaks,
		    i % 50 == 0 ? 3 - 2 * log(stream_uniform(&seed)) : 0,
		    1e300);
	assert_true(fabs(peaks_limit(&peaks, 5000) - (3 + 2 * log(100))) < 1.5);
	assert_true(peaks_limit(&peaks, 50000) > peaks_limit(&peaks, 5000));
}

/* Days of sine, weekends lower, seen through noise. */
static double
season(int64_t hour)
{
	double day = sin(2 * 3.141592653589793 * (double)(hour % 24) / 24);

	return day - (hour / 24 % 7 >= 5 ? 2 : 0);
}

static void
test_profile_learns_day_and_week(void **state)
{
	struct profile profile;
	struct week week;
	struct hour hour = { .number = 0 };
	uint64_t seed = 2;
	double miss = 0, gain;
	int used = 0;

	(void)state;
	profile_init(&profile);
	memset(&week, 0, sizeof(week));
	for (int64_t i = 0; i < 24 * 7 * 6; i++) {
		double usual;

		hour_set(&hour, i * HOUR_MS + HOUR_MS / 2);
		profile_turn(&gain, &profile, &week, &hour, 0);
		usual = profile_at(&profile, &week, &hour);
		if (i >= 24 * 7 * 5) {
			double off = usual - season(i);

			miss += off * off / (24 * 7);
			used += profile.use == PROFILE_WEEKLY;
		}
		profile_add(&profile, usual,
		    season(i) - usual + 0.2 * stream_normal(&seed), 100);
	}
	assert_true(used > 24 * 5);
	assert_true(sqrt(miss) < 0.5);
}

static void
test_profile_of_nothing_is_unused(void **state)
{
	struct profile profile;
	struct week week = { { 0 } };
	struct hour hour = { .number = 0 };
	uint64_t seed = 3;
	double gain;

	(void)state;
	profile_init(&profile);
	for (int64_t i = 0; i < 24 * 28; i++) {
		hour_set(&hour, i * HOUR_MS);
		profile_turn(&gain, &profile, &week, &hour, 0);
		assert_int_equal(profile.use, PROFILE_UNUSED);
		profile_add(&profile, 0, stream_normal(&seed), 100);
	}
}

/* As when values come rarely: the week is not missed, only not known. */
static void
test_profile_does_without_a_week(void **state)
{
	struct profile profile;
	struct week week = { { 0 } };
	struct hour hour = { .number = 0 };
	uint64_t seed = 2;
	double gain;

	(void)state;
	profile_init(&profile);
	for (int64_t i = 0; i < 24 * 7 * 12; i++) {
		bool kept = i >= 24 * 7 * 4 && i < 24 * 7 * 8;

		hour_set(&hour, i * HOUR_MS);
		if (i == 24 * 7 * 8)
			profile_lose_week(&profile);
		profile_turn(&gain, &profile, kept ? &week : NULL, &hour, 0);
		if (!kept)
			assert_int_not_equal(profile.use, PROFILE_WEEKLY);
		profile_add(
		    &profile, 0, season(i) + 0.2 * stream_normal(&seed), 100);
	}
	assert_int_equal(profile.use, PROFILE_DAILY);
}

static const struct instant {
	const char *name;
	int64_t at_ms, number;
	int of_day, of_week;
	double part;
} instants[] = {
	{ "1970 began on an hour", 0, 0, 0, 0, 0 },
	{ "the hour before had number -1", -1, -1, 23, 167, 1 - 1 / 3.6e6 },
	{ "an hour is half over after thirty minutes", 5400000, 1, 1, 1, 0.5 },
	{ "a week is 168 hours", INT64_C(604800000), 168, 0, 0, 0 },
	{ "the first time of all", INT64_MIN, INT64_C(-2562047788016), 16, 88,
	    0.784498 },
	{ "the last time of all", INT64_MAX, INT64_C(2562047788015), 7, 79,
	    0.215502 },
};

/* Whatever time was set before. */
static void
test_instant(void **state)
{
	const struct instant *row = *state;

	for (size_t i = 0; i < sizeof(instants) / sizeof(instants[0]); i++) {
		struct hour hour = { .number = 0 };

		hour_set(&hour, instants[i].at_ms);
		hour_set(&hour, row->at_ms);
		assert_true(hour.known);
		assert_int_equal(hour.number, row->number);
		assert_int_equal(hour.of_day, row->of_day);
		assert_int_equal(hour.of_week, row->of_week);
		assert_true(fabs(hour.part - row->part) < 1e-6);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_segment_begins_anew_at_the_split),
		cmocka_unit_test(test_real_functions),
		cmocka_unit_test(test_spread_finds_the_long_run),
		cmocka_unit_test(test_tail_scores),
		cmocka_unit_test(test_an_alarm_counts_once_others_followed),
		cmocka_unit_test(test_tail_follows_the_deviation),
		cmocka_unit_test(test_the_farthest_are_counted_in_full),
		cmocka_unit_test(test_peaks_give_the_height_asked_for),
		cmocka_unit_test(test_profile_learns_day_and_week),
		cmocka_unit_test(test_profile_of_nothing_is_unused),
		cmocka_unit_test(test_profile_does_without_a_week),
	};

	return TABLE_RUN(instants, test_instant) +
	    TABLE_RUN(arls, test_run_length) +
	    TABLE_RUN(waves, test_focus_is_exact) +
	    TABLE_RUN(waves, test_segment_is_exact) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
