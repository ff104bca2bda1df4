#include <string.h>

#include "collector/cli/members.h"
#include "collector/cli/show_document.h"

/* --- alerts ----------------------------------------------------------------- */

static bool
is_resolved(const json_t *alert)
{
	return member_is(alert, "state", "resolved");
}

static const char *
state_of(const json_t *alert)
{
	if (is_resolved(alert))
		return "resolved";
	if (json_is_object(json_object_get(alert, "silenced")))
		return "silenced";
	if (json_is_object(json_object_get(alert, "acknowledged")))
		return "taken";
	return member_is(alert, "state", "quiet") ? "quiet" : "FIRING";
}

static enum ink
ink_of(const char *state)
{
	return strcmp(state, "FIRING") == 0  ? INK_BAD
	    : strcmp(state, "resolved") == 0 ? INK_DIM
					     : INK_WARNING;
}

static void
note_reach(struct table *table, const json_t *alert)
{
	const json_t *list = json_object_get(alert, "services"), *row;
	struct text text = { 0 };
	size_t i;

	if (json_array_size(list) < 2)
		return;
	json_array_foreach(list, i, row) text_addf(
	    &text, "%s%s", i > 0 ? ", " : "reaches ", json_string_value(row));
	table_note(table, INK_PLAIN, "%s", text.bytes);
	text_fini(&text);
}

static void
note_hands(struct table *table, const json_t *alert)
{
	const json_t *taken = json_object_get(alert, "acknowledged");
	const json_t *silenced = json_object_get(alert, "silenced");
	char time[RENDER_TIME_BYTES];
	int64_t until_ms;

	if (json_is_object(taken)) {
		until_ms = member_time_ms(taken, "until");
		table_note(table, INK_PLAIN, "taken by %s%s%s",
		    member_text(taken, "by"), until_ms != 0 ? " until " : "",
		    until_ms != 0 ? render_time(time, until_ms) : "");
	}
	if (json_is_object(silenced))
		table_note(table, INK_PLAIN, "%s until %s",
		    member_text(silenced, "by"),
		    render_time(time, member_time_ms(silenced, "until")));
}

static void
note_told(struct table *table, const json_t *alert)
{
	const json_t *list = json_object_get(alert, "told"), *row;
	struct text text = { 0 };
	size_t i;

	json_array_foreach(list, i, row)
	{
		text_addf(&text, "%s%s (%s)", i > 0 ? ", " : "",
		    member_text(row, "receiver"), member_text(row, "last"));
	}
	table_note(table, INK_DIM, "told: %s",
	    text.bytes != NULL ? text.bytes : "nobody");
	text_fini(&text);
}

static void
add_alert(struct table *table, const json_t *alert, int64_t now_ms)
{
	const json_t *cause = json_object_get(alert, "cause");
	const char *state = state_of(alert);
	char place[SHOW_MEMBER_BYTES], age[RENDER_AGE_BYTES];

	table_add(table, ink_of(state), "#%llu",
	    (unsigned long long)member_count(alert, "id"));
	table_add(table, ink_of(state), "%s", state);
	table_add(table, INK_PLAIN, "%s", show_member_place(place, alert));
	table_add(table, INK_PLAIN, "%s",
	    render_age(age, member_time_ms(alert, "onset"), now_ms));
	table_add(table, INK_TITLE, "%s %s", member_text(cause, "class"),
	    member_text(cause, "subject"));
	note_reach(table, alert);
	note_hands(table, alert);
	note_told(table, alert);
}

static void
show_list(struct page *page, const json_t *document)
{
	static const struct column columns[] = {
		{ .title = "ALERT", .whole = true },
		{ .title = "STATE", .whole = true },
		{ .title = "PLACE" },
		{ .title = "SINCE", .whole = true },
		{ .title = "CAUSE" },
	};
	const json_t *list = json_object_get(document, "alerts"), *row;
	struct table *table;
	size_t i;

	if (json_array_size(list) == 0) {
		page_put(page, INK_PLAIN, "no alerts");
		page_newline(page);
		return;
	}
	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(list, i, row)
	    add_alert(table, row, member_time_ms(document, "at"));
	table_print(table, page);
}

