/* What slower.h makes of whole series: minutes of results around 12 ms. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "collector/detect/slower.h"
#include "tests/collector/detect/stream.h"
#include "tests/support/table.h"

#define START_MS INT64_C(1767607200000) /* 2026-01-05T10:00:00Z */
#define STEP_MS  INT64_C(60000)
#define DAY      1440 /* results */
#define PARTS    4
#define PI       3.141592653589793

/* A stretch of results whose level is factor times the usual 12 ms, moving
 * evenly towards that of the next part when it slides. */
struct part {
	int n;
	double factor;
	bool slides;
};

static const struct story {
	const char *name;
	struct part parts[PARTS];
	double level_us, noise, season; /* season: of the logarithm */
	const char *expect; /* w: worse, m: more, b: back, s: settled,
			     * i: better */
} stories[] = {
	{ "noise is nothing", { { 7 * DAY, 1, false } }, 12000, 0.25, 0, "" },
	{ "equal values are nothing", { { 7 * DAY, 1, false } }, 12000, 0, 0,
	    "" },
	{ "a step up is one rise",
	    { { 3 * DAY, 1, false }, { 300, 2.6, false } }, 12000, 0.25, 0,
	    "w" },
	{ "its end is told",
	    { { 3 * DAY, 1, false }, { 300, 2.6, false }, { 300, 1, false } },
	    12000, 0.25, 0, "wb" },
	{ "a small step takes longer, but is found",
	    { { 3 * DAY, 1, false }, { 600, 1.4, false }, { 900, 1, false } },
	    12000, 0.25, 0, "wb" },
	{ "a short one as well",
	    { { 3 * DAY, 1, false }, { 10, 4, false }, { 300, 1, false } },
	    12000, 0.25, 0, "wb" },
	{ "one slow result is nothing",
	    { { 3 * DAY, 1, false }, { 1, 30, false }, { 300, 1, false } },
	    12000, 0.25, 0, "" },
	{ "a step that nobody would notice is not told",
	    { { 3 * DAY, 1, false }, { DAY, 1.12, false } }, 12000, 0.1, 0,
	    "" },
	{ "nor is one of microseconds",
	    { { 3 * DAY, 1, false }, { DAY, 3, false } }, 300, 0.1, 0, "" },
	{ "what lasts for a week is normal",
	    { { 3 * DAY, 1, false }, { 9 * DAY, 2, false } }, 12000, 0.25, 0,
	    "ws" },
	{ "and another rise from there is another",
	    { { 3 * DAY, 1, false }, { 9 * DAY, 2, false }, { 300, 4, false } },
	    12000, 0.25, 0, "wsw" },
	{ "a second rise right after the first is found",
	    { { 3 * DAY, 1, false }, { 120, 2.6, false }, { 60, 1, false },
		{ 300, 2.6, false } },
	    12000, 0.25, 0, "wbw" },
	{ "a slow rise is found",
	    { { 3 * DAY, 1, true }, { DAY, 1, true }, { DAY, 3, false } },
	    12000, 0.25, 0, "w" },
	{ "a daily season is nothing", { { 14 * DAY, 1, false } }, 12000, 0.15,
	    0.5, "" },
	{ "a step beside a season is found",
	    { { 14 * DAY, 1, false }, { 300, 2.6, false } }, 12000, 0.15, 0.5,
	    "w" },
	{ "faster is told as better, its end is no rise",
	    { { 8 * DAY, 1, false }, { 300, 0.4, false }, { 300, 1, false } },
	    12000, 0.25, 0, "i" },
};

struct told {
	char letters[32];
	int n;
	struct course_news news[32];
	int at[32];
};

static void
add(struct told *told, enum course course, const struct course_news *news,
    int at)
{
	static const char letters[] = { [COURSE_WORSE] = 'w',
		[COURSE_MORE] = 'm',
		[COURSE_BACK] = 'b',
		[COURSE_SETTLED] = 's',
		[COURSE_BETTER] = 'i' };

	if (course == COURSE_STEADY || told->n == 31)
		return;
	told->at[told->n] = at;
	told->news[told->n] = *news;
	told->letters[told->n++] = letters[course];
}

static void
tell(struct told *told, const struct story *story, uint64_t seed)
{
	static const struct course_rule rule = { 0.5, 3, 2 };
	static struct slower slower;
	struct times times = { 0 };
	struct course_news news;
	int at = 0;

	memset(told, 0, sizeof(*told));
	slower_init(&slower);
	for (int k = 0; k < PARTS; k++)
		for (int i = 0; i < story->parts[k].n; i++, at++) {
			const struct part *part = &story->parts[k];
			double factor = part->factor, value;
			int64_t at_ms = START_MS + at * STEP_MS;

			if (part->slides)
				factor +=
				    (part[1].factor - factor) * i / part->n;
			value = story->level_us * factor *
			    exp(story->noise * stream_normal(&seed) +
				story->season * sin(2 * PI * at / DAY));
			times_add(&times, at_ms);
			add(told,
			    slower_add(
				&news, &slower, &rule, &times, at_ms, value),
			    &news, at);
		}
}

