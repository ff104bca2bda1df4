#include "tests/support/folder.h"
#include "tests/support/table.h"

#include "collector/config/config.h"

#define HEAD    "store: s.db\nlisten: [{url: 'ipc:///run/c.sock'}]\n"
#define TWO     HEAD "environments: {a: {}, b: {}}\n" /* line 4 follows */
#define SERVICE TWO "services: [{name: web}]\n"       /* line 5 follows */

static const struct bad {
	const char *name;
	const char *yaml;
	const char *expect; /* after "FILE:" */
} bads[] = {
	{ "a store is needed", "listen: [{url: 'ipc:///x'}]\n",
	    "1:1: store: required key is missing" },
	{ "a store has a path", "store: 'sqlite:'\nlisten: []\n",
	    "1:8: store: must be the path of a file, such as "
	    "/var/lib/vedette/store.db" },
	{ "an address is needed", "store: s\nlisten: []\n",
	    "2:9: listen: must list at least one address" },
	{ "its scheme is one of three",
	    "store: s\nlisten: [{url: 'http://u:hunter2@c:1'}]\n",
	    "2:16: listen[0].url: not an address to listen on: write "
	    "tls+tcp://HOST:PORT, tcp://HOST:PORT or ipc:///PATH" },
	{ "an ipc path is absolute", "store: s\nlisten: [{url: 'ipc://x'}]\n",
	    "2:16: listen[0].url: not an address to listen on: write "
	    "tls+tcp://HOST:PORT, tcp://HOST:PORT or ipc:///PATH" },
	{ "a port is needed", "store: s\nlisten: [{url: 'tcp://h'}]\n",
	    "2:16: listen[0].url: must end with :PORT" },
	{ "tls+tcp needs tls", "store: s\nlisten: [{url: 'tls+tcp://h:1'}]\n",
	    "2:16: listen[0].url: tls+tcp:// needs the key tls with ca_file, "
	    "certificate_file and key_file" },
	{ "tcp takes no tls",
	    "store: s\nlisten: [{url: 'tcp://h:1', tls: {ca_file: a, "
	    "certificate_file: b, key_file: c}}]\n",
	    "2:34: listen[0].tls: is for tls+tcp:// only; change the url, or "
	    "remove tls" },
	{ "an address is given once",
	    "store: s\nlisten: [{url: 'tcp://h:1'}, {url: 'tcp://h:1'}]\n",
	    "2:30: listen[1]: given twice; remove one" },
	{ "a tiny store is refused", HEAD "store_max_size: 5\n",
	    "3:17: store_max_size: must be at least 1MiB" },

	{ "environments are written under their names",
	    HEAD "environments: [a, b]\n",
	    "3:15: environments: must be a mapping: NAME: {...} ..." },
	{ "an environment is a mapping", HEAD "environments: {a: 7}\n",
	    "3:19: environments.a: must be a mapping: key: value ..." },
	{ "an environment has a name", HEAD "environments: {a/b: {}}\n",
	    "3:21: environments.a/b: not a name: 1 to 64 bytes of printable "
	    "UTF-8, without a space at either end or a slash" },
	{ "user is no environment", HEAD "environments: {user: {}}\n",
	    "3:22: environments.user: user is the word for people in "
	    "certificates; choose another name" },
	{ "an environment is given once", HEAD "environments: {a: {}, a: {}}\n",
	    "3:23: environments.a: given twice; remove one" },
	{ "a key of an environment is checked",
	    HEAD "environments: {a: {compare_wit: [b]}}\n",
	    "3:20: environments.a.compare_wit: unknown key; did you mean "
	    "compare_with?" },
	{ "environments are compared with known ones",
	    HEAD "environments: {a: {compare_with: [b]}}\n",
	    "3:35: environments.a.compare_with[0]: not listed under "
	    "environments; add it there, or correct the name" },
	{ "and not with themselves",
	    HEAD "environments: {a: {compare_with: [a]}}\n",
	    "3:34: environments.a.compare_with: must name other "
	    "environments" },
	{ "results are kept for an hour at least",
	    HEAD "environments: {a: {retention: {results: 59m}}}\n",
	    "3:41: environments.a.retention.results: must be from 1h to "
	    "400d" },

	{ "a service is given once", HEAD "services: [{name: a}, {name: a}]\n",
	    "3:30: services[1].name: another service has this name; choose "
	    "another" },
	{ "a service depends on known ones",
	    HEAD "services: [{name: a, depends_on: [b]}]\n",
	    "3:35: services[0].depends_on[0]: not listed under services; add "
	    "it there, or correct the name" },

	{ "an expectation has one subject",
	    HEAD "expectations: [{env: A, setting: b, at_least: 1}]\n",
	    "3:16: expectations[0]: must name exactly one of setting, env, "
	    "fact" },
	{ "and one condition", HEAD "expectations: [{env: A}]\n",
	    "3:16: expectations[0]: must have exactly one of at_least, "
	    "at_most, equals, present: true, must_differ, must_match, "
	    "at_least_as_in, at_most_as_in" },
	{ "at_least is a number",
	    HEAD "expectations: [{env: A, at_least: '35s'}]\n",
	    "3:35: expectations[0].at_least: must be a number" },
	{ "a difference takes two",
	    TWO "expectations: [{env: A, must_differ: [a]}]\n",
	    "4:38: expectations[0].must_differ: must name at least two "
	    "environments" },
	{ "an expectation is of known services",
	    SERVICE "expectations: [{env: A, equals: x, services: [wep]}]\n",
	    "5:47: expectations[0].services[0]: not listed under services; "
	    "add it there, or correct the name" },
	{ "a severity is one of two",
	    HEAD "expectations: [{env: A, present: true, severity: bad}]\n",
	    "3:50: expectations[0].severity: not a severity: write critical "
	    "or warning" },
	{ "false alarms must be a number",
	    HEAD "regressions: {false_alarms_per_year: few}\n",
	    "3:38: regressions.false_alarms_per_year: must be a number" },
	{ "and one that makes sense",
	    HEAD "regressions: {false_alarms_per_year: 0}\n",
	    "3:38: regressions.false_alarms_per_year: must be from 0.01 to "
	    "1000" },
	{ "a regression's severity is one of two",
	    HEAD "environments: {e: {regressions: {severity: mild}}}\n",
	    "3:44: environments.e.regressions.severity: not a severity: write "
	    "critical or warning" },
	{ "confirmation is bounded",
	    HEAD "regressions: {confirm_after: 1001}\n",
	    "3:30: regressions.confirm_after: must be from 1 to 1000" },
};

