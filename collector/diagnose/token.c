#include <string.h>

#include "collector/diagnose/token.h"

static const struct token_row rows[TOKEN_COUNT] = {
	[TOKEN_IMPACT] = { "I1", FAMILY_IMPACT, false,
	    { 50, 48, 48, 48, -47, -147 } },
	[TOKEN_HEALTHY] = { "I0", FAMILY_IMPACT, false,
	    { -43, -36, -36, -36, 64, 86 } },
	[TOKEN_OUTSIDE_ONLY] = { "I3", FAMILY_IMPACT, false,
	    { 38, 38, 38, 38, -27, -127 } },
	[TOKEN_SILENT] = { "O1", FAMILY_OBSERVER, false,
	    { -56, -26, 4, 14, 121, -56 } },
	[TOKEN_CLOCK] = { "O2", FAMILY_OBSERVER, false,
	    { -22, -22, -22, -22, 108, -22 } },
	[TOKEN_STRANGER] = { "O3", FAMILY_OBSERVER, false,
	    { -22, -22, -22, -22, 108, -22 } },
	[TOKEN_UNABLE] = { "O4", FAMILY_OBSERVER, false,
	    { -25, -25, -12, -12, 98, -25 } },
	[TOKEN_OBSERVED] = { "OBS_ok", FAMILY_OBSERVER, false,
	    { 17, 17, 17, 14, -86, 22 } },
	[TOKEN_UNCOVERED] = { "O5", FAMILY_OBSERVER, false,
	    { -11, -28, -28, -11, 89, -11 } },
	[TOKEN_BREAK_ENV] = { "FB_env", FAMILY_BREAK, false,
	    { -1, 146, -31, -71, 29, -71 } },
	[TOKEN_BREAK_CONFIG] = { "FB_config", FAMILY_BREAK, false,
	    { 20, 90, -28, -28, -28, -28 } },
	[TOKEN_BREAK_SECRET] = { "FB_secret", FAMILY_BREAK, false,
	    { -34, 104, 43, -34, -4, -74 } },
	[TOKEN_BREAK_DNS] = { "FB_dns", FAMILY_BREAK, false,
	    { -39, 61, 9, 116, -39, -109 } },
	[TOKEN_BREAK_REFUSED] = { "FB_tcp_refused", FAMILY_BREAK, false,
	    { -13, 35, 75, 57, -43, -113 } },
	[TOKEN_BREAK_TIMEOUT] = { "FB_tcp_timeout", FAMILY_BREAK, false,
	    { -66, 24, 72, 112, -36, -106 } },
	[TOKEN_BREAK_TLS] = { "FB_tls", FAMILY_BREAK, false,
	    { -30, 40, 60, 30, 0, -100 } },
	[TOKEN_BREAK_AUTH] = { "FB_auth", FAMILY_BREAK, false,
	    { 14, 92, 44, -46, -16, -86 } },
	[TOKEN_BREAK_HANG] = { "FB_startup_hang", FAMILY_BREAK, false,
	    { -31, -31, 89, 46, -1, -71 } },
	[TOKEN_BREAK_SCHEMA] = { "FB_query_app", FAMILY_BREAK, false,
	    { 121, 34, 4, -66, -26, -66 } },
	[TOKEN_BREAK_SERVER] = { "FB_query_infra", FAMILY_BREAK, false,
	    { 64, 16, 116, -67, -44, -84 } },
	[TOKEN_BREAK_LOCK] = { "FB_lock", FAMILY_BREAK, false,
	    { 72, -18, 82, -58, -18, -58 } },
	[TOKEN_BREAK_DEPENDENCY] = { "FB_dep", FAMILY_BREAK, false,
	    { -40, 20, 120, 20, -40, -80 } },
	[TOKEN_BREAK_HTTP] = { "FB_http", FAMILY_BREAK, false,
	    { 93, 23, -7, -7, -37, -67 } },
	[TOKEN_BREAK_GOLDEN] = { "FB_golden", FAMILY_BREAK, false,
	    { 66, 14, 6, -4, -17, -64 } },
	[TOKEN_BREAK_MISSED] = { "FB_missed", FAMILY_BREAK, false,
	    { 12, 12, 12, 12, 22, -70 } },
	[TOKEN_BREAK_NONE] = { "FB_none", FAMILY_BREAK, false,
	    { -52, -52, -52, -52, 96, 113 } },
	[TOKEN_REFERENCE_OK] = { "SUB_ref_ok", FAMILY_SUBSTITUTION, true,
	    { -40, 105, -40, -18, 12, -18 } },
	[TOKEN_BOTH_FAIL] = { "SUB_both_fail", FAMILY_SUBSTITUTION, true,
	    { -40, -40, 85, 85, -10, -80 } },
	[TOKEN_BOTH_OK] = { "SUB_both_ok", FAMILY_SUBSTITUTION, true,
	    { 59, -36, -59, -59, 33, 61 } },
	[TOKEN_VANTAGE_OK] = { "PV_ok", FAMILY_VANTAGE, true,
	    { 16, 16, -72, 11, 11, 18 } },
	[TOKEN_VANTAGE_FAIL] = { "PV_fail", FAMILY_VANTAGE, true,
	    { -11, -31, 86, 29, -1, -71 } },
	[TOKEN_ADDRESS_OK] = { "IPOK", FAMILY_ADDRESS, true,
	    { -21, 26, -31, 69, -21, -21 } },
	[TOKEN_PROXY_FAIL] = { "LBX", FAMILY_PROXY, true,
	    { -36, -6, 34, 111, -36, -66 } },
	[TOKEN_BUILD_OK] = { "BP_ok", FAMILY_BUILD, true,
	    { -55, 12, 10, 10, 10, 13 } },
	[TOKEN_BUILD_FAIL] = { "BP_fail", FAMILY_BUILD, true,
	    { 89, -19, 28, 11, -19, -89 } },
	[TOKEN_RELEASED] = { "CH_release", FAMILY_RELEASE, false,
	    { 58, -12, -12, -12, -12, -12 } },
	[TOKEN_NOT_RELEASED] = { "CH_release_none", FAMILY_RELEASE, false,
	    { -44, 9, 9, 9, 9, 9 } },
	[TOKEN_INPUT_CHANGED] = { "CH_env", FAMILY_INPUT, false,
	    { -21, 103, -21, -21, -21, -21 } },
	[TOKEN_INPUT_SAME] = { "CH_env_none", FAMILY_INPUT, false,
	    { 13, -67, 13, 13, 13, 13 } },
	[TOKEN_INPUT_UNRELATED] = { "CH_env_unrelated", FAMILY_INPUT, false,
	    { -1, 3, -1, -1, -1, -1 } },
	[TOKEN_PLATFORM_CHANGED] = { "CH_infra", FAMILY_PLATFORM_CHANGE, false,
	    { -18, -18, 90, -18, -18, -18 } },
	[TOKEN_PATH_CHANGED] = { "CH_net", FAMILY_PATH_CHANGE, false,
	    { -24, -24, -2, 98, -24, -24 } },
	[TOKEN_EXPIRED] = { "EXP", FAMILY_EXPIRY, false,
	    { -68, 50, 150, -68, 2, -68 } },
	[TOKEN_PEER_DIFFERS] = { "PD_outlier", FAMILY_PEER, false,
	    { -13, 65, -13, -13, -13, -13 } },
	[TOKEN_PEER_EQUAL] = { "PD_equal", FAMILY_PEER, false,
	    { -30, 148, -30, -30, -30, -30 } },
	[TOKEN_SHAPE] = { "SH", FAMILY_SHAPE, false,
	    { -28, 142, -28, -28, -28, -28 } },
	[TOKEN_PLATFORM_BAD] = { "GCP_bad", FAMILY_PLATFORM, false,
	    { -50, -20, 120, 20, -20, -50 } },
	[TOKEN_PLATFORM_OK] = { "GCP_ok", FAMILY_PLATFORM, false,
	    { 5, 5, -27, 5, 5, 6 } },
	[TOKEN_SATURATED] = { "RS_bad", FAMILY_RESOURCE, false,
	    { 63, -7, 84, -47, -47, -47 } },
	[TOKEN_LEAK] = { "LEAK", FAMILY_GROWTH, false,
	    { 135, 17, 17, -83, -43, -43 } },
	[TOKEN_CRASH] = { "CRASH", FAMILY_CRASH, false,
	    { 83, 66, 44, -34, -64, -94 } },
	[TOKEN_LOSS] = { "LOSS", FAMILY_PATH, false,
	    { -13, -43, 27, 117, -13, -73 } },
	[TOKEN_LATENCY] = { "LAT", FAMILY_PATH, false,
	    { -27, -27, 34, 103, -27, -57 } },
	[TOKEN_MTU] = { "MTU", FAMILY_PATH, false,
	    { -30, -30, -30, 150, -30, -30 } },
	[TOKEN_CALLS] = { "QPR", FAMILY_CALLS, false,
	    { 118, 0, -30, -30, -30, -30 } },
	[TOKEN_NEW_TEXT] = { "SIG_new", FAMILY_SIGNATURE, false,
	    { 76, 15, 15, -2, -32, -72 } },
};

/* .28 .19 .31 .06 .08 .08: published studies of incidents, see docs. */
const int token_prior_db10[BLAME_COUNT] = { -55, -72, -51, -122, -110, -110 };

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
