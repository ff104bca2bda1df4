#include <stdlib.h>
#include <string.h>

#include "collector/ask/case_pace.h"
#include "collector/ask/case_past.h"
#include "collector/ask/case_views.h"
#include "collector/diagnose/signature.h"
#include "proto/base/map.h"
#include "proto/base/text.h"
#include "proto/copy.h"
#include "proto/label.h"

#define DAY_MS      INT64_C(86400000)
#define RECENT_MS   INT64_C(1200000) /* of all series of an agent at once */
#define SAID_MS     INT64_C(900000)  /* and so much of a log is enough */
#define SEEN_MS     (7 * DAY_MS)     /* a series not seen for longer is gone */
#define HISTORY_MS  (30 * DAY_MS)
#define RESULTS_MAX 10000
#define LIMIT_MS    (7 * DAY_MS) /* how far back limits are compared */
#define FEW         SCENE_FEW
#define OLDER       CASE_PACE_OLDER

/* A series on the way to its view. */
struct sight {
	struct series series;
	struct result results[SCENE_RECENT]; /* the newest first */
	size_t n_results;
	/* Of ok runs before these: what was usual, although the newest may all
	 * be slow by now. */
	int64_t older_us[OLDER], older_connect_us[OLDER];
	size_t n_older;
	struct scene_spell spells[SCENE_SPELLS];
	size_t n_spells;
	bool is_in_spell;                   /* the oldest one seen by now is */
	struct case_said *said;             /* of a log; NULL */
	struct case_holders *holders;       /* NULL: it counts none */
	struct store_moment moment;         /* the run it was in */
	int64_t onset_from_ms, onset_to_ms; /* of an open regression */
	bool text_was_seen;                 /* in an earlier regression */
	uint64_t text;                      /* of the last failure; 0: none */
	struct scene_view *view;            /* made of it; NULL: no results */
};

struct watch {
	struct scene *scene;
	struct arena *arena;
	struct store *store;
	struct map *sights; /* by key, in the order of names */
	struct map *agents; /* "environment/agent", to their series */
	struct case_holes *holes;
	struct sight *current;
	struct scene_view *view;
};

static char *
key_of(const struct series *series)
{
	return mem_printf("%s" LABEL_CUT "%s" LABEL_CUT "%s" LABEL_CUT "%s",
	    series->environment, series->agent, series->service, series->probe);
}

static bool
is_bad(const struct result *result)
{
	return result->outcome == OUTCOME_CRITICAL;
}

static bool
is_good(const struct result *result)
{
	return result->outcome == OUTCOME_OK ||
	    result->outcome == OUTCOME_WARNING;
}

/* --- which series there are ------------------------------------------------------ */

static int
on_moment(void *arg, const struct store_moment *moment, struct err *err)
{
	struct watch *watch = arg;
	struct sight *sight;
	char *key;

	(void)err;
	if (moment->to_ms < watch->scene->at_ms - SEEN_MS)
		return 0;
	sight = arena_zalloc(watch->arena, sizeof(*sight));
	series_copy(&sight->series, watch->arena, moment->series);
	sight->moment = *moment;
	sight->moment.series = NULL;
	key = key_of(&sight->series);
	map_put(watch->sights, key, sight);
	free(key);
	key =
	    mem_printf("%s/%s", sight->series.environment, sight->series.agent);
	if (map_get(watch->agents, key) == NULL)
		map_put(watch->agents, key, sight);
	free(key);
	return 0;
}

/* --- their newest results ---------------------------------------------------------- */

static void
add_older(struct sight *sight, const struct series *series,
    const struct result *result)
{
	if (result->outcome != OUTCOME_OK || sight->n_older == OLDER)
		return;
	sight->older_us[sight->n_older] = result->duration_us;
	sight->older_connect_us[sight->n_older++] =
	    case_pace_connect_us(series, result);
}

