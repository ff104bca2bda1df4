#include "collector/diagnose/scene.h"
#include "proto/base/text.h"

struct scene *
scene_copy(struct scene_view **out_views, struct arena *arena,
    const struct scene *scene)
{
	struct scene *out = arena_zalloc(arena, sizeof(*out));
	struct scene_view *views =
	    arena_zalloc(arena, (scene->n_views + 1) * sizeof(*views));

	for (size_t i = 0; i < scene->n_views; i++)
		views[i] = scene->views[i];
	*out = *scene;
	out->views = views;
	*out_views = views;
	return out;
}

const struct scene_fact *
scene_find_fact(const struct scene *scene, const char *environment,
    const char *service, const char *name)
{
	for (size_t i = 0; i < scene->n_facts; i++)
		if (text_same(scene->facts[i].environment, environment) &&
		    text_same(scene->facts[i].service, service) &&
		    text_same(scene->facts[i].name, name))
			return &scene->facts[i];
	return NULL;
}
