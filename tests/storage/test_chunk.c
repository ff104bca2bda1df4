#include "tests/support/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/crc32c.h"
#include "proto/base/mem.h"
#include "proto/base/random.h"
#include "storage/chunk.h"

#define NOW_MS  INT64_C(1767607200000)
#define TEXTS   8
#define KEYS    3
#define CRC_END 4

static const struct series key = {
	.environment = "staging",
	.agent = "stg-1",
	.service = "backend",
	.probe = "db",
};

/* A series to pack: fill makes result i of it; all it points to is static or
 * in the maker. */
struct maker {
	const struct random *random;
	struct series series[2];
	struct result result;
	struct attribute attributes[KEYS];
	char text[TEXTS][64];
	size_t form; /* which series the result is of */
};

typedef void make_fn(struct maker *maker, size_t i);

static int64_t
below(struct maker *maker, uint64_t limit)
{
	return (int64_t)random_below(maker->random, limit);
}

static void
make_steady(struct maker *maker, size_t i)
{
	maker->result.at_ms = NOW_MS + (int64_t)i * 30000 + below(maker, 50);
	maker->result.duration_us = 3000 + below(maker, 1000);
	maker->result.phase_us[0] = 200 + below(maker, 100);
	maker->result.phase_us[1] =
	    maker->result.duration_us - maker->result.phase_us[0] - 3;
	maker->result.n_phases = 2;
}

static void
make_equal(struct maker *maker, size_t i)
{
	maker->result.at_ms = NOW_MS + (int64_t)i * 1000;
	maker->result.duration_us = 7;
}

static void
make_stuck(struct maker *maker, size_t i)
{
	(void)i;
	maker->result.at_ms = NOW_MS;
}

static void
make_failing(struct maker *maker, size_t i)
{
	make_steady(maker, i);
	if (below(maker, 4) > 0)
		return;
	maker->result.outcome = OUTCOME_CRITICAL;
	maker->result.reason = REASON_TIMEOUT;
	maker->result.censored = true;
	maker->result.attempts = 3;
	maker->result.duration_us = 35000000 + below(maker, 90);
	maker->result.n_phases = (size_t)below(maker, 3);
	maker->result.message = "connection to 192.0.2.7:5432 timed out";
}

static void
make_paused(struct maker *maker, size_t i)
{
	make_steady(maker, i);
	maker->result.at_ms += (int64_t)(i / 100) * 123457891;
}

static void
make_unsorted(struct maker *maker, size_t i)
{
	(void)i;
	maker->result.at_ms = NOW_MS + below(maker, 1000000000);
	maker->result.duration_us = below(maker, 1U << (i % 31));
}

static void
make_extreme(struct maker *maker, size_t i)
{
	static const int64_t ends[] = { INT64_MIN, INT64_MAX, 0, -1, 1,
		INT64_MAX - 1, INT64_MIN + 1, INT64_C(1) << 55 };

	maker->result.at_ms = ends[below(maker, 8)];
	maker->result.duration_us = ends[below(maker, 8)];
	maker->result.phase_us[0] = ends[below(maker, 8)];
	maker->result.phase_us[1] = ends[below(maker, 8)];
	maker->result.n_phases = i % 3;
	maker->result.limit_ms = UINT32_MAX;
}

static void
make_any_bits(struct maker *maker, size_t i)
{
	unsigned shift = (unsigned)(i % 64);

	maker->result.at_ms = (int64_t)(random_u64(maker->random) >> shift);
	maker->result.duration_us = (int64_t)random_u64(maker->random);
}

static void
make_new_forms(struct maker *maker, size_t i)
{
	make_steady(maker, i);
	maker->form = i / 40 % 2;
	if (maker->form == 1) {
		maker->result.n_phases = 3;
		maker->result.phase_us[2] = below(maker, 5);
	}
}

static void
make_chatty(struct maker *maker, size_t i)
{
	make_steady(maker, i);
	snprintf(maker->text[0], sizeof(maker->text[0]),
	    "attempt %zu took %d ms", i, (int)below(maker, 1000));
	maker->result.message = maker->text[0];
	if (i % 5 == 0)
		maker->result.message = "";
}

