#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/show.h"
#include "proto/base/mem.h"

#define TEXT_COLUMNS_MIN 16 /* a message is not squeezed into fewer */
#define PLAIN_COLUMNS    7

char *
show_place(
    char out[SHOW_PLACE_BYTES], const char *environment, const char *service)
{
	snprintf(out, SHOW_PLACE_BYTES, "%.70s%s%.70s", environment,
	    service[0] != '\0' ? "/" : "", service);
	return out;
}

const char *
show_outcome(enum outcome outcome)
{
	if (outcome == OUTCOME_CRITICAL)
		return "CRITICAL";
	return outcome_name(outcome);
}

enum ink
show_outcome_ink(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_OK:
		return INK_GOOD;
	case OUTCOME_WARNING:
		return INK_WARNING;
	case OUTCOME_CRITICAL:
		return INK_BAD;
	default:
		return INK_UNSURE;
	}
}

char *
show_duration(char out[SHOW_DURATION_BYTES], const struct page *page,
    const struct result *result)
{
	char span[TEXT_SPAN_BYTES];

	snprintf(out, SHOW_DURATION_BYTES, "%s%s",
	    result->censored ? page_at_least(page) : "",
	    text_span(span, result->duration_us));
	return out;
}

/* What the rows have in common is said once, above them. */
struct common {
	bool place, probe, agent;
};

static struct common
find_common(const struct history_answer *answer)
{
	const struct series *first = &answer->rows[0].series, *series;
	struct common common = { true, true, true };

	for (size_t i = 1; i < answer->n_rows; i++) {
		series = &answer->rows[i].series;
		if (strcmp(series->environment, first->environment) != 0 ||
		    strcmp(series->service, first->service) != 0)
			common.place = false;
		if (strcmp(series->probe, first->probe) != 0)
			common.probe = false;
		if (strcmp(series->agent, first->agent) != 0 ||
		    series->vantage != first->vantage)
			common.agent = false;
	}
	return common;
}

static void
put_common(
    struct page *page, const struct common *common, const struct series *series)
{
	char place[SHOW_PLACE_BYTES];
	const char *comma = "";

	if (common->place) {
		page_put(page, INK_TITLE, "%s",
		    show_place(place, series->environment, series->service));
		comma = ", ";
	}
	if (common->probe) {
		page_put(page, INK_PLAIN, "%sprobe %s (%s)", comma,
		    series->probe, series->kind);
		comma = ", ";
	}
	if (common->agent) {
		page_put(page, INK_PLAIN, "%sagent %s (%s)", comma,
		    series->agent, vantage_name(series->vantage));
		comma = ", ";
	}
	if (comma[0] != '\0')
		page_newline(page);
}

/* --- phases ----------------------------------------------------------------- */

/* The names of all phases, in the order they are met. */
struct phases {
	const char *names[PHASES_MAX];
	size_t n;
	bool complete; /* there were no more than fit */
};

static bool
has_phase(const struct phases *phases, const char *name)
{
	for (size_t i = 0; i < phases->n; i++)
		if (strcmp(phases->names[i], name) == 0)
			return true;
	return false;
}

static struct phases
find_phases(const struct history_answer *answer)
{
	struct phases phases = { .complete = true };

	for (size_t i = 0; i < answer->n_rows; i++) {
		const struct series *series = &answer->rows[i].series;

		for (size_t k = 0; k < series->n_phases; k++) {
			if (has_phase(&phases, series->phases[k]))
				continue;
			if (phases.n == PHASES_MAX) {
				phases.complete = false;
				return phases;
			}
			phases.names[phases.n++] = series->phases[k];
		}
	}
	return phases;
}

/* How many of the series' phases the run got into. */
static size_t
phases_run(const struct history_row *row)
{
	return row->result.n_phases < row->series.n_phases
	    ? row->result.n_phases
	    : row->series.n_phases;
}

/* Adds "resolve 0.40 ms, connect 1.20 ms" below the row. */
static void
note_phases(struct table *table, const struct history_row *row)
{
	struct text text = { 0 };
	char span[TEXT_SPAN_BYTES];

	for (size_t i = 0; i < phases_run(row); i++)
		text_addf(&text, "%s%s %s", i > 0 ? ", " : "",
		    row->series.phases[i],
		    text_span(span, row->result.phase_us[i]));
	if (text.n > 0)
		table_note(table, INK_DIM, "%s", text.bytes);
	text_fini(&text);
}