/* Growth depends on the seed; only rows that ask for it look at it. */
static void
drop_growth(struct told *told, const char *expect)
{
	int n = 0;

	if (strchr(expect, 'm') != NULL)
		return;
	for (int i = 0; i < told->n; i++)
		if (told->letters[i] != 'm')
			told->letters[n++] = told->letters[i];
	told->letters[n] = '\0';
}

static void
test_story(void **state)
{
	const struct story *row = *state;
	struct told told;

	for (uint64_t seed = 1; seed <= 5; seed++) {
		tell(&told, row, seed);
		drop_growth(&told, row->expect);
		assert_string_equal(told.letters, row->expect);
	}
}

/* --- what is told of a step --------------------------------------------- */

static const struct sudden {
	const char *name;
	struct story story;
	int most; /* results it may take */
} suddens[] = {
	{ "twice the level is told within fifteen results",
	    { "", { { 3 * DAY, 1, false }, { 300, 2, false } }, 12000, 0.25, 0,
		"w" },
	    15 },
	{ "ten times within four",
	    { "", { { 3 * DAY, 1, false }, { 300, 10, false } }, 12000, 0.25, 0,
		"w" },
	    4 },
	{ "in steady values three results prove it",
	    { "", { { 3 * DAY, 1, false }, { 300, 2, false } }, 12000, 0, 0,
		"w" },
	    3 },
};

static void
test_step(void **state)
{
	const struct sudden *row = *state;
	double level = row->story.level_us;
	double after = level * row->story.parts[1].factor;
	int begin = row->story.parts[0].n;
	struct told told;

	for (uint64_t seed = 1; seed <= 5; seed++) {
		const struct course_news *news = &told.news[0];

		tell(&told, &row->story, seed);
		assert_int_equal(told.letters[0], 'w');
		assert_in_range(told.at[0], begin, begin + row->most - 1);
		assert_true(fabs(log(news->before / level)) < 0.1);
		assert_true(fabs(log(news->after / after)) < 0.4);
		/* The onset lies within, give or take what noise hides. */
		assert_true(news->from_ms < START_MS + (begin + 5) * STEP_MS);
		assert_true(news->to_ms > START_MS + (begin - 5) * STEP_MS);
		assert_true(news->from_ms < news->to_ms);
	}
}

/* --- false alarms ------------------------------------------------------- */

#define QUIET_SERIES 50
#define QUIET_DAYS   30

/* Noise as it is: correlated, of all widths, with seasons and with outliers.
 * Half a false alarm a year makes 2.05 of them here. */
static int
count_false(uint64_t seed, int which)
{
	static const struct course_rule rule = { 0.5, 3, 2 };
	static struct slower slower;
	struct times times = { 0 };
	struct course_news news;
	double before = 0, width = 0.05 + 0.01 * (which % 40);
	double rho = 0.1 * (which % 6);
	double season = which % 3 == 0 ? 0.3 : 0;
	int n = 0;

	slower_init(&slower);
	for (int at = 0; at < QUIET_DAYS * DAY; at++) {
		int64_t at_ms = START_MS + at * STEP_MS;
		double value;

		before =
		    rho * before + sqrt(1 - rho * rho) * stream_normal(&seed);
		value = 20000 *
		    exp(width * before + season * sin(2 * PI * at / DAY));
		if (stream_uniform(&seed) < 0.002)
			value *= 1 / stream_uniform(&seed);
		times_add(&times, at_ms);
		n += slower_add(&news, &slower, &rule, &times, at_ms, value) ==
		    COURSE_WORSE;
	}
	return n;
}

static void
test_quiet(void **state)
{
	int n = 0;

	(void)state;
	for (int i = 0; i < QUIET_SERIES; i++)
		n += count_false((uint64_t)i + 1, i);
	print_message("%d false alarms\n", n);
	/* More than six of 2.05 would be chance once in two hundred times. */
	assert_in_range(n, 0, 6);
}

int
main(void)
{
	const struct CMUnitTest whole[] = {
		{ "noise over 30 days of 50 series stays within the budget",
		    test_quiet, NULL, NULL, NULL },
	};

	return TABLE_RUN(stories, test_story) + TABLE_RUN(suddens, test_step) +
	    cmocka_run_group_tests(whole, NULL, NULL);
}
