#include "tests/collector/diagnose/cases.h"
#include "tests/support/table.h"

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define S  "staging"
#define IN VANTAGE_IN_SERVICE
#define EX VANTAGE_EXTERNAL

#define WORDS 3

/* What the next actions have to say, to whoever has to see again. */
static const struct advised {
	const char *name;
	struct seen seen[CASE_VIEWS];
	struct heard heard[CASE_AGENTS];
	const char *words[WORDS];
} advised[] = {
	{ "a silent agent is restarted, and the question put again",
	    { { S, "stg-1", "backend", "db", "postgres", IN, .age_s = 300 } },
	    { { S, "stg-1", IN, 300 } },
	    { "restart agent stg-1", "vedette diagnose staging",
		"re-run diagnose" } },
	{ "also when users feel something",
	    { { S, "stg-1", "backend", "db", "postgres", IN, .age_s = 300 },
		{ S, "ops-1", "backend", "login", "journey", EX, REASON_STATUS,
		    NULL, "status 503", 60 } },
	    { { S, "stg-1", IN, 300 }, { S, "ops-1", EX, 3 } },
	    { "restart agent stg-1", "vedette diagnose staging",
		"re-run diagnose" } },
	{ "who stands elsewhere is sent inside",
	    { { S, "dev-1", "backend", "env", "env", VANTAGE_WORKSTATION,
		REASON_MISSING, NULL, "9 variables missing", 60 } },
	    { { S, "dev-1", VANTAGE_WORKSTATION, 3 } },
	    { "run the checks inside staging", "vedette diagnose staging" } },
};

static bool
is_said(const struct verdict *verdict, const char *words)
{
	for (size_t i = 0; i < verdict->n_actions; i++)
		if (strstr(verdict->actions[i].command, words) != NULL ||
		    strstr(verdict->actions[i].expect, words) != NULL)
			return true;
	return false;
}

static void
test_advised(void **state)
{
	static const struct changed changed[] = { { NULL } };
	static const struct known known[] = { { NULL } };
	const struct advised *row = *state;
	struct arena *arena = arena_new(0);
	struct case_room room;
	struct verdict verdict;

	case_scene(&room, row->seen, changed, known, row->heard);
	verdict_reach(&verdict, arena, &room.scene);
	for (size_t i = 0; i < WORDS && row->words[i] != NULL; i++)
		if (!is_said(&verdict, row->words[i]))
			fail_msg("no action says: %s", row->words[i]);
	arena_free(arena);
}

int
main(void)
{
	return TABLE_RUN(advised, test_advised);
}
