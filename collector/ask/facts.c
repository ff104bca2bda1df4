#include <stdlib.h>
#include <string.h>

#include "collector/ask/facts.h"
#include "collector/pipeline/rows.h"
#include "proto/base/map.h"

#define CHANGES_MAX 1000000 /* looked at, the newest */

struct search {
	struct arena *arena;
	struct map *seen; /* rows by place, name and source */
};

/* Newest first: the first row of a fact is what is in force. */
static int
on_change(void *arg, const struct change_row *row, struct err *err)
{
	struct search *search = arg;
	struct change_row *copy;
	char *key;

	(void)err;
	key = mem_printf("%s\n%s\n%s\n%d", row->environment, row->service,
	    row->name, (int)row->source);
	if (map_get(search->seen, key) == NULL) {
		copy = arena_zalloc(search->arena, sizeof(*copy));
		*copy = rows_change(search->arena, row);
		map_put(search->seen, key, copy);
	}
	free(key);
	return 0;
}

static int
compare(const void *left, const void *right)
{
	const struct change_row *a = left, *b = right;
	int rc = strcmp(a->environment, b->environment);

	if (rc == 0)
		rc = strcmp(a->service, b->service);
	if (rc == 0)
		rc = strcmp(a->name, b->name);
	return rc != 0 ? rc : (a->source > b->source) - (a->source < b->source);
}

int
facts_at(struct facts *out, struct arena *arena, struct store *store,
    const struct query_changes *request, struct err *err)
{
	struct search search = { arena, map_new() };
	struct query_changes whole = *request;
	struct change_row *rows;
	bool more;
	int rc;

	whole.limit = CHANGES_MAX;
	rc = store_scan_changes(store, &more, &whole, on_change, &search, err);
	rows =
	    arena_zalloc(arena, (map_count(search.seen) + 1) * sizeof(*rows));
	*out = (struct facts){ rows, 0 };
	MAP_EACH (const struct change_row, row, search.seen)
		rows[out->n++] = *row;
	map_free(search.seen);
	qsort(rows, out->n, sizeof(*rows), compare);
	return rc;
}
