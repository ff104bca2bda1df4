#include <stdlib.h>

#include <jansson.h>

#include "agent/hint.h"
#include "agent/report.h"

/* The shape is documented in docs/agent.md. */

static void
set_text(json_t *object, const char *key, const char *text)
{
	if (text != NULL && text[0] != '\0')
		json_object_set_new(object, key, json_string(text));
}

static void
set_ms(json_t *object, const char *key, int64_t us)
{
	json_object_set_new(object, key, json_real((double)us / 1000));
}

static json_t *
phases_json(const struct finding *finding)
{
	const struct result *result = finding->result;
	json_t *phases = json_object();

	for (size_t i = 0; i < result->n_phases; i++)
		set_ms(phases, finding->series->phases[i], result->phase_us[i]);
	return phases;
}

static json_t *
attributes_json(const struct finding *finding)
{
	const struct result *result = finding->result;
	json_t *attributes = json_object();

	for (size_t i = 0; i < result->n_attributes; i++) {
		const struct attribute *attribute = &result->attributes[i];

		json_object_set_new(attributes, attribute->name,
		    attribute->text != NULL ? json_string(attribute->text)
					    : json_real(attribute->number));
	}
	return attributes;
}

static void
set_hint(
    json_t *object, const struct report *report, const struct finding *finding)
{
	struct text meaning = { 0 }, command = { 0 };

	hint_write(&meaning, &command, report, finding);
	set_text(object, "hint", meaning.bytes);
	set_text(object, "next", command.bytes);
	text_fini(&meaning);
	text_fini(&command);
}

static json_t *
finding_json(const struct report *report, const struct finding *finding)
{
	const struct result *result = finding->result;
	json_t *object = json_object();
	char reason[REASON_TEXT_BYTES], at[TEXT_TIME_BYTES];
	bool is_blind = report_is_blind(report);

	set_text(object, "service", finding->probe->service);
	set_text(object, "probe", finding->series->probe);
	set_text(object, "kind", finding->series->kind);
	set_text(object, "reference_of", finding->series->reference_of);
	set_text(
	    object, "vantage", vantage_name(report_vantage(report, finding)));
	set_text(object, "at", text_time(at, result->at_ms));
	/* From an unproven vantage, what was seen is not an outcome. */
	set_text(object, is_blind ? "seen" : "outcome",
	    outcome_name(result->outcome));
	if (is_blind) {
		json_object_set_new(object, "blind_spot", json_true());
		json_object_set_new(object, "closed_by",
		    json_sprintf("probe %s, run in %s", finding->series->probe,
			report->config->environment));
	}
	set_text(
	    object, "reason", result_reason(reason, finding->series, result));
	set_text(object, "message", result->message);
	set_ms(object, "duration_ms", result->duration_us);
	json_object_set_new(object, "limit_ms", json_integer(result->limit_ms));
	if (result->censored)
		json_object_set_new(object, "censored", json_true());
	json_object_set_new(object, "attempts", json_integer(result->attempts));
	json_object_set_new(object, "phases", phases_json(finding));
	json_object_set_new(object, "attributes", attributes_json(finding));
	if (!is_blind && finding->cause != NULL)
		set_text(object, "explained_by", finding->cause->series->probe);
	else if (!is_blind)
		set_hint(object, report, finding);
	return object;
}

static json_t *
counts_json(const struct report *report)
{
	json_t *counts = json_object();

	if (report_is_blind(report)) {
		json_object_set_new(
		    counts, "blind_spot", json_integer((json_int_t)report->n));
		return counts;
	}
	for (int outcome = OUTCOME_OK; outcome <= OUTCOME_UNKNOWN; outcome++)
		json_object_set_new(counts, outcome_name(outcome),
		    json_integer((json_int_t)report_count(
			report, (enum outcome)outcome)));
	return counts;
}

void
report_json(struct text *out, const struct report *report)
{
	json_t *object = json_object(), *findings = json_array();
	char at[TEXT_TIME_BYTES], *dump;

	json_object_set_new(object, "version", json_integer(1));
	set_text(object, "agent", report->config->agent);
	set_text(object, "environment", report->config->environment);
	set_text(object, "at", text_time(at, report->at_ms));
	set_ms(object, "duration_ms", report->duration_us);
	set_text(object, "vantage", vantage_name(report->vantage));
	json_object_set_new(
	    object, "proven", json_boolean(!report_is_blind(report)));
	set_text(object, "vantage_why", report->why);
	json_object_set_new(
	    object, "exit_code", json_integer(report_exit(report)));
	json_object_set_new(object, "counts", counts_json(report));
	for (size_t i = 0; i < report->n; i++)
		json_array_append_new(
		    findings, finding_json(report, &report->findings[i]));
	json_object_set_new(object, "findings", findings);
	dump = json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	text_add(out, dump);
	text_add(out, "\n");
	free(dump);
	json_decref(object);
}
