#include "collector/diagnose/score.h"
#include "tests/support/table.h"

static const struct experience nothing;

/* The findings that each outage of the evaluation suite should yield, and the
 * class that they should add up to. */
#define TOKENS_MAX 12
static const struct outage {
	const char *name;
	enum blame blame;
	size_t n;
	enum token tokens[TOKENS_MAX];
} outages[] = {
	{ "Environment file not loaded: six critical variables missing inside "
	  "staging",
	    BLAME_ENV, 8,
	    { TOKEN_IMPACT, TOKEN_BREAK_ENV, TOKEN_REFERENCE_OK, TOKEN_BUILD_OK,
		TOKEN_INPUT_CHANGED, TOKEN_NOT_RELEASED, TOKEN_PEER_DIFFERS,
		TOKEN_OBSERVED } },
	{ "New build needs PAYMENTS_API_KEY; production has it, staging does "
	  "not",
	    BLAME_ENV, 7,
	    { TOKEN_IMPACT, TOKEN_BREAK_ENV, TOKEN_BUILD_OK, TOKEN_RELEASED,
		TOKEN_INPUT_SAME, TOKEN_PEER_DIFFERS, TOKEN_OBSERVED } },
	{ "Mistyped database host in staging.env: symptom is NXDOMAIN, cause "
	  "is the variable",
	    BLAME_ENV, 7,
	    { TOKEN_IMPACT, TOKEN_BREAK_DNS, TOKEN_REFERENCE_OK, TOKEN_BUILD_OK,
		TOKEN_INPUT_CHANGED, TOKEN_NOT_RELEASED, TOKEN_OBSERVED } },
	{ "Wrong database port: connection refused while PostgreSQL is healthy",
	    BLAME_ENV, 8,
	    { TOKEN_IMPACT, TOKEN_BREAK_REFUSED, TOKEN_REFERENCE_OK,
		TOKEN_BUILD_OK, TOKEN_INPUT_CHANGED, TOKEN_NOT_RELEASED,
		TOKEN_PEER_DIFFERS, TOKEN_OBSERVED } },
	{ "pool_size 20 -> 1: pool timeouts under ordinary load", BLAME_ENV, 8,
	    { TOKEN_IMPACT, TOKEN_BREAK_CONFIG, TOKEN_REFERENCE_OK,
		TOKEN_BUILD_OK, TOKEN_INPUT_CHANGED, TOKEN_NOT_RELEASED,
		TOKEN_PEER_DIFFERS, TOKEN_OBSERVED } },
	{ "Carriage return at the end of the password variable", BLAME_ENV, 8,
	    { TOKEN_IMPACT, TOKEN_BREAK_AUTH, TOKEN_REFERENCE_OK,
		TOKEN_BUILD_OK, TOKEN_INPUT_CHANGED, TOKEN_NOT_RELEASED,
		TOKEN_SHAPE, TOKEN_OBSERVED } },
	{ "Replica b runs with a different SECRET_KEY: every second login "
	  "fails",
	    BLAME_ENV, 7,
	    { TOKEN_IMPACT, TOKEN_BREAK_GOLDEN, TOKEN_BUILD_OK,
		TOKEN_INPUT_CHANGED, TOKEN_NOT_RELEASED, TOKEN_PEER_DIFFERS,
		TOKEN_OBSERVED } },
	{ "Left-over hosts override sends db.staging.test to an old address",
	    BLAME_ENV, 8,
	    { TOKEN_IMPACT, TOKEN_BREAK_TIMEOUT, TOKEN_REFERENCE_OK,
		TOKEN_VANTAGE_OK, TOKEN_BUILD_OK, TOKEN_INPUT_CHANGED,
		TOKEN_NOT_RELEASED, TOKEN_OBSERVED } },
	{ "Feature flag switched on without a deploy exposes a latent bug",
	    BLAME_ENV, 8,
	    { TOKEN_IMPACT, TOKEN_BREAK_HTTP, TOKEN_BOTH_OK, TOKEN_BUILD_OK,
		TOKEN_INPUT_CHANGED, TOKEN_NOT_RELEASED, TOKEN_PEER_DIFFERS,
		TOKEN_OBSERVED } },
	{ "IAM grant on the secret removed; nothing happens until the next "
	  "deploy restarts the app",
	    BLAME_ENV, 7,
	    { TOKEN_IMPACT, TOKEN_BREAK_SECRET, TOKEN_CRASH, TOKEN_BUILD_OK,
		TOKEN_RELEASED, TOKEN_INPUT_CHANGED, TOKEN_OBSERVED } },
	{ "PostgreSQL stopped", BLAME_INFRA, 9,
	    { TOKEN_IMPACT, TOKEN_BREAK_REFUSED, TOKEN_BOTH_FAIL,
		TOKEN_VANTAGE_FAIL, TOKEN_BUILD_OK, TOKEN_PLATFORM_CHANGED,
		TOKEN_NOT_RELEASED, TOKEN_INPUT_SAME, TOKEN_OBSERVED } },
	{ "PostgreSQL hung: TCP accepts, no start-up reply", BLAME_INFRA, 8,
	    { TOKEN_IMPACT, TOKEN_BREAK_HANG, TOKEN_BOTH_FAIL,
		TOKEN_VANTAGE_FAIL, TOKEN_BUILD_OK, TOKEN_NOT_RELEASED,
		TOKEN_INPUT_SAME, TOKEN_OBSERVED } },
	{ "Connection slots taken by another tenant", BLAME_INFRA, 9,
	    { TOKEN_IMPACT, TOKEN_BREAK_SERVER, TOKEN_BOTH_FAIL,
		TOKEN_VANTAGE_FAIL, TOKEN_SATURATED, TOKEN_BUILD_OK,
		TOKEN_NOT_RELEASED, TOKEN_INPUT_SAME, TOKEN_OBSERVED } },
	{ "Cloud SQL stopped by its owner: the API still says RUNNABLE",
	    BLAME_INFRA, 10,
	    { TOKEN_IMPACT, TOKEN_BREAK_TIMEOUT, TOKEN_BOTH_FAIL,
		TOKEN_VANTAGE_FAIL, TOKEN_PLATFORM_BAD, TOKEN_BUILD_OK,
		TOKEN_PLATFORM_CHANGED, TOKEN_NOT_RELEASED, TOKEN_INPUT_SAME,
		TOKEN_OBSERVED } },
	{ "VPC connector in ERROR: only staging loses the database",
	    BLAME_INFRA, 10,
	    { TOKEN_IMPACT, TOKEN_BREAK_TIMEOUT, TOKEN_BOTH_FAIL,
		TOKEN_VANTAGE_OK, TOKEN_PLATFORM_BAD, TOKEN_BUILD_OK,
		TOKEN_PLATFORM_CHANGED, TOKEN_NOT_RELEASED, TOKEN_INPUT_SAME,
		TOKEN_OBSERVED } },
	{ "Front certificate expires a minute after an unrelated deploy",
	    BLAME_INFRA, 9,
	    { TOKEN_IMPACT, TOKEN_BREAK_TLS, TOKEN_BOTH_FAIL,
		TOKEN_VANTAGE_FAIL, TOKEN_EXPIRED, TOKEN_BUILD_OK,
		TOKEN_RELEASED, TOKEN_INPUT_SAME, TOKEN_OBSERVED } },
	{ "Memory limit lowered by the platform: OOM kills", BLAME_INFRA, 9,
	    { TOKEN_IMPACT, TOKEN_BREAK_HTTP, TOKEN_CRASH, TOKEN_SATURATED,
		TOKEN_BUILD_OK, TOKEN_PLATFORM_CHANGED, TOKEN_NOT_RELEASED,
		TOKEN_INPUT_SAME, TOKEN_OBSERVED } },
	{ "Staging resolver down", BLAME_NET, 8,
	    { TOKEN_IMPACT, TOKEN_BREAK_DNS, TOKEN_BOTH_FAIL, TOKEN_ADDRESS_OK,
		TOKEN_BUILD_OK, TOKEN_NOT_RELEASED, TOKEN_INPUT_SAME,
		TOKEN_OBSERVED } },
	{ "DNS answers with a decommissioned address", BLAME_NET, 9,
	    { TOKEN_IMPACT, TOKEN_BREAK_TIMEOUT, TOKEN_BOTH_FAIL,
		TOKEN_ADDRESS_OK, TOKEN_BUILD_OK, TOKEN_PATH_CHANGED,
		TOKEN_NOT_RELEASED, TOKEN_INPUT_SAME, TOKEN_OBSERVED } },
	{ "Firewall drops 5432 from staging; a harmless config edit happened "
	  "earlier",
	    BLAME_NET, 9,
	    { TOKEN_IMPACT, TOKEN_BREAK_TIMEOUT, TOKEN_BOTH_FAIL,
		TOKEN_VANTAGE_OK, TOKEN_BUILD_OK, TOKEN_PATH_CHANGED,
		TOKEN_INPUT_CHANGED, TOKEN_NOT_RELEASED, TOKEN_OBSERVED } },
	{ "Round-trip to the database grows by 300 ms in steps", BLAME_NET, 8,
	    { TOKEN_IMPACT, TOKEN_BREAK_GOLDEN, TOKEN_LATENCY, TOKEN_VANTAGE_OK,
		TOKEN_BUILD_OK, TOKEN_NOT_RELEASED, TOKEN_INPUT_SAME,
		TOKEN_OBSERVED } },
	{ "MTU black hole: small queries pass, large rows hang", BLAME_NET, 9,
	    { TOKEN_IMPACT, TOKEN_BREAK_TLS, TOKEN_MTU, TOKEN_BOTH_FAIL,
		TOKEN_VANTAGE_OK, TOKEN_BUILD_OK, TOKEN_NOT_RELEASED,
		TOKEN_INPUT_SAME, TOKEN_OBSERVED } },
	{ "Partial partition: staging app cannot reach payments, everyone else "
	  "can",
	    BLAME_NET, 9,
	    { TOKEN_IMPACT, TOKEN_BREAK_TIMEOUT, TOKEN_BOTH_FAIL,
		TOKEN_VANTAGE_OK, TOKEN_PLATFORM_OK, TOKEN_BUILD_OK,
		TOKEN_NOT_RELEASED, TOKEN_INPUT_SAME, TOKEN_OBSERVED } },
	{ "New build exits at start", BLAME_APP, 8,
	    { TOKEN_IMPACT, TOKEN_CRASH, TOKEN_BREAK_HTTP, TOKEN_BOTH_OK,
		TOKEN_RELEASED, TOKEN_INPUT_SAME, TOKEN_NEW_TEXT,
		TOKEN_OBSERVED } },
	{ "New build queries a misspelt column", BLAME_APP, 8,
	    { TOKEN_IMPACT, TOKEN_BREAK_SCHEMA, TOKEN_BOTH_OK,
		TOKEN_PLATFORM_OK, TOKEN_RELEASED, TOKEN_INPUT_SAME,
		TOKEN_NEW_TEXT, TOKEN_OBSERVED } },
	{ "Memory leak in the new build: restarts every few minutes", BLAME_APP,
	    9,
	    { TOKEN_IMPACT, TOKEN_BREAK_HTTP, TOKEN_CRASH, TOKEN_LEAK,
		TOKEN_SATURATED, TOKEN_BOTH_OK, TOKEN_RELEASED,
		TOKEN_INPUT_SAME, TOKEN_OBSERVED } },
	{ "Date-triggered bug: both environments fail at the same minute, "
	  "nobody changed anything",
	    BLAME_APP, 7,
	    { TOKEN_IMPACT, TOKEN_BREAK_HTTP, TOKEN_BOTH_OK, TOKEN_BUILD_FAIL,
		TOKEN_NOT_RELEASED, TOKEN_INPUT_SAME, TOKEN_OBSERVED } },
	{ "Deploy and an unrelated variable in the same minute: the deploy is "
	  "guilty",
	    BLAME_APP, 7,
	    { TOKEN_IMPACT, TOKEN_BREAK_SCHEMA, TOKEN_BOTH_OK, TOKEN_RELEASED,
		TOKEN_INPUT_UNRELATED, TOKEN_NEW_TEXT, TOKEN_OBSERVED } },
	{ "New build answers 200 with an error page", BLAME_APP, 7,
	    { TOKEN_IMPACT, TOKEN_BREAK_GOLDEN, TOKEN_BOTH_OK,
		TOKEN_PLATFORM_OK, TOKEN_RELEASED, TOKEN_INPUT_SAME,
		TOKEN_OBSERVED } },
	{ "The staging agent is dead; the service is fine", BLAME_BLIND, 2,
	    { TOKEN_SILENT, TOKEN_HEALTHY } },
	{ "Checks were run from a developer machine and labelled staging",
	    BLAME_BLIND, 1, { TOKEN_STRANGER } },
	{ "Fingerprint key rotated: every variable looks different", BLAME_NONE,
	    3, { TOKEN_HEALTHY, TOKEN_BREAK_NONE, TOKEN_OBSERVED } },
	{ "Collector could not write for two minutes: a gap in every "
	  "environment",
	    BLAME_BLIND, 2, { TOKEN_SILENT, TOKEN_UNABLE } },
	{ "Three-second blip twenty minutes ago, asked about now", BLAME_NONE,
	    3, { TOKEN_HEALTHY, TOKEN_BREAK_NONE, TOKEN_OBSERVED } },
	{ "Latency wave inside its daily range", BLAME_NONE, 3,
	    { TOKEN_HEALTHY, TOKEN_BREAK_NONE, TOKEN_OBSERVED } },
};

