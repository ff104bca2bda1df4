#include <stdlib.h>
#include <string.h>

#include "agent/endpoint.h"
#include "agent/report.h"
#include "proto/base/mem.h"

/* How far from the ground a failure is. */
enum layer {
	LAYER_NONE, /* beside the chain: neither explains nor is explained */
	LAYER_ENV,
	LAYER_DNS,
	LAYER_TCP,
	LAYER_TLS,
	LAYER_AUTH,
	LAYER_QUERY,
	LAYER_APP,
	LAYER_JOURNEY,
};

/* In which layer a kind fails at a phase; "" is any other phase. */
static const struct place {
	const char *kind, *phase;
	enum layer layer;
} places[] = {
	{ "env", "", LAYER_ENV },
	{ "dns", "", LAYER_DNS },
	{ "exec", "", LAYER_NONE },
	{ "host", "", LAYER_NONE },
	{ "log", "", LAYER_NONE },
	{ "push", "", LAYER_NONE },
	{ "heartbeat", "", LAYER_NONE },
	{ "settings", "", LAYER_NONE },
	{ "gcp.vpc_connector", "", LAYER_NONE },
	{ "gcp.secret", "", LAYER_NONE },
	{ "gcp.sql", "", LAYER_NONE },
	{ "gcp.run", "", LAYER_NONE },
	{ "journey", "", LAYER_JOURNEY },
	{ "", "inputs", LAYER_ENV },
	{ "", "resolve", LAYER_DNS },
	{ "icmp", "", LAYER_NONE }, /* replies may be filtered */
	{ "", "connect", LAYER_TCP },
	{ "", "tls", LAYER_TLS },
	{ "", "handshake", LAYER_TLS },
	{ "", "certificate", LAYER_TLS },
	{ "", "auth", LAYER_AUTH },
	{ "postgres", "", LAYER_QUERY },
	{ "redis", "", LAYER_QUERY },
	{ "http", "", LAYER_APP },
};

/* Where a finding looks; texts are NULL when that is not known. */
struct target {
	char *host;
	const char *server; /* the address that was connected to; borrowed */
	uint16_t port;      /* 0: none, or not known */
};

static const char *
phase_of(const struct finding *finding)
{
	const struct result *result = finding->result;

	return result->n_phases > 0 &&
		result->n_phases <= finding->series->n_phases
	    ? finding->series->phases[result->n_phases - 1]
	    : "";
}

static enum layer
layer_of(const struct finding *finding)
{
	const char *kind = finding->series->kind, *phase = phase_of(finding);

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if ((places[i].kind[0] == '\0' ||
			strcmp(places[i].kind, kind) == 0) &&
		    (places[i].phase[0] == '\0' ||
			strcmp(places[i].phase, phase) == 0))
			return places[i].layer;
	return LAYER_NONE;
}

static const struct attribute *
attribute_of(const struct finding *finding, const char *name)
{
	const struct result *result = finding->result;

	for (size_t i = 0; i < result->n_attributes; i++)
		if (strcmp(result->attributes[i].name, name) == 0)
			return &result->attributes[i];
	return NULL;
}

static void
target_of_url(struct target *out, const char *url)
{
	struct endpoint endpoint = { 0 };

	if (endpoint_parse(&endpoint, url) < 0)
		return;
	out->host = endpoint.host;
	out->port = endpoint.port;
	endpoint.host = NULL;
	endpoint_fini(&endpoint);
}

static struct target
target_of(const struct finding *finding)
{
	const struct probe_config *probe = finding->probe;
	const struct attribute *server = attribute_of(finding, "server");
	struct target target = { 0 };

	if (server != NULL)
		target.server = server->text;
	if (probe->dns != NULL) {
		target.host = mem_strdup(probe->dns->name);
	} else if (probe->tcp != NULL) {
		target.host = mem_strdup(probe->tcp->host);
		target.port = probe->tcp->port;
	} else if (probe->tls != NULL) {
		target.host = mem_strdup(probe->tls->host);
		target.port = probe->tls->port;
	} else if (probe->icmp != NULL) {
		target.host = mem_strdup(probe->icmp->host);
	} else if (probe->redis != NULL && probe->redis->inputs.host != NULL) {
		target.host = mem_strdup(probe->redis->inputs.host);
		target.port = probe->redis->inputs.port;
	} else if (probe->http != NULL) {
		target_of_url(&target, probe->http->url);
	} else if (probe->postgres != NULL &&
	    probe->postgres->inputs.host != NULL) {
		target.host = mem_strdup(probe->postgres->inputs.host);
		target.port = probe->postgres->inputs.port;
	}
	return target;
}