static void
test_bad(void **state)
{
	const struct bad *row = *state;
	struct collector_config *config = NULL;
	char path[FOLDER_PATH_BYTES];
	struct folder folder;
	struct err err = { 0 };
	int rc;

	folder_open(&folder);
	folder_write(path, &folder, "c.yaml", row->yaml, strlen(row->yaml));
	rc = config_load(&config, path, &err);
	folder_close(&folder);
	assert_int_equal(rc, -1);
	assert_null(strstr(err.text, "hunter2"));
	assert_memory_equal(err.text, path, strlen(path));
	assert_string_equal(err.text + strlen(path) + 1, row->expect);
}

static const char whole[] =
    "store: data/store.db\n"
    "listen:\n"
    "  - url: ipc:///run/c.sock\n"
    "  - {url: 'tls+tcp://0.0.0.0:7443', tls: {ca_file: ca.pem,\n"
    "     certificate_file: c.pem, key_file: /etc/k.pem}}\n"
    "environments:\n"
    "  staging: {compare_with: [production], retention: {results: 7d,"
    "    changes: 2d}}\n"
    "  production: {}\n"
    "services:\n"
    "  - {name: backend, depends_on: [database], journeys: [login]}\n"
    "  - {name: database, kind: database}\n"
    "owners: {app: backend-team, net: network}\n"
    "expectations:\n"
    "  - {setting: connection_timeout, at_least: 35, issue: \"1263\"}\n"
    "  - {env: SECRET_KEY, must_differ: [staging, production]}\n";

