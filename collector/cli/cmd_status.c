#include "collector/cli/ask.h"
#include "collector/cli/cmd.h"
#include "proto/shape.h"
#include "collector/cli/show.h"

static void
on_answer(void *arg, const struct rpc_status *status,
    const struct status_answer *answer)
{
	struct ask *ask = arg;

	if (answer != NULL) {
		if (ask->arguments->json)
			shape_print(
			    &ask->page.text, shape_status(answer), false);
		else
			show_status(&ask->page, answer);
		ask->exit_code = show_status_exit(answer);
	}
	ask_done(ask, status);
}

static void
start(struct ask *ask, struct query_client *client)
{
	struct query_status request = {
		.environment = ask->arguments->environment,
		.service = ask->arguments->service,
	};

	query_status(client, &request, on_answer, ask);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	return ask_collector(arguments, look, start);
}

const struct command cmd_status = {
	.name = "status",
	.summary = "how every service stands in every environment, and why",
	.options = OPTION_SERVICE,
	.description =
	    "How every service stands in every environment: a state, the age "
	    "of its newest\nresult and the build that runs.  Below, what is "
	    "wrong: why, since when, and\nwhat a comparison with reference "
	    "inputs, other environments and other builds\nfound.  What cannot "
	    "be seen, and agents that are silent, stand in a block of\ntheir "
	    "own: that is neither good nor bad.\n",
	.examples = "  vedette status\n"
		    "  vedette status staging\n"
		    "  vedette status staging/backend --json\n"
		    "  vedette status production || echo 'look at it'\n",
	.exits =
	    "  0   everything seen is ok, and no regression is open\n"
	    "  1   warning\n"
	    "  2   critical; or the command line is not right\n"
	    "  3   unknown, stale or blind; or no answer from the collector\n"
	    "  As Nagios plug-ins do.  Critical outweighs unknown, unknown "
	    "outweighs warning.\n",
	.run = run,
};
