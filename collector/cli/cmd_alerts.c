#include "collector/cli/ask_document.h"
#include "collector/cli/ask_order.h"
#include "collector/cli/cmd.h"
#include "collector/cli/members.h"
#include "collector/cli/output.h"
#include "collector/cli/show_document.h"

/* --- alerts ----------------------------------------------------------------- */

static void
show(struct ask *ask, const json_t *document)
{
	show_alerts(&ask->page, document);
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct query_document request =
	    ask_about(ask->arguments, "alerts");

	ask_document(ask, client, &request, show, NULL);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	return ask_collector(arguments, look, start);
}

const struct command cmd_alerts = {
	.name = "alerts",
	.summary = "who was told of what, and which receivers fail",
	.options = 0,
	.description =
	    "One alert per cause: firing, taken over by somebody, silenced, "
	    "quiet (nothing is\nopen any more, but it is not over yet) or "
	    "resolved in the last hour; and whom it\nwas told.  Then the "
	    "receivers, and what waits for those that fail.\n",
	.examples = "  vedette alerts\n"
		    "  vedette alerts staging --json\n",
	.exits = CMD_EXITS,
	.run = run,
};

/* --- ack -------------------------------------------------------------------- */

static void
say_taken(struct page *page, const struct order_answer *answer)
{
	char time[RENDER_TIME_BYTES];

	page_put(page, INK_PLAIN, "alert #%llu is taken",
	    (unsigned long long)answer->id);
	if (answer->until_ms != 0)
		page_put(page, INK_PLAIN, " until %s UTC",
		    render_time(time, answer->until_ms));
	page_newline(page);
}

static void
start_ack(struct ask *ask, struct query_client *client)
{
	const struct arguments *arguments = ask->arguments;
	const struct order order = {
		.kind = ORDER_ACKNOWLEDGE,
		.id = ask_order_id(arguments->file),
		.environment = "",
		.service = "",
		.for_ms = arguments->for_ms,
		.by = arguments->by != NULL ? arguments->by : "",
		.why = "",
	};

	(void)client;
	ask_order(ask, &order, say_taken);
}

static int
run_ack(const struct arguments *arguments, const struct look *look)
{
	if (arguments->store != NULL) {
		output_complain("ack: tells a collector, not a store", NULL);
		return OUTPUT_USAGE;
	}
	if (ask_order_id(arguments->file) == 0) {
		output_complain(
		    "ack: not the number of an alert", "see vedette alerts");
		return OUTPUT_USAGE;
	}
	return ask_collector(arguments, look, start_ack);
}

const struct command cmd_ack = {
	.name = "ack",
	.summary = "takes an alert over: no more reminders",
	.options = OPTION_ORDER,
	.operand = "ID",
	.description =
	    "Receivers are told who has it, and reminded no more until the "
	    "time is over.\nThat it is resolved is told all the same.  "
	    "ID is a number of vedette alerts.\n",
	.examples = "  vedette ack 17\n"
		    "  vedette ack 17 --for 2h --by ann\n",
	.exits = CMD_EXITS,
	.run = run_ack,
};
