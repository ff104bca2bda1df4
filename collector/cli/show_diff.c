#include <string.h>

#include "collector/cli/members.h"
#include "collector/cli/show.h"
#include "collector/cli/show_document.h"

#define SIDES 2

static const char *const sides[SIDES] = { "left", "right" };

/* The words of a document as people read them. */
static const struct {
	const char *likeness, *words;
	enum ink ink;
} likenesses[] = {
	{ "differs", "DIFFERS", INK_BAD },
	{ "missing", "missing", INK_WARNING },
	{ "not_comparable", "not comparable", INK_UNSURE },
	{ "same", "same", INK_GOOD },
};

#define N_LIKENESSES (sizeof(likenesses) / sizeof(likenesses[0]))

static void
add_likeness(struct table *table, const json_t *row)
{
	for (size_t i = 0; i < N_LIKENESSES; i++)
		if (member_is(row, "likeness", likenesses[i].likeness))
			table_add(table, likenesses[i].ink, "%s",
			    likenesses[i].words);
}

static void
add_side(
    struct table *table, const json_t *row, const char *side, bool is_outcome)
{
	const json_t *value = json_object_get(row, side);
	enum state state;

	if (!json_is_object(value))
		table_add(table, INK_DIM, "never seen");
	else if (is_outcome &&
	    state_parse(&state, member_text(value, "state")) == 0)
		table_add(table, show_state_ink(state), "%s%s%s",
		    show_state(state),
		    member_text(value, "reason")[0] != '\0' ? ", " : "",
		    member_text(value, "reason"));
	else
		table_add(table, INK_PLAIN, "%s", member_text(value, "value"));
}

/* All but what is the same. */
static void
put_rows(
    struct page *page, const json_t *diff, const char *list, const char *what)
{
	const struct column columns[] = {
		{ .title = "SERVICE" },
		{ .title = list[0] == 'o' ? "PROBE" : "FACT" },
		{ .title = "", .whole = true },
		{ .title = member_text(diff, "left") },
		{ .title = member_text(diff, "right") },
	};
	struct table *table = NULL;
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(diff, list), i, row)
	{
		if (member_is(row, "likeness", "same"))
			continue;
		if (table == NULL)
			table = table_new(
			    columns, sizeof(columns) / sizeof(columns[0]));
		table_add(table, INK_PLAIN, "%s", member_text(row, "service"));
		table_add(table, INK_TITLE, "%s", member_text(row, what));
		add_likeness(table, row);
		for (int side = 0; side < SIDES; side++)
			add_side(table, row, sides[side], list[0] == 'o');
	}
	if (table == NULL)
		return;
	show_heading(page, list[0] == 'o' ? "OUTCOMES" : "FACTS");
	table_print(table, page);
}

void
show_diff(struct page *page, const json_t *diff)
{
	const json_t *counts = json_object_get(diff, "counts");
	char time[RENDER_TIME_BYTES];
	bool any = false;

	page_put(page, INK_TITLE, "%s and %s", member_text(diff, "left"),
	    member_text(diff, "right"));
	page_put(page, INK_DIM, " at %s UTC",
	    render_time(time, member_time_ms(diff, "at")));
	page_newline(page);
	for (size_t i = 0; i < N_LIKENESSES; i++) {
		uint64_t n = member_count(counts, likenesses[i].likeness);

		if (n == 0)
			continue;
		page_put(page, likenesses[i].ink, "%s%llu %s", any ? ", " : "",
		    (unsigned long long)n, likenesses[i].words);
		any = true;
	}
	if (!any)
		page_put(page, INK_UNSURE, "nothing to compare");
	page_newline(page);
	put_rows(page, diff, "outcomes", "probe");
	put_rows(page, diff, "facts", "name");
}
