#include "tests/support/folder.h"
#include "tests/support/table.h"

#include "agent/config.h"
#include "agent/probe.h"

/* Kinds of the test's own: what config_load() asks of any kind. */
static int
check_tcp(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	char at[128];

	if (config->tcp->port != 0)
		return 0;
	snprintf(at, sizeof(at), "%s.port", path);
	return conf_complain(conf, err, at, "must not be 0");
}

static bool
has_reference(const struct probe_config *config)
{
	return config->postgres->reference != NULL;
}

static const struct probe_kind env = { .name = "env" };
static const struct probe_kind tcp = { .name = "tcp", .check = check_tcp };
static const struct probe_kind http = { .name = "http" };
static const struct probe_kind cloud = { .name = "gcp" };
static const struct probe_kind postgres = { .name = "postgres",
	.has_reference = has_reference };

const struct probe_kind *
probe_kind_of(const struct probe_config *config)
{
	return config->env != NULL                                  ? &env
	    : config->postgres != NULL                              ? &postgres
	    : config->tcp != NULL                                   ? &tcp
	    : config->http != NULL                                  ? &http
	    : config->gcp_sql != NULL || config->gcp_secret != NULL ? &cloud
								    : NULL;
}

#define HEAD  "agent: stg-1\nenvironment: staging\n"
#define PROBE "probes: [{name: a, tcp: {host: h, port: 1}}]\n"
#define FIRST HEAD "probes:\n  - name: a\n    " /* line 5 goes on */
#define TCP   "    tcp: {host: h, port: 1}\n"
#define ENV   FIRST "env:\n      source: {self: true}\n      "

