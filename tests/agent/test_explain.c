/* Every reason has words. */
#include "tests/support/table.h"

#include <string.h>

#include "agent/explain.h"
#include "proto/result.h"

static void
test_every_reason_is_explained(void **state)
{
	struct text text = { 0 };
	struct err err;

	(void)state;
	for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++) {
		const char *name = reason_name((enum reason)reason);

		if (explain(&text, name, &err) < 0)
			fail_msg("%s is not explained", name);
		assert_non_null(strstr(text.bytes, "means"));
		text_fini(&text);
	}
}

static const struct code {
	const char *name, *code;
	const char *words; /* NULL: it is none */
} codes[] = {
	{ "a phase chooses among the meanings", "tls.timeout", "speaks" },
	{ "a phase without words of its own has those of its class",
	    "whatever.timeout", "at least" },
	{ "a phase may hold dots", "a.b.refused", "listens" },
	{ "an SQLSTATE is one of ours", "53300", "slots" },
	{ "an SQLSTATE of no class of ours is sent to the manual", "22012",
	    "Appendix A" },
	{ "no reason is none", "none", NULL },
	{ "nothing is none", "", NULL },
	{ "a class must be known", "connect.slowly", NULL },
	{ "a long phase is none",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    ".timeout",
	    NULL },
};

static void
test_code(void **state)
{
	const struct code *row = *state;
	struct text text = { 0 };
	struct err err;
	int rc = explain(&text, row->code, &err);

	assert_int_equal(rc, row->words != NULL ? 0 : -1);
	if (rc == 0)
		assert_non_null(strstr(text.bytes, row->words));
	else
		assert_int_equal(err.code, ERR_NOT_FOUND);
	text_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_reason_is_explained),
	};

	return TABLE_RUN(codes, test_code) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
