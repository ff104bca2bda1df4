#include "tests/collector/diagnose/cases.h"
#include "tests/support/table.h"

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define S   "staging"
#define P   "production"
#define IN  VANTAGE_IN_ENVIRONMENT
#define OWN VANTAGE_IN_SERVICE
#define EX  VANTAGE_EXTERNAL

#define NOT_FOUND                                                            \
	"A network-related or instance-specific error occurred. The server " \
	"was not found or was not accessible. (provider: TCP Provider, "     \
	"error: 0 - No such host is known.)"

/* Outages of other products, of which nobody declared anything. */
static const struct case_named outages[] = {
	{ "a broker that fails wherever it is asked is at fault", BLAME_INFRA,
	    "infra:kafka",
	    { { S, "stg-1", "events", "kafka", "kafka", OWN, REASON_NONE, NULL,
		  "Messages are rejected since there are fewer in-sync "
		  "replicas than required.",
		  60 },
		{ S, "ext-1", "kafka", "kafka", "kafka", EX, REASON_NONE, NULL,
		    "Messages are rejected since there are fewer in-sync "
		    "replicas than required.",
		    59 },
		{ S, "ext-1", "events", "send", "journey", EX, REASON_NONE,
		    NULL, "step 3: expected 202, got 503", 58 } },
	    { { 0 } }, { { S, "events", "build", "v5" } } },

	{ "a third party whose name is given to us is not our code",
	    BLAME_INFRA, "infra:cardgate",
	    { { S, "stg-1", "cardgate", "ping", "http", OWN, REASON_STATUS,
		  NULL, "503 Service Unavailable: elevated error rates", 60 },
		{ S, "ext-1", "cardgate", "ping", "http", EX, REASON_STATUS,
		    NULL, "503 Service Unavailable: elevated error rates", 59 },
		{ S, "ext-1", "shop", "pay", "journey", EX, REASON_STATUS, NULL,
		    "step 4: expected 200, got 502", 58 } },
	    { { 0 } },
	    { { S, "shop", "build", "31" },
		{ S, "shop", "env/CARDGATE_KEY", "" } } },

	{ "a store without room refuses everyone, whatever was released",
	    BLAME_INFRA, "infra:minio#disk",
	    { { S, "stg-1", "minio", "minio", "other", OWN, REASON_EXHAUSTED,
		  NULL,
		  "XMinioStorageFull: Storage backend has reached its minimum "
		  "free drive threshold.",
		  60 },
		{ S, "ext-1", "minio", "minio", "other", EX, REASON_EXHAUSTED,
		    NULL,
		    "XMinioStorageFull: Storage backend has reached its "
		    "minimum free drive threshold.",
		    59 },
		{ S, "ext-1", "scans", "store", "other", EX, REASON_EXHAUSTED,
		    NULL,
		    "500: XMinioStorageFull: Storage backend has reached its "
		    "minimum free drive threshold.",
		    58 } },
	    { { S, "scans", "build/2", "", "2", 1260, 1260, true,
		MARK_DEPLOY } } },

	{ "a connection string of another style is a variable", BLAME_ENV,
	    "envvar:ConnectionStrings__Main",
	    { { S, "stg-1", "claims", "sqlserver", "sqlserver", OWN,
		  REASON_NXDOMAIN, NULL, NOT_FOUND, 60 },
		{ S, "ext-1", "sqlserver", "sqlserver", "sqlserver", EX },
		{ S, "ext-1", "claims", "claim", "journey", EX, REASON_STATUS,
		    NULL, "step 2: expected 200, got 500", 58 } },
	    { { S, "claims", "env/ConnectionStrings__Main", "k1:1", "k1:2", 70,
		65 } },
	    { { S, "claims", "build", "2" },
		{ S, "claims", "env/ConnectionStrings__Main", "" } } },

	{ "of two that trust nobody the one that says whom it asks is told",
	    BLAME_ENV, "envvar:NODE_EXTRA_CA_CERTS",
	    { { S, "stg-1", "shop", "payments", "http", OWN, REASON_CERTIFICATE,
		  NULL, "unable to get local issuer certificate", 60 },
		{ S, "ext-1", "payments", "payments", "http", EX },
		{ S, "ext-1", "shop", "pay", "journey", EX, REASON_STATUS, NULL,
		    "step 4: got 502: FetchError: unable to get local issuer "
		    "certificate",
		    61 } },
	    { { S, "shop", "env/NODE_EXTRA_CA_CERTS", "k1:1", "k1:2", 70,
		65 } },
	    { { S, "shop", "build", "8" },
		{ S, "shop", "env/PAYMENTS_URL", "" } } },

	{ "a lowered limit of the process is an input", BLAME_ENV,
	    "config:memory_limit",
	    { { S, "ext-1", "erp", "report", "other", EX, REASON_EXHAUSTED,
		  NULL,
		  "HTTP 500: PHP Fatal error:  Allowed memory size of 67108864 "
		  "bytes exhausted",
		  60, .text_is_new = true },
		{ S, "stg-1", "erp", "health", "other", IN },
		{ S, "stg-1", "mariadb", "mariadb", "other", OWN } },
	    { { S, "erp", "setting/memory_limit", "", "", 95, 95, true,
		MARK_CONFIG_CHANGE } } },

	{ "a security group is on the way", BLAME_NET, "net:orders->mysql",
	    { { S, "stg-1", "mysql", "mysql", "mysql", OWN, REASON_TIMEOUT,
		  "connect", "connect to 10.2.7.15:3306: timed out", 60 },
		{ S, "stg-1", "mysql", "mysql.reference", "mysql", OWN,
		    REASON_TIMEOUT, "connect",
		    "connect to 10.2.7.15:3306: timed out", 60,
		    .reference_of = "mysql" },
		{ S, "ext-1", "mysql", "mysql", "mysql", EX },
		{ S, "ext-1", "orders", "buy", "journey", EX, REASON_STATUS,
		    NULL, "step 2: expected 200, got 503", 58 } },
	    { { S, "orders", "setting/security_group", "rev 41", "rev 42", 70,
		65 } },
	    { { S, "orders", "build", "5" },
		{ S, "orders", "setting/security_group", "rev 42" } } },

	{ "a proxy that has no server, passed by who asks directly", BLAME_NET,
	    "lb:haproxy#upstream",
	    { { S, "ext-1", "haproxy", "page-via-haproxy", "other", EX,
		  REASON_NONE, NULL,
		  "503 Service Unavailable: No server is available to handle "
		  "this request.",
		  59 },
		{ S, "ext-1", "wiki", "page-direct", "other", EX },
		{ S, "ext-1", "wiki", "read-page", "other", EX, REASON_NONE,
		    NULL,
		    "503 Service Unavailable: No server is available to handle "
		    "this request.",
		    60 },
		{ S, "stg-1", "postgres", "postgres", "other", OWN },
		{ S, "stg-1", "wiki", "health", "other", IN } },
	    { { S, "haproxy", "", "", "", 65, 65, true, MARK_RESTART,
		"haproxy reloaded" } },
	    { { 0 } } },

	{ "a proxy on the way out, passed by who goes without it", BLAME_NET,
	    "net:worker->stripe",
	    { { S, "stg-1", "worker", "stripe", "http", OWN, REASON_STATUS,
		  NULL,
		  "CONNECT tunnel failed, response 503 (X-Squid-Error: "
		  "ERR_CONNECT_FAIL 110)",
		  60 },
		{ S, "stg-1", "stripe", "stripe-direct", "http", IN },
		{ S, "ext-1", "stripe", "stripe", "http", EX },
		{ S, "ext-1", "worker", "charge", "journey", EX, REASON_STATUS,
		    NULL, "step 3: expected 200, got 502", 58 } },
	    { { 0 } }, { { S, "worker", "build", "9" } } },

	{ "a role that may no more is a policy's", BLAME_ENV,
	    "policy:uploads-role",
	    { { S, "stg-1", "s3", "s3", "s3", OWN, REASON_STATUS, NULL,
		  "An error occurred (AccessDenied) when calling the PutObject "
		  "operation: assumed-role/uploads-role/i-0 is not authorized",
		  60 },
		{ S, "ext-1", "s3", "s3", "s3", EX },
		{ S, "ext-1", "archive", "put", "journey", EX, REASON_STATUS,
		    NULL, "step 3: expected 201, got 500", 58 } },
	    { { S, "archive", "policy/uploads-role", "v12", "v13", 75, 70 } },
	    { { S, "archive", "build", "1" },
		{ S, "archive", "policy/uploads-role", "v13" } } },

	{ "a column that is missing was not changed by a cache's setting",
	    BLAME_APP, "app:orders@4.12",
	    { { S, "stg-1", "mysql", "mysql", "mysql", OWN },
		{ S, "ext-1", "orders", "buy", "journey", EX, REASON_STATUS,
		    NULL,
		    "step 3: got 500: java.sql.SQLSyntaxErrorException: "
		    "Unknown column 'o.promo' in 'field list'",
		    60 } },
	    { { S, "orders", "setting/cache_ttl", "300", "600", 95, 90 },
		{ S, "orders", "build", "4.11", "4.12", 75, 70 } },
	    { { S, "orders", "build", "4.12" } } },

	{ "what was never seen well is not what began", BLAME_APP,
	    "app:store@r2",
	    { { S, "stg-1", "store", "smtp", "smtp", OWN, REASON_NONE, NULL,
		  "450 4.2.0 Recipient address rejected: Greylisted", 1800,
		  .was_never_well = true },
		{ S, "ext-1", "smtp", "smtp", "smtp", EX, REASON_NONE, NULL,
		    "450 4.2.0 Recipient address rejected: Greylisted", 1800,
		    .was_never_well = true },
		{ S, "stg-1", "store", "postgres", "postgres", OWN },
		{ S, "ext-1", "store", "buy", "journey", EX, REASON_STATUS,
		    NULL, "step 4: expected 302, got 500", 60 } },
	    { { S, "store", "build", "r1", "r2", 100, 95 } },
	    { { S, "store", "build", "r2" } } },
};

