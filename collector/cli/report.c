#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/report_inside.h"

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

const char *
report_or_dash(const char *text)
{
	return text == NULL || text[0] == '\0' ? "-" : text;
}

const char *
report_class(const char *class)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(classes[i].class, class) == 0)
			return classes[i].words;
	return class;
}

void
report_paragraph(struct writing *writing, struct text *text)
{
	markup_paragraph(&writing->markup, text->bytes);
	text_fini(text);
}

void
report_add_interval(struct text *text, const json_t *interval)
{
	const char *from = member_text(interval, "from");
	const char *to = member_text(interval, "to");

	if (from[0] != '\0' && strcmp(from, to) != 0)
		text_addf(text, "%s to ", from);
	text_add(text, report_or_dash(to));
}

void
report_add_word(struct text *text, const char *word)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "_./:@%+=,-";

	text_add(text, " ");
	if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
		text_add(text, word);
		return;
	}
	text_add(text, "'");
	for (const char *c = word; *c != '\0'; c++)
		if (*c == '\'')
			text_add(text, "'\\''");
		else
			text_add_bytes(text, c, 1);
	text_add(text, "'");
}

/* --- sections -------------------------------------------------------------------- */

/* Of long ago: what was told when people labelled it. */
static void
write_told(struct writing *writing)
{
	const json_t *told =
	    json_object_get(json_object_get(writing->report, "label"), "told");
	struct text text = { 0 };

	text_add(&text,
	    "The results of then are no longer kept, so what is below says "
	    "nothing of them.");
	if (json_is_object(told))
		text_addf(&text,
		    " When it was labelled the verdict was: %s (%.2f), "
		    "subject %s.",
		    report_class(member_text(told, "class")),
		    member_number(told, "confidence"),
		    report_or_dash(member_text(told, "subject")));
	report_paragraph(writing, &text);
}

/* Does what people found agree with the verdict, as far as there is one? */
static const char *
agreement(const json_t *label)
{
	const json_t *is_right = json_object_get(label, "verdict_right");

	if (json_is_null(is_right))
		return "that";
	if (json_is_false(is_right))
		return "otherwise:";
	return json_is_false(json_object_get(label, "subject_right"))
	    ? "the same class, but another subject:"
	    : "the same:";
}

/* Beside the verdict, what people found out in the end. */
static void
write_label(struct writing *writing)
{
	const json_t *label = json_object_get(writing->report, "label");
	const char *subject = member_text(label, "subject");
	const char *summary = member_text(label, "summary");
	struct text text = { 0 };

	if (!json_is_object(label))
		return;
	text_addf(&text, "People found %s it was %s", agreement(label),
	    report_class(member_text(label, "class")));
	if (subject[0] != '\0')
		text_addf(&text, ", subject %s", subject);
	text_addf(&text, " (%s, %s).", report_or_dash(member_text(label, "by")),
	    member_text(label, "at"));
	if (summary[0] != '\0')
		text_addf(&text, " They said: %s.", summary);
	report_paragraph(writing, &text);
}

static void
write_verdict(struct writing *writing)
{
	const json_t *verdict = writing->verdict;
	struct text text = { 0 };

	markup_heading(&writing->markup, "Verdict");
	if (json_is_true(json_object_get(writing->report, "evidence_gone"))) {
		write_told(writing);
		return;
	}
	text_addf(&text,
	    "%s: %s, %s (%.2f). Subject: %s. Coverage %.0f of "
	    "%.0f layers.",
	    member_text(verdict, "environment"),
	    report_class(member_text(verdict, "class")),
	    member_text(verdict, "word"), member_number(verdict, "confidence"),
	    report_or_dash(member_text(verdict, "subject")),
	    member_number(verdict, "layers_seen"),
	    member_number(verdict, "layers"));
	report_paragraph(writing, &text);
}

/* A table of remarks. */
struct section {
	const char *heading, *list;
	const char *keys[3], *titles[3];
};

#define WHY                               \
	{                                 \
		"what", "why", "evidence" \
	}

static const struct section cleared = { "What is cleared", "cleared",
	{ "subject", "text", "why" }, WHY };
static const struct section withheld = { "Advice withheld", "advice_withheld",
	{ "advice", "why", "" }, { "advice", "why", "" } };
static const struct section others[] = {
	{ "What follows from it", "entailed", { "check", "text", "why" }, WHY },
	{ "Masked faults", "masked", { "check", "text", "why" }, WHY },
	{ "Independent faults", "secondary", { "subject", "text", "why" },
	    WHY },
	{ "Standing faults", "standing", { "subject", "text", "" }, WHY },
	{ "Refuted hypotheses", "refuted", { "hypothesis", "text", "why" },
	    WHY },
	{ "What could not be seen", "blind_spots",
	    { "what", "why", "closed_by" }, { "what", "why", "closed by" } },
	{ "Claims", "claims", { "text", "checked", "at" },
	    { "claim", "checked", "at" } },
};