/* Adds a cell for each phase; "-" where the run did not get to. */
static void
add_phases(struct table *table, const struct phases *phases,
    const struct history_row *row)
{
	char span[TEXT_SPAN_BYTES];

	for (size_t i = 0; i < phases->n; i++) {
		const char *shown = "-";

		for (size_t k = 0; k < phases_run(row); k++)
			if (strcmp(phases->names[i], row->series.phases[k]) ==
			    0)
				shown =
				    text_span(span, row->result.phase_us[k]);
		table_add(table, INK_PLAIN, "%s", shown);
	}
}

/* --- the table -------------------------------------------------------------- */

struct layout {
	struct column columns[PLAIN_COLUMNS + PHASES_MAX];
	size_t n;
	struct common common;
	struct phases phases; /* n is 0 when they get no columns */
	bool notes;           /* they stand below the row instead */
};

static void
add_column(struct layout *layout, const char *title, bool right, bool whole)
{
	layout->columns[layout->n++] =
	    (struct column){ .title = title, .right = right, .whole = whole };
}

static void
lay_columns(struct layout *layout)
{
	layout->n = 0;
	add_column(layout, "TIME (UTC)", false, true);
	if (!layout->common.place)
		add_column(layout, "PLACE", false, false);
	if (!layout->common.probe)
		add_column(layout, "PROBE", false, false);
	if (!layout->common.agent)
		add_column(layout, "AGENT", false, false);
	add_column(layout, "OUTCOME", false, true);
	add_column(layout, "DURATION", true, true);
	for (size_t i = 0; i < layout->phases.n; i++)
		add_column(layout, layout->phases.names[i], true, true);
	add_column(layout, "REASON, MESSAGE", false, false);
}

static void
add_row(struct table *table, const struct page *page,
    const struct layout *layout, const struct history_row *row)
{
	const struct series *series = &row->series;
	const struct result *result = &row->result;
	char time[RENDER_TIME_BYTES], place[SHOW_PLACE_BYTES];
	char duration[SHOW_DURATION_BYTES], reason[REASON_TEXT_BYTES];

	table_add(table, INK_PLAIN, "%s", render_time(time, result->at_ms));
	if (!layout->common.place)
		table_add(table, INK_PLAIN, "%s",
		    show_place(place, series->environment, series->service));
	if (!layout->common.probe)
		table_add(table, INK_PLAIN, "%s", series->probe);
	if (!layout->common.agent)
		table_add(table, INK_PLAIN, "%s%s", series->agent,
		    vantage_counts(series->vantage) ? "" : " (workstation)");
	table_add(table, show_outcome_ink(result->outcome), "%s",
	    show_outcome(result->outcome));
	table_add(
	    table, INK_PLAIN, "%s", show_duration(duration, page, result));
	add_phases(table, &layout->phases, row);
	result_reason(reason, series, result);
	table_add(table, INK_PLAIN, "%s%s%s", reason,
	    reason[0] != '\0' && result->message[0] != '\0' ? ": " : "",
	    result->message);
	if (layout->notes)
		note_phases(table, row);
}

static struct table *
fill(const struct page *page, const struct layout *layout,
    const struct history_answer *answer)
{
	struct table *table = table_new(layout->columns, layout->n);

	for (size_t i = 0; i < answer->n_rows; i++)
		add_row(table, page, layout, &answer->rows[i]);
	return table;
}

/* The columns all but the last one need, with a little for that one. */
static size_t
needed(const struct layout *layout, const struct history_answer *answer)
{
	struct history_row row;
	struct table *table = table_new(layout->columns, layout->n);
	struct page scratch = { .look = { .width = LOOK_WIDTH } };
	size_t width;

	for (size_t i = 0; i < answer->n_rows; i++) {
		row = answer->rows[i];
		row.result.message = "";
		row.result.reason = REASON_NONE;
		add_row(table, &scratch, layout, &row);
	}
	width = table_width(table);
	table_print(table, &scratch);
	page_fini(&scratch);
	return width + TEXT_COLUMNS_MIN - strlen("REASON, MESSAGE");
}

void
show_history(
    struct page *page, const struct history_answer *answer, bool phases)
{
	struct layout layout = { 0 };

	if (answer->n_rows == 0) {
		page_put(page, INK_PLAIN, "no results");
		page_newline(page);
		return;
	}
	layout.common = find_common(answer);
	if (phases)
		layout.phases = find_phases(answer);
	lay_columns(&layout);
	if (layout.phases.n > 0 &&
	    (!layout.phases.complete ||
		needed(&layout, answer) > page->look.width)) {
		layout.phases.n = 0;
		layout.notes = true;
		lay_columns(&layout);
	}
	put_common(page, &layout.common, &answer->rows[0].series);
	table_print(fill(page, &layout, answer), page);
	if (answer->more) {
		page_put(page, INK_DIM,
		    "older results were left out: see --limit, --since");
		page_newline(page);
	}
}
