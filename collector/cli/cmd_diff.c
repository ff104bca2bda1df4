#include "collector/cli/ask_document.h"
#include "collector/cli/cmd.h"
#include "collector/cli/output.h"
#include "collector/cli/show_document.h"

static void
show(struct ask *ask, const json_t *document)
{
	show_diff(&ask->page, document);
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct query_document request = ask_about(ask->arguments, "diff");

	ask_document(ask, client, &request, show, NULL);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	return ask_collector(arguments, look, start);
}

const struct command cmd_diff = {
	.name = "diff",
	.summary = "two environments side by side: outcomes and facts",
	.options = OPTION_SERVICE | OPTION_AT,
	.second = "ENVIRONMENT[/SERVICE] ENVIRONMENT",
	.description = "What differs between two environments, now or at a "
		       "moment: the outcomes of\n"
		       "probes and the facts of services of the same names. "
		       "Fingerprints that were made\n"
		       "with different keys, a fingerprint beside a value, and "
		       "what is stale are not\n"
		       "comparable; what is the same is counted.\n",
	.examples = "  vedette diff staging production\n"
		    "  vedette diff staging/backend production "
		    "--at 2026-01-05T18:40:00Z\n"
		    "  vedette diff staging production --json\n",
	.exits = CMD_EXITS,
	.run = run,
};
