#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/detect/beat.h"
#include "collector/heartbeats.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define AGENT  "heartbeats"
#define KIND   "heartbeat"
#define CALLED "last_call" /* attribute: when it called last */

/* A heartbeat, and what is known of it. */
struct watched {
	const struct heartbeat_config *config;
	struct beat_rule rule;
	struct beat beat;
	int64_t called_at_ms; /* the last call by the wall clock; 0: never */
};

struct heartbeats {
	struct inbox *inbox;
	const struct pipeline *pipeline;
	struct map *watched; /* by "environment/name" */
	int64_t deaf_from_ms, deaf_to_ms;
};

/* What waits for its commit. */
struct saying {
	struct heartbeats *heartbeats;
	char *key;    /* of watched */
	bool is_call; /* the job's, not ours */
	struct moment at;
	pushed_fn *pushed; /* of a call */
	void *arg;
};

/* --- results ------------------------------------------------------------- */

static const char *const phases[] = { "wait", "run" };

static struct series
series_of(const struct heartbeat_config *config)
{
	struct series series = {
		.service = config->service,
		.probe = config->name,
		.kind = KIND,
		.reference_of = "",
		.vantage = config->seen_from,
		.interval_ms = (uint32_t)(config->every_ms + config->grace_ms),
		.n_phases = 2,
	};

	memcpy(series.phases, phases, sizeof(phases));
	return series;
}

static enum outcome
bad(const struct heartbeat_config *config)
{
	return config->is_warning ? OUTCOME_WARNING : OUTCOME_CRITICAL;
}

static struct saying *
saying_new(struct heartbeats *heartbeats, const struct watched *watched)
{
	const struct heartbeat_config *config = watched->config;
	struct saying *saying = mem_zalloc(sizeof(*saying));

	saying->heartbeats = heartbeats;
	saying->key = mem_printf("%s/%s", config->environment, config->name);
	saying->at = inbox_now(heartbeats->inbox);
	return saying;
}

static void
saying_free(struct saying *saying)
{
	free(saying->key);
	free(saying);
}

/* What was said is safe; or it is not, and is to be said again. */
static void
on_said(void *arg, const struct rpc_status *status, bool repeated)
{
	struct saying *saying = arg;
	struct watched *watched =
	    map_get(saying->heartbeats->watched, saying->key);
	bool is_safe = status->code == RPC_OK;

	if (watched != NULL && saying->is_call && is_safe && !repeated) {
		beat_end(&watched->beat, saying->at.mono_ms);
		watched->called_at_ms = saying->at.wall_ms;
	}
	if (watched != NULL && !saying->is_call && !is_safe)
		watched->beat.said = BEAT_NOTHING;
	if (saying->is_call)
		saying->pushed(saying->arg, status, repeated);
	saying_free(saying);
}

/* Hands one result to the inbox.  Takes saying, also when it is refused. */
static int
say(const struct watched *watched, const struct result *result, uint64_t key,
    struct saying *saying, struct err *err)
{
	const struct heartbeat_config *config = watched->config;
	struct series series = series_of(config);
	struct batch *batch = batch_new();
	const struct push push = { config->environment, AGENT,
		config->seen_from, key, batch };
	int rc;

	batch_add_result(batch, &series, result);
	rc = inbox_push(saying->heartbeats->inbox, &push, on_said, saying, err);
	if (rc < 0)
		saying_free(saying);
	batch_free(batch);
	return rc;
}

/* --- what no call says ---------------------------------------------------- */

static const char *
describe(char out[MESSAGE_MAX_BYTES], const struct watched *watched,
    enum beat_says says, const struct moment *now)
{
	const struct heartbeat_config *config = watched->config;
	char at[TEXT_TIME_BYTES], span[TEXT_SPAN_BYTES];
	int64_t us;

	text_time(at, watched->called_at_ms);
	us = (config->every_ms + config->grace_ms) * 1000;
	switch (says) {
	case BEAT_NEVER:
		snprintf(out, MESSAGE_MAX_BYTES,
		    "no call yet: POST /api/v1/heartbeat/%s/%s",
		    config->environment, config->name);
		break;
	case BEAT_UNHEARD:
		snprintf(out, MESSAGE_MAX_BYTES,
		    "no call since %s, but one may have been lost while the "
		    "collector did not run",
		    at);
		break;
	case BEAT_TOO_LONG:
		us = (now->mono_ms - watched->beat.started_ms) * 1000;
		snprintf(out, MESSAGE_MAX_BYTES,
		    "has run for %s and has not ended", text_span(span, us));
		break;
	default:
		snprintf(out, MESSAGE_MAX_BYTES,
		    "no call since %s, one is due every %s with its grace: "
		    "the job, its schedule, its host or its way to the "
		    "collector",
		    at, text_span(span, us));
	}
	return out;
}

