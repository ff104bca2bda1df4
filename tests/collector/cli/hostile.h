/*
 * hostile.h - an answer whose every text is as long as it may be and full of
 * what terminals obey: escape sequences, line ends, marks that turn the line.
 */
#ifndef TESTS_COLLECTOR_CLI_HOSTILE_H
#define TESTS_COLLECTOR_CLI_HOSTILE_H

#include "proto/query.h"

#define EVIL16 "\x1b[2J\r\n\xe2\x80\xae\xff\x9b\u6771e"
#define EVIL   EVIL16 EVIL16 EVIL16 EVIL16 " " EVIL16 EVIL16 EVIL16
#define LONG_NAME \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define HOSTILE_SERIES                                                     \
	{                                                                  \
		.environment = LONG_NAME, .agent = LONG_NAME,              \
		.service = LONG_NAME, .probe = EVIL, .kind = EVIL,         \
		.reference_of = EVIL, .vantage = VANTAGE_WORKSTATION,      \
		.interval_ms = UINT32_MAX,                                 \
		.phases = { EVIL, LONG_NAME, "c", "d", "e", "f", "g", "h", \
			"i", "j", "k", "l" },                              \
		.n_phases = 12                                             \
	}

#define HOSTILE_RESULT                                                  \
	{                                                               \
		.at_ms = INT64_MAX, .duration_us = INT64_MAX,           \
		.limit_ms = UINT32_MAX, .outcome = OUTCOME_UNKNOWN,     \
		.censored = true, .attempts = UINT32_MAX,               \
		.reason = REASON_INTERNAL,                              \
		.phase_us = { INT64_MAX, INT64_MIN }, .n_phases = 12,   \
		.message = EVIL EVIL, .attributes = hostile_attributes, \
		.n_attributes = 3                                       \
	}

static const struct attribute hostile_attributes[] = {
	{ .name = EVIL, .text = EVIL },
	{ .name = "nan", .number = 0.0 / 0.0 },
	{ .name = "infinite", .number = 1e308 * 10 },
};

/* Two that differ, so that no column can be said once for both. */
static const struct history_row hostile_rows[] = {
	{ HOSTILE_SERIES, HOSTILE_RESULT },
	{ { .environment = "a",
	      .agent = "b",
	      .service = "",
	      .probe = "c",
	      .kind = "d",
	      .reference_of = "" },
	    { .message = "" } },
};

static const struct cell_row hostile_cells[] = {
	{ LONG_NAME, LONG_NAME, STATE_CRITICAL, INT64_MAX, INT64_MIN, EVIL,
	    EVIL EVIL },
	{ LONG_NAME "b", "", STATE_UNKNOWN, 1, 1, EVIL, EVIL },
	{ "c", "d", STATE_STALE, INT64_MIN, 1, "", "" },
	{ "e", "f", STATE_BLIND, 0, 0, "", "" },
	{ "g", "h", STATE_WARNING, 1, 1, "", EVIL },
	{ "i", "j", (enum state)77, 1, 1, "", "" },
};

static const struct series_row hostile_series[] = {
	{ .series = HOSTILE_SERIES,
	    .last = HOSTILE_RESULT,
	    .state = STATE_CRITICAL },
	{ .series = HOSTILE_SERIES,
	    .last = HOSTILE_RESULT,
	    .state = STATE_WARNING },
};

static const struct agent_row hostile_agents[] = {
	{ .environment = LONG_NAME,
	    .agent = EVIL,
	    .version = EVIL,
	    .silent = true,
	    .lost_results = UINT64_MAX,
	    .waiting = UINT64_MAX,
	    .lost_from_ms = INT64_MIN,
	    .lost_to_ms = INT64_MAX,
	    .seen_ms = INT64_MIN },
};

static const struct finding_row hostile_findings[] = {
	{ LONG_NAME, LONG_NAME, EVIL, EVIL EVIL },
	{ EVIL, EVIL, EVIL, EVIL EVIL },
	{ "", "", "blind", "" },
};

static const struct attribute hostile_by[] = { { MARK_BY, EVIL, 0 } };

static const struct mark hostile_marks[] = {
	{ INT64_MAX, LONG_NAME, LONG_NAME, (enum mark_kind)99, EVIL, EVIL EVIL,
	    hostile_by, 1 },
};

static const struct regression_row hostile_regressions[] = {
	{ .id = UINT64_MAX,
	    .environment = LONG_NAME,
	    .service = LONG_NAME,
	    .agent = EVIL,
	    .subject = EVIL,
	    .severity = OUTCOME_CRITICAL,
	    .onset_from_ms = INT64_MIN,
	    .onset_to_ms = INT64_MAX,
	    .detected_ms = INT64_MAX,
	    .cleared_ms = INT64_MIN,
	    .late = true,
	    .before = EVIL,
	    .after = EVIL,
	    .message = EVIL },
	{ .environment = EVIL,
	    .service = EVIL,
	    .agent = "",
	    .subject = "",
	    .before = "",
	    .after = "",
	    .message = "" },
};

static const struct change_row hostile_changes[] = {
	{ LONG_NAME, LONG_NAME, EVIL, SOURCE_SERVER, EVIL, EVIL, INT64_MIN,
	    INT64_MAX, EVIL },
	{ "", "", "", SOURCE_FILE, "", "", 0, 0, "" },
};

static const struct status_answer hostile_status = {
	.at_ms = INT64_MAX / 2,
	.cells = hostile_cells,
	.n_cells = 6,
	.series = hostile_series,
	.n_series = 2,
	.agents = hostile_agents,
	.n_agents = 1,
	.findings = hostile_findings,
	.n_findings = 3,
	.open = hostile_regressions,
	.n_open = 2,
};

#endif
