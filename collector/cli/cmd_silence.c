#include <string.h>

#include "collector/cli/ask_document.h"
#include "collector/cli/ask_order.h"
#include "collector/cli/cmd.h"
#include "collector/cli/output.h"
#include "collector/cli/show_document.h"

/* --- list ------------------------------------------------------------------- */

static void
show(struct ask *ask, const json_t *document)
{
	show_silences(&ask->page, document);
}

static void
start_list(struct ask *ask, struct query_client *client)
{
	const struct query_document request =
	    ask_about(ask->arguments, "silences");

	ask_document(ask, client, &request, show, NULL);
}

/* --- add, remove ------------------------------------------------------------ */

static void
say_silenced(struct page *page, const struct order_answer *answer)
{
	char time[RENDER_TIME_BYTES];

	page_put(page, INK_PLAIN, "silence %llu until %s UTC",
	    (unsigned long long)answer->id,
	    render_time(time, answer->until_ms));
	page_newline(page);
}

static void
start_add(struct ask *ask, struct query_client *client)
{
	const struct arguments *arguments = ask->arguments;
	const struct order order = {
		.kind = ORDER_SILENCE,
		.environment = arguments->environment,
		.service = arguments->service,
		.for_ms = arguments->for_ms,
		.by = arguments->by != NULL ? arguments->by : "",
		.why = arguments->why != NULL ? arguments->why : "",
	};

	(void)client;
	ask_order(ask, &order, say_silenced);
}

static void
say_removed(struct page *page, const struct order_answer *answer)
{
	page_put(page, INK_PLAIN, "silence %llu is removed",
	    (unsigned long long)answer->id);
	page_newline(page);
}

static void
start_remove(struct ask *ask, struct query_client *client)
{
	const struct order order = {
		.kind = ORDER_UNSILENCE,
		.id = ask_order_id(ask->arguments->words[1]),
		.environment = "",
		.service = "",
		.by = "",
		.why = "",
	};

	(void)client;
	ask_order(ask, &order, say_removed);
}

/* --- which of them ---------------------------------------------------------- */

static int
refuse(const char *what)
{
	output_complain(what, "see vedette silence --help");
	return OUTPUT_USAGE;
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	const char *word =
	    arguments->n_words > 0 ? arguments->words[0] : "list";
	size_t n = arguments->n_words;

	if (strcmp(word, "list") == 0 && n <= 1)
		return ask_collector(arguments, look, start_list);
	if (arguments->store != NULL)
		return refuse("silence: tells a collector, not a store");
	if (strcmp(word, "add") == 0 && n == 1) {
		if (arguments->environment[0] == '\0' &&
		    arguments->service[0] == '\0')
			return refuse("silence add: --environment or --service "
				      "is missing");
		if (arguments->for_ms == 0)
			return refuse("silence add: --for is missing");
		return ask_collector(arguments, look, start_add);
	}
	if (strcmp(word, "remove") == 0 && n == 2 &&
	    ask_order_id(arguments->words[1]) != 0)
		return ask_collector(arguments, look, start_remove);
	return refuse("silence: add, list or remove ID");
}

const struct command cmd_silence = {
	.name = "silence",
	.summary = "nobody is told of a place for a while",
	.options = OPTION_ENVIRONMENT | OPTION_SERVICE | OPTION_ORDER,
	.words = "add|list|remove [ID]",
	.description =
	    "What breaks in a silenced place is recorded and shown, and told "
	    "when the silence\nis over if it still fires.  An alert that has "
	    "spread to other services is told.\nThat it is resolved is "
	    "always told to whoever was told that it fires.\n",
	.examples =
	    "  vedette silence add --environment staging --for 2h\n"
	    "  vedette silence add --service cache --for 30m --why 'resize'\n"
	    "  vedette silence list\n"
	    "  vedette silence remove 3\n",
	.exits = CMD_EXITS,
	.run = run,
};
