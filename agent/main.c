#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "agent/agent.h"
#include "agent/arguments.h"
#include "agent/check.h"
#include "agent/explain.h"
#include "agent/fingerprint_check.h"
#include "agent/fingerprint_key.h"
#include "agent/init.h"
#include "agent/schema_json.h"
#include "agent/secrets.h"
#include "proto/base/descriptors.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

enum exit {
	EXIT_DONE = 0,
	EXIT_TROUBLE = 1, /* run: could not start, or not store */
	EXIT_USAGE = 2,   /* the command line or the configuration is wrong */
	EXIT_UNKNOWN = 3, /* the same for check, which speaks as Nagios does */
};

static void
complain(const char *text, const char *advice)
{
	char *clean = mem_strdup(text);

	text_sanitise(clean, strlen(clean));
	fprintf(stderr, "vedette-agent: %s%s%s\n", clean,
	    advice[0] != '\0' ? "\n  " : "", advice);
	free(clean);
}

static int
usage_exit(const struct arguments *arguments)
{
	return arguments->command == COMMAND_CHECK ? EXIT_UNKNOWN : EXIT_USAGE;
}

static int
run(struct agent_config *config, const struct arguments *arguments)
{
	struct err err;

	umask(0077); /* what the agent keeps is nobody else's */
	if (agent_run(config, arguments->config, &err) == 0)
		return EXIT_DONE;
	complain(err.text, "");
	return err.code == ERR_INVALID ? EXIT_USAGE : EXIT_TROUBLE;
}

static int
check(struct agent_config *config, const struct arguments *arguments)
{
	struct err err;
	int code = EXIT_UNKNOWN;

	if (check_run(&code, config, arguments, &err) < 0) {
		complain(err.text, "");
		code = EXIT_UNKNOWN;
	}
	config_free(config);
	return code;
}

static int
fingerprint_check(
    struct agent_config *config, const struct arguments *arguments)
{
	enum fingerprint_match match = FINGERPRINT_MATCH_UNKNOWN;
	struct text text = { 0 };
	struct err err;
	int rc = fingerprint_check_run(&text, &match, config, arguments, &err);

	config_free(config);
	if (rc < 0) {
		complain(err.text, "");
		return EXIT_USAGE;
	}
	fputs(text.bytes, stdout);
	text_fini(&text);
	return match == FINGERPRINT_MATCH_SAME ? EXIT_DONE
	    : match == FINGERPRINT_MATCH_OTHER ? EXIT_TROUBLE
					       : EXIT_UNKNOWN;
}

static int
fingerprint_rotate(
    struct agent_config *config, const struct arguments *arguments)
{
	const char *path = arguments->is_fleet ? config->fingerprint_fleet_key
					       : config->fingerprint_key;
	struct err err;
	int rc = path == NULL
	    ? err_set(&err, ERR_NOT_FOUND, "%s: has no fingerprint_fleet_key",
		  arguments->config)
	    : fingerprint_key_rotate(path, arguments->key, &err);

	if (rc < 0)
		complain(err.text, "");
	else
		printf("%s: replaced; the one before stays beside it for %s.  "
		       "A running agent\nreads its keys again at SIGHUP.\n",
		    path, config->fingerprint_overlap);
	config_free(config);
	return rc < 0 ? EXIT_TROUBLE : EXIT_DONE;
}

static void
on_open_secret(void *arg, const char *text)
{
	char *warning = mem_printf("warning: %s", text);

	(void)arg;
	complain(warning, "");
	free(warning);
}

/* Tells all that is wrong, where the others stop at the first. */
static int
config_check(const struct arguments *arguments)
{
	struct complaints complaints = { 0 };
	struct agent_config *config;
	struct err err;
	char *text;

	if (config_load_all(&config, arguments->config, &complaints, &err) <
	    0) {
		text = complaints_print(&complaints, "vedette-agent: ");
		if (complaints.n > 0)
			fputs(text, stderr);
		else
			complain(err.text, "");
		free(text);
		complaints_fini(&complaints);
		return EXIT_USAGE;
	}
	secrets_warn(config, on_open_secret, NULL);
	printf("%s: fit: %s in %s, %u probes\n", arguments->config,
	    config->agent, config->environment, config->n_probes);
	config_free(config);
	return EXIT_DONE;
}

static int
tell(const char *code)
{
	struct text text = { 0 };
	struct err err;

	if (explain(&text, code, &err) < 0) {
		complain(err.text, "");
		return EXIT_UNKNOWN;
	}
	fputs(text.bytes, stdout);
	text_fini(&text);
	return EXIT_DONE;
}

static int
print_schema(void)
{
	struct text text = { 0 };
	int rc;

	schema_json(&text);
	rc = fputs(text.bytes, stdout) < 0 || fflush(stdout) != 0;
	text_fini(&text);
	return rc != 0 ? EXIT_TROUBLE : EXIT_DONE;
}

static int
init(const struct arguments *arguments)
{
	struct err err;

	if (init_run(arguments, &err) == 0)
		return EXIT_DONE;
	complain(err.text, "");
	return EXIT_TROUBLE;
}

int
main(int argc, char **argv)
{
	struct agent_config *config;
	struct arguments arguments;
	struct err err;

	/* The memory of the agent holds secrets: no core dumps, no debugger
	 * of its own user. */
	prctl(PR_SET_DUMPABLE, 0);
	/* What may read the environment of others is the agent alone, not the
	 * plug-ins it runs. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
	descriptors_raise();
	if (arguments_parse(&arguments, argc, argv, &err) < 0) {
		complain(err.text, "see vedette-agent --help");
		return usage_exit(&arguments);
	}
	if (arguments.help) {
		fputs(arguments_help(arguments.command), stdout);
		return EXIT_DONE;
	}
	if (arguments.version) {
		puts("vedette-agent " VEDETTE_VERSION);
		return EXIT_DONE;
	}
	if (arguments.explain != NULL)
		return tell(arguments.explain);
	if (arguments.command == COMMAND_CONFIG_SCHEMA)
		return print_schema();
	if (arguments.command == COMMAND_INIT)
		return init(&arguments);
	if (arguments.command == COMMAND_CONFIG_CHECK)
		return config_check(&arguments);
	if (config_load(&config, arguments.config, &err) < 0) {
		complain(err.text, "");
		return usage_exit(&arguments);
	}
	if (arguments.command == COMMAND_RUN)
		return run(config, &arguments);
	if (arguments.command == COMMAND_CHECK)
		return check(config, &arguments);
	if (arguments.command == COMMAND_FINGERPRINT_CHECK)
		return fingerprint_check(config, &arguments);
	return fingerprint_rotate(config, &arguments);
}
