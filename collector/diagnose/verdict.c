#include <string.h>

#include "collector/diagnose/graph.h"
#include "collector/diagnose/late.h"
#include "collector/diagnose/node.h"
#include "collector/diagnose/note.h"
#include "collector/diagnose/peers.h"
#include "collector/diagnose/proxy.h"
#include "collector/diagnose/reference.h"
#include "collector/diagnose/relapse.h"
#include "collector/diagnose/remarks.h"
#include "collector/diagnose/subject.h"
#include "collector/diagnose/testimony.h"
#include "collector/diagnose/verdict.h"
#include "proto/base/text.h"

#define LIKELY       9000 /* "very likely" from here, with a decisive test */
#define PROBABLE     7000 /* a verdict from here */
#define CAP_TEST     8500 /* without a separating test */
#define CAP_TWINS    5000 /* build and inputs changed together, no test */
#define LOW_COVERAGE 5000
#define ANNOUNCED_MS INT64_C(600000) /* before or after it is done */

/* --- coverage ------------------------------------------------------------------- */

/* Layers that something watches in this environment at all, and those of them
 * with fresh evidence from inside. */
static void
measure_coverage(struct verdict *out, const struct scene *scene)
{
	bool known[LAYER_COUNT] = { false }, seen[LAYER_COUNT] = { false };

	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *view = &scene->views[i];
		struct node node;

		out->n_views +=
		    text_same(view->series->environment, scene->environment);
		if (view->series->reference_of[0] != '\0')
			continue;
		node_place(&node, scene, view);
		known[node.layer] = true;
		if (text_same(view->series->environment, scene->environment) &&
		    node_is_fresh(scene, view) && node_counts(view) &&
		    view->last->outcome != OUTCOME_UNKNOWN)
			seen[node.layer] = true;
	}
	for (int i = 0; i < LAYER_COUNT; i++) {
		out->n_layers += known[i];
		out->n_layers_seen += known[i] && seen[i];
	}
	out->coverage_permyriad = out->n_layers == 0
	    ? 0
	    : (int)(out->n_layers_seen * 10000 / out->n_layers);
}

/* --- states ----------------------------------------------------------------------- */

static struct service_state *
state_of(struct verdict *out, const char *service)
{
	for (size_t i = 0; i < out->n_states; i++)
		if (text_same(out->states[i].service, service))
			return &out->states[i];
	out->states[out->n_states].service = service;
	out->states[out->n_states].state = "unknown";
	return &out->states[out->n_states++];
}

static void
set_states(struct verdict *out, struct arena *arena, const struct chain *chain)
{
	out->states =
	    arena_zalloc(arena, (chain->n_nodes + 1) * sizeof(*out->states));
	for (size_t i = 0; i < chain->n_nodes; i++) {
		const struct scene_view *view = chain->nodes[i].view;
		struct service_state *state =
		    state_of(out, chain->nodes[i].service);

		if (!node_is_failing(view)) {
			if (view->last->outcome == OUTCOME_OK &&
			    text_same(state->state, "unknown"))
				state->state = "ok";
			continue;
		}
		if (!text_same(state->state, "down"))
			state->state = view->n_recent_bad < view->n_recent &&
				view->n_bad < 3
			    ? "degraded"
			    : "down";
		if (state->to_ms == 0 || view->bad_from_ms < state->to_ms) {
			state->from_ms = view->good_ms;
			state->to_ms = view->bad_from_ms;
		}
	}
}

/* --- the trigger --------------------------------------------------------------------- */

