#include <stdio.h>

#include "proto/base/mem.h"
#include "tests/collector/diagnose/cases.h"
#include "tests/support/table.h"

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define S  "staging"
#define P  "production"
#define IN VANTAGE_IN_SERVICE
#define EX VANTAGE_EXTERNAL

static const struct outage {
	const char *name;
	enum blame blame;
	const char *subject;
	struct seen seen[CASE_VIEWS];
	struct changed changed[CASE_CHANGES];
	struct known known[CASE_FACTS];
	struct heard heard[CASE_AGENTS];
	const char *not_blamed; /* "app" and the like */
	const char *trigger;    /* its kind; NULL: whatever */
} outages[] = {
	{ "all is well", BLAME_NONE, "",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "ops-1", "backend", "login", "journey", EX } },
	    { { 0 } }, { { 0 } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "app" },

	{ "what users feel is slow: not well, and nobody's fault yet",
	    BLAME_UNDETERMINED, "",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "ops-1", "backend", "login", "journey", EX,
		    .outcome = OUTCOME_WARNING, .usual_us = 200000,
		    .recent_us = 2600000, .late_s = 60 } },
	    { { 0 } }, { { 0 } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "none" },

	{ "what a release made slow is the application's", BLAME_APP,
	    "app:backend@v2",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "ops-1", "backend", "login", "journey", EX,
		    .outcome = OUTCOME_WARNING, .usual_us = 200000,
		    .recent_us = 1100000, .late_s = 60, .text_is_new = true } },
	    { { S, "backend", "build/v2", "v1", "v2", 62, 62, true, MARK_DEPLOY,
		"released v2" } },
	    { { S, "backend", "build", "v2" },
		{ P, "backend", "build", "v1" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "infra",
	    "deploy" },

	{ "what lost packets make slow is the network's", BLAME_NET,
	    "net:backend->postgres",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, .n_again = 6 },
		{ S, "ops-1", "postgres", "login", "postgres", EX },
		{ S, "ops-1", "backend", "login", "journey", EX,
		    .outcome = OUTCOME_WARNING, .usual_us = 200000,
		    .recent_us = 1400000, .late_s = 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "none" },

	{ "a warning that is as quick as ever is well", BLAME_NONE, "",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "ops-1", "backend", "login", "journey", EX,
		    .outcome = OUTCOME_WARNING, .usual_us = 200000,
		    .recent_us = 210000 } },
	    { { 0 } }, { { 0 } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "app" },

	{ "a port that only the application's text names is its input's",
	    BLAME_ENV, "envvar:POSTGRES_PORT",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "ops-1", "postgres", "port", "tcp", EX },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte",
		    "status 503: psycopg2.OperationalError: connection to "
		    "server at \"10.77.2.2\", port 5433 failed: Connection "
		    "refused",
		    60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "env/POSTGRES_PORT", "5432", "5433", 70, 65 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_PORT", "5433" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "infra" },

	{ "the environment file is not loaded", BLAME_ENV,
	    "envfile:staging.env",
	    { { S, "stg-1", "backend", "env", "env", IN, REASON_MISSING, NULL,
		  "6 variables missing in process 812: POSTGRES_HOST "
		  "POSTGRES_PORT POSTGRES_DB POSTGRES_USER DATABASE_URL "
		  "SECRET_KEY",
		  60 },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_MISSING,
		    "inputs", "POSTGRES_HOST is not set", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    .reference_of = "db" },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ S, "ops-1", "backend", "login", "journey", EX, REASON_STATUS,
		    NULL, "step 2 answered 503", 55 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "env/POSTGRES_HOST", "x", "", 65, 60 },
		{ S, "backend", "env/SECRET_KEY", "x", "", 65, 60 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/SECRET_KEY", "" },
		{ P, "backend", "env/SECRET_KEY", "k" } },
	    { { S, "stg-1", IN, 3 }, { P, "prd-1", IN, 3 } }, "net" },

	{ "an expired certificate is told by the probe that looks at it",
	    BLAME_INFRA, "tls:web.test",
	    { { S, "stg-1", "web", "way", "tcp", IN },
		{ S, "stg-1", "web", "front", "tls", IN, REASON_EXPIRED,
		    "certificate", "certificate for web.test: out of its time",
		    60 },
		{ S, "stg-1", "web", "ready", "http", IN, REASON_CERTIFICATE,
		    "tls", "certificate is not acceptable", 60 } },
	    { { 0 } }, { { 0 } }, { { S, "stg-1", IN, 3 } }, "app", "expiry" },

	{ "a memory limit that was lowered is the platform's", BLAME_INFRA,
	    "cgroup:backend/memory.max",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "app-host", "host", IN },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_REFUSED,
		    "connect", "connection refused", 60, .text_is_new = true },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "host/app-host/cgroup_memory_bytes", "200000000",
		  "90000000", 65, 61 },
		{ S, "backend", "host/app-host/cgroup_oom_kills", "0", "4", 61,
		    4 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "host/app-host/cgroup_oom_kills", "4" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "app", "platform_limit_change" },

	{ "memory that a new build eats is the application's", BLAME_APP,
	    "app:backend@v2",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "app-host", "host", IN },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_REFUSED,
		    "connect", "connection refused", 60, .text_is_new = true },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "build/v2", "v1", "v2", 210, 210, true,
		  MARK_DEPLOY, "released v2" },
		{ S, "backend", "host/app-host/cgroup_oom_kills", "0", "4", 61,
		    4 } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v1" },
		{ S, "backend", "host/app-host/cgroup_oom_kills", "4" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "infra", "deploy" },

	{ "a mistyped host is the variable's fault, not the resolver's",
	    BLAME_ENV, "envvar:POSTGRES_HOST",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_NXDOMAIN,
		    "resolve", "db.stagging.test does not exist", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    .reference_of = "db" },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "env/POSTGRES_HOST", "k1:1", "k1:2", 70, 65 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "" } },
	    { { S, "stg-1", IN, 3 } }, "app" },

	{ "a stopped database is infrastructure", BLAME_INFRA, "infra:postgres",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_REFUSED,
		    "connect", "connection refused", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_REFUSED, "connect", "connection refused", 60, "db" },
		{ S, "ops-1", "postgres", "port", "tcp", EX, REASON_REFUSED,
		    "connect", "connection refused", 58 },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "net", "dependency_stop" },

	{ "what fails is looked at before what is late", BLAME_INFRA,
	    "infra:postgres",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_REFUSED,
		    "connect", "connection refused", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_REFUSED, "connect", "connection refused", 60, "db" },
		{ S, "ops-1", "postgres", "port", "tcp", EX, REASON_REFUSED,
		    "connect", "connection refused", 58 },
		{ S, "ops-1", "backend", "login", "journey", EX,
		    .outcome = OUTCOME_WARNING, .usual_us = 200000,
		    .recent_us = 1400000, .late_s = 600 } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "none" },

	{ "a resolver that is gone is one fault, whatever was asked", BLAME_NET,
	    "dns:resolver/staging",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "dns-payments", "dns", IN,
		    REASON_TIMEOUT, "query", "not done within 1.3 s", 61 },
		{ S, "stg-1", "backend", "dns-postgres", "dns", IN,
		    REASON_TIMEOUT, "query", "not done within 1.3 s", 60 },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_TIMEOUT,
		    "resolve", "no answer to the look-up", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_TIMEOUT, "resolve", "no answer", 60, "db" },
		{ S, "stg-1", "backend", "db-address", "postgres", IN },
		{ S, "ops-1", "payments", "health", "http", EX },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "infra" },

	{ "a process that is gone does not explain a refused secret", BLAME_ENV,
	    "gcp:secret/postgres-password#access",
	    { { S, "stg-1", "backend", "env", "env", IN, REASON_PROCESS, "read",
		  "process 812 does not exist", 60 },
		{ S, "stg-1", "backend", "postgres-password", "gcp.secret",
		    VANTAGE_CONTROL_PLANE, REASON_DENIED, "access",
		    "403 PERMISSION_DENIED", 150 },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_REFUSED,
		    "connect", "connection refused", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "build/v2", "v1", "v2", 65, 65, true, MARK_DEPLOY,
		"released v2" } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v2" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "app", "deploy" },

	{ "a line of a hosts file is an input", BLAME_ENV, "hosts:db.test",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "dns-postgres", "dns", IN },
		{ S, "stg-1", "backend", "db-address", "postgres", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_TIMEOUT,
		    "connect", "no answer from 10.77.2.99:5432", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_TIMEOUT, "connect", "no answer", 60, "db" },
		{ S, "ops-1", "postgres", "login", "postgres", EX },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "hosts/db.test", "", "10.77.2.99", 65, 60 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "dns/db.test", "10.77.2.2" },
		{ S, "backend", "hosts/db.test", "10.77.2.99" } },
	    { { S, "stg-1", IN, 3 } }, "net", "env_file_changed" },

	{ "a host that answers pings does not acquit its database", BLAME_INFRA,
	    "infra:postgres",
	    { { S, "ops-1", "postgres", "login", "postgres", EX, REASON_REFUSED,
		  "connect", "connection refused", 61 },
		{ S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "path-postgres", "icmp", IN },
		{ S, "ops-1", "postgres", "path", "icmp", EX },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_REFUSED,
		    "connect", "connection refused", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_REFUSED, "connect", "connection refused", 60, "db" },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "net" },

	{ "a filtered path is the network's, a sibling still connects",
	    BLAME_NET, "net:backend->postgres:5432",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_TIMEOUT,
		    "connect", "no answer from 10.77.2.2:5432", 300 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_TIMEOUT, "connect", "no answer", 300, "db" },
		{ S, "stg-1", "auth", "db", "postgres", IN },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 295 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "setting/egress", "private", "all", 330, 330,
		true, MARK_DEPLOY, "egress set to all-traffic" } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "infra" },

	{ "an address that nobody else goes to is no path of ours", BLAME_APP,
	    "app:backend@v2",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "ops-1", "postgres", "port", "tcp", EX,
		    .message = "connected to 10.77.2.2:5432" },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte",
		    "status 503: connect to 10.77.9.9:5432 timed "
		    "out",
		    60, .text_is_new = true },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "build/v2", "v1", "v2", 65, 65, true, MARK_DEPLOY,
		"released v2" } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "net", "deploy" },

	{ "a server that somebody else connects to listens", BLAME_NET,
	    "net:backend->postgres:5432",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_REFUSED,
		    "connect", "connection to 10.77.2.2:5432 refused", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_REFUSED, "connect", "refused", 60, "db" },
		{ S, "ops-1", "postgres", "login", "postgres", EX },
		{ S, "ops-1", "postgres", "port", "tcp", EX },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "infra" },

	{ "a slow path is the network's, whatever is late because of it",
	    BLAME_NET, "net:backend->postgres",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN,
		    .usual_connect_us = 700, .recent_connect_us = 100000 },
		{ S, "stg-1", "postgres", "sessions", "exec", IN,
		    REASON_TIMEOUT, NULL, "did not end within 1.3 s", 60 },
		{ S, "ops-1", "postgres", "db", "postgres", EX,
		    .usual_connect_us = 700, .recent_connect_us = 720 },
		{ S, "ops-1", "postgres", "port", "postgres", EX },
		{ S, "ops-1", "backend", "order", "journey", EX, REASON_TIMEOUT,
		    "order", "order: not done within 1.3 s", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "infra" },

	{ "a firewall beside a harmless edit is still the network", BLAME_NET,
	    "net:backend->postgres:5432",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_TIMEOUT,
		    "connect", "no answer from 10.77.2.2:5432", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_TIMEOUT, "connect", "no answer", 60, "db" },
		{ S, "ops-1", "postgres", "login", "postgres", EX },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "env/LOG_LEVEL", "info", "debug", 185, 180 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/LOG_LEVEL", "debug" } },
	    { { S, "stg-1", IN, 3 } }, "env" },

	{ "no path heeds how long a pool would wait", BLAME_NET,
	    "net:backend->postgres:5432",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_TIMEOUT,
		    "connect", "no answer from 10.77.2.2:5432", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_TIMEOUT, "connect", "no answer", 60, "db" },
		{ S, "ops-1", "postgres", "login", "postgres", EX },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "setting/pool_timeout", "45", "44", 185, 180 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "setting/pool_timeout", "44" },
		{ P, "backend", "setting/pool_timeout", "45" } },
	    { { S, "stg-1", IN, 3 } }, "env" },

	{ "a path that our own probe finds broken heeds no setting of a pool, "
	  "whatever says so first",
	    BLAME_NET, "net:backend->postgres:5432",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_TIMEOUT,
		    "connect", "no answer from 10.77.2.2:5432", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_TIMEOUT, "connect", "no answer", 60, "db" },
		{ S, "ops-1", "postgres", "login", "postgres", EX },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte",
		    "503: psycopg2.OperationalError: connection to server at "
		    "\"10.77.2.2\", port 5432 failed: timeout expired",
		    64 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "setting/pool_timeout", "45", "44", 185, 180 },
		{ S, "backend", "file/app.conf", "k1:1", "k1:2", 185, 180 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "setting/pool_timeout", "44" },
		{ P, "backend", "setting/pool_timeout", "45" } },
	    { { S, "stg-1", IN, 3 } }, "env" },

	{ "a server that takes connections and says nothing hangs", BLAME_INFRA,
	    "infra:postgres",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_TIMEOUT,
		    "tls", "no answer to the request for TLS", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_TIMEOUT, "tls", "no answer", 60, "db" },
		{ S, "ops-1", "postgres", "login", "postgres", EX,
		    REASON_TIMEOUT, "tls", "no answer", 60 },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "net" },

	{ "another question that a server answers does not acquit it",
	    BLAME_INFRA, "infra:postgres#read_only",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "postgres", "sessions", "postgres", IN },
		{ S, "stg-1", "backend", "insert", "postgres", IN,
		    REASON_READ_ONLY, "query",
		    "cannot execute INSERT in a read-only transaction", 60,
		    .text_is_new = true },
		{ S, "ops-1", "postgres", "login", "postgres", EX },
		{ S, "ops-1", "postgres", "insert", "postgres", EX,
		    REASON_READ_ONLY, "query", "read-only transaction", 60,
		    .text_is_new = true },
		{ S, "stg-1", "backend", "ready", "http", IN },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "env" },

	{ "nor is a lock on a table an input's, since the server answers",
	    BLAME_INFRA, "infra:postgres#lock",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "postgres", "sessions", "postgres", IN },
		{ S, "stg-1", "backend", "items", "postgres", IN,
		    REASON_CANCELLED, "query",
		    "canceling statement due to lock timeout", 60,
		    .text_is_new = true },
		{ S, "ops-1", "postgres", "items", "postgres", EX,
		    REASON_CANCELLED, "query", "due to lock timeout", 60 },
		{ S, "ops-1", "backend", "golden", "journey", EX,
		    REASON_TIMEOUT, NULL, "step 3: not done within 4 s", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "env" },

	{ "what no class is told of is still of one question", BLAME_INFRA,
	    "infra:postgres",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "postgres", "sessions", "postgres", IN },
		{ S, "stg-1", "backend", "items", "postgres", IN, REASON_NONE,
		    "query", "the server did as it was told: 55P03", 60,
		    .text_is_new = true },
		{ S, "ops-1", "postgres", "items", "postgres", EX, REASON_NONE,
		    "query", "the server did as it was told: 55P03", 61 },
		{ S, "ops-1", "backend", "golden", "journey", EX,
		    REASON_TIMEOUT, NULL, "step 3: not done within 4 s", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "env" },

	{ "a setting that the application names is used", BLAME_ENV,
	    "config:connection_timeout",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_TIMEOUT,
		    "connect", "no answer within 0.1 s", 58 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    .reference_of = "db" },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte",
		    "503: gave up after 0.1 s (connection_timeout)", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "setting/connection_timeout", "35", "0.1", 65,
		60 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "setting/connection_timeout", "0.1" } },
	    { { S, "stg-1", IN, 3 } }, "net" },

	{ "a variable of a pool is not heeded by a path", BLAME_NET,
	    "net:backend->postgres:5432",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_TIMEOUT,
		    "connect", "no answer from 10.77.2.2:5432", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_TIMEOUT, "connect", "no answer", 60, "db" },
		{ S, "ops-1", "postgres", "login", "postgres", EX },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "env/POSTGRES_POOL_SIZE", "k1:1", "k1:2", 65,
		60 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_POOL_SIZE", "" } },
	    { { S, "stg-1", IN, 3 } }, "env" },

	{ "large answers that are lost are the path's", BLAME_NET,
	    "net:backend->postgres#mtu",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "db-large", "postgres", IN,
		    REASON_TIMEOUT, "query", "no answer to the query", 60,
		    .text_is_new = true },
		{ S, "ops-1", "postgres", "login", "postgres", EX },
		{ S, "ops-1", "postgres", "login-large", "postgres", EX },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "infra" },

	{ "of two paths that lose large answers alike, ours is named",
	    BLAME_NET, "net:backend->postgres#mtu",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "tcp-payments", "tcp", IN },
		{ S, "stg-1", "backend", "payments", "http", IN, REASON_TIMEOUT,
		    "tls", "tls: not done within 4 s", 61 },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "db-large", "postgres", IN,
		    REASON_TIMEOUT, "query", "no answer to the query", 60,
		    .text_is_new = true },
		{ S, "ops-1", "payments", "health", "http", EX },
		{ S, "ops-1", "postgres", "login", "postgres", EX },
		{ S, "ops-1", "postgres", "login-large", "postgres", EX },
		{ S, "ops-1", "backend", "golden", "journey", EX,
		    REASON_TIMEOUT, NULL, "step 2: not done within 4 s", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "infra" },

	{ "a third party that hangs long before our database did is named",
	    BLAME_NET, "net:backend->payments",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "tcp-payments", "tcp", IN,
		    REASON_TIMEOUT, "connect", "no answer", 900 },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_TIMEOUT,
		    "connect", "no answer", 60 },
		{ S, "ops-1", "payments", "health", "http", EX },
		{ S, "ops-1", "payments", "port", "tcp", EX },
		{ S, "ops-1", "postgres", "login", "postgres", EX },
		{ S, "ops-1", "backend", "golden", "journey", EX,
		    REASON_TIMEOUT, NULL, "step 4: not done within 4 s", 900 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "infra" },

	{ "a release during the first run that failed came before it",
	    BLAME_APP, "app:backend@v2",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 500", 60, .text_is_new = true } },
	    { { S, "backend", "build/v2", "v1", "v2", 59, 59, true, MARK_DEPLOY,
		"released v2" } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "infra", "deploy" },

	{ "a file in which only the log level changed broke nothing", BLAME_APP,
	    "app:backend@v2",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "ops-1", "backend", "golden", "journey", EX, REASON_STATUS,
		    NULL, "step 3: status 500", 60, .text_is_new = true },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "file/staging.env", "k1:1", "k1:2", 72, 70 },
		{ S, "backend", "env/LOG_LEVEL", "", "k1:3", 71, 69 },
		{ S, "backend", "build/v2", "v1", "v2", 62, 62, true,
		    MARK_DEPLOY, "released v2" } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "env", "deploy" },

	{ "a query does not put to the test a secret that changed with a build",
	    BLAME_UNDETERMINED, "",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "ops-1", "backend", "golden", "journey", EX, REASON_STATUS,
		    NULL, "step 2: status 500", 60, .text_is_new = true },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "env/SECRET_KEY", "k1:1", "k1:2", 66, 61 },
		{ S, "backend", "build/v2", "v1", "v2", 62, 62, true,
		    MARK_DEPLOY, "released v2" } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/SECRET_KEY", "" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "app" },

	{ "a path that does not read a variable acquits it of nothing",
	    BLAME_ENV, "envvar:SIGNING_SALT",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "ops-1", "backend", "golden", "journey", EX, REASON_STATUS,
		    NULL, "step 3: status 401: signature verification failed",
		    60, .text_is_new = true },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "env/SIGNING_SALT", "k1:1", "k1:2", 66, 61 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/SIGNING_SALT", "" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "app" },

	{ "a certificate that is said to have expired has, whatever the class",
	    BLAME_INFRA, "tls:web.test",
	    { { S, "stg-1", "web", "front", "tls", IN, REASON_NONE, NULL,
		  "certificate for web.test: expired on 2026-01-05", 60 },
		{ S, "ops-1", "web", "ready", "http", EX, REASON_CERTIFICATE,
		    "tls", "certificate is not acceptable", 60 } },
	    { { S, "web", "build/v2", "v1", "v2", 120, 120, true, MARK_DEPLOY,
		"released v2" } },
	    { { S, "web", "build", "v2" } }, { { S, "stg-1", IN, 3 } }, "app",
	    "expiry" },

	{ "a way to nobody known is nobody's fault yet", BLAME_UNDETERMINED, "",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "ops-1", "backend", "golden", "journey", EX, REASON_STATUS,
		    NULL,
		    "step 4: status 502: connect to api.partner.test:443 timed "
		    "out",
		    60, .text_is_new = true },
		{ P, "prd-1", "backend", "ready", "http", IN, REASON_STATUS,
		    NULL, "status 502", 60 } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "app" },

	{ "a plug-in that fails of no service names nobody", BLAME_UNDETERMINED,
	    "",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "", "backup-age", "exec", IN, REASON_EXIT, NULL,
		    "CRITICAL: newest backup is 3 days old", 60,
		    .text_is_new = true },
		{ S, "ops-1", "backend", "golden", "journey", EX } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "app" },

	{ "it does that with a host that changed with it", BLAME_APP,
	    "app:backend@v2",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "ops-1", "backend", "golden", "journey", EX, REASON_STATUS,
		    NULL, "step 2: status 500", 60, .text_is_new = true },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "env/POSTGRES_HOST", "k1:1", "k1:2", 66, 61 },
		{ S, "backend", "build/v2", "v1", "v2", 62, 62, true,
		    MARK_DEPLOY, "released v2" } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "env" },

	{ "what is part of a path is no variable", BLAME_ENV,
	    "envfile:staging.env",
	    { { S, "stg-1", "backend", "env-file", "env", IN, REASON_MISSING,
		  "read", "open /srv/S01/STG/staging.env: no such file", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    .reference_of = "db" },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" },
		{ P, "backend", "build", "v1" } },
	    { { S, "stg-1", IN, 3 } }, "app" },

	{ "a build that exits at once is the application", BLAME_APP,
	    "app:backend@v2",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    .reference_of = "db" },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_REFUSED,
		    "connect", "connection refused", 60, .text_is_new = true },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "build/v2", "v1", "v2", 65, 65, true, MARK_DEPLOY,
		"released v2" } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "net" },

	{ "nothing changed, both environments fail alike: the application",
	    BLAME_APP, "app:backend@v1",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    .reference_of = "db" },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 500", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 500", 60 } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "infra" },

	{ "a dead agent is a blind spot", BLAME_BLIND, "agent:stg-1",
	    { { S, "stg-1", "backend", "env", "env", IN, .age_s = 170 },
		{ S, "stg-1", "backend", "db", "postgres", IN, .age_s = 170 },
		{ S, "ops-1", "backend", "login", "journey", EX } },
	    { { 0 } }, { { 0 } },
	    { { S, "stg-1", IN, 170 }, { S, "ops-1", EX, 3 } }, "app" },

	{ "a dead agent and an outage cannot be told apart", BLAME_UNDETERMINED,
	    "",
	    { { S, "stg-1", "backend", "env", "env", IN, .age_s = 170 },
		{ S, "stg-1", "backend", "db", "postgres", IN, .age_s = 170 },
		{ S, "ops-1", "backend", "login", "journey", EX, REASON_STATUS,
		    NULL, "step 2 answered 503", 150 } },
	    { { 0 } }, { { 0 } },
	    { { S, "stg-1", IN, 170 }, { S, "ops-1", EX, 3 } }, "app" },

	{ "a laptop says nothing of staging", BLAME_BLIND, "vantage:staging",
	    { { S, "dev-1", "backend", "env", "env", VANTAGE_WORKSTATION,
		  REASON_MISSING, NULL, "6 variables missing: A_B C_D", 60 },
		{ S, "dev-1", "backend", "db", "postgres",
		    VANTAGE_WORKSTATION } },
	    { { 0 } }, { { 0 } }, { { S, "dev-1", VANTAGE_WORKSTATION, 3 } },
	    "env" },

	{ "slots that another took are the database's", BLAME_INFRA,
	    "infra:postgres#max_connections",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_EXHAUSTED,
		    "auth", "sorry, too many clients", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_EXHAUSTED, "auth", "too many", 60, "db" },
		{ S, "ops-1", "postgres", "login", "postgres", EX,
		    REASON_EXHAUSTED, "auth", "too many", 58 },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "app" },

	{ "sessions that a release leaks are the application's", BLAME_APP,
	    "app:backend@v2",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_EXHAUSTED,
		    "auth", "sorry, too many clients", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_EXHAUSTED, "auth", "too many", 60, "db" },
		{ S, "ops-1", "postgres", "login", "postgres", EX,
		    REASON_EXHAUSTED, "auth", "too many", 58 },
		{ S, "stg-1", "postgres", "sessions", "exec", IN,
		    .held = { { "backend-a", 12, 90, 170 },
			{ "psql", 3, 3, 0 } } },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "build/v2", "v1", "v2", 180, 180, true,
		MARK_DEPLOY, "released v2" } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "infra" },

	{ "somebody else's are not, whatever was released", BLAME_INFRA,
	    "infra:postgres#max_connections",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_EXHAUSTED,
		    "auth", "sorry, too many clients", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_EXHAUSTED, "auth", "too many", 60, "db" },
		{ S, "ops-1", "postgres", "login", "postgres", EX,
		    REASON_EXHAUSTED, "auth", "too many", 58 },
		{ S, "stg-1", "postgres", "sessions", "exec", IN,
		    .held = { { "backend-a", 12, 12, 0 },
			{ "batch", 0, 85, 90 } } },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "build/v2", "v1", "v2", 180, 180, true,
		MARK_DEPLOY, "released v2" } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "app" },

	{ "whose they are by nobody's name is not known", BLAME_UNDETERMINED,
	    "",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_EXHAUSTED,
		    "auth", "sorry, too many clients", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_EXHAUSTED, "auth", "too many", 60, "db" },
		{ S, "ops-1", "postgres", "login", "postgres", EX,
		    REASON_EXHAUSTED, "auth", "too many", 58 },
		{ S, "stg-1", "postgres", "sessions", "exec", IN,
		    .held = { { "unnamed", 15, 97, 170 } } },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "build/v2", "v1", "v2", 180, 180, true,
		MARK_DEPLOY, "released v2" } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "infra" },

	{ "the role that it logs in as is its own, whatever that is called",
	    BLAME_APP, "app:backend@v2",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_EXHAUSTED,
		    "auth", "sorry, too many clients", 60,
		    .held = { { "shop", 12, 92, 170 }, { "", 12, 92, 170 } } },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_EXHAUSTED, "auth", "too many", 60, "db" },
		{ S, "ops-1", "postgres", "login", "postgres", EX,
		    REASON_EXHAUSTED, "auth", "too many", 58 },
		{ S, "stg-1", "postgres", "sessions", "exec", IN },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "build/v2", "v1", "v2", 180, 180, true,
		MARK_DEPLOY, "released v2" } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "infra" },

	{ "a pool that was made larger is an input", BLAME_ENV,
	    "config:pool_size",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_EXHAUSTED,
		    "auth", "sorry, too many clients", 60 },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    REASON_EXHAUSTED, "auth", "too many", 60, "db" },
		{ S, "ops-1", "postgres", "login", "postgres", EX,
		    REASON_EXHAUSTED, "auth", "too many", 58 },
		{ S, "stg-1", "postgres", "sessions", "exec", IN,
		    .held = { { "backend-a", 12, 90, 100 } } },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "setting/pool_size", "20", "90", 110, 105 } },
	    { { S, "backend", "build", "v2" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "app" },

	{ "a lock is of who holds it", BLAME_INFRA, "infra:postgres#lock",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_CANCELLED,
		    "sessions",
		    "6 sessions wait for up to 9 s for a lock that dba (psql) "
		    "holds",
		    60, .blocker = "dba (psql)" },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    .reference_of = "db" },
		{ S, "ops-1", "backend", "order", "journey", EX, REASON_TIMEOUT,
		    NULL, "step 3 items: no answer", 60 } },
	    { { S, "backend", "build/v2", "v1", "v2", 3600, 3600, true,
		MARK_DEPLOY, "released v2" } },
	    { { S, "backend", "build", "v2" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "app" },

	{ "and one of its own sessions is the application's", BLAME_APP,
	    "app:backend@v2",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_CANCELLED,
		    "sessions",
		    "6 sessions wait for up to 9 s for a lock that shop "
		    "(backend-b) holds",
		    60, .blocker = "shop (backend-b)" },
		{ S, "stg-1", "backend", "db.reference", "postgres", IN,
		    .reference_of = "db" },
		{ S, "ops-1", "backend", "order", "journey", EX, REASON_TIMEOUT,
		    NULL, "step 3 items: no answer", 60 } },
	    { { S, "backend", "build/v2", "v1", "v2", 120, 120, true,
		MARK_DEPLOY, "released v2" } },
	    { { S, "backend", "build", "v2" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "infra" },

	{ "who only reads does not acquit what cannot be written", BLAME_INFRA,
	    "infra:postgres#default_transaction_read_only",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_READ_ONLY,
		    "write",
		    "10.77.2.2:5432: 25006: cannot execute CREATE TABLE in a "
		    "read-only transaction",
		    60, .text_is_new = true },
		{ S, "ops-1", "postgres", "login", "postgres", EX },
		{ S, "stg-1", "postgres", "sessions", "postgres", IN },
		{ S, "ops-1", "backend", "order", "journey", EX, REASON_STATUS,
		    NULL, "step 4 order: status 500", 60 },
		{ P, "prd-1", "backend", "order", "journey", EX } },
	    { { S, "backend", "postgres/db/default_transaction_read_only",
		"off", "on", 65, 60 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "env",
	    "server_setting_change" },

	{ "a disk that is full is of who found no room on it", BLAME_INFRA,
	    "infra:postgres#disk",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "host", "host", IN, REASON_THRESHOLD,
		    "judge", "/srv is full to 100 %", 60 },
		{ S, "stg-1", "backend", "db", "postgres", IN, REASON_EXHAUSTED,
		    "write",
		    "53100: could not extend file \"base/5/1\": No space left "
		    "on device",
		    60, .text_is_new = true },
		{ S, "ops-1", "postgres", "login", "postgres", EX },
		{ S, "ops-1", "backend", "order", "journey", EX, REASON_STATUS,
		    NULL, "step 4 order: status 503", 60 },
		{ P, "prd-1", "backend", "order", "journey", EX } },
	    { { 0 } },
	    { { S, "backend", "build", "v1" }, { P, "backend", "build", "v1" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 }, { S, "ops-1", EX, 3 } }, "app" },

	{ "a module that the build lacks is the application's", BLAME_APP,
	    "app:backend@v3",
	    { { S, "stg-1", "backend", "env", "env", IN },
		{ S, "stg-1", "backend", "db", "postgres", IN },
		{ S, "stg-1", "backend", "errors", "log", IN, REASON_ANSWER,
		    NULL, "ModuleNotFoundError: No module named 'redis'", 60,
		    .text_is_new = true },
		{ S, "stg-1", "backend", "ready", "http", IN, REASON_STATUS,
		    "first_byte", "status 503", 60 },
		{ P, "prd-1", "backend", "ready", "http", IN } },
	    { { S, "backend", "build/v3", "v2", "v3", 70, 70, true,
		MARK_DEPLOY } },
	    { { S, "backend", "build", "v3" }, { P, "backend", "build", "v2" },
		{ S, "backend", "env/POSTGRES_HOST", "h" } },
	    { { S, "stg-1", IN, 3 } }, "infra" },
};

