#include <string.h>

#include "collector/diagnose/chain.h"
#include "proto/base/text.h"

/* A failure this much older than the others is not part of what happened. */
#define STANDING_MS INT64_C(86400000)

/* Two probes see one event this far apart, at most: two intervals and the
 * longest time-out people give a probe. */
#define SAME_EVENT_MS INT64_C(120000)

/* Clocks that agree, agree to this. */
#define CLOCKS_MS INT64_C(1000)

static int64_t
slack_ms(const struct node *a, const struct node *b)
{
	int64_t most = SAME_EVENT_MS;

	if (2 * (int64_t)a->view->series->interval_ms > most)
		most = 2 * (int64_t)a->view->series->interval_ms;
	if (2 * (int64_t)b->view->series->interval_ms > most)
		most = 2 * (int64_t)b->view->series->interval_ms;
	return most;
}

/* --- entailment --------------------------------------------------------------- */

/* Is `below` on the way of what `above` does? */
static bool
is_below(const struct scene *scene, const struct node *below,
    const struct node *above)
{
	const char *target = node_target(below);

	/* A probe that lacks its inputs lacks what the env probe misses. */
	if (above->layer == LAYER_ENV && below->layer == LAYER_ENV)
		return text_same(below->service, above->service) &&
		    below->dependency[0] == '\0' &&
		    above->dependency[0] != '\0';
	if (above->layer <= below->layer)
		return false;
	if (text_same(below->service, above->service)) {
		/* Own inputs are under everything the service does; another
		 * dependency is not under this one. */
		if (below->layer <= LAYER_SECRET)
			return true;
		return below->dependency[0] == '\0'
		    ? above->layer >= LAYER_APP || above->dependency[0] == '\0'
		    : above->layer >= LAYER_APP ||
			text_same(below->dependency, above->dependency);
	}
	if (text_same(target, node_target(above)))
		return true;
	return above->layer >= LAYER_APP &&
	    node_needs(scene, above->service, target);
}

/* Whoever asks, whatever for: nobody answers. */
static bool
is_unanswered(const struct node *node)
{
	enum reason reason = node->view->told->reason;

	return node->layer == LAYER_DNS &&
	    (reason == REASON_TIMEOUT || reason == REASON_REFUSED ||
		reason == REASON_UNREACHABLE || reason == REASON_SERVFAIL);
}

/* The same failure seen by another probe: one stands for both. */
static bool
is_twin(const struct node *a, const struct node *b)
{
	if (a->layer != b->layer)
		return false;
	if (text_same(node_target(a), node_target(b)))
		return true;
	/* One of them does not say to where. */
	if (text_same(a->service, b->service) && a->token == b->token &&
	    (a->by_text || b->by_text) && a->layer >= LAYER_DNS &&
	    a->layer < LAYER_APP)
		return a->dependency[0] == '\0' || b->dependency[0] == '\0';
	return is_unanswered(a) && is_unanswered(b) &&
	    text_same(a->view->series->agent, b->view->series->agent);
}

static bool
is_before(const struct node *a, const struct node *b)
{
	const struct scene_view *x = a->view, *y = b->view;

	/* A probe of the thing itself is better than what a text says, even
	 * when it came a little later. */
	if (a->by_text != b->by_text)
		return b->by_text;
	if (text_same(a->service, b->service) &&
	    (a->dependency[0] == '\0') != (b->dependency[0] == '\0'))
		return a->dependency[0] != '\0';
	if (x->bad_from_ms != y->bad_from_ms)
		return x->bad_from_ms < y->bad_from_ms;
	return strcmp(x->series->probe, y->series->probe) < 0;
}

static bool
entails(const struct scene *scene, const struct node *cause,
    const struct node *effect)
{
	if (cause == effect || cause->standing || effect->standing)
		return false;
	/* What began long before cannot follow from it. */
	if (effect->view->bad_from_ms + slack_ms(cause, effect) <
	    cause->view->bad_from_ms)
		return false;
	if (is_twin(cause, effect))
		return is_before(cause, effect);
	if (is_below(scene, cause, effect))
		return true;
	/* An application that fails takes along those that use it. */
	return cause->layer >= LAYER_APP && effect->layer >= LAYER_APP &&
	    !text_same(cause->service, effect->service) &&
	    node_needs(scene, effect->service, cause->service) &&
	    !node_needs(scene, cause->service, effect->service);
}