static size_t
fill(struct weight *weights, const struct outage *row)
{
	for (size_t i = 0; i < row->n; i++)
		weights[i] =
		    (struct weight){ .token = row->tokens[i], .percent = 100 };
	return row->n;
}

static void
test_outage(void **state)
{
	const struct outage *row = *state;
	struct weight weights[TOKENS_MAX], turned[TOKENS_MAX];
	struct score found, again;
	int sum = 0;

	fill(weights, row);
	score(&found, weights, row->n, &nothing);
	assert_int_equal(found.first, row->blame);
	for (int i = 0; i < BLAME_COUNT; i++)
		sum += found.permyriad[i];
	assert_in_range(sum, 9990, 10010);
	for (size_t i = 0; i < row->n; i++)
		turned[i] =
		    (struct weight){ .token = row->tokens[row->n - 1 - i],
			    .percent = 100 };
	score(&again, turned, row->n, &nothing);
	assert_memory_equal(found.db10, again.db10, sizeof(found.db10));
}

static bool
has_family(const struct outage *row, enum family family)
{
	for (size_t i = 0; i < row->n; i++)
		if (token_row(row->tokens[i])->family == family)
			return true;
	return false;
}

/* Evidence of another kind never speaks against the class that it is most
 * likely under, whatever else was found. */