static const struct bad {
	const char *name;
	const char *yaml;
	const char *expect; /* after "FILE:"; "..." at its end is any */
} bads[] = {
	{ "an agent has a name", "environment: e\n" PROBE,
	    "1:1: agent: required key is missing" },
	{ "a name has no capitals", "agent: A\nenvironment: e\n" PROBE,
	    "1:8: agent: not a name: write 1 to 64 of a-z 0-9 . _ - without a "
	    "dot first" },
	{ "an environment has a name as well",
	    "agent: a\nenvironment: ../e\n" PROBE,
	    "2:14: environment: not a name: write 1 to 64 of a-z 0-9 . _ - "
	    "without a dot first" },
	{ "there must be a probe", HEAD,
	    "1:1: probes: must list at least one probe" },
	{ "an empty list of probes is none", HEAD "probes: []\n",
	    "3:9: probes: must list at least one probe" },
	{ "an unknown vantage is refused", HEAD "vantage: inside\n" PROBE,
	    "3:10: vantage: not a vantage: write in_service, in_environment, "
	    "control_plane, external or workstation" },
	{ "a heartbeat below a second is refused",
	    HEAD "heartbeat: 999ms\n" PROBE,
	    "3:12: heartbeat: must be from 1s to 1h" },
	{ "a duration has a unit", HEAD "heartbeat: 10\n" PROBE,
	    "3:12: heartbeat: not a duration: write a number and ms, s, m, h "
	    "or d, such as 10s" },
	{ "a spool of 5 bytes is refused", HEAD "spool: {max_size: 5}\n" PROBE,
	    "3:19: spool.max_size: must be at least 1MiB" },
	{ "a spool's size is a size", HEAD "spool: {max_size: big}\n" PROBE,
	    "3:19: spool.max_size: not a size: write a number and KiB, MiB or "
	    "GiB, such as 64MiB" },
	{ "a spool's age is at least a minute",
	    HEAD "spool: {max_age: 1s}\n" PROBE,
	    "3:18: spool.max_age: must be from 1m to 400d" },
	{ "five thousand probes at a time are too many",
	    HEAD "concurrency: 5000\n" PROBE,
	    "3:14: concurrency: must be at most 4096" },

	{ "a collector's scheme is one of three",
	    HEAD "collectors: [ 'http://u:hunter2@c:1' ]\n" PROBE,
	    "3:15: collectors[0]: not a collector's address: write "
	    "tls+tcp://HOST:PORT, tcp://HOST:PORT or ipc:///PATH" },
	{ "a collector has a port", HEAD "collectors: [ 'tcp://c' ]\n" PROBE,
	    "3:15: collectors[0]: not a collector's address: write "
	    "tls+tcp://HOST:PORT, tcp://HOST:PORT or ipc:///PATH" },
	{ "a collector's port is below 65536",
	    HEAD "collectors: [ 'tcp://127.0.0.1:65536' ]\n" PROBE,
	    "3:15: collectors[0]: not a collector's address: write "
	    "tls+tcp://HOST:PORT, tcp://HOST:PORT or ipc:///PATH" },
	{ "tls+tcp needs tls",
	    HEAD "collectors: [ 'tls+tcp://c:7443' ]\n" PROBE,
	    "3:15: collectors[0]: tls+tcp:// needs the key tls with ca_file, "
	    "certificate_file and key_file" },
	{ "tcp beyond the loopback needs insecure",
	    HEAD "collectors: [ 'ipc:///x', 'tcp://10.0.0.1:7000' ]\n" PROBE,
	    "3:27: collectors[1]: tcp:// beyond the loopback is neither "
	    "private nor proven; use tls+tcp://, or write insecure: true" },
	{ "127.evil.test is not the loopback",
	    HEAD "collectors: [ 'tcp://127.evil.test:7000' ]\n" PROBE,
	    "3:15: collectors[0]: tcp:// beyond the loopback is neither "
	    "private nor proven; use tls+tcp://, or write insecure: true" },
	{ "an ipc path is absolute", HEAD "collectors: [ 'ipc://x' ]\n" PROBE,
	    "3:15: collectors[0]: ipc:// needs an absolute path: "
	    "ipc:///run/x.sock" },
	{ "tls without its key is incomplete",
	    HEAD "tls: {ca_file: a, certificate_file: b}\n" PROBE,
	    "3:6: tls.key_file: required key is missing" },

	{ "a proof of two forms is refused",
	    HEAD "identity: [{hostname: a, address: 10.0.0.0/8}]\n" PROBE,
	    "3:12: identity[0]: must be exactly one proof: variable with "
	    "equals, hostname, or address" },
	{ "a proof of no form is refused", HEAD "identity: [{}]\n" PROBE,
	    "3:12: identity[0]: must be exactly one proof: variable with "
	    "equals, hostname, or address" },
	{ "a variable alone proves nothing",
	    HEAD "identity: [{hostname: a}, {variable: E}]\n" PROBE,
	    "3:27: identity[1]: variable and equals go together; write both" },
	{ "a range has at most 32 bits",
	    HEAD "identity: [{address: 10.0.0.0/33}]\n" PROBE,
	    "3:12: identity[0]: address must be a range such as "
	    "10.77.1.0/24" },

	{ "two probes of one name are refused",
	    HEAD "probes:\n"
		 "  - {name: a, tcp: {host: h, port: 1}}\n"
		 "  - {name: a, tcp: {host: h, port: 1}}\n",
	    "5:12: probes[1].name: another probe has this name, at ..." },
	{ "the names of reference runs are taken",
	    HEAD "probes:\n  - name: db.reference\n" TCP,
	    "4:11: probes[0].name: names ending with .reference are those of "
	    "reference runs; choose another" },
	{ "a probe's name is a name", HEAD "probes:\n  - name: a b\n" TCP,
	    "4:11: probes[0].name: not a name: write 1 to 64 of a-z 0-9 . _ "
	    "- without a dot first" },
	{ "a probe's service is a name", FIRST "service: A\n" TCP,
	    "5:14: probes[0].service: not a name: write 1 to 64 of a-z 0-9 . "
	    "_ - without a dot first" },
	{ "a probe without a kind is refused", FIRST "interval: 10s\n",
	    "4:5: probes[0]: must have exactly one of env, postgres, tcp, "
	    "dns, ..." },
	{ "a probe of two kinds is refused", FIRST "dns: {name: n}\n" TCP,
	    "4:5: probes[0]: must have exactly one of env, postgres, tcp, "
	    "dns, ..." },
	{ "a kind that was not built is refused", FIRST "dns: {name: n}\n",
	    "5:10: probes[0].dns: probes of this kind are not part of this "
	    "build" },
	{ "what a kind checks has its place", FIRST "tcp: {host: h, port: 0}\n",
	    "5:26: probes[0].tcp.port: must not be 0" },
	{ "an interval below 100 ms is refused", FIRST "interval: 99ms\n" TCP,
	    "5:15: probes[0].interval: must be from 100ms to 7d" },
	{ "a timeout is less than the interval",
	    FIRST "interval: 10s\n    timeout: 10s\n" TCP,
	    "6:14: probes[0].timeout: must be less than the interval "
	    "(defaults included)" },
	{ "the default timeout is less than the interval too",
	    FIRST "interval: 5s\n" TCP,
	    "4:5: probes[0].timeout: must be less than the interval "
	    "(defaults included)" },
	{ "the interval of defaults counts as well",
	    HEAD "defaults: {interval: 1s}\n" PROBE,
	    "4:10: probes[0].timeout: must be less than the interval "
	    "(defaults included)" },
	{ "the second run's name must fit",
	    HEAD "probes:\n"
		 "  - name: a123456789b123456789c123456789d123456789e123456789"
		 "f1234\n"
		 "    postgres: {reference: {host: h}}\n",
	    "4:5: probes[0]: a probe with a reference has a name of at most "
	    "54 characters; shorten it" },

	{ "variables come from one place",
	    FIRST "env: {source: {self: true, file: x}}\n",
	    "5:19: probes[0].env.source: must name exactly one of pidfile, "
	    "command, unit, port, file, self: true" },
	{ "variables come from somewhere",
	    FIRST "env: {source: {self: false}}\n",
	    "5:19: probes[0].env.source: must name exactly one of pidfile, "
	    "command, unit, port, file, self: true" },
	{ "the reference's variables come from one place",
	    FIRST "postgres: {reference: {variables: {}}}\n",
	    "5:39: probes[0].postgres.reference.variables: must name exactly "
	    "one of pidfile, command, unit, port, file, self: true" },
	{ "the name of a variable has no equals sign",
	    ENV "require: [{name: 'A=hunter2'}]\n",
	    "7:24: probes[0].env.require[0].name: not the name of a "
	    "variable" },
	{ "a severity is critical or warning",
	    ENV "require: [{name: A, severity: bad}]\n",
	    "7:37: probes[0].env.require[0].severity: not a severity: write "
	    "critical or warning" },
	{ "a type is one of seven", ENV "require: [{name: A, type: paht}]\n",
	    "7:33: probes[0].env.require[0].type: not a type: write text, "
	    "integer, number, boolean, url, port or path" },
	{ "a text is never shown", ENV "require: [{name: A, show: true}]\n",
	    "7:33: probes[0].env.require[0].show: only a value of type "
	    "integer, number, boolean or port may be shown; give the type, or "
	    "leave show out" },
	{ "a group has alternatives", ENV "groups: [{name: db}]\n",
	    "7:16: probes[0].env.groups[0].alternatives: must list at least "
	    "one alternative: - names: [NAME, ...]" },
	{ "an alternative has names",
	    ENV "groups: [{name: db, alternatives: [{names: []}]}]\n",
	    "7:50: probes[0].env.groups[0].alternatives[0].names: must list "
	    "at least one variable" },
	{ "what must be absent has a name", ENV "absent: [A, '']\n",
	    "7:19: probes[0].env.absent[1]: not the name of a variable" },
};

