#include <stdlib.h>
#include <string.h>

#include "agent/probes/gcp.h"
#include "agent/probes/kinds.h"
#include "proto/base/mem.h"

#define ENDPOINT "https://secretmanager.googleapis.com"

/* What an answer with the value of a secret holds, and an empty one lacks. */
#define CHECKSUM "\"dataCrc32c\""

static enum turn
state_step(struct probe *p, void *state)
{
	const struct gcp_config *config = gcp_config(p);
	struct gcp *gcp = state;

	if (gcp->url == NULL) {
		gcp->what = mem_printf("version %s of secret %s/%s",
		    config->version, config->project, config->name);
		gcp->url =
		    mem_printf("%s/v1/projects/%s/secrets/%s/versions/%s",
			config->endpoint != NULL ? config->endpoint : ENDPOINT,
			config->project, config->name, config->version);
	}
	return cloud_call_get(gcp->call, gcp->url, gcp->what);
}

/* https://cloud.google.com/secret-manager/docs/reference/rest/v1/
 * projects.secrets.versions */
static enum turn
judge(struct probe *p, const struct gcp *gcp, const char *state)
{
	probe_text(p, "state", state);
	if (state[0] == '\0')
		return probe_unknown(p, REASON_PROTOCOL,
		    "the answer about %s has no state", gcp->what);
	if (strcmp(state, "ENABLED") != 0)
		return probe_fail(
		    p, REASON_ANSWER, "%s is %s", gcp->what, state);
	probe_say(p, "%s is ENABLED", gcp->what);
	return TURN_NEXT;
}

static enum turn
check_step(struct probe *p, void *state)
{
	const struct gcp *gcp = state;
	const json_t *root = cloud_call_root(gcp->call);
	char *word = gcp_text(root, "state");
	char *name = gcp_text(root, "name");
	const char *slash = strrchr(name, '/');
	enum turn turn;

	gcp_fact_text(p, "state", word[0] != '\0' ? word : NULL);
	gcp_fact_text(p, "version", slash != NULL ? slash + 1 : NULL);
	gcp_fact(p, root, "created", "createTime");
	turn = judge(p, gcp, word);
	free(word);
	free(name);
	return turn;
}

/* --- may the service read it? --------------------------------------------- */

static enum turn
judge_access(struct probe *p, const struct gcp *gcp)
{
	long status = cloud_call_status(gcp->call);
	size_t n;
	const char *body = cloud_call_body(gcp->call, &n);

	/* The value itself is in there, and nobody reads it: not even a parser
	 * of ours. */
	if (status == 200 &&
	    memmem(body, n, CHECKSUM, strlen(CHECKSUM)) != NULL)
		return TURN_NEXT;
	if (status == 200)
		return probe_fail(p, REASON_EMPTY,
		    "%s can be read, but has no value", gcp->what);
	if (status == 403)
		return probe_fail(p, REASON_DENIED,
		    "the service may not read %s (403 PERMISSION_DENIED): its "
		    "identity lacks secretmanager.versions.access",
		    gcp->what);
	if (status == 401)
		return probe_unknown(p, REASON_DENIED,
		    "the credential for the access is refused (401); this says "
		    "nothing of %s",
		    gcp->what);
	return probe_unknown(p, REASON_STATUS,
	    "the API answers the access with %ld; this says nothing of %s",
	    status, gcp->what);
}

static enum turn
access_step(struct probe *p, void *state)
{
	const struct gcp_config *config = gcp_config(p);
	struct gcp *gcp = state;
	enum turn turn;

	if (config->access == NULL)
		return TURN_NEXT;
	if (gcp->next == NULL) {
		turn = gcp_authorise(p, gcp, config->access);
		if (turn != TURN_NEXT)
			return turn;
		gcp->next = mem_printf("%s:access", gcp->url);
	}
	turn = cloud_call_try(gcp->call, gcp->next);
	if (turn != TURN_NEXT)
		return turn;
	turn = judge_access(p, gcp);
	if (turn == TURN_NEXT)
		probe_say(
		    p, "%s is ENABLED, and the service may read it", gcp->what);
	return turn;
}

static const struct probe_step steps[] = {
	{ "credential", gcp_credential_step },
	{ "state", state_step },
	{ "check", check_step },
	{ "access", access_step },
	{ NULL, NULL },
};

const struct probe_kind gcp_secret_kind = {
	.name = "gcp.secret",
	.state_size = sizeof(struct gcp),
	.steps = steps,
	.vantage = VANTAGE_CONTROL_PLANE,
	.is_silence_unknown = true,
	.cleanup = gcp_cleanup,
	.check = gcp_check,
};
