#include "collector/diagnose/node.h"
#include "collector/diagnose/relapse.h"
#include "collector/diagnose/suspects.h"
#include "proto/base/text.h"

#define EPISODES_LEAST 3 /* any */
#define DEATHS_LEAST   2 /* and so many are enough when somebody died */
#define QUIET_TIMES    2 /* the longest time from one to the next */
#define SAME_RUNS      2 /* intervals between what belongs together */

/* What happened to a target, and when; of failures the deepest, and why. */
struct event {
	int64_t good_ms, from_ms, to_ms;
	uint32_t n_failed; /* results */
	enum layer layer;
	enum reason reason;
	bool is_kill;
};

/* Events close together. */
struct episode {
	struct event all;
	bool is_death; /* a process of it was killed, or began anew */
};

struct gathering {
	const struct scene *scene;
	const char *environment, *target;
	const char *const *targets; /* of the views; NULL: takes no part */
	int64_t interval_ms;        /* the longest of its checks */
	struct event *events;
	size_t n_events;
	struct episode *episodes;
	size_t n_episodes;
};

/* --- who takes part ------------------------------------------------------------- */

/* A log tells each error once, and a host how full it is: neither says that
 * something fails or does not. */
static bool
is_state(const struct scene *scene, const struct scene_view *view)
{
	return view->series->reference_of[0] == '\0' && node_counts(view) &&
	    node_is_fresh(scene, view) &&
	    !text_same(view->series->kind, "log") &&
	    !text_same(view->series->kind, "host");
}

static const char *
target_of(const struct scene *scene, const struct scene_view *view)
{
	struct node node;

	node_place(&node, scene, view);
	return node_target(&node);
}

/* --- what happened ----------------------------------------------------------------- */

/* Where a control group counts its own kills, those of others on the same
 * host are not ours. */
static bool
counts_own_kills(const struct scene *scene, const char *environment)
{
	for (size_t i = 0; i < scene->n_facts; i++)
		if (text_same(scene->facts[i].environment, environment) &&
		    text_matches(
			"host/*/cgroup_oom_kills", scene->facts[i].name) &&
		    !text_same(scene->facts[i].value, "none"))
			return true;
	return false;
}

bool
relapse_is_kill(const struct scene *scene, const struct scene_change *change)
{
	return !change->is_mark && !change->first_seen &&
	    text_matches(counts_own_kills(scene, change->environment)
		    ? "host/*/cgroup_oom_kills"
		    : "host/*/oom_kills",
		change->name);
}

static bool
is_ours(const struct gathering *of, const struct scene_change *change)
{
	return text_same(change->environment, of->environment) &&
	    text_same(change->service, of->target) && !change->first_seen;
}

static bool
is_later(const struct event *a, const struct event *b)
{
	if (a->from_ms != b->from_ms)
		return a->from_ms > b->from_ms;
	return a->good_ms > b->good_ms;
}

/* In the order of their times, wherever they come from. */
static void
add(struct gathering *of, const struct event *event)
{
	size_t i = of->n_events++;

	for (; i > 0 && is_later(&of->events[i - 1], event); i--)
		of->events[i] = of->events[i - 1];
	of->events[i] = *event;
}

/* How deep a stretch of failures was. */
static enum layer
layer_of(const struct scene *scene, const struct scene_view *view,
    const struct result *told)
{
	struct scene_view as = *view;
	struct result last = *told;
	struct node node;

	last.outcome = OUTCOME_CRITICAL;
	as.last = &last;
	as.told = told;
	node_place(&node, scene, &as);
	return node.layer;
}

static void
gather_kills(struct gathering *of)
{
	for (size_t i = 0; i < of->scene->n_changes; i++) {
		const struct scene_change *change = &of->scene->changes[i];

		if (is_ours(of, change) && relapse_is_kill(of->scene, change))
			add(of,
			    &(struct event){
				.good_ms = change->from_ms,
				.from_ms = change->to_ms,
				.to_ms = change->to_ms,
				.layer = LAYER_COUNT,
				.is_kill = true,
			    });
	}
}

