#include <stdlib.h>
#include <string.h>

#include "proto/places.h"
#include "proto/base/mem.h"

static int
compare_places(const void *a, const void *b)
{
	const struct placed *left = a, *right = b;
	int order = strcmp(left->environment, right->environment);

	if (order == 0)
		order = strcmp(left->service, right->service);
	if (order == 0)
		order =
		    (left->order > right->order) - (left->order < right->order);
	return order;
}

void
places_init(struct places *places, size_t n)
{
	places->rows = mem_calloc(n, sizeof(*places->rows));
	places->n = 0;
}

void
places_add(struct places *places, const char *environment, const char *service,
    const void *row)
{
	places->rows[places->n] = (struct placed){ .environment = environment,
		.service = service,
		.row = row,
		.order = places->n };
	places->n++;
}

struct placed *
places_find(
    const struct places *places, const char *environment, const char *service)
{
	struct placed key = { .environment = environment, .service = service };
	size_t low = 0, high = places->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_places(&places->rows[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return places->rows + low;
}

bool
places_is_at(const struct places *places, const struct placed *placed,
    const char *environment, const char *service)
{
	return placed < places->rows + places->n &&
	    strcmp(placed->environment, environment) == 0 &&
	    strcmp(placed->service, service) == 0;
}

void
places_sort(struct places *places)
{
	if (places->n > 0)
		qsort(places->rows, places->n, sizeof(*places->rows),
		    compare_places);
}

void
places_fini(struct places *places)
{
	free(places->rows);
	*places = (struct places){ 0 };
}
