#include "tests/support/table.h"

#include <math.h>

#include "collector/detect/state.h"

/* Each letter is a result: good, warning, critical, unknown; confirm 3,
 * clear 2.  The hard level after each is g, w or c. */
static const struct story {
	const char *name;
	const char *results, *hard;
} stories[] = {
	{ "a series that was never seen is good", "", "" },
	{ "two critical results prove nothing", "ggcc", "gggg" },
	{ "three in a row are hard", "ggccc", "ggggc" },
	{ "a good one between them starts again", "ccgccgcc", "gggggggg" },
	{ "one that could not tell neither counts nor breaks the run", "cucuc",
	    "ggggc" },
	{ "unknown results alone prove nothing", "uuuuuu", "gggggg" },
	{ "critical from the first look on is hard as well", "ccc", "ggc" },
	{ "three warnings are a hard warning", "gwww", "gggw" },
	{ "warning and critical together prove the milder level", "wcwc",
	    "ggww" },
	{ "a hard warning becomes critical after three of them", "wwwccc",
	    "ggwwwc" },
	{ "one good result does not clear", "cccg", "ggcc" },
	{ "two good ones do", "cccgg", "ggccg" },
	{ "two warnings make a critical series milder", "cccww", "ggccw" },
	{ "good and warning in turn make it milder, not good", "cccgw",
	    "ggccw" },
	{ "a series that flaps does not recover at two good results",
	    "cgcgcgcccgg", "ggggggggccc" },
};

static enum level
level_of(char letter)
{
	return letter == 'g' ? LEVEL_GOOD
	    : letter == 'w'  ? LEVEL_WARNING
	    : letter == 'c'  ? LEVEL_CRITICAL
			     : LEVEL_UNKNOWN;
}

static void
test_story(void **state)
{
	static const struct state_rule rule = { .confirm = 3, .clear = 2 };
	const struct story *row = *state;
	struct state_watch watch;

	state_init(&watch);
	for (size_t i = 0; row->results[i] != '\0'; i++) {
		state_add(&watch, &rule, level_of(row->results[i]), 100);
		if (watch.hard != level_of(row->hard[i]))
			fail_msg("result %zu: hard level %d", i, watch.hard);
	}
}

/* Icinga 2's formula by hand: changes among the last 20 results; the newest
 * weighs 1.18, each older one 0.02 less. */
static const struct flap {
	const char *name;
	const char *results;
	double share;
	bool flapping;
} flaps[] = {
	{ "no change is no flapping", "gggggggggggggggggggggggg", 0, false },
	{ "a change now weighs 1.18 of 20", "ggggc", 0.059, false },
	{ "one a result ago weighs 1.16", "gggcc", 0.058, false },
	{ "one 20 results ago weighs nothing", "gccccccccccccccccccccc", 0,
	    false },
	{ "five changes in a row weigh 5.7", "gcgcgc", 0.285, false },
	{ "six are flapping", "gcgcgcg", 0.339, true },
	{ "twenty are the most there can be", "gcgcgcgcgcgcgcgcgcgcg", 0.99,
	    true },
	{ "it goes on down to a quarter",
	    "gcgcgcg"
	    "gggggggggggggg",
	    0.255, true },
	{ "and ends below",
	    "gcgcgcg"
	    "ggggggggggggggg",
	    0.21, false },
};

static void
test_flap(void **state)
{
	static const struct state_rule rule = { .confirm = 3, .clear = 2 };
	const struct flap *row = *state;
	struct state_watch watch;

	state_init(&watch);
	for (const char *at = row->results; *at != '\0'; at++)
		state_add(&watch, &rule, level_of(*at), 0);
	if (fabs(state_flapping(&watch) - row->share) > 0.0005)
		fail_msg("%.4f", state_flapping(&watch));
	assert_int_equal(watch.flapping, row->flapping);
}

/* Times of results are 1, 2, 3 ... */
static const struct onset {
	const char *name;
	const char *results;
	int64_t good_ms, bad_ms;
} onsets[] = {
	{ "the onset lies between the last good and the first bad", "ggccc", 2,
	    3 },
	{ "a short recovery moves it", "gccgccc", 4, 5 },
	{ "without a good one there is no beginning", "ccc", 0, 1 },
	{ "what could not tell is not the first bad one", "gucc", 1, 3 },
};

static void
test_onset(void **state)
{
	static const struct state_rule rule = { .confirm = 3, .clear = 2 };
	const struct onset *row = *state;
	struct state_watch watch;
	int64_t at_ms = 0;

	state_init(&watch);
	for (const char *at = row->results; *at != '\0'; at++)
		state_add(&watch, &rule, level_of(*at), ++at_ms);
	assert_int_equal(watch.good_ms, row->good_ms);
	assert_int_equal(watch.bad_ms, row->bad_ms);
}

int
main(void)
{
	return TABLE_RUN(stories, test_story) + TABLE_RUN(flaps, test_flap) +
	    TABLE_RUN(onsets, test_onset);
}
