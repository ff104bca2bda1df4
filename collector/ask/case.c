#include <stdlib.h>
#include <string.h>

#include "collector/ask/case.h"
#include "collector/ask/case_lessons.h"
#include "collector/ask/case_rules.h"
#include "collector/ask/case_views.h"
#include "collector/diagnose/suspects.h"
#include "collector/ask/facts.h"
#include "proto/base/map.h"
#include "proto/base/text.h"
#include "proto/fingerprints.h"
#include "proto/label.h"

#define DAY_MS      INT64_C(86400000)
#define HISTORY_MS  (30 * DAY_MS)  /* how far back changes are counted */
#define APPEARED_MS INT64_C(60000) /* first observations take so long */
#define ROWS_MAX    10000

/* What is being gathered. */
struct gathering {
	struct scene *scene;
	struct arena *arena;
	struct store *store;
	const struct collector_config *config;
	struct scene_fact *facts;
	struct scene_change *changes;
	struct scene_guard *guards;
	struct map *seen; /* facts, by place and name */
	struct case_holes *holes;
};

static const char *
keep(const struct gathering *gathering, const char *text)
{
	return arena_strdup(gathering->arena, text != NULL ? text : "");
}

/* --- what is declared --------------------------------------------------------- */

static const char *const *
keep_names(struct arena *arena, const struct names *names)
{
	const char **list = arena_zalloc(arena, (names->n + 1) * sizeof(*list));

	for (uint32_t i = 0; i < names->n; i++)
		list[i] = names->names[i];
	return list;
}

static void
declare(const struct gathering *gathering)
{
	const struct collector_config *config = gathering->config;
	struct scene *scene = gathering->scene;
	struct scene_environment *environments = arena_zalloc(gathering->arena,
	    (config->n_environments + 1) * sizeof(*environments));
	struct scene_service *services = arena_zalloc(
	    gathering->arena, (config->n_services + 1) * sizeof(*services));

	for (uint32_t i = 0; i < config->n_environments; i++) {
		const struct environment_config *from =
		    &config->environments[i];

		environments[i].name = from->name;
		environments[i].compare_with =
		    keep_names(gathering->arena, &from->compare_with);
		environments[i].n_compare_with = from->compare_with.n;
	}
	for (uint32_t i = 0; i < config->n_services; i++) {
		const struct service_config *from = &config->services[i];

		services[i] = (struct scene_service){
			.name = from->name,
			.kind = from->kind != NULL ? from->kind : "",
			.depends_on =
			    keep_names(gathering->arena, &from->depends_on),
			.n_depends_on = from->depends_on.n,
			.optional =
			    keep_names(gathering->arena, &from->optional),
			.n_optional = from->optional.n,
			.journeys =
			    keep_names(gathering->arena, &from->journeys),
			.n_journeys = from->journeys.n,
		};
	}
	scene->environments = environments;
	scene->n_environments = config->n_environments;
	scene->services = services;
	scene->n_services = config->n_services;
}

/* --- facts and changes ------------------------------------------------------------ */

/* Nothing was known before, or what was is not comparable. */
static bool
is_first(const struct change_row *row)
{
	return row->after_ms == 0 ||
	    (fingerprints_are_shown(row->before) &&
		fingerprints_are_shown(row->after) &&
		fingerprints_compare(row->before, row->after) ==
		    FINGERPRINTS_UNKNOWN);
}

static void
add_fact(struct gathering *gathering, const struct change_row *row)
{
	char *key = mem_printf(
	    "%s" LABEL_CUT "%s" LABEL_CUT "%s" LABEL_CUT "%s", row->environment,
	    row->service, source_name(row->source), row->name);
	struct scene_fact *fact;
	bool is_known = map_get(gathering->seen, key) != NULL;

	if (!is_known) {
		fact = &gathering->facts[gathering->scene->n_facts++];
		*fact = (struct scene_fact){
			.environment = keep(gathering, row->environment),
			.service = keep(gathering, row->service),
			.name = keep(gathering, row->name),
			.value = "",
			.fingerprint = "",
			.source = row->source,
			.at_ms = row->before_ms,
		};
		if (fingerprints_are_shown(row->after))
			fact->fingerprint = keep(
			    gathering, row->after + strlen(FINGERPRINTS_SHOWN));
		else if (strcmp(row->after, "absent") != 0)
			fact->value = keep(gathering, row->after);
		map_put(gathering->seen, key, fact);
	}
	free(key);
}

