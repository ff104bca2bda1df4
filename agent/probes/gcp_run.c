#include <stdlib.h>
#include <string.h>

#include "agent/probes/gcp.h"
#include "agent/probes/json_path.h"
#include "agent/probes/kinds.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define ENDPOINT "https://run.googleapis.com"

/* --- of the service ------------------------------------------------------- */

static enum turn
state_step(struct probe *p, void *state)
{
	const struct gcp_config *config = gcp_config(p);
	struct gcp *gcp = state;

	if (gcp->url == NULL) {
		gcp->what =
		    mem_printf("service %s/%s", config->project, config->name);
		gcp->url =
		    mem_printf("%s/v2/projects/%s/locations/%s/services/%s",
			config->endpoint != NULL ? config->endpoint : ENDPOINT,
			config->project, config->location, config->name);
	}
	return cloud_call_get(gcp->call, gcp->url, gcp->what);
}

/* "backend-00007" of ".../revisions/backend-00007". */
static const char *
last_part(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash != NULL ? slash + 1 : name;
}

/* Who is served by what: "backend-00007 100%, latest 0%". */
static void
report_traffic(struct probe *p, const struct gcp *gcp)
{
	const json_t *traffic = json_object_get(gcp->first, "trafficStatuses");
	struct text text = { 0 };

	for (size_t i = 0; i < json_array_size(traffic); i++) {
		const json_t *at = json_array_get(traffic, i);
		char *revision = json_path_text(at, "revision");
		char *percent = json_path_text(at, "percent");

		text_addf(&text, "%s%s %s%%", i > 0 ? ", " : "",
		    revision != NULL ? last_part(revision) : "latest",
		    percent != NULL ? percent : "0");
		free(revision);
		free(percent);
	}
	gcp_fact_text(p, "traffic", text.n > 0 ? text.bytes : NULL);
	text_fini(&text);
}

/* https://cloud.google.com/run/docs/reference/rest/v2/
 * projects.locations.services */
static enum turn
judge(struct probe *p, const struct gcp *gcp, const char *condition,
    const char *why)
{
	char *ready = gcp_text(gcp->first, "latestReadyRevision");
	char *created = gcp_text(gcp->first, "latestCreatedRevision");
	enum turn turn = TURN_NEXT;

	probe_text(p, "state", condition);
	probe_text(p, "revision", last_part(ready));
	if (condition[0] == '\0')
		turn = probe_unknown(p, REASON_PROTOCOL,
		    "the answer about %s has no terminalCondition", gcp->what);
	else if (strcmp(condition, "CONDITION_FAILED") == 0)
		turn = probe_fail(p, REASON_ANSWER,
		    "%s: revision %s is not ready: %.300s", gcp->what,
		    last_part(created), why);
	else if (strcmp(condition, "CONDITION_SUCCEEDED") != 0)
		turn = probe_warn(
		    p, REASON_ANSWER, "%s is %s", gcp->what, condition);
	else if (ready[0] == '\0')
		turn = probe_fail(p, REASON_ANSWER,
		    "%s has no revision that is ready", gcp->what);
	else if (strcmp(ready, created) != 0)
		turn = probe_warn(p, REASON_ANSWER,
		    "%s: revision %s was created, but %s is the last that is "
		    "ready",
		    gcp->what, last_part(created), last_part(ready));
	if (turn == TURN_NEXT)
		probe_say(p, "%s serves %s", gcp->what, last_part(ready));
	free(ready);
	free(created);
	return turn;
}

static void
report_service(struct probe *p, struct gcp *gcp)
{
	char *ready = gcp_text(gcp->first, "latestReadyRevision");
	char *created = gcp_text(gcp->first, "latestCreatedRevision");
	const char *of_interest = created[0] != '\0' ? created : ready;

	gcp_fact_text(p, "revision", last_part(ready));
	gcp_fact_text(p, "revision_created", last_part(created));
	gcp_fact(p, gcp->first, "ingress", "ingress");
	report_traffic(p, gcp);
	/* What has been set is told by the revision, not by the template that
	 * may be another by now. */
	if (of_interest[0] != '\0')
		gcp->next = mem_printf(
		    "%s/revisions/%s", gcp->url, last_part(of_interest));
	free(ready);
	free(created);
}