/* The first pattern that a fact's name matches decides. */
static const struct {
	const char *pattern, *kind, *gone;
} trigger_kinds[] = {
	{ "dns/*", "dns_change", NULL },
	{ "*upstream*", "proxy_change", NULL },
	{ "*proxy*", "proxy_change", NULL },
	{ "ruleset*", "firewall_change", NULL },
	{ "envfile*", "env_file_changed", "env_file_removed" },
	{ "file/*", "env_file_changed", "env_file_removed" },
	{ "hosts*", "env_file_changed", "env_file_changed" },
	{ "env/FLAG_*", "flag_change", NULL },
	{ "flag*", "flag_change", NULL },
	{ "setting*", "config_change", NULL },
	{ "config*", "config_change", NULL },
	{ "*firewall*", "firewall_change", NULL },
	{ "host/*", "platform_limit_change", NULL },
	{ "limit*", "platform_limit_change", NULL },
	{ "cgroup*", "platform_limit_change", NULL },
};

static const char *
trigger_kind(const struct suspect *suspect)
{
	static const char *const kinds[CHANGE_CLASSES] = { "deploy",
		"env_change", "platform_state_change", "network_change",
		"change" };
	const struct scene_change *change = suspect->change;

	if (change->is_mark)
		return mark_kind_name(change->kind);
	if (suspect_is_server_setting(change))
		return "server_setting_change";
	if (suspect->class == CHANGE_PATH &&
	    strncmp(change->name, "dns/", 4) != 0 &&
	    proxy_program(change->name) != NULL)
		return "proxy_change";
	for (size_t i = 0; i < sizeof(trigger_kinds) / sizeof(trigger_kinds[0]);
	     i++)
		if (text_matches(trigger_kinds[i].pattern, change->name))
			return trigger_kinds[i].gone != NULL &&
				(change->after[0] == '\0' ||
				    text_same(change->after, "absent"))
			    ? trigger_kinds[i].gone
			    : trigger_kinds[i].kind;
	return kinds[suspect->class];
}

/* What leaves no change behind but a failure from then on: an instant that
 * was reached, a server that nobody keeps, an input that is seen to be wrong. */
static const char *
kind_of_break(const struct verdict *out, const struct node *node)
{
	if (out->blame == BLAME_INFRA &&
	    findings_get(&out->findings, TOKEN_EXPIRED) != NULL)
		return "expiry";
	if (out->blame == BLAME_INFRA && node->token == TOKEN_BREAK_REFUSED)
		return "dependency_stop";
	if (out->blame == BLAME_ENV && node->token == TOKEN_BREAK_ENV)
		return "env_change";
	return NULL;
}

static void
set_trigger_of_break(struct verdict *out, const struct chain *chain)
{
	const char *kind;

	if (chain->n_failing == 0)
		return;
	kind = kind_of_break(out, chain->failing[0]);
	if (kind == NULL)
		return;
	out->trigger.kind = kind;
	out->trigger.subject = out->subject;
	/* A certificate is complained of long before it expires. */
	if (out->blame == BLAME_INFRA) {
		out->trigger.from_ms = chain->onset_from_ms;
		out->trigger.to_ms = chain->onset_to_ms;
		return;
	}
	out->trigger.from_ms = chain->failing[0]->view->good_ms;
	out->trigger.to_ms = chain->failing[0]->view->bad_from_ms;
}

/* Nothing fails, so nothing is suspected; it is known all the same. */
static void
set_trigger_of_change(struct verdict *out, const struct scene_change *change)
{
	const struct suspect as = { .change = change, .class = CHANGE_INPUT };

	out->trigger.kind = trigger_kind(&as);
	out->trigger.subject = change->name;
	out->trigger.from_ms = change->from_ms;
	out->trigger.to_ms = change->to_ms;
}

/* Of the changes of a class the one of what is blamed, else the heaviest. */
static const struct suspect *
find_trigger(const struct verdict *out, struct arena *arena,
    const struct suspects *suspects, enum change_class class)
{
	const struct suspect *best = suspects_find(suspects, class);

	for (size_t i = 0; best != NULL && i < suspects->n; i++) {
		const struct suspect *suspect = &suspects->list[i];

		if (suspect->class == class && suspect->is_before &&
		    suspect->is_used && suspect->db10 > 0 &&
		    text_same(subject_of_change(arena, suspect->change),
			out->subject))
			return suspect;
	}
	return best;
}

