#include <stdlib.h>
#include <string.h>

#include "agent/probes/gcp.h"
#include "agent/probes/kinds.h"
#include "proto/base/mem.h"

#define ENDPOINT "https://vpcaccess.googleapis.com"

static enum turn
state_step(struct probe *p, void *state)
{
	const struct gcp_config *config = gcp_config(p);
	struct gcp *gcp = state;

	if (gcp->url == NULL) {
		gcp->what = mem_printf(
		    "connector %s/%s", config->project, config->name);
		gcp->url =
		    mem_printf("%s/v1/projects/%s/locations/%s/connectors/%s",
			config->endpoint != NULL ? config->endpoint : ENDPOINT,
			config->project, config->location, config->name);
	}
	return cloud_call_get(gcp->call, gcp->url, gcp->what);
}

/* https://cloud.google.com/vpc/docs/reference/vpcaccess/rest/v1/
 * projects.locations.connectors */
static enum turn
judge(struct probe *p, const struct gcp *gcp, const char *state)
{
	probe_text(p, "state", state);
	if (state[0] == '\0')
		return probe_unknown(p, REASON_PROTOCOL,
		    "the answer about %s has no state", gcp->what);
	if (strcmp(state, "ERROR") == 0)
		return probe_fail(p, REASON_ANSWER,
		    "%s is in ERROR: a bad state; the platform recommends to "
		    "delete it by hand",
		    gcp->what);
	if (strcmp(state, "UPDATING") == 0)
		return probe_warn(
		    p, REASON_ANSWER, "%s is being updated", gcp->what);
	if (strcmp(state, "READY") != 0)
		return probe_fail(
		    p, REASON_ANSWER, "%s is %s, not READY", gcp->what, state);
	probe_say(p, "%s is READY", gcp->what);
	return TURN_NEXT;
}

static enum turn
check_step(struct probe *p, void *state)
{
	const struct gcp *gcp = state;
	const json_t *root = cloud_call_root(gcp->call);
	char *word = gcp_text(root, "state");
	enum turn turn;

	gcp_fact(p, root, "state", "state");
	gcp_fact(p, root, "network", "network");
	gcp_fact(p, root, "range", "ipCidrRange");
	gcp_fact(p, root, "machine_type", "machineType");
	gcp_fact(p, root, "min_instances", "minInstances");
	gcp_fact(p, root, "max_instances", "maxInstances");
	turn = judge(p, gcp, word);
	free(word);
	return turn;
}

static const struct probe_step steps[] = {
	{ "credential", gcp_credential_step },
	{ "state", state_step },
	{ "check", check_step },
	{ NULL, NULL },
};

const struct probe_kind gcp_vpc_connector_kind = {
	.name = "gcp.vpc_connector",
	.state_size = sizeof(struct gcp),
	.steps = steps,
	.vantage = VANTAGE_CONTROL_PLANE,
	.is_silence_unknown = true,
	.cleanup = gcp_cleanup,
	.check = gcp_check,
};