static void
test_monotony(void **state)
{
	const struct outage *row = *state;
	struct weight weights[TOKENS_MAX + 1];
	struct score before, after;
	int n_added = 0;

	fill(weights, row);
	score(&before, weights, row->n, &nothing);
	for (int token = 0; token < TOKEN_COUNT; token++) {
		const struct token_row *added = token_row((enum token)token);
		int best = 0;

		if (has_family(row, added->family))
			continue;
		for (int i = 1; i < BLAME_COUNT; i++)
			if (added->permille[i] > added->permille[best])
				best = i;
		fill(weights, row);
		weights[row->n] = (struct weight){ .token = (enum token)token,
			.percent = 100 };
		score(&after, weights, row->n + 1, &nothing);
		if (after.permyriad[best] < before.permyriad[best])
			fail_msg("%s lowers %s from %d to %d", added->id,
			    blame_name((enum blame)best),
			    before.permyriad[best], after.permyriad[best]);
		n_added++;
	}
	assert_true(n_added > 10);
}

static void
test_entailed(void **state)
{
	struct weight weights[] = {
		{ .token = TOKEN_BREAK_ENV, .percent = 100 },
		{ .token = TOKEN_BREAK_HTTP, .percent = 100, .entailed = true },
	};
	struct score with, without;

	(void)state;
	score(&with, weights, 2, &nothing);
	score(&without, weights, 1, &nothing);
	assert_memory_equal(&with, &without, sizeof(with));
}

