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

const struct attribute *
attributes_copy(
    struct arena *arena, const struct attribute *attributes, size_t n)
{
	struct attribute *list;

	if (n == 0)
		return NULL;
	list = arena_zalloc(arena, n * sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		list[i] = attributes[i];
		list[i].name = arena_strdup(arena, attributes[i].name);
		list[i].text = arena_strdup(arena, attributes[i].text);
	}
	return list;
}

void
result_copy(
    struct result *out, struct arena *arena, const struct result *result)
{
	*out = *result;
	/* Most have none, and many are copied. */
	if (result->message != NULL && result->message[0] != '\0')
		out->message = arena_strdup(arena, result->message);
	else
		out->message = "";
	out->attributes =
	    attributes_copy(arena, result->attributes, result->n_attributes);
}
