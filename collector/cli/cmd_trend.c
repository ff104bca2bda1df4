#include "collector/cli/ask_document.h"
#include "collector/cli/cmd.h"
#include "collector/cli/output.h"
#include "collector/cli/show_document.h"

static void
show(struct ask *ask, const json_t *document)
{
	show_trend(&ask->page, document);
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct query_document request =
	    ask_about(ask->arguments, "trend");

	ask_document(ask, client, &request, show, NULL);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	return ask_collector(arguments, look, start);
}

const struct command cmd_trend = {
	.name = "trend",
	.summary = "how it went hour by hour, day by day, week by week",
	.options = OPTION_SERVICE | OPTION_PROBE | OPTION_AGENT | OPTION_RANGE |
	    OPTION_LAST | OPTION_LIMIT | OPTION_TREND,
	.description = "How many results, what share of them was ok, and how "
		       "long they took (50th, 95th\n"
		       "and 99th percentile of what was ok, within 1 %), step "
		       "by step, with deploys and\n"
		       "regressions beside them: of one series as a chart and "
		       "a table, of several a\n"
		       "line each, or of all --together. Days and weeks are "
		       "those of UTC; the last 90\n"
		       "days if nothing is said.\n",
	.examples =
	    "  vedette trend staging/backend --probe db --last 30d\n"
	    "  vedette trend production --by week --last 365d --together\n"
	    "  vedette trend --probe db --by hour --last 2d --json\n",
	.exits = CMD_EXITS,
	.run = run,
};
