#include "collector/diagnose/relapse.h"
#include "collector/diagnose/verdict.h"
#include "tests/collector/diagnose/cases.h"
#include "tests/support/table.h"

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define S      "staging"
#define SPELLS 8

/* Of the checks of the scene below, by their place; seconds before now. */
enum check { READY_A, READY_B, DATABASE, HOST, ENV };

struct spelled {
	enum check check;
	int from_s, to_s;
	uint32_t n;
	enum reason reason;
};

#define KILL(at)                                                               \
	{                                                                      \
		S, "backend", "host/app/cgroup_oom_kills", "1", "2", (at) + 5, \
		    (at)                                                       \
	}
#define START(at)                                                         \
	{                                                                 \
		S, "backend", "process/started", "a", "b", (at) + 5, (at) \
	}
#define DEPLOY(at)                                                      \
	{                                                               \
		S, "backend", "build/v2", "v1", "v2", (at), (at), true, \
		    MARK_DEPLOY, "released v2"                          \
	}

static const struct row {
	const char *name;
	size_t n; /* episodes; 0: it does not relapse */
	size_t n_killed;
	int from_s;
	struct spelled spells[SPELLS];
	struct changed changes[CASE_CHANGES];
} rows[] = {
	{ "what never failed does not relapse", 0 },
	{ "one blip is over when it is over", 0, 0, 0,
	    { { READY_A, 600, 595, 2 } } },
	{ "two outages are two outages", 0, 0, 0,
	    { { READY_A, 600, 550, 10 }, { READY_A, 60, 55, 2 } } },
	{ "three in a row are one that comes back", 3, 0, 600,
	    { { READY_A, 600, 590, 3 }, { READY_A, 400, 390, 3 },
		{ READY_A, 200, 190, 3 } } },
	{ "it is over when it stays away for twice as long", 0, 0, 0,
	    { { READY_A, 1100, 1090, 3 }, { READY_A, 900, 890, 3 },
		{ READY_A, 700, 690, 3 } } },
	{ "single failures that nothing else confirms are chance", 0, 0, 0,
	    { { READY_A, 600, 600, 1 }, { READY_A, 400, 400, 1 },
		{ READY_A, 200, 200, 1 } } },
	{ "the replicas take turns", 3, 0, 600,
	    { { READY_A, 600, 590, 3 }, { READY_B, 400, 390, 3 },
		{ READY_A, 200, 190, 3 } } },
	{ "what others see at the same time is the same", 0, 0, 0,
	    { { READY_A, 100, 90, 3 }, { READY_B, 95, 85, 3 },
		{ READY_A, 80, 70, 3 } } },
	{ "another target is another matter", 0, 0, 0,
	    { { READY_A, 600, 590, 3 }, { DATABASE, 400, 390, 3 },
		{ READY_A, 200, 190, 3 } } },
	{ "a host that runs full says nothing of its service", 0, 0, 0,
	    { { HOST, 600, 590, 3 }, { HOST, 400, 390, 3 },
		{ HOST, 200, 190, 3 } } },
	{ "two are enough when a process was killed each time", 2, 2, 300,
	    { { READY_A, 300, 300, 1 }, { READY_B, 100, 100, 1 } },
	    { KILL(298), KILL(99) } },
	{ "a kill counts whether or not a check met it", 3, 3, 500,
	    { { READY_A, 300, 300, 1 } }, { KILL(500), KILL(298), KILL(99) } },
	{ "kills that nobody felt are no episodes", 0, 0, 0, { { 0 } },
	    { KILL(500), KILL(298), KILL(99) } },
	{ "one kill is one", 0, 0, 0, { { READY_A, 100, 100, 1 } },
	    { KILL(99) } },
	{ "kills of another day are another matter", 0, 0, 0,
	    { { READY_A, 100, 100, 1 } }, { KILL(90000), KILL(99) } },
	{ "two are enough when the process began anew each time", 2, 0, 300,
	    { { READY_A, 300, 300, 1 }, { READY_A, 100, 100, 1 } },
	    { START(297), START(97) } },
	{ "what a release restarts is no episode", 0, 0, 0,
	    { { READY_A, 300, 290, 3 }, { READY_A, 100, 100, 1 } },
	    { DEPLOY(302), START(297), START(97) } },
	{ "what is killed after a release is", 2, 2, 300,
	    { { READY_A, 400, 390, 3 }, { READY_A, 300, 300, 1 },
		{ READY_A, 100, 100, 1 } },
	    { DEPLOY(402), KILL(298), KILL(99) } },
	{ "other reasons are other troubles", 0, 0, 0,
	    { { READY_A, 600, 590, 3, REASON_TIMEOUT },
		{ READY_A, 400, 390, 3, REASON_REFUSED },
		{ READY_A, 200, 190, 3, REASON_STATUS } } },
	{ "another one in between does not count", 3, 0, 700,
	    { { READY_A, 700, 690, 3, REASON_STATUS },
		{ READY_A, 500, 490, 3, REASON_STATUS },
		{ READY_A, 300, 290, 3, REASON_STATUS },
		{ ENV, 301, 290, 3, REASON_MISSING },
		{ READY_A, 100, 90, 3, REASON_STATUS } } },
	{ "what lasts longer than it was away is down", 0, 0, 0,
	    { { READY_A, 400, 390, 3 }, { READY_A, 350, 340, 3 },
		{ READY_A, 200, 2, 40 } } },
};

