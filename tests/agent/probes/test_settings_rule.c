#include "tests/support/table.h"

#include <string.h>

#include "agent/probes/settings_rule.h"

static const struct row {
	const char *name, *text;
	size_t n_terms; /* 0: refused */
} rows[] = {
	{ "a chain of four is one rule",
	    "pool <= connect <= initialise < request", 4 },
	{ "a number may be a term", "30 <= connect", 2 },
	{ "blanks do not matter", "a<b==c", 3 },
	{ "one name alone is no rule", "pool", 0 },
	{ "an end is missing", "pool <=", 0 },
	{ "a beginning is missing", "< pool", 0 },
	{ "one = is no relation", "a = b", 0 },
	{ "two relations need a term between them", "a < < b", 0 },
	{ "a name has no blank", "a b < c", 0 },
	{ "the empty text is no rule", "", 0 },
	{ "thirteen terms are too many", "1<2<3<4<5<6<7<8<9<10<11<12<13", 0 },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct rule rule;
	struct err err;
	int rc = rule_parse(&rule, row->text, &err);

	assert_int_equal(rc, row->n_terms == 0 ? -1 : 0);
	if (rc == 0)
		assert_int_equal(rule.n_terms, row->n_terms);
	else
		assert_int_not_equal(strlen(err.text), 0);
}

static const struct relation_row {
	const char *name;
	enum relation relation;
	double left, right;
	bool expect;
} relations[] = {
	{ "less is less", RELATION_LESS, 1, 2, true },
	{ "the same is not less", RELATION_LESS, 2, 2, false },
	{ "a rounding is not less", RELATION_LESS, 0.1 + 0.2, 0.3, false },
	{ "the same is at most itself", RELATION_AT_MOST, 0.1 + 0.2, 0.3,
	    true },
	{ "more is not at most", RELATION_AT_MOST, 3, 2, false },
	{ "a rounding is equal", RELATION_EQUAL, 0.1 + 0.2, 0.3, true },
	{ "35 is at least 35", RELATION_AT_LEAST, 35, 35.0, true },
	{ "34.9 is not at least 35", RELATION_AT_LEAST, 34.9, 35, false },
	{ "more is more", RELATION_MORE, 3, 2, true },
	{ "the same is not more", RELATION_MORE, 2, 2, false },
};

static void
test_relation(void **state)
{
	const struct relation_row *row = *state;

	assert_int_equal(
	    relation_holds(row->relation, row->left, row->right), row->expect);
}

int
main(void)
{
	int rc = TABLE_RUN(rows, test_row);

	return rc + TABLE_RUN(relations, test_relation);
}
