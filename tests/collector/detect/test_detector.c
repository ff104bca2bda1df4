#include <math.h>
#include <string.h>

#include "collector/detect/detector.h"
#include "tests/collector/detect/stream.h"
#include "tests/support/table.h"

#define VALUES   8000
#define CHANGE   7000
#define FLAGS    64
#define STEP_MS  INT64_C(60000)
#define START_MS 1767607200000 /* 2026-01-05T10:00:00Z */

struct series {
	double values[VALUES];
	int n;
};

struct found {
	struct flag flags[FLAGS];
	int n;
};

enum shape { EQUAL, STEADY, RISE, FALL, BURST, DIP, DIPS, SEASON, HOLES };

/* What the series looks like after CHANGE ordinary values. */
static void
make(struct series *out, enum shape shape, uint64_t seed)
{
	out->n = VALUES;
	for (int i = 0; i < VALUES; i++) {
		double x = 50 * exp(0.1 * stream_normal(&seed));

		if (shape == EQUAL)
			x = 50;
		if (shape == RISE && i >= CHANGE)
			x *= 1.5;
		if (shape == FALL && i >= CHANGE)
			x /= 1.5;
		if (shape == BURST && i >= CHANGE && i < CHANGE + 4)
			x *= 10;
		if (shape == DIP && i == CHANGE)
			x -= 500;
		if (shape == DIPS && (i == CHANGE || i == CHANGE + 2))
			x -= 500;
		if (shape == SEASON)
			x *= exp(0.5 * sin(2 * 3.141592653589793 * i / 1440));
		if (shape == HOLES && i % 7 == 3)
			x = i % 2 == 0 ? (double)NAN : (double)INFINITY;
		out->values[i] = x;
	}
}

static void
run_from(struct found *out, struct detector *detector,
    const struct series *series, int from)
{
	for (int i = from; i < series->n; i++) {
		struct flag flag;

		if (detector_add(&flag, detector, START_MS + i * STEP_MS,
			series->values[i]) &&
		    out->n < FLAGS)
			out->flags[out->n++] = flag;
	}
}

static void
run(struct found *out, const struct series *series)
{
	struct detector detector;

	out->n = 0;
	detector_init(&detector, 1, 0);
	run_from(out, &detector, series, 0);
}

static const struct row {
	const char *name;
	enum shape shape;
	enum change expect; /* the only flag, on or after CHANGE */
	uint64_t onset_from, onset_to, alarm_to;
} rows[] = {
	{ "a steady series is quiet", STEADY, CHANGE_NONE, 0, 0, 0 },
	{ "equal values are quiet", EQUAL, CHANGE_NONE, 0, 0, 0 },
	{ "missing values are quiet", HOLES, CHANGE_NONE, 0, 0, 0 },
	{ "a lasting rise is flagged once", RISE, CHANGE_UP, CHANGE - 5,
	    CHANGE + 5, CHANGE + 10 },
	{ "a lasting fall is flagged once", FALL, CHANGE_DOWN, CHANGE - 5,
	    CHANGE + 5, CHANGE + 10 },
	{ "a burst is flagged at its beginning", BURST, CHANGE_UP, CHANGE,
	    CHANGE, CHANGE + 1 },
	{ "a single low value is quiet", DIP, CHANGE_NONE, 0, 0, 0 },
	{ "a low value is flagged once another one confirms it", DIPS,
	    CHANGE_DOWN, CHANGE, CHANGE, CHANGE + 2 },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct series series;
	struct found found;

	for (uint64_t seed = 1; seed <= 5; seed++) {
		int n = 0;

		make(&series, row->shape, seed);
		run(&found, &series);
		for (int i = 0; i < found.n; i++) {
			const struct flag *flag = &found.flags[i];

			if (flag->alarm < CHANGE)
				continue; /* still learning */
			n++;
			assert_int_equal(flag->change, row->expect);
			assert_in_range(
			    flag->onset, row->onset_from, row->onset_to);
			assert_in_range(flag->alarm, CHANGE, row->alarm_to);
			assert_true(flag->nats > 0);
			assert_true((flag->after > flag->before) ==
			    (flag->change == CHANGE_UP));
		}
		assert_int_equal(n, row->expect != CHANGE_NONE);
	}
}

static void
assert_same(const struct found *a, const struct found *b)
{
	assert_int_equal(a->n, b->n);
	for (int i = 0; i < a->n; i++) {
		assert_int_equal(a->flags[i].change, b->flags[i].change);
		assert_int_equal(a->flags[i].onset, b->flags[i].onset);
		assert_int_equal(a->flags[i].alarm, b->flags[i].alarm);
	}
}