/* Results come the newest first. */
static void
note_spell(
    const struct watch *watch, struct sight *sight, const struct result *result)
{
	struct scene_spell *spell = &sight->spells[sight->n_spells];
	struct result *told;

	if (is_good(result)) {
		if (sight->is_in_spell)
			spell[-1].good_ms = result->at_ms;
		sight->is_in_spell = false;
		return;
	}
	if (!is_bad(result) ||
	    (!sight->is_in_spell && sight->n_spells == SCENE_SPELLS))
		return;
	if (sight->is_in_spell) {
		spell[-1].from_ms = result->at_ms;
		spell[-1].n++;
		return;
	}
	told = arena_zalloc(watch->arena, sizeof(*told));
	result_copy(told, watch->arena, result);
	*spell = (struct scene_spell){
		.from_ms = result->at_ms,
		.to_ms = result->at_ms,
		.n = 1,
		.told = told,
	};
	sight->n_spells++;
	sight->is_in_spell = true;
}

static void
add_result(const struct watch *watch, struct sight *sight,
    const struct series *series, const struct result *result)
{
	note_spell(watch, sight, result);
	case_holders_add(&sight->holders, watch->arena, result);
	if (case_said_is_of(series)) {
		if (sight->said == NULL)
			sight->said =
			    arena_zalloc(watch->arena, sizeof(*sight->said));
		case_said_add(sight->said, watch->arena, result);
	}
	if (sight->n_results == SCENE_RECENT) {
		add_older(sight, series, result);
		return;
	}
	if (sight->n_results == 0)
		series_copy(&sight->series, watch->arena, series);
	result_copy(&sight->results[sight->n_results++], watch->arena, result);
}

static int
on_result(void *arg, const struct series *series, const struct result *result,
    struct err *err)
{
	struct watch *watch = arg;
	char *key = key_of(series);
	struct sight *sight = map_get(watch->sights, key);

	(void)err;
	free(key);
	case_holes_add(watch->holes, series, result->at_ms);
	if (sight != NULL)
		add_result(watch, sight, series, result);
	return 0;
}

static int
on_own_result(void *arg, const struct series *series,
    const struct result *result, struct err *err)
{
	struct watch *watch = arg;

	(void)err;
	add_result(watch, watch->current, series, result);
	return watch->current->n_results == SCENE_RECENT;
}

/* One look at everything an agent sent lately, then one at each series that
 * runs too seldom to be in it. */
static int
look_at_results(struct watch *watch, struct err *err)
{
	struct query_history request = {
		.service = "",
		.probe = "",
		.from_ms = watch->scene->at_ms - RECENT_MS,
		.to_ms = watch->scene->at_ms + 1,
		.limit = RESULTS_MAX,
	};
	bool more;

	MAP_EACH (struct sight, of, watch->agents) {
		request.environment = of->series.environment;
		request.agent = of->series.agent;
		if (store_scan_results(watch->store, &more, &request, on_result,
			watch, err) < 0)
			return -1;
	}
	request.from_ms = watch->scene->at_ms - SEEN_MS;
	request.limit = SCENE_RECENT;
	MAP_EACH (struct sight, sight, watch->sights) {
		if (sight->n_results >= FEW)
			continue;
		sight->n_results = sight->n_spells = 0;
		sight->is_in_spell = false;
		watch->current = sight;
		request.environment = sight->series.environment;
		request.agent = sight->series.agent;
		request.service = sight->series.service;
		request.probe = sight->series.probe;
		if (store_scan_results(watch->store, &more, &request,
			on_own_result, watch, err) < 0)
			return -1;
	}
	return 0;
}

/* --- what regressions remember -------------------------------------------------------- */

/* The open one tells the onset, earlier ones which texts were seen. */
static int
on_regression(void *arg, const struct regression_row *row, struct err *err)
{
	struct watch *watch = arg;
	int64_t at_ms = watch->scene->at_ms;
	struct sight *sight;
	char *key;

	(void)err;
	if (row->kind != REGRESSION_STATE || row->detected_ms > at_ms)
		return 0;
	key = mem_printf("%s" LABEL_CUT "%s" LABEL_CUT "%s" LABEL_CUT "%s",
	    row->environment, row->agent, row->service, row->subject);
	sight = map_get(watch->sights, key);
	free(key);
	if (sight == NULL)
		return 0;
	if (row->cleared_ms == 0 || row->cleared_ms > at_ms) {
		sight->onset_from_ms = row->onset_from_ms;
		sight->onset_to_ms = row->onset_to_ms;
	} else if (sight->text != 0 &&
	    signature_fingerprint(row->message, strlen(row->message)) ==
		sight->text) {
		sight->text_was_seen = true;
	}
	return 0;
}

