#include "collector/cli/cmd.h"
#include "collector/cli/output.h"
#include "collector/cli/tell.h"

static const char *
text_or_none(const char *text)
{
	return text != NULL ? text : "";
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct arguments *arguments = ask->arguments;
	struct mark mark = {
		.at_ms = arguments->to_ms,
		.environment = arguments->environment,
		.service = arguments->service,
		.kind = MARK_CLAIM,
		.subject = text_or_none(arguments->subject),
		.summary = arguments->claim != NULL
		    ? arguments->claim
		    : text_or_none(arguments->summary),
	};

	(void)client;
	if (arguments->kind != NULL)
		mark_kind_parse(&mark.kind, arguments->kind);
	tell_mark(ask, &mark, tell_show, NULL);
}

/* Returns what is wrong, or NULL. */
static const char *
find_fault(const struct arguments *arguments)
{
	enum mark_kind kind;

	if (tell_fault(arguments) != NULL)
		return tell_fault(arguments);
	if (arguments->environment[0] == '\0')
		return "mark: --environment is missing";
	if (arguments->kind == NULL && arguments->claim == NULL)
		return "mark: --kind is missing";
	if (arguments->kind != NULL &&
	    mark_kind_parse(&kind, arguments->kind) < 0)
		return "mark: --kind: deploy, rollback, restart, "
		       "config_change, secret_change, scale, "
		       "maintenance_start, maintenance_end, claim or "
		       "incident_closed";
	if (arguments->claim != NULL &&
	    ((arguments->kind != NULL && kind != MARK_CLAIM) ||
		arguments->summary != NULL))
		return "mark: --claim goes without --summary, and without "
		       "another --kind";
	return NULL;
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	const char *fault = find_fault(arguments);

	if (fault != NULL) {
		output_complain(fault, "see vedette mark --help");
		return OUTPUT_USAGE;
	}
	return ask_collector(arguments, look, start);
}

const struct command cmd_mark = {
	.name = "mark",
	.summary = "tell of a deploy, a change, a claim",
	.options =
	    OPTION_MARK | OPTION_ENVIRONMENT | OPTION_SERVICE | OPTION_AT,
	.description = "Puts what people and pipelines know on the time axis, "
		       "beside what the probes\n"
		       "see: deploys, changes, maintenance, and claims (\"it "
		       "is the database\"), which\n"
		       "are inputs and never evidence. Answered when it is "
		       "stored; told live to whoever\n"
		       "watches. The collector adds who told it.\n",
	.examples =
	    "  vedette mark staging/backend --kind deploy --subject build/v2\n"
	    "  vedette mark staging --claim 'it is the database'\n"
	    "  vedette mark --environment staging --kind maintenance_start\n",
	.exits = "  0   stored\n"
		 "  2   the command line or the request is not right\n"
		 "  3   the collector was not reached, did not answer or "
		 "refused\n",
	.run = run,
};
