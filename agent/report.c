#include <stdlib.h>
#include <string.h>

#include "agent/report.h"

/* The links of a chain; what is not named comes last. */
static const char *const chain[] = { "host", "env", "settings", "dns", "icmp",
	"tcp", "tls", "postgres", "redis", "http", "journey",
	"gcp.vpc_connector", "gcp.secret", "gcp.sql", "gcp.run", NULL };

bool
report_is_blind(const struct report *report)
{
	return !vantage_counts(report->vantage);
}

enum vantage
report_vantage(const struct report *report, const struct finding *finding)
{
	return report_is_blind(report) || finding->series->vantage == 0
	    ? report->vantage
	    : finding->series->vantage;
}

size_t
report_count(const struct report *report, enum outcome outcome)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n; i++)
		n += report->findings[i].result->outcome == outcome;
	return n;
}

int
report_rank(const char *kind)
{
	int rank = 0;

	while (chain[rank] != NULL && strcmp(chain[rank], kind) != 0)
		rank++;
	return rank;
}

/* Of the first probe that is about this service. */
static size_t
place_of(const struct agent_config *config, const char *service)
{
	size_t i = 0;

	while (i < config->n_probes &&
	    strcmp(config->probes[i].service, service) != 0)
		i++;
	return i;
}

static int
compare(const void *left, const void *right, void *arg)
{
	const struct finding *a = left, *b = right;
	const struct agent_config *config = arg;
	size_t place_a = place_of(config, a->probe->service);
	size_t place_b = place_of(config, b->probe->service);
	int rank_a = report_rank(a->series->kind),
	    rank_b = report_rank(b->series->kind);

	if (place_a != place_b)
		return place_a < place_b ? -1 : 1;
	if (rank_a != rank_b)
		return rank_a - rank_b;
	if (a->probe != b->probe)
		return a->probe < b->probe ? -1 : 1;
	/* A reference run stands below the run it is compared with. */
	return (a->series->reference_of[0] != '\0') -
	    (b->series->reference_of[0] != '\0');
}

void
report_sort(struct report *report)
{
	qsort_r(report->findings, report->n, sizeof(*report->findings), compare,
	    (void *)(uintptr_t)report->config);
}

int
report_exit(const struct report *report)
{
	static const int codes[] = {
		[OUTCOME_OK] = 0,
		[OUTCOME_WARNING] = 1,
		[OUTCOME_CRITICAL] = 2,
		[OUTCOME_UNKNOWN] = 3,
	};
	enum outcome worst = OUTCOME_OK;

	if (report_is_blind(report) || report->n == 0)
		return codes[OUTCOME_UNKNOWN];
	for (size_t i = 0; i < report->n; i++)
		worst =
		    outcome_worse(worst, report->findings[i].result->outcome);
	if (worst == OUTCOME_WARNING && report->threshold == OUTCOME_CRITICAL)
		return codes[OUTCOME_OK];
	return codes[worst];
}

void
report_summary(struct text *out, const struct report *report)
{
	static const enum outcome order[] = { OUTCOME_CRITICAL, OUTCOME_UNKNOWN,
		OUTCOME_WARNING, OUTCOME_OK };
	const char *comma = "";

	text_addf(out, "%s: ", report->config->environment);
	if (report->n == 0) {
		text_add(out, "no probe was selected");
		return;
	}
	if (report_is_blind(report)) {
		text_addf(out, "%zu blind spot%s, vantage unproven", report->n,
		    report->n == 1 ? "" : "s");
		return;
	}
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		size_t n = report_count(report, order[i]);

		if (n == 0)
			continue;
		text_addf(out, "%s%zu %s", comma, n, outcome_name(order[i]));
		comma = ", ";
	}
}