static void
set_too_long(struct result *result, const struct watched *watched,
    const struct moment *now)
{
	int64_t ran_ms = now->mono_ms - watched->beat.started_ms;

	result->at_ms = now->wall_ms - ran_ms;
	result->duration_us = result->phase_us[1] = ran_ms * 1000;
	result->n_phases = 2;
	result->limit_ms = (uint32_t)watched->rule.limit_ms;
	result->censored = true;
	result->reason = REASON_TIMEOUT;
}

static void
tell(struct heartbeats *heartbeats, struct watched *watched,
    enum beat_says says, const struct moment *now)
{
	bool is_unknown = says == BEAT_NEVER || says == BEAT_UNHEARD;
	char message[MESSAGE_MAX_BYTES], called[TEXT_TIME_BYTES];
	struct attribute attribute = { CALLED,
		text_time(called, watched->called_at_ms), 0 };
	struct result result = {
		.at_ms = now->wall_ms,
		.outcome = is_unknown ? OUTCOME_UNKNOWN : bad(watched->config),
		.reason = is_unknown ? REASON_SKIPPED : REASON_MISSED,
		.attempts = 1,
		.n_phases = 1,
		.message = describe(message, watched, says, now),
		.attributes = &attribute,
		.n_attributes = watched->called_at_ms != 0,
	};

	if (says == BEAT_TOO_LONG)
		set_too_long(&result, watched, now);
	/* Refused: the next tick says it. */
	if (say(watched, &result, 0, saying_new(heartbeats, watched), NULL) < 0)
		watched->beat.said = BEAT_NOTHING;
}

void
heartbeats_tick(struct heartbeats *heartbeats)
{
	struct moment now = inbox_now(heartbeats->inbox);
	enum beat_says says;

	MAP_EACH (struct watched, watched, heartbeats->watched) {
		says = beat_look(&watched->beat, &watched->rule, now.mono_ms);
		if (says != BEAT_NOTHING)
			tell(heartbeats, watched, says, &now);
	}
}

/* --- calls ---------------------------------------------------------------- */

/* A run that ended, well or not. */
static void
set_ended(struct result *result, char message[MESSAGE_MAX_BYTES],
    const struct watched *watched, const struct web_signal *signal,
    int64_t ran_ms)
{
	int64_t limit_ms = watched->rule.limit_ms;
	char ran[TEXT_SPAN_BYTES], limit[TEXT_SPAN_BYTES];

	result->limit_ms = (uint32_t)limit_ms;
	result->n_phases = 2;
	if (ran_ms > 0) {
		result->at_ms -= ran_ms;
		result->duration_us = result->phase_us[1] = ran_ms * 1000;
	}
	message[0] = '\0';
	if (signal->kind == WEB_SIGNAL_FAILURE) {
		result->outcome = bad(watched->config);
		result->reason = REASON_EXIT;
		snprintf(message, MESSAGE_MAX_BYTES,
		    "the job says that it "
		    "did not succeed");
	} else if (limit_ms > 0 && ran_ms >= limit_ms) {
		result->outcome = OUTCOME_WARNING;
		result->reason = REASON_THRESHOLD;
		snprintf(message, MESSAGE_MAX_BYTES,
		    "ran for %s, longer than %s", text_span(ran, ran_ms * 1000),
		    text_span(limit, limit_ms * 1000));
	}
	result->message =
	    signal->message[0] != '\0' ? signal->message : message;
}

static int
take_end(struct heartbeats *heartbeats, const struct watched *watched,
    const struct web_signal *signal, pushed_fn *pushed, void *arg,
    struct err *err)
{
	struct saying *saying = saying_new(heartbeats, watched);
	char message[MESSAGE_MAX_BYTES], called[TEXT_TIME_BYTES];
	int64_t ran_ms = watched->beat.is_running
	    ? saying->at.mono_ms - watched->beat.started_ms
	    : -1;
	struct attribute attributes[] = {
		{ CALLED, text_time(called, saying->at.wall_ms), 0 },
		{ "exit_code", NULL, signal->exit_code },
	};
	struct result result = {
		.at_ms = saying->at.wall_ms,
		.outcome = OUTCOME_OK,
		.attempts = 1,
		.attributes = attributes,
		.n_attributes = signal->exit_code >= 0 ? 2 : 1,
	};

	set_ended(&result, message, watched, signal, ran_ms);
	saying->is_call = true;
	saying->pushed = pushed;
	saying->arg = arg;
	return say(watched, &result, signal->key, saying, err);
}

int
heartbeats_signal(void *arg, const struct web_signal *signal, pushed_fn *pushed,
    void *pushed_arg, struct err *err)
{
	struct heartbeats *heartbeats = arg;
	char *key = mem_printf("%s/%s", signal->environment, signal->name);
	struct watched *watched = map_get(heartbeats->watched, key);

	free(key);
	if (watched == NULL)
		return err_set(err, ERR_NOT_FOUND,
		    "heartbeat %.64s of %.64s is not configured; add it to "
		    "the collector's configuration under heartbeats",
		    signal->name, signal->environment);
	if (signal->kind != WEB_SIGNAL_START)
		return take_end(
		    heartbeats, watched, signal, pushed, pushed_arg, err);
	beat_start(&watched->beat, inbox_now(heartbeats->inbox).mono_ms);
	return 1;
}