static const struct likeness {
	const char *name;
	enum shape shape;
	double shift_before, scale, shift;
} likenesses[] = {
	{ "scaling by a power of two changes nothing", RISE, 0, 0x1p-10, 0 },
	{ "scaling a positive series changes nothing", RISE, 0, 1e6, 0 },
	{ "scaling a burst changes nothing", BURST, 0, 0.001, 0 },
	{ "scaling a series around zero changes nothing", FALL, -50, 3600, 0 },
	{ "shifting a series around zero changes nothing", RISE, -50, 1, -20 },
	{ "shifting and scaling at once changes nothing", BURST, -50, 60,
	    -999 },
};

static void
test_likeness(void **state)
{
	const struct likeness *row = *state;

	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct series series, other;
		struct found found, expect;

		make(&series, row->shape, seed);
		for (int i = 0; i < VALUES; i++)
			series.values[i] += row->shift_before;
		other = series;
		for (int i = 0; i < VALUES; i++)
			other.values[i] =
			    series.values[i] * row->scale + row->shift;
		run(&expect, &series);
		run(&found, &other);
		assert_true(expect.n > 0);
		assert_same(&found, &expect);
	}
}

static const struct stop {
	const char *name;
	enum shape shape;
	int at;
} stops[] = {
	{ "saved before the first value", RISE, 0 },
	{ "saved after one value", RISE, 1 },
	{ "saved before a series is known", RISE, 29 },
	{ "saved when it has just begun", RISE, 30 },
	{ "saved between two days", RISE, 1440 },
	{ "saved amid a change", RISE, CHANGE + 2 },
	{ "saved while a low value is in doubt", DIPS, CHANGE + 1 },
	{ "saved after the alarm", RISE, CHANGE + 10 },
};

/* A detector that is saved, destroyed and loaded goes on as if nothing had
 * been. */
static void
test_stop(void **state)
{
	const struct stop *row = *state;
	struct series series, part;
	struct found found = { .n = 0 }, expect;
	struct detector detector;
	char bytes[DETECTOR_BYTES];

	make(&series, row->shape, 7);
	run(&expect, &series);
	part = series;
	part.n = row->at;
	detector_init(&detector, 1, 0);
	run_from(&found, &detector, &part, 0);
	detector_save(bytes, &detector);
	memset(&detector, 0xa5, sizeof(detector));
	assert_true(detector_load(&detector, bytes, sizeof(bytes)));
	run_from(&found, &detector, &series, row->at);
	assert_true(expect.n > 0);
	assert_same(&found, &expect);
}

static void
test_other_bytes_are_refused(void **state)
{
	struct detector detector;
	char bytes[DETECTOR_BYTES];

	(void)state;
	detector_init(&detector, 1, 0);
	detector_save(bytes, &detector);
	assert_false(detector_load(&detector, bytes, sizeof(bytes) - 1));
	assert_false(detector_load(&detector, bytes, 0));
	bytes[0] ^= 1;
	assert_false(detector_load(&detector, bytes, sizeof(bytes)));
}

static void
test_equal_detectors_have_equal_bytes(void **state)
{
	struct series series;
	struct found found = { .n = 0 };
	struct detector a, b;

	(void)state;
	make(&series, SEASON, 3);
	memset(&a, 0x11, sizeof(a));
	memset(&b, 0xee, sizeof(b));
	detector_init(&a, 1, 0);
	detector_init(&b, 1, 0);
	run_from(&found, &a, &series, 0);
	run_from(&found, &b, &series, 0);
	assert_memory_equal(&a, &b, sizeof(a));
}

/* Saved and loaded at random, often. */
static void
test_any_chunks_give_the_same(void **state)
{
	struct series series;
	struct found found = { .n = 0 }, expect;
	struct detector detector, other;
	uint64_t seed = 77;
	int at = 0;

	(void)state;
	make(&series, FALL, 13);
	run(&expect, &series);
	detector_init(&detector, 1, 0);
	while (at < VALUES) {
		struct series part = series;
		char bytes[DETECTOR_BYTES];

		part.n = at + 1 + (int)(200 * stream_uniform(&seed));
		if (part.n > VALUES)
			part.n = VALUES;
		run_from(&found, &detector, &part, at);
		at = part.n;
		detector_save(bytes, &detector);
		assert_true(detector_load(&other, bytes, sizeof(bytes)));
		detector = other;
	}
	assert_true(expect.n > 0);
	assert_same(&found, &expect);
}

/* A long steady life, in constant memory: no false alarm more than wanted,
 * and a change is still seen after it. */
