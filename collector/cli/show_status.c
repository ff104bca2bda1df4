#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/places.h"
#include "collector/cli/show.h"

#define WAITING_NORMAL 1 /* the batch that is under way just now */

/* The answer, each part in the order of its places. */
struct view {
	const struct status_answer *answer;
	struct page *page;
	struct places cells, series, findings, open;
};

static void
view_init(
    struct view *view, struct page *page, const struct status_answer *answer)
{
	*view = (struct view){ .answer = answer, .page = page };
	places_init(&view->cells, answer->n_cells);
	places_init(&view->series, answer->n_series);
	places_init(&view->findings, answer->n_findings);
	places_init(&view->open, answer->n_open);
	for (size_t i = 0; i < answer->n_cells; i++)
		places_add(&view->cells, answer->cells[i].environment,
		    answer->cells[i].service, &answer->cells[i]);
	for (size_t i = 0; i < answer->n_series; i++)
		places_add(&view->series, answer->series[i].series.environment,
		    answer->series[i].series.service, &answer->series[i]);
	for (size_t i = 0; i < answer->n_findings; i++)
		places_add(&view->findings, answer->findings[i].environment,
		    answer->findings[i].service, &answer->findings[i]);
	for (size_t i = 0; i < answer->n_open; i++)
		places_add(&view->open, answer->open[i].environment,
		    answer->open[i].service, &answer->open[i]);
	places_sort(&view->cells);
	places_sort(&view->series);
	places_sort(&view->findings);
	places_sort(&view->open);
}

static void
view_fini(struct view *view)
{
	places_fini(&view->cells);
	places_fini(&view->series);
	places_fini(&view->findings);
	places_fini(&view->open);
}

/* --- what is known of one cell ---------------------------------------------- */

static void
put_findings(struct view *view, const char *environment, const char *service)
{
	PLACES_AT (placed, &view->findings, environment, service) {
		const struct finding_row *finding = placed->row;

		page_item(view->page, finding->kind, finding->text);
		placed->shown = true;
	}
}

static void
put_regression(struct page *page, const struct regression_row *row)
{
	char onset[RENDER_INTERVAL_BYTES];
	struct text text = { 0 };

	text_addf(&text, "#%" PRIu64 " %s of %s, onset %s: %s %s %s%s%s",
	    row->id, regression_kind_name(row->kind), row->subject,
	    render_interval(onset, row->onset_from_ms, row->onset_to_ms),
	    row->before, page_arrow(page), row->after,
	    row->message[0] != '\0' ? ": " : "", row->message);
	page_item(page, "regression", text.bytes);
	text_fini(&text);
}

static void
put_regressions(struct view *view, const char *environment, const char *service)
{
	PLACES_AT (placed, &view->open, environment, service) {
		put_regression(view->page, placed->row);
		placed->shown = true;
	}
}

static void
put_series_row(const struct view *view, const struct series_row *row,
    const struct cell_row *cell)
{
	const struct result *result = &row->last;
	char reason[REASON_TEXT_BYTES], duration[SHOW_DURATION_BYTES];
	char since[RENDER_TIME_BYTES];
	struct text text = { 0 };

	result_reason(reason, &row->series, result);
	text_addf(&text, "%s on %s: %s since %s", row->series.probe,
	    row->series.agent, show_state(row->state),
	    render_time(since, row->since_ms));
	if (!row->hard)
		text_add(&text, ", not confirmed yet");
	text_addf(&text, ", %s %s", reason[0] != '\0' ? reason : "took",
	    show_duration(duration, view->page, result));
	if (strstr(cell->why, result->message) == NULL)
		text_addf(&text, ": %s", result->message);
	page_item(view->page, "probe", text.bytes);
	text_fini(&text);
}

/* Where several probes complain, the cell's one line of why is not enough. */
static void
put_series(const struct view *view, const struct cell_row *cell)
{
	size_t n = 0;

	PLACES_AT (at, &view->series, cell->environment, cell->service) {
		const struct series_row *row = at->row;

		n += row->state != STATE_OK;
	}
	if (n < 2)
		return;
	PLACES_AT (at, &view->series, cell->environment, cell->service) {
		const struct series_row *row = at->row;

		if (row->state != STATE_OK)
			put_series_row(view, row, cell);
	}
}