static void
test_whole(void **state)
{
	struct collector_config *config = NULL;
	char path[FOLDER_PATH_BYTES], file[FOLDER_PATH_BYTES];
	const struct environment_config *staging, *production;
	struct folder folder;
	struct err err = { 0 };

	(void)state;
	folder_open(&folder);
	folder_write(path, &folder, "c.yaml", whole, strlen(whole));
	if (config_load(&config, path, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(
	    config->store, folder_path(file, &folder, "data/store.db"));
	assert_string_equal(config->listen[1].tls->ca_file,
	    folder_path(file, &folder, "ca.pem"));
	assert_string_equal(config->listen[1].tls->key_file, "/etc/k.pem");
	staging = config_environment(config, "staging");
	production = config_environment(config, "production");
	assert_non_null(staging);
	assert_non_null(production);
	assert_null(config_environment(config, "local"));
	assert_true(names_hold(&staging->compare_with, "production"));
	assert_int_equal(staging->retention.results_ms, 7 * 86400000LL);
	assert_int_equal(staging->retention.changes_ms, 2 * 86400000LL);
	assert_int_equal(staging->retention.rollups_ms, 730 * 86400000LL);
	assert_int_equal(production->retention.results_ms, 30 * 86400000LL);
	assert_string_equal(
	    config->expectations[0].name, "setting/connection_timeout");
	assert_true(config->expectations[0].number == 35);
	assert_string_equal(config->expectations[1].name, "env/SECRET_KEY");
	assert_int_equal(config->regressions.confirm_after, 3);
	assert_int_equal(config->regressions.clear_after, 2);
	assert_true(config->regressions.per_year > 0.99 &&
	    config->regressions.per_year < 1.01);
	config_free(config);
	folder_close(&folder);
}

static const struct example {
	const char *name;
} examples[] = {
	{ "the example in deploy/ is right" },
};

static void
test_example(void **state)
{
	struct collector_config *config = NULL;
	struct err err = { 0 };

	(void)state;
	if (config_load(
		&config, SOURCE_DIRECTORY "/deploy/collector.yaml", &err) < 0)
		fail_msg("%s", err.text);
	config_free(config);
}

static const struct example wholes[] = {
	{ "a whole file fills in the structs" },
};

/* Files that only say what judges history. */
static const struct rule_file {
	const char *name;
	const char *yaml;
	int rc;
} rule_files[] = {
	{ "rules need neither store nor addresses", "services: [{name: web}]\n",
	    0 },
	{ "what rules only depend on need not be listed",
	    "services: [{name: web, depends_on: [db], optional: [mail]}]\n",
	    0 },
	{ "a whole file is good for rules", whole, 0 },
	{ "rules compare environments that are listed",
	    "environments: {a: {compare_with: [b]}}\n", -1 },
	{ "rules have no other keys", "colour: red\n", -1 },
};

static void
test_rules(void **state)
{
	const struct rule_file *row = *state;
	struct collector_config *config = NULL;
	char path[FOLDER_PATH_BYTES];
	struct folder folder;
	struct err err = { 0 };

	folder_open(&folder);
	folder_write(path, &folder, "r.yaml", row->yaml, strlen(row->yaml));
	assert_int_equal(config_load_rules(&config, path, &err), row->rc);
	folder_close(&folder);
	config_free(config);
}

int
main(void)
{
	return TABLE_RUN(rule_files, test_rules) + TABLE_RUN(bads, test_bad) +
	    TABLE_RUN(wholes, test_whole) + TABLE_RUN(examples, test_example);
}
