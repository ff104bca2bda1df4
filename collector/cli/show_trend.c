#include <math.h>
#include <stdio.h>
#include <string.h>

#include "collector/cli/chart.h"
#include "collector/cli/members.h"
#include "collector/cli/show_document.h"

#define LEVELS    8
#define BAR_STEPS 16 /* of the small picture in a line of a list */

static const struct column point_columns[] = {
	{ .title = "FROM (UTC)", .whole = true },
	{ .title = "RESULTS", .right = true },
	{ .title = "OK", .right = true },
	{ .title = "P50", .right = true },
	{ .title = "P95", .right = true },
	{ .title = "P99", .right = true },
};

static const struct column series_columns[] = {
	{ .title = "PLACE" },
	{ .title = "PROBE" },
	{ .title = "AGENT" },
	{ .title = "OK", .right = true },
	{ .title = "P50", .right = true },
	{ .title = "P95", .right = true },
	{ .title = "P95 STEP BY STEP", .whole = true },
};

/* --- numbers ------------------------------------------------------------------ */

static void
add_numbers(struct table *table, const json_t *numbers)
{
	static const char *const spans[] = { "p50_ms", "p95_ms", "p99_ms" };
	const json_t *share = json_object_get(numbers, "share_ok");
	double ok = json_number_value(share);
	char span[TEXT_SPAN_BYTES];

	table_add(table, INK_PLAIN, "%llu",
	    (unsigned long long)member_count(numbers, "results"));
	if (json_is_number(share))
		table_add(
		    table, ok < 1 ? INK_BAD : INK_GOOD, "%.2f %%", ok * 100);
	else
		table_add(table, INK_DIM, "-");
	for (int i = 0; i < 3; i++)
		table_add(table, INK_PLAIN, "%s",
		    show_member_span(span, numbers, spans[i]));
}

/* --- one series ------------------------------------------------------------------- */

/* Everything that was marked within a step, below its line. */
static void
note_marked(
    struct table *table, const json_t *trend, int64_t from_ms, int64_t to_ms)
{
	const json_t *row;
	int64_t at_ms;
	size_t i;

	json_array_foreach(json_object_get(trend, "marks"), i, row)
	{
		at_ms = member_time_ms(row, "at");
		if (at_ms >= from_ms && at_ms < to_ms)
			table_note(table, INK_TITLE, "%s %s%s%s",
			    member_text(row, "kind"),
			    member_text(row, "subject"),
			    member_text(row, "summary")[0] != '\0' ? ": " : "",
			    member_text(row, "summary"));
	}
	json_array_foreach(json_object_get(trend, "builds"), i, row)
	{
		at_ms = member_time_ms(row, "new_first_seen");
		if (at_ms >= from_ms && at_ms < to_ms)
			table_note(table, INK_TITLE, "build %s, before %s",
			    member_text(row, "new"), member_text(row, "old"));
	}
	json_array_foreach(json_object_get(trend, "regressions"), i, row)
	{
		at_ms = member_time_ms(row, "onset_to");
		if (at_ms >= from_ms && at_ms < to_ms)
			table_note(table, INK_BAD,
			    "REGRESSION #%llu %s of %s: %s, before %s",
			    (unsigned long long)member_count(row, "id"),
			    member_text(row, "kind"),
			    member_text(row, "subject"),
			    member_text(row, "new"), member_text(row, "old"));
	}
}

static int64_t
step_ms(const json_t *trend)
{
	return member_is(trend, "by", "hour") ? INT64_C(3600000)
	    : member_is(trend, "by", "week")  ? INT64_C(604800000)
					      : INT64_C(86400000);
}

static void
put_points(struct page *page, const json_t *trend, const json_t *series)
{
	struct table *table = table_new(
	    point_columns, sizeof(point_columns) / sizeof(point_columns[0]));
	bool by_hour = member_is(trend, "by", "hour");
	char time[RENDER_TIME_BYTES];
	const json_t *point;
	size_t i;

	json_array_foreach(json_object_get(series, "points"), i, point)
	{
		int64_t at_ms = member_time_ms(point, "at");

		render_time(time, at_ms);
		table_add(table, INK_PLAIN, "%.*s", by_hour ? 16 : 10, time);
		add_numbers(table, point);
		note_marked(table, trend, at_ms, at_ms + step_ms(trend));
	}
	table_add(table, INK_TITLE, "total");
	add_numbers(table, json_object_get(series, "total"));
	table_print(table, page);
}

static bool
has_regression(const json_t *trend, int64_t from_ms, int64_t to_ms)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(trend, "regressions"), i, row)
	{
		int64_t at_ms = member_time_ms(row, "onset_to");

		if (at_ms >= from_ms && at_ms < to_ms)
			return true;
	}
	return false;
}

