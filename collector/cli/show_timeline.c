#include <stdio.h>
#include <string.h>

#include "collector/cli/members.h"
#include "collector/cli/show.h"
#include "collector/cli/show_document.h"

static const struct column series_columns[] = {
	{ .title = "PLACE" },
	{ .title = "PROBE" },
	{ .title = "STATE", .whole = true },
	{ .title = "SINCE (UTC)", .whole = true },
	{ .title = "REASON" },
	{ .title = "AGENT" },
};

static const struct column fact_columns[] = {
	{ .title = "PLACE" },
	{ .title = "FACT" },
	{ .title = "VALUE" },
	{ .title = "SINCE (UTC)", .whole = true },
	{ .title = "FROM" },
};

static const struct column change_columns[] = {
	{ .title = "BETWEEN (UTC)", .whole = true },
	{ .title = "PLACE" },
	{ .title = "FACT" },
};

static enum state
state_of(const json_t *series)
{
	enum state state = STATE_UNKNOWN;

	state_parse(&state, member_text(series, "state"));
	return state;
}

/* --- series ------------------------------------------------------------------------ */

static void
add_series(struct table *table, const json_t *series)
{
	char place[SHOW_MEMBER_BYTES], since[RENDER_TIME_BYTES];
	enum state state = state_of(series);

	/* What is stale is so since the last that was seen. */
	render_time(since,
	    member_time_ms(series, state == STATE_STALE ? "last" : "since"));
	table_add(table, INK_PLAIN, "%s", show_member_place(place, series));
	table_add(table, INK_TITLE, "%s", member_text(series, "probe"));
	table_add(table, show_state_ink(state), "%s", show_state(state));
	table_add(table, INK_PLAIN, "%s", since);
	table_add(table, INK_PLAIN, "%s", member_text(series, "reason"));
	table_add(table, INK_DIM, "%s", member_text(series, "agent"));
}

static void
put_series(
    struct page *page, const json_t *timeline, const char *title, bool is_stale)
{
	struct table *table = NULL;
	const json_t *series;
	size_t i;

	json_array_foreach(json_object_get(timeline, "series"), i, series)
	{
		enum state state = state_of(series);

		if (state == STATE_OK || (state == STATE_STALE) != is_stale)
			continue;
		if (table == NULL)
			table = table_new(series_columns,
			    sizeof(series_columns) / sizeof(series_columns[0]));
		add_series(table, series);
	}
	if (table == NULL)
		return;
	show_heading(page, title);
	table_print(table, page);
}

static void
put_counts(struct page *page, const json_t *timeline)
{
	const json_t *counts = json_object_get(timeline, "states");
	bool any = false;

	for (int i = STATE_OK; i < STATE_BLIND; i++) {
		enum state state = (enum state)i;
		uint64_t n = member_count(counts, state_name(state));

		if (n == 0)
			continue;
		page_put(page, show_state_ink(state), "%s%llu %s",
		    any ? ", " : "", (unsigned long long)n, show_state(state));
		any = true;
	}
	if (!any)
		page_put(page, INK_UNSURE, "nothing was seen by then");
	page_newline(page);
}

/* --- what was open, had changed, was known --------------------------------------------- */

static void
put_regressions(struct page *page, const json_t *timeline)
{
	const json_t *list = json_object_get(timeline, "regressions");
	const json_t *row;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	show_heading(page, "OPEN REGRESSIONS");
	json_array_foreach(list, i, row) show_regression_row(page, row);
}

static void
put_changes(struct page *page, const json_t *list)
{
	struct table *table;
	const json_t *row;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	table = table_new(
	    change_columns, sizeof(change_columns) / sizeof(change_columns[0]));
	json_array_foreach(list, i, row)
	{
		int64_t from_ms = member_time_ms(row, "old_last_seen");
		int64_t to_ms = member_time_ms(row, "new_first_seen");
		char between[RENDER_INTERVAL_BYTES], place[SHOW_MEMBER_BYTES];
		char time[RENDER_TIME_BYTES];

		if (from_ms == 0)
			table_add(table, INK_PLAIN, "first seen %s",
			    render_time(time, to_ms));
		else
			table_add(table, INK_PLAIN, "%s",
			    render_interval(between, from_ms, to_ms));
		table_add(
		    table, INK_PLAIN, "%s", show_member_place(place, row));
		table_add(table, INK_TITLE, "%s", member_text(row, "name"));
		table_note(table, INK_PLAIN, "%s %s %s",
		    member_text(row, "old"), page_arrow(page),
		    member_text(row, "new"));
	}
	table_print(table, page);
}

static void
put_recent(struct page *page, const json_t *timeline)
{
	const json_t *changes = json_object_get(timeline, "changes");
	const json_t *marks = json_object_get(timeline, "marks");
	char time[RENDER_TIME_BYTES], title[64];
	const json_t *mark;
	size_t i;

	render_time(time, member_time_ms(timeline, "recent_from"));
	snprintf(title, sizeof(title), "CHANGED SINCE %s", time);
	show_heading(page, title);
	if (json_array_size(changes) + json_array_size(marks) == 0) {
		page_put(page, INK_PLAIN, "nothing that was seen or told");
		page_newline(page);
	}
	json_array_foreach(marks, i, mark) show_mark_row(page, mark);
	put_changes(page, changes);
}

static void
put_facts(struct page *page, const json_t *timeline)
{
	const json_t *list = json_object_get(timeline, "facts");
	struct table *table;
	const json_t *row;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	show_heading(page, "KNOWN");
	table = table_new(
	    fact_columns, sizeof(fact_columns) / sizeof(fact_columns[0]));
	json_array_foreach(list, i, row)
	{
		char time[RENDER_TIME_BYTES], place[SHOW_MEMBER_BYTES];

		table_add(
		    table, INK_PLAIN, "%s", show_member_place(place, row));
		table_add(table, INK_TITLE, "%s", member_text(row, "name"));
		table_add(table, INK_PLAIN, "%s", member_text(row, "value"));
		table_add(table, INK_PLAIN, "%s",
		    render_time(time, member_time_ms(row, "since")));
		table_add(table, INK_DIM, "%s", member_text(row, "source"));
	}
	table_print(table, page);
}

void
show_timeline(struct page *page, const json_t *timeline)
{
	char place[SHOW_MEMBER_BYTES], time[RENDER_TIME_BYTES];

	show_member_place(place, timeline);
	page_put(
	    page, INK_TITLE, "%s", place[0] != '\0' ? place : "everything");
	page_put(page, INK_DIM, " at %s UTC  ",
	    render_time(time, member_time_ms(timeline, "at")));
	put_counts(page, timeline);
	put_series(page, timeline, "WRONG", false);
	put_series(page, timeline, "STALE", true);
	put_regressions(page, timeline);
	put_recent(page, timeline);
	put_facts(page, timeline);
}
