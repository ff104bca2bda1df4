#include "collector/cli/ask_document.h"
#include "collector/cli/cmd.h"
#include "collector/cli/output.h"
#include "collector/cli/show_document.h"

static void
show(struct ask *ask, const json_t *document)
{
	show_guards(&ask->page, document);
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct query_document request =
	    ask_about(ask->arguments, "guards");

	ask_document(ask, client, &request, show, show_guards_exit);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	if (arguments->environment[0] == '\0') {
		output_complain("guards: which environment?",
		    "such as: vedette guards staging");
		return OUTPUT_USAGE;
	}
	return ask_collector(arguments, look, start);
}

const struct command cmd_guards = {
	.name = "guards",
	.summary = "which earlier fixes are still in force",
	.options = OPTION_SERVICE | OPTION_AT,
	.description =
	    "Every guard (vedette guard add) and every expectation of the "
	    "configuration that\nnames an issue, and whether it holds in this "
	    "environment, now or at a moment:\nheld, regressed, or unknown "
	    "when "
	    "nobody has seen what it is about.\n",
	.examples = "  vedette guards staging\n"
		    "  vedette guards staging --at 2026-01-05T18:40:00Z\n",
	.exits =
	    "  0   all hold\n"
	    "  1   one is broken\n"
	    "  2   the command line or the request is not right\n"
	    "  3   one cannot be judged, or the collector did not answer\n",
	.run = run,
};
