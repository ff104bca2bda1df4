/* How to see it again, what to do, whom to call, and how far to trust it. */
#include <string.h>

#include "collector/cli/report_inside.h"

/* --- seeing it again ---------------------------------------------------------------- */

/* Ends the text, a command. */
static void
write_command(struct writing *writing, struct text *text, bool is_run)
{
	/* Only vedette itself can ask a store. */
	if (strncmp(text->bytes, "vedette ", 8) == 0)
		text_add(text, writing->options);
	markup_command(&writing->markup, text->bytes);
	text_fini(text);
	if (is_run)
		markup_paragraph(
		    &writing->markup, "Run by this report itself.");
}

static void
begin_command(struct text *text, const struct writing *writing,
    const char *verb, const char *service)
{
	struct text place = { 0 };

	text_addf(text, "vedette %s", verb);
	text_addf(&place, "%s%s%s",
	    member_text(writing->incident, "environment"),
	    service[0] != '\0' ? "/" : "", service);
	report_add_word(text, place.bytes);
	text_fini(&place);
}

static void
add_option(struct text *text, const char *option, const char *value)
{
	if (value[0] == '\0')
		return;
	text_addf(text, " %s", option);
	report_add_word(text, value);
}

/* The history of the check that failed first. */
static void
write_history(struct writing *writing)
{
	const json_t *first = NULL, *row;
	struct text text = { 0 };
	size_t i;

	json_array_foreach(json_object_get(writing->incident, "regressions"), i,
	    row) if (first == NULL && member_is(row, "kind", "state")) first =
	    row;
	if (first == NULL)
		return;
	begin_command(&text, writing, "history", member_text(first, "service"));
	add_option(&text, "--probe", member_text(first, "subject"));
	add_option(&text, "--from", member_text(first, "last_good"));
	add_option(&text, "--to", member_text(writing->incident, "judged_at"));
	write_command(writing, &text, false);
}

void
report_reproduce(struct writing *writing)
{
	static const struct {
		const char *verb, *at;
		bool is_run;
	} commands[] = {
		{ "diagnose", "--at", true },
		{ "guards", "--at", true },
		{ "changes", "--to", true },
		{ "timeline", "--at", false },
	};
	const char *judged_at = member_text(writing->incident, "judged_at");
	const char *id = member_text(
	    json_array_get(json_object_get(writing->verdict, "evidence"), 0),
	    "id");
	struct text text = { 0 };

	markup_heading(&writing->markup, "How to reproduce");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		begin_command(&text, writing, commands[i].verb, "");
		add_option(&text, commands[i].at, judged_at);
		write_command(writing, &text, commands[i].is_run);
	}
	if (id[0] != '\0') {
		begin_command(&text, writing, "diagnose", "");
		add_option(&text, "--at", judged_at);
		add_option(&text, "--explain", id);
		write_command(writing, &text, false);
	}
	write_history(writing);
}

/* --- what to do ----------------------------------------------------------------------- */

void
report_actions(struct writing *writing)
{
	const json_t *row;
	size_t i;

	markup_heading(&writing->markup, "Next actions");
	json_array_foreach(
	    json_object_get(writing->verdict, "next_actions"), i, row)
	{
		bool is_exact = json_is_true(json_object_get(row, "exact"));
		struct text text = { 0 };

		if (is_exact) {
			text_add(&text, member_text(row, "command"));
			write_command(writing, &text, false);
		}
		text_addf(&text, "%zu. %s%sExpect: %s. If not: %s. Risk: %s.",
		    i + 1, is_exact ? "" : member_text(row, "command"),
		    is_exact ? "" : ". ", member_text(row, "expect"),
		    member_text(row, "if_not"), member_text(row, "risk"));
		report_paragraph(writing, &text);
	}
}

/* --- how it ends ---------------------------------------------------------------------- */

/* What still has to pass: "backend/db, backend/golden"; false: nothing. */
static bool
add_failing(struct text *text, const json_t *incident)
{
	const json_t *row;
	size_t i, n = 0;

	json_array_foreach(json_object_get(incident, "regressions"), i, row)
	{
		if (member_text(row, "cleared")[0] != '\0')
			continue;
		text_addf(text, "%s%s/%s", n++ > 0 ? ", " : "",
		    member_text(row, "service"), member_text(row, "subject"));
	}
	return n > 0;
}

