/*
 * gcp.h - what the probes of Google Cloud have in common: a run's state, its
 * token, and how facts are told.
 */
#ifndef AGENT_PROBES_GCP_H
#define AGENT_PROBES_GCP_H

#include "agent/probe.h"
#include "agent/probes/cloud_call.h"

/* The state of each of these kinds. */
struct gcp {
	struct cloud_call *call;
	struct gcp_token *token; /* that is under way */
	char *whose; /* the token last given, as tokens.h knows it */
	struct tokens *tokens;
	char *url, *next; /* of the resource, of what comes after it */
	char *what;       /* "instance shop/staging-db" */
	json_t *first;    /* an answer that is needed later */
	char *trouble;    /* of what comes after it */
	enum reason trouble_reason;
};

/* The resource of this run, whatever its kind. */
const struct gcp_config *gcp_config(const struct probe *probe);

/* Goes on getting a token by these credentials for the calls that follow; one
 * that another run was given is used until shortly before its end. */
enum turn gcp_authorise(struct probe *probe, struct gcp *gcp,
    const struct gcp_credentials *credentials);

/* The first step of each kind: a token by the probe's own credentials. */
enum turn gcp_credential_step(struct probe *probe, void *state);

/* Reports a plain value of an answer as the fact "gcp/RESOURCE/NAME"; absent
 * when it is not there. */
void gcp_fact(struct probe *probe, const json_t *root, const char *name,
    const char *path);
void gcp_fact_text(struct probe *probe, const char *name, const char *value);

/* The plain text at path of an answer, owned by the caller, or "". */
char *gcp_text(const json_t *root, const char *path);

void gcp_cleanup(void *state);

/* The check of struct probe_kind, for all of them. */
int gcp_check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err);

#endif
