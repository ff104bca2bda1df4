#include "tests/support/table.h"

#include <stdio.h>

#include "proto/base/map.h"
#include "proto/base/random.h"

#define KEYS 512

static const struct churn {
	const char *name;
	uint64_t seed;
	unsigned steps;
	unsigned removals; /* of 100 steps */
} churns[] = {
	{ "a map that only grows agrees with a plain array", 1, 5000, 0 },
	{ "a map with few removals agrees", 2, 20000, 20 },
	{ "a map with as many removals as additions agrees", 3, 50000, 50 },
	{ "a map that is mostly emptied agrees", 4, 50000, 80 },
};

static void
test_churn(void **state)
{
	const struct churn *row = *state;
	struct random_seeded seeded;
	struct map *map = map_new();
	int values[KEYS], *model[KEYS] = { 0 };
	size_t live = 0;
	char key[16];

	random_seeded_init(&seeded, row->seed);
	for (unsigned i = 0; i < row->steps; i++) {
		size_t k = random_below(&seeded.random, KEYS);

		snprintf(key, sizeof(key), "key%zu", k);
		if (random_below(&seeded.random, 100) < row->removals) {
			assert_ptr_equal(map_remove(map, key), model[k]);
			live -= model[k] != NULL;
			model[k] = NULL;
		} else {
			assert_ptr_equal(
			    map_put(map, key, &values[k]), model[k]);
			live += model[k] == NULL;
			model[k] = &values[k];
		}
		assert_ptr_equal(map_get(map, key), model[k]);
		assert_int_equal(map_count(map), live);
	}
	MAP_EACH (int, value, map) {
		assert_ptr_equal(value, model[value - values]);
		live--;
	}
	assert_int_equal(live, 0);
	map_free(map);
}

int
main(void)
{
	return TABLE_RUN(churns, test_churn);
}
