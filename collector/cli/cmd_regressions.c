#include "collector/cli/ask.h"
#include "collector/cli/cmd.h"
#include "proto/shape.h"
#include "collector/cli/show.h"

static void
on_answer(void *arg, const struct rpc_status *status,
    const struct regressions_answer *answer)
{
	struct ask *ask = arg;

	if (answer != NULL && ask->arguments->json)
		shape_print(&ask->page.text, shape_regressions(answer), false);
	else if (answer != NULL)
		show_regressions(&ask->page, answer);
	ask_done(ask, status);
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct arguments *arguments = ask->arguments;
	struct query_regressions request = {
		.environment = arguments->environment,
		.service = arguments->service,
		.from_ms =
		    arguments_from_ms(arguments, clock_wall_ms(clock_system())),
		.to_ms = arguments->to_ms,
		.open_only = arguments->open,
		.limit = (uint32_t)arguments->limit,
	};

	query_regressions(client, &request, on_answer, ask);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	return ask_collector(arguments, look, start);
}

const struct command cmd_regressions = {
	.name = "regressions",
	.summary = "what got worse, from when to when",
	.options = OPTION_SERVICE | OPTION_OPEN | OPTION_SINCE | OPTION_RANGE |
	    OPTION_LIMIT,
	.description =
	    "What got worse, the newest first: the interval of its onset (the "
	    "last good\nresult and the first bad one), when it was noticed, "
	    "when it was cleared, and\nbefore and after in numbers.  \"late\" "
	    "marks what became known only afterwards,\nwhen an agent delivered "
	    "what it had kept.  --since counts back from the clock\nof this "
	    "machine.\n",
	.examples = "  vedette regressions staging --open\n"
		    "  vedette regressions --since 7d --json\n",
	.exits = CMD_EXITS,
	.run = run,
};
