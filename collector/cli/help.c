#include <string.h>

#include "collector/cli/arguments.h"
#include "collector/cli/options.h"

/* --- completion --------------------------------------------------------------- */

void
arguments_list_options(struct text *out, const struct command *command)
{
	unsigned taken = command != NULL ? command->options : 0;

	for (size_t i = 0; options[i].name != NULL; i++)
		if (options[i].of == 0 || (options[i].of & taken) != 0)
			text_addf(out, "--%s\t%.*s\n", options[i].name,
			    (int)strcspn(options[i].help, "\n"),
			    options[i].help);
}

const char *
arguments_value_name(const char *option)
{
	for (size_t i = 0; options[i].name != NULL; i++)
		if (strcmp(options[i].name, option) == 0)
			return options[i].value;
	return NULL;
}

/* --- help ------------------------------------------------------------------- */

static void
add_option(struct text *text, const struct option *option)
{
	const char *line = option->help, *end;
	struct text head = { 0 };

	text_addf(&head, "  --%s%s%s", option->name,
	    option->value != NULL ? " " : "",
	    option->value != NULL ? option->value : "");
	text_addf(text, "%-23s ", head.bytes);
	text_fini(&head);
	while ((end = strchr(line, '\n')) != NULL) {
		text_addf(text, "%.*s\n%24s", (int)(end - line), line, "");
		line = end + 1;
	}
	text_addf(text, "%s\n", line);
	if (option->variable != NULL)
		text_addf(text, "%24s(or %s)\n", "", option->variable);
}

static void
add_options(struct text *text, unsigned of)
{
	for (size_t i = 0; options[i].name != NULL; i++)
		if (of == 0 ? options[i].of == 0 : (options[i].of & of) != 0)
			add_option(text, &options[i]);
}

void
arguments_help(struct text *text, const struct command *const *commands)
{
	text_add(text,
	    "usage: vedette [OPTIONS] COMMAND [ENVIRONMENT[/SERVICE]]\n\n"
	    "Asks a collector how the environments of a product stand, "
	    "what changed, and\nsince when.\n\ncommands:\n");
	for (; *commands != NULL; commands++)
		text_addf(text, "  %-21s %s\n", (*commands)->name,
		    (*commands)->summary);
	text_add(text, "\noptions:\n");
	add_options(text, 0);
	text_add(text,
	    "\nCOLUMNS sets the width where there is no terminal (80); "
	    "NO_COLOR switches colour\noff.  vedette COMMAND --help tells "
	    "more.\n\nexamples:\n"
	    "  vedette status\n"
	    "  vedette --collector tls+tcp://vedette.example:7000 status "
	    "staging\n"
	    "\nexit codes:\n"
	    "  0   answered\n"
	    "  2   the command line or the request is not right\n"
	    "  3   the collector was not reached, did not answer or refused\n"
	    "  status has its own: see vedette status --help\n");
}

void
arguments_command_help(struct text *text, const struct command *command)
{
	text_addf(text, "usage: vedette %s [OPTIONS] %s\n\n%s\n", command->name,
	    command->words != NULL         ? command->words
		: command->operand != NULL ? command->operand
		: command->second != NULL  ? command->second
					   : "[ENVIRONMENT[/SERVICE]]",
	    command->description);
	text_add(text, "options:\n");
	if (command->options != 0)
		add_options(text, command->options);
	text_add(text, "\noptions of every command:\n");
	add_options(text, 0);
	text_addf(text, "\nexamples:\n%s\nexit codes:\n%s", command->examples,
	    command->exits);
}