static void
put_cell(struct view *view, const struct cell_row *cell)
{
	char place[SHOW_PLACE_BYTES], since[RENDER_TIME_BYTES];
	char age[RENDER_AGE_BYTES];
	struct text text = { 0 };

	page_put(view->page, show_state_ink(cell->state), "%-8s",
	    show_state(cell->state));
	show_place(place, cell->environment, cell->service);
	text_addf(&text, "  %s", place);
	if (cell->since_ms != 0)
		text_addf(&text, "  since %s (%s)",
		    render_time(since, cell->since_ms),
		    render_age(age, cell->since_ms, view->answer->at_ms));
	page_wrap(view->page, strlen("CRITICAL"), 2, INK_TITLE, text.bytes);
	text_fini(&text);
	if (cell->why[0] != '\0')
		page_item(view->page, "why", cell->why);
	put_series(view, cell);
	put_findings(view, cell->environment, cell->service);
	put_regressions(view, cell->environment, cell->service);
}

/* --- the blocks below the matrix -------------------------------------------- */

static void
put_title(struct page *page, bool *shown, const char *title)
{
	if (!*shown) {
		page_put(page, INK_TITLE, "%s", title);
		page_newline(page);
	}
	*shown = true;
}

/* The cells in this state, by name; their title before the first one. */
static void
put_cells(struct view *view, enum state state, bool *shown, const char *title)
{
	for (size_t i = 0; i < view->cells.n; i++) {
		const struct cell_row *cell = view->cells.rows[i].row;

		if (cell->state != state)
			continue;
		put_title(view->page, shown, title);
		put_cell(view, cell);
	}
}

/* What keeps an agent from being a witness, or NULL. */
static char *
agent_trouble(const struct agent_row *agent)
{
	char seen[RENDER_TIME_BYTES], interval[RENDER_INTERVAL_BYTES];
	struct text text = { 0 };

	if (agent->silent)
		text_addf(&text, "silent: last batch %s; ",
		    render_time(seen, agent->seen_ms));
	if (!vantage_counts(agent->vantage))
		text_add(&text,
		    "unproven (workstation): what it says does not count for "
		    "the environment; ");
	if (agent->lost_results > 0)
		text_addf(&text, "%" PRIu64 " results lost, %s; ",
		    agent->lost_results,
		    render_interval(
			interval, agent->lost_from_ms, agent->lost_to_ms));
	if (agent->waiting > WAITING_NORMAL)
		text_addf(&text, "%" PRIu64 " batches still in its spool; ",
		    agent->waiting);
	if (text.n == 0)
		return NULL;
	text.bytes[text.n - strlen("; ")] = '\0';
	return text_take(&text);
}

static void
put_agents(struct view *view, bool *shown, const char *title)
{
	for (size_t i = 0; i < view->answer->n_agents; i++) {
		const struct agent_row *agent = &view->answer->agents[i];
		char *trouble = agent_trouble(agent);
		struct text text = { 0 };

		if (trouble == NULL)
			continue;
		put_title(view->page, shown, title);
		page_put(view->page, INK_UNSURE, "%-8s", "agent");
		text_addf(&text, "  %s in %s: %s", agent->agent,
		    agent->environment, trouble);
		page_wrap(view->page, 8, 10, INK_PLAIN, text.bytes);
		text_fini(&text);
		free(trouble);
	}
}

static bool
is_unseen(const struct finding_row *finding)
{
	return strcmp(finding->kind, "blind") == 0 ||
	    strcmp(finding->kind, "gap") == 0 ||
	    strcmp(finding->kind, "clock") == 0;
}

/* Findings of this sort that no cell has shown. */
static void
put_other_findings(
    struct view *view, bool unseen, bool *shown, const char *title)
{
	for (size_t i = 0; i < view->findings.n; i++) {
		struct placed *placed = &view->findings.rows[i];
		const struct finding_row *finding = placed->row;
		char place[SHOW_PLACE_BYTES];
		struct text text = { 0 };

		if (placed->shown || is_unseen(finding) != unseen)
			continue;
		put_title(view->page, shown, title);
		page_field(view->page, unseen ? INK_UNSURE : INK_DIM,
		    finding->kind, strlen("reference"));
		text_addf(&text, " %s: %s",
		    show_place(place, finding->environment, finding->service),
		    finding->text);
		page_wrap(
		    view->page, strlen("reference"), 10, INK_PLAIN, text.bytes);
		text_fini(&text);
	}
}

