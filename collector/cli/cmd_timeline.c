#include "collector/cli/ask_document.h"
#include "collector/cli/cmd.h"
#include "collector/cli/output.h"
#include "collector/cli/show_document.h"

static void
show(struct ask *ask, const json_t *document)
{
	show_timeline(&ask->page, document);
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct query_document request =
	    ask_about(ask->arguments, "timeline");

	ask_document(ask, client, &request, show, NULL);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	return ask_collector(arguments, look, start);
}

const struct command cmd_timeline = {
	.name = "timeline",
	.summary = "how everything stood at a moment, what had just changed",
	.options = OPTION_SERVICE | OPTION_AT | OPTION_LAST,
	.description = "What was red and what was stale at a moment, which "
		       "regressions were open, what\n"
		       "had changed shortly before (--last, one hour if "
		       "nothing is said), and which\n"
		       "facts were known. Only what was seen by then counts, "
		       "as it was seen.\n",
	.examples = "  vedette timeline staging --at 2026-01-05T18:40:00Z\n"
		    "  vedette timeline staging/backend --last 6h\n"
		    "  vedette --store s.db timeline staging --json\n",
	.exits = CMD_EXITS,
	.run = run,
};
