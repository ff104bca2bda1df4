/* What failing.h makes of whole series: minutes of results. */
#include <string.h>

#include "collector/detect/failing.h"
#include "tests/collector/detect/stream.h"
#include "tests/support/table.h"

#define START_MS INT64_C(1767607200000) /* 2026-01-05T10:00:00Z */
#define STEP_MS  INT64_C(60000)
#define DAY      1440 /* results */
#define PARTS    4

/* A stretch in which this share fails; of a share of 1, the results are of a
 * series that is known to be down after three. */
struct part {
	int n;
	double share;
};

static const struct story {
	const char *name;
	struct part parts[PARTS];
	const char *expect; /* w: worse, b: back, s: settled */
} stories[] = {
	{ "what never fails is quiet", { { 7 * DAY, 0 } }, "" },
	{ "what fails now and then is quiet", { { 14 * DAY, 0.01 } }, "" },
	{ "one failure in five is told", { { DAY, 0.001 }, { 200, 0.2 } },
	    "w" },
	{ "its end is told", { { DAY, 0.001 }, { 200, 0.2 }, { 300, 0.001 } },
	    "wb" },
	{ "down altogether is another finding's",
	    { { DAY, 0.001 }, { 300, 1 }, { 600, 0 } }, "" },
	{ "also for days, and what fails in part after it is told",
	    { { DAY, 0 }, { 2 * DAY, 1 }, { DAY, 0 }, { 200, 0.2 } }, "w" },
	{ "what fails in part and then altogether is told once",
	    { { DAY, 0 }, { 100, 0.2 }, { 200, 1 }, { 600, 0 } }, "wb" },
	{ "what lasts for a week is normal",
	    { { DAY, 0.001 }, { 9 * DAY, 0.2 } }, "ws" },
	{ "what began with failures has no before", { { 300, 0.3 } }, "" },
};

struct told {
	char letters[32];
	int n, at[32];
	struct course_news news[32];
};

static void
tell(struct told *told, const struct story *story, uint64_t seed)
{
	static const char letters[COURSE_BETTER + 1] = { [COURSE_WORSE] = 'w',
		[COURSE_BACK] = 'b',
		[COURSE_SETTLED] = 's' };
	static const struct course_rule rule = { 0.5, 3, 2 };
	struct times times = { 0 };
	struct failing failing;
	struct course_news news;
	uint32_t run = 0;
	int at = 0;

	memset(told, 0, sizeof(*told));
	failing_init(&failing);
	for (int k = 0; k < PARTS; k++)
		for (int i = 0; i < story->parts[k].n; i++, at++) {
			bool failed =
			    stream_uniform(&seed) < story->parts[k].share;
			int64_t at_ms = START_MS + at * STEP_MS;
			enum course course;

			run = failed ? run + 1 : 0;
			times_add(&times, at_ms);
			course = failing_add(&news, &failing, &rule, &times,
			    at_ms, failed, run >= rule.confirm);
			if (letters[course] == '\0' || told->n == 31)
				continue;
			told->at[told->n] = at;
			told->news[told->n] = news;
			told->letters[told->n++] = letters[course];
		}
}

static void
test_story(void **state)
{
	const struct story *row = *state;
	struct told told;

	for (uint64_t seed = 1; seed <= 5; seed++) {
		tell(&told, row, seed);
		assert_string_equal(told.letters, row->expect);
	}
}

static void
test_partial(void **state)
{
	static const struct story story = { "",
		{ { DAY, 0.001 }, { 300, 0.2 } }, "w" };
	struct told told;

	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		const struct course_news *news = &told.news[0];

		tell(&told, &story, seed);
		assert_int_equal(told.letters[0], 'w');
		assert_in_range(told.at[0], DAY, DAY + 40);
		assert_true(news->before < 0.005);
		assert_true(news->after > 0.1 && news->after <= 1);
		assert_true(news->from_ms < news->to_ms);
		assert_true(news->to_ms >= START_MS + (DAY - 5) * STEP_MS);
		assert_true(news->to_ms <= START_MS + told.at[0] * STEP_MS);
	}
}

int
main(void)
{
	const struct CMUnitTest whole[] = {
		{ "one failure in five is told within forty results, with "
		  "numbers",
		    test_partial, NULL, NULL, NULL },
	};

	return TABLE_RUN(stories, test_story) +
	    cmocka_run_group_tests(whole, NULL, NULL);
}
