#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>

#include "agent/hint.h"

/* Configurations as their owners wrote them: nothing here may be a secret's
 * way out, and no name may become a command of its own. */
static char host[] = "db.test", odd[] = "a'b; rm -rf x", v6[] = "::1";
static char secret_url[] = "https://me:canary@web.test:8443/ready?key=canary";
static char plain_url[] = "http://web.test/ready", a[] = "A",
	    at[] = "10.0.0.2:53";
static char database[] = "shop", user[] = "app", password[] = "canary";
static char pidfile[] = "/run/a b.pid", file[] = "/etc/x.env",
	    command[] = "*x*";

static struct tcp_config tcp = { host, 5432 }, tcp_odd = { odd, 1 };
static struct tcp_config tcp_v6 = { v6, 1 };
static struct http_config http = { .url = secret_url };
static struct http_config http_plain = { .url = plain_url };
static struct dns_config dns = { .name = host, .type = a };
static struct dns_config dns_at = { .name = host, .type = a, .server = at };
static struct postgres_config postgres = { .inputs = { .host = host,
					       .database = database,
					       .user = user,
					       .password = password,
					       .port = 5433 } };
static struct postgres_config postgres_url = { .inputs = { .url = secret_url,
						   .port = 5432 } };
static struct env_config env_pid = { .source = { .pidfile = pidfile } };
static struct env_config env_file = { .source = { .file = file } };
static struct env_config env_command = { .source = { .command = command } };
static struct env_config env_self = { .source = { .self = true } };

static char check_x[] = "check_x", blank[] = "a b";
static char argument[] = "--token=canary";
static char *argv[] = { check_x, blank, argument };
static struct tls_probe_config tls = { .host = host, .port = 443 };
static struct redis_config redis = {
	.inputs = { .host = host, .port = 6379, .password = password }
};
static struct log_config app_log = { .file = pidfile };
static struct icmp_config icmp = { .host = host };
static struct exec_config exec = { .command = argv, .n_command = 3 };

static const struct row {
	const char *name;
	struct probe_config probe;
	const char *kind, *phase;
	enum reason reason;
	const char *command;
} rows[] = {
	{ "a plug-in is run by hand, word by word", { .exec = &exec }, "exec",
	    "run", REASON_EXIT, "check_x 'a b' '--token=***'" },
	{ "a plug-in that is not there is looked for", { .exec = &exec },
	    "exec", "run", REASON_MISSING, "command -v check_x" },
	{ "a certificate that is out of its time is looked at", { .tls = &tls },
	    "tls", "certificate", REASON_EXPIRED,
	    "openssl s_client -connect db.test:443 -servername db.test "
	    "</dev/null | openssl x509 -noout -subject -issuer -dates -ext "
	    "subjectAltName" },
	{ "a login that redis refuses is tried without its password",
	    { .redis = &redis }, "redis", "auth", REASON_PASSWORD,
	    "redis-cli -h db.test -p 6379 ping" },
	{ "a log is looked at, whatever its name", { .log = &app_log }, "log",
	    "judge", REASON_ERRORS,
	    "ls -l '/run/a b.pid'; tail -n 50 '/run/a b.pid'" },
	{ "a host that is silent is asked by hand", { .icmp = &icmp }, "icmp",
	    "echo", REASON_LOSS, "ping -c 5 db.test" },
	{ "a refused port is tried by hand", { .tcp = &tcp }, "tcp", "connect",
	    REASON_REFUSED, "nc -vz -w 10 db.test 5432" },
	{ "a name stays one word of the command", { .tcp = &tcp_odd }, "tcp",
	    "connect", REASON_TIMEOUT, "nc -vz -w 10 'a'\\''b; rm -rf x' 1" },
	{ "an address of IPv6 is a word like any other", { .tcp = &tcp_v6 },
	    "tcp", "connect", REASON_REFUSED, "nc -vz -w 10 ::1 1" },
	{ "a name that is not found is looked up", { .tcp = &tcp }, "tcp",
	    "resolve", REASON_NXDOMAIN, "getent ahosts db.test" },
	{ "a slow look-up is not a closed port", { .tcp = &tcp }, "tcp",
	    "resolve", REASON_TIMEOUT, "getent ahosts db.test" },
	{ "the system's name server needs no name", { .dns = &dns }, "dns",
	    "query", REASON_NXDOMAIN, "dig db.test A" },
	{ "another name server is asked", { .dns = &dns_at }, "dns", "query",
	    REASON_TIMEOUT, "dig @10.0.0.2 -p 53 db.test A" },
	{ "a status is looked at without user and query", { .http = &http },
	    "http", "receive", REASON_STATUS,
	    "curl -sS -o /dev/null -D - --max-time 10 "
	    "https://web.test:8443/ready" },
	{ "a certificate is looked at where it is", { .http = &http }, "http",
	    "tls", REASON_CERTIFICATE,
	    "openssl s_client -connect web.test:8443 -servername web.test "
	    "</dev/null | openssl x509 -noout -subject -issuer -dates -ext "
	    "subjectAltName" },
	{ "a URL without a port has that of its scheme",
	    { .http = &http_plain }, "http", "connect", REASON_REFUSED,
	    "nc -vz -w 10 web.test 80" },
	{ "a password is asked for, never shown", { .postgres = &postgres },
	    "postgres", "auth", REASON_PASSWORD,
	    "psql 'host=db.test port=5433 dbname=shop user=app "
	    "connect_timeout=10' -c 'select 1'" },
	{ "a URL that may be a secret is not taken apart",
	    { .postgres = &postgres_url }, "postgres", "connect",
	    REASON_REFUSED, "nc -vz -w 10 HOST 5432" },
	{ "what is missing is looked for by name", { .env = &env_pid }, "env",
	    "check", REASON_MISSING,
	    "tr '\\0' '\\n' </proc/$(cat '/run/a b.pid')/environ | cut -d= -f1 "
	    "| sort" },
	{ "a process that was found has its number", { .env = &env_command },
	    "env", "check", REASON_MISSING,
	    "tr '\\0' '\\n' </proc/812/environ | cut -d= -f1 | sort" },
	{ "a file is read for its names", { .env = &env_file }, "env", "check",
	    REASON_SHAPE, "cut -d= -f1 /etc/x.env" },
	{ "a process that is gone is looked for", { .env = &env_command },
	    "env", "read", REASON_PROCESS, "ps -eo pid,user,args" },
	{ "what nobody knows is looked at again", { .tcp = &tcp }, "tcp",
	    "connect", REASON_INTERNAL,
	    "vedette-agent check --full --config '/etc/a b.yaml'" },
};

