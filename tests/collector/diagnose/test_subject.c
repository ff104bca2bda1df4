#include "tests/collector/diagnose/cases.h"
#include "tests/support/table.h"

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define S  "staging"
#define P  "production"
#define IN VANTAGE_IN_SERVICE
#define EX VANTAGE_EXTERNAL
#define CP VANTAGE_CONTROL_PLANE

#define REFUSED "10.77.2.2:5432: Connection refused"

/* Which of the objects that fail, or stand around, is the one. */
static const struct named {
	const char *name;
	enum blame blame;
	const char *subject;
	struct seen seen[CASE_VIEWS];
	struct changed changed[CASE_CHANGES];
	struct known known[CASE_FACTS];
	const char *trigger; /* its kind; NULL: whatever */
} nameds[] = {
	/* --- third parties --- */
	{ "a third party that answers 503 is no fault of the build that fails "
	  "alike in both environments",
	    BLAME_INFRA, "infra:payments",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "payments", "http", IN, REASON_STATUS,
		    "transfer", "https://payments.test:443/health: status 503",
		    60, .text_is_new = true },
		{ S, "ops-1", "payments", "health", "http", EX, REASON_STATUS,
		    "transfer", "https://payments.test:443/health: status 503",
		    61 },
		{ S, "ops-1", "backend", "golden", "journey", EX, REASON_STATUS,
		    NULL, "step 4 order: status 502", 60, .step = 4, .steps = 4,
		    .text_is_new = true },
		{ P, "prd-1", "backend", "golden", "journey", IN, REASON_STATUS,
		    NULL, "step 4 order: status 502", 60, .step = 4,
		    .steps = 4 } },
	    { { S, "backend", "file/staging.env", "k1:1", "k1:2", 110, 105 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } } },

	{ "where builds are known, who has none is used, not released",
	    BLAME_INFRA, "infra:gateway",
	    { { S, "stg-1", "backend", "ready", "http", IN },
		{ S, "stg-1", "gateway", "ping", "http", IN, REASON_STATUS,
		    "transfer", "status 503", 60, .text_is_new = true },
		{ S, "ops-1", "gateway", "ping", "http", EX, REASON_STATUS,
		    "transfer", "status 503", 61 },
		{ S, "ops-1", "backend", "golden", "journey", EX, REASON_STATUS,
		    NULL, "step 4 order: status 502", 60, .step = 4,
		    .steps = 4 } },
	    { { 0 } }, { { S, "backend", "build", "v1" } } },

	/* --- platforms --- */
	{ "an instance in maintenance is the one that does not serve",
	    BLAME_INFRA, "gcp:sql/main-db",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "postgres", "sql", "gcp.sql", CP, REASON_ANSWER,
		    NULL, "instance shop/main-db is down for maintenance", 0,
		    .outcome = OUTCOME_WARNING },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_REFUSED,
		    "connect", REFUSED, 60 },
		{ S, "ops-1", "postgres", "port", "tcp", EX, REASON_REFUSED,
		    "connect", REFUSED, 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "build/v2", "v1", "v2", 240, 240, true,
		  MARK_DEPLOY, "released v2" },
		{ S, "postgres", "gcp/main-db/state", "RUNNABLE", "MAINTENANCE",
		    62, 58 } },
	    { { S, "backend", "build", "v2" },
		{ P, "backend", "build", "v2" } },
	    "platform_state_change" },

	{ "maintenance of what works is no fault", BLAME_ENV,
	    "envvar:POSTGRES_PORT",
	    { { S, "stg-1", "backend", "env", "env", IN, REASON_MISSING,
		  "check", "POSTGRES_PORT is not set", 60 },
		{ S, "stg-1", "postgres", "sql", "gcp.sql", CP, REASON_ANSWER,
		    NULL, "instance shop/main-db is down for maintenance", 0,
		    .outcome = OUTCOME_WARNING },
		{ S, "ops-1", "postgres", "port", "tcp", EX },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v2" },
		{ P, "backend", "build", "v2" } } },

	{ "a plug-in that asks the platform names its resource", BLAME_INFRA,
	    "gcp:vpcaccess/main-connector",
	    { { S, "stg-1", "backend", "vpc_state", "gcloud", CP, REASON_NONE,
		  NULL, "connector main-connector: state ERROR", 60 },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_TIMEOUT,
		    "connect", "10.77.2.2:5432: no answer", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v2" },
		{ P, "backend", "build", "v2" } } },

	{ "a secret that may not be read is named as its path has it",
	    BLAME_ENV, "gcp:secret/db-password#access",
	    { { S, "stg-1", "backend", "secret", "gcp.secret", CP,
		  REASON_DENIED, "access",
		  "403 Permission denied for resource "
		  "'projects/shop/secrets/db-password/versions/latest'",
		  90 },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_REFUSED,
		    "connect", "connection refused", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v2" },
		{ P, "backend", "build", "v2" } } },

	{ "one with a newer version is not refused", BLAME_ENV,
	    "gcp:secret/db-password#version",
	    { { S, "stg-1", "backend", "secret", "gcp.secret", CP,
		  REASON_ANSWER, "check",
		  "version 3 of secret shop/db-password is DISABLED", 60 },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "transfer", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "secret/db-password", "3", "4", 62, 60 } },
	    { { S, "backend", "build", "v2" },
		{ P, "backend", "build", "v2" } } },

	/* --- proxies --- */
	{ "a proxy that reaches nobody while the replicas answer is the hop",
	    BLAME_NET, "lb:nginx#upstream",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "ready-a", "http", IN },
		{ S, "stg-1", "backend", "ready-b", "http", IN,
		    .usual_us = 20000, .recent_us = 90000 },
		{ S, "ops-1", "backend", "front", "http", EX, REASON_STATUS,
		    "transfer", "https://app.test:443/: status 502", 60,
		    .text_is_new = true, .through = "nginx" },
		{ S, "ops-1", "backend", "golden", "journey", EX, REASON_STATUS,
		    NULL, "step 1 page: status 502", 60, .step = 1,
		    .steps = 1 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "file/nginx.conf", "k1:1", "k1:2", 63, 61 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    "proxy_change" },

	{ "one whose replicas fail as well hides the application", BLAME_APP,
	    "app:backend@v2",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "ready-a", "http", IN, REASON_REFUSED,
		    "connect", "connection refused", 61 },
		{ S, "stg-1", "backend", "ready-b", "http", IN, REASON_REFUSED,
		    "connect", "connection refused", 61 },
		{ S, "ops-1", "backend", "front", "http", EX, REASON_STATUS,
		    "transfer", "https://app.test:443/: status 502", 60,
		    .through = "nginx" },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "build/v2", "v1", "v2", 62, 62, true,
		MARK_DEPLOY } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } } },

	{ "a 502 further on in a way is passed on by the application",
	    BLAME_APP, "app:backend@v2",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "ready-a", "http", IN },
		{ S, "ops-1", "backend", "golden", "journey", EX, REASON_STATUS,
		    NULL, "step 4 order: status 502", 60, .step = 4, .steps = 4,
		    .text_is_new = true },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "build/v2", "v1", "v2", 62, 62, true,
		MARK_DEPLOY } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } } },

	/* --- names --- */
	{ "a name that one run hides is told by another", BLAME_NET,
	    "dns:db.test",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_NXDOMAIN,
		    "resolve", "***: no such name", 61 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_NXDOMAIN, "resolve", "db.test: no such name", 61,
		    "db" },
		{ S, "stg-1", "backend", "dns-postgres", "dns", IN,
		    REASON_NXDOMAIN, "query", "A of db.test: no such name",
		    60 },
		{ S, "stg-1", "backend", "db-address", "postgres", IN },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } } },

	{ "by the name server that was asked the name is not", BLAME_NET,
	    "dns:db.test",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "dns-postgres", "dns", IN,
		    REASON_NXDOMAIN, "query",
		    "A of db.test at 10.0.0.53: no such name", 60,
		    .asked = "db.test" },
		{ S, "stg-1", "backend", "db-address", "postgres", IN },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } } },

	/* --- replicas --- */
	{ "what one replica alone was given is named with it", BLAME_ENV,
	    "envvar:SECRET_KEY@backend/b",
	    { { S, "stg-1", "backend", "env", "env", IN, REASON_ANSWER, "check",
		  "SECRET_KEY must be the same as SECRET_KEY in process 812",
		  60 },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "ops-1", "backend", "golden", "journey", EX, REASON_STATUS,
		    NULL, "step 3 items: status 401", 60, .step = 3,
		    .steps = 3 },
		{ P, "prd-1", "backend", "golden", "journey", IN } },
	    { { S, "backend", "env/SECRET_KEY@b", "k1:1", "k1:2", 63, 61 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/SECRET_KEY", "one" },
		{ S, "backend", "env/SECRET_KEY@b", "two" } } },

	{ "a replica that does not come up with an input of its own is no "
	  "fault "
	  "of the build that runs beside it",
	    BLAME_ENV, "envvar:SSL_CERT_FILE@backend/b",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "ready-a", "http", IN,
		    .replica = "a" },
		{ S, "stg-1", "backend", "ready-b", "http", IN, REASON_REFUSED,
		    "connect", "connection refused", 60, .text_is_new = true,
		    .replica = "b" },
		{ P, "prd-1", "backend", "golden", "journey", IN } },
	    { { S, "backend", "env/SSL_CERT_FILE@b", "k1:1", "k1:2", 63, 61 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/SSL_CERT_FILE", "one" },
		{ S, "backend", "env/SSL_CERT_FILE@b", "two" } } },

	{ "one that does not come up with a new build is", BLAME_APP,
	    "app:backend@v2",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "ready-a", "http", IN,
		    .replica = "a" },
		{ S, "stg-1", "backend", "ready-b", "http", IN, REASON_REFUSED,
		    "connect", "connection refused", 60, .text_is_new = true,
		    .replica = "b" },
		{ P, "prd-1", "backend", "golden", "journey", IN } },
	    { { S, "backend", "build/v2", "v1", "v2", 63, 63, true,
		MARK_DEPLOY } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/SSL_CERT_FILE", "one" },
		{ S, "backend", "env/SSL_CERT_FILE@b", "one" } } },

	{ "of what all replicas were given none is named", BLAME_ENV,
	    "envvar:POSTGRES_HOST",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_NXDOMAIN,
		    "resolve", "***: no such name", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    .reference_of = "db" },
		{ P, "prd-1", "backend", "golden", "journey", IN } },
	    { { S, "backend", "env/POSTGRES_HOST@b", "k1:1", "k1:2", 62, 61 },
		{ S, "backend", "env/POSTGRES_HOST", "k1:1", "k1:2", 64, 61 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "two" },
		{ S, "backend", "env/POSTGRES_HOST@b", "two" } } },

	/* --- observers --- */
	{ "a probe that could not tell is named with its agent", BLAME_BLIND,
	    "probe:secret@stg-1",
	    { { S, "stg-1", "backend", "secret", "gcp.secret", CP,
		  REASON_DENIED, "state", "401", 0,
		  .outcome = OUTCOME_UNKNOWN },
		{ S, "stg-1", "backend", "ready", "http", IN } },
	    { { 0 } }, { { 0 } } },

	{ "several that share what they lack are one", BLAME_BLIND,
	    "probe:gcp@stg-1",
	    { { S, "stg-1", "backend", "secret", "gcp.secret", CP,
		  REASON_DENIED, "state", "401", 0,
		  .outcome = OUTCOME_UNKNOWN },
		{ S, "stg-1", "postgres", "sql", "gcp.sql", CP, REASON_DENIED,
		    "state", "401", 0, .outcome = OUTCOME_UNKNOWN },
		{ S, "stg-1", "backend", "ready", "http", IN } },
	    { { 0 } }, { { 0 } } },
};

static void
test_named(void **state)
{
	static const struct heard heard[] = { { S, "stg-1", IN, 3 },
		{ S, "ops-1", EX, 3 }, { P, "prd-1", IN, 3 }, { 0 } };
	const struct named *row = *state;
	struct arena *arena = arena_new(0);
	struct case_room room;
	struct verdict verdict;

	case_scene(&room, row->seen, row->changed, row->known, heard);
	verdict_reach(&verdict, arena, &room.scene);
	for (size_t i = 0; i < verdict.findings.n; i++)
		print_message("%s: %s\n",
		    token_row(verdict.findings.list[i].weight.token)->id,
		    verdict.findings.list[i].text);
	assert_string_equal(blame_name(verdict.blame), blame_name(row->blame));
	assert_string_equal(verdict.subject, row->subject);
	if (row->trigger != NULL)
		assert_string_equal(verdict.trigger.kind, row->trigger);
	arena_free(arena);
}

int
main(void)
{
	return TABLE_RUN(nameds, test_named);
}
