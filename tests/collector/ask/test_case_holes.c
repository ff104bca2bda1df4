#include "collector/ask/case_holes.h"
#include "tests/support/table.h"

#define AT_MS INT64_C(1767607200000)
#define RUNS  6
#define HOLES 3

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* Results of one environment every five seconds, between seconds before now. */
struct present {
	const char *environment;
	int from_s, to_s;
	int every_s; /* 0: five */
	enum vantage vantage;
};

struct said {
	const char *environment;
	int from_s, to_s;
};

static const struct row {
	const char *name;
	size_t n;
	int from_s, to_s; /* of the first hole, to a second or two */
	struct present present[RUNS];
	struct said said[HOLES];
} rows[] = {
	{ "who was always there leaves no hole", 0, 0, 0,
	    { { "staging", 600, 0 }, { "production", 600, 0 } } },
	{ "all were there before and after", 1, 300, 180,
	    { { "staging", 600, 300 }, { "staging", 180, 0 },
		{ "production", 600, 300 }, { "production", 180, 0 } } },
	{ "one environment alone is its agents' matter", 0, 0, 0,
	    { { "staging", 600, 300 }, { "staging", 180, 0 },
		{ "production", 600, 0 } } },
	{ "another environment's hole is not this one's", 0, 0, 0,
	    { { "staging", 600, 0 }, { "production", 600, 300 },
		{ "production", 180, 0 } } },
	{ "the last batch of one came a while later", 1, 300, 180,
	    { { "staging", 600, 300 }, { "staging", 180, 0 },
		{ "production", 600, 270 }, { "production", 185, 0 } } },
	{ "they were away at different times", 0, 0, 0,
	    { { "staging", 600, 300 }, { "staging", 200, 0 },
		{ "production", 600, 200 }, { "production", 100, 0 } } },
	{ "what nobody came back from is silence", 0, 0, 0,
	    { { "staging", 600, 300 }, { "production", 600, 300 } } },
	{ "before the first result is no hole", 0, 0, 0,
	    { { "staging", 300, 0 }, { "production", 300, 0 } } },
	{ "there is nobody to compare with", 0, 0, 0,
	    { { "staging", 600, 300 }, { "staging", 180, 0 } } },
	{ "the collector says that it could not store", 1, 300, 180,
	    { { "staging", 600, 300 }, { "staging", 180, 0 } },
	    { { "staging", 295, 182 } } },
	{ "it could not, and what it refused came later", 0, 0, 0,
	    { { "staging", 600, 0 } }, { { "staging", 295, 182 } } },
	{ "it says so of another time", 0, 0, 0,
	    { { "staging", 600, 300 }, { "staging", 180, 0 } },
	    { { "staging", 580, 570 } } },
	{ "it says so of another environment", 0, 0, 0,
	    { { "staging", 600, 300 }, { "staging", 180, 0 },
		{ "production", 600, 0 } },
	    { { "production", 295, 182 } } },
	{ "who looks from outside fills no hole of those inside", 1, 300, 180,
	    { { "staging", 600, 300, 0, VANTAGE_IN_SERVICE },
		{ "staging", 180, 0, 0, VANTAGE_IN_SERVICE },
		{ "staging", 600, 0, 0, VANTAGE_EXTERNAL },
		{ "production", 600, 0, 0, VANTAGE_EXTERNAL },
		{ "production", 600, 300, 0, VANTAGE_IN_SERVICE },
		{ "production", 180, 0, 0, VANTAGE_IN_SERVICE } } },
	{ "but where nobody is inside", 0, 0, 0,
	    { { "staging", 600, 300, 0, VANTAGE_IN_SERVICE },
		{ "staging", 180, 0, 0, VANTAGE_IN_SERVICE },
		{ "production", 600, 0, 0, VANTAGE_EXTERNAL } } },
	{ "two beats are no hole", 0, 0, 0,
	    { { "staging", 600, 300 }, { "staging", 290, 0 },
		{ "production", 600, 300 }, { "production", 290, 0 } } },
	{ "where one looks every minute two minutes are none", 0, 0, 0,
	    { { "staging", 600, 300, 60 }, { "staging", 180, 0, 60 },
		{ "production", 600, 300, 60 },
		{ "production", 180, 0, 60 } } },
};

static void
add(struct case_holes *holes, const struct present *present)
{
	int every_s = present->every_s != 0 ? present->every_s : 5;
	const struct series series = { .environment = present->environment,
		.vantage = present->vantage,
		.interval_ms = (uint32_t)every_s * 1000 };

	for (int s = present->from_s; s >= present->to_s; s -= every_s)
		case_holes_add(holes, &series, AT_MS - 500 - (int64_t)s * 1000);
}

static void
say(struct case_holes *holes, const struct said *said)
{
	const struct attribute until = { .name = MARK_UNTIL,
		.number = (double)(AT_MS - (int64_t)said->to_s * 1000) };
	const struct mark mark = { .at_ms =
				       AT_MS - (int64_t)said->from_s * 1000,
		.environment = said->environment,
		.service = "",
		.kind = MARK_UNSTORED,
		.subject = "collector:storage",
		.summary = "the disk is full",
		.attributes = &until,
		.n_attributes = 1 };

	case_holes_mark(holes, &mark);
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct arena *arena = arena_new(0);
	struct case_holes *holes = case_holes_new(AT_MS);
	struct scene scene = { .at_ms = AT_MS, .environment = "staging" };

	for (int i = 0; i < RUNS && row->present[i].environment != NULL; i++)
		add(holes, &row->present[i]);
	for (int i = 0; i < HOLES && row->said[i].environment != NULL; i++)
		say(holes, &row->said[i]);
	case_holes_find(holes, &scene, arena);
	assert_int_equal(scene.n_holes, row->n);
	if (row->n > 0) {
		assert_in_range(AT_MS - scene.holes[0].from_ms,
		    (row->from_s - 2) * 1000, row->from_s * 1000);
		assert_in_range(AT_MS - scene.holes[0].to_ms, row->to_s * 1000,
		    (row->to_s + 2) * 1000);
		assert_string_equal(scene.holes[0].why,
		    row->said[0].environment != NULL ? "the disk is full" : "");
	}
	arena_free(arena);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row);
}
