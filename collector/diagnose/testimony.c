#include <string.h>

#include "collector/diagnose/node.h"
#include "collector/diagnose/testimony.h"
#include "proto/base/text.h"

/* --- what fails without a reason ---------------------------------------------- */

/* Does it fail, in the application, and not say of what? */
static bool
is_unexplained(
    const struct scene *scene, const struct scene_view *view, struct node *out)
{
	if (!text_same(view->series->environment, scene->environment) ||
	    view->series->reference_of[0] != '\0' ||
	    text_same(view->series->kind, "log") || !node_counts(view) ||
	    !node_is_fresh(scene, view) || !node_is_failing(view))
		return false;
	node_place(out, scene, view);
	return out->layer >= LAYER_APP && !out->by_text;
}

/* The first of what fails of a service, or of those that use it; NULL. */
static const struct scene_view *
find_failure(const struct scene *scene, const char *service)
{
	const struct scene_view *first = NULL;
	struct node node;

	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *view = &scene->views[i];

		if ((!text_same(view->series->service, service) &&
			!node_needs(scene, view->series->service, service)) ||
		    !is_unexplained(scene, view, &node))
			continue;
		if (first == NULL || view->bad_from_ms < first->bad_from_ms)
			first = view;
	}
	return first;
}

/* --- what was said --------------------------------------------------------------- */

/* Does a probe of the service's own come through where its log says that
 * nothing does?  Of what is done there, reading acquits only reading. */
static bool
is_contradicted(const struct scene *scene, const struct node *said)
{
	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *view = &scene->views[i];
		struct node node;

		if (!text_same(view->series->environment, scene->environment) ||
		    !text_same(view->series->service, said->service) ||
		    view->series->reference_of[0] != '\0' ||
		    !node_counts(view) || !node_is_fresh(scene, view) ||
		    view->last->outcome != OUTCOME_OK || node_is_failing(view))
			continue;
		node_place(&node, scene, view);
		if (!text_same(node.dependency, said->dependency) ||
		    node.dependency[0] == '\0')
			continue;
		if (said->layer == LAYER_TLS ? node.layer > LAYER_TLS
					     : node.layer >= said->layer)
			return said->layer >= LAYER_DNS &&
			    said->layer <= LAYER_AUTH;
	}
	return false;
}

/* Would the log, saying this, place the failure deeper? */
static bool
is_placed(const struct scene *scene, const struct scene_view *as)
{
	struct node node;

	node_place(&node, scene, as);
	return node.by_text && !is_contradicted(scene, &node);
}

/* The log as it failed with what fails, by the first thing it said of it. */
static bool
testify(struct scene_view *out, const struct scene *scene,
    const struct scene_view *log, const struct scene_view *failure)
{
	for (size_t i = log->n_said; i > 0; i--) {
		const struct scene_said *said = &log->said[i - 1];

		/* What was said before is not said of this. */
		if (said->from_ms < failure->good_ms)
			continue;
		*out = *log;
		out->told = said->told;
		out->is_testifying = true;
		out->good_ms = failure->good_ms;
		out->bad_from_ms = failure->bad_from_ms;
		out->n_bad = 1;
		out->n_episode = out->n_episode_bad = 1;
		if (is_placed(scene, out))
			return true;
	}
	return false;
}

/* --- the whole --------------------------------------------------------------------- */

const struct scene *
testimony_mark(struct arena *arena, const struct scene *scene)
{
	struct scene_view *views;
	struct scene *out = scene_copy(&views, arena, scene);

	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *log = &scene->views[i];
		const struct scene_view *failure;
		struct scene_view marked;

		if (log->n_said == 0 || node_is_failing(log) ||
		    !text_same(log->series->environment, scene->environment) ||
		    !node_counts(log) || !node_is_fresh(scene, log))
			continue;
		failure = find_failure(scene, log->series->service);
		if (failure != NULL && testify(&marked, scene, log, failure))
			views[i] = marked;
	}
	return out;
}