/* The change before the onset of the class that is blamed; a deploy that
 * brought it about counts as well. */
static void
set_trigger(struct verdict *out, struct arena *arena, const struct chain *chain,
    const struct suspects *suspects)
{
	static const enum change_class of[BLAME_COUNT] = { CHANGE_RELEASE,
		CHANGE_INPUT, CHANGE_PLATFORM, CHANGE_PATH, CHANGE_CLASSES,
		CHANGE_CLASSES };
	const struct suspect *best = NULL;

	out->trigger.kind = out->trigger.subject = "";
	if (out->blame >= BLAME_BLIND)
		return;
	if (out->silent != NULL) {
		set_trigger_of_change(out, out->silent);
		return;
	}
	best = find_trigger(out, arena, suspects, of[out->blame]);
	if (best == NULL && out->blame != BLAME_INFRA)
		best = suspects_find(suspects, CHANGE_RELEASE);
	if (best == NULL ||
	    (out->blame == BLAME_INFRA &&
		findings_get(&out->findings, TOKEN_EXPIRED) != NULL)) {
		set_trigger_of_break(out, chain);
		return;
	}
	out->trigger.kind = trigger_kind(best);
	out->trigger.subject = best->change->name[0] != '\0'
	    ? best->change->name
	    : subject_of_change(arena, best->change);
	out->trigger.from_ms = best->change->from_ms;
	out->trigger.to_ms = best->change->to_ms;
	out->trigger.by_mark = best->change->is_mark;
}

/* --- weighing ---------------------------------------------------------------------------- */

static void
weigh(struct verdict *out, struct arena *arena, const struct scene *scene)
{
	static const struct experience nothing = { 0 };
	const struct experience *experience =
	    scene->experience != NULL ? scene->experience : &nothing;
	struct findings *findings = &out->findings;
	struct weight *weights =
	    arena_zalloc(arena, (findings->n + 1) * sizeof(*weights));

	for (size_t i = 0; i < findings->n; i++)
		weights[i] = findings->list[i].weight;
	out->n_labelled = experience_labelled(experience);
	out->n_told = experience_told(experience);
	score(&out->score, weights, findings->n, experience);
	for (size_t i = 0; i < findings->n; i++)
		findings->list[i].weight = weights[i];
}

static void
cap(struct verdict *out, int permyriad, const char *why)
{
	if (out->permyriad <= permyriad)
		return;
	out->permyriad = permyriad;
	out->cap = why;
}

/* Is there a test that would have come out otherwise with the other of a build
 * and of inputs that changed with it?  An input that is seen to be wrong needs
 * none. */
static bool
is_separated(const struct verdict *out, const struct chain *chain)
{
	static const enum token tests[] = { TOKEN_REFERENCE_OK, TOKEN_BOTH_FAIL,
		TOKEN_BOTH_OK, TOKEN_BUILD_OK, TOKEN_BUILD_FAIL };

	if (out->score.first != BLAME_APP && out->score.first != BLAME_ENV)
		return out->score.decisive;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		if (findings_get(&out->findings, tests[i]) != NULL)
			return true;
	return chain->failing[0]->layer <= LAYER_SECRET;
}

/* Build and inputs changed in the same interval, and nothing separates. */
static bool
is_ambiguous(const struct verdict *out, const struct chain *chain)
{
	return findings_get(&out->findings, TOKEN_RELEASED) != NULL &&
	    findings_get(&out->findings, TOKEN_INPUT_CHANGED) != NULL &&
	    !is_separated(out, chain);
}

static void
undetermine(struct verdict *out, int limit, const char *why)
{
	out->blame = BLAME_UNDETERMINED;
	out->subject = "";
	cap(out, limit, why);
}

