#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/markup.h"
#include "collector/cli/report.h"

static const struct {
	const char *word;
	enum report_format format;
	enum markup_format markup;
} formats[] = {
	{ "text", REPORT_TEXT, MARKUP_TEXT },
	{ "md", REPORT_MARKDOWN, MARKUP_MARKDOWN },
	{ "html", REPORT_HTML, MARKUP_HTML },
};

/* Whom to ask, in which words, per class. */
static const struct {
	const char *class, *words;
} classes[] = {
	{ "app", "application code or release" },
	{ "env", "environment configuration" },
	{ "infra", "infrastructure or a dependency" },
	{ "net", "the network" },
	{ "blind", "a blind spot of the observers" },
	{ "none", "no incident" },
	{ "undetermined", "undetermined" },
};

struct writing {
	struct markup markup;
	const json_t *incident, *verdict, *changes;
};

/* --- reading ------------------------------------------------------------------ */

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

static double
number_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static const char *
or_dash(const char *text)
{
	return text[0] == '\0' ? "-" : text;
}

static const char *
class_words(const char *class)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(classes[i].class, class) == 0)
			return classes[i].words;
	return class;
}

static void
paragraph(struct writing *writing, struct text *text)
{
	markup_paragraph(&writing->markup, text->bytes);
	text_fini(text);
}

/* "10:00:00.000Z to ..." of an interval, or its one end. */
static void
add_interval(struct text *text, const json_t *interval)
{
	const char *from = text_of(interval, "from");
	const char *to = text_of(interval, "to");

	if (from[0] != '\0' && strcmp(from, to) != 0)
		text_addf(text, "%s to ", from);
	text_add(text, or_dash(to));
}

/* --- sections -------------------------------------------------------------------- */

static void
write_verdict(struct writing *writing)
{
	const json_t *verdict = writing->verdict;
	struct text text = { 0 };

	markup_heading(&writing->markup, "Verdict");
	text_addf(&text,
	    "%s: %s, %s (%.2f). Subject: %s. Coverage %.0f of "
	    "%.0f layers.",
	    text_of(verdict, "environment"),
	    class_words(text_of(verdict, "class")), text_of(verdict, "word"),
	    number_of(verdict, "confidence"),
	    or_dash(text_of(verdict, "subject")),
	    number_of(verdict, "layers_seen"), number_of(verdict, "layers"));
	paragraph(writing, &text);
}

/* A table of remarks; nothing at all when there are none. */
static void
write_remarks(struct writing *writing, const char *heading, const char *list,
    const char *name, const char *text, const char *why)
{
	const char *titles[] = { "what", "why", "evidence" };
	const json_t *rows = json_object_get(writing->verdict, list), *row;
	size_t i;

	if (json_array_size(rows) == 0)
		return;
	markup_heading(&writing->markup, heading);
	markup_table(&writing->markup, titles, 3);
	json_array_foreach(rows, i, row)
	{
		const char *cells[] = { or_dash(text_of(row, name)),
			text_of(row, text), or_dash(text_of(row, why)) };

		markup_row(&writing->markup, cells);
	}
	markup_table_end(&writing->markup);
}

static void
write_cause(struct writing *writing)
{
	const json_t *verdict = writing->verdict;
	const json_t *trigger = json_object_get(verdict, "trigger");
	struct text text = { 0 };

	markup_heading(&writing->markup, "What is held responsible");
	text_addf(&text, "%s.", or_dash(text_of(verdict, "subject")));
	if (json_is_object(trigger)) {
		text_addf(&text, " Trigger: %s %s, ", text_of(trigger, "kind"),
		    text_of(trigger, "subject"));
		add_interval(&text, json_object_get(trigger, "at"));
		text_addf(&text, ", known by %s.", text_of(trigger, "by"));
	} else {
		text_add(&text, " No trigger is known.");
	}
	paragraph(writing, &text);
}

