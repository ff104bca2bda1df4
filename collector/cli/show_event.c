#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/show.h"

#define WORD_COLUMNS 10 /* "REGRESSION" */

/* What every line begins with; the rest of it follows after used columns. */
static size_t
put_head(struct page *page, int64_t at_ms, enum ink ink, const char *word)
{
	char time[RENDER_TIME_BYTES];

	render_time(time, at_ms);
	page_put(page, INK_DIM, "%s  ", time);
	page_field(page, ink, word, WORD_COLUMNS);
	page_put(page, INK_PLAIN, "  ");
	return strlen(time) + 2 + WORD_COLUMNS + 2;
}

static void
show_result(struct page *page, const struct history_row *row, bool transition)
{
	const struct result *result = &row->result;
	char place[SHOW_PLACE_BYTES], reason[REASON_TEXT_BYTES];
	char duration[SHOW_DURATION_BYTES];
	struct text text = { 0 };
	size_t used = put_head(page, result->at_ms,
	    show_outcome_ink(result->outcome), show_outcome(result->outcome));

	result_reason(reason, &row->series, result);
	text_addf(&text, "%s %s: %s%s%s%s",
	    show_place(place, row->series.environment, row->series.service),
	    row->series.probe, transition ? "changed, " : "", reason,
	    reason[0] != '\0' ? " " : "",
	    show_duration(duration, page, result));
	if (result->message[0] != '\0')
		text_addf(&text, ": %s", result->message);
	page_cut(page, used, INK_PLAIN, text.bytes);
	text_fini(&text);
}

static void
show_change(struct page *page, int64_t at_ms, const struct change_row *row)
{
	char place[SHOW_PLACE_BYTES];
	struct text text = { 0 };
	size_t used = put_head(page, at_ms, INK_TITLE, "change");

	text_addf(&text, "%s %s: %s %s %s",
	    show_place(place, row->environment, row->service), row->name,
	    row->before, page_arrow(page), row->after);
	page_cut(page, used, INK_PLAIN, text.bytes);
	text_fini(&text);
}

static void
show_regression(struct page *page, const struct event *event)
{
	const struct regression_row *row = &event->regression;
	bool cleared = event->kind == EVENT_CLEARED;
	char place[SHOW_PLACE_BYTES];
	struct text text = { 0 };
	size_t used = put_head(page, event->at_ms,
	    cleared ? INK_GOOD : show_outcome_ink(row->severity),
	    cleared ? "cleared" : "REGRESSION");

	text_addf(&text, "%s %s: #%" PRIu64 " %s, %s %s %s",
	    show_place(place, row->environment, row->service), row->subject,
	    row->id, regression_kind_name(row->kind), row->before,
	    page_arrow(page), row->after);
	if (row->message[0] != '\0')
		text_addf(&text, ": %s", row->message);
	page_wrap(page, used, used, INK_PLAIN, text.bytes);
	text_fini(&text);
}

char *
show_mark_words(const struct mark *mark)
{
	struct text text = { 0 };

	text_add(&text, mark_kind_name(mark->kind));
	if (mark->subject[0] != '\0')
		text_addf(&text, " %s", mark->subject);
	if (mark->summary[0] != '\0')
		text_addf(&text, ": %s", mark->summary);
	if (mark_by(mark)[0] != '\0')
		text_addf(&text, " (by %s)", mark_by(mark));
	return text_take(&text);
}

static void
show_mark(struct page *page, int64_t at_ms, const struct mark *mark)
{
	char place[SHOW_PLACE_BYTES], *words = show_mark_words(mark);
	struct text text = { 0 };
	size_t used = put_head(page, at_ms, INK_TITLE, "mark");

	text_addf(&text, "%s %s",
	    show_place(place, mark->environment, mark->service), words);
	page_cut(page, used, INK_PLAIN, text.bytes);
	text_fini(&text);
	free(words);
}

void
show_event(struct page *page, const struct event *event)
{
	switch (event->kind) {
	case EVENT_RESULT:
		show_result(page, &event->result, event->transition);
		return;
	case EVENT_CHANGE:
		show_change(page, event->at_ms, &event->change);
		return;
	case EVENT_MARK:
		show_mark(page, event->at_ms, &event->mark);
		return;
	case EVENT_REGRESSION:
	case EVENT_CLEARED:
		show_regression(page, event);
		return;
	}
}