/* Nothing at all when there are none. */
static void
write_section(struct writing *writing, const struct section *section)
{
	const json_t *rows = json_object_get(writing->verdict, section->list),
		     *row;
	size_t i;

	if (json_array_size(rows) == 0)
		return;
	markup_heading(&writing->markup, section->heading);
	markup_table(&writing->markup, section->titles, 3);
	json_array_foreach(rows, i, row)
	{
		const char *cells[] = {
			report_or_dash(member_text(row, section->keys[0])),
			report_or_dash(member_text(row, section->keys[1])),
			report_or_dash(member_text(row, section->keys[2])),
		};

		markup_row(&writing->markup, cells);
	}
	markup_table_end(&writing->markup);
}

static void
write_cause(struct writing *writing)
{
	const json_t *verdict = writing->verdict;
	const json_t *trigger = json_object_get(verdict, "trigger");
	const json_t *best =
	    json_array_get(json_object_get(verdict, "evidence"), 0);
	struct text text = { 0 };

	markup_heading(&writing->markup, "What is held responsible");
	text_addf(
	    &text, "%s.", report_or_dash(member_text(verdict, "subject")));
	if (json_is_object(trigger)) {
		text_addf(&text, " Trigger: %s %s, ",
		    member_text(trigger, "kind"),
		    member_text(trigger, "subject"));
		report_add_interval(&text, json_object_get(trigger, "at"));
		text_addf(&text, ", known by %s.", member_text(trigger, "by"));
	} else {
		text_add(&text, " No trigger is known.");
	}
	report_paragraph(writing, &text);
	if (best == NULL)
		return;
	text_addf(&text, "What says so most: %s (%s, %+.1f dB).",
	    member_text(best, "text"), member_text(best, "id"),
	    member_number(best, "db"));
	report_paragraph(writing, &text);
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

		snprintf(db, sizeof(db), "%+.1f", member_number(row, "db"));
		const char *cells[] = { member_text(row, "id"), db,
			member_text(row, "text"),
			report_or_dash(member_text(row, "vantage")),
			report_or_dash(member_text(row, "at")) };

		markup_row(&writing->markup, cells);
	}
	markup_table_end(&writing->markup);
}

static void
write_head(struct writing *writing)
{
	const json_t *incident = writing->incident;
	struct text text = { 0 };

	text_addf(&text, "Incident %.0f in %s", member_number(incident, "id"),
	    member_text(incident, "environment"));
	markup_begin(&writing->markup, text.bytes);
	text_fini(&text);
	text_addf(&text, "%s, %s; onset %s, closed %s; judged as of %s.",
	    member_text(incident, "state"), member_text(incident, "severity"),
	    member_text(incident, "onset"),
	    report_or_dash(member_text(incident, "closed")),
	    member_text(incident, "judged_at"));
	report_paragraph(writing, &text);
	text_addf(&text,
	    "Asked as of %s; vedette %s, verdict version %.0f. All times are "
	    "UTC.",
	    member_text(writing->report, "at"),
	    member_text(writing->report, "engine"),
	    member_number(writing->verdict, "version"));
	report_paragraph(writing, &text);
}

/* The earlier incident that this one repeats, and what should have kept it
 * from doing so. */
static void
write_relapse(struct writing *writing)
{
	const json_t *relapse = json_object_get(writing->report, "relapse");
	const json_t *guard = json_object_get(relapse, "guard");
	const json_t *label = json_object_get(relapse, "label");
	struct text text = { 0 };

	if (!json_is_object(relapse))
		return;
	markup_heading(&writing->markup, "Relapse");
	text_addf(&text,
	    "The same fault as incident %.0f (onset %s, closed %s): what "
	    "mended that one no longer holds.",
	    member_number(relapse, "incident"), member_text(relapse, "onset"),
	    member_text(relapse, "closed"));
	if (json_is_object(label))
		text_addf(&text, " Of that people said: %s %s %s",
		    member_text(label, "class"), member_text(label, "subject"),
		    member_text(label, "summary"));
	report_paragraph(writing, &text);
	if (json_is_object(guard))
		text_addf(&text, "Its guard: %s %s is %s.",
		    member_text(guard, "name"), member_text(guard, "rule"),
		    member_text(guard, "state"));
	else
		text_add(&text,
		    "No guard keeps its fix in force: vedette guard add.");
	report_paragraph(writing, &text);
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

/* What the results said, for and against, and what else there is to know. */
static void
write_findings(struct writing *writing)
{
	write_evidence(writing, "Evidence for", "evidence");
	write_evidence(writing, "Evidence against", "against");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		write_section(writing, &others[i]);
}

void
report_write(struct page *page, enum report_format format, const json_t *report,
    const char *options)
{
	struct writing writing = {
		.markup = { .page = page, .format = formats[format].markup },
		.report = report,
		.incident = json_object_get(report, "incident"),
		.verdict = json_object_get(report, "verdict"),
		.options = options,
	};

	write_head(&writing);
	write_verdict(&writing);
	write_label(&writing);
	write_relapse(&writing);
	write_section(&writing, &cleared);
	write_cause(&writing);
	report_measurements(&writing);
	report_timeline(&writing);
	write_findings(&writing);
	report_reproduce(&writing);
	report_actions(&writing);
	write_section(&writing, &withheld);
	report_repair(&writing);
	report_impact(&writing);
	report_status(&writing);
	report_escalation(&writing);
	report_confidence(&writing);
	markup_end(&writing.markup);
}