static int
look_at_regressions(struct watch *watch, struct err *err)
{
	const struct query_regressions request = {
		.environment = "",
		.service = "",
		.from_ms = watch->scene->at_ms - HISTORY_MS,
		.to_ms = watch->scene->at_ms + 1,
		.limit = RESULTS_MAX,
	};
	bool more;

	return store_scan_regressions(
	    watch->store, &more, &request, on_regression, watch, err);
}

/* --- one view ------------------------------------------------------------------------------ */

static void
set_pace(struct scene_view *view, const struct sight *sight)
{
	const struct case_pace pace = {
		.series = &sight->series,
		.results = sight->results,
		.n_results = sight->n_results,
		.older_us = sight->older_us,
		.older_connect_us = sight->older_connect_us,
		.n_older = sight->n_older,
	};

	case_pace_set(view, &pace);
}

static uint64_t
text_of(const struct result *result)
{
	return signature_fingerprint(result->message, strlen(result->message));
}

/* Where the failures began that the newest result belongs to, or that the
 * newest few flap between; a stretch of good ones ends them. */
static void
set_onset(struct scene_view *view, const struct sight *sight)
{
	const struct result *newest = &sight->results[0];
	size_t n_good = 0;

	view->told = newest;
	for (size_t i = 0; i < sight->n_results && n_good < FEW; i++) {
		const struct result *result = &sight->results[i];

		if (is_good(result)) {
			if (n_good++ == 0)
				view->good_ms = result->at_ms;
			continue;
		}
		if (!is_bad(result))
			continue;
		n_good = 0;
		if (view->bad_from_ms == 0)
			view->told = result;
		view->bad_from_ms = result->at_ms;
		view->n_episode = (uint32_t)i + 1;
		view->n_episode_bad++;
		if (view->masked == NULL && is_bad(newest) &&
		    text_of(result) != text_of(newest))
			view->masked = result;
	}
	/* The newest good one came after the failures: they are over. */
	if (view->good_ms > view->bad_from_ms && n_good == 0)
		view->good_ms = 0;
}

static void
count(struct scene_view *view, const struct sight *sight)
{
	const struct result *newer = NULL;
	bool is_first = true;

	for (size_t i = 0; i < sight->n_results; i++) {
		const struct result *result = &sight->results[i];

		view->n_recent += result->outcome != OUTCOME_UNKNOWN;
		view->n_recent_bad += is_bad(result);
		view->n_good += is_good(result) && view->n_recent_bad == 0;
		is_first &= !is_good(result);
		view->n_bad += is_first && is_bad(result);
		if (!is_good(result) && !is_bad(result))
			continue;
		view->n_flips +=
		    newer != NULL && is_bad(newer) != is_bad(result);
		newer = result;
	}
}

/* A failure that reaches back beyond the newest results began where its
 * regression, or the run it is in, says. */
static void
reach_back(struct scene_view *view, const struct sight *sight)
{
	if (!is_bad(view->last))
		return;
	if (sight->onset_to_ms != 0) {
		view->good_ms = sight->onset_from_ms;
		view->bad_from_ms = sight->onset_to_ms;
	} else if (view->good_ms == 0 &&
	    sight->moment.outcome == OUTCOME_CRITICAL &&
	    sight->moment.from_ms < view->bad_from_ms) {
		view->bad_from_ms = sight->moment.from_ms;
	}
}

static int
on_limit(void *arg, const struct series *series, const struct result *result,
    struct err *err)
{
	struct scene_view *view = ((struct watch *)arg)->view;

	(void)series;
	(void)err;
	if (!result->censored || !is_bad(result))
		return 0;
	for (size_t i = 0; i < view->n_limits; i++)
		if (view->limits_ms[i] == result->limit_ms)
			return 0;
	if (view->n_limits < SCENE_LIMITS)
		view->limits_ms[view->n_limits++] = result->limit_ms;
	return 0;
}

/* Was the limit raised and reached again? */
static int
look_at_limits(struct watch *watch, const struct sight *sight, struct err *err)
{
	const struct query_history request = {
		.environment = sight->series.environment,
		.service = sight->series.service,
		.agent = sight->series.agent,
		.probe = sight->series.probe,
		.from_ms = watch->scene->at_ms - LIMIT_MS,
		.to_ms = watch->scene->at_ms + 1,
		.limit = RESULTS_MAX,
	};
	bool more;

	if (!watch->view->last->censored || !is_bad(watch->view->last))
		return 0;
	return store_scan_results(
	    watch->store, &more, &request, on_limit, watch, err);
}

