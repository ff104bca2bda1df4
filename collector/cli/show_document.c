/* Parts of pages that documents share. */
#include <stdio.h>
#include <string.h>

#include "collector/cli/members.h"
#include "collector/cli/show.h"
#include "collector/cli/show_document.h"

void
show_heading(struct page *page, const char *title)
{
	page_newline(page);
	page_put(page, INK_TITLE, "%s", title);
	page_newline(page);
}

char *
show_member_place(char out[SHOW_MEMBER_BYTES], const json_t *object)
{
	const char *environment = member_text(object, "environment");

	if (environment[0] != '\0')
		return show_place(
		    out, environment, member_text(object, "service"));
	snprintf(out, SHOW_MEMBER_BYTES, "%s", member_text(object, "service"));
	return out;
}

char *
show_member_span(
    char out[TEXT_SPAN_BYTES], const json_t *object, const char *key)
{
	if (!json_is_number(json_object_get(object, key))) {
		snprintf(out, TEXT_SPAN_BYTES, "-");
		return out;
	}
	return text_span(out, (int64_t)(member_number(object, key) * 1000));
}

void
show_mark_row(struct page *page, const json_t *mark)
{
	char time[RENDER_TIME_BYTES], place[SHOW_MEMBER_BYTES];
	const char *summary = member_text(mark, "summary");
	struct text text = { 0 };
	size_t used;

	render_time(time, member_time_ms(mark, "at"));
	used = strlen(time) + 2;
	page_put(page, INK_DIM, "%s  ", time);
	text_addf(&text, "%s: %s %s%s%s", show_member_place(place, mark),
	    member_text(mark, "kind"), member_text(mark, "subject"),
	    summary[0] != '\0' ? ": " : "", summary);
	page_wrap(page, used, used, INK_PLAIN, text.bytes);
	text_fini(&text);
}

void
show_regression_row(struct page *page, const json_t *regression)
{
	char time[RENDER_TIME_BYTES], place[SHOW_MEMBER_BYTES];
	struct text text = { 0 };
	size_t used;

	render_time(time, member_time_ms(regression, "onset_to"));
	used = strlen(time) + 2;
	page_put(page, INK_DIM, "%s  ", time);
	text_addf(&text, "%s: #%llu %s of %s: %s %s %s",
	    show_member_place(place, regression),
	    (unsigned long long)member_count(regression, "id"),
	    member_text(regression, "kind"), member_text(regression, "subject"),
	    member_text(regression, "old"), page_arrow(page),
	    member_text(regression, "new"));
	page_wrap(page, used, used, INK_BAD, text.bytes);
	text_fini(&text);
}