static void
test_family(void **state)
{
	struct weight weights[] = {
		{ .token = TOKEN_LOSS, .percent = 100 },
		{ .token = TOKEN_LATENCY, .percent = 100 },
		{ .token = TOKEN_MTU, .percent = 100 },
	};
	struct score found;

	(void)state;
	score(&found, weights, 3, &nothing);
	for (int i = 0; i < BLAME_COUNT; i++) {
		assert_int_equal(weights[0].db10[i], weights[0].full[i]);
		assert_int_equal(weights[1].db10[i], 0);
		assert_int_equal(weights[2].db10[i], weights[2].full[i] / 2);
	}
}

static void
test_nothing(void **state)
{
	static const int priors[] = { 2660, 1805, 2945, 570, 760, 760 };
	struct score found;

	(void)state;
	score(&found, NULL, 0, &nothing);
	assert_int_equal(found.first, BLAME_INFRA);
	assert_int_equal(found.second, BLAME_APP);
	for (int i = 0; i < BLAME_COUNT; i++)
		assert_in_range(found.permyriad[i], priors[i] + 83 - 60,
		    priors[i] + 83 + 60);
}

static void
test_extremes(void **state)
{
	int db10[BLAME_COUNT] = { 3000, -3000, 0, 0, 0, 0 };
	int out[BLAME_COUNT];

	(void)state;
	score_probabilities(out, db10);
	assert_int_equal(out[0], 9583);
	assert_int_equal(out[1], 83);
}

int
main(void)
{
	const struct CMUnitTest rules[] = {
		{ "an entailed finding weighs nothing", test_entailed, NULL,
		    NULL, NULL },
		{ "in a family one counts fully, one half", test_family, NULL,
		    NULL, NULL },
		{ "without findings the prior remains", test_nothing, NULL,
		    NULL, NULL },
		{ "no evidence makes certain", test_extremes, NULL, NULL,
		    NULL },
	};

	return TABLE_RUN(outages, test_outage) +
	    TABLE_RUN(outages, test_monotony) +
	    cmocka_run_group_tests_name("rules", rules, NULL, NULL);
}