static void
test_a_long_life(void **state)
{
	const int64_t n = 10000000; /* minutes; nineteen years */
	struct detector detector;
	struct flag flag;
	uint64_t seed = 99;
	int flags = 0, late = 0;

	(void)state;
	detector_init(&detector, 4, 0);
	for (int64_t i = 0; i < n + 10; i++) {
		double x = 100 + 5 * stream_normal(&seed) + (i >= n ? 40 : 0);

		if (!detector_add(&flag, &detector, START_MS + i * STEP_MS, x))
			continue;
		flags += i < n;
		late += i >= n;
	}
	assert_in_range(flags, 0, 4 * 19 * 3 / 2);
	assert_int_equal(late, 1);
	assert_true(isfinite(detector.burst.level));
	assert_true(isfinite(detector.shift.scale));
}

/* A value every minute for a week, and a burst in the same hour of each of the
 * days from the third on, that lasts for so many minutes. */
static void
make_nights(struct series *out, int on_fifth_day, int on_others)
{
	make(out, STEADY, 8);
	for (int day = 2; day < 5; day++) {
		int n = day == 4 ? on_fifth_day : on_others;

		for (int i = 0; i < n; i++)
			out->values[day * 1440 + 600 + i] +=
			    n > 60 ? 2000 : 500;
	}
}

static const struct night {
	const char *name;
	int minutes;        /* of the third burst */
	int from, to;       /* minutes after its beginning */
	enum change expect; /* the only flag in between */
} nights[] = {
	{ "what happened at this hour twice is not told", 20, 0, 1400,
	    CHANGE_NONE },
	{ "though it takes an hour", 60, 0, 1400, CHANGE_NONE },
	{ "but what is not as it was then is told once it lasts", 1400, 180,
	    240, CHANGE_UP },
};

static void
test_night(void **state)
{
	const struct night *row = *state;
	const int begin = 4 * 1440 + 600;
	struct series series;
	struct found found;
	int n = 0, first = 0;

	make_nights(&series, row->minutes, 60);
	run(&found, &series);
	for (int i = 0; i < found.n; i++) {
		int after = (int)found.flags[i].alarm - begin;

		first += after >= -1440 * 2 && after < -1440;
		if (after < 0 || after > 1400)
			continue;
		n++;
		assert_int_equal(found.flags[i].change, row->expect);
		assert_in_range(after, row->from, row->to);
		assert_in_range(found.flags[i].onset, begin, begin + 1);
	}
	assert_true(first > 0);
	assert_int_equal(n, row->expect != CHANGE_NONE);
}

/* A value every five minutes, with a rise at the same time of three days: the
 * third is so small that hours pass before it is sure. */
static void
test_a_habit_is_of_the_hour_it_begins_in(void **state)
{
	enum { EVERY_MS = 300000, PER_DAY = 288, BEGIN = 120, LASTS = 48 };
	static const double factors[] = { 1.5, 1.5, 1.12 };
	struct detector detector;
	struct flag flag;
	uint64_t seed = 6;
	int told[3] = { 0, 0, 0 };
	bool kept = false;

	(void)state;
	detector_init(&detector, 1, 0);
	for (int i = 0; i < 10 * PER_DAY; i++) {
		int night = i / PER_DAY - 7, at = i % PER_DAY - BEGIN;
		bool high = night >= 0 && at >= 0 && at < LASTS;
		double x = 50 * exp(0.1 * stream_normal(&seed));

		if (high)
			x *= factors[night];
		if (detector_add(&flag, &detector,
			START_MS + (int64_t)i * EVERY_MS, x) &&
		    high && flag.change == CHANGE_UP)
			told[night]++;
		kept |= night == 2 && detector.kept == KEPT_HABIT;
	}
	assert_int_equal(told[0], 1);
	assert_int_equal(told[1], 1);
	assert_int_equal(told[2], 0);
	assert_true(kept);
}

/* Something is wrong, and is told; then it becomes far worse. */
static void
test_what_becomes_far_worse_is_told_again(void **state)
{
	struct series series;
	struct found found;
	int n = 0;

	(void)state;
	make(&series, STEADY, 5);
	for (int i = CHANGE; i < CHANGE + 20; i++)
		series.values[i] *= i < CHANGE + 10 ? 5 : 50;
	run(&found, &series);
	for (int i = 0; i < found.n; i++) {
		const struct flag *flag = &found.flags[i];

		if (flag->alarm < CHANGE || flag->alarm >= CHANGE + 20)
			continue;
		assert_int_equal(flag->change, CHANGE_UP);
		if (n++ == 0) {
			assert_in_range(flag->alarm, CHANGE, CHANGE + 1);
			continue;
		}
		assert_int_equal(flag->alarm, CHANGE + 10);
		assert_int_equal(flag->onset, CHANGE + 10);
		assert_true(flag->after > 1000);
		assert_true(flag->nats > 0);
	}
	assert_int_equal(n, 2);
}

/* Values from a fault that lasted on, and what came thirty values after it
 * ended: a normal that was known before needs no time to be learned. */