static bool
is_same_service(const struct finding *a, const struct finding *b)
{
	return strcmp(a->probe->service, b->probe->service) == 0;
}

/* Do both look at the same place?  A name has no port. */
static bool
is_same_target(const struct target *below, const struct target *above)
{
	if (below->server != NULL && above->server != NULL &&
	    strcmp(below->server, above->server) == 0)
		return true;
	return below->host != NULL && above->host != NULL &&
	    strcmp(below->host, above->host) == 0 &&
	    (below->port == 0 || below->port == above->port);
}

/* Is this what an application says when something below it is broken? */
static bool
may_follow(const struct finding *finding, enum layer layer)
{
	const struct attribute *status = attribute_of(finding, "status");

	if (layer == LAYER_JOURNEY)
		return true;
	return layer == LAYER_APP &&
	    (finding->result->reason == REASON_TIMEOUT ||
		finding->result->reason == REASON_RESET ||
		(finding->result->reason == REASON_STATUS && status != NULL &&
		    status->text == NULL && status->number >= 500));
}

static bool
is_proper(const struct finding *finding)
{
	const char *kind = finding->series->kind;

	return strcmp(kind, "dns") == 0 || strcmp(kind, "tcp") == 0 ||
	    strcmp(kind, "tls") == 0;
}

/* Does below, whose outcome is critical, entail above? */
static bool
explains(const struct finding *below, const struct finding *above)
{
	enum layer low = layer_of(below), high = layer_of(above);
	struct target a, b;
	bool rc;

	if (low == LAYER_NONE || high == LAYER_NONE)
		return false;
	if (is_same_service(below, above) && low < LAYER_APP &&
	    may_follow(above, high))
		return true; /* the service stands on what is below it */
	if (low != high)
		return false; /* it came further than what is broken there */
	if (low == LAYER_ENV)
		return below->probe->env != NULL && above->probe->env == NULL &&
		    is_same_service(below, above);
	if (!is_proper(below) ||
	    report_rank(below->series->kind) >=
		report_rank(above->series->kind))
		return false;
	a = target_of(below);
	b = target_of(above);
	rc = b.host == NULL && b.server == NULL ? is_same_service(below, above)
						: is_same_target(&a, &b);
	free(a.host);
	free(b.host);
	return rc;
}

/* The lowest that explains it; NULL when there is none, or, where the target
 * of the finding is not known, when there are several. */
static const struct finding *
cause_of(const struct report *report, const struct finding *finding)
{
	const struct finding *cause = NULL;

	for (size_t i = 0; i < report->n; i++) {
		const struct finding *other = &report->findings[i];

		if (other == finding ||
		    other->result->outcome != OUTCOME_CRITICAL ||
		    other->series->reference_of[0] != '\0' ||
		    !explains(other, finding))
			continue;
		if (cause == NULL || layer_of(other) < layer_of(cause))
			cause = other;
	}
	return cause;
}

void
report_explain(struct report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		struct finding *finding = &report->findings[i];
		enum outcome outcome = finding->result->outcome;

		finding->cause = NULL;
		if (outcome == OUTCOME_CRITICAL || outcome == OUTCOME_UNKNOWN)
			finding->cause = cause_of(report, finding);
	}
	/* What explains is itself explained by nothing: down to the ground.
	 * Each step goes to a lower layer or an earlier kind, so it ends. */
	for (size_t i = 0; i < report->n; i++)
		while (report->findings[i].cause != NULL &&
		    report->findings[i].cause->cause != NULL)
			report->findings[i].cause =
			    report->findings[i].cause->cause;
}
