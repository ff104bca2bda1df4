#include "collector/cli/ask.h"
#include "collector/cli/cmd.h"
#include "proto/shape.h"
#include "collector/cli/show.h"

static void
on_answer(void *arg, const struct rpc_status *status,
    const struct changes_answer *answer)
{
	struct ask *ask = arg;

	if (answer != NULL && ask->arguments->json)
		shape_print(&ask->page.text, shape_changes(answer), false);
	else if (answer != NULL)
		show_changes(&ask->page, answer);
	ask_done(ask, status);
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct arguments *arguments = ask->arguments;
	struct query_changes request = {
		.environment = arguments->environment,
		.service = arguments->service,
		.name = arguments->name,
		.from_ms =
		    arguments_from_ms(arguments, clock_wall_ms(clock_system())),
		.to_ms = arguments->to_ms,
		.limit = (uint32_t)arguments->limit,
	};

	query_changes(client, &request, on_answer, ask);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	return ask_collector(arguments, look, start);
}

const struct command cmd_changes = {
	.name = "changes",
	.summary = "which settings, builds and other facts changed, and when",
	.options = OPTION_SERVICE | OPTION_NAME | OPTION_SINCE | OPTION_RANGE |
	    OPTION_LIMIT,
	.description =
	    "Which facts changed, the newest first: settings, builds, "
	    "addresses,\ncertificates.  A change lies between two "
	    "observations: the last of the old and\nthe first of the new.  "
	    "Secrets are shown as keyed fingerprints: equal ones mean\nequal "
	    "values.  --since counts back from the clock of this machine.\n",
	.examples = "  vedette changes staging --since 1d\n"
		    "  vedette changes staging/backend --name 'env/*'\n"
		    "  vedette changes --name build --json\n",
	.exits = CMD_EXITS,
	.run = run,
};
