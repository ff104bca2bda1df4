#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/cli/show.h"

#define INDENT   4
#define SEVERITY 8 /* columns of its word */

/* "onset 09:59 .. 10:00, detected 10:00:07, open for 14m", wrapped. */
static void
put_times(struct page *page, const struct regression_row *row)
{
	char onset[RENDER_INTERVAL_BYTES], detected[RENDER_TIME_BYTES];
	char cleared[RENDER_TIME_BYTES];
	struct text text = { 0 };

	text_addf(&text, "onset %s, detected %s",
	    render_interval(onset, row->onset_from_ms, row->onset_to_ms),
	    render_time(detected, row->detected_ms));
	if (row->cleared_ms != 0)
		text_addf(&text, ", cleared %s",
		    render_time(cleared, row->cleared_ms));
	page_put(page, INK_PLAIN, "%*s", INDENT, "");
	page_wrap(page, INDENT, INDENT, INK_DIM, text.bytes);
	text_fini(&text);
}

static void
put_indented(struct page *page, const char *text)
{
	if (text[0] == '\0')
		return;
	page_put(page, INK_PLAIN, "%*s", INDENT, "");
	page_wrap(page, INDENT, INDENT, INK_PLAIN, text);
}

static void
put_row(struct page *page, const struct regression_row *row)
{
	char place[SHOW_PLACE_BYTES], id[32], *before_after;
	struct text text = { 0 };
	int used;

	page_put(page,
	    row->cleared_ms != 0 ? INK_DIM : show_outcome_ink(row->severity),
	    "%-*s", SEVERITY, show_outcome(row->severity));
	used = snprintf(id, sizeof(id), "  #%" PRIu64, row->id);
	page_put(page, INK_TITLE, "%s", id);
	text_addf(&text, "  %s  %s of %s in %s%s",
	    row->cleared_ms != 0 ? "cleared" : "open",
	    regression_kind_name(row->kind), row->subject,
	    show_place(place, row->environment, row->service),
	    row->late ? "  (late: known only afterwards)" : "");
	page_wrap(page, SEVERITY + (size_t)used, INDENT, INK_PLAIN, text.bytes);
	text_fini(&text);
	put_times(page, row);
	text_addf(&text, "%s %s %s", row->before, page_arrow(page), row->after);
	before_after = text_take(&text);
	put_indented(page, before_after);
	free(before_after);
	put_indented(page, row->message);
}

void
show_regressions(struct page *page, const struct regressions_answer *answer)
{
	if (answer->n_rows == 0) {
		page_put(page, INK_PLAIN, "no regressions");
		page_newline(page);
		return;
	}
	for (size_t i = 0; i < answer->n_rows; i++)
		put_row(page, &answer->rows[i]);
	if (answer->more) {
		page_put(page, INK_DIM,
		    "older regressions were left out: see --limit, --since");
		page_newline(page);
	}
}
