#include <stdio.h>
#include <string.h>

#include "collector/cli/members.h"
#include "collector/cli/show_verdict.h"

#define LABEL  10 /* columns of "subject", "onset", ... */
#define WEIGHT 7  /* columns of "+14.9" */

/* The classes as people read them, in capitals: the first line is the
 * answer. */
static const struct {
	const char *class, *words;
} classes[] = {
	{ "app", "APPLICATION" },
	{ "env", "ENVIRONMENT CONFIGURATION" },
	{ "infra", "INFRASTRUCTURE" },
	{ "net", "NETWORK" },
	{ "blind", "BLIND SPOT" },
	{ "none", "NO INCIDENT" },
	{ "undetermined", "UNDETERMINED" },
};

/* --- reading ------------------------------------------------------------------ */

/* "18:31:05" of a time as written, "-" for none. */
static const char *
clock_of(char out[16], const char *time)
{
	snprintf(out, 16, "%s", "-");
	if (strlen(time) >= 19)
		snprintf(out, 16, "%.8s", time + 11);
	return out;
}

static void
add_interval(struct text *text, const json_t *interval)
{
	char from[16], to[16];

	clock_of(from, member_text(interval, "from"));
	clock_of(to, member_text(interval, "to"));
	if (strcmp(from, "-") == 0 || strcmp(from, to) == 0)
		text_add(text, to);
	else
		text_addf(text, "%s-%s", from, to);
}

static const char *
words_of(const char *class)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(classes[i].class, class) == 0)
			return classes[i].words;
	return class;
}

static enum ink
ink_of(const char *class)
{
	if (strcmp(class, "none") == 0)
		return INK_GOOD;
	if (strcmp(class, "blind") == 0 || strcmp(class, "undetermined") == 0)
		return INK_UNSURE;
	return INK_BAD;
}

/* --- lines ---------------------------------------------------------------------- */

static void
put_label(struct page *page, const char *label)
{
	page_put(page, INK_DIM, "%-*s", LABEL, label);
}

static void
put_line(struct page *page, const char *label, const char *text)
{
	if (text[0] == '\0')
		return;
	put_label(page, label);
	page_wrap(page, LABEL, LABEL, INK_PLAIN, text);
}

static void
put_text(struct page *page, const char *label, struct text *text)
{
	put_line(page, label, text->bytes == NULL ? "" : text->bytes);
	text_fini(text);
}

static void
put_answer(struct page *page, const json_t *verdict)
{
	const char *class = member_text(verdict, "class");
	struct text text = { 0 };

	page_put(page, INK_TITLE, "%s: ", member_text(verdict, "environment"));
	page_put(page, ink_of(class), "%s", words_of(class));
	if (strcmp(class, "undetermined") != 0)
		page_put(page, INK_TITLE, ", %s", member_text(verdict, "word"));
	page_put(page, INK_PLAIN, " (%.2f)   coverage %.0f/%.0f layers",
	    member_number(verdict, "confidence"),
	    member_number(verdict, "layers_seen"),
	    member_number(verdict, "layers"));
	page_newline(page);
	text_add(&text, member_text(verdict, "subject"));
	if (text.n > 0)
		text_addf(
		    &text, "   severity: %s", member_text(verdict, "severity"));
	put_text(page, "subject", &text);
	put_line(page, "capped", member_text(verdict, "cap"));
}

static void
put_times(struct page *page, const json_t *verdict)
{
	const json_t *trigger = json_object_get(verdict, "trigger");
	const json_t *onset = json_object_get(verdict, "onset");
	struct text text = { 0 };
	char good[16];

	if (json_is_object(onset)) {
		add_interval(&text, onset);
		text_addf(&text, "   last good %s",
		    clock_of(good, member_text(verdict, "last_good")));
	}
	put_text(page, "onset", &text);
	if (!json_is_object(trigger))
		return;
	add_interval(&text, json_object_get(trigger, "at"));
	text_addf(&text, " %s %s (%s)", member_text(trigger, "kind"),
	    member_text(trigger, "subject"), member_text(trigger, "by"));
	put_text(page, "trigger", &text);
}

