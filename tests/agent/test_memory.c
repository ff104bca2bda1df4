#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>

#include "agent/memory.h"

/* One fact, observed as the letters say, one a second from second 1 on: a
 * letter is its value, a digit its fingerprint, ')', '(' and '*' one
 * fingerprint by an old key, by both and by a new one, '-' is absent, '!' distrusts
 * what was told (and takes no time), 'F' is the value "a" read elsewhere.
 * What is told is written as value:since:before, in order. */
static const struct story {
	const char *name;
	const char *steps;
	const char *told;
} stories[] = {
	{ "a fact is told when it is first seen", "a", "a:1:0 " },
	{ "a fact that stays is told once", "aaaa", "a:1:0 " },
	{ "a change says when the old value was last seen", "aaab",
	    "a:1:0 b:4:3 " },
	{ "a change back is a change", "aba", "a:1:0 b:2:1 a:3:2 " },
	{ "a fact that goes away is told", "aa-", "a:1:0 -:3:2 " },
	{ "a fact that is absent from the start is told", "--", "-:1:0 " },
	{ "a fingerprint is compared as a value is", "112", "1:1:0 2:3:2 " },
	{ "another key is told, as what was there all the time", ")((**",
	    "k1:1:1:0 k2:A k1:1:1:0 k2:A:1:0 " },
	{ "a value is not a fingerprint", "a1", "a:1:0 1:2:1 " },
	{ "the same value read elsewhere is another fact", "aF",
	    "a:1:0 a:2:1 " },
	{ "what may be lost is told again as it was", "aab!bb",
	    "a:1:0 b:3:2 b:3:2 " },
	{ "what may be lost and changes is told as it is", "aa!b",
	    "a:1:0 b:3:2 " },
};

/* By '(', ')' and '*'. */
static const char *const rotated[] = { "k2:A k1:1", "k1:1", "k2:A" };

static void
test_story(void **state)
{
	const struct story *row = *state;
	struct memory *memory = memory_new();
	char told[256] = "", value[2] = "";
	struct fact fact;
	int at = 0;

	for (const char *step = row->steps; *step != '\0'; step++) {
		struct fact seen = { "backend", "build", NULL, NULL,
			*step == 'F' ? SOURCE_FILE : SOURCE_PROCESS, at + 1,
			0 };

		if (*step == '!') {
			memory_distrust(memory);
			continue;
		}
		at++;
		value[0] = *step == 'F' ? 'a' : *step;
		if (*step >= '(' && *step <= '*')
			seen.fingerprint = rotated[*step - '('];
		else if (*step >= '0' && *step <= '9')
			seen.fingerprint = value;
		else if (*step != '-')
			seen.value = value;
		if (!memory_observe(memory, &fact, &seen))
			continue;
		assert_string_equal(fact.service, "backend");
		assert_string_equal(fact.name, "build");
		snprintf(told + strlen(told), sizeof(told) - strlen(told),
		    "%s:%d:%d ",
		    fact.value != NULL             ? fact.value
			: fact.fingerprint != NULL ? fact.fingerprint
						   : "-",
		    (int)fact.at_ms, (int)fact.last_ms);
	}
	assert_string_equal(told, row->told);
	memory_free(memory);
}

/* Two facts, the first told before, are each their own. */
static const struct pair {
	const char *name;
	const char *service[2], *fact[2];
	bool told;
} pairs[] = {
	{ "one name in two services is two facts", { "a", "b" }, { "x", "x" },
	    true },
	{ "two names in one service are two facts", { "a", "a" }, { "x", "y" },
	    true },
	{ "one name in one service is one fact", { "a", "a" }, { "x", "x" },
	    false },
	{ "service and name do not run together", { "a", "ab" }, { "bx", "x" },
	    true },
};

static void
test_pair(void **state)
{
	const struct pair *row = *state;
	struct memory *memory = memory_new();
	struct fact fact, seen[2];

	for (int i = 0; i < 2; i++)
		seen[i] = (struct fact){ row->service[i], row->fact[i], "v",
			NULL, SOURCE_SERVICE, 1, 0 };
	assert_true(memory_observe(memory, &fact, &seen[0]));
	assert_int_equal(memory_observe(memory, &fact, &seen[1]), row->told);
	memory_free(memory);
}

int
main(void)
{
	return TABLE_RUN(stories, test_story) + TABLE_RUN(pairs, test_pair);
}
