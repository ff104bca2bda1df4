#include "proto/copy.h"

void
series_copy(
    struct series *out, struct arena *arena, const struct series *series)
{
	*out = *series;
	out->environment = arena_strdup(arena, series->environment);
	out->agent = arena_strdup(arena, series->agent);
	out->service = arena_strdup(arena, series->service);
	out->probe = arena_strdup(arena, series->probe);
	out->kind = arena_strdup(arena, series->kind);
	out->reference_of = arena_strdup(arena, series->reference_of);
	for (size_t i = 0; i < series->n_phases; i++)
		out->phases[i] = arena_strdup(arena, series->phases[i]);
}

void
result_copy(
    struct result *out, struct arena *arena, const struct result *result)
{
	struct attribute *list = NULL;

	*out = *result;
	if (result->message[0] != '\0')
		out->message = arena_strdup(arena, result->message);
	else
		out->message = "";
	if (result->n_attributes > 0)
		list =
		    arena_zalloc(arena, result->n_attributes * sizeof(*list));
	for (size_t i = 0; i < result->n_attributes; i++) {
		const struct attribute *from = &result->attributes[i];

		list[i].name = arena_strdup(arena, from->name);
		list[i].text = arena_strdup(arena, from->text);
		list[i].number = from->number;
	}
	out->attributes = list;
}