static void
put_states(struct page *page, const json_t *verdict)
{
	struct text text = { 0 };
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(verdict, "state"), i, row)
	    text_addf(&text, "%s%s %s", i > 0 ? " | " : "",
		member_text(row, "service"), member_text(row, "state"));
	put_text(page, "services", &text);
}

static void
put_evidence(struct page *page, const json_t *list, const char *label)
{
	const json_t *row;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	page_newline(page);
	json_array_foreach(list, i, row)
	{
		struct text text = { 0 };

		put_label(page, i == 0 ? label : "");
		page_put(page, INK_PLAIN, "%+*.1f ", WEIGHT - 1,
		    member_number(row, "db"));
		text_addf(&text, "%s  %s", member_text(row, "text"),
		    member_text(row, "id"));
		page_wrap(page, LABEL + WEIGHT, LABEL + WEIGHT, INK_PLAIN,
		    text.bytes);
		text_fini(&text);
	}
}

/* A list of remarks: "subject: text (E3)". */
static void
put_remarks(struct page *page, const json_t *verdict, const char *list,
    const char *name, const char *why)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(verdict, list), i, row)
	{
		struct text text = { 0 };
		const char *last = member_text(row, why);

		text_addf(&text, "%s: %s", member_text(row, name),
		    member_text(row, "text"));
		if (last[0] != '\0')
			text_addf(&text, " (%s)", last);
		put_label(page, i == 0 ? list : "");
		page_wrap(page, LABEL, LABEL, INK_PLAIN, text.bytes);
		text_fini(&text);
	}
}

static void
put_guards(struct page *page, const json_t *verdict)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(verdict, "guards"), i, row)
	{
		bool is_held = member_is(row, "state", "held");
		bool is_broken = member_is(row, "state", "regressed");
		struct text text = { 0 };

		text_addf(&text, "%s %s: %s %s", member_text(row, "name"),
		    member_text(row, "rule"),
		    is_held         ? "HELD"
			: is_broken ? "REGRESSED"
				    : "UNKNOWN",
		    member_text(row, "value"));
		put_label(page, i == 0 ? "guards" : "");
		page_wrap(page, LABEL, LABEL,
		    is_held         ? INK_GOOD
			: is_broken ? INK_BAD
				    : INK_UNSURE,
		    text.bytes);
		text_fini(&text);
	}
}

/* Said where it is not the one that everybody has. */
static void
put_prior(struct page *page, const json_t *verdict)
{
	const json_t *prior = json_object_get(verdict, "prior");
	struct text text = { 0 };

	if (member_count(prior, "labelled") > 0)
		text_addf(
		    &text, "%s (--explain prior)", member_text(prior, "from"));
	put_text(page, "prior", &text);
}

static void
put_blind_spots(struct page *page, const json_t *verdict)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(verdict, "blind_spots"), i, row)
	{
		struct text text = { 0 };

		text_addf(&text, "%s: %s; closed by %s",
		    member_text(row, "what"), member_text(row, "why"),
		    member_text(row, "closed_by"));
		put_label(page, i == 0 ? "unseen" : "");
		page_wrap(page, LABEL, LABEL, INK_UNSURE, text.bytes);
		text_fini(&text);
	}
}

static void
put_claims(struct page *page, const json_t *verdict)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(verdict, "claims"), i, row)
	{
		struct text text = { 0 };
		char at[16];

		text_addf(&text, "\"%s\" at %s: %s", member_text(row, "text"),
		    clock_of(at, member_text(row, "at")),
		    member_text(row, "checked"));
		put_label(page, i == 0 ? "claimed" : "");
		page_wrap(page, LABEL, LABEL, INK_PLAIN, text.bytes);
		text_fini(&text);
	}
	json_array_foreach(json_object_get(verdict, "advice_withheld"), i, row)
	{
		struct text text = { 0 };

		text_addf(&text, "do not %s: %s", member_text(row, "advice"),
		    member_text(row, "why"));
		put_text(page, i == 0 ? "withheld" : "", &text);
	}
}

