#include <string.h>

#include "collector/diagnose/reference.h"
#include "proto/base/text.h"

/* "db_ref", "db.reference" of "db". */
static bool
is_named_after(const char *probe, const char *other)
{
	size_t n = strlen(other);

	return strncmp(probe, other, n) == 0 && probe[n] != '\0' &&
	    strchr("._-", probe[n]) != NULL &&
	    (text_same(probe + n + 1, "ref") ||
		text_same(probe + n + 1, "reference"));
}

static const struct series *
find_own(const struct scene *scene, const struct series *series)
{
	for (size_t i = 0; i < scene->n_views; i++) {
		const struct series *other = scene->views[i].series;

		if (is_named_after(series->probe, other->probe) &&
		    text_same(series->environment, other->environment) &&
		    text_same(series->service, other->service) &&
		    text_same(series->agent, other->agent) &&
		    text_same(series->kind, other->kind))
			return other;
	}
	return NULL;
}

const struct scene *
reference_mark(struct arena *arena, const struct scene *scene)
{
	struct scene_view *views;
	struct scene *out = scene_copy(&views, arena, scene);

	for (size_t i = 0; i < scene->n_views; i++) {
		const struct series *series = scene->views[i].series;
		const struct series *own = series->reference_of[0] == '\0'
		    ? find_own(scene, series)
		    : NULL;
		struct series *copy;

		if (own == NULL)
			continue;
		copy = arena_zalloc(arena, sizeof(*copy));
		*copy = *series;
		copy->reference_of = own->probe;
		views[i].series = copy;
	}
	return out;
}