/* Cuts text to "..." where expect ends with it. */
static void
cut_like(char *text, const char *expect)
{
	size_t n = strlen(expect);

	if (n > 3 && strcmp(expect + n - 3, "...") == 0 && strlen(text) >= n)
		strcpy(text + n - 3, "...");
}

static void
test_bad(void **state)
{
	const struct bad *row = *state;
	struct agent_config *config = NULL;
	char path[FOLDER_PATH_BYTES];
	struct folder folder;
	struct err err = { 0 };

	folder_open(&folder);
	folder_write(path, &folder, "agent.yaml", row->yaml, strlen(row->yaml));
	assert_int_equal(config_load(&config, path, &err), -1);
	folder_close(&folder);
	assert_null(config);
	assert_memory_equal(err.text, path, strlen(path));
	cut_like(err.text + strlen(path) + 1, row->expect);
	assert_string_equal(err.text + strlen(path) + 1, row->expect);
	assert_null(strstr(err.text, "hunter2"));
}

static const struct good {
	const char *name;
	const char *yaml;
} goods[] = {
	{ "tls+tcp with tls is taken",
	    HEAD
	    "collectors: ['tls+tcp://c.test:7443']\n"
	    "tls: {ca_file: a, certificate_file: b, key_file: c}\n" PROBE },
	{ "tcp to the loopback needs no permission",
	    HEAD "collectors: ['tcp://127.0.0.1:1', 'tcp://[::1]:1', "
		 "'tcp://localhost:1']\n" PROBE },
	{ "tcp beyond is taken when written out",
	    HEAD "insecure: true\ncollectors: ['tcp://10.0.0.1:1']\n" PROBE },
	{ "no collector is needed to check", HEAD PROBE },
	{ "a timeout one below the interval is taken",
	    FIRST "interval: 10s\n    timeout: 9999ms\n" TCP },
	{ "resources of a cloud have defaults of their own",
	    FIRST "gcp.sql: {project: p, instance: i}\n"
		  "  - {name: b, gcp.secret: {project: p, secret: s}}\n" },
	{ "a port may be shown",
	    ENV "require: [{name: A, type: port, show: true}]\n" },
};

