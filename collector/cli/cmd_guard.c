/* vedette guard: conditions that keep earlier fixes in force. */
#include <stdio.h>
#include <string.h>

#include "collector/cli/ask_document.h"
#include "collector/cli/cmd.h"
#include "collector/cli/members.h"
#include "collector/cli/output.h"
#include "collector/cli/show_document.h"
#include "collector/cli/tell.h"
#include "proto/base/text.h"

#define REPLACED "it takes the place of: "

static void
show(struct ask *ask, const struct mark *mark, const void *arg)
{
	const char *replaced = mark_text(mark, TELL_REPLACED);

	(void)arg;
	page_put(&ask->page, INK_PLAIN, "%s in %s%s%s: ",
	    mark_text(mark, "removed") != NULL ? "no guard any more"
					       : "guarded from now on",
	    mark->environment, mark->service[0] != '\0' ? "/" : "",
	    mark->service);
	page_put(&ask->page, INK_TITLE, "%s", mark->subject);
	page_newline(&ask->page);
	if (replaced == NULL)
		return;
	page_put(&ask->page, INK_WARNING, REPLACED);
	page_wrap(&ask->page, strlen(REPLACED), 2, INK_PLAIN, replaced);
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct arguments *arguments = ask->arguments;
	bool removes = strcmp(arguments->words[0], "remove") == 0;
	static struct attribute attribute; /* lasts as long as the call */
	struct mark mark = {
		.environment = arguments->environment,
		.service = arguments->service,
		.kind = MARK_GUARD,
		.subject = arguments->words[1],
		.summary = arguments->summary != NULL ? arguments->summary : "",
		.attributes = &attribute,
		.n_attributes = 1,
	};

	(void)client;
	attribute.name = removes ? "removed" : "issue";
	attribute.text = removes ? "yes" : arguments->issue;
	if (attribute.text == NULL)
		mark.n_attributes = 0;
	tell_mark(ask, &mark, show, NULL);
}

/* What is meant to be equal, or not, is no fix of an issue; of what is no
 * condition the collector says what is wrong. */
static bool
needs_issue(const char *condition)
{
	return text_matches("* present", condition) ||
	    strpbrk(condition, "<>=") != NULL;
}

static const char *
find_fault(const struct arguments *arguments)
{
	bool adds =
	    arguments->n_words == 2 && strcmp(arguments->words[0], "add") == 0;

	if (!adds &&
	    (arguments->n_words != 2 ||
		strcmp(arguments->words[0], "remove") != 0))
		return "guard: add CONDITION, remove CONDITION, list "
		       "ENVIRONMENT, check ENVIRONMENT or proposed ENVIRONMENT";
	if (tell_fault(arguments) != NULL)
		return tell_fault(arguments);
	if (arguments->environment[0] == '\0')
		return "guard: --environment is missing";
	if (adds && arguments->issue == NULL &&
	    needs_issue(arguments->words[1]))
		return "guard: --issue is missing: whose fix does it keep?";
	return NULL;
}

/* --- what people may confirm ------------------------------------------------- */

static void
show_proposals(struct ask *ask, const json_t *document)
{
	static const struct column columns[] = {
		{ .title = "CONDITION" },
		{ .title = "SERVICE" },
		{ .title = "AGAINST" },
		{ .title = "SINCE (UTC)", .whole = true },
		{ .title = "CHANGED", .right = true },
	};
	const json_t *list = json_object_get(document, "proposals"), *row;
	struct table *table;
	size_t i;

	if (json_array_size(list) == 0) {
		page_wrap(&ask->page, 0, 2, INK_PLAIN,
		    "nothing is proposed: what can be compared has a rule, or "
		    "did not match or differ for 14 days");
		return;
	}
	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(list, i, row)
	{
		table_add(
		    table, INK_TITLE, "%s", member_text(row, "condition"));
		table_add(table, INK_PLAIN, "%s", member_text(row, "service"));
		table_add(table, INK_PLAIN, "%s", member_text(row, "against"));
		table_add(table, INK_PLAIN, "%.10s", member_text(row, "since"));
		table_add(
		    table, INK_PLAIN, "%.0f", member_number(row, "changes"));
	}
	table_print(table, &ask->page);
	page_put(&ask->page, INK_DIM,
	    "vedette guard add 'CONDITION' --environment %s confirms one",
	    member_text(document, "environment"));
	page_newline(&ask->page);
}

