#include <string.h>

#include "collector/diagnose/claim.h"
#include "collector/diagnose/look.h"
#include "collector/diagnose/peers.h"
#include "collector/diagnose/proxy.h"
#include "collector/diagnose/relapse.h"
#include "collector/diagnose/sibling.h"
#include "proto/base/text.h"

#define SECOND_MS       INT64_C(1000)
#define SILENT_BEATS    3
#define SILENT_LEAST_MS (5 * SECOND_MS) /* on its way to the collector */
#define CLOCK_LEAST_MS  (5 * SECOND_MS)
#define STAND_IN_MS     (60 * SECOND_MS)
#define SAME_GAP_MS     (10 * SECOND_MS)

#define TESTIMONY_PERCENT 80 /* of what a failure itself weighs */

/* --- observers -------------------------------------------------------------------- */

static bool
is_silent(const struct scene *scene, const struct scene_agent *agent)
{
	int64_t limit_ms = SILENT_BEATS * agent->heartbeat_ms;

	if (agent->heartbeat_ms == 0)
		return false; /* it comes when it comes, as who pushes does */
	if (limit_ms < SILENT_LEAST_MS)
		limit_ms = SILENT_LEAST_MS;
	return scene->at_ms - agent->heard_ms > limit_ms;
}

/* By more than the time between two signs of life: its order with what others
 * saw cannot be told. */
static bool
is_off(const struct scene_agent *agent)
{
	int64_t limit_ms = agent->heartbeat_ms;

	if (limit_ms < CLOCK_LEAST_MS)
		limit_ms = CLOCK_LEAST_MS;
	return agent->clock_offset_ms > limit_ms ||
	    agent->clock_offset_ms < -limit_ms;
}

static void
find_silence(const struct look *look, const struct scene_agent *agent)
{
	const struct scene *scene = look->scene;
	struct finding *finding;

	look->out->n_silent++;
	finding = look_add(look, TOKEN_SILENT, 100,
	    note(look->arena, "agent %s silent since %s", agent->agent,
		note_clock(look->arena, agent->heard_ms)));
	finding->agent = agent;
	for (size_t i = 0; i < scene->n_agents; i++) {
		const struct scene_agent *other = &scene->agents[i];
		int64_t apart_ms = other->heard_ms - agent->heard_ms;

		if (!text_same(other->environment, agent->environment) &&
		    is_silent(scene, other) && apart_ms < SAME_GAP_MS &&
		    apart_ms > -SAME_GAP_MS)
			look->out->n_gapped++;
	}
}

/* The newest hole that so many runs as a verdict looks at reach back to:
 * whether anything failed lately cannot be told until then. */
static const struct scene_hole *
recent_hole(const struct scene *scene)
{
	int64_t beat_ms = 0;

	for (size_t i = 0; i < scene->n_agents; i++)
		if (text_same(
			scene->agents[i].environment, scene->environment) &&
		    vantage_counts(scene->agents[i].vantage) &&
		    scene->agents[i].heartbeat_ms > beat_ms)
			beat_ms = scene->agents[i].heartbeat_ms;
	for (size_t i = scene->n_holes; i > 0; i--)
		if (scene->at_ms - scene->holes[i - 1].to_ms <=
		    SCENE_RECENT * beat_ms)
			return &scene->holes[i - 1];
	return NULL;
}

/* What fails now is seen now, whatever was not kept before. */
static bool
find_hole(const struct look *look)
{
	const struct scene_hole *hole = recent_hole(look->scene);

	if (hole == NULL || look->chain->n_failing > 0)
		return false;
	look->out->hole = hole;
	look_add(look, TOKEN_UNABLE, 100,
	    note(look->arena,
		"of %s nothing that was seen from inside exists, of any "
		"environment, though agents ran before and after it: the "
		"collector did not keep it%s%s",
		note_interval(look->arena, hole->from_ms, hole->to_ms),
		hole->why[0] != '\0' ? ": " : "", hole->why));
	return true;
}

/* Somebody says that something fails which nobody looks at.  What fails now
 * is looked at first. */