/* What left its known good value while nothing fails. */
static const struct left {
	const char *name;
	const char *fact;
	enum blame blame;
	enum severity severity;
	bool is_slow; /* what users feel */
} lefts[] = {
	{ "a setting that left its value is an input that nobody feels yet",
	    "pool_size", BLAME_ENV, SEVERITY_SILENT },
	{ "so is a variable", "env/POOL_SIZE", BLAME_ENV, SEVERITY_SILENT },
	{ "a release has another build", "build", BLAME_NONE, SEVERITY_NONE },
	{ "and another fingerprint of it", "build-fingerprint", BLAME_NONE,
	    SEVERITY_NONE },
	{ "a count is no choice", "host/host/oom_kills", BLAME_NONE,
	    SEVERITY_NONE },
	{ "a broken rule is told before slowness", "pool_size", BLAME_ENV,
	    SEVERITY_SILENT, true },
	{ "and slowness when no rule is broken", "build", BLAME_UNDETERMINED,
	    SEVERITY_DEGRADED, true },
};

/* Values of two environments while nothing fails; the variable changed so many
 * seconds ago, 0: it was always so. */
static const struct crossing {
	const char *name, *fact, *here, *there;
	int here_s, there_s;
	bool is_told;
	enum peer_rule told; /* by people */
	enum blame blame;
	const char *subject;
	size_t n_standing;
} crossings[] = {
	{ "a database host that became that of production is crossed",
	    "env/POSTGRES_HOST", "k1:aa", "k1:aa", 600, 0, false, PEER_FREE,
	    BLAME_ENV, "envvar:POSTGRES_HOST", 0 },
	{ "so is a password, without a prefix that says whose",
	    "env/DB_PASSWORD", "k1:aa", "k1:aa", 600, 0, false, PEER_FREE,
	    BLAME_ENV, "envvar:DB_PASSWORD", 0 },
	{ "it is production's matter when that one changed",
	    "env/POSTGRES_HOST", "k1:aa", "k1:aa", 0, 600, false, PEER_FREE,
	    BLAME_NONE, "", 1 },
	{ "or changed last", "env/POSTGRES_HOST", "k1:aa", "k1:aa", 900, 600,
	    false, PEER_FREE, BLAME_NONE, "", 1 },
	{ "always equal it may be meant, and is said", "env/POSTGRES_HOST",
	    "k1:aa", "k1:aa", 0, 0, false, PEER_FREE, BLAME_NONE, "", 1 },
	{ "unless people said that it differs", "env/POSTGRES_HOST", "k1:aa",
	    "k1:aa", 0, 0, true, PEER_DIFFER, BLAME_ENV, "envvar:POSTGRES_HOST",
	    0 },
	{ "or that it is free", "env/POSTGRES_HOST", "k1:aa", "k1:aa", 600, 0,
	    true, PEER_FREE, BLAME_NONE, "", 0 },
	{ "another value is none", "env/POSTGRES_HOST", "k1:aa", "k1:bb", 600,
	    0, false, PEER_FREE, BLAME_NONE, "", 0 },
	{ "of another key nobody knows", "env/POSTGRES_HOST", "k1:aa", "k2:aa",
	    600, 0, false, PEER_FREE, BLAME_NONE, "", 0 },
	{ "other variables may be equal", "env/POSTGRES_PORT", "k1:aa", "k1:aa",
	    600, 0, false, PEER_FREE, BLAME_NONE, "", 0 },
	{ "until people say that they differ", "env/POSTGRES_PORT", "k1:aa",
	    "k1:aa", 600, 0, true, PEER_DIFFER, BLAME_ENV,
	    "envvar:POSTGRES_PORT", 0 },
};

