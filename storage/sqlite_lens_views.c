/* Views of the plain tables, with words for their numbers. */
#include "storage/sqlite_lens.h"

#include "proto/base/text.h"
#include "proto/mark.h"
#include "proto/query.h"

SQLITE_EXTENSION_INIT3

#define WORDS_MAX 64

/* "CASE column WHEN 0 THEN 'ok' ... END"; the last word is that before "?". */
static void
add_words(struct text *text, const char *column, const char *(*name)(int))
{
	text_addf(text, "CASE %s", column);
	for (int i = 0; i < WORDS_MAX && name(i)[0] != '?'; i++)
		text_addf(text, " WHEN %d THEN '%s'", i, name(i));
	text_add(text, " END");
}

static const char *
source_word(int i)
{
	return source_name((enum source)i);
}

static const char *
outcome_word(int i)
{
	return outcome_name((enum outcome)i);
}

static const char *
regression_word(int i)
{
	return regression_kind_name((enum regression_kind)i);
}

static const char *
mark_word(int i)
{
	return mark_kind_name((enum mark_kind)i);
}

/* NULL for 0. */
static void
add_time(struct text *text, const char *column, const char *as)
{
	text_addf(text,
	    ", CASE WHEN %s != 0 THEN strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', "
	    "%s / 1000.0, 'unixepoch') END AS %s",
	    column, column, as);
}

static void
add_changes(struct text *text)
{
	text_add(text,
	    "CREATE TEMP VIEW IF NOT EXISTS changes AS SELECT environment,"
	    " service, name, ");
	add_words(text, "source", source_word);
	text_add(text, " AS source, agent");
	add_time(text, "after_ms", "old_last_seen");
	add_time(text, "before_ms", "new_first_seen");
	text_add(text, ", before AS old, after AS new FROM main.change;");
}

static void
add_regressions(struct text *text)
{
	text_add(
	    text, "CREATE TEMP VIEW IF NOT EXISTS regressions AS SELECT id, ");
	add_words(text, "kind", regression_word);
	text_add(text, " AS kind, environment, service, agent, subject, ");
	add_words(text, "severity", outcome_word);
	text_add(text, " AS severity");
	add_time(text, "onset_from_ms", "onset_from");
	add_time(text, "onset_to_ms", "onset_to");
	add_time(text, "detected_ms", "detected");
	add_time(text, "cleared_ms", "cleared");
	text_add(text,
	    ", cleared_ms = 0 AS open, late, before AS old, after AS new,"
	    " message FROM main.regression;");
}

static void
add_marks(struct text *text)
{
	text_add(text, "CREATE TEMP VIEW IF NOT EXISTS marks AS SELECT at_ms");
	add_time(text, "at_ms", "at");
	text_add(text, ", environment, service, ");
	add_words(text, "kind", mark_word);
	text_add(text, " AS kind, subject, summary FROM main.mark;");
}

char *
lens_views(void)
{
	struct text text = { 0 };
	char *copy;

	add_changes(&text);
	add_regressions(&text);
	add_marks(&text);
	copy = sqlite3_mprintf("%s", text.bytes);
	text_fini(&text);
	return copy;
}
