#include <stdlib.h>
#include <string.h>

#include "agent/arguments.h"
#include "proto/base/text.h"

static const char help_program[] =
    "vedette-agent - the sentry of an environment: runs probes, tells a "
    "collector\n"
    "\n"
    "  vedette-agent run [--config FILE]           run as a daemon\n"
    "  vedette-agent check [OPTIONS]               every probe once, without "
    "one\n"
    "  vedette-agent config check [--config FILE]  is the file fit to run "
    "with?\n"
    "  vedette-agent config schema                 a JSON Schema, for "
    "editors\n"
    "  vedette-agent init FROM --environment NAME  write a first "
    "configuration\n"
    "  vedette-agent fingerprint check NAME        is this the value that was "
    "seen?\n"
    "  vedette-agent fingerprint rotate            replace a key of "
    "fingerprints\n"
    "\n"
    "  --config FILE   the configuration [" ARGUMENTS_CONFIG "]; a folder: "
    "its\n"
    "                  files *.yaml, of which all but the first hold only "
    "probes\n"
    "  --help          after a command: about that command\n"
    "  --version\n";

static const char help_run[] =
    "vedette-agent run [--config FILE] - run as a daemon\n"
    "\n"
    "SIGHUP reads the configuration again, as a whole or not at all; SIGTERM "
    "stops\n"
    "at once and loses nothing: what was found waits in the spool.\n"
    "\n"
    "  --config FILE   the configuration [" ARGUMENTS_CONFIG "]\n"
    "\n"
    "Exit codes: 0 stopped by a signal, 1 could not start or could not store, "
    "2 the\n"
    "command line or the configuration is wrong.\n";

static const char help_check[] =
    "vedette-agent check [OPTIONS] - every probe once, without a collector\n"
    "\n"
    "States from where it looks, then what each probe found, grouped by "
    "service,\n"
    "with a hint for each finding.  From an unproven vantage nothing is said "
    "of the\n"
    "environment: all findings are blind spots, and the exit code is 3.\n"
    "\n"
    "  --config FILE   the configuration [" ARGUMENTS_CONFIG "]\n"
    "  --quick         only env, dns and tcp probes, limits of 2 s, no "
    "retries\n"
    "  --full          all probes, and their reference runs as well\n"
    "  --env-check     only env probes\n"
    "  --json          one JSON object (docs/agent.md)\n"
    "  --nagios        one line with performance data, for a Nagios "
    "scheduler\n"
    "  --output FILE   write the report to FILE; a summary to standard output\n"
    "  --failure-threshold warning|critical\n"
    "                  what makes the exit code: with critical, warnings are "
    "shown\n"
    "                  and give 0 [warning]\n"
    "  --explain CODE  what a reason (connect.timeout, 28P01) means, what it "
    "cannot\n"
    "                  tell, and which test separates; runs nothing\n"
    "\n"
    "Exit codes: 0 ok, 1 warning, 2 critical, 3 unknown: a probe could not "
    "tell, the\n"
    "vantage is unproven, no probe was selected, or the command line or the\n"
    "configuration is wrong.\n";

static const char help_config[] =
    "vedette-agent config check [--config FILE] - is the file fit to run "
    "with?\n"
    "\n"
    "Complaints name file, line, column and key, and never quote a value.\n"
    "\n"
    "  --config FILE   the configuration [" ARGUMENTS_CONFIG "]\n"
    "\n"
    "Exit codes: 0 fit, 2 not.\n";

static const char help_schema[] =
    "vedette-agent config schema - the configuration as a JSON Schema\n"
    "\n"
    "For editors.  With yaml-language-server, keep it as agent.schema.json and "
    "begin\n"
    "the configuration with\n"
    "  # yaml-language-server: $schema=agent.schema.json\n";

