#include "tests/support/table.h"

#include <string.h>

#include "agent/probes/log_news.h"

#define LINES 16

static const struct news {
	const char *name;
	const char *lines[LINES];
	size_t max_bytes;
	const char *told;
} news[] = {
	{ "nothing is told of nothing", { NULL }, 100, "" },
	{ "one line is told whole", { "ERROR x" }, 100, "ERROR x" },
	{ "lines are told in their order", { "b", "a" }, 100, "b; a" },
	{ "long lines have equal shares", { "aaaaaaaaaa", "bbbbbbbbbb" }, 16,
	    "aaaa...; bbbb..." },
	{ "what a short line leaves is there for a long one",
	    { "a", "bbbbbbbbbbbb", "c" }, 15, "a; bbbbbb...; c" },
	{ "a character is told whole or not at all",
	    { "aaaa\xc3\xa4zzzz", "b" }, 11, "aaaa...; b" },
	{ "a secret is not told", { "ERROR password=canary" }, 100,
	    "ERROR password=***" },
	{ "no more than twelve lines are told",
	    { "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
		"13" },
	    100, "1; 2; 3; 4; 5; 6; 7; 8; 9; 10; 11; 12" },
	{ "where there is no room nothing is told", { "aaaa", "bbbb" }, 9, "" },
};

static void
test_news(void **state)
{
	const struct news *row = *state;
	struct log_news told = { 0 };
	struct text text = { 0 };

	for (size_t i = 0; row->lines[i] != NULL; i++)
		log_news_add(&told, row->lines[i]);
	log_news_tell(&text, &told, row->max_bytes);
	assert_true(text.n <= row->max_bytes);
	assert_string_equal(text.n > 0 ? text.bytes : "", row->told);
	text_fini(&text);
	log_news_fini(&told);
}

int
main(void)
{
	return TABLE_RUN(news, test_news);
}
