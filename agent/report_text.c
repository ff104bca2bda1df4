#include <string.h>

#include "agent/hint.h"
#include "agent/report.h"

#define WIDTH          79
#define INDENT         11 /* of what belongs to a finding */
#define OUTCOME_COLUMN 9
#define NAME_COLUMN    24

enum ink {
	INK_GREEN = 32,
	INK_YELLOW,
	INK_RED = 31,
	INK_MAGENTA = 35,
	INK_CYAN
};

/* Where and how the page is written. */
struct page {
	struct text *out;
	bool has_colour;
};

static void
put(const struct page *page, enum ink ink, const char *text, int columns)
{
	if (page->has_colour)
		text_addf(
		    page->out, "\033[%dm%-*s\033[0m", (int)ink, columns, text);
	else
		text_addf(page->out, "%-*s", columns, text);
}

/* Adds words to a line that has used so many columns; what does not fit goes
 * on below, indented.  Ends the line. */
static void
wrap(struct text *out, size_t used, size_t indent, const char *words)
{
	size_t n;

	while (*words != '\0') {
		n = strcspn(words, " ");
		if (used + n > WIDTH && used > indent) {
			text_addf(out, "\n%*s", (int)indent, "");
			used = indent;
		}
		text_add_bytes(out, words, n);
		used += n;
		words += n;
		if (*words == ' ') {
			words++;
			if (*words != '\0' &&
			    used + 1 + strcspn(words, " ") <= WIDTH) {
				text_add(out, " ");
				used++;
			} else if (*words != '\0') {
				used = WIDTH + 1; /* no room for the next */
			}
		}
	}
	text_add(out, "\n");
}

static void
put_labelled(const struct page *page, const char *label, const char *words)
{
	if (words == NULL || words[0] == '\0')
		return;
	text_addf(page->out, "%*s%-5s", INDENT, "", label);
	wrap(page->out, INDENT + 5, INDENT + 5, words);
}

/* A command is never broken: it is there to be copied. */
static void
put_command(const struct page *page, const char *command)
{
	if (command != NULL && command[0] != '\0')
		text_addf(
		    page->out, "%*s%-5s%s\n", INDENT, "", "next", command);
}

static void
put_outcome(
    const struct page *page, const struct report *report, enum outcome outcome)
{
	static const enum ink inks[] = {
		[OUTCOME_OK] = INK_GREEN,
		[OUTCOME_WARNING] = INK_YELLOW,
		[OUTCOME_CRITICAL] = INK_RED,
		[OUTCOME_UNKNOWN] = INK_MAGENTA,
	};

	if (report_is_blind(report))
		put(page, INK_CYAN, "blind", OUTCOME_COLUMN);
	else
		put(page, inks[outcome], outcome_name(outcome), OUTCOME_COLUMN);
}

static void
put_finding(const struct page *page, const struct report *report,
    const struct finding *finding)
{
	const struct result *result = finding->result;
	char reason[REASON_TEXT_BYTES], span[TEXT_SPAN_BYTES];
	struct text meaning = { 0 }, command = { 0 };

	text_add(page->out, "  ");
	put_outcome(page, report, result->outcome);
	text_addf(page->out, "%-9s %-*s %9s%s", finding->series->kind,
	    NAME_COLUMN, finding->series->probe,
	    text_span(span, result->duration_us),
	    result->censored ? " (limit)" : "");
	if (report_vantage(report, finding) != report->vantage)
		text_addf(page->out, "  (%s)",
		    vantage_name(report_vantage(report, finding)));
	result_reason(reason, finding->series, result);
	if (reason[0] != '\0' && !report_is_blind(report))
		text_addf(page->out, "  %s", reason);
	if (finding->cause != NULL && !report_is_blind(report)) {
		/* It is no news: a line, and where to look. */
		text_addf(page->out, "  explained by %s\n",
		    finding->cause->series->probe);
		return;
	}
	text_add(page->out, "\n");
	if (report_is_blind(report)) {
		text_addf(&meaning, "%s%s%s", outcome_name(result->outcome),
		    result->message[0] != '\0' ? ": " : "", result->message);
		put_labelled(page, "seen", meaning.bytes);
	} else {
		put_labelled(page, "", result->message);
		hint_write(&meaning, &command, report, finding);
		put_labelled(page, "hint", meaning.bytes);
		put_command(page, command.bytes);
	}
	text_fini(&meaning);
	text_fini(&command);
}

static void
put_head(const struct page *page, const struct report *report)
{
	char at[TEXT_TIME_BYTES];
	struct text vantage = { 0 };

	text_addf(page->out, "%s in %s at %s\n", report->config->agent,
	    report->config->environment, text_time(at, report->at_ms));
	text_addf(
	    &vantage, "%s (%s)", vantage_name(report->vantage), report->why);
	text_add(page->out, "vantage ");
	wrap(page->out, 8, 8, vantage.bytes);
	text_fini(&vantage);
	if (!report_is_blind(report))
		return;
	text_addf(&vantage,
	    "what is seen from here says nothing of %s: every finding below is "
	    "a blind spot, neither good nor bad; it is closed by the same "
	    "probe, run where the proofs of identity hold",
	    report->config->environment);
	text_add(page->out, "        ");
	wrap(page->out, 8, 8, vantage.bytes);
	text_fini(&vantage);
}

/* Where to read what a reason can tell, and what it cannot. */
static void
put_footer(const struct page *page, const struct report *report)
{
	char reason[REASON_TEXT_BYTES];

	for (size_t i = 0; i < report->n && !report_is_blind(report); i++) {
		const struct finding *finding = &report->findings[i];

		result_reason(reason, finding->series, finding->result);
		if (finding->result->outcome == OUTCOME_OK ||
		    finding->cause != NULL || reason[0] == '\0')
			continue;
		text_addf(page->out,
		    "what a reason means: vedette-agent check --explain %s\n",
		    reason);
		return;
	}
}

void
report_text(struct text *out, const struct report *report, bool has_colour)
{
	const struct page page = { out, has_colour };
	const char *service = NULL;
	char span[TEXT_SPAN_BYTES];

	put_head(&page, report);
	for (size_t i = 0; i < report->n; i++) {
		const struct finding *finding = &report->findings[i];
		const char *own = finding->probe->service;

		if (service == NULL || strcmp(service, own) != 0)
			text_addf(out, "\n%s\n",
			    own[0] != '\0' ? own : "(the environment)");
		service = own;
		put_finding(&page, report, finding);
	}
	text_add(out, "\n");
	report_summary(out, report);
	text_addf(out, " (%s)\n", text_span(span, report->duration_us));
	put_footer(&page, report);
}