static const struct heard heard[] = {
	{ S, "stg-1", IN, 3 },
	{ S, "ext-1", EX, 3 },
	{ NULL },
};

static void
test_outage(void **state)
{
	case_assert_named(*state, heard, false);
}

/* A value that is another than it was while all was well. */
static const struct drift {
	const char *name;
	struct changed changed[CASE_CHANGES];
	enum blame blame;
} drifts[] = {
	{ "a value that nobody spoke of is a silent fault", { { 0 } },
	    BLAME_ENV },
	{ "one that came with a release was wanted",
	    { { S, "backend", "build/5", "", "5", 65, 65, true, MARK_DEPLOY } },
	    BLAME_NONE },
	{ "a release of another service speaks of another",
	    { { S, "auth", "build/5", "", "5", 65, 65, true, MARK_DEPLOY } },
	    BLAME_ENV },
};

static void
test_drift(void **state)
{
	static const struct seen well[] = {
		{ S, "stg-1", "backend", "db", "postgres", OWN },
		{ S, "ext-1", "backend", "login", "journey", EX },
		{ NULL },
	};
	static const struct known known[] = { { NULL } };
	const struct drift *row = *state;
	struct scene_guard guard = { .environment = S,
		.service = "backend",
		.name = "setting/cache_ttl",
		.rule = "300",
		.issue = "",
		.known = true,
		.is_drift = true,
		.since_ms = CASE_AT_MS - 60000 };
	struct arena *arena = arena_new(0);
	struct case_room room;
	struct verdict verdict;

	case_scene(&room, well, row->changed, known, heard);
	room.scene.guards = &guard;
	room.scene.n_guards = 1;
	verdict_reach(&verdict, arena, &room.scene);
	assert_string_equal(blame_name(verdict.blame), blame_name(row->blame));
	arena_free(arena);
}

int
main(void)
{
	return TABLE_RUN(outages, test_outage) + TABLE_RUN(drifts, test_drift);
}