/* --- those in force ------------------------------------------------------------ */

static void
show_list(struct ask *ask, const json_t *document)
{
	show_guards(&ask->page, document);
}

static const struct question {
	const char *word, *asks;
	ask_show_fn *show;
	ask_exit_fn *exit_of;
} questions[] = {
	{ "list", "guards", show_list, NULL },
	{ "check", "guards", show_list, show_guards_exit },
	{ "proposed", "proposals", show_proposals, NULL },
};

/* NULL: it tells, or is none of both. */
static const struct question *
find_question(const struct arguments *arguments)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (arguments->n_words == 2 &&
		    strcmp(arguments->words[0], questions[i].word) == 0)
			return &questions[i];
	return NULL;
}

static void
start_question(struct ask *ask, struct query_client *client)
{
	const struct question *question = find_question(ask->arguments);
	const struct query_document request =
	    ask_about(ask->arguments, question->asks);

	ask_document(ask, client, &request, question->show, question->exit_of);
}

static int
look_at_them(const struct arguments *arguments, const struct look *look)
{
	struct arguments about = *arguments;

	if (!text_is_name(arguments->words[1])) {
		output_complain(
		    "guard: no name of an environment", "such as: staging");
		return OUTPUT_USAGE;
	}
	snprintf(about.environment, sizeof(about.environment), "%s",
	    arguments->words[1]);
	return ask_collector(&about, look, start_question);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	const char *fault;

	if (find_question(arguments) != NULL)
		return look_at_them(arguments, look);
	fault = find_fault(arguments);
	if (fault != NULL) {
		output_complain(fault, "see vedette guard --help");
		return OUTPUT_USAGE;
	}
	return ask_collector(arguments, look, start);
}

const struct command cmd_guard = {
	.name = "guard",
	.summary = "keep an earlier fix in force, and see whether it is",
	.options = OPTION_ENVIRONMENT | OPTION_SERVICE | OPTION_ISSUE |
	    OPTION_TOLD | OPTION_AT,
	.words = "add|remove CONDITION, or list|check|proposed ENV",
	.description =
	    "A condition on what is known of an environment, with the issue "
	    "whose fix it\nkeeps: a setting (config:NAME), a variable "
	    "(envvar:NAME), any other fact by\nits name; then >=, <=, = and "
	    "a value, or present; or matches, differs, free:\nwhat it has to "
	    "do with other environments, which needs no issue, and of which\n"
	    "the last one said replaces the one before. From then on whoever "
	    "breaks it is\ntold of a regression, and a diagnosis knows it. "
	    "remove takes the same condition,\nand --service if it was added "
	    "with one.\n"
	    "\n"
	    "Expectations of the configuration that name an issue are guards "
	    "as well. list\nshows all, and why one cannot be judged; check "
	    "tells by its exit code whether\nall hold. proposed shows what "
	    "matched or differed for 14 days; nothing of that\nis enforced "
	    "before somebody adds it.\n",
	.examples = "  vedette guard add --environment staging --issue 1263 "
		    "\\\n      'config:connection_timeout >= 35.0'\n"
		    "  vedette guard check staging\n"
		    "  vedette guard remove --environment staging "
		    "'config:pool_size >= 20'\n",
	.exits = "  0   stored; check: all hold\n"
		 "  1   check: one is broken\n"
		 "  2   the command line or the request is not right\n"
		 "  3   check: one cannot be judged; or what is to be removed "
		 "is not there; or the\n"
		 "      collector was not reached, did not answer or refused\n",
	.run = run,
};
