#include "tests/support/table.h"

#include <stdint.h>
#include <string.h>

#include "proto/base/mem.h"

static const struct demand {
	const char *name;
	size_t cap, size;
	int times;
	bool granted; /* the last one */
} demands[] = {
	{ "without a cap everything is granted", 0, 100000, 10, true },
	{ "up to the cap it is granted", 1024, 512, 2, true },
	{ "past the cap it is refused", 1024, 512, 3, false },
	{ "a size that would overflow is refused", 1024, SIZE_MAX - 3, 1,
	    false },
};

static void
test_demand(void **state)
{
	const struct demand *row = *state;
	struct arena *arena = arena_new(row->cap);
	unsigned char *got = NULL;

	for (int i = 0; i < row->times; i++) {
		got = arena_zalloc(arena, row->size);
		if (got != NULL) {
			assert_int_equal(got[0], 0);
			memset(got, 0xff, row->size);
		}
	}
	assert_int_equal(got != NULL, row->granted);
	arena_free(arena);
}

/* What a program has written stays, as do the addresses in its tables. */
static const char *const words[] = { "one", "two" };
static char *(*const copies[])(const char *) = { mem_strdup, strdup };

static void
test_give_back(void **state)
{
	static int written;
	char *kept = mem_strdup("kept");

	(void)state;
	written = 7;
	mem_give_back();
	assert_int_equal(written, 7);
	assert_string_equal(kept, "kept");
	free(kept);
	for (int i = 0; i < 2; i++) {
		kept = copies[i](words[i]);
		assert_string_equal(kept, words[i]);
		free(kept);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_give_back),
	};

	return TABLE_RUN(demands, test_demand) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