static void
test_good(void **state)
{
	const struct good *row = *state;
	struct agent_config *config = NULL;
	char path[FOLDER_PATH_BYTES];
	struct folder folder;
	struct err err = { 0 };

	folder_open(&folder);
	folder_write(path, &folder, "agent.yaml", row->yaml, strlen(row->yaml));
	if (config_load(&config, path, &err) < 0)
		fail_msg("%s", err.text);
	folder_close(&folder);
	config_free(config);
}

static void
test_defaults(void **state)
{
	static const char yaml[] = HEAD PROBE;
	struct agent_config *config = NULL;
	char path[FOLDER_PATH_BYTES];
	struct folder folder;
	struct err err = { 0 };

	(void)state;
	folder_open(&folder);
	folder_write(path, &folder, "agent.yaml", yaml, strlen(yaml));
	assert_int_equal(config_load(&config, path, &err), 0);
	folder_close(&folder);
	assert_string_equal(config->state_directory, "/var/lib/vedette-agent");
	assert_string_equal(
	    config->spool.path, "/var/lib/vedette-agent/spool.db");
	assert_string_equal(
	    config->fingerprint_key, "/var/lib/vedette-agent/fingerprint.key");
	assert_int_equal(config->spool.max_bytes, 1 << 30);
	assert_int_equal(config->spool.max_age_ms, 7 * 24 * 3600 * 1000);
	assert_int_equal(config->heartbeat_ms, 10000);
	assert_int_equal(config->concurrency, 512);
	assert_int_equal(config->claimed, VANTAGE_IN_ENVIRONMENT);
	assert_int_equal(config->n_identity, 0);
	assert_null(config->tls);
	assert_int_equal(config->n_probes, 1);
	assert_string_equal(config->probes[0].service, "");
	assert_int_equal(config->probes[0].interval_ms, 30000);
	assert_int_equal(config->probes[0].timeout_ms, 5000);
	assert_int_equal(config->probes[0].retry_interval_ms, 1000);
	assert_int_equal(config->probes[0].retries, 0);
	assert_ptr_equal(config->probes[0].kind, &tcp);
	config_free(config);
}

static const char whole[] = HEAD
    "vantage: in_service\n"
    "identity:\n"
    "  - {variable: ENVIRONMENT, equals: staging}\n"
    "  - address: fd00::/8\n"
    "state_directory: state\n"
    "spool: {max_size: 2MiB, max_age: 1h}\n"
    "heartbeat: 2s\n"
    "concurrency: 3\n"
    "tls: {ca_file: ca.pem, certificate_file: /etc/c.pem, key_file: k.pem}\n"
    "defaults: {interval: 20s, timeout: 2s, retry_interval: 3s, retries: 2}\n"
    "probes:\n"
    "  - name: e\n"
    "    service: backend\n"
    "    env:\n"
    "      source: {pidfile: run/b.pid}\n"
    "      require:\n"
    "        - {name: A, severity: warning, type: port, show: true}\n"
    "        - {name: B, min_length: 32, not_placeholder: [none]}\n"
    "      groups:\n"
    "        - name: database\n"
    "          alternatives:\n"
    "            - names: [DATABASE_URL]\n"
    "            - names: [POSTGRES_HOST, POSTGRES_DB]\n"
    "      absent: [DEBUG]\n"
    "      watch: [LOG_LEVEL]\n"
    "  - name: db\n"
    "    interval: 1m\n"
    "    retries: 1\n"
    "    postgres:\n"
    "      host: db.test\n"
    "      password: '@db.password'\n"
    "      reference: {url: '@/ref.url', sslmode: require, port: 6432}\n"
    "  - name: web\n"
    "    http:\n"
    "      url: https://web.test/\n"
    "      headers: [{name: Authorization, value: '@token'}]\n"
    "      status: [200, 204]\n"
    "      facts: [{name: build, json: build.id}]\n";