/* Steps without results are gaps, as wide as they lasted. */
static void
put_chart(struct page *page, const json_t *trend, const json_t *series)
{
	int64_t step = step_ms(trend), expected_ms = 0;
	bool any_marked = false;
	const json_t *point;
	struct chart chart;
	size_t i;

	chart_init(&chart);
	json_array_foreach(json_object_get(series, "points"), i, point)
	{
		const json_t *p95 = json_object_get(point, "p95_ms");
		int64_t at_ms = member_time_ms(point, "at");

		for (; expected_ms != 0 && expected_ms < at_ms;
		     expected_ms += step)
			chart_add(&chart, NAN);
		expected_ms = at_ms + step;
		chart_add(
		    &chart, json_is_number(p95) ? json_number_value(p95) : NAN);
		if (has_regression(trend, at_ms, at_ms + step)) {
			chart_mark(&chart, chart.n - 1, true);
			any_marked = true;
		}
	}
	page_put(page, INK_DIM, "p95 of what was ok, ms%s",
	    any_marked ? "; ^ a regression began" : "");
	page_newline(page);
	chart_draw(&chart, page);
}

/* --- several series ----------------------------------------------------------------- */

/* The last steps as heights of a bar; '!' where not all was ok. */
static void
add_bar(struct table *table, const struct page *page, const json_t *points)
{
	static const char *const bars[LEVELS] = { "\u2581", "\u2582", "\u2583",
		"\u2584", "\u2585", "\u2586", "\u2587", "\u2588" };
	static const char *const plain[LEVELS] = { "_", ".", "-", "=", "+", "*",
		"%", "#" };
	size_t n = json_array_size(points);
	size_t from = n > BAR_STEPS ? n - BAR_STEPS : 0;
	struct text text = { 0 };
	double most = 0;

	for (size_t i = from; i < n; i++)
		most = fmax(
		    most, member_number(json_array_get(points, i), "p95_ms"));
	for (size_t i = from; i < n; i++) {
		const json_t *point = json_array_get(points, i);
		double p95 = member_number(point, "p95_ms");
		int level = most > 0 ? (int)(p95 / most * (LEVELS - 1)) : 0;

		if (!json_is_number(json_object_get(point, "p95_ms")))
			text_add(&text, "!");
		else
			text_add(&text,
			    page->look.glyphs ? bars[level] : plain[level]);
	}
	table_add(table, INK_PLAIN, "%s", text.n > 0 ? text.bytes : "");
	text_fini(&text);
}

static void
put_list(struct page *page, const json_t *list)
{
	struct table *table = table_new(
	    series_columns, sizeof(series_columns) / sizeof(series_columns[0]));
	char place[SHOW_MEMBER_BYTES], span[TEXT_SPAN_BYTES];
	const json_t *series;
	size_t i;

	json_array_foreach(list, i, series)
	{
		const json_t *total = json_object_get(series, "total");
		double ok = member_number(total, "share_ok");

		table_add(
		    table, INK_PLAIN, "%s", show_member_place(place, series));
		table_add(table, INK_TITLE, "%s", member_text(series, "probe"));
		table_add(table, INK_DIM, "%s", member_text(series, "agent"));
		table_add(
		    table, ok < 1 ? INK_BAD : INK_GOOD, "%.2f %%", ok * 100);
		table_add(table, INK_PLAIN, "%s",
		    show_member_span(span, total, "p50_ms"));
		table_add(table, INK_PLAIN, "%s",
		    show_member_span(span, total, "p95_ms"));
		add_bar(table, page, json_object_get(series, "points"));
	}
	table_print(table, page);
}

static void
put_marked(struct page *page, const json_t *trend)
{
	const json_t *row;
	size_t i;

	if (json_array_size(json_object_get(trend, "marks")) > 0)
		show_heading(page, "MARKED");
	json_array_foreach(json_object_get(trend, "marks"), i, row)
	    show_mark_row(page, row);
	if (json_array_size(json_object_get(trend, "regressions")) > 0)
		show_heading(page, "REGRESSIONS");
	json_array_foreach(json_object_get(trend, "regressions"), i, row)
	    show_regression_row(page, row);
}

/* --- the whole ---------------------------------------------------------------------- */

static void
put_head(struct page *page, const json_t *trend, size_t n_series)
{
	char place[SHOW_MEMBER_BYTES], from[RENDER_TIME_BYTES];
	char to[RENDER_TIME_BYTES];
	const char *probe = member_text(trend, "probe");

	show_member_place(place, trend);
	page_put(page, INK_TITLE, "%s%s%s",
	    place[0] != '\0' ? place : "everything",
	    probe[0] != '\0' ? " " : "", probe);
	render_time(from, member_time_ms(trend, "from"));
	render_time(to, member_time_ms(trend, "to"));
	page_newline(page);
	page_put(page, INK_DIM, "by the %s, %.16s .. %.16s UTC, %zu series%s",
	    member_text(trend, "by"), from, to, n_series,
	    json_is_true(json_object_get(trend, "together")) ? " together"
							     : "");
	page_newline(page);
}

void
show_trend(struct page *page, const json_t *trend)
{
	const json_t *list = json_object_get(trend, "series");
	size_t n = json_array_size(list);

	put_head(page, trend, n);
	if (n == 0) {
		page_put(page, INK_PLAIN, "no results");
		page_newline(page);
		return;
	}
	if (n == 1) {
		put_chart(page, trend, json_array_get(list, 0));
		put_points(page, trend, json_array_get(list, 0));
		return;
	}
	put_list(page, list);
	if (json_is_true(json_object_get(trend, "more"))) {
		page_put(page, INK_DIM,
		    "more series were left out: see --limit, --together");
		page_newline(page);
	}
	put_marked(page, trend);
}