static void
make_attributes(struct maker *maker, size_t i)
{
	make_steady(maker, i);
	snprintf(maker->text[0], sizeof(maker->text[0]), "192.0.2.%d:5432",
	    (int)below(maker, 4));
	maker->attributes[0] =
	    (struct attribute){ "server", maker->text[0], 0 };
	maker->attributes[1] =
	    (struct attribute){ "lag", NULL, (double)below(maker, 9000) / 100 };
	maker->attributes[2] = (struct attribute){ "lag", "unknown", 0 };
	maker->result.n_attributes = i % (KEYS + 1);
}

static void
make_odd_numbers(struct maker *maker, size_t i)
{
	static const double odd[] = { 0.0, -0.0, NAN, INFINITY, 1e300, 5e-324,
		0.1, 1.0 / 3 };

	make_steady(maker, i);
	maker->attributes[0] = (struct attribute){ "odd", NULL, odd[i % 8] };
	maker->result.n_attributes = 1;
}

static const struct story {
	const char *name;
	make_fn *make;
	size_t n;
} stories[] = {
	{ "a single result comes back", make_steady, 1 },
	{ "two results come back", make_failing, 2 },
	{ "a steady series comes back", make_steady, 3000 },
	{ "a full chunk comes back", make_steady, CHUNK_MAX_RESULTS },
	{ "equal values come back", make_equal, 500 },
	{ "a clock that stands still comes back", make_stuck, 500 },
	{ "failures come back", make_failing, 3000 },
	{ "pauses come back", make_paused, 3000 },
	{ "unsorted times come back", make_unsorted, 3000 },
	{ "extreme numbers come back", make_extreme, 1000 },
	{ "numbers of any size come back", make_any_bits, 1000 },
	{ "phases that change come back", make_new_forms, 1000 },
	{ "messages that are all different come back", make_chatty, 2000 },
	{ "attributes come back", make_attributes, 2000 },
	{ "odd numbers come back bit for bit", make_odd_numbers, 800 },
};

static void
maker_init(struct maker *maker, const struct random *random)
{
	*maker = (struct maker){ .random = random };
	maker->series[0] = (struct series){ .kind = "postgres",
		.reference_of = "",
		.vantage = VANTAGE_IN_SERVICE,
		.interval_ms = 30000,
		.phases = { "resolve", "connect" },
		.n_phases = 2 };
	maker->series[1] = maker->series[0];
	maker->series[1].phases[2] = "tls";
	maker->series[1].n_phases = 3;
	maker->series[1].vantage = VANTAGE_EXTERNAL;
}

static void
make(struct maker *maker, make_fn *fill, size_t i)
{
	maker->form = 0;
	maker->result = (struct result){ .limit_ms = 35000,
		.attempts = 1,
		.message = "",
		.attributes = maker->attributes };
	fill(maker, i);
}

/* Packs the results of a story; they are the same for the same seed. */
static void
pack(unsigned char **out, size_t *out_n, make_fn *fill, size_t n, uint64_t seed)
{
	struct chunk_writer *writer = chunk_writer_new();
	struct random_seeded seeded;
	struct maker maker;

	random_seeded_init(&seeded, seed);
	maker_init(&maker, &seeded.random);
	for (size_t i = 0; i < n; i++) {
		make(&maker, fill, i);
		assert_true(chunk_add(
		    writer, &maker.series[maker.form], &maker.result));
	}
	assert_int_equal(chunk_count(writer), n);
	chunk_finish(writer, out, out_n);
	assert_int_equal(chunk_count(writer), 0);
	chunk_writer_free(writer);
}

static void
same_attributes(const struct result *a, const struct result *b)
{
	assert_int_equal(a->n_attributes, b->n_attributes);
	for (size_t i = 0; i < a->n_attributes; i++) {
		const struct attribute *x = &a->attributes[i];
		const struct attribute *y = &b->attributes[i];

		assert_string_equal(x->name, y->name);
		assert_int_equal(x->text == NULL, y->text == NULL);
		if (x->text != NULL)
			assert_string_equal(x->text, y->text);
		else
			assert_memory_equal(
			    &x->number, &y->number, sizeof(x->number));
	}
}

static void
same_series(const struct series *a, const struct series *b)
{
	assert_string_equal(a->kind, b->kind);
	assert_string_equal(a->reference_of, b->reference_of);
	assert_int_equal(a->vantage, b->vantage);
	assert_int_equal(a->interval_ms, b->interval_ms);
	assert_int_equal(a->n_phases, b->n_phases);
	for (size_t i = 0; i < a->n_phases; i++)
		assert_string_equal(a->phases[i], b->phases[i]);
	assert_string_equal(b->environment, key.environment);
	assert_string_equal(b->probe, key.probe);
}

