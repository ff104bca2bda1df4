/*
 * answers.h - an outage as a collector answers it: staging's backend lacks
 * its variables, production is well, one agent is silent.
 */
#ifndef TESTS_COLLECTOR_CLI_ANSWERS_H
#define TESTS_COLLECTOR_CLI_ANSWERS_H

#include "proto/query.h"

#define NOW INT64_C(1767607220000) /* 2026-01-05T10:00:20Z */

#define ENV_SERIES                                                   \
	{                                                            \
		.environment = "staging", .agent = "stg-1",          \
		.service = "backend", .probe = "env", .kind = "env", \
		.reference_of = "", .vantage = VANTAGE_IN_SERVICE,   \
		.interval_ms = 10000, .phases = { "read", "check" }, \
		.n_phases = 2                                        \
	}

#define DB_SERIES                                                          \
	{                                                                  \
		.environment = "staging", .agent = "stg-1",                \
		.service = "backend", .probe = "db", .kind = "postgres",   \
		.reference_of = "", .vantage = VANTAGE_IN_SERVICE,         \
		.interval_ms = 10000,                                      \
		.phases = { "resolve", "connect", "query" }, .n_phases = 3 \
	}

#define ENV_RESULT                                                          \
	{                                                                   \
		.at_ms = NOW - 14000, .duration_us = 420, .limit_ms = 5000, \
		.outcome = OUTCOME_CRITICAL, .attempts = 1,                 \
		.reason = REASON_MISSING, .phase_us = { 300, 120 },         \
		.n_phases = 2,                                              \
		.message = "6 variables missing in pid 812: "               \
			   "POSTGRES_HOST POSTGRES_PORT POSTGRES_DB "       \
			   "POSTGRES_USER DATABASE_URL SECRET_KEY"          \
	}

#define DB_RESULT                                                          \
	{                                                                  \
		.at_ms = NOW - 12000, .duration_us = 5000000,              \
		.limit_ms = 5000, .outcome = OUTCOME_CRITICAL,             \
		.censored = true, .attempts = 2, .reason = REASON_TIMEOUT, \
		.phase_us = { 3200, 4996800 }, .n_phases = 2,              \
		.message = "db.staging:5432: no answer"                    \
	}

#define DB_GOOD                                                               \
	{                                                                     \
		.at_ms = NOW - 32000, .duration_us = 12400, .limit_ms = 5000, \
		.outcome = OUTCOME_OK, .attempts = 1,                         \
		.phase_us = { 3200, 5000, 4200 }, .n_phases = 3,              \
		.message = "", .attributes = db_attributes, .n_attributes = 2 \
	}

static const struct attribute db_attributes[] = {
	{ .name = "server_version", .text = "15.5" },
	{ .name = "rows", .number = 1 },
};

static const struct cell_row cells[] = {
	{ "staging", "database", STATE_OK, NOW - 86400000, NOW - 4000, "", "" },
	{ "staging", "backend", STATE_CRITICAL, NOW - 14000, NOW - 2000, "b41f",
	    "env: 6 variables missing in pid 812: POSTGRES_HOST "
	    "POSTGRES_PORT POSTGRES_DB POSTGRES_USER DATABASE_URL SECRET_KEY" },
	{ "production", "backend", STATE_OK, NOW - 86400000, NOW - 4000, "b41f",
	    "" },
	{ "production", "cache", STATE_BLIND, 0, 0, "",
	    "no probe looks at it from a vantage that counts" },
	{ "local", "backend", STATE_STALE, NOW - 400000, NOW - 400000, "dev",
	    "" },
};

static const struct series_row series_rows[] = {
	{ .series = ENV_SERIES,
	    .last = ENV_RESULT,
	    .state = STATE_CRITICAL,
	    .hard = true,
	    .since_ms = NOW - 14000,
	    .n_results = 8640 },
	{ .series = DB_SERIES,
	    .last = DB_RESULT,
	    .state = STATE_CRITICAL,
	    .hard = false,
	    .since_ms = NOW - 12000,
	    .n_results = 8640 },
};