/* What the collector did not keep, of an environment in which all is well now;
 * seconds before now. */
static const struct unkept {
	const char *name;
	int from_s, to_s;
	bool is_failing;
	enum blame blame;
	const char *subject;
	enum severity severity;
} unkepts[] = {
	{ "what nobody kept a minute ago cannot be judged yet", 180, 60, false,
	    BLAME_BLIND, "collector:storage", SEVERITY_UNKNOWN },
	{ "nor while the newest runs reach back to it", 210, 100, false,
	    BLAME_BLIND, "collector:storage", SEVERITY_UNKNOWN },
	{ "what nobody kept ten minutes ago is history", 720, 600, false,
	    BLAME_NONE, "", SEVERITY_NONE },
	{ "what fails now is seen now", 180, 60, true, BLAME_INFRA,
	    "infra:postgres", SEVERITY_OUTAGE },
};

static const struct outage *
find_outage(const char *subject)
{
	for (size_t i = 0; i < sizeof(outages) / sizeof(outages[0]); i++)
		if (strcmp(outages[i].subject, subject) == 0)
			return &outages[i];
	fail_msg("no outage of %s", subject);
	return NULL;
}

static void
test_unkept(void **state)
{
	const struct unkept *row = *state;
	const struct outage *outage =
	    find_outage(row->is_failing ? row->subject : "");
	struct scene_hole hole = { case_ms(row->from_s), case_ms(row->to_s),
		"the disk is full" };
	struct arena *arena = arena_new(0);
	struct case_room room;
	struct verdict verdict;

	case_scene(
	    &room, outage->seen, outage->changed, outage->known, outage->heard);
	room.scene.holes = &hole;
	room.scene.n_holes = 1;
	verdict_reach(&verdict, arena, &room.scene);
	assert_string_equal(blame_name(verdict.blame), blame_name(row->blame));
	assert_string_equal(verdict.subject, row->subject);
	assert_string_equal(
	    severity_name(verdict.severity), severity_name(row->severity));
	/* For good, of that time. */
	assert_true(verdict.blind_spots.n > 0);
	assert_string_equal(
	    verdict.blind_spots.list[0].text, "the disk is full");
	arena_free(arena);
}

