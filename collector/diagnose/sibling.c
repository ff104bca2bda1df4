#include <string.h>

#include "collector/diagnose/peers.h"
#include "collector/diagnose/replica.h"
#include "collector/diagnose/sibling.h"
#include "collector/diagnose/told.h"
#include "proto/base/text.h"

static const char *
replica_of(const struct scene_view *view)
{
	return told_text(view->told, "replica");
}

static bool
are_siblings(const struct scene_view *a, const struct scene_view *b)
{
	const struct series *x = a->series, *y = b->series;
	const char *own = replica_of(a), *other = replica_of(b);

	if (!text_same(x->environment, y->environment) ||
	    !text_same(x->service, y->service) || !text_same(x->kind, y->kind))
		return false;
	if (own[0] != '\0' && other[0] != '\0' && text_same(own, other))
		return false;
	return replica_are_alike(x->probe, y->probe);
}

const struct scene_view *
sibling_well(const struct chain *chain, const struct scene_view *view)
{
	for (size_t i = 0; i < chain->n_nodes; i++) {
		const struct scene_view *other = chain->nodes[i].view;

		if (other != view && !node_is_failing(other) &&
		    are_siblings(other, view))
			return other;
	}
	return NULL;
}

size_t
sibling_name_bytes(const char *name)
{
	const char *at = strrchr(name, '@');

	return at != NULL && strchr(at, '/') == NULL ? (size_t)(at - name)
						     : strlen(name);
}

/* The same of another replica. */
static bool
is_others(const struct scene_change *change, const struct scene_fact *fact)
{
	size_t n = sibling_name_bytes(change->name);

	return text_same(fact->environment, change->environment) &&
	    text_same(fact->service, change->service) &&
	    sibling_name_bytes(fact->name) == n &&
	    strncmp(fact->name, change->name, n) == 0 &&
	    !text_same(fact->name, change->name);
}

const struct scene_fact *
sibling_odd(const struct scene_fact **out, const struct scene *scene,
    const struct suspects *suspects)
{
	for (size_t i = 0; i < suspects->n; i++) {
		const struct suspect *suspect = &suspects->list[i];
		const struct scene_change *change = suspect->change;
		const struct scene_fact *own = scene_find_fact(
		    scene, change->environment, change->service, change->name);

		if (own == NULL || suspect->class != CHANGE_INPUT ||
		    !suspect->is_before || !suspect->is_used)
			continue;
		for (size_t k = 0; k < scene->n_facts; k++)
			if (is_others(change, &scene->facts[k]) &&
			    peers_values_differ(own, &scene->facts[k])) {
				*out = &scene->facts[k];
				return own;
			}
	}
	return NULL;
}