static void
write_measurements(struct writing *writing)
{
	static const char *const titles[] = { "check", "before", "after",
		"state", "message" };
	const json_t *row;
	size_t i;

	markup_heading(&writing->markup, "Measurements");
	markup_table(&writing->markup, titles, 5);
	json_array_foreach(
	    json_object_get(writing->incident, "regressions"), i, row)
	{
		struct text check = { 0 };

		text_addf(&check, "%s/%s (%s)", text_of(row, "service"),
		    text_of(row, "subject"), text_of(row, "kind"));
		const char *cells[] = { check.bytes, text_of(row, "before"),
			text_of(row, "after"),
			text_of(row, "cleared")[0] == '\0' ? "FAILED"
							   : "recovered",
			text_of(row, "message") };

		markup_row(&writing->markup, cells);
		text_fini(&check);
	}
	markup_table_end(&writing->markup);
}

/* One line of the timeline. */
struct moment_row {
	const char *at, *what, *text;
	char *owned;
};

static int
by_time(const void *a, const void *b)
{
	const struct moment_row *x = a, *y = b;
	int order = strcmp(x->at, y->at);

	return order != 0 ? order : strcmp(x->what, y->what);
}

static void
add_moment(struct moment_row *rows, size_t *n, const char *at, const char *what,
    char *text)
{
	if (at[0] == '\0') {
		free(text);
		return;
	}
	rows[(*n)++] = (struct moment_row){ at, what, text, text };
}

static char *
sentence(const char *format, const char *a, const char *b, const char *c)
{
	struct text text = { 0 };

	text_addf(&text, format, a, b, c);
	return text_take(&text);
}

static size_t
gather_moments(const struct writing *writing, struct moment_row *rows)
{
	const json_t *row;
	size_t i, n = 0;

	add_moment(rows, &n, text_of(writing->verdict, "last_good"),
	    "last good", sentence("%s%s%s", "everything passed", "", ""));
	json_array_foreach(writing->changes, i, row) add_moment(rows, &n,
	    text_of(json_object_get(row, "at"), "to"), text_of(row, "what"),
	    sentence("%s %s: %s", text_of(row, "service"), text_of(row, "name"),
		text_of(row, "after")));
	json_array_foreach(
	    json_object_get(writing->incident, "regressions"), i, row)
	{
		add_moment(rows, &n, text_of(row, "onset"), "onset",
		    sentence("%s/%s: %s", text_of(row, "service"),
			text_of(row, "subject"), text_of(row, "after")));
		add_moment(rows, &n, text_of(row, "detected"), "detected",
		    sentence("%s/%s%s", text_of(row, "service"),
			text_of(row, "subject"), ""));
		add_moment(rows, &n, text_of(row, "cleared"), "cleared",
		    sentence("%s/%s%s", text_of(row, "service"),
			text_of(row, "subject"), " by its own results"));
	}
	return n;
}

static void
write_timeline(struct writing *writing)
{
	static const char *const titles[] = { "time (UTC)", "what", "of" };
	size_t room = json_array_size(writing->changes) + 1 +
	    3 *
		json_array_size(
		    json_object_get(writing->incident, "regressions"));
	struct moment_row *rows = calloc(room, sizeof(*rows));
	size_t n = gather_moments(writing, rows);

	qsort(rows, n, sizeof(*rows), by_time);
	markup_heading(&writing->markup, "Timeline");
	markup_table(&writing->markup, titles, 3);
	for (size_t i = 0; i < n; i++) {
		const char *cells[] = { rows[i].at, rows[i].what,
			rows[i].text };

		markup_row(&writing->markup, cells);
		free(rows[i].owned);
	}
	markup_table_end(&writing->markup);
	free(rows);
}

static void
write_evidence(struct writing *writing, const char *heading, const char *list)
{
	static const char *const titles[] = { "id", "dB", "evidence", "vantage",
		"at" };
	const json_t *rows = json_object_get(writing->verdict, list), *row;
	size_t i;

	markup_heading(&writing->markup, heading);
	if (json_array_size(rows) == 0) {
		markup_paragraph(&writing->markup, "Nothing.");
		return;
	}
	markup_table(&writing->markup, titles, 5);
	json_array_foreach(rows, i, row)
	{
		char db[32];

		snprintf(db, sizeof(db), "%+.1f", number_of(row, "db"));
		const char *cells[] = { text_of(row, "id"), db,
			text_of(row, "text"), or_dash(text_of(row, "vantage")),
			or_dash(text_of(row, "at")) };

		markup_row(&writing->markup, cells);
	}
	markup_table_end(&writing->markup);
}

