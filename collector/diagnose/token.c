#include <string.h>

#include "collector/diagnose/token.h"

static const struct token_row rows[TOKEN_COUNT] = {
	[TOKEN_IMPACT] = { "I1", FAMILY_IMPACT, false,
	    { 950, 900, 900, 900, 100, 10 } },
	[TOKEN_HEALTHY] = { "I0", FAMILY_IMPACT, false,
	    { 50, 60, 60, 60, 600, 980 } },
	[TOKEN_OUTSIDE_ONLY] = { "I3", FAMILY_IMPACT, false,
	    { 900, 900, 900, 900, 200, 20 } },
	[TOKEN_SILENT] = { "O1", FAMILY_OBSERVER, false,
	    { 10, 20, 40, 50, 600, 10 } },
	[TOKEN_CLOCK] = { "O2", FAMILY_OBSERVER, false,
	    { 10, 10, 10, 10, 200, 10 } },
	[TOKEN_STRANGER] = { "O3", FAMILY_OBSERVER, false,
	    { 20, 20, 20, 20, 400, 20 } },
	[TOKEN_UNABLE] = { "O4", FAMILY_OBSERVER, false,
	    { 30, 30, 40, 40, 500, 30 } },
	[TOKEN_OBSERVED] = { "OBS_ok", FAMILY_OBSERVER, false,
	    { 850, 850, 850, 800, 80, 970 } },
	[TOKEN_UNCOVERED] = { "O5", FAMILY_OBSERVER, false,
	    { 30, 20, 20, 30, 300, 30 } },
	[TOKEN_BREAK_ENV] = { "FB_env", FAMILY_BREAK, false,
	    { 10, 300, 5, 2, 20, 2 } },
	[TOKEN_BREAK_CONFIG] = { "FB_config", FAMILY_BREAK, false,
	    { 30, 150, 10, 10, 10, 10 } },
	[TOKEN_BREAK_SECRET] = { "FB_secret", FAMILY_BREAK, false,
	    { 5, 120, 30, 5, 10, 2 } },
	[TOKEN_BREAK_DNS] = { "FB_dns", FAMILY_BREAK, false,
	    { 10, 100, 30, 350, 10, 2 } },
	[TOKEN_BREAK_REFUSED] = { "FB_tcp_refused", FAMILY_BREAK, false,
	    { 20, 60, 150, 100, 10, 2 } },
	[TOKEN_BREAK_TIMEOUT] = { "FB_tcp_timeout", FAMILY_BREAK, false,
	    { 5, 40, 120, 300, 10, 2 } },
	[TOKEN_BREAK_TLS] = { "FB_tls", FAMILY_BREAK, false,
	    { 10, 50, 80, 40, 20, 2 } },
	[TOKEN_BREAK_AUTH] = { "FB_auth", FAMILY_BREAK, false,
	    { 20, 120, 40, 5, 10, 2 } },
	[TOKEN_BREAK_HANG] = { "FB_startup_hang", FAMILY_BREAK, false,
	    { 5, 5, 80, 30, 10, 2 } },
	[TOKEN_BREAK_SCHEMA] = { "FB_query_app", FAMILY_BREAK, false,
	    { 150, 20, 10, 2, 5, 2 } },
	[TOKEN_BREAK_SERVER] = { "FB_query_infra", FAMILY_BREAK, false,
	    { 60, 20, 200, 3, 5, 2 } },
	[TOKEN_BREAK_LOCK] = { "FB_lock", FAMILY_BREAK, false,
	    { 40, 5, 50, 2, 5, 2 } },
	[TOKEN_BREAK_DEPENDENCY] = { "FB_dep", FAMILY_BREAK, false,
	    { 5, 20, 200, 20, 5, 2 } },
	[TOKEN_BREAK_HTTP] = { "FB_http", FAMILY_BREAK, false,
	    { 400, 80, 40, 40, 20, 10 } },
	[TOKEN_BREAK_GOLDEN] = { "FB_golden", FAMILY_BREAK, false,
	    { 200, 60, 50, 40, 30, 10 } },
	[TOKEN_BREAK_MISSED] = { "FB_missed", FAMILY_BREAK, false,
	    { 40, 40, 40, 40, 50, 6 } },
	[TOKEN_BREAK_NONE] = { "FB_none", FAMILY_BREAK, false,
	    { 20, 20, 20, 20, 600, 900 } },
	[TOKEN_REFERENCE_OK] = { "SUB_ref_ok", FAMILY_SUBSTITUTION, true,
	    { 30, 850, 30, 50, 100, 50 } },
	[TOKEN_BOTH_FAIL] = { "SUB_both_fail", FAMILY_SUBSTITUTION, true,
	    { 50, 50, 900, 900, 100, 20 } },
	[TOKEN_BOTH_OK] = { "SUB_both_ok", FAMILY_SUBSTITUTION, true,
	    { 900, 100, 60, 60, 500, 950 } },
	/* Nothing between code and inputs; of what is below, as before. */
	[TOKEN_BOTH_OK_UNREAD] = { "SUB_both_ok_unread", FAMILY_SUBSTITUTION,
	    false, { 900, 900, 60, 60, 500, 950 } },
	[TOKEN_VANTAGE_OK] = { "PV_ok", FAMILY_VANTAGE, true,
	    { 900, 900, 120, 800, 800, 950 } },
	[TOKEN_CONNECTS] = { "PV_connects", FAMILY_VANTAGE, true,
	    { 900, 900, 40, 800, 800, 950 } },
	[TOKEN_VANTAGE_FAIL] = { "PV_fail", FAMILY_VANTAGE, true,
	    { 80, 50, 750, 200, 100, 20 } },
	[TOKEN_ADDRESS_OK] = { "IPOK", FAMILY_ADDRESS, true,
	    { 100, 300, 80, 800, 100, 100 } },
	[TOKEN_PROXY_FAIL] = { "LBX", FAMILY_PROXY, true,
	    { 10, 20, 15, 300, 10, 5 } },
	[TOKEN_BUILD_OK] = { "BP_ok", FAMILY_BUILD, true,
	    { 200, 950, 900, 900, 900, 970 } },
	[TOKEN_BUILD_FAIL] = { "BP_fail", FAMILY_BUILD, true,
	    { 600, 50, 150, 100, 50, 10 } },
	[TOKEN_RELEASED] = { "CH_release", FAMILY_RELEASE, false,
	    { 750, 150, 150, 150, 150, 150 } },
	[TOKEN_NOT_RELEASED] = { "CH_release_none", FAMILY_RELEASE, false,
	    { 250, 850, 850, 850, 850, 850 } },
	[TOKEN_INPUT_CHANGED] = { "CH_env", FAMILY_INPUT, false,
	    { 50, 850, 50, 50, 50, 50 } },
	[TOKEN_INPUT_SAME] = { "CH_env_none", FAMILY_INPUT, false,
	    { 950, 150, 950, 950, 950, 950 } },
	[TOKEN_INPUT_UNRELATED] = { "CH_env_unrelated", FAMILY_INPUT, false,
	    { 200, 220, 200, 200, 200, 200 } },
	[TOKEN_PLATFORM_CHANGED] = { "CH_infra", FAMILY_PLATFORM_CHANGE, false,
	    { 50, 50, 600, 50, 50, 50 } },
	[TOKEN_PATH_CHANGED] = { "CH_net", FAMILY_PATH_CHANGE, false,
	    { 30, 30, 50, 500, 30, 30 } },
	[TOKEN_EXPIRED] = { "EXP", FAMILY_EXPIRY, false,
	    { 2, 30, 300, 2, 10, 2 } },
	[TOKEN_PEER_DIFFERS] = { "PD_outlier", FAMILY_PEER, false,
	    { 100, 600, 100, 100, 100, 100 } },
	[TOKEN_PEER_EQUAL] = { "PD_equal", FAMILY_PEER, false,
	    { 5, 300, 5, 5, 5, 5 } },
	[TOKEN_SHAPE] = { "SH", FAMILY_SHAPE, false, { 5, 250, 5, 5, 5, 5 } },
	[TOKEN_PLATFORM_BAD] = { "GCP_bad", FAMILY_PLATFORM, false,
	    { 10, 20, 500, 50, 20, 10 } },
	[TOKEN_PLATFORM_OK] = { "GCP_ok", FAMILY_PLATFORM, false,
	    { 950, 950, 450, 950, 950, 970 } },
	[TOKEN_SATURATED] = { "RS_bad", FAMILY_RESOURCE, false,
	    { 250, 50, 400, 20, 20, 20 } },
	[TOKEN_LEAK] = { "LEAK", FAMILY_GROWTH, false,
	    { 300, 20, 20, 2, 5, 5 } },
	[TOKEN_ENLARGED] = { "POOL", FAMILY_GROWTH, false,
	    { 20, 300, 20, 2, 5, 5 } },
	[TOKEN_TENANT] = { "TENANT", FAMILY_GROWTH, false,
	    { 20, 30, 300, 2, 5, 5 } },
	[TOKEN_CRASH] = { "CRASH", FAMILY_CRASH, false,
	    { 300, 200, 120, 20, 10, 5 } },
	[TOKEN_LOSS] = { "LOSS", FAMILY_PATH, false,
	    { 20, 10, 50, 400, 20, 5 } },
	[TOKEN_LATENCY] = { "LAT", FAMILY_PATH, false,
	    { 20, 20, 80, 400, 20, 10 } },
	[TOKEN_MTU] = { "MTU", FAMILY_PATH, false, { 3, 3, 3, 200, 3, 3 } },
	[TOKEN_CALLS] = { "QPR", FAMILY_CALLS, false,
	    { 300, 20, 10, 10, 10, 10 } },
	[TOKEN_NEW_TEXT] = { "SIG_new", FAMILY_SIGNATURE, false,
	    { 600, 150, 150, 100, 50, 20 } },
};

/* Published studies of incidents, see docs. */
const int token_prior_permille[BLAME_COUNT] = { 280, 190, 310, 60, 80, 80 };

static const char *const names[BLAME_COUNT + 1] = {
	"app",
	"env",
	"infra",
	"net",
	"blind",
	"none",
	"undetermined",
};

const char *
blame_name(enum blame blame)
{
	return names[blame];
}

int
blame_parse(enum blame *out, const char *name)
{
	for (int i = 0; i < BLAME_COUNT; i++)
		if (strcmp(names[i], name) == 0) {
			*out = (enum blame)i;
			return 0;
		}
	return -1;
}

const struct token_row *
token_row(enum token token)
{
	return &rows[token];
}
