#include <string.h>

#include "tests/support/table.h"

#include "collector/pipeline/guards.h"

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

static const struct condition {
	const char *name;
	const char *text;
	const char *fact; /* NULL: it is none */
	double number;
	const char *equals;
	const char *why; /* what is said of one that is none */
} conditions[] = {
	{ "a setting has a least value", "config:connection_timeout >= 35.0",
	    "setting/connection_timeout", 35, NULL },
	{ "spaces may be left out", "setting:pool_size<=20",
	    "setting/pool_size", 20, NULL },
	{ "a variable is present", "envvar:SSL_CERT_FILE present",
	    "env/SSL_CERT_FILE", 0, NULL },
	{ "any fact has a value", "platform/activationPolicy = ALWAYS",
	    "platform/activationPolicy", 0, "ALWAYS" },
	{ "also one without a slash", "build = v1", "build", 0, "v1" },
	{ "whatever it is called", "pool_size >= 20", "pool_size", 20, NULL },
	{ "a double sign of equality is one", "env/MODE == a b", "env/MODE", 0,
	    "a b" },
	{ "what differs between environments", "envvar:DB_HOST differs",
	    "env/DB_HOST", 0, NULL },
	{ "what matches", "config:pool matches", "setting/pool", 0, NULL },
	{ "and what may be anything", "envvar:DB_HOST  free", "env/DB_HOST", 0,
	    NULL },
	{ "more words are none", "envvar:DB_HOST differs much", NULL, 0, NULL,
	    "differs much is not what may follow" },
	{ "nor is a relation to one environment", "envvar:A matches production",
	    NULL, 0, NULL, "matches production is not what may follow" },
	{ "a number is one", "config:a >= many", NULL, 0, NULL,
	    "many, behind >=, is no number" },
	{ "infinity is no number", "config:a >= inf", NULL, 0, NULL,
	    "inf, behind >=, is no number" },
	{ "a name alone is none", "config:a", NULL, 0, NULL,
	    "a name with nothing behind it" },
	{ "nor is a word alone", "matches", NULL, 0, NULL,
	    "a name with nothing behind it" },
	{ "a sign alone is none", ">= 3", NULL, 0, NULL,
	    "it begins with no name" },
	{ "a wish without a value is none", "config:a >=", NULL, 0, NULL,
	    "no value stands behind >=" },
	{ "a prefix alone is no name", "config: >= 3", NULL, 0, NULL,
	    "it begins with no name" },
	{ "nothing is none", "", NULL, 0, NULL, "it begins with no name" },
};

static struct mark
told(const char *condition, const struct attribute *attribute)
{
	return (struct mark){ .at_ms = 1000,
		.environment = "staging",
		.service = "",
		.kind = MARK_GUARD,
		.subject = condition,
		.summary = "",
		.attributes = attribute,
		.n_attributes = 1 };
}

static void
test_condition(void **state)
{
	const struct condition *row = *state;
	const struct attribute issue = { GUARDS_ISSUE, "1263", 0 };
	const struct mark mark = told(row->text, &issue);
	struct guards *guards = guards_new();
	const struct expectation_config *rule;
	struct err err;

	assert_int_equal(
	    guards_check(guards, &mark, &err), row->fact != NULL ? 0 : -1);
	assert_int_equal(guards_learn(guards, &mark), row->fact != NULL);
	assert_int_equal(guards_count(guards), row->fact != NULL);
	if (row->fact != NULL) {
		rule = guards_get(guards, 0);
		assert_string_equal(rule->name, row->fact);
		assert_string_equal(rule->issue, "1263");
		assert_true(rule->number == row->number);
		assert_int_equal(rule->equals != NULL, row->equals != NULL);
		if (row->equals != NULL)
			assert_string_equal(rule->equals, row->equals);
		assert_true(names_hold(&rule->environments, "staging"));
		assert_false(names_hold(&rule->environments, "production"));
	} else {
		assert_int_equal(err.code, ERR_INVALID);
		assert_non_null(strstr(err.text, row->why));
		assert_non_null(strstr(err.text,
		    "present, matches, differs, free, >= N, <= N, = VALUE"));
	}
	guards_free(guards);
}