static void
write_hint(struct text *meaning, struct text *next, const struct row *row,
    enum reason reason)
{
	struct series series = { .probe = "p",
		.kind = row->kind,
		.reference_of = "",
		.phases = { row->phase },
		.n_phases = 1 };
	const struct attribute pid = { "pid", NULL, 812 };
	struct result result = { .outcome = OUTCOME_CRITICAL,
		.reason = reason,
		.attributes = &pid,
		.n_attributes = 1,
		.n_phases = 1,
		.message = "" };
	struct finding finding = { &row->probe, &series, &result, NULL };
	struct report report = { .path = "/etc/a b.yaml" };

	hint_write(meaning, next, &report, &finding);
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct text meaning = { 0 }, next = { 0 };

	write_hint(&meaning, &next, row, row->reason);
	assert_true(meaning.n > 0);
	assert_string_equal(next.bytes, row->command);
	text_fini(&meaning);
	text_fini(&next);
}

/* For every reason there is, each of the configurations above. */
static void
test_every_reason(void **state)
{
	const struct row *row = *state;

	for (int reason = REASON_NONE; reason < REASON_COUNT; reason++) {
		struct text meaning = { 0 }, next = { 0 };

		write_hint(&meaning, &next, row, (enum reason)reason);
		assert_true(meaning.n > 0 && next.n > 0);
		assert_null(strstr(next.bytes, "canary"));
		assert_null(strchr(next.bytes, '{'));
		assert_null(strchr(meaning.bytes, '{'));
		text_fini(&meaning);
		text_fini(&next);
	}
}

static const struct row everys[] = {
	{ "every reason of tcp has a hint", { .tcp = &tcp }, "tcp", "connect",
	    0, NULL },
	{ "every reason of dns has a hint", { .dns = &dns_at }, "dns", "query",
	    0, NULL },
	{ "every reason of http has a hint", { .http = &http }, "http",
	    "receive", 0, NULL },
	{ "every reason of postgres has a hint", { .postgres = &postgres },
	    "postgres", "query", 0, NULL },
	{ "every reason of a secret URL has a hint",
	    { .postgres = &postgres_url }, "postgres", "auth", 0, NULL },
	{ "every reason of env has a hint", { .env = &env_self }, "env",
	    "check", 0, NULL },
};

int
main(void)
{
	return TABLE_RUN(rows, test_row) + TABLE_RUN(everys, test_every_reason);
}
