#include <stdio.h>
#include <string.h>

#include "collector/cli/ask.h"
#include "collector/cli/complete.h"
#include "collector/cli/output.h"

#define ASK_MS 1000 /* a person waits, with a finger on the tab key */

/* --- what stands there already ---------------------------------------------- */

struct line {
	const struct command *command; /* NULL: not yet */
	const char *option;            /* whose value is being typed, or NULL */
	size_t n_operands;             /* before the word being typed */
};

static const struct command *
find_command(const struct command *const *commands, const char *name)
{
	for (; *commands != NULL; commands++)
		if (strcmp((*commands)->name, name) == 0)
			return *commands;
	return NULL;
}

/* Reads all words but the last. */
static struct line
read_line(char *const *words, size_t n, const struct command *const *commands)
{
	struct line line = { 0 };

	for (size_t i = 0; i + 1 < n; i++) {
		const char *word = words[i];

		if (line.option != NULL) {
			line.option = NULL;
		} else if (strncmp(word, "--", 2) == 0) {
			if (arguments_value_name(word + 2) != NULL)
				line.option = word + 2;
		} else if (line.command == NULL) {
			line.command = find_command(commands, word);
		} else {
			line.n_operands++;
		}
	}
	return line;
}

/* --- candidates -------------------------------------------------------------- */

/* The words that an option takes, where they are few. */
static const struct {
	const char *option, *words;
} closed[] = {
	{ "by", "hour\nday\nweek\n" },
	{ "format", "text\nmd\nhtml\njson\n" },
	{ "kind",
	    "deploy\nrollback\nrestart\nconfig_change\nsecret_change\nscale\n"
	    "maintenance_start\nmaintenance_end\nclaim\nincident_closed\n" },
};

static enum complete_names
complete_value(struct text *out, const char *option)
{
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		if (strcmp(closed[i].option, option) == 0)
			text_add(out, closed[i].words);
	if (strcmp(option, "environment") == 0)
		return COMPLETE_ENVIRONMENTS;
	if (strcmp(option, "service") == 0)
		return COMPLETE_SERVICES;
	return COMPLETE_NOTHING; /* files, which the shell knows better */
}

static enum complete_names
complete_operand(const struct line *line)
{
	if (line->command->operand != NULL || line->command->words != NULL)
		return COMPLETE_NOTHING;
	if (line->command->second != NULL && line->n_operands < 2)
		return line->n_operands == 0 ? COMPLETE_PLACES
					     : COMPLETE_ENVIRONMENTS;
	return line->n_operands == 0 ? COMPLETE_PLACES : COMPLETE_NOTHING;
}

enum complete_names
complete_words(struct text *out, char *const *words, size_t n,
    const struct command *const *commands)
{
	struct line line = read_line(words, n, commands);

	if (line.option != NULL)
		return complete_value(out, line.option);
	if (n > 0 && words[n - 1][0] == '-') {
		arguments_list_options(out, line.command);
		return COMPLETE_NOTHING;
	}
	if (line.command != NULL)
		return complete_operand(&line);
	for (; *commands != NULL; commands++)
		text_addf(
		    out, "%s\t%s\n", (*commands)->name, (*commands)->summary);
	return COMPLETE_NOTHING;
}

/* --- names ------------------------------------------------------------------- */

static bool
has_line(const struct text *text, const char *line)
{
	const char *at = text->n > 0 ? text->bytes : "";
	size_t n = strlen(line);

	for (; *at != '\0'; at = strchr(at, '\n') + 1)
		if (strncmp(at, line, n) == 0 && at[n] == '\n')
			return true;
	return false;
}

static void
add_once(struct text *out, const char *line)
{
	if (!has_line(out, line))
		text_addf(out, "%s\n", line);
}

void
complete_answer(struct text *out, enum complete_names names, const char *typed,
    const struct status_answer *answer)
{
	bool services = strchr(typed, '/') != NULL;
	char place[160];

	for (size_t i = 0; i < answer->n_cells; i++) {
		const struct cell_row *cell = &answer->cells[i];

		if (names == COMPLETE_SERVICES) {
			if (cell->service[0] != '\0')
				add_once(out, cell->service);
		} else if (names == COMPLETE_PLACES && services) {
			snprintf(place, sizeof(place), "%s/%s",
			    cell->environment, cell->service);
			if (cell->service[0] != '\0')
				add_once(out, place);
		} else {
			add_once(out, cell->environment);
		}
	}
}

/* --- asking ------------------------------------------------------------------ */

/* First, what ask.h hands back. */
struct completion {
	struct arguments arguments;
	enum complete_names names;
	const char *typed;
};

static void
on_answer(void *arg, const struct rpc_status *status,
    const struct status_answer *answer)
{
	struct ask *ask = arg;
	const struct completion *completion =
	    (const struct completion *)ask->arguments;

	if (answer != NULL)
		complete_answer(&ask->page.text, completion->names,
		    completion->typed, answer);
	ask_done(ask, status);
}

static void
start(struct ask *ask, struct query_client *client)
{
	struct query_status request = { .environment = "", .service = "" };

	query_status(client, &request, on_answer, ask);
}

/* What was typed of the connection holds here as well; the rest does not
 * matter. */
static void
read_connection(struct completion *completion, int argc, char **argv,
    const struct command *const *commands)
{
	struct err err;

	(void)arguments_parse(
	    &completion->arguments, argc, argv, commands, &err);
	if (completion->arguments.timeout_ms > ASK_MS)
		completion->arguments.timeout_ms = ASK_MS;
}

int
complete_run(int argc, char **argv, const struct command *const *commands,
    const struct look *look)
{
	struct completion completion = { .typed =
					     argc > 0 ? argv[argc - 1] : "" };
	struct text text = { 0 };
	struct err err;

	completion.names = complete_words(&text, argv, (size_t)argc, commands);
	if (output_write(&text, &err) < 0)
		return OUTPUT_NO_ANSWER;
	if (completion.names == COMPLETE_NOTHING)
		return OUTPUT_DONE;
	/* argv[-1] stands where the program's name does. */
	read_connection(&completion, argc, argv - 1, commands);
	return ask_collector(&completion.arguments, look, start);
}