static void
set_spells(struct case_room *room, const struct spelled *spells)
{
	static struct result told[SPELLS]; /* of one scene at a time */

	for (size_t i = SPELLS; i-- > 0;) {
		const struct spelled *from = &spells[i];
		struct scene_view *view = &room->views[from->check];

		if (from->n == 0)
			continue;
		told[i] = *view->last;
		told[i].outcome = OUTCOME_CRITICAL;
		told[i].reason = from->reason;
		view->spells[view->n_spells++] = (struct scene_spell){
			.good_ms = case_ms(from->from_s + 5),
			.from_ms = case_ms(from->from_s),
			.to_ms = case_ms(from->to_s),
			.n = from->n,
			.told = &told[i],
		};
	}
}

static void
make(struct case_room *room, const struct row *row)
{
	static const struct seen seen[] = {
		{ S, "stg-1", "backend", "ready-a", "http",
		    VANTAGE_IN_SERVICE },
		{ S, "stg-1", "backend", "ready-b", "http",
		    VANTAGE_IN_SERVICE },
		{ S, "stg-1", "backend", "db", "postgres", VANTAGE_IN_SERVICE },
		{ S, "stg-1", "backend", "host", "host", VANTAGE_IN_SERVICE },
		{ S, "stg-1", "backend", "env", "env", VANTAGE_IN_SERVICE },
		{ 0 },
	};
	static const struct known known[] = {
		{ S, "backend", "host/app/cgroup_oom_kills", "2" },
		{ S, "backend", "build", "v2" }, { 0 }
	};
	static const struct heard heard[] = {
		{ S, "stg-1", VANTAGE_IN_SERVICE, 3 }, { 0 }
	};

	case_scene(room, seen, row->changes, known, heard);
	set_spells(room, row->spells);
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct arena *arena = arena_new(0);
	struct case_room room;
	const struct scene *scene;
	const struct relapse *relapse;

	make(&room, row);
	scene = relapse_mark(arena, &room.scene);
	relapse = relapse_of(scene, "backend");
	assert_int_equal(relapse != NULL ? relapse->n : 0, row->n);
	if (relapse != NULL) {
		assert_int_equal(relapse->n_killed, row->n_killed);
		assert_int_equal(
		    (CASE_AT_MS - relapse->from_ms) / 1000, row->from_s);
	}
	assert_int_equal(scene->views[READY_A].is_relapsing,
	    row->n > 0 && room.views[READY_A].n_spells > 0);
	assert_false(scene->views[DATABASE].is_relapsing);
	assert_false(scene->views[ENV].is_relapsing);
	assert_false(room.views[READY_A].is_relapsing);
	arena_free(arena);
}

/* --- what is made of it ----------------------------------------------------- */

#define LOWERED(at)                                                        \
	{                                                                  \
		S, "backend", "host/app/cgroup_memory_bytes", "200", "90", \
		    (at) + 5, (at)                                         \
	}

/* READY_A fails twice, and is well now. */
static const struct judged {
	const char *name;
	enum blame blame;
	const char *subject;
	enum severity severity;
	struct changed changes[CASE_CHANGES];
} judgements[] = {
	{ "killed again and again since a release: it grows", BLAME_APP,
	    "app:backend@v2", SEVERITY_DEGRADED,
	    { DEPLOY(420), KILL(298), KILL(99) } },
	{ "killed again and again since the limit was lowered: the limit",
	    BLAME_INFRA, "cgroup:backend/memory.max", SEVERITY_DEGRADED,
	    { LOWERED(304), KILL(298), KILL(99) } },
	{ "a limit lowered long after a release is the limit", BLAME_INFRA,
	    "cgroup:backend/memory.max", SEVERITY_DEGRADED,
	    { DEPLOY(50000), LOWERED(304), KILL(298), KILL(99) } },
	{ "killed once, long ago: it is over", BLAME_NONE, "", SEVERITY_NONE,
	    { DEPLOY(420), KILL(298) } },
};

static void
test_judgement(void **state)
{
	static const struct spelled spells[SPELLS] = { { READY_A, 300, 300, 1 },
		{ READY_A, 100, 100, 1 } };
	static const struct row none;
	const struct judged *row = *state;
	struct row made = none;
	struct arena *arena = arena_new(0);
	struct case_room room;
	struct verdict verdict;

	memcpy(made.changes, row->changes, sizeof(made.changes));
	make(&room, &made);
	set_spells(&room, spells);
	verdict_reach(&verdict, arena, &room.scene);
	assert_string_equal(blame_name(verdict.blame), blame_name(row->blame));
	assert_string_equal(verdict.subject, row->subject);
	assert_string_equal(
	    severity_name(verdict.severity), severity_name(row->severity));
	if (row->blame != BLAME_NONE)
		assert_int_equal(verdict.onset_to_ms, case_ms(300));
	arena_free(arena);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row) +
	    TABLE_RUN(judgements, test_judgement);
}