/* Follows what explains an explanation, down to a break. */
static void
settle(struct node **failing, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t step = 0; step < n; step++) {
			const struct node *cause = failing[i]->entailed_by;

			if (cause == NULL || cause->entailed_by == NULL)
				break;
			failing[i]->entailed_by = cause->entailed_by;
		}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			failing[i]->n_entailed +=
			    failing[k]->entailed_by == failing[i];
}

/* Two paths from one place that broke alike at once share the part that broke,
 * and that is near where they begin. */
static bool
are_twin_paths(const struct node *a, const struct node *b)
{
	int64_t apart_ms = a->view->bad_from_ms - b->view->bad_from_ms;
	int64_t most_ms = slack_ms(a, b);

	return a->dependency[0] != '\0' && b->dependency[0] != '\0' &&
	    text_same(a->service, b->service) && a->token == b->token &&
	    a->layer >= LAYER_DNS && a->layer < LAYER_APP &&
	    b->layer >= LAYER_DNS && b->layer < LAYER_APP &&
	    apart_ms <= most_ms && apart_ms >= -most_ms;
}

/* Of twin paths the one that does not leave the environment: less of it can be
 * somebody else's. */
static bool
is_nearer(const struct scene *scene, const struct node *a, const struct node *b)
{
	return are_twin_paths(a, b) &&
	    !node_is_external(scene, node_target(a)) &&
	    node_is_external(scene, node_target(b));
}

static void
entail(const struct scene *scene, struct node **failing, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			const struct node *old = failing[i]->entailed_by;

			if (!entails(scene, failing[k], failing[i]))
				continue;
			/* The deepest explains the most. */
			if (old == NULL || is_nearer(scene, failing[k], old) ||
			    (failing[k]->layer < old->layer &&
				!is_nearer(scene, old, failing[k])))
				failing[i]->entailed_by = failing[k];
		}
	settle(failing, n);
}

/* --- order ---------------------------------------------------------------------- */

static bool
comes_first(
    const struct scene *scene, const struct node *a, const struct node *b)
{
	if ((a->entailed_by == NULL) != (b->entailed_by == NULL))
		return a->entailed_by == NULL;
	if (is_nearer(scene, a, b) || is_nearer(scene, b, a))
		return is_nearer(scene, a, b);
	/* What explains nothing that users feel is a fault beside it. */
	if ((a->n_entailed > 0) != (b->n_entailed > 0))
		return a->n_entailed > 0;
	if (a->layer != b->layer)
		return a->layer < b->layer;
	return is_before(a, b);
}

static void
sort(const struct scene *scene, struct node **failing, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = i;
		     k > 0 && comes_first(scene, failing[k], failing[k - 1]);
		     k--) {
			struct node *swap = failing[k];

			failing[k] = failing[k - 1];
			failing[k - 1] = swap;
		}
}

/* --- standing faults --------------------------------------------------------------- */

/* Was it never seen well, all the while that this one was? */
static bool
is_of_old(const struct node *node, const struct node *newest)
{
	const struct scene_view *view = node->view;

	return view->good_ms == 0 &&
	    view->bad_from_ms + slack_ms(node, newest) < newest->view->good_ms;
}

static void
set_standing(struct node **failing, size_t n)
{
	const struct node *newest = n > 0 ? failing[0] : NULL;

	for (size_t i = 0; i < n; i++)
		if (failing[i]->view->bad_from_ms > newest->view->bad_from_ms)
			newest = failing[i];
	for (size_t i = 0; i < n; i++)
		failing[i]->standing =
		    failing[i]->view->bad_from_ms + STANDING_MS <
			newest->view->bad_from_ms ||
		    is_of_old(failing[i], newest);
}