/* --- what was before ------------------------------------------------------ */

/* The last call that the result of a series tells of; 0: none. */
static int64_t
call_of(const struct fleet_series *series)
{
	int64_t at_ms;

	for (size_t i = 0; i < series->last.n_attributes; i++) {
		const struct attribute *is = &series->last.attributes[i];

		if (strcmp(is->name, CALLED) == 0 && is->text != NULL &&
		    text_time_parse(&at_ms, is->text, NULL) == 0)
			return at_ms;
	}
	return 0;
}

static enum beat_says
said_by(const struct fleet_series *series, bool is_known)
{
	if (series->last.reason == REASON_MISSED)
		return BEAT_MISSED;
	if (series->last.reason != REASON_SKIPPED)
		return BEAT_NOTHING;
	return is_known ? BEAT_UNHEARD : BEAT_NEVER;
}

static void
remember(
    struct heartbeats *heartbeats, struct watched *watched, struct moment now)
{
	const struct heartbeat_config *config = watched->config;
	const struct fleet *fleet = pipeline_fleet(heartbeats->pipeline);
	struct series described = series_of(config);
	struct beat *beat = &watched->beat;
	const struct fleet_series *series;

	described.environment = config->environment;
	described.agent = AGENT;
	series = fleet_series_find(fleet, &described);
	beat->deaf_from_ms = heartbeats->deaf_from_ms;
	beat->deaf_to_ms = heartbeats->deaf_to_ms;
	if (series == NULL)
		return;
	watched->called_at_ms = call_of(series);
	beat->is_known = watched->called_at_ms != 0;
	beat->called_ms = now.mono_ms - (now.wall_ms - watched->called_at_ms);
	if (beat->called_ms > now.mono_ms)
		beat->called_ms = now.mono_ms; /* the clock was set back */
	beat->said = said_by(series, beat->is_known);
	beat->said_ms = series->mono_ms;
}

/* Since when nobody listened: the newest batch of whoever spoke last. */
static int64_t
last_heard_ms(const struct heartbeats *heartbeats, struct moment now)
{
	const struct fleet *fleet = pipeline_fleet(heartbeats->pipeline);
	int64_t newest_ms = 0;

	MAP_EACH (const struct fleet_agent, agent, fleet->agents)
		if (agent->seen_ms > newest_ms)
			newest_ms = agent->seen_ms;
	return newest_ms < now.wall_ms ? now.mono_ms - (now.wall_ms - newest_ms)
				       : now.mono_ms;
}

/* --- from beginning to end ------------------------------------------------ */

static struct map *
watch_all(struct heartbeats *heartbeats, const struct collector_config *config)
{
	struct moment now = inbox_now(heartbeats->inbox);
	struct map *all = map_new();

	for (uint32_t i = 0; i < config->n_heartbeats; i++) {
		const struct heartbeat_config *one = &config->heartbeats[i];
		struct watched *watched = mem_zalloc(sizeof(*watched));
		char *key = mem_printf("%s/%s", one->environment, one->name);
		const struct watched *before =
		    map_get(heartbeats->watched, key);

		if (before != NULL)
			*watched = *before;
		watched->config = one;
		watched->rule = (struct beat_rule){ one->every_ms,
			one->grace_ms, one->limit_ms };
		if (before == NULL)
			remember(heartbeats, watched, now);
		map_put(all, key, watched);
		free(key);
	}
	return all;
}

static void
forget_all(struct map *all)
{
	MAP_EACH (struct watched, watched, all)
		free(watched);
	map_free(all);
}

struct heartbeats *
heartbeats_new(struct inbox *inbox, const struct pipeline *pipeline,
    const struct collector_config *config)
{
	struct heartbeats *heartbeats = mem_zalloc(sizeof(*heartbeats));

	heartbeats->inbox = inbox;
	heartbeats->pipeline = pipeline;
	heartbeats->deaf_to_ms = inbox_now(inbox).mono_ms;
	heartbeats->deaf_from_ms = last_heard_ms(heartbeats, inbox_now(inbox));
	heartbeats->watched = map_new();
	heartbeats_set_config(heartbeats, config);
	return heartbeats;
}

void
heartbeats_set_config(
    struct heartbeats *heartbeats, const struct collector_config *config)
{
	struct map *all = watch_all(heartbeats, config);

	forget_all(heartbeats->watched);
	heartbeats->watched = all;
}

void
heartbeats_free(struct heartbeats *heartbeats)
{
	if (heartbeats == NULL)
		return;
	forget_all(heartbeats->watched);
	free(heartbeats);
}