/* --- of the revision ------------------------------------------------------ */

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the variables, sorted; never a value. */
static void
report_variables(struct probe *p, const json_t *env)
{
	size_t n = json_array_size(env), n_names = 0;
	const char **names = mem_calloc(n + 1, sizeof(*names));
	struct text text = { 0 };

	for (size_t i = 0; i < n; i++) {
		const char *name = json_string_value(
		    json_object_get(json_array_get(env, i), "name"));

		if (name != NULL)
			names[n_names++] = name;
	}
	qsort(names, n_names, sizeof(*names), compare);
	for (size_t i = 0; i < n_names; i++)
		text_addf(&text, "%s%s", i > 0 ? " " : "", names[i]);
	gcp_fact_text(p, "variables", text.n > 0 ? text.bytes : "");
	free(names);
	text_fini(&text);
}

static void
report_revision(struct probe *p, const struct gcp *gcp)
{
	const json_t *root = cloud_call_root(gcp->call);

	gcp_fact(p, root, "image", "containers.0.image");
	gcp_fact(p, root, "limit_cpu", "containers.0.resources.limits.cpu");
	gcp_fact(
	    p, root, "limit_memory", "containers.0.resources.limits.memory");
	gcp_fact(p, root, "connector", "vpcAccess.connector");
	gcp_fact(p, root, "egress", "vpcAccess.egress");
	gcp_fact(p, root, "service_account", "serviceAccount");
	gcp_fact(p, root, "timeout", "timeout");
	gcp_fact(p, root, "concurrency", "maxInstanceRequestConcurrency");
	gcp_fact(p, root, "max_instances", "scaling.maxInstanceCount");
	report_variables(p, json_path_find(root, "containers.0.env"));
}

static enum turn
revision_step(struct probe *p, void *state)
{
	struct gcp *gcp = state;
	char *what;
	enum turn turn;

	if (gcp->first == NULL) {
		gcp->first = json_incref(
		    (json_t *)(uintptr_t)cloud_call_root(gcp->call));
		report_service(p, gcp);
	}
	if (gcp->next == NULL)
		return TURN_NEXT;
	what = mem_printf("revision %s", last_part(gcp->next));
	turn = cloud_call_get(gcp->call, gcp->next, what);
	free(what);
	if (turn == TURN_STOP) { /* the service is judged all the same */
		gcp->trouble = mem_strdup(probe_message(p));
		gcp->trouble_reason = probe_reason(p);
		return TURN_NEXT;
	}
	if (turn == TURN_NEXT)
		report_revision(p, gcp);
	return turn;
}

static enum turn
check_step(struct probe *p, void *state)
{
	const struct gcp *gcp = state;
	char *condition = gcp_text(gcp->first, "terminalCondition.state");
	char *why = gcp_text(gcp->first, "terminalCondition.message");
	enum turn turn = judge(p, gcp, condition, why);

	free(condition);
	free(why);
	if (turn == TURN_NEXT && gcp->trouble != NULL)
		turn = probe_unknown(p, gcp->trouble_reason,
		    "%s is ready, but what it runs with is not known: %s",
		    gcp->what, gcp->trouble);
	return turn;
}

static const struct probe_step steps[] = {
	{ "credential", gcp_credential_step },
	{ "state", state_step },
	{ "revision", revision_step },
	{ "check", check_step },
	{ NULL, NULL },
};

const struct probe_kind gcp_run_kind = {
	.name = "gcp.run",
	.state_size = sizeof(struct gcp),
	.steps = steps,
	.vantage = VANTAGE_CONTROL_PLANE,
	.is_silence_unknown = true,
	.cleanup = gcp_cleanup,
	.check = gcp_check,
};
