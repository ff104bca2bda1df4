#include "collector/cli/ask_document.h"
#include "collector/cli/cmd.h"
#include "collector/cli/members.h"
#include "collector/cli/output.h"
#include "collector/cli/show_document.h"

static const char *const places[] = { "environment", "service", "agent",
	"probe" };

static const char *const numbers[] = { "results", "ok", "warning", "critical",
	"unknown", "censored", "share_ok", "p50_ms", "p95_ms", "p99_ms",
	"max_ms" };

#define N_PLACES  (sizeof(places) / sizeof(places[0]))
#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static void
put_point(struct text *text, const json_t *series, const json_t *point)
{
	for (size_t i = 0; i < N_PLACES; i++) {
		text_add_field(text, member_text(series, places[i]));
		text_add(text, ",");
	}
	text_add_field(text, member_text(point, "at"));
	for (size_t i = 0; i < N_NUMBERS; i++) {
		const json_t *value = json_object_get(point, numbers[i]);

		if (json_is_number(value))
			text_addf(text, ",%.15g", json_number_value(value));
		else
			text_add(text, ","); /* nobody knows */
	}
	text_add(text, "\r\n");
}

/* A row for each step of each series. */
static void
put_csv(struct text *text, const json_t *trend)
{
	const json_t *series, *point;
	size_t i, j;

	for (i = 0; i < N_PLACES; i++)
		text_addf(text, "%s,", places[i]);
	text_add(text, "at");
	for (i = 0; i < N_NUMBERS; i++)
		text_addf(text, ",%s", numbers[i]);
	text_add(text, "\r\n");
	json_array_foreach(json_object_get(trend, "series"), i, series)
	    json_array_foreach(json_object_get(series, "points"), j, point)
		put_point(text, series, point);
}

static void
show(struct ask *ask, const json_t *document)
{
	if (ask->arguments->csv)
		put_csv(&ask->page.text, document);
	else
		show_trend(&ask->page, document);
}

static void
start(struct ask *ask, struct query_client *client)
{
	const struct query_document request =
	    ask_about(ask->arguments, "trend");

	ask_document(ask, client, &request, show, NULL);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	if (arguments->csv && arguments->json) {
		output_complain("trend: --csv or --json, not both", NULL);
		return OUTPUT_USAGE;
	}
	return ask_collector(arguments, look, start);
}

const struct command cmd_trend = {
	.name = "trend",
	.summary = "how it went hour by hour, day by day, week by week",
	.options = OPTION_SERVICE | OPTION_PROBE | OPTION_AGENT | OPTION_RANGE |
	    OPTION_LAST | OPTION_LIMIT | OPTION_TREND | OPTION_CSV,
	.description = "How many results, what share of them was ok, and how "
		       "long they took (50th, 95th\n"
		       "and 99th percentile of what was ok, within 1 %), step "
		       "by step, with deploys and\n"
		       "regressions beside them: of one series as a chart and "
		       "a table, of several a\n"
		       "line each, or of all --together. Days and weeks are "
		       "those of UTC; the last 90\n"
		       "days if nothing is said.\n",
	.examples =
	    "  vedette trend staging/backend --probe db --last 30d\n"
	    "  vedette trend production --by week --last 365d --together\n"
	    "  vedette trend --probe db --by hour --last 2d --csv\n",
	.exits = CMD_EXITS,
	.run = run,
};
