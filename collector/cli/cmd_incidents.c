#include <jansson.h>
#include <string.h>

#include "collector/cli/ask.h"
#include "collector/cli/ask_order.h"
#include "collector/cli/cmd.h"
#include "collector/cli/members.h"
#include "collector/cli/output.h"
#include "collector/cli/report.h"
#include "proto/shape.h"

/* "2026-01-05 10:00:00" of a time as written. */
static const char *
moment_of(char out[24], const char *time)
{
	if (strlen(time) < 19)
		return "-";
	memcpy(out, time, 19);
	out[10] = ' ';
	out[19] = '\0';
	return out;
}

/* --- the list ------------------------------------------------------------------- */

/* What people said that it was. */
static void
add_label(struct table *table, const json_t *label)
{
	bool wrong = json_is_false(json_object_get(label, "verdict_right"));

	table_note(table, wrong ? INK_WARNING : INK_GOOD, "%s: %s %s%s",
	    member_text(label, "by"), member_text(label, "class"),
	    member_text(label, "subject"),
	    wrong ? "; the verdict was wrong" : "");
}

static void
add_row(struct table *table, const json_t *row)
{
	const json_t *verdict = json_object_get(row, "verdict");
	json_int_t relapse =
	    json_integer_value(json_object_get(row, "relapse_of"));
	unsigned long long returns = member_count(row, "returns");
	const json_t *guard = json_object_get(row, "relapse_guard");
	bool is_open = strcmp(member_text(row, "state"), "open") == 0;
	char onset[24];

	table_add(table, is_open ? INK_BAD : INK_DIM, "#%lld",
	    (long long)json_integer_value(json_object_get(row, "id")));
	table_add(table, is_open ? INK_BAD : INK_DIM, "%s",
	    member_text(row, "state"));
	table_add(table, INK_PLAIN, "%s", member_text(row, "environment"));
	table_add(table, INK_PLAIN, "%s",
	    moment_of(onset, member_text(row, "onset")));
	if (json_is_object(verdict))
		table_add(table, INK_TITLE, "%s %.2f %s",
		    member_text(verdict, "class"),
		    json_number_value(json_object_get(verdict, "confidence")),
		    member_text(verdict, "subject"));
	else
		table_add(table, INK_DIM, "not judged here");
	if (json_is_object(json_object_get(row, "label")))
		add_label(table, json_object_get(row, "label"));
	if (returns > 0)
		table_note(table, INK_WARNING, "came back %llu time%s", returns,
		    returns == 1 ? "" : "s");
	if (relapse != 0)
		table_note(table, INK_WARNING,
		    "the same fault as incident #%lld: what mended that one "
		    "no longer holds",
		    (long long)relapse);
	if (json_is_object(guard))
		table_note(table, INK_WARNING, "its guard %s %s is %s",
		    member_text(guard, "name"), member_text(guard, "rule"),
		    member_text(guard, "state"));
}

static void
show_list(struct page *page, const json_t *answer)
{
	static const struct column columns[] = {
		{ .title = "INCIDENT", .whole = true },
		{ .title = "STATE", .whole = true },
		{ .title = "ENVIRONMENT" },
		{ .title = "ONSET (UTC)", .whole = true },
		{ .title = "VERDICT" },
	};
	const json_t *list = json_object_get(answer, "incidents"), *row;
	struct table *table;
	size_t i;

	if (json_array_size(list) == 0) {
		page_put(page, INK_PLAIN, "no incidents");
		page_newline(page);
		return;
	}
	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(list, i, row) add_row(table, row);
	table_print(table, page);
}

static void
on_list(void *arg, const struct rpc_status *status, const char *json)
{
	struct ask *ask = arg;
	json_t *answer = json == NULL ? NULL : json_loads(json, 0, NULL);

	if (answer != NULL && ask->arguments->json)
		shape_print(&ask->page.text, json_incref(answer), false);
	else if (answer != NULL)
		show_list(&ask->page, answer);
	json_decref(answer);
	ask_done(ask, status);
}