static struct changed
crossed_by(const struct crossing *row, const char *environment, int before_s)
{
	return (struct changed){ environment, "backend", row->fact, "k1:zz", "",
		before_s + 5, before_s };
}

static void
add_crossing(struct case_room *room, const struct crossing *row)
{
	const char *const values[] = { row->here, row->there };
	const char *const environments[] = { S, P };
	const int changed_s[] = { row->here_s, row->there_s };

	for (int i = 0; i < 2; i++) {
		struct changed changed =
		    crossed_by(row, environments[i], changed_s[i]);

		room->facts[room->scene.n_facts++] =
		    (struct scene_fact){ environments[i], "backend", row->fact,
			    "", values[i], SOURCE_PROCESS, case_ms(80000) };
		if (changed_s[i] > 0)
			case_change(room, &changed);
	}
}

static void
test_crossing(void **state)
{
	const struct crossing *row = *state;
	const struct outage *outage = find_outage("");
	const struct scene_rule rule = { S, "", row->fact, row->told };
	struct arena *arena = arena_new(0);
	struct case_room room;
	struct verdict verdict;

	case_scene(
	    &room, outage->seen, outage->changed, outage->known, outage->heard);
	add_crossing(&room, row);
	room.scene.rules = &rule;
	room.scene.n_rules = row->is_told;
	verdict_reach(&verdict, arena, &room.scene);
	assert_string_equal(blame_name(verdict.blame), blame_name(row->blame));
	assert_string_equal(verdict.subject, row->subject);
	assert_int_equal(verdict.severity,
	    row->blame == BLAME_ENV ? SEVERITY_SILENT : SEVERITY_NONE);
	assert_int_equal(verdict.standing.n, row->n_standing);
	if (row->blame == BLAME_ENV && row->here_s > 0) {
		assert_string_equal(verdict.trigger.kind, "env_change");
		assert_string_equal(verdict.trigger.subject, row->fact);
	}
	assert_true((findings_get(&verdict.findings, TOKEN_PEER_EQUAL) !=
			NULL) == (row->blame == BLAME_ENV));
	arena_free(arena);
}

