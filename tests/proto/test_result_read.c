/* What reads results fast gives what protobuf-c gives, whatever the bytes. */
#include "tests/support/table.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/random.h"
#include "proto/result_read.h"

#define ROUNDS     20000
#define BYTES_MAX  4096
#define TEXT_BYTES 24

static const struct damage {
	const char *name;
	unsigned changed, cut; /* of the bytes: how many, how often out of 8 */
} damages[] = {
	{ "whole results are read as protobuf-c reads them", 0, 0 },
	{ "results that are cut short are refused alike", 0, 8 },
	{ "a byte that changed is refused, or read alike", 1, 0 },
	{ "several bytes that changed are refused, or read alike", 5, 1 },
};

static char *
random_text(const struct random *random, char text[TEXT_BYTES])
{
	size_t n = random_below(random, TEXT_BYTES);

	for (size_t i = 0; i + 1 < n; i++)
		text[i] = (char)('a' + random_below(random, 26));
	text[n > 0 ? n - 1 : 0] = '\0';
	return text;
}

/* Small numbers, and now and then any. */
static uint64_t
random_number(const struct random *random)
{
	return random_u64(random) >> random_below(random, 64);
}

static size_t
pack_random(unsigned char out[BYTES_MAX], const struct random *random)
{
	Vedette__Result message = VEDETTE__RESULT__INIT;
	Vedette__Attribute attributes[3], *list[3];
	char texts[8][TEXT_BYTES];
	uint64_t phases[6];

	message.series = (uint32_t)random_number(random);
	message.at_ms = (int64_t)random_number(random);
	message.duration_us = random_number(random);
	message.limit_ms = (uint32_t)random_number(random);
	message.outcome = (uint32_t)random_below(random, 6);
	message.censored = random_below(random, 2) != 0;
	message.reason = (uint32_t)random_number(random);
	message.retries = (uint32_t)random_number(random);
	message.message = random_text(random, texts[0]);
	message.n_phase_us = random_below(random, 7);
	message.phase_us = phases;
	for (size_t i = 0; i < message.n_phase_us; i++)
		phases[i] = random_number(random);
	message.n_attributes = random_below(random, 4);
	message.attributes = list;
	for (size_t i = 0; i < message.n_attributes; i++) {
		list[i] = &attributes[i];
		vedette__attribute__init(list[i]);
		list[i]->name = random_text(random, texts[1 + i]);
		list[i]->value_case = (Vedette__Attribute__ValueCase)(2 *
		    random_below(random, 2));
		if (list[i]->value_case == VEDETTE__ATTRIBUTE__VALUE_TEXT)
			list[i]->text = random_text(random, texts[4 + i]);
	}
	assert_true(vedette__result__get_packed_size(&message) <= BYTES_MAX);
	return vedette__result__pack(&message, out);
}

static void
same_attribute(const Vedette__Attribute *a, const Vedette__Attribute *b)
{
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->value_case, b->value_case);
	if (a->value_case == VEDETTE__ATTRIBUTE__VALUE_TEXT)
		assert_string_equal(a->text, b->text);
	if (a->value_case == VEDETTE__ATTRIBUTE__VALUE_NUMBER)
		assert_memory_equal(&a->number, &b->number, sizeof(double));
}

static void
same(const Vedette__Result *a, const Vedette__Result *b)
{
	assert_int_equal(a->series, b->series);
	assert_int_equal(a->at_ms, b->at_ms);
	assert_int_equal(a->duration_us, b->duration_us);
	assert_int_equal(a->limit_ms, b->limit_ms);
	assert_int_equal(a->outcome, b->outcome);
	assert_int_equal(a->censored, b->censored);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->retries, b->retries);
	assert_string_equal(a->message, b->message);
	assert_int_equal(a->n_phase_us, b->n_phase_us);
	for (size_t i = 0; i < a->n_phase_us && i < PHASES_MAX; i++)
		assert_int_equal(a->phase_us[i], b->phase_us[i]);
	assert_int_equal(a->n_attributes, b->n_attributes);
	for (size_t i = 0; i < a->n_attributes && i < ATTRIBUTES_MAX; i++)
		same_attribute(a->attributes[i], b->attributes[i]);
}

static void
test_damage(void **state)
{
	static struct result_read read;
	const struct damage *row = *state;
	unsigned char bytes[BYTES_MAX];
	struct random_seeded seeded;
	uint64_t seed = random_u64(random_system());

	print_message("seed %llu\n", (unsigned long long)seed);
	random_seeded_init(&seeded, seed);
	for (int round = 0; round < ROUNDS; round++) {
		size_t n = pack_random(bytes, &seeded.random);
		struct arena *arena = arena_new(0);
		Vedette__Result *expected;
		bool is_read;

		for (unsigned i = 0; i < row->changed && n > 0; i++)
			bytes[random_below(&seeded.random, n)] =
			    (unsigned char)random_u64(&seeded.random);
		if (random_below(&seeded.random, 8) < row->cut)
			n = random_below(&seeded.random, n + 1);
		expected = vedette__result__unpack(NULL, n, bytes);
		is_read = result_read(
		    &read, arena, (struct span){ bytes, bytes + n });
		/* protobuf-c lets pass what no encoder writes: a bool that is
		 * a double, a tag of more than 32 bits. */
		assert_true(expected != NULL || !is_read);
		assert_true(row->changed > 0 || is_read == (expected != NULL));
		if (is_read)
			same(&read.message, expected);
		vedette__result__free_unpacked(expected, NULL);
		arena_free(arena);
	}
}

int
main(void)
{
	return TABLE_RUN(damages, test_damage);
}