static void
test_told_again_it_is_one_and_removed_it_is_none(void **state)
{
	const struct attribute first = { GUARDS_ISSUE, "1", 0 };
	const struct attribute second = { GUARDS_ISSUE, "2", 0 };
	const struct attribute removed = { GUARDS_REMOVED, "yes", 0 };
	struct guards *guards = guards_new();
	struct mark mark = told("config:a >= 1", &first);

	(void)state;
	assert_true(guards_learn(guards, &mark));
	mark.attributes = &second;
	assert_true(guards_learn(guards, &mark));
	assert_int_equal(guards_count(guards), 1);
	assert_string_equal(guards_get(guards, 0)->issue, "2");
	mark.environment = "production";
	mark.attributes = &removed;
	assert_false(guards_learn(guards, &mark));
	mark.environment = "staging";
	assert_true(guards_learn(guards, &mark));
	assert_int_equal(guards_count(guards), 0);
	guards_free(guards);
}

static const struct removal {
	const char *name;
	const char *added, *removed;
	const char *environment, *service;
	bool is_there;
} removals[] = {
	{ "what was added is removed", "config:a >= 1", "config:a >= 1",
	    "staging", "", true },
	{ "however it is written", "config:a >= 1", "setting/a>=1", "staging",
	    "", true },
	{ "another value is another condition", "config:a >= 1",
	    "config:a >= 2", "staging", "", false },
	{ "and another name", "config:a >= 1", "config:b >= 1", "staging", "",
	    false },
	{ "another environment has its own", "config:a >= 1", "config:a >= 1",
	    "production", "", false },
	{ "and another service", "config:a >= 1", "config:a >= 1", "staging",
	    "backend", false },
	{ "one relation is not removed by another", "config:a matches",
	    "config:a differs", "staging", "", false },
	{ "presence is removed as presence", "config:a present",
	    "config:a = present", "staging", "", false },
};

static void
test_removal(void **state)
{
	const struct removal *row = *state;
	const struct attribute removed = { GUARDS_REMOVED, "yes", 0 };
	struct guards *guards = guards_new();
	struct mark mark = told(row->added, NULL);
	struct err err = { 0 };

	mark.n_attributes = 0;
	assert_true(guards_learn(guards, &mark));
	assert_string_equal(guards_condition(guards, 0), row->added);
	mark = told(row->removed, &removed);
	mark.environment = row->environment;
	mark.service = row->service;
	assert_int_equal(
	    guards_check(guards, &mark, &err), row->is_there ? 0 : -1);
	if (!row->is_there) {
		assert_int_equal(err.code, ERR_NOT_FOUND);
		assert_non_null(strstr(err.text, row->removed));
		assert_non_null(strstr(err.text, "vedette guard list"));
	}
	assert_int_equal(guards_learn(guards, &mark), row->is_there);
	assert_int_equal(guards_count(guards), !row->is_there);
	guards_free(guards);
}

static void
test_of_relations_the_last_one_counts(void **state)
{
	struct guards *guards = guards_new();
	struct mark mark = told("envvar:A differs", NULL);

	(void)state;
	mark.n_attributes = 0;
	assert_true(guards_learn(guards, &mark));
	assert_null(guards_get(guards, 0)->issue);
	mark.subject = "envvar:B differs";
	assert_true(guards_learn(guards, &mark));
	mark.subject = "envvar:A free";
	assert_string_equal(guards_replaced(guards, &mark), "envvar:A differs");
	assert_true(guards_learn(guards, &mark));
	assert_null(guards_replaced(guards, &mark));
	assert_int_equal(guards_count(guards), 2);
	assert_int_equal(guards_get(guards, 1)->relation, RELATION_FREE);
	mark.subject = "envvar:A present";
	assert_true(guards_learn(guards, &mark));
	assert_int_equal(guards_count(guards), 3);
	guards_free(guards);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_relations_the_last_one_counts),
		cmocka_unit_test(
		    test_told_again_it_is_one_and_removed_it_is_none),
	};

	return TABLE_RUN(conditions, test_condition) +
	    TABLE_RUN(removals, test_removal) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
