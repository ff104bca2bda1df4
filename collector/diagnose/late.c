#include <string.h>

#include "collector/diagnose/late.h"
#include "proto/base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What failed all day is not what makes users wait now. */
#define STANDING_MS INT64_C(86400000)

static bool
speaks(const struct scene *scene, const struct scene_view *view)
{
	return text_same(view->series->environment, scene->environment) &&
	    view->series->reference_of[0] == '\0' && node_counts(view) &&
	    node_is_fresh(scene, view);
}

static bool
does_anything_fail(const struct scene *scene)
{
	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *view = &scene->views[i];

		if (speaks(scene, view) && node_is_failing(view) &&
		    view->bad_from_ms + STANDING_MS >= scene->at_ms)
			return true;
	}
	return false;
}

const struct scene *
late_mark(struct arena *arena, const struct scene *scene)
{
	struct scene_view *views;
	struct scene *out;

	if (does_anything_fail(scene))
		return scene;
	out = scene_copy(&views, arena, scene);
	for (size_t i = 0; i < out->n_views; i++) {
		if (views[i].late_from_ms == 0 || !speaks(scene, &views[i]) ||
		    !node_is_user_facing(scene, &views[i]) ||
		    node_is_failing(&views[i]))
			continue;
		views[i].is_late = true;
		views[i].bad_from_ms = views[i].late_from_ms;
		views[i].good_ms = views[i].late_good_ms;
	}
	return out;
}

bool
late_is_break(const struct chain *chain)
{
	return chain->n_failing > 0 && chain->failing[0]->view->is_late;
}

bool
late_is_explained(const struct findings *findings)
{
	static const enum token signs[] = { TOKEN_RELEASED, TOKEN_INPUT_CHANGED,
		TOKEN_PLATFORM_CHANGED, TOKEN_PATH_CHANGED, TOKEN_SATURATED,
		TOKEN_LEAK, TOKEN_LOSS, TOKEN_LATENCY, TOKEN_CALLS };

	for (size_t i = 0; i < COUNT(signs); i++)
		if (findings_get(findings, signs[i]) != NULL)
			return true;
	return false;
}
