#include <string.h>

#include "agent/report.h"

/* Reads well in a list of services: the worst finding first. */
static const struct finding *
worst_of(const struct report *report)
{
	const struct finding *worst = NULL;

	for (size_t i = 0; i < report->n; i++) {
		const struct finding *finding = &report->findings[i];

		if (finding->cause != NULL)
			continue; /* its cause is as bad */
		if (worst == NULL ||
		    (finding->result->outcome != worst->result->outcome &&
			outcome_worse(
			    finding->result->outcome, worst->result->outcome) ==
			    finding->result->outcome))
			worst = finding;
	}
	return worst;
}

/* '|' begins the performance data, so no text may hold one. */
static void
add_plain(struct text *out, const char *text)
{
	size_t n;

	for (; *text != '\0'; text += n) {
		n = strcspn(text, "|");
		text_add_bytes(out, text, n);
		if (text[n] == '|') {
			text_add(out, "/");
			n++;
		}
	}
}

/* https://nagios-plugins.org/doc/guidelines.html, "Performance data":
 * 'label'=value[unit];[warn];[crit];[min];[max] */
static void
add_performance(struct text *out, const struct report *report)
{
	text_add(out, " |");
	for (size_t i = 0; i < report->n; i++) {
		const struct finding *finding = &report->findings[i];

		text_addf(out, " '%s'=%.3fms;;%u;0;", finding->series->probe,
		    (double)finding->result->duration_us / 1000,
		    finding->result->limit_ms);
	}
}

void
report_nagios(struct text *out, const struct report *report)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL",
		"UNKNOWN" };
	const struct finding *worst = worst_of(report);
	char reason[REASON_TEXT_BYTES];

	text_addf(out, "VEDETTE %s - ", words[report_exit(report)]);
	report_summary(out, report);
	if (report_is_blind(report)) {
		text_add(out, " (");
		add_plain(out, report->why);
		text_add(out, ")");
	} else if (worst != NULL && worst->result->outcome != OUTCOME_OK) {
		text_addf(out, "; %s: %s ", worst->series->probe,
		    result_reason(reason, worst->series, worst->result));
		add_plain(out, worst->result->message);
	}
	if (report->n > 0)
		add_performance(out, report);
	text_add(out, "\n");
}