static void
print_findings(const struct verdict *verdict)
{
	print_message("%s %s %d (cap: %s), coverage %d\n",
	    blame_name(verdict->blame), verdict->subject, verdict->permyriad,
	    verdict->cap, verdict->coverage_permyriad);
	for (size_t i = 0; i < verdict->findings.n; i++) {
		const struct finding *finding = &verdict->findings.list[i];

		print_message("  %s %s%s %d %d %d %d: %s\n", finding->id,
		    token_row(finding->weight.token)->id,
		    finding->weight.entailed ? "-" : "",
		    finding->weight.db10[0], finding->weight.db10[1],
		    finding->weight.db10[2], finding->weight.db10[3],
		    finding->text);
	}
}

static void
test_outage(void **state)
{
	const struct outage *row = *state;
	struct arena *arena = arena_new(0);
	struct case_room room;
	struct verdict verdict;

	case_scene(&room, row->seen, row->changed, row->known, row->heard);
	verdict_reach(&verdict, arena, &room.scene);
	if (verdict.blame != row->blame ||
	    strcmp(verdict.subject, row->subject) != 0)
		print_findings(&verdict);
	assert_string_equal(blame_name(verdict.blame), blame_name(row->blame));
	assert_string_equal(verdict.subject, row->subject);
	assert_string_not_equal(blame_name(verdict.blame), row->not_blamed);
	assert_in_range(verdict.permyriad, 0, 9700);
	if (row->trigger != NULL)
		assert_string_equal(verdict.trigger.kind, row->trigger);
	arena_free(arena);
}

