#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collector/cli/cmd.h"
#include "collector/cli/complete.h"
#include "collector/cli/output.h"

static const struct command *const commands[] = {
	&cmd_status,
	&cmd_history,
	&cmd_changes,
	&cmd_regressions,
	&cmd_watch,
	&cmd_detect,
	&cmd_diagnose,
	&cmd_incidents,
	&cmd_incident,
	&cmd_report,
	&cmd_trend,
	&cmd_timeline,
	&cmd_diff,
	&cmd_mark,
	&cmd_gate,
	&cmd_guards,
	&cmd_guard,
	&cmd_alerts,
	&cmd_ack,
	&cmd_silence,
	&cmd_sql,
	NULL,
};

/* Writes what --help and --version ask for. */
static int
tell(const struct arguments *arguments)
{
	struct text text = { 0 };
	struct err err;

	if (!arguments->help)
		text_add(&text, "vedette " VEDETTE_VERSION "\n");
	else if (arguments->command != NULL)
		arguments_command_help(&text, arguments->command);
	else
		arguments_help(&text, commands);
	if (output_write(&text, &err) < 0 && err.code != ERR_CLOSED) {
		output_complain(err.text, NULL);
		return OUTPUT_NO_ANSWER;
	}
	return OUTPUT_DONE;
}

static int
refuse(const struct arguments *arguments, const struct err *err)
{
	char advice[80];

	snprintf(advice, sizeof(advice), "see vedette %s%s--help",
	    arguments->command != NULL ? arguments->command->name : "",
	    arguments->command != NULL ? " " : "");
	output_complain(err->text, advice);
	return OUTPUT_USAGE;
}

int
main(int argc, char **argv)
{
	struct arguments arguments;
	struct look look;
	struct err err;

	signal(SIGPIPE, SIG_IGN); /* a pipe that closed is told by write() */
	look_at(&look, STDOUT_FILENO);
	if (argc > 1 && strcmp(argv[1], "complete") == 0)
		return complete_run(argc - 2, argv + 2, commands, &look);
	if (arguments_parse(&arguments, argc, argv, commands, &err) < 0)
		return refuse(&arguments, &err);
	if (arguments.help || arguments.version)
		return tell(&arguments);
	return arguments.command->run(&arguments, &look);
}
