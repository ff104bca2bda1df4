#include "collector/pipeline/rows.h"
#include "proto/copy.h"

struct mark
rows_mark(struct arena *arena, const struct mark *mark)
{
	struct mark copy = *mark;

	copy.environment = arena_strdup(arena, mark->environment);
	copy.service = arena_strdup(arena, mark->service);
	copy.subject = arena_strdup(arena, mark->subject);
	copy.summary = arena_strdup(arena, mark->summary);
	copy.attributes =
	    attributes_copy(arena, mark->attributes, mark->n_attributes);
	return copy;
}

struct regression_row
rows_regression(struct arena *arena, const struct regression_row *row)
{
	struct regression_row copy = *row;

	copy.environment = arena_strdup(arena, row->environment);
	copy.service = arena_strdup(arena, row->service);
	copy.agent = arena_strdup(arena, row->agent);
	copy.subject = arena_strdup(arena, row->subject);
	copy.before = arena_strdup(arena, row->before);
	copy.after = arena_strdup(arena, row->after);
	copy.message = arena_strdup(arena, row->message);
	return copy;
}

struct change_row
rows_change(struct arena *arena, const struct change_row *row)
{
	struct change_row copy = *row;

	copy.environment = arena_strdup(arena, row->environment);
	copy.service = arena_strdup(arena, row->service);
	copy.name = arena_strdup(arena, row->name);
	copy.before = arena_strdup(arena, row->before);
	copy.after = arena_strdup(arena, row->after);
	copy.agent = arena_strdup(arena, row->agent);
	return copy;
}