/* Open regressions of places that are not wrong, or not in the matrix. */
static void
put_other_regressions(struct view *view, bool *shown, const char *title)
{
	for (size_t i = 0; i < view->open.n; i++) {
		struct placed *placed = &view->open.rows[i];
		char place[SHOW_PLACE_BYTES];

		if (placed->shown)
			continue;
		put_title(view->page, shown, title);
		page_wrap(view->page, 0, 2, INK_TITLE,
		    show_place(place, placed->environment, placed->service));
		put_regression(view->page, placed->row);
	}
}

static void
put_blocks(struct view *view)
{
	static const char also[] = "ALSO OPEN OR NOTED";
	static const char unseen[] = "CANNOT BE SEEN";
	bool shown = false;

	put_cells(view, STATE_CRITICAL, &shown, "WRONG");
	put_cells(view, STATE_WARNING, &shown, "WRONG");
	if (shown)
		page_newline(view->page);
	shown = false;
	put_cells(view, STATE_UNKNOWN, &shown, unseen);
	put_cells(view, STATE_STALE, &shown, unseen);
	put_cells(view, STATE_BLIND, &shown, unseen);
	put_agents(view, &shown, unseen);
	put_other_findings(view, true, &shown, unseen);
	if (shown)
		page_newline(view->page);
	shown = false;
	put_other_regressions(view, &shown, also);
	put_other_findings(view, false, &shown, also);
	if (shown)
		page_newline(view->page);
}

static void
put_head(const struct view *view)
{
	char at[RENDER_TIME_BYTES];
	size_t silent = 0, n = view->answer->n_agents;

	for (size_t i = 0; i < n; i++)
		silent += view->answer->agents[i].silent;
	page_put(view->page, INK_TITLE, "collector %s UTC",
	    render_time(at, view->answer->at_ms));
	page_put(
	    view->page, INK_PLAIN, "    %zu agent%s", n, n == 1 ? "" : "s");
	if (silent > 0)
		page_put(view->page, INK_UNSURE, ", %zu silent", silent);
	page_newline(view->page);
	page_newline(view->page);
}

/* Adds one count of the last line, which goes on below when it is full. */
static void
put_count(struct page *page, size_t *used, enum ink ink, const char *text)
{
	size_t n = strlen(text);

	if (*used > 0 && *used + strlen(", ") + n > page->look.width) {
		page_put(page, INK_PLAIN, ",");
		page_newline(page);
		*used = 0;
	} else if (*used > 0) {
		page_put(page, INK_PLAIN, ", ");
		*used += strlen(", ");
	}
	page_put(page, ink, "%s", text);
	*used += n;
}

/* The last line: how things stand in one sentence. */
static void
put_foot(const struct view *view)
{
	size_t counts[STATE_BLIND + 1] = { 0 }, used = 0;
	char text[64];

	if (view->cells.n == 0) {
		page_put(view->page, INK_UNSURE,
		    "nothing is known: no agent has sent a result of this");
		page_newline(view->page);
		return;
	}
	for (size_t i = 0; i < view->cells.n; i++) {
		const struct cell_row *cell = view->cells.rows[i].row;

		counts[cell->state <= STATE_BLIND ? cell->state
						  : STATE_UNKNOWN]++;
	}
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (counts[i] == 0)
			continue;
		snprintf(
		    text, sizeof(text), "%zu %s", counts[i], show_state(i));
		put_count(view->page, &used, show_state_ink(i), text);
	}
	snprintf(text, sizeof(text), "%zu open regression%s", view->open.n,
	    view->open.n == 1 ? "" : "s");
	if (view->open.n > 0)
		put_count(view->page, &used, INK_PLAIN, text);
	page_newline(view->page);
}

void
show_status(struct page *page, const struct status_answer *answer)
{
	struct view view;

	view_init(&view, page, answer);
	put_head(&view);
	show_matrix(page, answer);
	put_blocks(&view);
	put_foot(&view);
	view_fini(&view);
}