static void
judge(struct verdict *out, const struct chain *chain)
{
	out->blame = out->score.first;
	out->permyriad = out->score.permyriad[out->blame];
	out->cap = "";
	/* Little was seen: less distance from what was believed before. */
	if (out->coverage_permyriad < LOW_COVERAGE && chain->n_failing > 0)
		cap(out,
		    2500 +
			(out->permyriad - 2500) * out->coverage_permyriad /
			    LOW_COVERAGE,
		    "fewer than half of the layers could be seen");
	if (!out->score.decisive && chain->n_failing > 0)
		cap(out, CAP_TEST, "no separating test was possible");
	if (is_ambiguous(out, chain))
		undetermine(out, CAP_TWINS,
		    "build and inputs changed together, and no test tells "
		    "them apart");
	else if (late_is_break(chain) && !late_is_explained(&out->findings))
		undetermine(out, CAP_TWINS,
		    "nothing fails, what users feel is late, and nothing tells "
		    "why");
	else if (out->permyriad < PROBABLE)
		undetermine(out, 10000, "no class reaches 0.70");
}

/* --- gates ---------------------------------------------------------------------------------- */

static void
set_verdict(struct verdict *out, enum blame blame, int permyriad)
{
	out->blame = blame;
	out->permyriad = permyriad;
	out->cap = "";
}

/* What is decided before any arithmetic, in this order; false: nothing. */
static bool
pass_gates(struct verdict *out, const struct chain *chain)
{
	int floor = out->score.permyriad[BLAME_BLIND];

	if (chain->n_nodes == 0 ||
	    (!chain->has_inside && !chain->has_impact &&
		out->findings.n_silent > 0)) {
		set_verdict(out, BLAME_BLIND, floor < 8000 ? 8000 : floor);
		return true;
	}
	if (!chain->has_inside && chain->n_failing > 0) {
		set_verdict(out, BLAME_UNDETERMINED,
		    out->score.permyriad[out->score.first]);
		cap(out, CAP_TWINS,
		    "nobody looks from inside: restore the agent first");
		return true;
	}
	if (chain->n_failing == 0 && !out->findings.is_observed &&
	    out->score.first == BLAME_BLIND) {
		set_verdict(out, BLAME_BLIND, floor);
		return true;
	}
	if (chain->n_failing == 0) {
		set_verdict(out, BLAME_NONE, out->score.permyriad[BLAME_NONE]);
		return true;
	}
	return false;
}

/* What a host counts, or when a process began, is measured and nobody's
 * choice; a build that differs from the one before it is what a release is. */
static bool
is_chosen(const struct scene_guard *guard)
{
	struct scene_change as = { .name = guard->name };
	enum change_class class = suspect_class(&as);

	return class == CHANGE_INPUT ||
	    (class != CHANGE_RELEASE && strchr(guard->name, '/') == NULL);
}

/* Did somebody say at the time that he changes that service?  A value that only
 * left what it was is then what was wanted. */
static bool
is_announced(const struct scene *scene, const struct scene_guard *guard)
{
	for (size_t i = 0; i < scene->n_changes; i++) {
		const struct scene_change *change = &scene->changes[i];
		int64_t apart_ms = guard->since_ms - change->to_ms;

		if (change->is_mark &&
		    (change->kind == MARK_DEPLOY ||
			change->kind == MARK_ROLLBACK ||
			change->kind == MARK_CONFIG_CHANGE) &&
		    text_same(change->environment, guard->environment) &&
		    text_same(change->service, guard->service) &&
		    apart_ms <= ANNOUNCED_MS && apart_ms >= -ANNOUNCED_MS)
			return true;
	}
	return false;
}

static void
set_silent(struct verdict *out, const char *subject)
{
	set_verdict(out, BLAME_ENV, CAP_TEST);
	out->cap = "nothing fails yet";
	out->severity = SEVERITY_SILENT;
	out->subject = subject;
}

/* It took the value of another environment, and works. */
static void
look_for_crossing(
    struct verdict *out, struct arena *arena, const struct scene *scene)
{
	const struct scene_fact *peer, *fact;
	const struct scene_change *change;

