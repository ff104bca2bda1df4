#include <stdlib.h>
#include <string.h>

#include "collector/cli/show.h"

static const struct column columns[] = {
	{ .title = "BETWEEN (UTC)", .whole = true },
	{ .title = "PLACE" },
	{ .title = "FACT" },
};

static void
add_between(struct table *table, const struct change_row *row)
{
	char between[RENDER_INTERVAL_BYTES], time[RENDER_TIME_BYTES];

	if (row->after_ms == 0)
		table_add(table, INK_PLAIN, "first seen %s",
		    render_time(time, row->before_ms));
	else
		table_add(table, INK_PLAIN, "%s",
		    render_interval(between, row->after_ms, row->before_ms));
}

/* What people and pipelines told, above what was found out. */
static void
show_marks(struct page *page, const struct changes_answer *answer)
{
	for (size_t i = 0; i < answer->n_marks; i++) {
		const struct mark *mark = &answer->marks[i];
		char time[RENDER_TIME_BYTES], place[SHOW_PLACE_BYTES];
		char *words = show_mark_words(mark);
		struct text text = { 0 };

		render_time(time, mark->at_ms);
		page_put(page, INK_DIM, "%s  ", time);
		text_addf(&text, "%s: %s",
		    show_place(place, mark->environment, mark->service), words);
		page_wrap(page, strlen(time) + 2, strlen(time) + 2, INK_PLAIN,
		    text.bytes);
		text_fini(&text);
		free(words);
	}
	if (answer->n_marks > 0 && answer->n_rows > 0)
		page_newline(page);
}

void
show_changes(struct page *page, const struct changes_answer *answer)
{
	struct table *table;

	show_marks(page, answer);
	if (answer->n_rows == 0 && answer->n_marks > 0)
		return;
	if (answer->n_rows == 0) {
		page_put(page, INK_PLAIN, "no changes");
		page_newline(page);
		return;
	}
	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < answer->n_rows; i++) {
		const struct change_row *row = &answer->rows[i];
		char place[SHOW_PLACE_BYTES];

		add_between(table, row);
		table_add(table, INK_PLAIN, "%s",
		    show_place(place, row->environment, row->service));
		table_add(table, INK_TITLE, "%s", row->name);
		table_note(table, INK_PLAIN, "%s %s %s  (by %s, from %s)",
		    row->before, page_arrow(page), row->after, row->agent,
		    source_name(row->source));
	}
	table_print(table, page);
	if (answer->more) {
		page_put(page, INK_DIM,
		    "older changes were left out: see --limit, --since");
		page_newline(page);
	}
}
