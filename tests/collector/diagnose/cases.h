/*
 * cases.h - outages as a test writes them down, and the scene they make.
 *
 * Times are seconds before the moment asked about.  Environments staging and
 * production; backend depends on postgres and payments.
 */
#ifndef TESTS_COLLECTOR_DIAGNOSE_CASES_H
#define TESTS_COLLECTOR_DIAGNOSE_CASES_H

#include <string.h>

#include "collector/diagnose/verdict.h"
#include "tests/support/table.h"

#define CASE_AT_MS   INT64_C(1767607200000)
#define CASE_VIEWS   24
#define CASE_CHANGES 8
#define CASE_FACTS   12
#define CASE_AGENTS  6

/* A series; bad_s 0: its last result is ok. */
struct seen {
	const char *environment, *agent, *service, *probe, *kind;
	enum vantage vantage;
	enum reason reason;
	const char *phase, *message;
	int bad_s;
	const char *reference_of;
	bool text_is_new;
	bool was_never_well;
	enum outcome outcome; /* OUTCOME_OK: critical when bad_s is set */
	int age_s;            /* of the last result */
	/* Of a journey; of the runs since it began to fail. */
	uint32_t step, steps, episode, episode_bad;
	int64_t usual_us, recent_us; /* how long it takes */
	int64_t usual_connect_us, recent_connect_us;
	int late_s;       /* that it is late */
	uint32_t n_again; /* connects tried again, of 20 */
	const char *said; /* of a log, which is well */
	int said_s;
	const char *replica, *through; /* attributes; NULL: not told */
	const char *asked;             /* the attribute "name" */
	/* Whose sessions it counts. */
	struct held {
		const char *name;
		int32_t usual, now;
		int grew_s; /* ago; 0: they did not */
	} held[4];
	const char *blocker; /* who holds a lock */
};

struct changed {
	const char *environment, *service, *name, *before, *after;
	int from_s, to_s;
	bool is_mark;
	enum mark_kind kind;
	const char *summary;
};

struct known {
	const char *environment, *service, *name, *value;
};

struct heard {
	const char *environment, *agent;
	enum vantage vantage;
	int age_s;
};

/* What a scene made of these points into. */
struct case_room {
	struct series series[CASE_VIEWS];
	struct result results[CASE_VIEWS];
	struct scene_view views[CASE_VIEWS];
	struct scene_said said[CASE_VIEWS];
	struct result said_by[CASE_VIEWS];
	struct attribute attributes[CASE_VIEWS][4];
	struct scene_holder holders[CASE_VIEWS][4];
	struct scene_change changes[CASE_CHANGES];
	struct scene_fact facts[CASE_FACTS];
	struct scene_agent agents[CASE_AGENTS];
	struct scene scene;
};

static inline int64_t
case_ms(int before_s)
{
	return CASE_AT_MS - (int64_t)before_s * 1000;
}

static inline void
case_say(struct case_room *room, size_t i, const struct seen *seen)
{
	int64_t at_ms = case_ms(seen->said_s);

	room->said_by[i] = (struct result){ .at_ms = at_ms,
		.outcome = OUTCOME_CRITICAL,
		.reason = REASON_ERRORS,
		.message = seen->said };
	room->said[i] = (struct scene_said){ at_ms, at_ms, &room->said_by[i] };
	room->views[i].said = &room->said[i];
	room->views[i].n_said = 1;
}

static inline void
case_attributes(struct case_room *room, size_t i, const struct seen *seen)
{
	struct attribute *attributes = room->attributes[i];
	size_t n = 0;

	if (seen->replica != NULL)
		attributes[n++] =
		    (struct attribute){ "replica", seen->replica, 0 };
	if (seen->through != NULL)
		attributes[n++] =
		    (struct attribute){ "through", seen->through, 0 };
	if (seen->asked != NULL)
		attributes[n++] = (struct attribute){ "name", seen->asked, 0 };
	if (seen->blocker != NULL)
		attributes[n++] =
		    (struct attribute){ "blocker", seen->blocker, 0 };
	room->results[i].attributes = attributes;
	room->results[i].n_attributes = n;
}

static inline void
case_count(struct case_room *room, size_t i, const struct seen *seen)
{
	for (size_t k = 0; k < 4 && seen->held[k].name != NULL; k++) {
		const struct held *held = &seen->held[k];

		room->holders[i][k] =
		    (struct scene_holder){ held->name, held->usual, held->now,
			    held->grew_s > 0 ? case_ms(held->grew_s) : 0 };
		room->views[i].n_holders = k + 1;
	}
	room->views[i].holders = room->holders[i];
}

/* A journey, and how far it came. */
static inline void
case_steps(struct case_room *room, size_t i, const struct seen *seen)
{
	for (uint32_t k = 0; k < seen->steps; k++)
		room->series[i].phases[k] = "step";
	room->series[i].n_phases = seen->steps;
	room->results[i].n_phases = seen->bad_s > 0 ? seen->step : seen->steps;
}

static inline int64_t
case_good_ms(const struct seen *seen)
{
	if (seen->was_never_well)
		return 0;
	return case_ms(seen->bad_s > 0 ? seen->bad_s + 5 : 2);
}

