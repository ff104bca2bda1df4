#include "collector/cli/ask.h"
#include "collector/cli/cmd.h"
#include "proto/shape.h"
#include "collector/cli/show.h"

static void
on_answer(void *arg, const struct rpc_status *status,
    const struct history_answer *answer)
{
	struct ask *ask = arg;

	if (answer != NULL && ask->arguments->json)
		shape_print(&ask->page.text, shape_history(answer), false);
	else if (answer != NULL)
		show_history(&ask->page, answer, ask->arguments->phases);
	ask_done(ask, status);
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct arguments *arguments = ask->arguments;
	struct query_history request = {
		.environment = arguments->environment,
		.service = arguments->service,
		.agent = arguments->agent,
		.probe = arguments->probe,
		.from_ms =
		    arguments_from_ms(arguments, clock_wall_ms(clock_system())),
		.to_ms = arguments->to_ms,
		.limit = (uint32_t)arguments->limit,
	};

	query_history(client, &request, on_answer, ask);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	return ask_collector(arguments, look, start);
}

const struct command cmd_history = {
	.name = "history",
	.summary = "what the probes found, result by result",
	.options = OPTION_SERVICE | OPTION_PROBE | OPTION_AGENT | OPTION_SINCE |
	    OPTION_RANGE | OPTION_LIMIT | OPTION_PHASES,
	.description =
	    "What the probes found, one result a line, the newest first.  "
	    "\">=\" before a\nduration means that a limit was reached: it "
	    "would have taken at least that long.\n--since counts back from "
	    "the clock of this machine.\n",
	.examples =
	    "  vedette history staging/backend --since 1h\n"
	    "  vedette history staging --probe db --phases --limit 20\n"
	    "  vedette history production --from 2026-01-05T10:00:00Z \\\n"
	    "      --to 2026-01-05T10:05:00Z\n",
	.exits = CMD_EXITS,
	.run = run,
};
