#include <string.h>

#include "collector/cli/arguments.h"
#include "tests/support/table.h"

#define WORDS_MAX 8

static const struct command history = {
	.name = "history",
	.summary = "results",
	.options = OPTION_SERVICE | OPTION_PROBE | OPTION_SINCE | OPTION_RANGE |
	    OPTION_LIMIT | OPTION_PHASES,
	.description = "Results.\n",
	.examples = "  vedette history\n",
	.exits = "  0   answered\n",
};
static const struct command watch = {
	.name = "watch",
	.summary = "live",
	.options = OPTION_COUNT | OPTION_FOR | OPTION_RESULTS,
};
static const struct command *const commands[] = { &history, &watch, NULL };

/* Parses words up to a NULL. */
static int
parse(struct arguments *out, const char *const *words, struct err *err)
{
	char *argv[WORDS_MAX + 2] = { (char *)(uintptr_t) "vedette" };
	int argc = 1;

	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	return arguments_parse(out, argc, argv, commands, err);
}

static const struct refusal {
	const char *name, *words[WORDS_MAX], *expect;
} refusals[] = {
	{ "a command is needed", { NULL }, "which command?" },
	{ "the command must exist", { "histroy" }, "unknown command histroy" },
	{ "the option must exist", { "history", "--sinec", "1h" },
	    "unknown option --sinec" },
	{ "short options are unknown", { "history", "-n" },
	    "unknown option -n" },
	{ "an option needs its value", { "history", "--since" },
	    "--since: DURATION is missing" },
	{ "an empty value is none", { "history", "--probe", "" },
	    "--probe: NAME is missing" },
	{ "what travels is UTF-8", { "history", "--probe=caf\xe9" },
	    "--probe: not UTF-8, in which all texts travel; is the terminal "
	    "set to another encoding?" },
	{ "a flag takes no value", { "history", "--phases=yes" },
	    "--phases takes no value" },
	{ "an option must belong to the command", { "watch", "--limit", "3" },
	    "watch takes no --limit" },
	{ "a duration has a unit", { "history", "--since", "10" },
	    "--since: not a duration: write a number and ms, s, m, h or d, "
	    "such as 10s" },
	{ "a duration is not zero", { "watch", "--for", "0s" },
	    "--for: longer than no time at all, please" },
	{ "a timeout is at most ten minutes", { "history", "--timeout", "1h" },
	    "--timeout: at most 10 minutes" },
	{ "a time has a zone", { "history", "--from", "2026-01-05T10:00:00" },
	    "--from: not a time: write it as 2026-01-05T10:00:00.120Z" },
	{ "a range does not run backwards",
	    { "history", "--from", "2026-01-05T10:00:00Z", "--to",
		"2026-01-05T10:00:00Z" },
	    "--to must be later than --from" },
	{ "since and from exclude each other",
	    { "history", "--since", "1h", "--from", "2026-01-05T10:00:00Z" },
	    "--since goes without --from and --to" },
	{ "a limit is a number", { "history", "--limit", "many" },
	    "--limit: not a whole number from 1 to 10000" },
	{ "a limit is not negative", { "history", "--limit", "-1" },
	    "--limit: not a whole number from 1 to 10000" },
	{ "a limit is not beyond what a collector gives",
	    { "history", "--limit", "10001" },
	    "--limit: not a whole number from 1 to 10000" },
	{ "an environment is a name", { "history", " staging" },
	    "environment: not a name: 1 to 64 bytes of printable UTF-8, "
	    "without "
	    "a space at either end" },
	{ "a service is a name", { "history", "staging/" },
	    "service: not a name: 1 to 64 bytes of printable UTF-8, without "
	    "a space at either end" },
	{ "a name has at most 64 bytes",
	    { "history",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	    "environment: not a name: 1 to 64 bytes of printable UTF-8, "
	    "without "
	    "a space at either end" },
	{ "two services are one too many",
	    { "history", "staging/backend", "--service", "database" },
	    "two services: one after the environment, one with --service" },
	{ "one place is enough", { "history", "staging", "production" },
	    "one argument too many: production" },
	{ "a collector has a known scheme",
	    { "history", "--collector", "http://localhost" },
	    "--collector: write ipc:///PATH, tls+tcp://HOST:PORT or "
	    "tcp://HOST:PORT" },
	{ "TLS needs its files",
	    { "history", "--collector", "tls+tcp://localhost:7000", "--ca",
		"ca.pem" },
	    "tls+tcp:// needs --ca, --certificate and --key, or VEDETTE_CA, "
	    "VEDETTE_CERTIFICATE and VEDETTE_KEY" },
};

static void
test_refusal(void **state)
{
	const struct refusal *row = *state;
	struct arguments arguments;
	struct err err;

	assert_int_equal(parse(&arguments, row->words, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	assert_string_equal(err.text, row->expect);
}

static const struct reading {
	const char *name, *words[WORDS_MAX];
	const char *environment, *service, *probe;
	int64_t since_ms, limit;
	bool json;
} readings[] = {
	{ "a command alone asks for everything", { "history" }, "", "", "", 0,
	    0, false },
	{ "a place has an environment and a service",
	    { "history", "staging/backend" }, "staging", "backend", "", 0, 0,
	    false },
	{ "options may stand before the command",
	    { "--json", "--limit=5", "history", "staging" }, "staging", "", "",
	    0, 5, true },
	{ "options may stand behind the place",
	    { "history", "staging", "--since", "1h", "--json" }, "staging", "",
	    "", 3600000, 0, true },
	{ "a value may hold an equals sign", { "history", "--probe=a=b" }, "",
	    "", "a=b", 0, 0, false },
	{ "the last of two values counts",
	    { "history", "--limit", "5", "--limit", "6" }, "", "", "", 0, 6,
	    false },
	{ "two dashes end the options", { "history", "--", "staging" },
	    "staging", "", "", 0, 0, false },
	{ "the same service may be given twice",
	    { "history", "staging/backend", "--service", "backend" }, "staging",
	    "backend", "", 0, 0, false },
};

static void
test_reading(void **state)
{
	const struct reading *row = *state;
	struct arguments arguments;
	struct err err;

	assert_int_equal(parse(&arguments, row->words, &err), 0);
	assert_ptr_equal(arguments.command, &history);
	assert_string_equal(arguments.environment, row->environment);
	assert_string_equal(arguments.service, row->service);
	assert_string_equal(arguments.probe, row->probe);
	assert_int_equal(arguments.since_ms, row->since_ms);
	assert_int_equal(arguments.limit, row->limit);
	assert_int_equal(arguments.json, row->json);
	assert_string_equal(
	    arguments.collector, "ipc:///run/vedette/collector.sock");
	assert_int_equal(arguments.timeout_ms, 10000);
}

static void
test_environment(void **state)
{
	const char *const words[] = { "history", NULL };
	const char *const named[] = { "history", "--collector",
		"tcp://127.0.0.1:1", NULL };
	struct arguments arguments;
	struct err err;

	(void)state;
	setenv("VEDETTE_COLLECTOR", "tls+tcp://collector:7000", 1);
	setenv("VEDETTE_CA", "ca.pem", 1);
	setenv("VEDETTE_CERTIFICATE", "me.pem", 1);
	setenv("VEDETTE_KEY", "me.key", 1);
	setenv("VEDETTE_SERVER_NAME", "", 1);
	assert_int_equal(parse(&arguments, words, &err), 0);
	assert_string_equal(arguments.collector, "tls+tcp://collector:7000");
	assert_string_equal(arguments.ca, "ca.pem");
	assert_string_equal(arguments.server_name, "");
	/* The command line outweighs the environment. */
	assert_int_equal(parse(&arguments, named, &err), 0);
	assert_string_equal(arguments.collector, "tcp://127.0.0.1:1");
	unsetenv("VEDETTE_COLLECTOR");
	unsetenv("VEDETTE_CA");
	unsetenv("VEDETTE_CERTIFICATE");
	unsetenv("VEDETTE_KEY");
	unsetenv("VEDETTE_SERVER_NAME");
}

static void
test_from(void **state)
{
	struct arguments arguments = { .since_ms = 60000 };

	(void)state;
	assert_int_equal(arguments_from_ms(&arguments, 100000), 40000);
	arguments = (struct arguments){ .from_ms = 7 };
	assert_int_equal(arguments_from_ms(&arguments, 100000), 7);
}

static void
check_help(const char *help)
{
	size_t column = 0;

	for (; *help != '\0'; help++) {
		column = *help == '\n' ? 0 : column + 1;
		assert_true(column <= 80);
	}
}

static void
test_help(void **state)
{
	const char *const words[] = { "history", "--limit", "3", "-h", NULL };
	struct arguments arguments;
	struct text text = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(parse(&arguments, words, &err), 0);
	assert_true(arguments.help);
	arguments_command_help(&text, arguments.command);
	assert_non_null(strstr(text.bytes, "--limit N"));
	assert_non_null(strstr(text.bytes, "--collector URL"));
	assert_null(strstr(text.bytes, "--count"));
	check_help(text.bytes);
	text_fini(&text);
	arguments_help(&text, commands);
	assert_non_null(strstr(text.bytes, "history"));
	assert_null(strstr(text.bytes, "--limit"));
	check_help(text.bytes);
	text_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_from),
		cmocka_unit_test(test_help),
	};

	return TABLE_RUN(refusals, test_refusal) +
	    TABLE_RUN(readings, test_reading) +
	    cmocka_run_group_tests_name("others", others, NULL, NULL);
}