static inline void
case_view(struct case_room *room, const struct seen *seen)
{
	size_t i = room->scene.n_views++;
	bool is_bad = seen->bad_s > 0;

	room->series[i] = (struct series){
		.environment = seen->environment,
		.agent = seen->agent,
		.service = seen->service,
		.probe = seen->probe,
		.kind = seen->kind,
		.reference_of =
		    seen->reference_of != NULL ? seen->reference_of : "",
		.vantage = seen->vantage,
		.interval_ms = 5000,
		.phases = { seen->phase != NULL ? seen->phase : "" },
		.n_phases = seen->phase != NULL,
	};
	room->results[i] = (struct result){
		.at_ms = case_ms(seen->age_s > 0 ? seen->age_s : 2),
		.duration_us = 3200,
		.outcome = seen->outcome != OUTCOME_OK ? seen->outcome
		    : is_bad                           ? OUTCOME_CRITICAL
						       : OUTCOME_OK,
		.reason = seen->reason,
		.n_phases = seen->phase != NULL,
		.message = seen->message != NULL ? seen->message : "",
		.attempts = 1,
	};
	room->views[i] = (struct scene_view){
		.series = &room->series[i],
		.last = &room->results[i],
		.told = &room->results[i],
		.first_ms = case_ms(86400),
		.good_ms = case_good_ms(seen),
		.bad_from_ms = is_bad ? case_ms(seen->bad_s) : 0,
		.n_bad = is_bad ? (uint32_t)(seen->bad_s / 5) : 0,
		.n_good = is_bad ? 0 : 100,
		.n_recent = SCENE_RECENT,
		.n_recent_bad = is_bad ? 12 : 0,
		.text_is_new = seen->text_is_new,
		.n_episode = seen->episode,
		.n_episode_bad = seen->episode_bad,
		.usual_us = seen->usual_us,
		.recent_us = seen->recent_us,
		.late_from_ms = seen->late_s > 0 ? case_ms(seen->late_s) : 0,
		.late_good_ms =
		    seen->late_s > 0 ? case_ms(seen->late_s + 5) : 0,
		.n_again = seen->n_again,
		.usual_connect_us =
		    seen->n_again > 0 ? 700 : seen->usual_connect_us,
		.recent_connect_us = seen->recent_connect_us,
	};
	case_attributes(room, i, seen);
	case_count(room, i, seen);
	if (seen->said != NULL)
		case_say(room, i, seen);
	if (seen->steps > 0)
		case_steps(room, i, seen);
}

static inline void
case_change(struct case_room *room, const struct changed *changed)
{
	room->changes[room->scene.n_changes++] = (struct scene_change){
		.environment = changed->environment,
		.service = changed->service,
		.name = changed->name,
		.before = changed->before != NULL ? changed->before : "",
		.after = changed->after != NULL ? changed->after : "",
		.summary = changed->summary != NULL ? changed->summary : "",
		.is_mark = changed->is_mark,
		.kind = changed->kind,
		.from_ms = case_ms(changed->from_s),
		.to_ms = case_ms(changed->to_s),
		.span_ms = INT64_C(7) * 86400000,
	};
}

static inline void
case_declare(struct case_room *room)
{
	static const char *const backend[] = { "postgres", "payments" };
	static const char *const auth[] = { "postgres" };
	static const char *const peers[] = { "production" };
	static const struct scene_service services[] = {
		{ .name = "backend",
		    .kind = "",
		    .depends_on = backend,
		    .n_depends_on = 2 },
		{ .name = "auth",
		    .kind = "",
		    .depends_on = auth,
		    .n_depends_on = 1 },
		{ .name = "postgres", .kind = "database" },
		{ .name = "payments", .kind = "external" },
	};
	static const struct scene_environment environments[] = {
		{ "staging", peers, 1 },
		{ "production", NULL, 0 },
	};

	room->scene.services = services;
	room->scene.n_services = 4;
	room->scene.environments = environments;
	room->scene.n_environments = 2;
}

static inline void
case_scene(struct case_room *room, const struct seen *seen,
    const struct changed *changed, const struct known *known,
    const struct heard *heard)
{
	memset(room, 0, sizeof(*room));
	room->scene.at_ms = CASE_AT_MS;
	room->scene.environment = "staging";
	case_declare(room);
	for (; seen->probe != NULL; seen++)
		case_view(room, seen);
	for (; changed->environment != NULL; changed++)
		case_change(room, changed);
	for (; known->environment != NULL; known++)
		room->facts[room->scene.n_facts++] =
		    (struct scene_fact){ known->environment, known->service,
			    known->name, known->value, "", SOURCE_PROCESS,
			    case_ms(80000) };
	for (; heard->environment != NULL; heard++)
		room->agents[room->scene.n_agents++] = (struct scene_agent){
			.environment = heard->environment,
			.agent = heard->agent,
			.vantage = heard->vantage,
			.heard_ms = case_ms(heard->age_s),
			.heartbeat_ms = 5000,
		};
	room->scene.views = room->views;
	room->scene.changes = room->changes;
	room->scene.facts = room->facts;
	room->scene.agents = room->agents;
}

/* An outage, and what it has to be called. */
struct case_named {
	const char *name;
	enum blame blame;
	const char *subject;
	struct seen seen[CASE_VIEWS];
	struct changed changed[CASE_CHANGES];
	struct known known[CASE_FACTS];
	const char *trigger; /* its kind; NULL: whatever */
};

static inline void
case_assert_named(
    const struct case_named *row, const struct heard *heard, bool is_declared)
{
	struct arena *arena = arena_new(0);
	struct case_room room;
	struct verdict verdict;

	case_scene(&room, row->seen, row->changed, row->known, heard);
	if (!is_declared)
		room.scene.n_services = 0;
	verdict_reach(&verdict, arena, &room.scene);
	for (size_t i = 0; i < verdict.findings.n; i++)
		print_message("%s: %s\n",
		    token_row(verdict.findings.list[i].weight.token)->id,
		    verdict.findings.list[i].text);
	assert_string_equal(blame_name(verdict.blame), blame_name(row->blame));
	assert_string_equal(verdict.subject, row->subject);
	if (row->trigger != NULL)
		assert_string_equal(verdict.trigger.kind, row->trigger);
	arena_free(arena);
}

#endif
