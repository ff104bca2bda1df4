/* vedette incident close: what people say afterwards that it was. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/ask.h"
#include "collector/cli/cmd.h"
#include "collector/cli/members.h"
#include "collector/cli/output.h"
#include "proto/base/mem.h"
#include "proto/report.h"
#include "proto/shape.h"

static const char *const classes[] = { "app", "env", "infra", "net", "blind",
	"none", NULL };

/* The calls under way, one after the other: which incident is it, and what it
 * was. */
struct closing {
	struct ask *ask;
	struct report_client *client;
	struct mark mark;
	struct attribute attributes[2];
	char environment[65];
	json_t *report;
};

static void
finish(struct closing *closing, const struct rpc_status *status)
{
	struct ask *ask = closing->ask;

	report_client_free(closing->client);
	json_decref(closing->report);
	free(closing);
	ask_done(ask, status);
}

static void
show(struct page *page, const struct closing *closing)
{
	const json_t *verdict = json_object_get(closing->report, "verdict");
	const char *class = closing->attributes[1].text;

	page_put(page, INK_PLAIN, "incident #%s of %s was ",
	    closing->attributes[0].text, closing->environment);
	page_put(page, INK_TITLE, "%s%s%s", class,
	    closing->mark.subject[0] != '\0' ? " " : "", closing->mark.subject);
	page_newline(page);
	page_put(page, INK_PLAIN, "the verdict was ");
	page_put(page,
	    member_is(verdict, "class", class) ? INK_GOOD : INK_WARNING,
	    "%s %.2f %s", member_text(verdict, "class"),
	    member_number(verdict, "confidence"),
	    member_text(verdict, "subject"));
	page_newline(page);
}

static void
on_told(void *arg, const struct rpc_status *status, int64_t at_ms)
{
	struct closing *closing = arg;
	struct ask *ask = closing->ask;

	closing->mark.at_ms = at_ms;
	if (status->code == RPC_OK && ask->arguments->json)
		shape_print(&ask->page.text, shape_mark(&closing->mark), false);
	else if (status->code == RPC_OK)
		show(&ask->page, closing);
	finish(closing, status);
}

static void
on_report(void *arg, const struct rpc_status *status, const char *json)
{
	struct closing *closing = arg;

	closing->report = json == NULL ? NULL : json_loads(json, 0, NULL);
	if (closing->report == NULL) {
		finish(closing, status);
		return;
	}
	snprintf(closing->environment, sizeof(closing->environment), "%s",
	    member_text(
		json_object_get(closing->report, "incident"), "environment"));
	closing->mark.environment = closing->environment;
	closing->client = report_client_new(ask_rpc(closing->ask));
	report_mark(closing->client, &closing->mark, on_told, closing);
}

static const char *
or_none(const char *text)
{
	return text != NULL ? text : "";
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct arguments *arguments = ask->arguments;
	const struct query_document request = {
		.question = "report",
		.environment = "",
		.service = "",
		.agent = "",
		.probe = "",
		.other = arguments->words[1],
	};
	struct closing *closing = mem_zalloc(sizeof(*closing));

	closing->ask = ask;
	closing->attributes[0] =
	    (struct attribute){ "incident", arguments->words[1], 0 };
	closing->attributes[1] =
	    (struct attribute){ "verdict", arguments->verdict, 0 };
	closing->mark = (struct mark){
		.service = "",
		.kind = MARK_INCIDENT_CLOSED,
		.subject = or_none(arguments->subject),
		.summary = or_none(arguments->summary),
		.attributes = closing->attributes,
		.n_attributes = 2,
	};
	query_document(client, &request, on_report, closing);
}

static const char *
find_fault(const struct arguments *arguments)
{
	const char *const *class = classes;

	if (arguments->n_words != 2 ||
	    strcmp(arguments->words[0], "close") != 0)
		return "incident: close INCIDENT is what can be done";
	if (arguments->store != NULL)
		return "incident: tells a collector; vedette-collector import "
		       "adds events to a store";
	if (arguments->verdict == NULL)
		return "incident: --verdict is missing: app, env, infra, net, "
		       "blind or none";
	while (*class != NULL && strcmp(*class, arguments->verdict) != 0)
		class ++;
	if (*class == NULL)
		return "incident: --verdict: not one of app, env, infra, net, "
		       "blind, none";
	return NULL;
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	const char *fault = find_fault(arguments);

	if (fault != NULL) {
		output_complain(fault, "see vedette incident --help");
		return OUTPUT_USAGE;
	}
	return ask_collector(arguments, look, start);
}

const struct command cmd_incident = {
	.name = "incident",
	.summary = "say what an incident was, once people know",
	.options = OPTION_VERDICT | OPTION_TOLD,
	.words = "close INCIDENT --verdict CLASS",
	.description =
	    "Records what people found out: whose fault it was, and the object "
	    "that was at\nfault.  The verdicts are measured by it (vedette "
	    "diagnose --self-check).  Said\nagain, the last word counts.  "
	    "Whether an incident is over is not a matter of\nwords: it closes "
	    "when what failed passes again.\n",
	.examples = "  vedette incident close 17 --verdict env --subject "
		    "envfile:staging.env\n"
		    "  vedette incident close 18 --verdict none --summary "
		    "'planned, nobody said so'\n",
	.exits = CMD_EXITS,
	.run = run,
};
