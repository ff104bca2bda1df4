#include <jansson.h>
#include <stdio.h>

#include "collector/cli/ask_document.h"
#include "collector/cli/cmd.h"
#include "collector/cli/members.h"
#include "collector/cli/output.h"
#include "collector/cli/show_document.h"
#include "collector/cli/show_verdict.h"

/* The class of a verdict is the exit code, for scripts. */
static const struct {
	const char *class;
	int code;
} codes[] = {
	{ "none", 0 },
	{ "app", 10 },
	{ "env", 11 },
	{ "infra", 12 },
	{ "net", 13 },
	{ "blind", 14 },
	{ "undetermined", 15 },
};

static int
code_of(const json_t *verdict)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (member_is(verdict, "class", codes[i].class))
			return codes[i].code;
	return OUTPUT_NO_ANSWER;
}

static void
explain(struct ask *ask, const json_t *verdict)
{
	const char *id = ask->arguments->explain;
	char text[80];

	if (show_verdict_evidence(&ask->page, verdict, id))
		return;
	snprintf(text, sizeof(text), "no evidence is called %.20s", id);
	output_complain(
	    text, "ids stand behind each line of for and against; or prior");
	ask->exit_code = OUTPUT_USAGE;
}

static void
show(struct ask *ask, const json_t *verdict)
{
	if (ask->arguments->explain[0] != '\0')
		explain(ask, verdict);
	else
		show_verdict(&ask->page, verdict);
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct query_document request =
	    ask_about(ask->arguments, "diagnose");

	ask_document(ask, client, &request, show, code_of);
}

static void
show_check(struct ask *ask, const json_t *document)
{
	show_self_check(&ask->page, document);
}

/* Something to look at, when a verdict was confident and wrong. */
static int
code_of_check(const json_t *document)
{
	return json_array_size(json_object_get(document, "false_confident")) >
	    0;
}

static void
start_check(struct ask *ask, struct query_client *client)
{
	const struct query_document request =
	    ask_about(ask->arguments, "self-check");

	ask_document(ask, client, &request, show_check, code_of_check);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	if (arguments->self_check && arguments->explain[0] != '\0') {
		output_complain("diagnose: --explain and --self-check",
		    "they exclude each other; remove one");
		return OUTPUT_USAGE;
	}
	if (arguments->self_check)
		return ask_collector(arguments, look, start_check);
	if (arguments->environment[0] == '\0') {
		output_complain("diagnose: which environment?",
		    "such as: vedette diagnose staging");
		return OUTPUT_USAGE;
	}
	return ask_collector(arguments, look, start);
}

const struct command cmd_diagnose = {
	.name = "diagnose",
	.summary = "whose fault it is, since when, how we know, what next",
	.options = OPTION_AT | OPTION_EXPLAIN | OPTION_CHECK | OPTION_LAST,
	.description =
	    "Weighs the evidence of an environment, now or at a moment, and "
	    "says what is\nresponsible: the application, its environment's "
	    "configuration, infrastructure,\nthe network, a blind spot of the "
	    "observers, or nothing.  What contradicts the\nverdict and what "
	    "could not be seen is always part of the answer.\n"
	    "\n"
	    "--explain says all of one piece of evidence, by the id behind its "
	    "line (E3), or\nof the prior: what is likely before anything is "
	    "seen (prior).\n"
	    "\n"
	    "--self-check looks back (--last, a year unless said) at incidents "
	    "of which\n"
	    "people said what they were (vedette incident close): how often "
	    "the class and\n"
	    "the subject were right, the Brier score, reliability, and each "
	    "verdict that\n"
	    "was confident and wrong.\n",
	.examples = "  vedette diagnose staging\n"
		    "  vedette diagnose staging --at 2026-01-05T18:40:00Z\n"
		    "  vedette diagnose staging --explain E3\n"
		    "  vedette diagnose --self-check --last 30d\n",
	.exits = "  0   no incident; no verdict was confident and wrong\n"
		 "  1   one was (--self-check)\n"
		 "  10  the application\n"
		 "  11  environment configuration\n"
		 "  12  infrastructure\n"
		 "  13  the network\n"
		 "  14  a blind spot\n"
		 "  15  undetermined\n"
		 "  2   the command line or the request is not right\n"
		 "  3   the collector was not reached or did not answer\n",
	.run = run,
};