static void
check_whole_probes(const struct agent_config *config, const char *folder)
{
	const struct env_config *e = config->probes[0].env;
	const struct postgres_config *db = config->probes[1].postgres;
	const struct http_config *web = config->probes[2].http;
	char expect[FOLDER_PATH_BYTES];

	snprintf(expect, sizeof(expect), "%s/run/b.pid", folder);
	assert_string_equal(e->source.pidfile, expect);
	assert_int_equal(e->require[0].outcome, OUTCOME_WARNING);
	assert_true(e->require[0].show);
	assert_int_equal(e->require[1].outcome, OUTCOME_CRITICAL);
	assert_string_equal(e->require[1].type, "text");
	assert_int_equal(e->require[1].min_length, 32);
	assert_string_equal(e->require[1].not_placeholder[0], "none");
	assert_int_equal(e->groups[0].outcome, OUTCOME_CRITICAL);
	assert_int_equal(e->groups[0].n_alternatives, 2);
	assert_int_equal(e->groups[0].alternatives[1].n_names, 2);
	assert_string_equal(
	    e->groups[0].alternatives[1].names[1], "POSTGRES_DB");
	assert_string_equal(e->absent[0], "DEBUG");
	assert_string_equal(e->watch[0], "LOG_LEVEL");
	snprintf(expect, sizeof(expect), "@%s/db.password", folder);
	assert_string_equal(db->inputs.password, expect);
	assert_string_equal(db->inputs.sslmode, "prefer");
	assert_string_equal(db->query, "select 1");
	assert_int_equal(db->inputs.port, 5432);
	assert_string_equal(db->reference->url, "@/ref.url");
	assert_string_equal(db->reference->sslmode, "require");
	assert_int_equal(db->reference->port, 6432);
	snprintf(expect, sizeof(expect), "@%s/token", folder);
	assert_string_equal(web->headers[0].value, expect);
	assert_string_equal(web->method, "GET");
	assert_int_equal(web->max_bytes, 1 << 20);
	assert_int_equal(web->status[1], 204);
	assert_string_equal(web->facts[0].json, "build.id");
}

static void
test_whole(void **state)
{
	struct agent_config *config = NULL;
	char path[FOLDER_PATH_BYTES], expect[FOLDER_PATH_BYTES];
	struct folder folder;
	struct err err = { 0 };

	(void)state;
	folder_open(&folder);
	folder_write(path, &folder, "agent.yaml", whole, strlen(whole));
	if (config_load(&config, path, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(config->claimed, VANTAGE_IN_SERVICE);
	assert_int_equal(config->n_identity, 2);
	assert_string_equal(
	    config->state_directory, folder_path(expect, &folder, "state"));
	assert_string_equal(
	    config->spool.path, folder_path(expect, &folder, "state/spool.db"));
	assert_string_equal(
	    config->tls->ca_file, folder_path(expect, &folder, "ca.pem"));
	assert_string_equal(config->tls->certificate_file, "/etc/c.pem");
	assert_int_equal(config->spool.max_bytes, 2 << 20);
	assert_int_equal(config->heartbeat_ms, 2000);
	assert_int_equal(config->concurrency, 3);
	assert_int_equal(config->probes[0].interval_ms, 20000);
	assert_int_equal(config->probes[0].retries, 2);
	assert_int_equal(config->probes[0].retry_interval_ms, 3000);
	assert_int_equal(config->probes[1].interval_ms, 60000);
	assert_int_equal(config->probes[1].retries, 1);
	check_whole_probes(config, folder.path);
	folder_close(&folder);
	config_free(config);
	config_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_whole),
	};

	return TABLE_RUN(bads, test_bad) + TABLE_RUN(goods, test_good) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
