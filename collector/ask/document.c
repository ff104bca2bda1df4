#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/ask/case.h"
#include "collector/ask/document.h"
#include "collector/ask/incident_json.h"
#include "collector/ask/report_json.h"
#include "collector/ask/questions.h"
#include "collector/ask/verdict_json.h"
#include "collector/pipeline/snapshot.h"

#define AGENTS_BYTES 96 /* a prefix and the name of an environment */

int64_t
question_at_ms(
    const struct document_source *source, const struct query_document *request)
{
	return request->to_ms != 0 ? request->to_ms : source->now_ms;
}

int64_t
question_from_ms(
    const struct query_document *request, int64_t at_ms, int64_t usual_ms)
{
	if (request->from_ms != 0)
		return request->from_ms;
	return at_ms - (request->last_ms != 0 ? request->last_ms : usual_ms);
}

static int
on_moment(void *arg, const struct store_moment *moment, struct err *err)
{
	(void)moment;
	(void)err;
	*(bool *)arg = true;
	return 1;
}

static int
on_mark(void *arg, const struct mark *mark, struct err *err)
{
	(void)mark;
	(void)err;
	*(bool *)arg = true;
	return 1;
}

static int
on_change(void *arg, const struct change_row *row, struct err *err)
{
	(void)row;
	(void)err;
	*(bool *)arg = true;
	return 1;
}

static int
on_state(
    void *arg, const char *key, const void *bytes, size_t n, struct err *err)
{
	(void)key;
	(void)bytes;
	(void)n;
	(void)err;
	*(bool *)arg = true;
	return 1;
}

int
question_unknown(const char *environment, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND,
	    "environment %s: neither configured nor ever heard of",
	    environment);
}

int
question_check(const struct document_source *source, const char *environment,
    struct err *err)
{
	char agents[AGENTS_BYTES];
	const struct query_changes changes = {
		.environment = environment,
		.service = "",
		.name = "",
		.limit = 1,
	};
	const struct store_marks marks = { environment, "", 0, 0 };
	bool is_known = false, more;

	if (environment[0] == '\0' ||
	    config_environment(source->config, environment) != NULL)
		return 0;
	snprintf(agents, sizeof(agents), SNAPSHOT_AGENT "%s/", environment);
	if (store_scan_states(source->store, agents, on_state, &is_known, err) <
		0 ||
	    (!is_known &&
		store_scan_changes(source->store, &more, &changes, on_change,
		    &is_known, err) < 0))
		return -1;
	if (!is_known &&
	    store_scan_marks(source->store, &marks, on_mark, &is_known, err) <
		0)
		return -1;
	if (!is_known &&
	    store_scan_moment(source->store, environment, source->now_ms,
		on_moment, &is_known, err) < 0)
		return -1;
	if (is_known)
		return 0;
	return question_unknown(environment, err);
}

int
question_scene(struct scene **out, struct arena *arena,
    const struct document_source *source, const char *environment,
    int64_t at_ms, struct err *err)
{
	const struct case_request wanted = { environment, at_ms };

	*out = arena_zalloc(arena, sizeof(**out));
	return case_build(
	    *out, arena, source->store, source->config, &wanted, err);
}

int
question_verdict(struct verdict *out, struct arena *arena,
    const struct document_source *source, const char *environment,
    int64_t at_ms, struct err *err)
{
	struct scene *scene;

	if (question_scene(&scene, arena, source, environment, at_ms, err) < 0)
		return -1;
	verdict_reach(out, arena, scene);
	return 0;
}

char *
question_verdict_text(struct arena *arena, const struct document_source *source,
    const struct verdict *verdict, struct err *err)
{
	const struct owners_config *owners = &source->config->owners;
	const char *const names[BLAME_COUNT] = { owners->app, owners->env,
		owners->infra, owners->net, owners->blind };
	const struct query_document about = {
		.question = "guards",
		.environment = verdict->environment,
		.service = "",
		.to_ms = verdict->at_ms,
	};
	char *guards = question_guards(arena, source, &about, err);
	char *text =
	    guards == NULL ? NULL : verdict_json(verdict, names, guards);

	free(guards);
	return text;
}

static char *
diagnose(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	struct verdict verdict;

	if (request->environment[0] == '\0') {
		err_set(err, ERR_INVALID, "diagnose: which environment?");
		return NULL;
	}
	if (question_verdict(&verdict, arena, source, request->environment,
		question_at_ms(source, request), err) < 0)
		return NULL;
	return question_verdict_text(arena, source, &verdict, err);
}

static const struct {
	const char *question;
	question_fn *make;
} documents[] = {
	{ "diagnose", diagnose },
	{ "incidents", incidents_document },
	{ "report", report_document },
	{ "trend", question_trend },
	{ "timeline", question_timeline },
	{ "diff", question_diff },
	{ "gate", question_gate },
	{ "guards", question_guards },
	{ "alerts", question_alerts },
	{ "silences", question_silences },
	{ "proposals", question_proposals },
	{ "self-check", question_self_check },
};

int
document_make(const char **out_json, struct arena *arena,
    const struct document_source *source, const struct query_document *request,
    struct err *err)
{
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		char *json;

		if (strcmp(documents[i].question, request->question) != 0)
			continue;
		json = documents[i].make(arena, source, request, err);
		if (json == NULL)
			return -1;
		*out_json = arena_strdup(arena, json);
		free(json);
		return 0;
	}
	return err_set(err, ERR_INVALID,
	    "question %.64s: not one of: diagnose, incidents, report, trend, "
	    "timeline, diff, gate, guards, proposals, self-check",
	    request->question);
}