static void
same_result(const struct result *a, const struct result *b)
{
	assert_int_equal(a->at_ms, b->at_ms);
	assert_int_equal(a->duration_us, b->duration_us);
	assert_int_equal(a->limit_ms, b->limit_ms);
	assert_int_equal(a->outcome, b->outcome);
	assert_int_equal(a->censored, b->censored);
	assert_int_equal(a->attempts, b->attempts);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->n_phases, b->n_phases);
	for (size_t i = 0; i < a->n_phases; i++)
		assert_int_equal(a->phase_us[i], b->phase_us[i]);
	assert_string_equal(a->message, b->message);
	same_attributes(a, b);
}

static void
test_story(void **state)
{
	const struct story *row = *state;
	struct chunk_reader *reader = chunk_reader_new();
	struct random_seeded seeded;
	struct maker maker;
	struct result result;
	struct err err = { 0 };
	unsigned char *bytes;
	size_t n;

	pack(&bytes, &n, row->make, row->n, 7);
	if (chunk_open(reader, &key, bytes, n, &err) < 0 ||
	    chunk_decode(reader, CHUNK_ALL, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(chunk_view(reader)->n, row->n);
	random_seeded_init(&seeded, 7);
	maker_init(&maker, &seeded.random);
	for (size_t i = 0; i < row->n; i++) {
		make(&maker, row->make, i);
		chunk_row(reader, &result, i);
		same_result(&maker.result, &result);
		same_series(&maker.series[maker.form],
		    &chunk_view(reader)->series[result.series]);
	}
	chunk_reader_free(reader);
	free(bytes);
}

/* --- what the header promises ------------------------------------------------ */

static void
test_same_bytes(void **state)
{
	unsigned char *a, *b;
	size_t n, m;

	(void)state;
	pack(&a, &n, make_attributes, 500, 3);
	pack(&b, &m, make_attributes, 500, 3);
	assert_int_equal(n, m);
	assert_memory_equal(a, b, n);
	free(a);
	free(b);
}

static void
test_columns(void **state)
{
	struct chunk_reader *reader = chunk_reader_new();
	const struct chunk_view *view = chunk_view(reader);
	struct result result;
	unsigned char *bytes;
	size_t n;

	(void)state;
	pack(&bytes, &n, make_failing, 300, 5);
	assert_int_equal(chunk_open(reader, &key, bytes, n, NULL), 0);
	assert_null(view->at_ms);
	assert_null(view->duration_us);
	assert_non_null(view->state);
	chunk_row(reader, &result, 0);
	assert_string_equal(result.message, "");
	assert_int_equal(chunk_decode(reader, CHUNK_TIMES, NULL), 0);
	assert_non_null(view->at_ms);
	assert_null(view->duration_us);
	assert_int_equal(view->from_ms, view->at_ms[0]);
	assert_int_equal(view->to_ms, view->at_ms[299]);
	assert_int_equal(chunk_decode(reader, CHUNK_PHASES, NULL), 0);
	assert_non_null(view->duration_us);
	assert_int_equal(chunk_decode(reader, CHUNK_ALL, NULL), 0);
	assert_int_equal(chunk_decode(reader, CHUNK_ALL, NULL), 0);
	chunk_reader_free(reader);
	free(bytes);
}

static void
test_full(void **state)
{
	struct chunk_writer *writer = chunk_writer_new();
	struct random_seeded seeded;
	struct maker maker;
	unsigned char *bytes;
	size_t n, added = 0;

	(void)state;
	random_seeded_init(&seeded, 1);
	maker_init(&maker, &seeded.random);
	for (make(&maker, make_steady, added);
	     chunk_add(writer, &maker.series[0], &maker.result);
	     make(&maker, make_steady, added))
		added++;
	assert_int_equal(added, CHUNK_MAX_RESULTS);
	chunk_finish(writer, &bytes, &n);
	assert_true(chunk_add(writer, &maker.series[0], &maker.result));
	free(bytes);
	chunk_writer_free(writer);
}

static void
test_many_states(void **state)
{
	struct chunk_writer *writer = chunk_writer_new();
	struct random_seeded seeded;
	struct maker maker;
	size_t added = 0;

	(void)state;
	random_seeded_init(&seeded, 1);
	maker_init(&maker, &seeded.random);
	make(&maker, make_steady, 0);
	while (chunk_add(writer, &maker.series[0], &maker.result)) {
		maker.result.limit_ms++;
		added++;
	}
	assert_in_range(added, 200, 300);
	chunk_writer_free(writer);
}

/* Bytes per result of a jittered time, a noisy duration and an outcome. */
static void
make_typical(struct maker *maker, size_t i)
{
	double u = ((double)below(maker, 1 << 30) + 1) / (1 << 30);
	double v = (double)below(maker, 1 << 30) / (1 << 30);

	maker->result.at_ms = NOW_MS + (int64_t)i * 30000 + below(maker, 200);
	maker->result.duration_us = (int64_t)(3000 *
	    exp(0.25 * sqrt(-2 * log(u)) * cos(6.283185307 * v)));
}

static void
test_size(void **state)
{
	unsigned char *bytes;
	size_t n;

	(void)state;
	pack(&bytes, &n, make_typical, 2880, 11);
	/* Its entropy is log2(200) + log2(750 sqrt(2 pi e)) bits: 2.41 B. */
	assert_in_range(n, 2880 * 241 / 100, 2880 * 260 / 100);
	free(bytes);
}

/* --- bad bytes ---------------------------------------------------------------- */

static int
read_all(struct chunk_reader *reader, const unsigned char *bytes, size_t n)
{
	struct result result;
	struct err err = { 0 };
	size_t length = 0;

	if (chunk_open(reader, &key, bytes, n, &err) < 0 ||
	    chunk_decode(reader, CHUNK_ALL, &err) < 0) {
		assert_true(err.text[0] != '\0');
		return -1;
	}
	for (size_t i = 0; i < chunk_view(reader)->n; i++) {
		chunk_row(reader, &result, i);
		length += strlen(result.message);
		for (size_t k = 0; k < result.n_attributes; k++)
			length += strlen(result.attributes[k].name);
	}
	return length < SIZE_MAX ? 0 : -1;
}

static void
test_flipped(void **state)
{
	struct chunk_reader *reader = chunk_reader_new();
	unsigned char *bytes;
	size_t n;

	(void)state;
	pack(&bytes, &n, make_attributes, 300, 9);
	for (size_t i = 0; i < n; i++) {
		bytes[i] ^= (unsigned char)(1 << i % 8);
		assert_int_equal(read_all(reader, bytes, n), -1);
		bytes[i] ^= (unsigned char)(1 << i % 8);
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(read_all(reader, bytes, i), -1);
	assert_int_equal(read_all(reader, bytes, n), 0);
	chunk_reader_free(reader);
	free(bytes);
}

/* Gives bytes a right checksum, as somebody who means harm would. */
static void
seal(unsigned char *bytes, size_t n)
{
	uint32_t crc = crc32c(0, bytes, n - CRC_END);

	for (size_t i = 0; i < CRC_END; i++)
		bytes[n - CRC_END + i] = (unsigned char)(crc >> (8 * i));
}

static void
test_forged(void **state)
{
	static make_fn *const fills[] = { make_steady, make_failing,
		make_extreme, make_attributes, make_odd_numbers, make_chatty,
		make_new_forms, make_paused };
	struct chunk_reader *reader = chunk_reader_new();
	struct random_seeded seeded;
	unsigned refused = 0;

	(void)state;
	random_seeded_init(&seeded, 13);
	for (size_t k = 0; k < sizeof(fills) / sizeof(fills[0]); k++) {
		unsigned char *bytes, *forged;
		size_t n;

		pack(&bytes, &n, fills[k], 150, 17);
		for (int round = 0; round < 600; round++) {
			size_t m = round % 3 == 0
			    ? 8 + random_below(&seeded.random, n - 8)
			    : n;

			/* Its own allocation: what reads past it is caught. */
			forged = mem_dup(bytes, m);
			for (int i = 0; i < 1 + round % 4; i++)
				forged[random_below(
				    &seeded.random, round % 2 ? m : 40 % m)] =
				    (unsigned char)random_u64(&seeded.random);
			seal(forged, m);
			refused += read_all(reader, forged, m) < 0;
			free(forged);
		}
		free(bytes);
	}
	assert_true(refused > 1000);
	chunk_reader_free(reader);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_many_states),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_forged),
	};

	return TABLE_RUN(stories, test_story) +
	    cmocka_run_group_tests_name("chunk", tests, NULL, NULL);
}
