#include "collector/diagnose/severity.h"
#include "tests/collector/diagnose/cases.h"
#include "tests/support/table.h"

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define S  "staging"
#define IN VANTAGE_IN_SERVICE
#define EX VANTAGE_EXTERNAL

#define JOURNEY      S, "ops-1", "backend", "golden", "journey", EX
#define INSIDE       S, "stg-1", "backend", "golden-inside", "journey", IN
#define READY_A      S, "stg-1", "backend", "ready-a", "http", IN
#define READY_B      S, "stg-1", "backend", "ready-b", "http", IN
#define STATUS       REASON_STATUS, "first_byte", "status 500", 60
#define AT(k)        .step = (k), .steps = 5
#define OF(bad, all) .episode_bad = (bad), .episode = (all)

static const struct row {
	const char *name;
	enum severity expect;
	struct seen seen[CASE_VIEWS];
	bool is_slow; /* the path to a database takes longer than it did */
} rows[] = {
	{ "nothing fails", SEVERITY_NONE, { { JOURNEY }, { READY_A } } },
	{ "nobody looks", SEVERITY_UNKNOWN, { { 0 } } },
	{ "who does not count complains, and nobody else could tell",
	    SEVERITY_UNKNOWN,
	    { { JOURNEY },
		{ S, "stg-1", "backend", "env", "env", IN, .age_s = 170 },
		{ S, "dev-1", "backend", "env", "env", VANTAGE_WORKSTATION,
		    REASON_MISSING, NULL, "6 variables missing", 60 } } },
	{ "the only journey fails at its first step", SEVERITY_OUTAGE,
	    { { JOURNEY, STATUS, AT(1) } } },
	{ "who cannot log in got nothing", SEVERITY_OUTAGE,
	    { { JOURNEY, STATUS, AT(2) }, { READY_A } } },
	{ "a later step fails and the application is well", SEVERITY_PARTIAL,
	    { { JOURNEY, STATUS, AT(3) }, { INSIDE, STATUS, AT(3) },
		{ READY_A } } },
	{ "the last step fails by what it says", SEVERITY_PARTIAL,
	    { { JOURNEY, REASON_ANSWER, NULL, "id is not there", 60, AT(5) },
		{ READY_A } } },
	{ "a later step fails and so does the application", SEVERITY_OUTAGE,
	    { { JOURNEY, STATUS, AT(3) }, { READY_A, STATUS } } },
	{ "whose time ran out at a later step got nothing", SEVERITY_OUTAGE,
	    { { JOURNEY, REASON_TIMEOUT, NULL, "step 3: not done within 4 s",
		  60, AT(3) },
		{ READY_A } } },
	{ "one journey of two fails altogether", SEVERITY_PARTIAL,
	    { { JOURNEY, STATUS, AT(1) },
		{ S, "ops-1", "backend", "export", "journey", EX } } },
	{ "a step fails everywhere but now and then inside", SEVERITY_PARTIAL,
	    { { JOURNEY, STATUS, AT(3), OF(17, 17) },
		{ INSIDE, STATUS, AT(3), OF(3, 17) } } },
	{ "half of the runs fail", SEVERITY_DEGRADED,
	    { { JOURNEY, STATUS, AT(1), OF(9, 17) }, { READY_A } } },
	{ "nine of ten runs are all", SEVERITY_OUTAGE,
	    { { JOURNEY, STATUS, AT(1), OF(18, 20) } } },
	{ "one failure is not yet an outage", SEVERITY_DEGRADED,
	    { { JOURNEY, REASON_STATUS, NULL, "status 500", 5, AT(1),
		OF(1, 1) } } },
	{ "one of two replicas is gone", SEVERITY_DEGRADED,
	    { { READY_A, REASON_REFUSED, "connect", "refused", 60 },
		{ READY_B } } },
	{ "both replicas are gone", SEVERITY_OUTAGE,
	    { { READY_A, REASON_REFUSED, "connect", "refused", 60 },
		{ READY_B, REASON_REFUSED, "connect", "refused", 60 } } },
	{ "one address of two that are no replicas is gone", SEVERITY_PARTIAL,
	    { { READY_A, REASON_REFUSED, "connect", "refused", 60 },
		{ S, "stg-1", "backend", "export", "http", IN } } },
	{ "what comes too late on a path that became slow is not gone",
	    SEVERITY_DEGRADED,
	    { { JOURNEY, REASON_TIMEOUT, NULL, "not done within 4 s", 60,
		  AT(2) },
		{ S, "stg-1", "backend", "db", "postgres", IN } },
	    true },
	{ "what comes too late where nothing became slow is gone",
	    SEVERITY_OUTAGE,
	    { { JOURNEY, REASON_TIMEOUT, NULL, "not done within 4 s", 60,
		  AT(2) },
		{ S, "stg-1", "backend", "db", "postgres", IN } } },
	{ "a database nobody uses is down", SEVERITY_DEGRADED,
	    { { JOURNEY },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_REFUSED,
		    "connect", "refused", 60 } } },
	{ "a database is down and nobody looks as users do", SEVERITY_OUTAGE,
	    { { S, "stg-1", "postgres", "db", "postgres", IN, REASON_REFUSED,
		"connect", "refused", 60 } } },
};

static void
test_row(void **state)
{
	static const struct changed no_change[1];
	static const struct known no_fact[1];
	static const struct heard heard[] = { { S, "stg-1", IN, 3 },
		{ S, "ops-1", EX, 3 }, { 0 } };
	static const struct heard silent[] = { { S, "stg-1", IN, 170 },
		{ S, "ops-1", EX, 3 }, { 0 } };
	const struct row *row = *state;
	struct arena *arena = arena_new(0);
	struct case_room room;
	struct verdict verdict;

	case_scene(&room, row->seen, no_change, no_fact,
	    row->seen[2].vantage == VANTAGE_WORKSTATION ? silent : heard);
	/* Who does not count came when the agent fell silent. */
	for (size_t i = 0; i < room.scene.n_views; i++)
		if (room.series[i].vantage == VANTAGE_WORKSTATION)
			room.views[i].first_ms = case_ms(165);
	for (size_t i = 0; row->is_slow && i < room.scene.n_views; i++) {
		if (strcmp(room.series[i].kind, "postgres") != 0)
			continue;
		room.views[i].usual_connect_us = 2000;
		room.views[i].recent_connect_us = 300000;
	}
	verdict_reach(&verdict, arena, &room.scene);
	assert_string_equal(
	    severity_name(verdict.severity), severity_name(row->expect));
	arena_free(arena);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row);
}