static const char help_init[] =
    "vedette-agent init FROM --environment NAME [OPTIONS]\n"
    "\n"
    "Writes a first configuration.\n"
    "\n"
    "FROM is one of:\n"
    "  --env-file FILE       NAME=value lines of a service: what it stands on "
    "becomes\n"
    "                        probes, which read the file at each run; no "
    "secret\n"
    "                        is copied\n"
    "  --from-blackbox FILE --targets FILE\n"
    "                        modules of blackbox_exporter, and targets as in a "
    "scrape\n"
    "                        configuration of Prometheus (or its file_sd)\n"
    "  --from-gatus FILE     endpoints of Gatus, with their conditions\n"
    "\n"
    "What could not be carried over is listed at the end.  Nothing is probed.\n"
    "\n"
    "  --environment NAME    which the agent stands in; required\n"
    "  --agent NAME          of the agent [the host's name]\n"
    "  --service NAME        that the probes are about\n"
    "  --collector URL       where results go\n"
    "  --output FILE         a new file [standard output]\n"
    "\n"
    "Exit codes: 0 written, 1 not written, 2 the command line is wrong.\n";

static const char help_config_words[] =
    "vedette-agent config check [--config FILE]  is the file fit to run "
    "with?\n"
    "vedette-agent config schema                 a JSON Schema, for editors\n"
    "\n"
    "--help behind either of them tells more.\n";

static const char help_fingerprint_words[] =
    "vedette-agent fingerprint check NAME        is this the value that was "
    "seen?\n"
    "vedette-agent fingerprint rotate            replace a key of "
    "fingerprints\n"
    "\n"
    "--help behind either of them tells more.\n";

static const char help_fingerprint_check[] =
    "vedette-agent fingerprint check NAME [FINGERPRINT] - is it this value?\n"
    "\n"
    "Reads a value from standard input (from a terminal, without showing it) "
    "and\n"
    "tells whether it is the one of the variable or setting NAME that the "
    "collector\n"
    "shows as FINGERPRINT.  Without FINGERPRINT, those of the value are "
    "printed.\n"
    "The value itself is never printed, kept or sent.\n"
    "\n"
    "  --config FILE   the configuration [" ARGUMENTS_CONFIG "]\n"
    "\n"
    "Exit codes: 0 it is, 1 it is not, 2 the command line or the configuration "
    "is\n"
    "wrong, 3 nobody can tell: it was made with a key that is not on this "
    "host.\n";

static const char help_fingerprint_rotate[] =
    "vedette-agent fingerprint rotate [OPTIONS] - replace a key\n"
    "\n"
    "Replaces the key of the environment's fingerprints, or the fleet's.  The "
    "old one\n"
    "stays beside it as KEY.previous: until fingerprint_overlap is over the "
    "agent\n"
    "sends fingerprints of both, so that nothing looks changed.  A running "
    "agent\n"
    "reads its keys again at SIGHUP.\n"
    "\n"
    "  --fleet         the key of the whole fleet\n"
    "  --key FILE      the new key, as another host made it [one at random]\n"
    "  --config FILE   the configuration [" ARGUMENTS_CONFIG "]\n"
    "\n"
    "Exit codes: 0 replaced, 1 not, 2 the command line or the configuration "
    "is\n"
    "wrong.\n";

static const char *const helps[] = {
	[COMMAND_NONE] = help_program,
	[COMMAND_CONFIG] = help_config_words,
	[COMMAND_FINGERPRINT] = help_fingerprint_words,
	[COMMAND_RUN] = help_run,
	[COMMAND_CHECK] = help_check,
	[COMMAND_CONFIG_CHECK] = help_config,
	[COMMAND_CONFIG_SCHEMA] = help_schema,
	[COMMAND_INIT] = help_init,
	[COMMAND_FINGERPRINT_CHECK] = help_fingerprint_check,
	[COMMAND_FINGERPRINT_ROTATE] = help_fingerprint_rotate,
};

const char *
arguments_help(enum arguments_command command)
{
	return helps[command];
}

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* The word behind config. */
static int
parse_config(struct arguments *out, const char *word, struct err *err)
{
	if (strcmp(word, "check") == 0) {
		out->command = COMMAND_CONFIG_CHECK;
	} else if (strcmp(word, "schema") == 0) {
		out->command = COMMAND_CONFIG_SCHEMA;
	} else if (is_help(word)) {
		out->command = COMMAND_CONFIG;
		out->help = true;
	} else {
		return err_set(err, ERR_INVALID,
		    "config: write vedette-agent config check, or config "
		    "schema");
	}
	return 0;
}