static void
test_left(void **state)
{
	const struct left *row = *state;
	const struct outage *outage = &outages[row->is_slow ? 1 : 0];
	struct scene_guard guard = { .environment = S,
		.service = "backend",
		.name = row->fact,
		.rule = "20",
		.issue = "",
		.known = true,
		.since_ms = CASE_AT_MS - 60000 };
	struct arena *arena = arena_new(0);
	struct case_room room;
	struct verdict verdict;

	case_scene(
	    &room, outage->seen, outage->changed, outage->known, outage->heard);
	room.scene.guards = &guard;
	room.scene.n_guards = 1;
	verdict_reach(&verdict, arena, &room.scene);
	assert_string_equal(blame_name(verdict.blame), blame_name(row->blame));
	assert_string_equal(
	    severity_name(verdict.severity), severity_name(row->severity));
	arena_free(arena);
}

/* --- properties ---------------------------------------------------------- */

static void
assert_same(const struct outage *row, struct case_room *room)
{
	struct arena *arena = arena_new(0);
	struct verdict verdict;

	verdict_reach(&verdict, arena, &room->scene);
	if (verdict.blame != row->blame)
		print_findings(&verdict);
	assert_string_equal(blame_name(verdict.blame), blame_name(row->blame));
	assert_string_equal(verdict.subject, row->subject);
	arena_free(arena);
}

