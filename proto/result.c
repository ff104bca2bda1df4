#include <stdio.h>
#include <string.h>

#include "proto/result.h"
#include "proto/words.h"

static const char *const outcomes[] = { "ok", "warning", "critical",
	"unknown" };
static const char *const vantages[] = { "workstation", "in_service",
	"in_environment", "control_plane", "external" };
static const char *const sources[] = { "process", "file", "control_plane",
	"service", "server" };
static const char *const reasons[REASON_COUNT] = {
	[REASON_NONE] = "none",
	[REASON_TIMEOUT] = "timeout",
	[REASON_REFUSED] = "refused",
	[REASON_RESET] = "reset",
	[REASON_UNREACHABLE] = "unreachable",
	[REASON_NXDOMAIN] = "nxdomain",
	[REASON_SERVFAIL] = "servfail",
	[REASON_NO_ADDRESS] = "no_address",
	[REASON_ANSWER] = "answer",
	[REASON_STATUS] = "status",
	[REASON_EMPTY] = "empty",
	[REASON_PROTOCOL] = "protocol",
	[REASON_CERTIFICATE] = "certificate",
	[REASON_HANDSHAKE] = "handshake",
	[REASON_PASSWORD] = "password",
	[REASON_ROLE] = "role",
	[REASON_DATABASE] = "database",
	[REASON_PRIVILEGE] = "privilege",
	[REASON_EXHAUSTED] = "exhausted",
	[REASON_STARTING] = "starting",
	[REASON_CANCELLED] = "cancelled",
	[REASON_READ_ONLY] = "read_only",
	[REASON_SCHEMA] = "schema",
	[REASON_SQL] = "sql",
	[REASON_MISSING] = "missing",
	[REASON_SHAPE] = "shape",
	[REASON_FORBIDDEN] = "forbidden",
	[REASON_DENIED] = "denied",
	[REASON_PROCESS] = "process",
	[REASON_LIMIT] = "limit",
	[REASON_SKIPPED] = "skipped",
	[REASON_INTERNAL] = "internal",
	[REASON_EXPIRED] = "expired",
	[REASON_WRONG_NAME] = "wrong_name",
	[REASON_AUTHORITY] = "authority",
	[REASON_THRESHOLD] = "threshold",
	[REASON_LOSS] = "loss",
	[REASON_EXIT] = "exit",
	[REASON_ERRORS] = "errors",
	[REASON_STALE] = "stale",
	[REASON_TARGET] = "target",
	[REASON_MISSED] = "missed",
	[REASON_KILLED] = "killed",
};

enum outcome
outcome_worse(enum outcome a, enum outcome b)
{
	static const int rank[] = {
		[OUTCOME_OK] = 0,
		[OUTCOME_WARNING] = 1,
		[OUTCOME_UNKNOWN] = 2,
		[OUTCOME_CRITICAL] = 3,
	};

	return rank[a] >= rank[b] ? a : b;
}

const char *
outcome_name(enum outcome outcome)
{
	return words_name(outcomes, WORDS_COUNT(outcomes), outcome);
}

const char *
vantage_name(enum vantage vantage)
{
	return words_name(vantages, WORDS_COUNT(vantages), vantage);
}

const char *
source_name(enum source source)
{
	return words_name(sources, WORDS_COUNT(sources), source);
}

const char *
reason_name(enum reason reason)
{
	return words_name(reasons, WORDS_COUNT(reasons), reason);
}

int
outcome_parse(enum outcome *out, const char *name)
{
	int i = words_find(outcomes, WORDS_COUNT(outcomes), name);

	if (i < 0)
		return -1;
	*out = (enum outcome)i;
	return 0;
}

int
vantage_parse(enum vantage *out, const char *name)
{
	int i = words_find(vantages, WORDS_COUNT(vantages), name);

	if (i < 0)
		return -1;
	*out = (enum vantage)i;
	return 0;
}

int
source_parse(enum source *out, const char *name)
{
	int i = words_find(sources, WORDS_COUNT(sources), name);

	if (i < 0)
		return -1;
	*out = (enum source)i;
	return 0;
}

int
reason_parse(enum reason *out, const char *name)
{
	int i = words_find(reasons, WORDS_COUNT(reasons), name);

	if (i < 0)
		return -1;
	*out = (enum reason)i;
	return 0;
}

enum reason
reason_of_sqlstate(const char *sqlstate)
{
	/* The first that begins the state; PostgreSQL's appendix A. */
	static const struct {
		const char *state;
		enum reason reason;
	} states[] = {
		{ "28P01", REASON_PASSWORD },
		{ "28", REASON_ROLE },
		{ "3D000", REASON_DATABASE },
		{ "42501", REASON_PRIVILEGE },
		{ "42", REASON_SCHEMA },
		{ "53", REASON_EXHAUSTED },
		{ "57P0", REASON_STARTING },
		{ "57014", REASON_CANCELLED },
		{ "55P03", REASON_CANCELLED },
		{ "25006", REASON_READ_ONLY },
		{ "08P01", REASON_PROTOCOL },
		{ "08", REASON_RESET },
	};

	for (size_t i = 0; i < WORDS_COUNT(states); i++)
		if (strncmp(sqlstate, states[i].state,
			strlen(states[i].state)) == 0)
			return states[i].reason;
	return REASON_SQL;
}

bool
vantage_counts(enum vantage vantage)
{
	return vantage != VANTAGE_WORKSTATION;
}

bool
vantage_is_inside(enum vantage vantage)
{
	return vantage == VANTAGE_IN_SERVICE ||
	    vantage == VANTAGE_IN_ENVIRONMENT;
}

char *
result_reason(char out[REASON_TEXT_BYTES], const struct series *series,
    const struct result *result)
{
	const char *phase = "";

	for (size_t i = 0; i < result->n_attributes; i++) {
		const struct attribute *attribute = &result->attributes[i];

		if (attribute->text == NULL ||
		    strcmp(attribute->name, ATTRIBUTE_REASON) != 0)
			continue;
		snprintf(out, REASON_TEXT_BYTES, "%s", attribute->text);
		return out;
	}
	if (result->reason == REASON_NONE) {
		out[0] = '\0';
		return out;
	}
	if (result->n_phases > 0 && result->n_phases <= series->n_phases)
		phase = series->phases[result->n_phases - 1];
	snprintf(out, REASON_TEXT_BYTES, "%.28s%s%s", phase,
	    phase[0] != '\0' ? "." : "", reason_name(result->reason));
	return out;
}