/* The words behind fingerprint. */
static int
parse_fingerprint(
    struct arguments *out, int *at, int argc, char **argv, struct err *err)
{
	const char *word = *at < argc ? argv[(*at)++] : "";

	if (strcmp(word, "rotate") == 0) {
		out->command = COMMAND_FINGERPRINT_ROTATE;
		return 0;
	}
	if (is_help(word)) {
		out->command = COMMAND_FINGERPRINT;
		out->help = true;
		return 0;
	}
	if (strcmp(word, "check") != 0)
		return err_set(err, ERR_INVALID,
		    "fingerprint: write vedette-agent fingerprint check NAME, "
		    "or fingerprint rotate");
	out->command = COMMAND_FINGERPRINT_CHECK;
	if (*at < argc && argv[*at][0] != '-')
		out->name = argv[(*at)++];
	if (*at < argc && argv[*at][0] != '-')
		out->fingerprint = argv[(*at)++];
	return 0;
}

/* The words behind the program's name, up to the first option. */
static int
parse_command(
    struct arguments *out, int *at, int argc, char **argv, struct err *err)
{
	const char *word = *at < argc ? argv[*at] : "--help";

	if (word[0] == '-')
		return 0;
	++*at;
	if (strcmp(word, "run") == 0) {
		out->command = COMMAND_RUN;
	} else if (strcmp(word, "check") == 0) {
		out->command = COMMAND_CHECK;
	} else if (strcmp(word, "init") == 0) {
		out->command = COMMAND_INIT;
	} else if (strcmp(word, "fingerprint") == 0) {
		return parse_fingerprint(out, at, argc, argv, err);
	} else if (strcmp(word, "config") == 0) {
		return parse_config(out, *at < argc ? argv[(*at)++] : "", err);
	} else {
		return err_set(err, ERR_INVALID,
		    "%s: no such command; there are run, check, config check, "
		    "config schema, init, fingerprint check, fingerprint "
		    "rotate",
		    word);
	}
	return 0;
}

/* Is argv[*at] this option?  Its value goes to *out. */
static int
take_value(const char **out, const char *name, int *at, int argc, char **argv,
    struct err *err)
{
	size_t n = strlen(name);
	const char *argument = argv[*at];

	if (strncmp(argument, name, n) != 0 ||
	    (argument[n] != '\0' && argument[n] != '='))
		return 0;
	if (argument[n] == '=') {
		*out = argument + n + 1;
	} else if (*at + 1 < argc) {
		*out = argv[++*at];
	} else {
		return err_set(err, ERR_INVALID, "%s: needs a value", name);
	}
	if (**out == '\0')
		return err_set(err, ERR_INVALID, "%s: is empty", name);
	return 1;
}

static int
set_scope(struct arguments *out, enum arguments_scope scope, struct err *err)
{
	if (out->scope != SCOPE_NORMAL && out->scope != scope)
		return err_set(err, ERR_INVALID,
		    "--quick, --full and --env-check exclude each other");
	out->scope = scope;
	return 1;
}

static int
set_threshold(struct arguments *out, const char *word, struct err *err)
{
	if (strcmp(word, "critical") == 0)
		out->threshold = OUTCOME_CRITICAL;
	else if (strcmp(word, "warning") == 0)
		out->threshold = OUTCOME_WARNING;
	else
		return err_set(err, ERR_INVALID,
		    "--failure-threshold: write warning or critical");
	return 1;
}

static int
set_flag(bool *flag)
{
	*flag = true;
	return 1;
}

/* Options of check.  Returns 1 when it was one of them. */
static int
parse_check_option(
    struct arguments *out, int *at, int argc, char **argv, struct err *err)
{
	const char *option = argv[*at], *word = NULL;
	int taken;

	if (strcmp(option, "--quick") == 0)
		return set_scope(out, SCOPE_QUICK, err);
	if (strcmp(option, "--full") == 0)
		return set_scope(out, SCOPE_FULL, err);
	if (strcmp(option, "--env-check") == 0)
		return set_scope(out, SCOPE_ENV_ONLY, err);
	if (strcmp(option, "--json") == 0)
		return set_flag(&out->json);
	if (strcmp(option, "--nagios") == 0)
		return set_flag(&out->nagios);
	taken = take_value(&out->output, "--output", at, argc, argv, err);
	if (taken == 0)
		taken =
		    take_value(&out->explain, "--explain", at, argc, argv, err);
	if (taken != 0)
		return taken;
	taken = take_value(&word, "--failure-threshold", at, argc, argv, err);
	return taken <= 0 ? taken : set_threshold(out, word, err);
}