/* Newest first: the first row of a fact is what is in force. */
static int
on_change(void *arg, const struct change_row *row, struct err *err)
{
	struct gathering *gathering = arg;

	(void)err;
	if (gathering->scene->n_changes == ROWS_MAX)
		return 1;
	add_fact(gathering, row);
	gathering->changes[gathering->scene->n_changes++] =
	    (struct scene_change){
		    .environment = keep(gathering, row->environment),
		    .service = keep(gathering, row->service),
		    .name = keep(gathering, row->name),
		    .before = keep(gathering, row->before),
		    .after = keep(gathering, row->after),
		    .summary = "",
		    .source = row->source,
		    .from_ms =
			row->after_ms == 0 ? row->before_ms : row->after_ms,
		    .to_ms = row->before_ms,
		    .first_seen = is_first(row),
	    };
	return 0;
}

static int
on_mark(void *arg, const struct mark *mark, struct err *err)
{
	struct gathering *gathering = arg;

	(void)err;
	if (mark->kind == MARK_UNSTORED)
		case_holes_mark(gathering->holes, mark);
	/* They change what is looked at, not what is. */
	if (mark->kind == MARK_GUARD || mark->kind == MARK_UNSTORED)
		return 0;
	if (gathering->scene->n_changes == 2 * ROWS_MAX)
		return 1;
	gathering->changes[gathering->scene->n_changes++] =
	    (struct scene_change){
		    .environment = keep(gathering, mark->environment),
		    .service = keep(gathering, mark->service),
		    .name = keep(gathering, mark->subject),
		    .before = "",
		    .after = "",
		    .summary = keep(gathering, mark->summary),
		    .is_mark = true,
		    .kind = mark->kind,
		    .from_ms = mark->at_ms,
		    .to_ms = mark->at_ms,
	    };
	return 0;
}

static int
by_time(const void *a, const void *b)
{
	const struct scene_change *x = a, *y = b;

	if (x->to_ms != y->to_ms)
		return x->to_ms < y->to_ms ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* How often such changes happened here before: changes of one class within a
 * minute are one. */
static void
count_before(struct scene_change *changes, size_t n, int64_t from_ms)
{
	for (size_t i = 0; i < n; i++) {
		int64_t last_ms = 0;

		changes[i].span_ms = changes[i].to_ms - from_ms;
		for (size_t k = 0; k < i; k++) {
			if (changes[k].first_seen ||
			    strcmp(changes[k].environment,
				changes[i].environment) != 0 ||
			    suspect_class(&changes[k]) !=
				suspect_class(&changes[i]) ||
			    changes[i].to_ms - changes[k].to_ms < 60000)
				continue;
			changes[i].n_before +=
			    changes[k].to_ms - last_ms >= 60000;
			last_ms = changes[k].to_ms;
		}
	}
}

/* What appears where others were seen before has changed: it was not there. */
static void
find_appeared(struct scene_change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!changes[i].first_seen ||
		    fingerprints_are_shown(changes[i].before))
			continue;
		for (size_t k = 0; k < i && changes[i].first_seen; k++)
			changes[i].first_seen = changes[k].is_mark ||
			    strcmp(changes[k].environment,
				changes[i].environment) != 0 ||
			    strcmp(changes[k].service, changes[i].service) !=
				0 ||
			    changes[i].to_ms - changes[k].to_ms < APPEARED_MS;
	}
}

static int
gather_changes(struct gathering *gathering, struct err *err)
{
	struct scene *scene = gathering->scene;
	const struct query_changes request = {
		.environment = "",
		.service = "",
		.name = "",
		.to_ms = scene->at_ms + 1,
		.limit = ROWS_MAX,
	};
	const struct store_marks marks = {
		.environment = "",
		.service = "",
		.from_ms = scene->at_ms - HISTORY_MS,
		.to_ms = scene->at_ms + 1,
	};
	size_t kept = 0;
	bool more;

	gathering->changes = arena_zalloc(
	    gathering->arena, 2 * ROWS_MAX * sizeof(*gathering->changes));
	gathering->facts = arena_zalloc(
	    gathering->arena, ROWS_MAX * sizeof(*gathering->facts));
	if (store_scan_changes(gathering->store, &more, &request, on_change,
		gathering, err) < 0 ||
	    store_scan_marks(
		gathering->store, &marks, on_mark, gathering, err) < 0)
		return -1;
	for (size_t i = 0; i < scene->n_changes; i++)
		if (gathering->changes[i].to_ms >= scene->at_ms - HISTORY_MS)
			gathering->changes[kept++] = gathering->changes[i];
	scene->n_changes = kept;
	qsort(gathering->changes, kept, sizeof(*gathering->changes), by_time);
	find_appeared(gathering->changes, kept);
	count_before(gathering->changes, kept, scene->at_ms - HISTORY_MS);
	scene->changes = gathering->changes;
	scene->facts = gathering->facts;
	return 0;
}

