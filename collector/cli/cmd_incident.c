/* vedette incident close: what people say afterwards that it was. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "collector/cli/ask.h"
#include "collector/cli/ask_order.h"
#include "collector/cli/cmd.h"
#include "collector/cli/members.h"
#include "collector/cli/output.h"
#include "collector/cli/tell.h"

static const char *const classes[] = { "app", "env", "infra", "net", "blind",
	"none", NULL };

#define ATTRIBUTES 16 /* more than are told */

/* Known once the first of two calls is answered: which incident is it?  There
 * is one in the life of the program. */
struct closing {
	struct attribute attributes[ATTRIBUTES];
	size_t n;
	char environment[65];
	char findings[TEXT_MAX_BYTES];
	char names[ATTRIBUTES][32];
	json_t *report;
};

/* --- what was judged of it, for later ----------------------------------------- */

static void
add_text(struct closing *closing, const char *name, const char *text)
{
	if (text[0] != '\0')
		closing->attributes[closing->n++] =
		    (struct attribute){ name, text, 0 };
}

static void
add_number(struct closing *closing, const char *name, double number)
{
	closing->attributes[closing->n++] =
	    (struct attribute){ name, NULL, number };
}

/* Their ids; those that find no room are the last, which weigh least. */
static void
add_findings(struct closing *closing, const json_t *verdict)
{
	const json_t *list = json_object_get(verdict, "findings"), *id;
	size_t i, n = 0;

	json_array_foreach(list, i, id)
	{
		int more = snprintf(closing->findings + n,
		    sizeof(closing->findings) - n, "%s%s", i > 0 ? " " : "",
		    json_string_value(id));

		if (more < 0 || n + (size_t)more >= sizeof(closing->findings)) {
			closing->findings[n] = '\0';
			break;
		}
		n += (size_t)more;
	}
	add_text(closing, MARK_FINDINGS, closing->findings);
}

/* The results that the verdict was reached from are not kept for ever. */
static void
add_verdict(struct closing *closing, const json_t *verdict)
{
	const char *class;
	json_t *value;
	size_t i = 0;

	add_findings(closing, verdict);
	add_text(closing, MARK_SAID, member_text(verdict, "class"));
	add_text(closing, MARK_SAID_SUBJECT, member_text(verdict, "subject"));
	add_number(closing, MARK_SAID_CONFIDENCE,
	    member_number(verdict, "confidence"));
	json_object_foreach(
	    json_object_get(verdict, "probabilities"), class, value)
	{
		if (closing->n == ATTRIBUTES)
			return;
		snprintf(closing->names[i], sizeof(closing->names[i]),
		    MARK_SAID_OF "%s", class);
		add_number(
		    closing, closing->names[i++], json_number_value(value));
	}
}

/* --- telling it ------------------------------------------------------------------ */

/* A verdict on nothing says nothing. */
static bool
has_no_evidence(const json_t *report)
{
	return json_is_true(json_object_get(report, "evidence_gone"));
}

static void
show(struct ask *ask, const struct mark *mark, const void *arg)
{
	const struct closing *closing = arg;
	const json_t *verdict = json_object_get(closing->report, "verdict");
	const char *class = closing->attributes[1].text;
	struct page *page = &ask->page;

	page_put(page, INK_PLAIN, "incident #%s of %s was ",
	    closing->attributes[0].text, mark->environment);
	page_put(page, INK_TITLE, "%s%s%s", class,
	    mark->subject[0] != '\0' ? " " : "", mark->subject);
	page_newline(page);
	if (has_no_evidence(closing->report))
		return;
	page_put(page, INK_PLAIN, "the verdict was ");
	page_put(page,
	    member_is(verdict, "class", class) ? INK_GOOD : INK_WARNING,
	    "%s %.2f %s", member_text(verdict, "class"),
	    member_number(verdict, "confidence"),
	    member_text(verdict, "subject"));
	page_newline(page);
}

static const char *
or_none(const char *text)
{
	return text != NULL ? text : "";
}

static void
on_report(void *arg, const struct rpc_status *status, const char *json)
{
	static struct closing closing;
	struct ask *ask = arg;
	const struct arguments *arguments = ask->arguments;
	struct mark mark = {
		.environment = closing.environment,
		.service = "",
		.kind = MARK_INCIDENT_CLOSED,
		.subject = or_none(arguments->subject),
		.summary = or_none(arguments->summary),
		.attributes = closing.attributes,
	};

	closing.report = json == NULL ? NULL : json_loads(json, 0, NULL);
	if (closing.report == NULL) {
		ask_done(ask, status);
		return;
	}
	snprintf(closing.environment, sizeof(closing.environment), "%s",
	    member_text(
		json_object_get(closing.report, "incident"), "environment"));
	add_text(&closing, MARK_INCIDENT, ask_order_bare(arguments->words[1]));
	add_text(&closing, MARK_VERDICT, arguments->verdict);
	if (!has_no_evidence(closing.report))
		add_verdict(
		    &closing, json_object_get(closing.report, "verdict"));
	mark.n_attributes = closing.n;
	tell_mark(ask, &mark, show, &closing);
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct query_document request = {
		.question = "report",
		.environment = "",
		.service = "",
		.agent = "",
		.probe = "",
		.other = ask_order_bare(ask->arguments->words[1]),
	};

	query_document(client, &request, on_report, ask);
}

static const char *
find_fault(const struct arguments *arguments)
{
	const char *const *class = classes;

	if (arguments->n_words != 2 ||
	    strcmp(arguments->words[0], "close") != 0)
		return "incident: close INCIDENT is what can be done";
	if (ask_order_id(arguments->words[1]) == 0)
		return "incident: INCIDENT is a number, such as 17; vedette "
		       "incidents lists them";
	if (tell_fault(arguments) != NULL)
		return tell_fault(arguments);
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
