#include "collector/diagnose/experience.h"
#include "collector/diagnose/power.h"
#include "tests/support/table.h"

/* The weights that were published with the probabilities (P(token | class)
 * was elicited, the weights computed elsewhere and in floating point). */
static const struct shipped {
	const char *name;
	enum token token;
	int db10[BLAME_COUNT];
} shipped[] = {
	{ "impact", TOKEN_IMPACT, { 50, 48, 48, 48, -47, -147 } },
	{ "a healthy golden path", TOKEN_HEALTHY,
	    { -43, -36, -36, -36, 64, 86 } },
	{ "a silent agent", TOKEN_SILENT, { -56, -26, 4, 14, 121, -56 } },
	{ "a missing variable", TOKEN_BREAK_ENV,
	    { -1, 146, -31, -71, 29, -71 } },
	{ "a name that does not resolve", TOKEN_BREAK_DNS,
	    { -39, 61, 9, 116, -39, -109 } },
	{ "a certificate", TOKEN_BREAK_TLS, { -30, 40, 60, 30, 0, -100 } },
	{ "reference inputs that pass", TOKEN_REFERENCE_OK,
	    { -40, 105, -40, -18, 12, -18 } },
	{ "the same build, well elsewhere", TOKEN_BUILD_OK,
	    { -55, 12, 10, 10, 10, 13 } },
	{ "an expiry, cut", TOKEN_EXPIRED, { -68, 50, 150, -68, 2, -68 } },
	{ "a large payload that hangs, cut", TOKEN_MTU,
	    { -30, -30, -30, 150, -30, -30 } },
	{ "a job that did not call", TOKEN_BREAK_MISSED,
	    { 12, 12, 12, 12, 22, -70 } },
};

static void
test_shipped(void **state)
{
	static const struct experience nothing;
	const struct shipped *row = *state;
	int db10[BLAME_COUNT];

	experience_row_db10(db10, &nothing, row->token);
	for (int i = 0; i < BLAME_COUNT; i++)
		assert_int_equal(db10[i], row->db10[i]);
}

/* n incidents of each class, and the prior they make, in permyriad. */
static const struct moved {
	const char *name;
	uint32_t labelled[BLAME_COUNT];
	int permyriad[BLAME_COUNT], db10[BLAME_COUNT];
} moved[] = {
	{ "without labels the prior is as shipped", { 0 },
	    { 2800, 1900, 3100, 600, 800, 800 },
	    { -55, -72, -51, -122, -110, -110 } },
	{ "one label moves it by less than a twentieth", { 0, 1 },
	    { 2667, 2286, 2952, 571, 762, 762 },
	    { -57, -64, -53, -124, -112, -112 } },
	{ "twenty weigh as much as the literature", { 0, 20 },
	    { 1400, 5950, 1550, 300, 400, 400 },
	    { -85, -23, -81, -152, -140, -140 } },
	{ "labels as shipped change nothing", { 28, 19, 31, 6, 8, 8 },
	    { 2800, 1900, 3100, 600, 800, 800 },
	    { -55, -72, -51, -122, -110, -110 } },
	{ "no class becomes impossible", { 9999 }, { 9986, 4, 6, 1, 2, 2 },
	    { 0, -342, -321, -392, -380, -380 } },
};

static void
test_moved(void **state)
{
	const struct moved *row = *state;
	struct experience experience = { 0 };
	int permyriad[BLAME_COUNT], db10[BLAME_COUNT];

	for (int i = 0; i < BLAME_COUNT; i++)
		for (uint32_t k = 0; k < row->labelled[i]; k++)
			experience_add(&experience, (enum blame)i);
	experience_prior(permyriad, &experience);
	experience_prior_db10(db10, &experience);
	for (int i = 0; i < BLAME_COUNT; i++) {
		assert_int_equal(permyriad[i], row->permyriad[i]);
		assert_int_equal(db10[i], row->db10[i]);
	}
}

/* Incidents of the class env with these findings, and what P(token | env)
 * becomes, in permyriad. */
static const struct counted {
	const char *name;
	uint32_t n;
	const char *ids;
	enum token token;
	int permyriad;
} counted[] = {
	{ "shipped", 0, "", TOKEN_REFERENCE_OK, 8500 },
	{ "what was seen becomes likelier", 8, "I1 SUB_ref_ok CH_env",
	    TOKEN_REFERENCE_OK, 9250 },
	{ "what was not seen becomes less likely", 8, "I1 CH_env",
	    TOKEN_REFERENCE_OK, 4250 },
	{ "the last of them counts", 8, "I1 CH_env", TOKEN_INPUT_CHANGED,
	    9250 },
	{ "a part of a name is none", 8, "CH_env_none", TOKEN_INPUT_CHANGED,
	    4250 },
	{ "nor is a name with more behind it", 8, "CH_envx  CH",
	    TOKEN_INPUT_CHANGED, 4250 },
	{ "said twice counts once", 8, "CH_env CH_env", TOKEN_INPUT_CHANGED,
	    9250 },
};

static void
test_counted(void **state)
{
	const struct counted *row = *state;
	struct experience experience = { 0 };
	int permyriad[BLAME_COUNT], before[BLAME_COUNT];

	experience_row(before, &experience, row->token);
	for (uint32_t i = 0; i < row->n; i++)
		experience_add_findings(&experience, BLAME_ENV, row->ids);
	experience_row(permyriad, &experience, row->token);
	for (int i = 0; i < BLAME_COUNT; i++)
		assert_int_equal(
		    permyriad[i], i == BLAME_ENV ? row->permyriad : before[i]);
}

static void
test_too_many(void **state)
{
	struct experience experience = { 0 };
	int db10[BLAME_COUNT];

	(void)state;
	for (int i = 0; i < EXPERIENCE_MAX + 5; i++) {
		experience_add(&experience, BLAME_APP);
		experience_add_findings(&experience, BLAME_APP, "I1");
	}
	assert_int_equal(experience_labelled(&experience), EXPERIENCE_MAX);
	assert_int_equal(experience_told(&experience), EXPERIENCE_MAX);
	experience_row_db10(db10, &experience, TOKEN_EXPIRED);
	assert_int_equal(db10[BLAME_APP], -150);
}

static void
test_logarithm(void **state)
{
	(void)state;
	assert_int_equal(power_milli_db(1, 1), 0);
	assert_int_equal(power_milli_db(1, 10), -10000);
	assert_int_equal(power_milli_db(1, 1000000000), -90000);
	assert_int_equal(power_milli_db(1, 2), -3010);
	assert_int_equal(power_milli_db(999999, 1000000), 0);
	assert_int_equal(power_milli_db(POWER_LIMIT - 2, POWER_LIMIT - 1), 0);
}

int
main(void)
{
	const struct CMUnitTest rules[] = {
		{ "more than counts is no overflow", test_too_many, NULL, NULL,
		    NULL },
		{ "logarithms are right to a thousandth of a decibel",
		    test_logarithm, NULL, NULL, NULL },
	};

	return TABLE_RUN(shipped, test_shipped) + TABLE_RUN(moved, test_moved) +
	    TABLE_RUN(counted, test_counted) +
	    cmocka_run_group_tests_name("rules", rules, NULL, NULL);
}