/* --- guards -------------------------------------------------------------------------- */

/* What left its known good value and has not come back. */
static int
on_drift(void *arg, const struct regression_row *row, struct err *err)
{
	struct gathering *gathering = arg;

	(void)err;
	if (gathering->scene->n_guards == ROWS_MAX ||
	    (row->kind != REGRESSION_DRIFT && row->kind != REGRESSION_GUARD) ||
	    row->detected_ms > gathering->scene->at_ms ||
	    (row->cleared_ms != 0 &&
		row->cleared_ms <= gathering->scene->at_ms))
		return 0;
	gathering->guards[gathering->scene->n_guards++] = (struct scene_guard){
		.environment = keep(gathering, row->environment),
		.service = keep(gathering, row->service),
		.name = keep(gathering, row->subject),
		.rule = keep(gathering, row->before),
		.issue = "",
		.known = true,
		.held = false,
		.is_drift = row->kind == REGRESSION_DRIFT,
		.since_ms = row->onset_to_ms,
	};
	return 0;
}

static int
gather_guards(struct gathering *gathering, struct err *err)
{
	const struct query_regressions request = {
		.environment = gathering->scene->environment,
		.service = "",
		.from_ms = gathering->scene->at_ms,
		.to_ms = gathering->scene->at_ms + 1,
		.limit = ROWS_MAX,
	};
	bool more;

	gathering->guards = arena_zalloc(
	    gathering->arena, ROWS_MAX * sizeof(*gathering->guards));
	gathering->scene->guards = gathering->guards;
	return store_scan_regressions(
	    gathering->store, &more, &request, on_drift, gathering, err);
}

/* --- agents --------------------------------------------------------------------------- */

static struct scene_agent *
agent_of(struct scene_agent *agents, struct scene *scene,
    const struct series *series)
{
	for (size_t i = 0; i < scene->n_agents; i++)
		if (strcmp(agents[i].agent, series->agent) == 0 &&
		    strcmp(agents[i].environment, series->environment) == 0)
			return &agents[i];
	agents[scene->n_agents] = (struct scene_agent){
		.environment = series->environment,
		.agent = series->agent,
	};
	return &agents[scene->n_agents++];
}

/* Agents are heard by their results: the newest of any of their series. */
static void
gather_agents(const struct gathering *gathering)
{
	struct scene *scene = gathering->scene;
	struct scene_agent *agents = arena_zalloc(
	    gathering->arena, (scene->n_views + 1) * sizeof(*agents));

	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *view = &scene->views[i];
		struct scene_agent *agent =
		    agent_of(agents, scene, view->series);

		if (view->last->at_ms >= agent->heard_ms) {
			agent->heard_ms = view->last->at_ms;
			agent->vantage = view->series->vantage;
		}
		if (view->series->interval_ms > 0 &&
		    (agent->heartbeat_ms == 0 ||
			view->series->interval_ms < agent->heartbeat_ms))
			agent->heartbeat_ms = view->series->interval_ms;
	}
	scene->agents = agents;
}

/* --- the whole -------------------------------------------------------------------------- */

static bool
is_known(const struct scene *scene)
{
	for (size_t i = 0; i < scene->n_environments; i++)
		if (strcmp(scene->environments[i].name, scene->environment) ==
		    0)
			return true;
	for (size_t i = 0; i < scene->n_views; i++)
		if (strcmp(scene->views[i].series->environment,
			scene->environment) == 0)
			return true;
	return false;
}

int
case_build(struct scene *out, struct arena *arena, struct store *store,
    const struct collector_config *config, const struct case_request *request,
    struct err *err)
{
	struct gathering gathering = { .scene = out,
		.arena = arena,
		.store = store,
		.config = config,
		.seen = map_new() };
	int rc;

	memset(out, 0, sizeof(*out));
	out->environment = arena_strdup(arena, request->environment);
	out->at_ms = request->at_ms;
	declare(&gathering);
	gathering.holes = case_holes_new(out->at_ms);
	rc = case_views(out, gathering.holes, arena, store, err);
	if (rc == 0)
		rc = gather_changes(&gathering, err);
	if (rc == 0)
		rc = gather_guards(&gathering, err);
	if (rc == 0)
		rc = case_rules(out, arena, store, config, err);
	if (rc == 0)
		rc = case_lessons(out, arena, store, err);
	gather_agents(&gathering);
	case_holes_find(gathering.holes, out, arena);
	map_free(gathering.seen);
	if (rc == 0 && !is_known(out))
		return err_set(err, ERR_NOT_FOUND,
		    "environment %s: neither configured nor ever heard of",
		    out->environment);
	return rc;
}