/* Options of init.  Returns 1 when it was one of them. */
static int
parse_init_option(
    struct arguments *out, int *at, int argc, char **argv, struct err *err)
{
	const struct {
		const char *name;
		const char **value;
	} options[] = {
		{ "--env-file", &out->env_file },
		{ "--from-blackbox", &out->blackbox },
		{ "--from-gatus", &out->gatus },
		{ "--targets", &out->targets },
		{ "--environment", &out->environment },
		{ "--agent", &out->agent },
		{ "--service", &out->service },
		{ "--collector", &out->collector },
		{ "--output", &out->output },
	};
	int taken = 0;

	for (size_t i = 0;
	     i < sizeof(options) / sizeof(options[0]) && taken == 0; i++)
		taken = take_value(
		    options[i].value, options[i].name, at, argc, argv, err);
	return taken;
}

static int
check_init(const struct arguments *arguments, struct err *err)
{
	int n = (arguments->env_file != NULL) + (arguments->blackbox != NULL) +
	    (arguments->gatus != NULL);

	if (n != 1)
		return err_set(err, ERR_INVALID,
		    "init: needs one of --env-file, --from-blackbox, "
		    "--from-gatus");
	if ((arguments->targets != NULL) != (arguments->blackbox != NULL))
		return err_set(err, ERR_INVALID,
		    "init: --from-blackbox and --targets belong together: the "
		    "modules say how, the targets what");
	if (arguments->environment == NULL)
		return err_set(err, ERR_INVALID,
		    "init: needs --environment NAME: what the agent stands in");
	if (!text_is_name(arguments->environment))
		return err_set(err, ERR_INVALID,
		    "--environment: not a name: write 1 to 64 of "
		    "a-z 0-9 . _ -");
	return 0;
}

static int
parse_option(
    struct arguments *out, int *at, int argc, char **argv, struct err *err)
{
	const char *option = argv[*at];
	int taken;

	if (is_help(option))
		return set_flag(&out->help);
	if (strcmp(option, "--version") == 0)
		return set_flag(&out->version);
	if (out->command == COMMAND_INIT)
		taken = parse_init_option(out, at, argc, argv, err);
	else
		taken =
		    take_value(&out->config, "--config", at, argc, argv, err);
	if (taken == 0 && out->command == COMMAND_FINGERPRINT_ROTATE)
		taken = strcmp(option, "--fleet") == 0
		    ? set_flag(&out->is_fleet)
		    : take_value(&out->key, "--key", at, argc, argv, err);
	if (taken == 0 && out->command == COMMAND_CHECK)
		taken = parse_check_option(out, at, argc, argv, err);
	if (taken == 0)
		return err_set(
		    err, ERR_INVALID, "%s: not understood here", option);
	return taken;
}

int
arguments_parse(struct arguments *out, int argc, char **argv, struct err *err)
{
	int at = 1;

	*out = (struct arguments){
		.config = ARGUMENTS_CONFIG,
		.threshold = OUTCOME_WARNING,
	};
	if (parse_command(out, &at, argc, argv, err) < 0)
		return -1;
	for (; at < argc; at++)
		if (parse_option(out, &at, argc, argv, err) < 0)
			return -1;
	if (out->command == COMMAND_INIT && !out->help && !out->version &&
	    check_init(out, err) < 0)
		return -1;
	if (out->command == COMMAND_FINGERPRINT_CHECK && out->name == NULL &&
	    !out->help && !out->version)
		return err_set(err, ERR_INVALID,
		    "fingerprint check: needs a NAME: that of the variable or "
		    "setting");
	if (out->json && out->nagios)
		return err_set(
		    err, ERR_INVALID, "--json and --nagios exclude each other");
	if (out->command == COMMAND_NONE && !out->version)
		out->help = true;
	return 0;
}