/* --- receivers -------------------------------------------------------------- */

static void
add_receiver(struct table *table, const json_t *row)
{
	bool is_failing = member_is(row, "state", "failing");
	char time[RENDER_TIME_BYTES];

	table_add(table, INK_PLAIN, "%s", member_text(row, "name"));
	table_add(table, INK_PLAIN, "%s", member_text(row, "way"));
	table_add(table, is_failing ? INK_BAD : INK_PLAIN, "%s",
	    is_failing ? "FAILING" : member_text(row, "state"));
	table_add(table, INK_PLAIN, "%llu",
	    (unsigned long long)member_count(row, "waiting"));
	table_add(table, INK_PLAIN, "%s",
	    render_time(time, member_time_ms(row, "taken")));
	if (is_failing)
		table_note(table, INK_BAD, "since %s, %llu times: %s",
		    render_time(time, member_time_ms(row, "failing_since")),
		    (unsigned long long)member_count(row, "failures"),
		    member_text(row, "trouble"));
}

static void
show_receivers(struct page *page, const json_t *document)
{
	static const struct column columns[] = {
		{ .title = "RECEIVER" },
		{ .title = "WAY", .whole = true },
		{ .title = "STATE", .whole = true },
		{ .title = "WAITING", .whole = true, .right = true },
		{ .title = "LAST TOOK (UTC)", .whole = true },
	};
	const json_t *list = json_object_get(document, "receivers"), *row;
	struct table *table;
	size_t i;

	page_newline(page);
	if (json_array_size(list) == 0) {
		page_put(page, INK_WARNING,
		    "nobody is told: the configuration has no alerts");
		page_newline(page);
		return;
	}
	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(list, i, row) add_receiver(table, row);
	table_print(table, page);
}

void
show_alerts(struct page *page, const json_t *document)
{
	show_list(page, document);
	show_receivers(page, document);
}

/* --- silences --------------------------------------------------------------- */

static void
add_silence(struct table *table, const json_t *row)
{
	bool is_active = json_is_true(json_object_get(row, "active"));
	const char *environment = member_text(row, "environment");
	const char *service = member_text(row, "service");
	char time[RENDER_TIME_BYTES];

	table_add(table, is_active ? INK_WARNING : INK_DIM, "%llu",
	    (unsigned long long)member_count(row, "id"));
	table_add(table, INK_PLAIN, "%s%s%s",
	    environment[0] != '\0' ? environment : "*",
	    service[0] != '\0' ? "/" : "", service);
	table_add(table, INK_PLAIN, "%s",
	    render_time(time, member_time_ms(row, "until")));
	table_add(table, INK_PLAIN, "%s", member_text(row, "by"));
	if (member_text(row, "why")[0] != '\0')
		table_note(table, INK_PLAIN, "%s", member_text(row, "why"));
}

void
show_silences(struct page *page, const json_t *document)
{
	static const struct column columns[] = {
		{ .title = "SILENCE", .whole = true },
		{ .title = "PLACE" },
		{ .title = "UNTIL (UTC)", .whole = true },
		{ .title = "BY" },
	};
	const json_t *list = json_object_get(document, "silences"), *row;
	char time[RENDER_TIME_BYTES];
	struct table *table;
	size_t i;

	if (json_array_size(list) == 0) {
		page_put(page, INK_PLAIN, "no silences");
		page_newline(page);
	} else {
		table =
		    table_new(columns, sizeof(columns) / sizeof(columns[0]));
		json_array_foreach(list, i, row) add_silence(table, row);
		table_print(table, page);
	}
	list = json_object_get(document, "maintenance");
	json_array_foreach(list, i, row)
	{
		if (member_time_ms(row, "active_until") == 0)
			continue;
		page_put(page, INK_WARNING, "maintenance %s until %s",
		    member_text(row, "name"),
		    render_time(time, member_time_ms(row, "active_until")));
		page_newline(page);
	}
}
