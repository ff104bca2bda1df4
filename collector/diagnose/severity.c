#include "collector/diagnose/severity.h"
#include "collector/diagnose/sibling.h"
#include "proto/base/text.h"

/* A first failure may be the last. */
#define STEADY_LEAST 2

/* Fewer of ten, and it fails now and then. */
#define STEADY_OF_TEN 9

/* The first third of a journey is the way in: who gets no further got
 * nothing. */
#define WAY_IN 3

static const char *const severities[] = { "none", "silent", "partial",
	"degraded", "outage", "unknown" };

const char *
severity_name(enum severity severity)
{
	return severities[severity];
}

/* --- one check -------------------------------------------------------------- */

static bool
is_steady(const struct scene_view *view)
{
	return node_is_failing(view) && !view->is_relapsing &&
	    view->n_bad >= STEADY_LEAST &&
	    view->n_episode_bad * 10 >= view->n_episode * STEADY_OF_TEN;
}

/* Does it reach its limit on a path that works, and takes longer? */
static bool
is_late(const struct scene_view *view, const struct findings *findings)
{
	return view->told->reason == REASON_TIMEOUT &&
	    findings_get(findings, TOKEN_LATENCY) != NULL;
}

/* Does the application answer all who ask it directly? */
static bool
is_answering(const struct chain *chain, const char *service)
{
	for (size_t i = 0; i < chain->n_nodes; i++) {
		const struct node *node = &chain->nodes[i];

		if (text_same(node->service, service) &&
		    text_same(node->view->series->kind, "http") &&
		    node->dependency[0] == '\0' && is_steady(node->view))
			return false;
	}
	return true;
}

/* Does it begin well, and end at a step that is not the way in?  Whose time ran
 * out says nothing of the step it was at: the time is the whole journey's. */
static bool
is_partly(const struct chain *chain, const struct scene_view *view)
{
	size_t n_passed = view->told->n_phases, n = view->series->n_phases;

	if (!text_same(view->series->kind, "journey") || n_passed == 0 ||
	    view->told->reason == REASON_TIMEOUT)
		return false;
	n_passed--; /* the last one is that which failed */
	return n_passed * WAY_IN > n &&
	    is_answering(chain, view->series->service);
}

/* --- all of them ------------------------------------------------------------- */

/* How many checks that users feel there are of each kind. */
struct felt {
	size_t n;
	size_t gone, partly, sometimes;
	size_t replicas; /* gone, where a sibling is well */
};

static void
feel(struct felt *out, const struct chain *chain,
    const struct findings *findings, const struct scene_view *view)
{
	out->n++;
	if (!node_is_failing(view))
		return;
	if (!is_steady(view) || is_late(view, findings)) {
		out->sometimes++;
	} else if (is_partly(chain, view)) {
		out->partly++;
	} else {
		out->gone++;
		out->replicas += sibling_well(chain, view) != NULL;
	}
}

/* Nobody sees it as users do: what fails, fails for everyone. */
static enum severity
unfelt(const struct chain *chain)
{
	for (size_t i = 0; i < chain->n_failing; i++)
		if (is_steady(chain->failing[i]->view))
			return SEVERITY_OUTAGE;
	return SEVERITY_DEGRADED;
}

/* Nothing fails, of what counts and was kept.  Where nobody inside can tell,
 * somebody who is not proven to be there may be right all the same. */
static enum severity
unseen(const struct scene *scene, const struct findings *findings)
{
	if (findings->hole != NULL || findings->uncovered != NULL)
		return SEVERITY_UNKNOWN;
	if (findings_get(findings, TOKEN_STRANGER) == NULL)
		return SEVERITY_NONE;
	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *view = &scene->views[i];

		if (text_same(view->series->environment, scene->environment) &&
		    !node_counts(view) && node_is_fresh(scene, view) &&
		    node_is_failing(view))
			return SEVERITY_UNKNOWN;
	}
	return SEVERITY_NONE;
}

/* Where journeys are walked, they are what users feel: a single answer is a
 * part of one. */
static bool
is_felt(const struct scene *scene, const struct chain *chain,
    const struct scene_view *view)
{
	if (!node_is_user_facing(scene, view))
		return false;
	for (size_t i = 0;
	     i < chain->n_nodes && text_same(view->series->kind, "http"); i++) {
		const struct series *other = chain->nodes[i].view->series;

		if (text_same(other->kind, "journey") &&
		    text_same(other->service, view->series->service))
			return false;
	}
	return true;
}

enum severity
severity_of(const struct scene *scene, const struct chain *chain,
    const struct findings *findings)
{
	struct felt felt = { 0 };

	if (chain->n_nodes == 0)
		return SEVERITY_UNKNOWN;
	if (chain->n_failing == 0)
		return unseen(scene, findings);
	for (size_t i = 0; i < chain->n_nodes; i++)
		if (is_felt(scene, chain, chain->nodes[i].view))
			feel(&felt, chain, findings, chain->nodes[i].view);
	if (felt.n == 0)
		return unfelt(chain);
	if (felt.gone + felt.partly == felt.n)
		return felt.gone > 0 ? SEVERITY_OUTAGE : SEVERITY_PARTIAL;
	if (felt.partly > 0)
		return SEVERITY_PARTIAL;
	return felt.gone > felt.replicas && felt.gone + felt.sometimes < felt.n
	    ? SEVERITY_PARTIAL
	    : SEVERITY_DEGRADED;
}