static void
put_actions(struct page *page, const json_t *verdict)
{
	const json_t *list = json_object_get(verdict, "next_actions"), *row;
	size_t i;

	if (json_array_size(list) > 0)
		page_newline(page);
	json_array_foreach(list, i, row)
	{
		struct text text = { 0 };
		char label[16];

		snprintf(label, sizeof(label), "next %zu", i + 1);
		text_addf(&text, "%s   [%s]", member_text(row, "command"),
		    member_text(row, "risk"));
		put_text(page, label, &text);
		text_addf(&text, "  %s %s; else %s", page_arrow(page),
		    member_text(row, "expect"), member_text(row, "if_not"));
		put_text(page, "", &text);
	}
}

static void
put_alternatives(struct page *page, const json_t *verdict)
{
	struct text text = { 0 };
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(verdict, "alternatives"), i, row)
	    text_addf(&text, "%s%s %.2f %s", i > 0 ? " | " : "",
		member_text(row, "class"), member_number(row, "confidence"),
		member_text(row, "subject"));
	put_text(page, "or", &text);
}

void
show_verdict(struct page *page, const json_t *verdict)
{
	put_answer(page, verdict);
	put_times(page, verdict);
	put_states(page, verdict);
	put_alternatives(page, verdict);
	put_evidence(page, json_object_get(verdict, "evidence"), "for");
	put_evidence(page, json_object_get(verdict, "against"), "against");
	page_newline(page);
	put_remarks(page, verdict, "cleared", "subject", "why");
	put_remarks(page, verdict, "refuted", "hypothesis", "why");
	put_remarks(page, verdict, "entailed", "check", "why");
	put_remarks(page, verdict, "masked", "check", "why");
	put_remarks(page, verdict, "secondary", "subject", "why");
	put_remarks(page, verdict, "standing", "subject", "why");
	put_guards(page, verdict);
	put_prior(page, verdict);
	put_blind_spots(page, verdict);
	put_claims(page, verdict);
	put_actions(page, verdict);
	put_line(page, "escalate", member_text(verdict, "owner"));
}

/* --- one piece of evidence -------------------------------------------------------- */

static const json_t *
find_evidence(const json_t *list, const char *id)
{
	const json_t *row;
	size_t i;

	json_array_foreach(list, i,
	    row) if (strcasecmp(member_text(row, "id"), id) == 0) return row;
	return NULL;
}

/* What was believed before any evidence, and what after all of it. */
static void
show_prior(struct page *page, const json_t *verdict)
{
	const json_t *prior = json_object_get(verdict, "prior");
	const json_t *after = json_object_get(verdict, "probabilities");
	const char *class;
	json_t *value;

	page_put(page, INK_TITLE, "prior: %s", member_text(prior, "from"));
	page_newline(page);
	json_object_foreach(
	    json_object_get(prior, "probabilities"), class, value)
	{
		put_label(page, class);
		page_put(page, INK_PLAIN, "%.4f   with the evidence %.4f",
		    json_number_value(value), member_number(after, class));
		page_newline(page);
	}
}

bool
show_verdict_evidence(struct page *page, const json_t *verdict, const char *id)
{
	const json_t *row =
	    find_evidence(json_object_get(verdict, "evidence"), id);
	const char *class;
	json_t *value;

	if (strcasecmp(id, "prior") == 0) {
		show_prior(page, verdict);
		return true;
	}
	if (row == NULL)
		row = find_evidence(json_object_get(verdict, "against"), id);
	if (row == NULL)
		row = find_evidence(json_object_get(verdict, "weightless"), id);
	if (row == NULL)
		return false;
	page_put(page, INK_TITLE, "%s  %s", member_text(row, "id"),
	    member_text(row, "token"));
	page_newline(page);
	put_line(page, "says", member_text(row, "text"));
	put_line(page, "at", member_text(row, "at"));
	put_line(page, "vantage", member_text(row, "vantage"));
	put_line(page, "result",
	    json_string_value(
		json_array_get(json_object_get(row, "results"), 0)) == NULL
		? ""
		: json_string_value(
		      json_array_get(json_object_get(row, "results"), 0)));
	put_line(page, "P from", member_text(row, "row_from"));
	json_object_foreach(json_object_get(row, "weights"), class, value)
	{
		put_label(page, class);
		page_put(page, INK_PLAIN, "%+6.1f dB   P %.4f",
		    json_number_value(value),
		    member_number(json_object_get(row, "row"), class));
		page_newline(page);
	}
	return true;
}