/* What to tell, once people know. */
static void
write_label(struct writing *writing)
{
	const char *class = member_text(writing->verdict, "class");
	struct text text = { 0 };

	if (json_is_object(json_object_get(writing->report, "label")) ||
	    strcmp(class, "undetermined") == 0)
		return;
	text_addf(&text, "vedette incident close %.0f --verdict %s",
	    member_number(writing->incident, "id"), class);
	add_option(
	    &text, "--subject", member_text(writing->verdict, "subject"));
	markup_command(&writing->markup, text.bytes);
	text_fini(&text);
	markup_paragraph(&writing->markup,
	    "Records that it was so; another class when people found another "
	    "one. It teaches the verdicts that follow.");
}

void
report_repair(struct writing *writing)
{
	const json_t *incident = writing->incident;
	struct text text = { 0 }, failing = { 0 };

	markup_heading(&writing->markup, "Repair and verification");
	if (add_failing(&failing, incident))
		text_addf(&text,
		    "It is over when these pass again, each by consecutive "
		    "good results of its own: %s. Nothing else closes it.",
		    failing.bytes);
	else if (member_is(incident, "state", "open"))
		text_addf(&text,
		    "Everything passes. It came back %.0f times, and is over "
		    "when it stayed away for twice the longest time between.",
		    member_number(incident, "returns"));
	else
		text_addf(&text,
		    "Closed %s, by good results of everything that had failed.",
		    member_text(incident, "closed"));
	text_fini(&failing);
	report_paragraph(writing, &text);
	write_label(writing);
}

/* --- whom to call ----------------------------------------------------------------------- */

void
report_escalation(struct writing *writing)
{
	const json_t *owners = json_object_get(writing->report, "owners"), *row;
	const char *class = member_text(writing->verdict, "class");
	const char *owner = member_text(writing->verdict, "owner");
	struct text text = { 0 };
	size_t i;

	if (strcmp(class, "none") == 0)
		return;
	markup_heading(&writing->markup, "Escalation");
	if (strcmp(class, "undetermined") != 0)
		text_addf(&text, "%s: %s.", report_class(class),
		    owner[0] != '\0' ? owner
				     : "nobody is named (owners, in the "
				       "collector's configuration)");
	json_array_foreach(
	    json_object_get(writing->verdict, "alternatives"), i, row)
	{
		const char *other = member_text(row, "class");

		if (member_text(owners, other)[0] != '\0')
			text_addf(&text, "%sIf it proves to be %s (%.2f): %s.",
			    text.n > 0 ? " " : "", report_class(other),
			    member_number(row, "confidence"),
			    member_text(owners, other));
	}
	if (text.n > 0)
		report_paragraph(writing, &text);
}

/* --- how far to trust it ----------------------------------------------------------------- */

void
report_confidence(struct writing *writing)
{
	const json_t *verdict = writing->verdict, *row;
	const json_t *record = json_object_get(writing->report, "record");
	const char *cap = member_text(verdict, "cap");
	struct text text = { 0 };
	size_t i;

	markup_heading(&writing->markup, "Confidence");
	text_addf(&text, "%.2f%s%s.", member_number(verdict, "confidence"),
	    cap[0] != '\0' ? ", not more, as " : "", cap);
	json_array_foreach(json_object_get(verdict, "alternatives"), i, row)
	    text_addf(&text, " Otherwise %s %.2f (%s).",
		member_text(row, "class"), member_number(row, "confidence"),
		report_or_dash(member_text(row, "subject")));
	text_addf(&text, " Prior: %s.",
	    member_text(json_object_get(verdict, "prior"), "from"));
	report_paragraph(writing, &text);
	if (member_count(record, "verdicts") == 0)
		text_add(&text,
		    "Calibration record of this installation: none yet; "
		    "vedette incident close says what an incident was.");
	else
		text_addf(&text,
		    "Calibration record of this installation: the class was "
		    "right in %.0f of %.0f verdicts that people judged; "
		    "vedette diagnose --self-check has the numbers.",
		    member_number(record, "right"),
		    member_number(record, "verdicts"));
	report_paragraph(writing, &text);
}