static void
gather_failures(struct gathering *of)
{
	for (size_t i = 0; i < of->scene->n_views; i++) {
		const struct scene_view *view = &of->scene->views[i];

		if (of->targets[i] == NULL ||
		    !text_same(of->targets[i], of->target) ||
		    !text_same(view->series->environment, of->environment))
			continue;
		if (of->interval_ms < view->series->interval_ms)
			of->interval_ms = view->series->interval_ms;
		for (size_t k = 0; k < view->n_spells; k++)
			add(of,
			    &(struct event){
				.good_ms = view->spells[k].good_ms,
				.from_ms = view->spells[k].from_ms,
				.to_ms = view->spells[k].to_ms,
				.n_failed = view->spells[k].n,
				.layer = layer_of(
				    of->scene, view, view->spells[k].told),
				.reason = view->spells[k].told->reason,
			    });
	}
}

/* --- episodes ------------------------------------------------------------------------ */

static void
join(struct gathering *of, const struct event *event)
{
	struct event *all =
	    of->n_episodes > 0 ? &of->episodes[of->n_episodes - 1].all : NULL;

	if (all == NULL ||
	    event->from_ms > all->to_ms + SAME_RUNS * of->interval_ms) {
		of->episodes[of->n_episodes++].all = *event;
		return;
	}
	if (event->to_ms > all->to_ms)
		all->to_ms = event->to_ms;
	if (event->layer < all->layer) {
		all->layer = event->layer;
		all->reason = event->reason;
	}
	all->n_failed += event->n_failed;
	all->is_kill |= event->is_kill;
}

/* Did a change of the target fall into an episode? */
static bool
has_within(const struct gathering *of, const struct event *all,
    bool (*is)(const struct gathering *of, const struct scene_change *change))
{
	int64_t slack_ms = SAME_RUNS * of->interval_ms;

	for (size_t i = 0; i < of->scene->n_changes; i++) {
		const struct scene_change *change = &of->scene->changes[i];

		if (is_ours(of, change) && is(of, change) &&
		    change->to_ms >= all->from_ms - slack_ms &&
		    change->from_ms <= all->to_ms + slack_ms)
			return true;
	}
	return false;
}

static bool
is_release(const struct gathering *of, const struct scene_change *change)
{
	(void)of;
	return suspect_class(change) == CHANGE_RELEASE;
}

static bool
is_restart(const struct gathering *of, const struct scene_change *change)
{
	(void)of;
	return !change->is_mark && text_same(change->name, "process/started");
}

/* Is it the same trouble?  Who dies fails in many ways. */
static bool
is_alike(const struct episode *a, const struct episode *b)
{
	return (a->is_death && b->is_death) ||
	    (a->all.layer == b->all.layer && a->all.reason == b->all.reason);
}

/* Leaves out what is another trouble than the newest. */
static void
keep_alike(struct gathering *of)
{
	struct episode last;
	size_t kept = 0;

	if (of->n_episodes == 0)
		return;
	last = of->episodes[of->n_episodes - 1];
	for (size_t i = 0; i < of->n_episodes; i++)
		if (is_alike(&of->episodes[i], &last))
			of->episodes[kept++] = of->episodes[i];
	of->n_episodes = kept;
}

/* Leaves out what is none. */
static void
sift(struct gathering *of)
{
	size_t kept = 0;

	for (size_t i = 0; i < of->n_episodes; i++) {
		struct episode *episode = &of->episodes[i];

		episode->is_death = episode->all.is_kill ||
		    has_within(of, &episode->all, is_restart);
		if (!episode->all.is_kill &&
		    has_within(of, &episode->all, is_release))
			continue;
		if (!episode->is_death && episode->all.n_failed <= 1)
			continue;
		if (kept > 0 &&
		    episode->all.from_ms >
			of->episodes[kept - 1].all.to_ms + RELAPSE_ANEW_MS)
			kept = 0;
		of->episodes[kept++] = *episode;
	}
	of->n_episodes = kept;
	keep_alike(of);
}