static bool
find_uncovered(const struct look *look)
{
	const struct scene_change *claim =
	    claim_find_uncovered(look->arena, look->scene);
	struct finding *finding;

	if (claim == NULL || look->chain->n_failing > 0)
		return false;
	look->out->uncovered = claim;
	finding = look_add(look, TOKEN_UNCOVERED, 100,
	    note(look->arena, "no probe covers %s, of which it was said: %s",
		claim_object(look->arena, look->scene, claim), claim->summary));
	finding->change = claim;
	return true;
}

static void
find_observers(const struct look *look)
{
	const struct scene *scene = look->scene;
	bool is_kept = !find_hole(look), is_covered = !find_uncovered(look);
	bool healthy = look->chain->has_inside && is_kept && is_covered;
	struct finding *finding;

	for (size_t i = 0; i < scene->n_agents; i++) {
		const struct scene_agent *agent = &scene->agents[i];

		if (!text_same(agent->environment, scene->environment) ||
		    !vantage_counts(agent->vantage))
			continue;
		if (is_silent(scene, agent)) {
			find_silence(look, agent);
			healthy = false;
		} else if (is_off(agent)) {
			finding = look_add(look, TOKEN_CLOCK, 100,
			    note(look->arena,
				"the clock of agent %s is off by %lld s",
				agent->agent,
				(long long)(agent->clock_offset_ms / 1000)));
			finding->agent = agent;
			healthy = false;
		}
	}
	for (size_t i = 0; i < look->chain->n_nodes; i++) {
		const struct scene_view *view = look->chain->nodes[i].view;

		if (view->last->reason == REASON_MISSED)
			healthy = false; /* who should have told did not */
		if (view->last->outcome != OUTCOME_UNKNOWN)
			continue;
		finding = look_add(look, TOKEN_UNABLE, 60,
		    note(look->arena, "%s could not tell: %s",
			look_place(look, view), look_outcome(look, view)));
		finding->view = view;
		healthy = false;
	}
	look->out->is_observed = healthy;
	if (healthy)
		look_add(look, TOKEN_OBSERVED, 100,
		    "agents heard, clocks agree, every layer is fresh");
}

/* Did it begin when the agent that should speak fell silent? */
static bool
is_stand_in(const struct look *look, const struct scene_view *view)
{
	for (size_t i = 0; i < look->out->n; i++) {
		const struct scene_agent *agent = look->out->list[i].agent;

		if (agent != NULL &&
		    look->out->list[i].weight.token == TOKEN_SILENT &&
		    view->first_ms >= agent->heard_ms - STAND_IN_MS)
			return true;
	}
	return false;
}

/* Results that claim the environment from a place that is not proven. */
static void
find_strangers(const struct look *look)
{
	const struct scene *scene = look->scene;
	struct finding *finding;

	if (look->chain->has_inside)
		return;
	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *view = &scene->views[i];

		if (!text_same(view->series->environment, scene->environment) ||
		    node_counts(view) || !node_is_fresh(scene, view) ||
		    (look->chain->n_nodes > 0 && !is_stand_in(look, view)))
			continue;
		finding = look_add(look, TOKEN_STRANGER, 100,
		    note(look->arena,
			"results come only from %s, not proven to be in %s",
			view->series->agent, scene->environment));
		finding->view = view;
		return;
	}
}

/* --- impact ------------------------------------------------------------------------- */

static const char *
say_impact(const struct look *look, const struct node *node)
{
	const struct scene_view *view = node->view;
	const struct relapse *relapse =
	    relapse_of(look->scene, node_target(node));
	char usual[TEXT_SPAN_BYTES], recent[TEXT_SPAN_BYTES];

	if (view->is_relapsing && relapse != NULL)
		return note(look->arena,
		    "%s fails again and again: %s failed %zu times since %s, "
		    "last at %s",
		    look_place(look, view), relapse->target, relapse->n,
		    note_clock(look->arena, relapse->from_ms),
		    note_clock(look->arena, relapse->to_ms));
	if (view->is_late)
		return note(look->arena,
		    "%s is late since %s: takes %s, was %s",
		    look_place(look, view),
		    note_clock(look->arena, view->bad_from_ms),
		    text_span(recent, view->recent_us),
		    text_span(usual, view->usual_us));
	return note(look->arena, "%s fails since %s, %u runs",
	    look_place(look, view), note_clock(look->arena, view->bad_from_ms),
	    view->n_bad);
}