static void
test_a_return_is_known_at_once(void **state)
{
	enum { FAULT = 3000, END = 3060, AGAIN = 3070 };
	struct series series;
	struct found found = { .n = 0 };
	int again = 0;

	(void)state;
	make(&series, STEADY, 4);
	for (int i = FAULT; i < END; i++)
		series.values[i] += 2000;
	for (int i = AGAIN; i < AGAIN + 2; i++)
		series.values[i] += 2000;
	run(&found, &series);
	for (int i = 0; i < found.n; i++)
		again += found.flags[i].change == CHANGE_UP &&
		    found.flags[i].onset == AGAIN;
	assert_int_equal(again, 1);
}

/* Where nothing else happens the deviations become ever smaller, but not the
 * spikes ever rarer. */
static void
test_spikes_of_a_still_series_become_usual(void **state)
{
	struct detector detector;
	struct flag flag;
	int early = 0, late = 0;

	(void)state;
	detector_init(&detector, 1, 0);
	for (int i = 0; i < VALUES; i++) {
		double x = i % 97 == 9 ? 20 : 0;
		bool found = detector_add(&flag, &detector, PACE_NO_TIME, x);

		early += found && i < 1000;
		late += found && i >= 1000;
	}
	assert_in_range(early, 1, 5);
	/* Eighty spikes. */
	assert_in_range(late, 0, 10);
}

/* An hour of a season that is five times the noise is known from a few days
 * only, so now and then one is taken for a change. */
static void
test_a_daily_season_is_quiet_once_it_is_known(void **state)
{
	int late = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct series series;
		struct found found;

		make(&series, SEASON, seed);
		run(&found, &series);
		for (int i = 0; i < found.n; i++)
			late += found.flags[i].alarm >= CHANGE;
	}
	assert_in_range(late, 0, 4);
}

/* What is kept of the week gives way to the scan, and back. */
static void
test_a_series_may_change_its_pace(void **state)
{
	static const int64_t steps_ms[] = { 1800000, 7200000, 60000, 3600000 };
	struct detector detector;
	struct flag flag;
	int64_t at_ms = START_MS;
	uint64_t seed = 12;
	int flags = 0, found = 0;

	(void)state;
	detector_init(&detector, 1, 0);
	for (int i = 0; i < 8000; i++) {
		double x = 50 + stream_normal(&seed);

		at_ms += steps_ms[i / 500 % 4];
		flags += detector_add(&flag, &detector, at_ms, x);
	}
	assert_in_range(flags, 0, 2);
	for (int i = 0; i < 20; i++)
		found += detector_add(&flag, &detector, at_ms += 3600000, 70);
	assert_int_equal(found, 1);
}

/* The same numbers on every machine: integers in, known flags out. */
static void
test_flags_are_those_of_every_machine(void **state)
{
	static const struct flag expect[] = {
		{ CHANGE_UP, 2000, 2001, 0, 0, 0 },
		{ CHANGE_DOWN, 4000, 4001, 0, 0, 0 },
		/* A false one, by a tenth of a nat: the level is young. */
		{ CHANGE_DOWN, 4079, 4088, 0, 0, 0 },
	};
	struct detector detector;
	struct flag flag;
	uint64_t seed = 1;
	size_t n = 0;

	(void)state;
	detector_init(&detector, 1, 0);
	for (int i = 0; i < 6000; i++) {
		double x = 16384;

		/* Nearly normal, and exact. */
		for (int k = 0; k < 8; k++)
			x += floor(stream_uniform(&seed) * 1024);
		x += i >= 2000 && i < 4000 ? 8192 : 0;
		if (!detector_add(&flag, &detector, i * STEP_MS, x))
			continue;
		assert_true(n < 3);
		assert_int_equal(flag.change, expect[n].change);
		assert_int_equal(flag.onset, expect[n].onset);
		assert_int_equal(flag.alarm, expect[n].alarm);
		n++;
	}
	assert_int_equal(n, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_bytes_are_refused),
		cmocka_unit_test(test_equal_detectors_have_equal_bytes),
		cmocka_unit_test(test_any_chunks_give_the_same),
		cmocka_unit_test(test_a_long_life),
		cmocka_unit_test(test_a_return_is_known_at_once),
		cmocka_unit_test(test_a_series_may_change_its_pace),
		cmocka_unit_test(test_a_habit_is_of_the_hour_it_begins_in),
		cmocka_unit_test(test_what_becomes_far_worse_is_told_again),
		cmocka_unit_test(test_spikes_of_a_still_series_become_usual),
		cmocka_unit_test(test_a_daily_season_is_quiet_once_it_is_known),
		cmocka_unit_test(test_flags_are_those_of_every_machine),
	};

	return TABLE_RUN(rows, test_row) +
	    TABLE_RUN(likenesses, test_likeness) + TABLE_RUN(stops, test_stop) +
	    TABLE_RUN(nights, test_night) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
