#include <stdio.h>
#include <string.h>

#include "collector/diagnose/signature.h"
#include "tests/support/table.h"

static const struct text {
	const char *name;
	const char *text;
	enum signature signature;
	const char *object;
} texts[] = {
	{ "an empty text is unknown", "", SIGNATURE_UNKNOWN, "" },
	{ "an ordinary line is unknown", "GET /readyz 200 in 12 ms",
	    SIGNATURE_UNKNOWN, "" },
	{ "go was connected, and heard nothing",
	    "read tcp 10.77.1.2:50266->10.77.2.2:5432: i/o timeout",
	    SIGNATURE_SILENT, "10.77.1.2:50266->10.77.2.2:5432" },
	{ "python names who did not answer",
	    "HTTPSConnectionPool(host='payments.test', port=443): Read timed "
	    "out. (read timeout=4)",
	    SIGNATURE_SILENT, "payments.test" },
	{ "java was connected, and heard nothing",
	    "java.net.SocketTimeoutException: Read timed out", SIGNATURE_SILENT,
	    "" },
	{ "nginx reached who did not answer",
	    "upstream timed out (110: Connection timed out) while reading "
	    "response header from upstream",
	    SIGNATURE_SILENT, "" },
	{ "nginx that could not connect did not reach anybody",
	    "upstream timed out (110: Connection timed out) while connecting "
	    "to upstream",
	    SIGNATURE_TIMEOUT, "" },
	{ "python names the module it lacks",
	    "Traceback (most recent call last):\n  File \"/app/main.py\", "
	    "line 3\nModuleNotFoundError: No module named 'redis.asyncio'",
	    SIGNATURE_MODULE, "redis.asyncio" },
	{ "python -m names it without quotes",
	    "/usr/bin/python3: No module named gunicorn", SIGNATURE_MODULE,
	    "gunicorn" },
	{ "node names the module it lacks",
	    "Error: Cannot find module 'express'\nRequire stack:",
	    SIGNATURE_MODULE, "express" },
	{ "java names the class it lacks",
	    "Exception in thread \"main\" java.lang.NoClassDefFoundError: "
	    "org/postgresql/Driver",
	    SIGNATURE_MODULE, "org/postgresql/Driver" },
	{ "a shared library that is absent is the build's",
	    "./app: error while loading shared libraries: libpq.so.5: cannot "
	    "open shared object file",
	    SIGNATURE_MODULE, "libpq.so.5" },
	{ "a container without its program",
	    "exec: \"gunicorn\": executable file not found in $PATH",
	    SIGNATURE_FILE, "gunicorn" },
	{ "ruby names the variable it lacks",
	    "key not found: \"DATABASE_URL\" (KeyError)", SIGNATURE_SETTING,
	    "DATABASE_URL" },
	{ "spring names the placeholder",
	    "Could not resolve placeholder 'db.password' in value",
	    SIGNATURE_SETTING, "db.password" },
	{ "whoever says so, a variable that is not set is a setting",
	    "fatal: environment variable SECRET_KEY is not set",
	    SIGNATURE_SETTING, "SECRET_KEY" },
	{ "postgres names the user it refuses",
	    "FATAL:  password authentication failed for user \"app\"",
	    SIGNATURE_LOGIN, "app" },
	{ "psycopg names the host it cannot find",
	    "could not translate host name \"db.stagging.test\" to address: "
	    "Name or service not known",
	    SIGNATURE_NAME, "db.stagging.test" },
	{ "go names the host it cannot find",
	    "dial tcp: lookup db.staging.test on 10.0.0.2:53: no such host",
	    SIGNATURE_NAME, "db.staging.test" },
	{ "go names the broken edge", "dial tcp 10.77.2.2:5432: i/o timeout",
	    SIGNATURE_TIMEOUT, "10.77.2.2:5432" },
	{ "node names the broken edge",
	    "Error: connect ETIMEDOUT 10.77.2.2:5432\n    at TCPConnectWrap",
	    SIGNATURE_TIMEOUT, "10.77.2.2:5432" },
	{ "libpq tells time-out from refusal",
	    "connection to server at \"10.1.2.3\", port 5432 failed: "
	    "Connection refused",
	    SIGNATURE_REFUSED, "10.1.2.3" },
	{ "... and a time-out",
	    "connection to server at \"10.1.2.3\", port 5432 failed: "
	    "timeout expired",
	    SIGNATURE_TIMEOUT, "10.1.2.3" },
	{ "an expired certificate, as openssl says it",
	    "SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
	    "certificate has expired",
	    SIGNATURE_CERTIFICATE, "" },
	{ "the kernel kills for memory",
	    "Out of memory: Killed process 812 (gunicorn)", SIGNATURE_MEMORY,
	    "812" },
	{ "no space is the disk's", "write: No space left on device",
	    SIGNATURE_DISK, "" },
	{ "slots are used up", "FATAL:  sorry, too many clients already",
	    SIGNATURE_CONNECTIONS, "" },
	{ "a table that is not there is a migration",
	    "ERROR:  relation \"order_item\" does not exist at character 15",
	    SIGNATURE_MIGRATION, "order_item" },
	{ "letters match whatever their case", "CONNECTION REFUSED",
	    SIGNATURE_REFUSED, "" },
	{ "a grant is not a login",
	    "rpc error: code = PermissionDenied desc = PERMISSION_DENIED",
	    SIGNATURE_GRANT, "" },
	{ "what ended a process is told behind how it ended",
	    "CrashLoopBackOff: back-off 5m0s restarting; last state OOMKilled, "
	    "exit 137",
	    SIGNATURE_MEMORY, "" },
	{ "that something did not come gives way to why",
	    "timed out waiting for publisher confirm (connection.blocked: low "
	    "on memory)",
	    SIGNATURE_MEMORY, "" },
	{ "and stays where nobody says why",
	    "step 3 send: timed out after 5000 ms", SIGNATURE_TIMEOUT, "" },
	{ "what the proxy answers gives way to what it was told",
	    "502 Bad Gateway: dial tcp 10.1.2.3:8080: connect: connection "
	    "refused",
	    SIGNATURE_REFUSED, "10.1.2.3:8080" },
	{ "a proxy says that nobody is behind it",
	    "503 Service Unavailable: No server is available to handle this "
	    "request.",
	    SIGNATURE_UPSTREAM, "" },
	{ "a proxy on the way out says that it comes no further",
	    "curl: (56) CONNECT tunnel failed, response 503", SIGNATURE_PROXY,
	    "" },
	{ "who must log in at the proxy is refused there",
	    "OSError: Tunnel connection failed: 407 Proxy Authentication "
	    "Required",
	    SIGNATURE_LOGIN, "" },
	{ "jdbc for mysql tells a time-out from refusal",
	    "CommunicationsException: Communications link failure: connect "
	    "timed out",
	    SIGNATURE_TIMEOUT, "" },
	{ "sql server says behind its general sentence what it was",
	    "The server was not found or was not accessible. Verify that the "
	    "instance name is correct. (provider: TCP Provider, error: 0 - No "
	    "such host is known.)",
	    SIGNATURE_NAME, "" },
	{ "a log that cannot be reused is a disk that is full",
	    "Error 9002: The transaction log for database 'Sales' is full due "
	    "to 'LOG_BACKUP'.",
	    SIGNATURE_DISK, "Sales" },
	{ "oracle speaks in numbers",
	    "ORA-12519: TNS:no appropriate service handler found",
	    SIGNATURE_CONNECTIONS, "" },
	{ "a broker without enough replicas cannot serve",
	    "org.apache.kafka.common.errors.NotEnoughReplicasException: "
	    "Messages are rejected",
	    SIGNATURE_SERVER, "" },
	{ "mongo without a primary cannot serve",
	    "MongoServerError: NotWritablePrimary: not primary",
	    SIGNATURE_SERVER, "" },
	{ "ldap names its refusal by number",
	    "[LDAP: error code 49 - 80090308: LdapErr: DSID-0C09042A, comment: "
	    "AcceptSecurityContext error, data 532, v4563]",
	    SIGNATURE_LOGIN, "" },
	{ "mail is refused without a good login",
	    "smtplib.SMTPAuthenticationError: (535, b'5.7.8 Error: "
	    "authentication failed')",
	    SIGNATURE_LOGIN, "" },
	{ "a role may not",
	    "An error occurred (AccessDenied) when calling the PutObject "
	    "operation: User: arn:aws:sts::1:assumed-role/reports-role/i-0 is "
	    "not authorized to perform: s3:PutObject",
	    SIGNATURE_GRANT, "reports-role" },
	{ "an expired secret of a client is a login",
	    "AADSTS7000222: The provided client secret keys for app are "
	    "expired",
	    SIGNATURE_LOGIN, "" },
	{ "who asks too often is told so",
	    "ThrottlingException: Rate exceeded (status code: 400)",
	    SIGNATURE_THROTTLED, "" },
	{ "a store without room",
	    "XMinioStorageFull: Storage backend has "
	    "reached its minimum free drive threshold. status code: 507",
	    SIGNATURE_DISK, "" },
	{ "a node that is gone is the platform's",
	    "statefulset queue 1/3 ready: queue-1, queue-2 NodeNotReady",
	    SIGNATURE_SERVER, "" },
	{ "a check that did not run says nothing of its target",
	    "(Return code of 127 is out of bounds - plugin may be missing)",
	    SIGNATURE_OBSERVER, "" },
	{ "a phrase inside another word means nothing", "unlocked enemfilex",
	    SIGNATURE_UNKNOWN, "" },
};