static void
set_apart(struct chain *chain, struct arena *arena)
{
	size_t kept = 0;

	chain->standing = arena_zalloc(
	    arena, (chain->n_failing + 1) * sizeof(*chain->standing));
	for (size_t i = 0; i < chain->n_failing; i++) {
		struct node *node = chain->failing[i];

		if (node->standing)
			chain->standing[chain->n_standing++] = node;
		else
			chain->failing[kept++] = node;
	}
	chain->n_failing = kept;
}

/* --- onset ------------------------------------------------------------------------ */

static void
set_onset(struct chain *chain, const struct scene *scene)
{
	const struct scene_view *first = NULL;

	for (size_t i = 0; i < chain->n_failing; i++) {
		const struct scene_view *view = chain->failing[i]->view;

		if (!node_is_user_facing(scene, view) && chain->has_impact)
			continue;
		if (first == NULL || view->bad_from_ms < first->bad_from_ms)
			first = view;
	}
	if (first == NULL)
		return;
	chain->onset_from_ms = first->good_ms;
	chain->onset_to_ms = first->bad_from_ms;
	chain->onset_slack_ms = CLOCKS_MS + first->told->duration_us / 1000;
	chain->good_ms = first->good_ms;
	for (size_t i = 0; i < chain->n_failing; i++) {
		const struct scene_view *view = chain->failing[i]->view;

		if (chain->failing[i]->entailed_by == chain->failing[0] ||
		    i == 0)
			if (view->good_ms < chain->good_ms)
				chain->good_ms = view->good_ms;
	}
}

static void
place_all(struct chain *chain, struct arena *arena, const struct scene *scene)
{
	chain->nodes =
	    arena_zalloc(arena, (scene->n_views + 1) * sizeof(*chain->nodes));
	chain->failing =
	    arena_zalloc(arena, (scene->n_views + 1) * sizeof(*chain->failing));
	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *view = &scene->views[i];
		struct node *node = &chain->nodes[chain->n_nodes];

		if (!text_same(view->series->environment, scene->environment) ||
		    !node_is_fresh(scene, view) || !node_counts(view))
			continue;
		chain->has_inside |= node_is_inside(view);
		if (view->series->reference_of[0] != '\0')
			continue;
		node_place(node, scene, view);
		chain->n_nodes++;
		if (!node_is_failing(view))
			continue;
		chain->failing[chain->n_failing++] = node;
	}
}

void
chain_build(struct chain *out, struct arena *arena, const struct scene *scene)
{
	memset(out, 0, sizeof(*out));
	place_all(out, arena, scene);
	set_standing(out->failing, out->n_failing);
	set_apart(out, arena);
	entail(scene, out->failing, out->n_failing);
	sort(scene, out->failing, out->n_failing);
	for (size_t i = 0; i < out->n_failing; i++) {
		out->n_breaks += out->failing[i]->entailed_by == NULL;
		out->has_impact |=
		    node_is_user_facing(scene, out->failing[i]->view);
	}
	set_onset(out, scene);
}

/* The one application of which something fails; NULL: none, or several. */
static const char *
only_application(const struct chain *chain, const struct scene *scene)
{
	const char *found = NULL;

	for (size_t i = 0; i < chain->n_failing; i++) {
		const char *service = chain->failing[i]->service;

		if (!node_is_application(scene, service) ||
		    (found != NULL && text_same(found, service)))
			continue;
		if (found != NULL)
			return NULL;
		found = service;
	}
	return found;
}

const char *
chain_sufferer(const struct chain *chain, const struct scene *scene,
    const struct node *node)
{
	if (node_is_application(scene, node->service))
		return node->service;
	for (size_t i = 0; i < chain->n_failing; i++)
		if (chain->failing[i]->entailed_by != NULL &&
		    node_needs(
			scene, chain->failing[i]->service, node->service))
			return chain->failing[i]->service;
	return node_service(scene, node->service) == NULL
	    ? only_application(chain, scene)
	    : NULL;
}