static void
find_impact(const struct look *look)
{
	const struct chain *chain = look->chain;
	struct finding *finding;

	for (size_t i = 0; i < chain->n_failing; i++) {
		const struct scene_view *view = chain->failing[i]->view;

		if (chain->has_impact &&
		    !node_is_user_facing(look->scene, view))
			continue;
		finding = look_add(look,
		    chain->has_inside ? TOKEN_IMPACT : TOKEN_OUTSIDE_ONLY,
		    chain->has_impact ? 100 : 50,
		    say_impact(look, chain->failing[i]));
		finding->view = view;
		return;
	}
	if (chain->n_nodes > 0 && chain->n_failing == 0)
		look_add(
		    look, TOKEN_HEALTHY, 100, "no check that users feel fails");
}

/* What a proxy answers instead of the application is no word of it, nor is what
 * nobody can tell the meaning of; what a log has said only names. */
static int
weight_of(const struct look *look, const struct node *node)
{
	if (look->direct != NULL || node->is_vague)
		return 0;
	return node->view->is_testifying ? TESTIMONY_PERCENT : 100;
}

static void
find_breaks(const struct look *look)
{
	const struct chain *chain = look->chain;

	if (chain->n_failing == 0 && chain->n_nodes > 0)
		look_add(look, TOKEN_BREAK_NONE, 100, "no layer fails");
	for (size_t i = 0; i < chain->n_failing; i++) {
		const struct node *node = chain->failing[i];
		struct finding *finding;

		/* Other faults beside the first are listed, not weighed. */
		if (i > 0 && node->entailed_by == NULL)
			continue;
		finding = look_add(look, node->token, weight_of(look, node),
		    note(look->arena, "%s: %s", look_place(look, node->view),
			look_outcome(look, node->view)));
		finding->view = node->view;
		finding->weight.entailed = node->entailed_by != NULL;
	}
}

/* It took the value of another environment, whether that hurts or not. */
static void
find_crossing(const struct look *look)
{
	const struct scene_fact *peer, *fact;
	const struct scene_change *change;
	struct finding *finding;

	fact = peers_crossed(&peer, &change, look->scene);
	if (fact == NULL ||
	    (look->break_ != NULL &&
		!suspect_uses(look->scene, look->break_, fact->name)))
		return;
	finding = look_add(look, TOKEN_PEER_EQUAL, 100,
	    note(look->arena,
		"%s has the value of %s, and they must differ%s%s", fact->name,
		peer->environment, change != NULL ? ", since " : "",
		change != NULL ? note_clock(look->arena, change->to_ms) : ""));
	finding->fact = fact;
}

/* --- the whole ------------------------------------------------------------------------------------------- */

void
findings_collect(struct findings *out, struct arena *arena,
    const struct scene *scene, const struct chain *chain,
    const struct suspects *suspects)
{
	struct look look = { out, arena, scene, chain, suspects,
		chain->n_failing > 0 ? chain->failing[0] : NULL,
		proxy_passed(chain, scene),
		chain->n_failing > 0
		    ? sibling_well(chain, chain->failing[0]->view)
		    : NULL };

	memset(out, 0, sizeof(*out));
	out->list =
	    arena_zalloc(arena, (FINDINGS_MAX + 1) * sizeof(*out->list));
	find_impact(&look);
	find_observers(&look);
	find_strangers(&look);
	find_breaks(&look);
	find_crossing(&look);
	if (look.break_ == NULL)
		return;
	look_at_tests(&look);
	look_at_traces(&look);
	look_at_owner(&look);
}

const struct finding *
findings_get(const struct findings *findings, enum token token)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->list[i].weight.token == token &&
		    !findings->list[i].weight.entailed)
			return &findings->list[i];
	return NULL;
}