static void
test_text(void **state)
{
	const struct text *row = *state;
	struct signature_found found;

	signature_find(&found, row->text, strlen(row->text));
	assert_string_equal(
	    signature_name(found.signature), signature_name(row->signature));
	assert_string_equal(found.object, row->object);
}

static const struct pair {
	const char *name;
	const char *a, *b;
	bool same;
} pairs[] = {
	{ "numbers do not count", "took 35000 ms", "took 8 ms", true },
	{ "ids do not count", "request 7f3a-11aa failed",
	    "request 90bc-42de failed", true },
	{ "paths do not count", "open /srv/a/b.conf: denied",
	    "open /etc/x.conf: denied", true },
	{ "addresses do not count", "connect 10.0.0.1:5432 timed out",
	    "connect 192.168.7.9:6432 timed out", true },
	{ "times do not count", "2026-01-05T10:00:00.120Z boom",
	    "2026-11-05T00:41:09.001Z boom", true },
	{ "white space does not count", "a  b\n", " a b", true },
	{ "words count", "connection refused", "connection reset", false },
	{ "a name that ends in a digit is a name", "table order1 lost",
	    "table item2 lost", false },
};

static void
test_pair(void **state)
{
	const struct pair *row = *state;
	uint64_t a = signature_fingerprint(row->a, strlen(row->a));
	uint64_t b = signature_fingerprint(row->b, strlen(row->b));

	assert_true(a != 0 && b != 0);
	assert_int_equal(a == b, row->same);
}

/* Each phrase, with a name for its object, finds what it means. */
static void
find_themselves(const struct signature_row *rows, size_t n_rows)
{
	for (size_t i = 0; i < n_rows; i++) {
		const struct signature_row *row = &rows[i];
		struct signature_found found;
		char text[512];
		size_t n = 0;

		for (const char *c = row->phrase; *c != '\0'; c++) {
			if (*c == '%')
				n += (size_t)snprintf(
				    text + n, sizeof(text) - n, "thing");
			else if (*c != '*')
				text[n++] = *c;
		}
		text[n] = '\0';
		signature_find(&found, text, n);
		if (found.signature != row->signature)
			fail_msg("\"%s\" is %s", text,
			    signature_name(found.signature));
	}
}

static void
test_table(void **state)
{
	(void)state;
	find_themselves(signature_table, signature_table_n);
	find_themselves(signature_stores, signature_stores_n);
	find_themselves(signature_services, signature_services_n);
}

int
main(void)
{
	const struct CMUnitTest table[] = { cmocka_unit_test(test_table) };

	return TABLE_RUN(texts, test_text) + TABLE_RUN(pairs, test_pair) +
	    cmocka_run_group_tests_name("table", table, NULL, NULL);
}
