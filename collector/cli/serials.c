#include <stdlib.h>

#include "collector/cli/serials.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"

struct serials {
	struct map *last; /* environment: uint64_t, owned; 0: none yet */
};

struct serials *
serials_new(void)
{
	struct serials *serials = mem_zalloc(sizeof(*serials));

	serials->last = map_new();
	return serials;
}

uint64_t
serials_note(struct serials *serials, const char *environment, uint64_t serial)
{
	uint64_t *last = map_get(serials->last, environment);
	uint64_t before;

	if (last == NULL) {
		last = mem_zalloc(sizeof(*last));
		map_put(serials->last, environment, last);
	}
	before = *last;
	*last = serial;
	if (before == 0 || serial <= before)
		return 0;
	return serial - before - 1;
}

void
serials_forget(struct serials *serials)
{
	MAP_EACH (uint64_t, last, serials->last)
		*last = 0;
}

void
serials_free(struct serials *serials)
{
	if (serials == NULL)
		return;
	MAP_EACH (uint64_t, last, serials->last)
		free(last);
	map_free(serials->last);
	free(serials);
}
