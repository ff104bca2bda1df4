#include "collector/cli/ask_document.h"
#include "collector/cli/cmd.h"
#include "collector/cli/members.h"
#include "collector/cli/output.h"

static void
show_guard(struct page *page, const json_t *guard)
{
	enum ink ink = member_is(guard, "state", "held") ? INK_GOOD
	    : member_is(guard, "state", "regressed")     ? INK_BAD
							 : INK_UNSURE;
	const char *value = member_text(guard, "value");
	const char *service = member_text(guard, "service");

	page_put(page, ink, "%-9s ", member_text(guard, "state"));
	page_put(page, INK_PLAIN, "%s%s%s: %s", service,
	    service[0] != '\0' ? " " : "", member_text(guard, "name"),
	    member_text(guard, "rule"));
	if (value[0] != '\0')
		page_put(page, INK_PLAIN, ", is %s", value);
	if (member_text(guard, "since")[0] != '\0')
		page_put(page, INK_DIM, " since %s (%s, %s)",
		    member_text(guard, "since"), member_text(guard, "source"),
		    member_text(guard, "seen_by"));
	page_newline(page);
}

static void
show(struct ask *ask, const json_t *document)
{
	const json_t *guards = json_object_get(document, "guards");

	for (size_t i = 0; i < json_array_size(guards); i++)
		show_guard(&ask->page, json_array_get(guards, i));
	if (json_array_size(guards) == 0)
		page_put(&ask->page, INK_PLAIN,
		    "no guards: no expectation of the configuration names an "
		    "issue\n");
}

static int
code_of(const json_t *document)
{
	const json_t *guards = json_object_get(document, "guards");

	for (size_t i = 0; i < json_array_size(guards); i++)
		if (member_is(json_array_get(guards, i), "state", "regressed"))
			return 1;
	return OUTPUT_DONE;
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct query_document request =
	    ask_about(ask->arguments, "guards");

	ask_document(ask, client, &request, show, code_of);
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
	.exits = "  0   none is broken\n"
		 "  1   one is\n"
		 "  2   the command line or the request is not right\n"
		 "  3   the collector was not reached or did not answer\n",
	.run = run,
};
