#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "collector/keep/cmd.h"
#include "collector/collector.h"
#include "collector/config/config.h"
#include "proto/base/log.h"

#define CONFIG_DEFAULT "/etc/vedette/collector.yaml"

enum exit_code {
	EXIT_DONE = 0,   /* stopped as told; the configuration is right */
	EXIT_FAILED = 1, /* could not start */
	EXIT_CONFIG = 2, /* the command line or the configuration is wrong */
};

static const char help[] =
    "vedette-collector - keeps the history, flags what got worse, answers\n"
    "\n"
    "  vedette-collector run [--config FILE]\n"
    "      runs until SIGTERM or SIGINT; SIGHUP reads FILE and the\n"
    "      certificates again\n"
    "  vedette-collector config check [--config FILE]\n"
    "      says whether FILE is right, and where it is not\n"
    "  vedette-collector replay FILE.jsonl --store STORE [--config FILE]\n"
    "      feeds recorded results, facts and events through the whole\n"
    "      pipeline; their own times are the only clock\n"
    "  vedette-collector import FILE.jsonl --store STORE [--config FILE]\n"
    "      adds them to a history as what came late; raises nothing\n"
    "  vedette-collector export --store STORE [--output FILE]\n"
    "      [--format jsonl|csv] [--environment NAME] [--from TIME]\n"
    "      [--to TIME]\n"
    "      writes all that is kept, sorted by time\n"
    "  vedette-collector verify --store STORE [--repair]\n"
    "      checks every page, row and chunk; says what is lost\n"
    "  vedette-collector backup --store STORE FILE\n"
    "      copies the store to a new FILE, also while it is in use\n"
    "  vedette-collector compact --store STORE\n"
    "      seals what waits and gives back the room of what was deleted;\n"
    "      while no collector runs\n"
    "  vedette-collector --help | --version\n"
    "\n"
    "FILE.jsonl is JSON Lines as in docs/formats.md, - is standard input;\n"
    "STORE is the path of a database.  The configuration FILE of a daemon "
    "is\n" CONFIG_DEFAULT " when not given; docs/collector.md\n"
    "describes it, deploy/collector.yaml is an example.  Messages go to\n"
    "standard error.\n"
    "\n"
    "Exit codes:\n"
    "  0   stopped as told; done; the configuration is right\n"
    "  1   could not start or end: the message says what stands in the way\n"
    "  2   the command line, the configuration or the input is wrong\n";

static int
refuse(const char *what)
{
	fprintf(stderr, "vedette-collector: %s; see vedette-collector --help\n",
	    what);
	return EXIT_CONFIG;
}

static int
check_config(const char *path)
{
	struct complaints complaints = { 0 };
	struct collector_config *config;
	struct err err;
	char *text;

	/* Tells all that is wrong, where the others stop at the first. */
	if (config_load_all(&config, path, &complaints, &err) < 0) {
		text = complaints_print(&complaints, "vedette-collector: ");
		if (complaints.n > 0)
			fputs(text, stderr);
		else
			fprintf(stderr, "vedette-collector: %s\n", err.text);
		free(text);
		complaints_fini(&complaints);
		return EXIT_CONFIG;
	}
	printf("%s: right: %u addresses, %u environments, %u services, "
	       "%u expectations\n",
	    path, config->n_listen, config->n_environments, config->n_services,
	    config->n_expectations);
	config_free(config);
	return EXIT_DONE;
}

static int
run(const char *path)
{
	struct collector_config *config;
	struct err err;

	/* Before anything is opened, so that the exit codes differ. */
	if (config_load(&config, path, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_CONFIG;
	}
	config_free(config);
	if (collector_run(path, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

/* Commands that work on a store and end. */
static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "replay", cmd_replay },
	{ "import", cmd_import },
	{ "export", cmd_export },
	{ "verify", cmd_verify },
	{ "backup", cmd_backup },
	{ "compact", cmd_compact },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* The value of "--config FILE" or "--config=FILE", which is all that may be
 * there; NULL when something else is. */
static const char *
config_of(int argc, char **argv)
{
	if (argc == 0)
		return CONFIG_DEFAULT;
	if (argc == 1 && strncmp(argv[0], "--config=", 9) == 0)
		return argv[0] + 9;
	if (argc == 2 && strcmp(argv[0], "--config") == 0)
		return argv[1];
	return NULL;
}

int
main(int argc, char **argv)
{
	const char *path;

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_DUMPABLE, 0); /* a private key is in our memory */
	if (argc == 2 &&
	    (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("vedette-collector " VEDETTE_VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; argc > 1 && i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "run") == 0) {
		path = config_of(argc - 2, argv + 2);
		return path != NULL ? run(path)
				    : refuse("run takes --config FILE only");
	}
	if (argc > 2 && strcmp(argv[1], "config") == 0 &&
	    strcmp(argv[2], "check") == 0) {
		path = config_of(argc - 3, argv + 3);
		return path != NULL
		    ? check_config(path)
		    : refuse("config check takes --config FILE only");
	}
	return refuse(argc > 1 ? "unknown command" : "which command?");
}
