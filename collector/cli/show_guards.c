#include <string.h>

#include "collector/cli/members.h"
#include "collector/cli/output.h"
#include "collector/cli/show_document.h"

#define STATE_COLUMNS 10 /* "regressed " */

enum { GUARDS_BROKEN = 1, GUARDS_CANNOT_TELL = OUTPUT_NO_ANSWER };

/* "backend setting/pool: at least 20 (issue 7), is 5 since ..." */
static void
add_guard(struct text *line, const json_t *guard)
{
	const char *value = member_text(guard, "value");
	const char *service = member_text(guard, "service");
	const char *since = member_text(guard, "since");

	text_addf(line, "%s%s%s: %s", service, service[0] != '\0' ? " " : "",
	    member_text(guard, "name"), member_text(guard, "rule"));
	if (value[0] != '\0')
		text_addf(line, ", is %s", value);
	if (since[0] != '\0')
		text_addf(line, " since %s (%s, %s)", since,
		    member_text(guard, "source"),
		    member_text(guard, "seen_by"));
}

static void
show_guard(struct page *page, const json_t *guard)
{
	enum ink ink = member_is(guard, "state", "held") ? INK_GOOD
	    : member_is(guard, "state", "regressed")     ? INK_BAD
							 : INK_UNSURE;
	const char *why = member_text(guard, "why");
	struct text line = { 0 };

	add_guard(&line, guard);
	page_field(page, ink, member_text(guard, "state"), STATE_COLUMNS);
	page_wrap(page, STATE_COLUMNS, STATE_COLUMNS, INK_PLAIN, line.bytes);
	text_fini(&line);
	if (why[0] == '\0')
		return;
	page_field(page, INK_PLAIN, "", STATE_COLUMNS);
	page_wrap(page, STATE_COLUMNS, STATE_COLUMNS, INK_DIM, why);
}

void
show_guards(struct page *page, const json_t *document)
{
	const json_t *guards = json_object_get(document, "guards");

	for (size_t i = 0; i < json_array_size(guards); i++)
		show_guard(page, json_array_get(guards, i));
	if (json_array_size(guards) == 0)
		page_wrap(page, 0, 2, INK_PLAIN,
		    "no guards: vedette guard add keeps a fix in force, or an "
		    "expectation of the configuration that names an issue");
}

int
show_guards_exit(const json_t *document)
{
	const json_t *guards = json_object_get(document, "guards");
	int code = OUTPUT_DONE;

	for (size_t i = 0; i < json_array_size(guards); i++) {
		const json_t *guard = json_array_get(guards, i);

		if (member_is(guard, "state", "regressed"))
			return GUARDS_BROKEN;
		if (!member_is(guard, "state", "held"))
			code = GUARDS_CANNOT_TELL;
	}
	return code;
}