static void
start_list(struct ask *ask, struct query_client *client)
{
	const struct arguments *arguments = ask->arguments;
	const struct query_document request = {
		.question = "incidents",
		.environment = arguments->environment,
		.service = "",
		.agent = "",
		.probe = "",
		.other = "",
		.from_ms =
		    arguments_from_ms(arguments, clock_wall_ms(clock_system())),
		.to_ms = arguments->to_ms,
		.limit = (uint32_t)arguments->limit,
	};

	query_document(client, &request, on_list, ask);
}

static int
run_list(const struct arguments *arguments, const struct look *look)
{
	return ask_collector(arguments, look, start_list);
}

const struct command cmd_incidents = {
	.name = "incidents",
	.summary = "what broke, when, and whose fault it was",
	.options = OPTION_SINCE | OPTION_RANGE | OPTION_LIMIT,
	.description =
	    "Regressions of an environment that belong together, with the "
	    "verdict at the\nmoment when most of each was to be seen; of the "
	    "last 30 days when nothing else\nis said.  A fault that came back "
	    "names the earlier incident.\n",
	.examples = "  vedette incidents\n"
		    "  vedette incidents staging --since 7d --json\n",
	.exits = CMD_EXITS,
	.run = run_list,
};

/* --- the report -------------------------------------------------------------------- */

/* As it was asked, so that its commands ask the same. */
static void
show_report(struct ask *ask, enum report_format format, const json_t *report)
{
	struct text options = { 0 };

	if (ask->arguments->store != NULL) {
		text_add(&options, " --store");
		report_add_word(&options, ask->arguments->store);
	}
	if (ask->arguments->store != NULL && ask->arguments->config != NULL) {
		text_add(&options, " --config");
		report_add_word(&options, ask->arguments->config);
	}
	report_write(&ask->page, format, report,
	    options.bytes != NULL ? options.bytes : "");
	text_fini(&options);
}

static void
on_report(void *arg, const struct rpc_status *status, const char *json)
{
	struct ask *ask = arg;
	json_t *answer = json == NULL ? NULL : json_loads(json, 0, NULL);
	enum report_format format = REPORT_TEXT;

	if (ask->arguments->format[0] != '\0')
		(void)report_format_parse(&format, ask->arguments->format);
	if (answer == NULL)
		; /* ask_done() says why */
	else if (ask->arguments->json ||
	    strcmp(ask->arguments->format, "json") == 0)
		shape_print(&ask->page.text, json_incref(answer), false);
	else
		show_report(ask, format, answer);
	json_decref(answer);
	ask_done(ask, status);
}

static void
start_report(struct ask *ask, struct query_client *client)
{
	const char *number = ask_order_bare(ask->arguments->file);
	const struct query_document request = {
		.question = "report",
		.environment = "",
		.service = "",
		.agent = "",
		.probe = "",
		.other = number,
		.to_ms = ask->arguments->to_ms,
	};

	query_document(client, &request, on_report, ask);
}

static int
run_report(const struct arguments *arguments, const struct look *look)
{
	enum report_format format;

	if (arguments->format[0] != '\0' &&
	    strcmp(arguments->format, "json") != 0 &&
	    report_format_parse(&format, arguments->format) < 0) {
		output_complain(
		    "--format: not one of text, md, html, json", NULL);
		return OUTPUT_USAGE;
	}
	if (arguments->json && arguments->format[0] != '\0' &&
	    strcmp(arguments->format, "json") != 0) {
		output_complain("report: --json and another --format",
		    "they exclude each other; remove one");
		return OUTPUT_USAGE;
	}
	if (ask_order_id(arguments->file) == 0) {
		output_complain("report: INCIDENT is a number, such as 17",
		    "vedette incidents lists them");
		return OUTPUT_USAGE;
	}
	return ask_collector(arguments, look, start_report);
}

const struct command cmd_report = {
	.name = "report",
	.summary = "the report on an incident, to send to people",
	.options = OPTION_AT | OPTION_FORMAT,
	.operand = "INCIDENT",
	.description =
	    "Verdict, what is cleared, what is held responsible, measurements, "
	    "timeline,\nevidence for and against, what could not be seen, "
	    "next actions, impact: the\nreport that people used to write by "
	    "hand.  INCIDENT is a number of vedette\nincidents.\n",
	.examples = "  vedette report 17\n"
		    "  vedette report 17 --format md > incident-17.md\n",
	.exits = CMD_EXITS,
	.run = run_report,
};
