#include <stdlib.h>
#include <string.h>

#include "agent/probes/gcp.h"
#include "agent/probes/kinds.h"
#include "proto/base/mem.h"

#define ENDPOINT "https://sqladmin.googleapis.com"

static enum turn
state_step(struct probe *p, void *state)
{
	const struct gcp_config *config = gcp_config(p);
	struct gcp *gcp = state;

	if (gcp->url == NULL) {
		gcp->what =
		    mem_printf("instance %s/%s", config->project, config->name);
		gcp->url = mem_printf("%s/sql/v1beta4/projects/%s/instances/%s",
		    config->endpoint != NULL ? config->endpoint : ENDPOINT,
		    config->project, config->name);
	}
	return cloud_call_get(gcp->call, gcp->url, gcp->what);
}

static void
report(struct probe *p, const json_t *root)
{
	gcp_fact(p, root, "state", "state");
	gcp_fact(p, root, "activation_policy", "settings.activationPolicy");
	gcp_fact(p, root, "database_version", "databaseVersion");
	gcp_fact(p, root, "tier", "settings.tier");
	gcp_fact(p, root, "availability", "settings.availabilityType");
	gcp_fact(p, root, "public_ip", "settings.ipConfiguration.ipv4Enabled");
	gcp_fact(p, root, "private_network",
	    "settings.ipConfiguration.privateNetwork");
	gcp_fact(p, root, "ssl_mode", "settings.ipConfiguration.sslMode");
}

/* RUNNABLE is what an instance is that its owner has stopped, too: the policy
 * tells.  https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1beta4/
 * instances */
static enum turn
judge(struct probe *p, const struct gcp *gcp, const char *state,
    const char *policy)
{
	probe_text(p, "state", state);
	probe_text(p, "activation_policy", policy);
	if (state[0] == '\0')
		return probe_unknown(p, REASON_PROTOCOL,
		    "the answer about %s has no state", gcp->what);
	if (strcmp(state, "MAINTENANCE") == 0)
		return probe_warn(
		    p, REASON_ANSWER, "%s is down for maintenance", gcp->what);
	if (strcmp(state, "RUNNABLE") != 0)
		return probe_fail(
		    p, REASON_ANSWER, "%s is %s", gcp->what, state);
	if (strcmp(policy, "NEVER") == 0)
		return probe_fail(p, REASON_ANSWER,
		    "%s is stopped by its owner (RUNNABLE, activation policy "
		    "NEVER)",
		    gcp->what);
	probe_say(p, "%s is RUNNABLE, activation policy %s", gcp->what,
	    policy[0] != '\0' ? policy : "not told");
	return TURN_NEXT;
}

static enum turn
check_step(struct probe *p, void *state)
{
	const struct gcp *gcp = state;
	const json_t *root = cloud_call_root(gcp->call);
	char *word = gcp_text(root, "state");
	char *policy = gcp_text(root, "settings.activationPolicy");
	enum turn turn;

	report(p, root);
	turn = judge(p, gcp, word, policy);
	free(word);
	free(policy);
	return turn;
}

static const struct probe_step steps[] = {
	{ "credential", gcp_credential_step },
	{ "state", state_step },
	{ "check", check_step },
	{ NULL, NULL },
};

const struct probe_kind gcp_sql_kind = {
	.name = "gcp.sql",
	.state_size = sizeof(struct gcp),
	.steps = steps,
	.vantage = VANTAGE_CONTROL_PLANE,
	.is_silence_unknown = true,
	.cleanup = gcp_cleanup,
	.check = gcp_check,
};
