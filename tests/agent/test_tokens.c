#include <string.h>

#include "tests/support/table.h"

#include "agent/tokens.h"

static const struct life {
	const char *name;
	int64_t valid_s;
	int64_t after_s; /* it is asked for */
	const char *expect;
} lives[] = {
	{ "a token is used again", 3600, 60, "t" },
	{ "until five minutes before its end", 3600, 3299, "t" },
	{ "and no longer", 3600, 3300, NULL },
	{ "one that ends sooner is not kept", 300, 0, NULL },
	{ "nor is one that does not say when it ends", 0, 0, NULL },
};

static void
test_life(void **state)
{
	const struct life *row = *state;
	struct clock_fake clock;
	struct tokens *tokens;
	const char *found;

	clock_fake_init(&clock, 1000000);
	tokens = tokens_new(&clock.clock);
	tokens_put(tokens, "a", "t", row->valid_s);
	clock_fake_advance(&clock, row->after_s * 1000);
	found = tokens_get(tokens, "a");
	assert_int_equal(found != NULL, row->expect != NULL);
	if (found != NULL)
		assert_string_equal(found, row->expect);
	tokens_free(tokens);
}

static void
test_owners(void **state)
{
	struct clock_fake clock;
	struct tokens *tokens;

	(void)state;
	clock_fake_init(&clock, 1000000);
	tokens = tokens_new(&clock.clock);
	tokens_put(tokens, "a", "t", 3600);
	assert_null(tokens_get(tokens, "b"));
	tokens_put(tokens, "a", "u", 3600);
	assert_string_equal(tokens_get(tokens, "a"), "u");
	tokens_forget(tokens, "a");
	assert_null(tokens_get(tokens, "a"));
	clock_fake_step(&clock, -86400000); /* the wall clock does not count */
	tokens_put(tokens, "a", "v", 3600);
	clock_fake_step(&clock, 86400000);
	assert_string_equal(tokens_get(tokens, "a"), "v");
	tokens_free(tokens);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owners),
	};

	return TABLE_RUN(lives, test_life) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