static const struct agent_row agents[] = {
	{ .environment = "staging",
	    .agent = "stg-1",
	    .version = "0.1.0",
	    .vantage = VANTAGE_IN_SERVICE,
	    .seen_ms = NOW - 2000,
	    .clock_offset_ms = -12 },
	{ .environment = "local",
	    .agent = "laptop",
	    .version = "0.1.0",
	    .vantage = VANTAGE_WORKSTATION,
	    .seen_ms = NOW - 400000,
	    .silent = true,
	    .waiting = 3,
	    .lost_results = 7,
	    .lost_from_ms = NOW - 500000,
	    .lost_to_ms = NOW - 450000 },
};

static const struct finding_row findings[] = {
	{ "staging", "backend", "reference",
	    "db: own inputs fail (env.missing), reference inputs pass in the "
	    "same run (3.2 ms)" },
	{ "staging", "backend", "build",
	    "b41f is also on production/backend, which is ok" },
	{ "staging", "database", "gap", "stg-1 lost 7 results" },
	{ "production", "backend", "peer", "the worker reaches db" },
};

static const struct attribute told_by[] = { { MARK_BY, "uid 1000", 0 } };

static const struct mark marks[] = {
	{ NOW, "staging", "backend", MARK_DEPLOY, "build/v2", "released v2",
	    told_by, 1 },
};

static const struct regression_row regressions[] = {
	{ .id = 12,
	    .kind = REGRESSION_STATE,
	    .environment = "staging",
	    .service = "backend",
	    .agent = "stg-1",
	    .subject = "env",
	    .severity = OUTCOME_CRITICAL,
	    .onset_from_ms = NOW - 24000,
	    .onset_to_ms = NOW - 14000,
	    .detected_ms = NOW - 13000,
	    .before = "ok",
	    .after = "critical, env.missing",
	    .message = "6 variables missing" },
	{ .id = 9,
	    .kind = REGRESSION_LATENCY,
	    .environment = "production",
	    .service = "backend",
	    .agent = "prd-1",
	    .subject = "http",
	    .severity = OUTCOME_WARNING,
	    .onset_from_ms = NOW - 3700000,
	    .onset_to_ms = NOW - 3600000,
	    .detected_ms = NOW - 3500000,
	    .late = true,
	    .before = "3.2 ms",
	    .after = "41 ms",
	    .message = "" },
	{ .id = 3,
	    .kind = REGRESSION_SILENCE,
	    .environment = "local",
	    .service = "",
	    .agent = "laptop",
	    .subject = "laptop",
	    .severity = OUTCOME_WARNING,
	    .onset_from_ms = NOW - 90000000,
	    .onset_to_ms = NOW - 89000000,
	    .detected_ms = NOW - 88000000,
	    .cleared_ms = NOW - 80000000,
	    .before = "a batch every 10 s",
	    .after = "none",
	    .message = "" },
};

static const struct status_answer outage = {
	.at_ms = NOW,
	.cells = cells,
	.n_cells = 5,
	.series = series_rows,
	.n_series = 2,
	.agents = agents,
	.n_agents = 2,
	.findings = findings,
	.n_findings = 4,
	.open = regressions,
	.n_open = 2,
};

static const struct history_row history_rows[] = {
	{ ENV_SERIES, ENV_RESULT },
	{ DB_SERIES, DB_RESULT },
	{ DB_SERIES, DB_GOOD },
};

static const struct change_row changes[] = {
	{ "staging", "backend", "env/POSTGRES_HOST", SOURCE_PROCESS,
	    "fingerprint k1:9f2c0011", "absent", NOW - 24000, NOW - 14000,
	    "stg-1" },
	{ "staging", "", "build", SOURCE_SERVICE, "not seen before", "b41f", 0,
	    NOW - 90000000, "stg-1" },
};

#endif
