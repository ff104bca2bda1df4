#include <string.h>

#include "collector/cli/ask_document.h"
#include "collector/cli/cmd.h"
#include "collector/cli/gate_window.h"
#include "collector/cli/members.h"
#include "collector/cli/output.h"
#include "proto/base/clock.h"

enum { GATE_GOOD, GATE_REGRESSED, GATE_CANNOT_TELL = OUTPUT_NO_ANSWER };

static int
code_of(const json_t *document)
{
	if (member_is(document, "verdict", "good"))
		return GATE_GOOD;
	return member_is(document, "verdict", "regressed") ? GATE_REGRESSED
							   : GATE_CANNOT_TELL;
}

/* ": staging since build/v2, 2026-01-05T10:00:00.000Z" */
static void
add_place(struct text *line, const json_t *document)
{
	const char *deploy = member_text(document, "deploy");
	const char *since = member_text(document, "since");

	text_addf(line, ": %s", member_text(document, "environment"));
	if (since[0] != '\0')
		text_addf(line, " since %s%s%s", deploy,
		    deploy[0] != '\0' ? ", " : "", since);
}

static void
show(struct ask *ask, const json_t *document)
{
	static const struct {
		const char *words;
		enum ink ink;
	} verdicts[] = {
		[GATE_GOOD] = { "good", INK_GOOD },
		[GATE_REGRESSED] = { "regressed", INK_BAD },
		[GATE_CANNOT_TELL] = { "cannot tell", INK_DIM },
	};
	const json_t *reasons = json_object_get(document, "reasons"), *reason;
	const char *words = verdicts[code_of(document)].words;
	struct page *page = &ask->page;
	struct text line = { 0 };
	size_t i;

	page_put(page, verdicts[code_of(document)].ink, "%s", words);
	add_place(&line, document);
	page_wrap(page, strlen(words), 2, INK_PLAIN, line.bytes);
	text_fini(&line);
	json_array_foreach(reasons, i, reason)
	{
		page_put(page, INK_PLAIN, "  ");
		page_wrap(page, 2, 4, INK_PLAIN, json_string_value(reason));
	}
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct arguments *arguments = ask->arguments;
	struct query_document request = ask_about(arguments, "gate");

	request.from_ms = arguments_from_ms(arguments,
	    arguments->to_ms != 0 ? arguments->to_ms
				  : clock_wall_ms(clock_system()));
	if (arguments->for_ms != 0)
		gate_window(ask, client, &request, show, code_of);
	else
		ask_document(ask, client, &request, show, code_of);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	if (arguments->environment[0] == '\0') {
		output_complain("gate: which environment?",
		    "such as: vedette gate staging");
		return OUTPUT_USAGE;
	}
	if (arguments->since_deploy && arguments->since_ms != 0) {
		output_complain("gate: --since and --since-deploy",
		    "they exclude each other; remove one");
		return OUTPUT_USAGE;
	}
	if (arguments->for_ms != 0 &&
	    (arguments->store != NULL || arguments->to_ms != 0)) {
		output_complain("gate: --for waits for what is to come",
		    "with --store or --at there is nothing to wait for; "
		    "remove one");
		return OUTPUT_USAGE;
	}
	return ask_collector(arguments, look, start);
}

const struct command cmd_gate = {
	.name = "gate",
	.summary = "did a deploy make anything worse? for pipelines",
	.options = OPTION_SERVICE | OPTION_SINCE | OPTION_AT | OPTION_DEPLOY |
	    OPTION_ENVIRONMENT,
	.description =
	    "Compares the results since the newest deploy (vedette mark) with "
	    "those of the\nsix hours before: durations and failures of every "
	    "series, and with the\nenvironments that this one is compared "
	    "with.  A regression that has begun since\nand is not over fails "
	    "it too.  When there are too few results, no deploy is\nknown or "
	    "an observer is silent, it says so instead of letting anything\n"
	    "pass.  --for waits until so much time has passed since the "
	    "deploy, "
	    "or something\ngot worse; else it is about what is known now.\n",
	.examples = "  vedette gate staging --since-deploy --for 10m\n"
		    "  vedette gate --environment staging --service backend\n"
		    "  vedette gate staging --since 30m --json\n",
	.exits = "  0   good\n"
		 "  1   something got worse; it says what\n"
		 "  2   the command line or the request is not right\n"
		 "  3   cannot tell, or the collector did not answer\n",
	.run = run,
};