static void
write_actions(struct writing *writing)
{
	const json_t *row;
	size_t i;

	markup_heading(&writing->markup, "Next actions");
	json_array_foreach(
	    json_object_get(writing->verdict, "next_actions"), i, row)
	{
		struct text text = { 0 };

		markup_command(&writing->markup, text_of(row, "command"));
		text_addf(&text, "%zu. Expect: %s. If not: %s. Risk: %s.",
		    i + 1, text_of(row, "expect"), text_of(row, "if_not"),
		    text_of(row, "risk"));
		paragraph(writing, &text);
	}
	write_remarks(
	    writing, "Advice withheld", "advice_withheld", "advice", "why", "");
}

static void
write_impact(struct writing *writing)
{
	const json_t *row;
	struct text text = { 0 };
	size_t i;

	markup_heading(&writing->markup, "Impact");
	text_addf(
	    &text, "Severity: %s.", text_of(writing->verdict, "severity"));
	json_array_foreach(json_object_get(writing->verdict, "state"), i, row)
	    text_addf(&text, " %s is %s.", text_of(row, "service"),
		text_of(row, "state"));
	paragraph(writing, &text);
}

static void
write_confidence(struct writing *writing)
{
	const json_t *row;
	struct text text = { 0 };
	size_t i;

	markup_heading(&writing->markup, "Escalation and confidence");
	text_addf(&text, "Owner: %s. Confidence %.2f%s%s.",
	    or_dash(text_of(writing->verdict, "owner")),
	    number_of(writing->verdict, "confidence"),
	    text_of(writing->verdict, "cap")[0] != '\0' ? ", capped: " : "",
	    text_of(writing->verdict, "cap"));
	text_addf(&text, " Prior: %s.",
	    text_of(json_object_get(writing->verdict, "prior"), "from"));
	json_array_foreach(
	    json_object_get(writing->verdict, "alternatives"), i, row)
	    text_addf(&text, " Otherwise %s %.2f (%s).", text_of(row, "class"),
		number_of(row, "confidence"), or_dash(text_of(row, "subject")));
	paragraph(writing, &text);
}

static void
write_head(struct writing *writing)
{
	const json_t *incident = writing->incident;
	struct text text = { 0 };

	text_addf(&text, "Incident %.0f in %s", number_of(incident, "id"),
	    text_of(incident, "environment"));
	markup_begin(&writing->markup, text.bytes);
	text_fini(&text);
	text_addf(&text, "%s, %s; onset %s, closed %s; judged as of %s.",
	    text_of(incident, "state"), text_of(incident, "severity"),
	    text_of(incident, "onset"), or_dash(text_of(incident, "closed")),
	    text_of(incident, "judged_at"));
	paragraph(writing, &text);
}

int
report_format_parse(enum report_format *out, const char *word)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].word, word) != 0)
			continue;
		*out = formats[i].format;
		return 0;
	}
	return -1;
}

void
report_write(struct text *out, enum report_format format, const json_t *report)
{
	struct writing writing = {
		.markup = { .out = out, .format = formats[format].markup },
		.incident = json_object_get(report, "incident"),
		.verdict = json_object_get(report, "verdict"),
		.changes = json_object_get(report, "changes"),
	};

	write_head(&writing);
	write_verdict(&writing);
	write_remarks(
	    &writing, "What is cleared", "cleared", "subject", "text", "why");
	write_cause(&writing);
	write_measurements(&writing);
	write_timeline(&writing);
	write_evidence(&writing, "Evidence for", "evidence");
	write_evidence(&writing, "Evidence against", "against");
	write_remarks(&writing, "What follows from it", "entailed", "check",
	    "text", "why");
	write_remarks(
	    &writing, "Masked faults", "masked", "check", "text", "why");
	write_remarks(&writing, "Independent faults", "secondary", "subject",
	    "text", "why");
	write_remarks(
	    &writing, "Standing faults", "standing", "subject", "text", "");
	write_remarks(&writing, "Refuted hypotheses", "refuted", "hypothesis",
	    "text", "why");
	write_remarks(&writing, "What could not be seen", "blind_spots", "what",
	    "why", "closed_by");
	write_remarks(&writing, "Claims", "claims", "text", "checked", "at");
	write_actions(&writing);
	write_impact(&writing);
	write_confidence(&writing);
	markup_end(&writing.markup);
}
