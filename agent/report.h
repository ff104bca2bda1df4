/*
 * report.h - what a check found, for people, for programs, for Nagios.
 *
 * From a vantage that is not proven nothing may be said of the environment:
 * every finding is then a blind spot, neither good nor bad, whatever was seen.
 */
#ifndef AGENT_REPORT_H
#define AGENT_REPORT_H

#include "agent/arguments.h"
#include "agent/config.h"
#include "proto/base/text.h"
#include "proto/result.h"

/* One result, and whose it is. */
struct finding {
	const struct probe_config *probe;
	const struct series *series;
	const struct result *result;
	/* The finding of the same report that entails this one, which is then
	 * no news; NULL: it stands for itself.  Set by report_explain(). */
	const struct finding *cause;
};

/* Everything is borrowed. */
struct report {
	const struct agent_config *config;
	const char *path; /* of the configuration */
	enum outcome threshold;
	enum vantage vantage;
	const char *why; /* of the vantage */
	int64_t at_ms, duration_us;
	struct finding *findings;
	size_t n;
};

/* Puts the findings in the order in which people read them: services as in the
 * configuration; within one, from what comes first in a chain (env, settings,
 * dns, tcp, tls, postgres, redis, http, journey) to what depends on it. */
void report_sort(struct report *report);

/* The place of a kind in a chain; the lower, the earlier. */
int report_rank(const char *kind);

/* Finds out, of sorted findings, which are entailed by a failure below: the
 * same target fails at the same layer (a name, a connection, TLS), the inputs
 * are not there and the env probe of the service says so, or the application
 * itself fails while something it stands on does. */
void report_explain(struct report *report);

bool report_is_blind(const struct report *report);

/* From where a finding was made: what a control plane says is its own. */
enum vantage
report_vantage(const struct report *report, const struct finding *finding);

/* How many findings have this outcome. */
size_t report_count(const struct report *report, enum outcome outcome);

/* The exit code: 0 ok, 1 warning, 2 critical, 3 unknown. */
int report_exit(const struct report *report);

/* "staging: 2 critical, 1 warning, 4 ok"; one line without its end. */
void report_summary(struct text *out, const struct report *report);

void
report_text(struct text *out, const struct report *report, bool has_colour);
void report_json(struct text *out, const struct report *report);
void report_nagios(struct text *out, const struct report *report);

#endif