/* Recorded history may leave out how often a probe runs. */
static void
complete(struct sight *sight)
{
	struct series *series = &sight->series;
	int64_t gaps[SCENE_RECENT];

	if (series->interval_ms != 0 || sight->n_results < FEW)
		return;
	for (size_t i = 1; i < sight->n_results; i++)
		gaps[i - 1] =
		    sight->results[i - 1].at_ms - sight->results[i].at_ms;
	series->interval_ms =
	    (uint32_t)case_pace_median(gaps, sight->n_results - 1);
}

static int
make_view(struct watch *watch, struct scene_view *view, struct sight *sight,
    struct err *err)
{
	complete(sight);
	view->series = &sight->series;
	view->last = &sight->results[0];
	view->first_ms = sight->results[sight->n_results - 1].at_ms;
	count(view, sight);
	set_onset(view, sight);
	reach_back(view, sight);
	set_pace(view, sight);
	view->text_is_new = sight->text != 0 && !sight->text_was_seen;
	memcpy(view->spells, sight->spells, sizeof(view->spells));
	view->n_spells = sight->n_spells;
	if (sight->said != NULL) {
		view->said = sight->said->list;
		view->n_said = sight->said->n;
	}
	case_holders_view(view, sight->holders, watch->arena);
	watch->view = sight->view = view;
	return look_at_limits(watch, sight, err);
}

static int
make_views(struct watch *watch, struct err *err)
{
	struct scene_view *views = arena_zalloc(
	    watch->arena, (map_count(watch->sights) + 1) * sizeof(*views));

	watch->scene->views = views;
	MAP_EACH (struct sight, sight, watch->sights) {
		if (sight->n_results == 0)
			continue;
		if (make_view(
			watch, &views[watch->scene->n_views], sight, err) < 0)
			return -1;
		watch->scene->n_views++;
	}
	return 0;
}

/* --- how it was long ago -------------------------------------------------------- */

/* Does it tell of more than of the moment?  Who cannot log in any more counts
 * nobody, and may have counted before. */
static bool
has_past(const struct sight *sight)
{
	return sight->said != NULL || sight->holders != NULL ||
	    (is_bad(sight->view->last) &&
		text_same(sight->series.kind, "postgres"));
}

static int
look_at_onset(struct watch *watch, struct err *err)
{
	const struct scene *scene = watch->scene;
	int64_t onset_ms = case_past_since(scene);

	if (onset_ms == 0 || onset_ms > scene->at_ms - SAID_MS)
		return 0;
	MAP_EACH (struct sight, sight, watch->sights) {
		const struct case_past past = { sight->said, &sight->holders,
			watch->arena };

		if (sight->view == NULL || !has_past(sight) ||
		    !text_same(sight->series.environment, scene->environment))
			continue;
		if (case_past_read(&past, watch->store, &sight->series,
			onset_ms, scene->at_ms, err) < 0)
			return -1;
		if (sight->said != NULL)
			sight->view->n_said = sight->said->n;
		case_holders_view(sight->view, sight->holders, watch->arena);
	}
	return 0;
}

static void
read_texts(const struct watch *watch)
{
	MAP_EACH (struct sight, sight, watch->sights)
		if (sight->n_results > 0 && is_bad(&sight->results[0]))
			sight->text = text_of(&sight->results[0]);
}

int
case_views(struct scene *scene, struct case_holes *holes, struct arena *arena,
    struct store *store, struct err *err)
{
	struct watch watch = { .scene = scene,
		.holes = holes,
		.arena = arena,
		.store = store,
		.sights = map_new(),
		.agents = map_new() };
	int rc =
	    store_scan_moment(store, "", scene->at_ms, on_moment, &watch, err);

	if (rc == 0)
		rc = look_at_results(&watch, err);
	read_texts(&watch);
	if (rc == 0)
		rc = look_at_regressions(&watch, err);
	if (rc == 0)
		rc = make_views(&watch, err);
	if (rc == 0)
		rc = look_at_onset(&watch, err);
	map_free(watch.sights);
	map_free(watch.agents);
	return rc;
}
