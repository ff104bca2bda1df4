#include "tests/support/table.h"

#include "collector/alert/cron.h"
#include "proto/base/text.h"

static int64_t
at(const char *text)
{
	int64_t ms;

	assert_int_equal(text_time_parse(&ms, text, NULL), 0);
	return ms;
}

static const struct match {
	const char *name;
	const char *cron, *at;
	bool expect;
} matches[] = {
	{ "stars are every minute", "* * * * *", "2026-01-05T10:17:00Z", true },
	{ "a minute is that minute", "30 2 * * *", "2026-01-05T02:30:59Z",
	    true },
	{ "and no other", "30 2 * * *", "2026-01-05T02:31:00Z", false },
	{ "a list is each of them", "0,15 * * * *", "2026-01-05T02:15:00Z",
	    true },
	{ "a range has both ends", "* 9-17 * * *", "2026-01-05T17:59:00Z",
	    true },
	{ "and nothing beyond", "* 9-17 * * *", "2026-01-05T18:00:00Z", false },
	{ "a step begins at the first", "*/20 * * * *", "2026-01-05T02:40:00Z",
	    true },
	{ "a step of a range begins with it", "5-30/10 * * * *",
	    "2026-01-05T02:25:00Z", true },
	{ "a step after a number goes on to the end", "5/10 * * * *",
	    "2026-01-05T02:55:00Z", true },
	{ "a day has a name", "* * * * mon", "2026-01-05T02:40:00Z", true },
	{ "names make ranges", "* * * * mon-fri", "2026-01-04T02:40:00Z",
	    false },
	{ "0 is Sunday", "* * * * 0", "2026-01-04T02:40:00Z", true },
	{ "7 is Sunday as well", "* * * * 7", "2026-01-04T02:40:00Z", true },
	{ "a month has a name", "* * * feb *", "2026-02-04T02:40:00Z", true },
	{ "either day will do when both are named", "* * 13 * fri",
	    "2026-01-13T00:00:00Z", true },
	{ "the other one too", "* * 13 * fri", "2026-01-09T00:00:00Z", true },
	{ "neither is none", "* * 13 * fri", "2026-01-10T00:00:00Z", false },
	{ "29 February is in leap years", "* * 29 2 *", "2028-02-29T00:00:00Z",
	    true },
};

static void
test_match(void **state)
{
	const struct match *row = *state;
	struct cron cron;
	struct err err = { 0 };

	assert_int_equal(cron_parse(&cron, row->cron, &err), 0);
	assert_int_equal(cron_matches(&cron, at(row->at)), row->expect);
}

static const struct bad {
	const char *name;
	const char *cron, *expect;
} bads[] = {
	{ "five fields are needed", "0 2 * *",
	    "day of the week is missing: write five fields, as 0 2 * * sun" },
	{ "five are enough", "0 2 * * * *",
	    "more than five fields, as 0 2 * * sun" },
	{ "an hour has its limits", "0 24 * * *",
	    "hour: write *, or 0 to 23, as 1,5 or 1-5 or */2" },
	{ "a range goes up", "5-1 * * * *",
	    "minute: write *, or 0 to 59, as 1,5 or 1-5 or */2" },
	{ "a step is not zero", "*/0 * * * *",
	    "minute: write *, or 0 to 59, as 1,5 or 1-5 or */2" },
	{ "a number is no word", "x * * * *",
	    "minute: write *, or 0 to 59, as 1,5 or 1-5 or */2" },
	{ "nothing follows a number", "1x * * * *",
	    "minute: write *, or 0 to 59, as 1,5 or 1-5 or */2" },
	{ "a number is short", "0000000000000000000001 * * * *",
	    "minute: write *, or 0 to 59, as 1,5 or 1-5 or */2" },
	{ "nothing is not enough", "",
	    "minute is missing: write five fields, as 0 2 * * sun" },
	{ "@daily is not known", "@daily",
	    "minute: write *, or 0 to 59, as 1,5 or 1-5 or */2" },
};

static void
test_bad(void **state)
{
	const struct bad *row = *state;
	struct cron cron;
	struct err err = { 0 };

	assert_int_equal(cron_parse(&cron, row->cron, &err), -1);
	assert_string_equal(err.text, row->expect);
}

static const struct span {
	const char *name;
	const char *cron;
	int64_t lasts_min;
	const char *at, *expect; /* NULL: in none */
} spans[] = {
	{ "before it begins there is none", "0 2 * * *", 60,
	    "2026-01-05T01:59:59Z", NULL },
	{ "it begins with its minute", "0 2 * * *", 60, "2026-01-05T02:00:00Z",
	    "2026-01-05T03:00:00Z" },
	{ "it lasts", "0 2 * * *", 60, "2026-01-05T02:59:59Z",
	    "2026-01-05T03:00:00Z" },
	{ "its end is not in it", "0 2 * * *", 60, "2026-01-05T03:00:00Z",
	    NULL },
	{ "it may go past midnight", "0 23 * * *", 180, "2026-01-06T01:30:00Z",
	    "2026-01-06T02:00:00Z" },
	{ "the last of several that overlap ends last", "0,30 * * * *", 60,
	    "2026-01-05T02:40:00Z", "2026-01-05T03:30:00Z" },
	{ "a week is looked back", "0 0 * * mon", 7 * 24 * 60,
	    "2026-01-11T23:59:00Z", "2026-01-12T00:00:00Z" },
};

static void
test_span(void **state)
{
	const struct span *row = *state;
	struct cron cron;

	assert_int_equal(cron_parse(&cron, row->cron, NULL), 0);
	assert_int_equal(cron_until(&cron, row->lasts_min * 60000, at(row->at)),
	    row->expect != NULL ? at(row->expect) : 0);
}

int
main(void)
{
	return TABLE_RUN(matches, test_match) + TABLE_RUN(bads, test_bad) +
	    TABLE_RUN(spans, test_span);
}
