#include "collector/diagnose/claim.h"
#include "tests/collector/diagnose/cases.h"
#include "tests/support/table.h"

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define S "staging"

/* What was said, and what is looked at: one journey whose step is "orders",
 * one check whose message names a path. */
static const struct said {
	const char *name;
	const char *subject, *text;
	const char *path;  /* of the claim that nobody can check; "" */
	const char *later; /* said after it */
	bool is_failing;
	enum blame blame;
	const char *blamed;
} saids[] = {
	{ "a path that nobody looks at is a blind spot", "/api/export",
	    "it fails since this morning", "/api/export", NULL, false,
	    BLAME_BLIND, "coverage:/api/export" },
	{ "it may be named in the text", "",
	    "the CSV export (GET /api/export) is broken", "/api/export", NULL,
	    false, BLAME_BLIND, "coverage:/api/export" },
	{ "at the end of a sentence", "", "nobody can use /api/export.",
	    "/api/export", NULL, false, BLAME_BLIND, "coverage:/api/export" },
	{ "with a question behind it", "", "see /api/export?day=1",
	    "/api/export", NULL, false, BLAME_BLIND, "coverage:/api/export" },
	{ "a step of a journey looks at what it is called", "/api/orders",
	    "orders fail", "", NULL, false, BLAME_NONE, "" },
	{ "in the singular as well", "", "/api/order/17 is broken", "", NULL,
	    false, BLAME_NONE, "" },
	{ "a message that names a path looks at it", "", "/healthz is down", "",
	    NULL, false, BLAME_NONE, "" },
	{ "a part of a word is another word", "", "/api/health is down",
	    "/api/health", NULL, false, BLAME_BLIND, "coverage:/api/health" },
	{ "a claim without a path is not checked", "", "export is broken", "",
	    NULL, false, BLAME_NONE, "" },
	{ "what two reports name and nobody looks at is a blind spot", "",
	    "three customers: downloading the invoice as PDF fails", "invoice",
	    "support: 11 more tickets, invoice PDF download broken", false,
	    BLAME_BLIND, "coverage:invoice" },
	{ "two that name nothing are two complaints", "",
	    "customers say the site is slow", "",
	    "support: the website is down again", false, BLAME_NONE, "" },
	{ "two that name what a step looks at are answered", "",
	    "orders cannot be placed", "", "support: order fails", false,
	    BLAME_NONE, "" },
	{ "that it is mended is no second report", "",
	    "the invoice download fails", "", "invoice download fixed", false,
	    BLAME_NONE, "" },
	{ "a stroke between words is no path", "", "read/write is broken", "",
	    NULL, false, BLAME_NONE, "" },
	{ "that it is mended is no report", "", "/api/export is fixed", "",
	    NULL, false, BLAME_NONE, "" },
	{ "whatever word people have for it", "", "/api/export is Mended", "",
	    NULL, false, BLAME_NONE, "" },
	{ "that it is not mended is one", "", "/api/export is not fixed",
	    "/api/export", NULL, false, BLAME_BLIND, "coverage:/api/export" },
	{ "nor is what is unresolved", "", "/api/export is still unresolved",
	    "/api/export", NULL, false, BLAME_BLIND, "coverage:/api/export" },
	{ "what was mended later is not missed", "/api/export", "it fails", "",
	    "/api/export works again", false, BLAME_NONE, "" },
	{ "unless something else was", "/api/export", "it fails", "/api/export",
	    "/api/import works again", false, BLAME_BLIND,
	    "coverage:/api/export" },
	{ "what fails now is told first", "/api/export", "it fails",
	    "/api/export", NULL, true, BLAME_APP, "app:backend" },
};

static const struct seen seen[] = {
	{ S, "stg-1", "backend", "db", "postgres", VANTAGE_IN_SERVICE },
	{ S, "stg-1", "backend", "live", "http", VANTAGE_IN_SERVICE,
	    .message = "200 from http://a.test/healthz" },
	{ S, "ops-1", "backend", "way", "journey", VANTAGE_EXTERNAL,
	    .phase = "orders" },
	{ NULL },
};

static const struct heard heard[] = {
	{ S, "stg-1", VANTAGE_IN_SERVICE, 3 },
	{ S, "ops-1", VANTAGE_EXTERNAL, 3 },
	{ NULL },
};

static void
test_said(void **state)
{
	const struct said *row = *state;
	struct changed changed[] = {
		{ S, "", row->subject, .from_s = 30, .to_s = 30,
		    .is_mark = true, .kind = MARK_CLAIM, .summary = row->text },
		{ row->later != NULL ? S : NULL, "", "", .from_s = 20,
		    .to_s = 20, .is_mark = true, .kind = MARK_CLAIM,
		    .summary = row->later },
		{ NULL },
	};
	static const struct known known[] = { { NULL } };
	struct seen looks[CASE_VIEWS];
	struct arena *arena = arena_new(0);
	const struct scene_change *claim;
	struct case_room room;
	struct verdict verdict;

	memcpy(looks, seen, sizeof(seen));
	if (row->is_failing) {
		looks[1].bad_s = 60;
		looks[1].reason = REASON_STATUS;
		looks[1].text_is_new = true;
	}
	case_scene(&room, looks, changed, known, heard);
	claim = claim_find_uncovered(arena, &room.scene);
	assert_string_equal(
	    claim != NULL ? claim_object(arena, &room.scene, claim) : "",
	    row->path);
	verdict_reach(&verdict, arena, &room.scene);
	assert_string_equal(blame_name(verdict.blame), blame_name(row->blame));
	assert_string_equal(verdict.subject, row->blamed);
	/* Whatever else is told: it could not be seen. */
	for (size_t i = 0; i < verdict.blind_spots.n; i++)
		if (strcmp(verdict.blind_spots.list[i].subject, row->path) == 0)
			claim = NULL;
	assert_null(claim);
	arena_free(arena);
}

int
main(void)
{
	return TABLE_RUN(saids, test_said);
}
