#include <string.h>

#include "tests/support/table.h"

#include "proto/base/mem.h"
#include "proto/fingerprints.h"

static const struct pair {
	const char *name, *a, *b;
	enum fingerprints expect;
} pairs[] = {
	{ "the same digits of one key are one value", "k1:aa", "k1:aa",
	    FINGERPRINTS_SAME },
	{ "other digits of one key are another value", "k1:aa", "k1:ab",
	    FINGERPRINTS_DIFFER },
	{ "digits that go on are others", "k1:aa", "k1:aab",
	    FINGERPRINTS_DIFFER },
	{ "nothing is told between two keys", "k1:aa", "k2:aa",
	    FINGERPRINTS_UNKNOWN },
	{ "a key whose name goes on is another", "k1:aa", "k12:aa",
	    FINGERPRINTS_UNKNOWN },
	{ "the older key tells while both are sent", "k1:aa", "k2:bb k1:aa",
	    FINGERPRINTS_SAME },
	{ "it tells a change as well", "k1:aa", "k2:bb k1:ac",
	    FINGERPRINTS_DIFFER },
	{ "two that are being replaced have one key in common", "k2:bb k1:aa",
	    "k3:cc k2:bb", FINGERPRINTS_SAME },
	{ "the word before them does not count", "fingerprint k1:aa", "k1:aa",
	    FINGERPRINTS_SAME },
	{ "what is absent has none", "", "k1:aa", FINGERPRINTS_UNKNOWN },
	{ "words that are no fingerprints tell nothing", "absent", "absent",
	    FINGERPRINTS_UNKNOWN },
};

static void
test_pair(void **state)
{
	const struct pair *row = *state;

	assert_int_equal(fingerprints_compare(row->a, row->b), row->expect);
	assert_int_equal(fingerprints_compare(row->b, row->a), row->expect);
}

static const struct join {
	const char *name, *newer, *older, *expect;
} joins[] = {
	{ "what is known already is kept once", "k1:aa", "k1:aa", "k1:aa" },
	{ "the older ones come behind", "k2:bb", "k1:aa", "k2:bb k1:aa" },
	{ "a key counts once", "k2:bb k1:aa", "k1:aa", "k2:bb k1:aa" },
	{ "the word stays before them", "fingerprint k2:bb k1:aa",
	    "fingerprint k1:aa k0:99", "fingerprint k2:bb k1:aa k0:99" },
	{ "the oldest give way", "k5:ee", "k4:dd k3:cc k2:bb k1:aa",
	    "k5:ee k4:dd k3:cc k2:bb" },
};

static void
test_join(void **state)
{
	const struct join *row = *state;
	char *joined = fingerprints_join(row->newer, row->older);

	assert_string_equal(joined, row->expect);
	free(joined);
}

static void
test_shown(void **state)
{
	(void)state;
	assert_true(fingerprints_are_shown("fingerprint k1:aa"));
	assert_false(fingerprints_are_shown("fingerprints"));
	assert_false(fingerprints_are_shown("absent"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shown),
	};

	return TABLE_RUN(pairs, test_pair) + TABLE_RUN(joins, test_join) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
