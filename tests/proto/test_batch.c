#include "tests/support/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "proto/base/random.h"
#include "proto/publish.h"
#include "proto/publish.pb-c.h"

#define NOW_MS INT64_C(1767607200000)

static const struct trip {
	const char *name;
	uint64_t seed;
	unsigned results, facts, gaps;
} trips[] = {
	{ "an empty batch comes back empty", 1, 0, 0, 0 },
	{ "one result comes back as it was", 2, 1, 0, 0 },
	{ "a hundred results come back as they were", 3, 100, 0, 0 },
	{ "facts and gaps come back as they were", 4, 0, 40, 5 },
	{ "everything together comes back", 5, 1000, 100, 10 },
};

static void
add_random_result(struct batch *batch, const struct random *random)
{
	struct attribute attributes[2] = {
		{ "status", NULL, (double)random_below(random, 600) },
		{ "server", "127.0.0.1:5432", 0 },
	};
	char probe[16], message[32];
	struct series series = {
		.service = random_below(random, 2) ? "backend" : "",
		.probe = probe,
		.kind = "tcp",
		.vantage = (enum vantage)random_below(random, 5),
		.interval_ms = 1000,
		.phases = { "resolve", "connect" },
		.n_phases = 2,
	};
	struct result result = {
		.at_ms = NOW_MS + (int64_t)random_below(random, 1000000),
		.duration_us = (int64_t)random_below(random, 10000000),
		.limit_ms = 5000,
		.outcome = (enum outcome)random_below(random, 4),
		.censored = random_below(random, 2) != 0,
		.attempts = 1 + (uint32_t)random_below(random, 4),
		.reason = (enum reason)random_below(random, REASON_COUNT),
		.phase_us = { 1, (int64_t)random_below(random, 1000000) },
		.n_phases = random_below(random, 3),
		.message = message,
		.attributes = attributes,
		.n_attributes = random_below(random, 3),
	};

	snprintf(probe, sizeof(probe), "p%d", (int)random_below(random, 20));
	snprintf(
	    message, sizeof(message), "m%d", (int)random_below(random, 1000));
	batch_add_result(batch, &series, &result);
}

static void
fill(struct batch *batch, const struct trip *row)
{
	struct random_seeded seeded;

	random_seeded_init(&seeded, row->seed);
	for (unsigned i = 0; i < row->results; i++)
		add_random_result(batch, &seeded.random);
	for (unsigned i = 0; i < row->facts; i++) {
		struct fact fact = { .service = "backend",
			.name = "env/POSTGRES_HOST",
			.value = i % 3 == 0 ? "v" : NULL,
			.fingerprint = i % 3 == 1 ? "k1:9f2c" : NULL,
			.source = SOURCE_PROCESS,
			.at_ms = NOW_MS + i,
			.last_ms = i };

		batch_add_fact(batch, &fact);
	}
	for (unsigned i = 0; i < row->gaps; i++)
		batch_add_gap(batch,
		    &(struct gap){
			i, i + 1, 7, NOW_MS, NOW_MS + i, "spool full" });
}

static void
same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a != NULL)
		assert_string_equal(a, b);
}

static void
same_result(const struct batch *a, const struct batch *b, size_t i)
{
	const struct result *x = &a->results[i], *y = &b->results[i];

	assert_string_equal(
	    a->series[x->series].probe, b->series[y->series].probe);
	assert_string_equal(
	    a->series[x->series].service, b->series[y->series].service);
	assert_int_equal(x->at_ms, y->at_ms);
	assert_int_equal(x->duration_us, y->duration_us);
	assert_int_equal(x->outcome, y->outcome);
	assert_int_equal(x->reason, y->reason);
	assert_int_equal(x->censored, y->censored);
	assert_int_equal(x->attempts, y->attempts);
	assert_int_equal(x->n_phases, y->n_phases);
	for (size_t k = 0; k < x->n_phases; k++)
		assert_int_equal(x->phase_us[k], y->phase_us[k]);
	assert_string_equal(x->message, y->message);
	assert_int_equal(x->n_attributes, y->n_attributes);
	for (size_t k = 0; k < x->n_attributes; k++)
		same_text(x->attributes[k].text, y->attributes[k].text);
}

