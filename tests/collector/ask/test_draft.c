/* JSON, written as it is made. */
#include <stdio.h>

#include "tests/support/table.h"

#include "collector/ask/draft.h"

enum kind { TEXT, TIME, COUNT, FLAG, MS, SHARE, GAIN };

static const struct value {
	const char *name;
	enum kind kind;
	const char *text;
	uint64_t number, of;
	const char *expect;
} values[] = {
	{ "a text stands in quotes", TEXT, "a b", 0, 0, "\"a b\"" },
	{ "an empty text is null", TEXT, "", 0, 0, "null" },
	{ "quotes and controls are escaped", TEXT, "\"\\\n\x01", 0, 0,
	    "\"\\u0022\\u005c\\u000a\\u0001\"" },
	{ "UTF-8 stays as it is", TEXT, "gr\xc3\xbcn", 0, 0,
	    "\"gr\xc3\xbcn\"" },
	{ "what is not UTF-8 is made printable", TEXT, "a\xff", 0, 0,
	    "\"a?\"" },
	{ "a time is written to the millisecond", TIME, NULL, 1767607200120, 0,
	    "\"2026-01-05T10:00:00.120Z\"" },
	{ "no time is null", TIME, NULL, 0, 0, "null" },
	{ "the largest count is written whole", COUNT, NULL, UINT64_MAX, 0,
	    "18446744073709551615" },
	{ "nothing is 0", COUNT, NULL, 0, 0, "0" },
	{ "a flag that is set is true", FLAG, NULL, 1, 0, "true" },
	{ "microseconds are decimals of milliseconds", MS, NULL, 3205, 0,
	    "3.205" },
	{ "as few decimals as it takes", MS, NULL, 3200, 0, "3.2" },
	{ "whole milliseconds have none", MS, NULL, 3000, 0, "3" },
	{ "zeros within stay", MS, NULL, 5, 0, "0.005" },
	{ "a share has four decimals", SHARE, NULL, 2, 3, "0.6666" },
	{ "all of it is 1", SHARE, NULL, 7, 7, "1" },
	{ "almost all is not", SHARE, NULL, 99999999, 100000000, "0.9999" },
	{ "of nothing there is no share", SHARE, NULL, 0, 0, "null" },
	{ "a gain may be a loss", GAIN, NULL, (uint64_t)-3, 2, "-1.5" },
	{ "or none", GAIN, NULL, 0, 2, "0" },
	{ "of nothing there is no loss", GAIN, NULL, (uint64_t)-3, 0, "null" },
};

static void
put(struct draft *draft, const char *key, const struct value *value)
{
	switch (value->kind) {
	case TEXT:
		draft_text(draft, key, value->text);
		return;
	case TIME:
		draft_time(draft, key, (int64_t)value->number);
		return;
	case COUNT:
		draft_count(draft, key, value->number);
		return;
	case FLAG:
		draft_flag(draft, key, value->number != 0);
		return;
	case GAIN:
		draft_gain(draft, key, (int64_t)value->number, value->of);
		return;
	case MS:
		draft_ms(draft, key, value->number);
		return;
	case SHARE:
		draft_share(draft, key, value->number, value->of);
		return;
	}
}

/* As a member of an object and, twice, of a list in it. */
static void
test_value(void **state)
{
	const struct value *value = *state;
	struct draft draft = { 0 };
	char expect[256], *found;

	draft_open(&draft, NULL, '{');
	put(&draft, "a", value);
	draft_open(&draft, "list", '[');
	put(&draft, NULL, value);
	put(&draft, NULL, value);
	draft_close(&draft, ']');
	draft_open(&draft, "none", '[');
	draft_close(&draft, ']');
	draft_close(&draft, '}');
	found = draft_take(&draft);
	snprintf(expect, sizeof(expect),
	    "{\"a\":%s,\"list\":[%s,%s],\"none\":[]}", value->expect,
	    value->expect, value->expect);
	assert_string_equal(found, expect);
	free(found);
}

int
main(void)
{
	return TABLE_RUN(values, test_value);
}