static bool
find(struct relapse *out, const struct gathering *of)
{
	const struct episode *first = of->episodes, *last;
	int64_t longest_ms = 0, before_ms = 0, apart_ms;
	size_t n_deaths = 0;
	uint32_t n_failed = 0;

	if (of->n_episodes == 0)
		return false;
	last = &of->episodes[of->n_episodes - 1];
	*out = (struct relapse){
		.environment = of->environment,
		.target = of->target,
		.good_ms = first->all.good_ms,
		.from_ms = first->all.from_ms,
		.to_ms = last->all.to_ms,
		.layer = last->is_death ? LAYER_OBSERVER : last->all.layer,
		.n = of->n_episodes,
	};
	for (size_t i = 0; i < of->n_episodes; i++) {
		const struct event *all = &of->episodes[i].all;

		n_deaths += of->episodes[i].is_death;
		n_failed += all->n_failed;
		out->n_killed += all->is_kill;
		apart_ms = i > 0 ? all->from_ms - before_ms : 0;
		if (apart_ms > longest_ms)
			longest_ms = apart_ms;
		before_ms = all->from_ms;
	}
	/* What lasts longer than that is down, and not for a while. */
	return n_failed > 0 &&
	    (out->n >= EPISODES_LEAST || n_deaths >= DEATHS_LEAST) &&
	    of->scene->at_ms - out->to_ms <= QUIET_TIMES * longest_ms &&
	    last->all.to_ms - last->all.from_ms <= longest_ms;
}

/* --- the whole ------------------------------------------------------------------------- */

/* Of a target that was not looked at yet; false when there is none in it. */
static bool
look(struct relapse *out, struct arena *arena, struct gathering *of)
{
	const struct scene *scene = of->scene;
	size_t room = scene->n_changes + SCENE_SPELLS * scene->n_views + 1;

	of->events = arena_zalloc(arena, room * sizeof(*of->events));
	of->episodes = arena_zalloc(arena, room * sizeof(*of->episodes));
	gather_failures(of);
	gather_kills(of);
	for (size_t i = 0; i < of->n_events; i++)
		join(of, &of->events[i]);
	sift(of);
	return find(out, of);
}

static const struct relapse *
find_of(const struct relapse *list, size_t n, const char *environment,
    const char *target)
{
	for (size_t i = 0; i < n; i++)
		if (text_same(list[i].environment, environment) &&
		    text_same(list[i].target, target))
			return &list[i];
	return NULL;
}

/* It has been failing since the first episode; well or not at the moment. */
static void
mark(struct scene_view *view, const struct scene *scene,
    const struct relapse *relapse)
{
	if (view->n_spells == 0 || view->spells[0].to_ms < relapse->from_ms)
		return;
	/* What failed below it meanwhile was another trouble, and is over. */
	if (!node_is_failing(view) &&
	    layer_of(scene, view, view->spells[0].told) < relapse->layer)
		return;
	if (!node_is_failing(view))
		view->told = view->spells[0].told;
	view->is_relapsing = true;
	view->good_ms = relapse->good_ms;
	view->bad_from_ms = relapse->from_ms;
}

static void
mark_all(struct scene_view *views, const struct scene *scene,
    const char *const *targets)
{
	for (size_t i = 0; i < scene->n_views; i++) {
		const struct relapse *relapse = targets[i] == NULL
		    ? NULL
		    : find_of(scene->relapses, scene->n_relapses,
			  views[i].series->environment, targets[i]);

		if (relapse != NULL)
			mark(&views[i], scene, relapse);
	}
}

const struct scene *
relapse_mark(struct arena *arena, const struct scene *scene)
{
	size_t n = scene->n_views;
	struct scene_view *views;
	struct scene *out = scene_copy(&views, arena, scene);
	const char **targets = arena_zalloc(arena, (n + 1) * sizeof(*targets));
	struct relapse *relapses =
	    arena_zalloc(arena, (n + 1) * sizeof(*relapses));

	for (size_t i = 0; i < n; i++)
		if (is_state(scene, &views[i]))
			targets[i] = target_of(scene, &views[i]);
	for (size_t i = 0; i < n; i++) {
		struct gathering of = { .scene = scene,
			.environment = views[i].series->environment,
			.target = targets[i],
			.targets = targets };

		if (targets[i] == NULL || views[i].n_spells == 0 ||
		    find_of(relapses, out->n_relapses, of.environment,
			of.target) != NULL)
			continue;
		out->n_relapses += look(&relapses[out->n_relapses], arena, &of);
	}
	out->relapses = relapses;
	mark_all(views, out, targets);
	return out;
}

const struct relapse *
relapse_of(const struct scene *scene, const char *target)
{
	return find_of(
	    scene->relapses, scene->n_relapses, scene->environment, target);
}
