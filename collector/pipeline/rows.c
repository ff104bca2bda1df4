#include "collector/pipeline/rows.h"

struct series
rows_series(struct arena *arena, const struct series *series)
{
	struct series copy = *series;

	copy.environment = arena_strdup(arena, series->environment);
	copy.agent = arena_strdup(arena, series->agent);
	copy.service = arena_strdup(arena, series->service);
	copy.probe = arena_strdup(arena, series->probe);
	copy.kind = arena_strdup(arena, series->kind);
	copy.reference_of = arena_strdup(arena, series->reference_of);
	for (size_t i = 0; i < series->n_phases; i++)
		copy.phases[i] = arena_strdup(arena, series->phases[i]);
	return copy;
}

static const struct attribute *
copy_attributes(struct arena *arena, const struct attribute *from, size_t n)
{
	struct attribute *list = arena_zalloc(arena, n * sizeof(*list));

	for (size_t i = 0; i < n; i++) {
		list[i] = from[i];
		list[i].name = arena_strdup(arena, list[i].name);
		list[i].text = arena_strdup(arena, list[i].text);
	}
	return list;
}

struct result
rows_result(struct arena *arena, const struct result *result)
{
	struct result copy = *result;

	copy.message = arena_strdup(arena, result->message);
	copy.attributes =
	    copy_attributes(arena, result->attributes, result->n_attributes);
	return copy;
}

struct mark
rows_mark(struct arena *arena, const struct mark *mark)
{
	struct mark copy = *mark;

	copy.environment = arena_strdup(arena, mark->environment);
	copy.service = arena_strdup(arena, mark->service);
	copy.subject = arena_strdup(arena, mark->subject);
	copy.summary = arena_strdup(arena, mark->summary);
	copy.attributes =
	    copy_attributes(arena, mark->attributes, mark->n_attributes);
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
