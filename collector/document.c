#include <stdlib.h>
#include <string.h>

#include "collector/case.h"
#include "collector/document.h"
#include "collector/incident_json.h"
#include "collector/verdict_json.h"

/* Each returns text owned by the caller, or NULL with err. */
typedef char *
document_fn(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err);

static char *
diagnose(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	const struct owners_config *owners = &source->config->owners;
	const char *const names[BLAME_COUNT] = { owners->app, owners->env,
		owners->infra, owners->net, owners->blind };
	const struct case_request wanted = {
		.environment = request->environment,
		.at_ms = request->to_ms != 0 ? request->to_ms : source->now_ms,
	};
	struct verdict verdict;
	struct scene scene;

	if (wanted.environment[0] == '\0') {
		err_set(err, ERR_INVALID, "diagnose: which environment?");
		return NULL;
	}
	if (case_build(
		&scene, arena, source->store, source->config, &wanted, err) < 0)
		return NULL;
	verdict_reach(&verdict, arena, &scene);
	return verdict_json(&verdict, names);
}

static const struct {
	const char *question;
	document_fn *make;
} documents[] = {
	{ "diagnose", diagnose },
	{ "incidents", incidents_document },
	{ "report", report_document },
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
	    "question %.64s: not one of: diagnose, "
	    "incidents, report",
	    request->question);
}
