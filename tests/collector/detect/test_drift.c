#include "tests/support/table.h"

#include "collector/detect/drift.h"

/* Steps: a letter sets the value at the next moment, '+' proves what has been
 * well since now, '-' what has been well since the beginning. */
static const struct story {
	const char *name;
	const char *steps;
	char value, known; /* '.' is none */
	enum drift_turn turn;
} stories[] = {
	{ "nothing is known good at first", "a", 'a', '.', DRIFT_NONE },
	{ "a value that holds while all is well becomes it", "a+", 'a', 'a',
	    DRIFT_NONE },
	{ "good results from before the value prove nothing", "ab-", 'b', '.',
	    DRIFT_NONE },
	{ "leaving it is drift", "a+b", 'b', 'a', DRIFT_LEFT },
	{ "so is going on to a third value", "a+bc", 'c', 'a', DRIFT_OTHER },
	{ "coming back ends it", "a+ba", 'a', 'a', DRIFT_BACK },
	{ "a new value that proves itself is known good", "a+b+", 'b', 'b',
	    DRIFT_LEFT },
	{ "the same value again is nothing", "a+aa", 'a', 'a', DRIFT_NONE },
	{ "without a known good value there is no drift", "abc", 'c', '.',
	    DRIFT_NONE },
};

static void
test_story(void **state)
{
	const struct story *row = *state;
	enum drift_turn turn = DRIFT_NONE;
	struct drift drift = { 0 };
	int64_t at_ms = 0;

	for (const char *at = row->steps; *at != '\0'; at++) {
		at_ms++;
		if (*at == '+')
			drift_prove(&drift, at_ms);
		else if (*at == '-')
			assert_false(drift_prove(&drift, 1));
		else
			turn = drift_set(&drift, (uint64_t)*at, at_ms);
	}
	assert_int_equal(drift.value, row->value);
	assert_int_equal(drift.known, row->known == '.' ? 0 : row->known);
	assert_int_equal(turn, row->turn);
}

static const struct proof {
	const char *name;
	const char *results; /* 'g' and 'b', at 1, 2, 3 ... */
	int64_t since_ms;
} proofs[] = {
	{ "nine good results are no proof", "ggggggggg", INT64_MIN },
	{ "ten are, from the first of them on", "gggggggggg", 1 },
	{ "of eleven the last ten count", "ggggggggggg", 2 },
	{ "a bad one starts again", "gggggggggggb", INT64_MIN },
	{ "the ten after it count", "gggggggggggbgggggggggg", 13 },
};

static void
test_proof(void **state)
{
	const struct proof *row = *state;
	struct drift_proof proof = { 0 };
	int64_t at_ms = 0;

	for (const char *at = row->results; *at != '\0'; at++)
		drift_proof_add(&proof, *at == 'g', ++at_ms);
	assert_true(drift_proof_since(&proof) == row->since_ms);
}

int
main(void)
{
	return TABLE_RUN(stories, test_story) + TABLE_RUN(proofs, test_proof);
}