	if (out->blame != BLAME_NONE)
		return;
	fact = peers_crossed(&peer, &change, scene);
	if (fact == NULL)
		return;
	set_silent(out, subject_of_fact(arena, fact));
	out->onset_from_ms = change != NULL ? change->from_ms : 0;
	out->onset_to_ms = change != NULL ? change->to_ms : fact->at_ms;
	out->silent = change;
}

/* A guard is broken and nobody feels it: an environment fault all the same. */
static void
look_for_silent(struct verdict *out, struct arena *arena,
    const struct scene *scene, const struct chain *chain)
{
	if (out->blame != BLAME_NONE &&
	    !(out->blame == BLAME_UNDETERMINED && late_is_break(chain)))
		return;
	for (size_t i = 0; i < scene->n_guards; i++) {
		const struct scene_guard *guard = &scene->guards[i];

		if (!text_same(guard->environment, scene->environment) ||
		    !guard->known || guard->held || !is_chosen(guard) ||
		    (guard->is_drift && is_announced(scene, guard)))
			continue;
		set_silent(out, subject_of_guard(arena, guard));
		out->onset_to_ms = guard->since_ms;
		return;
	}
}

static void
set_alternatives(struct verdict *out, struct arena *arena,
    const struct scene *scene, const struct chain *chain,
    const struct suspects *suspects)
{
	for (int i = 0; i < BLAME_COUNT; i++) {
		struct alternative alternative = { (enum blame)i, "",
			out->score.permyriad[i] };
		size_t k = out->n_alternatives;

		if (i == (int)out->blame || alternative.permyriad < 200)
			continue;
		alternative.subject = subject_of((enum blame)i, arena, scene,
		    chain, suspects, &out->findings);
		for (; k > 0 &&
		     out->alternatives[k - 1].permyriad < alternative.permyriad;
		     k--)
			out->alternatives[k] = out->alternatives[k - 1];
		out->alternatives[k] = alternative;
		out->n_alternatives++;
	}
}

static const char *
word_of(const struct verdict *out)
{
	if (out->blame == BLAME_UNDETERMINED)
		return "undetermined";
	return out->permyriad >= LIKELY &&
		(out->score.decisive || out->blame >= BLAME_BLIND)
	    ? "very likely"
	    : "probable";
}

void
verdict_reach(
    struct verdict *out, struct arena *arena, const struct scene *scene)
{
	struct chain chain;
	struct suspects suspects;

	scene = graph_complete(arena, reference_mark(arena, scene));
	scene = testimony_mark(arena, relapse_mark(arena, scene));
	scene = late_mark(arena, scene);
	memset(out, 0, sizeof(*out));
	out->environment = scene->environment;
	out->at_ms = scene->at_ms;
	out->subject = "";
	chain_build(&chain, arena, scene);
	suspects_build(&suspects, arena, scene, &chain);
	findings_collect(&out->findings, arena, scene, &chain, &suspects);
	weigh(out, arena, scene);
	measure_coverage(out, scene);
	set_states(out, arena, &chain);
	out->severity = severity_of(scene, &chain, &out->findings);
	out->onset_from_ms = chain.onset_from_ms;
	out->onset_to_ms = chain.onset_to_ms;
	out->good_ms = chain.good_ms;
	if (!pass_gates(out, &chain))
		judge(out, &chain);
	if (out->blame < BLAME_NONE)
		out->subject = subject_of(out->blame, arena, scene, &chain,
		    &suspects, &out->findings);
	if (out->blame == BLAME_BLIND && out->findings.hole != NULL)
		out->onset_from_ms = out->onset_to_ms =
		    out->findings.hole->from_ms;
	else if (out->blame == BLAME_BLIND && out->findings.uncovered != NULL)
		out->onset_from_ms = out->onset_to_ms =
		    out->findings.uncovered->to_ms;
	look_for_crossing(out, arena, scene);
	look_for_silent(out, arena, scene, &chain);
	set_trigger(out, arena, &chain, &suspects);
	set_alternatives(out, arena, scene, &chain, &suspects);
	out->word = word_of(out);
	remarks_add(out, arena, scene, &chain, &suspects);
}