static void
make(struct case_room *room, const struct outage *row)
{
	case_scene(room, row->seen, row->changed, row->known, row->heard);
}

static void
test_order(void **state)
{
	const struct outage *row = *state;
	struct case_room room;

	make(&room, row);
	for (size_t i = 0; i < room.scene.n_views / 2; i++) {
		size_t other = room.scene.n_views - 1 - i;
		struct scene_view swap = room.views[i];

		room.views[i] = room.views[other];
		room.views[other] = swap;
	}
	assert_same(row, &room);
}

static void
test_shift(void **state)
{
	static const int64_t shift_ms = INT64_C(40) * 86400000 + 12345;
	const struct outage *row = *state;
	struct case_room room;

	make(&room, row);
	room.scene.at_ms += shift_ms;
	for (size_t i = 0; i < room.scene.n_views; i++) {
		room.results[i].at_ms += shift_ms;
		room.views[i].first_ms += shift_ms;
		for (size_t k = 0; k < room.views[i].n_holders; k++)
			if (room.holders[i][k].grew_ms != 0)
				room.holders[i][k].grew_ms += shift_ms;
		room.views[i].good_ms += shift_ms;
		if (room.views[i].bad_from_ms != 0)
			room.views[i].bad_from_ms += shift_ms;
		if (room.views[i].late_from_ms != 0) {
			room.views[i].late_from_ms += shift_ms;
			room.views[i].late_good_ms += shift_ms;
		}
	}
	for (size_t i = 0; i < room.scene.n_changes; i++) {
		room.changes[i].from_ms += shift_ms;
		room.changes[i].to_ms += shift_ms;
	}
	for (size_t i = 0; i < room.scene.n_agents; i++)
		room.agents[i].heard_ms += shift_ms;
	assert_same(row, &room);
}