static void
test_trip(void **state)
{
	struct batch *batch = batch_new(), *again = NULL;
	unsigned char *bytes = NULL;
	struct err err = { 0 };
	size_t n;

	fill(batch, *state);
	batch_encode(&bytes, &n, batch);
	assert_true(n <= batch_size_bytes(batch));
	if (batch_decode(&again, bytes, n, "staging", "stg-1", &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(again->n_results, batch->n_results);
	for (size_t i = 0; i < batch->n_results; i++)
		same_result(batch, again, i);
	assert_int_equal(again->n_facts, batch->n_facts);
	for (size_t i = 0; i < batch->n_facts; i++) {
		same_text(again->facts[i].value, batch->facts[i].value);
		same_text(
		    again->facts[i].fingerprint, batch->facts[i].fingerprint);
		assert_int_equal(again->facts[i].at_ms, batch->facts[i].at_ms);
	}
	assert_int_equal(again->n_gaps, batch->n_gaps);
	for (size_t i = 0; i < batch->n_series; i++)
		assert_string_equal(again->series[i].environment, "staging");
	batch_free(again);
	batch_free(batch);
	free(bytes);
}

/* Each row spoils one field of an otherwise good message. */
struct parts {
	Vedette__Content content;
	Vedette__Series series, *all_series[1];
	Vedette__Result result, *all_results[1];
	Vedette__Fact fact, *all_facts[1];
};

static void
spoil_nothing(struct parts *parts)
{
	(void)parts;
}

static void
spoil_index(struct parts *parts)
{
	parts->result.series = 1;
}

static void
spoil_outcome(struct parts *parts)
{
	parts->result.outcome = 4;
}

static void
spoil_reason(struct parts *parts)
{
	parts->result.reason = REASON_COUNT;
}

static void
spoil_name(struct parts *parts)
{
	parts->series.probe = (char *)(uintptr_t) "../../etc\nx";
}

static void
spoil_time(struct parts *parts)
{
	parts->result.at_ms = INT64_MAX;
}

static void
spoil_text(struct parts *parts)
{
	parts->result.message = (char *)(uintptr_t) "\xff\xfe";
}

static void
spoil_vantage(struct parts *parts)
{
	parts->series.vantage = 99;
}

static void
spoil_fact(struct parts *parts)
{
	parts->fact.name = (char *)(uintptr_t) "env/A B ";
}

static const struct hostile {
	const char *name;
	void (*spoil)(struct parts *parts);
	int rc;
} hostiles[] = {
	{ "what is not spoilt is taken", spoil_nothing, 0 },
	{ "a result of no series is refused", spoil_index, -1 },
	{ "an unknown outcome is refused", spoil_outcome, -1 },
	{ "an unknown reason is refused", spoil_reason, -1 },
	{ "a name of two lines is refused", spoil_name, -1 },
	{ "a time that overflows is refused", spoil_time, -1 },
	{ "text that is not UTF-8 is refused", spoil_text, -1 },
	{ "an unknown vantage is refused", spoil_vantage, -1 },
	{ "a fact's name with a space at its end is refused", spoil_fact, -1 },
};

static void
test_hostile(void **state)
{
	const struct hostile *row = *state;
	struct parts parts = { 0 };
	struct batch *batch = NULL;
	unsigned char bytes[512];
	struct err err = { 0 };
	size_t n;

	vedette__content__init(&parts.content);
	vedette__series__init(&parts.series);
	vedette__result__init(&parts.result);
	vedette__fact__init(&parts.fact);
	parts.content.base_ms = NOW_MS;
	parts.series.probe = (char *)(uintptr_t) "db";
	parts.series.kind = (char *)(uintptr_t) "tcp";
	parts.fact.name = (char *)(uintptr_t) "env/A";
	parts.all_series[0] = &parts.series;
	parts.all_results[0] = &parts.result;
	parts.all_facts[0] = &parts.fact;
	parts.content.series = parts.all_series;
	parts.content.results = parts.all_results;
	parts.content.facts = parts.all_facts;
	parts.content.n_series = parts.content.n_results =
	    parts.content.n_facts = 1;
	row->spoil(&parts);
	n = vedette__content__pack(&parts.content, bytes);
	assert_int_equal(
	    batch_decode(&batch, bytes, n, "staging", "a", &err), row->rc);
	if (row->rc < 0)
		assert_true(strlen(err.text) > 0);
	batch_free(batch);
}

static const struct noise {
	const char *name;
	uint64_t seed;
	unsigned rounds;
	bool of_good; /* flips bits of a good batch instead of pure noise */
} noises[] = {
	{ "random bytes never crash the decoder", 11, 20000, false },
	{ "flipped bits never crash the decoder", 12, 20000, true },
};

static void
test_noise(void **state)
{
	const struct noise *row = *state;
	static const struct trip good = { "", 6, 20, 5, 1 };
	struct batch *batch = batch_new(), *out;
	unsigned char *bytes = NULL, *copy;
	struct random_seeded seeded;
	struct err err;
	size_t n;

	fill(batch, &good);
	batch_encode(&bytes, &n, batch);
	random_seeded_init(&seeded, row->seed);
	for (unsigned i = 0; i < row->rounds; i++) {
		size_t size = random_below(&seeded.random, n + 1);

		copy = mem_dup(bytes, size);
		for (size_t k = 0; k < size; k++)
			if (!row->of_good ||
			    random_below(&seeded.random, size) < 3)
				copy[k] ^=
				    (unsigned char)random_u64(&seeded.random);
		out = NULL;
		if (batch_decode(&out, copy, size, "e", "a", &err) == 0)
			batch_free(out);
		free(copy);
	}
	batch_free(batch);
	free(bytes);
}

int
main(void)
{
	return TABLE_RUN(trips, test_trip) + TABLE_RUN(hostiles, test_hostile) +
	    TABLE_RUN(noises, test_noise);
}