static void
test_stranger(void **state)
{
	static const struct seen stranger = { S, "dev-9", "backend", "env",
		"env", VANTAGE_WORKSTATION, REASON_MISSING, NULL,
		"9 variables missing", 600 };
	const struct outage *row = *state;
	struct case_room room;

	make(&room, row);
	case_view(&room, &stranger);
	assert_same(row, &room);
}

static void
test_later_change(void **state)
{
	static const struct changed later = { S, "backend", "env/SECRET_KEY",
		"k1:1", "k1:9", 4, 3 };
	const struct outage *row = *state;
	struct case_room room;

	make(&room, row);
	if (room.scene.n_changes == CASE_CHANGES || row->blame == BLAME_NONE)
		return;
	case_change(&room, &later);
	assert_same(row, &room);
}

static void
test_rotation(void **state)
{
	static const struct changed first_seen = { S, "backend",
		"env/POSTGRES_HOST", "k1:1", "k2:7", 61, 60 };
	const struct outage *row = *state;
	struct case_room room;

	make(&room, row);
	case_change(&room, &first_seen);
	room.changes[room.scene.n_changes - 1].first_seen = true;
	assert_same(row, &room);
}

static const char *
other_environment(const char *environment)
{
	return strcmp(environment, S) == 0 ? P
	    : strcmp(environment, P) == 0  ? S
					   : environment;
}

/* The same outage, with all names of environments exchanged. */
static void
swap_environments(struct case_room *room)
{
	static const char *const peers[] = { S };
	static const struct scene_environment environments[] = {
		{ P, peers, 1 },
		{ S, NULL, 0 },
	};

	for (size_t i = 0; i < room->scene.n_views; i++)
		room->series[i].environment =
		    other_environment(room->series[i].environment);
	for (size_t i = 0; i < room->scene.n_changes; i++)
		room->changes[i].environment =
		    other_environment(room->changes[i].environment);
	for (size_t i = 0; i < room->scene.n_facts; i++)
		room->facts[i].environment =
		    other_environment(room->facts[i].environment);
	for (size_t i = 0; i < room->scene.n_agents; i++)
		room->agents[i].environment =
		    other_environment(room->agents[i].environment);
	room->scene.environments = environments;
	room->scene.environment = P;
}

/* No environment is another one's better: what is true of one is true of the
 * other, under its name. */
static void
test_swap(void **state)
{
	const struct outage *row = *state;
	const char *named = strstr(row->subject, S);
	char subject[128];
	struct case_room room;
	struct outage as = *row;

	if (named != NULL) {
		snprintf(subject, sizeof(subject), "%.*s" P "%s",
		    (int)(named - row->subject), row->subject,
		    named + strlen(S));
		as.subject = subject;
	}
	make(&room, row);
	swap_environments(&room);
	assert_same(&as, &room);
}

int
main(void)
{
	return TABLE_RUN(outages, test_outage) + TABLE_RUN(lefts, test_left) +
	    TABLE_RUN(unkepts, test_unkept) +
	    TABLE_RUN(crossings, test_crossing) +
	    TABLE_RUN(outages, test_swap) + TABLE_RUN(outages, test_order) +
	    TABLE_RUN(outages, test_shift) + TABLE_RUN(outages, test_stranger) +
	    TABLE_RUN(outages, test_later_change) +
	    TABLE_RUN(outages, test_rotation);
}
