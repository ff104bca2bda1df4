/* One fixed way to write each line. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/jsonl.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53 */

/* A JSON string (RFC 8259, section 7); what is not ASCII stays UTF-8. */
static void
put_string(struct text *text, const char *string)
{
	const char *plain = string;

	text_add_bytes(text, "\"", 1);
	for (; *string != '\0'; string++) {
		unsigned char c = (unsigned char)*string;

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		text_add_bytes(text, plain, (size_t)(string - plain));
		plain = string + 1;
		if (c == '\n')
			text_add(text, "\\n");
		else if (c == '\t')
			text_add(text, "\\t");
		else if (c == '"' || c == '\\')
			text_addf(text, "\\%c", c);
		else
			text_addf(text, "\\u%04x", c);
	}
	text_add_bytes(text, plain, (size_t)(string - plain));
	text_add_bytes(text, "\"", 1);
}

/* Every field but the first, which the caller writes. */
static void
put_key(struct text *text, const char *name)
{
	text_add_bytes(text, ",", 1);
	put_string(text, name);
	text_add_bytes(text, ":", 1);
}

static void
put_text(struct text *text, const char *name, const char *value)
{
	put_key(text, name);
	put_string(text, value);
}

/* Left out when it is "". */
static void
put_if_any(struct text *text, const char *name, const char *value)
{
	if (value[0] != '\0')
		put_text(text, name, value);
}

static void
put_time(struct text *text, const char *name, int64_t at_ms)
{
	char written[TEXT_TIME_BYTES];

	put_text(text, name, text_time(written, at_ms));
}

static void
put_number(struct text *text, const char *name, uint64_t number)
{
	put_key(text, name);
	text_addf(text, "%llu", (unsigned long long)number);
}

/* Microseconds as milliseconds, with as many decimals as it takes. */
static void
put_us(struct text *text, int64_t us)
{
	uint64_t size = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
	unsigned rest = (unsigned)(size % 1000);

	text_addf(text, "%s%llu", us < 0 ? "-" : "",
	    (unsigned long long)(size / 1000));
	if (rest == 0)
		return;
	if (rest % 100 == 0)
		text_addf(text, ".%u", rest / 100);
	else if (rest % 10 == 0)
		text_addf(text, ".%02u", rest / 10);
	else
		text_addf(text, ".%03u", rest);
}

/* The shortest of those that read back the same; JSON has no word for what
 * is not finite, so that becomes a text. */
static void
put_double(struct text *text, double number)
{
	char written[32];

	if (!isfinite(number)) {
		put_string(text,
		    isnan(number)    ? "NaN"
			: number > 0 ? "Infinity"
				     : "-Infinity");
		return;
	}
	if (number >= -EXACT_MAX && number <= EXACT_MAX &&
	    number >= floor(number) && number <= floor(number)) {
		text_addf(text, "%.0f", number + 0.0);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		double again;

		snprintf(written, sizeof(written), "%.*g", digits, number);
		again = strtod(written, NULL);
		if (memcmp(&again, &number, sizeof(again)) == 0)
			break;
	}
	text_add(text, written);
}

/* Is it one that the writer makes a field of? */
static bool
is_own(const struct attribute *attribute)
{
	return strcmp(attribute->name, ATTRIBUTE_REASON) == 0 ||
	    strcmp(attribute->name, ATTRIBUTE_DERIVED) == 0;
}

static void
put_attributes(struct text *text, const struct attribute *attributes, size_t n)
{
	const char *comma = "";

	for (size_t i = 0; i < n; i++) {
		if (is_own(&attributes[i]))
			continue;
		if (comma[0] == '\0')
			text_add(text, ",\"attributes\":{");
		text_add(text, comma);
		put_string(text, attributes[i].name);
		text_add_bytes(text, ":", 1);
		if (attributes[i].text != NULL)
			put_string(text, attributes[i].text);
		else
			put_double(text, attributes[i].number);
		comma = ",";
	}
	if (comma[0] != '\0')
		text_add(text, "}");
}

static void
put_phases(
    struct text *text, const struct series *series, const struct result *result)
{
	if (result->n_phases == 0)
		return;
	text_add(text, ",\"phases\":{");
	for (size_t i = 0; i < result->n_phases; i++) {
		if (i > 0)
			text_add_bytes(text, ",", 1);
		put_string(text, series->phases[i]);
		text_add_bytes(text, ":", 1);
		put_us(text, result->phase_us[i]);
	}
	text_add(text, "}");
}

static bool
is_derived(const struct result *result)
{
	for (size_t i = 0; i < result->n_attributes; i++)
		if (strcmp(result->attributes[i].name, ATTRIBUTE_DERIVED) == 0)
			return true;
	return false;
}

static void
put_timing(struct text *text, const struct result *result)
{
	bool implied = result->limit_ms > 0 &&
	    result->duration_us >= (int64_t)result->limit_ms * 1000;

	put_key(text, "duration_ms");
	put_us(text, result->duration_us);
	if (result->limit_ms > 0)
		put_number(text, "limit_ms", result->limit_ms);
	if (result->censored || implied) {
		put_key(text, "censored");
		text_add(text, result->censored ? "true" : "false");
	}
	if (result->attempts != 1)
		put_number(text, "attempts", result->attempts);
}

static void
put_result(struct text *text, const struct line *line)
{
	const struct series *series = &line->series;
	const struct result *result = &line->result;
	char reason[REASON_TEXT_BYTES];

	put_if_any(text, "service", series->service);
	put_if_any(text, "agent", line->agent);
	put_text(text, "vantage", vantage_name(series->vantage));
	put_text(text, "probe", series->probe);
	if (strcmp(series->kind, KIND_UNSAID) != 0)
		put_if_any(text, "kind", series->kind);
	put_if_any(text, "reference_of", series->reference_of);
	if (series->interval_ms > 0)
		put_number(text, "interval_ms", series->interval_ms);
	put_text(text, "outcome", outcome_name(result->outcome));
	put_if_any(text, "reason", result_reason(reason, series, result));
	if (is_derived(result)) {
		put_key(text, "reason_derived");
		text_add(text, "true");
	}
	put_timing(text, result);
	put_phases(text, series, result);
	put_if_any(text, "message", result->message);
	put_attributes(text, result->attributes, result->n_attributes);
}

static void
put_fact(struct text *text, const struct line *line)
{
	const struct fact *fact = &line->fact;

	put_if_any(text, "service", fact->service);
	put_if_any(text, "agent", line->agent);
	put_text(text, "name", fact->name);
	if (fact->value != NULL)
		put_text(text, "value", fact->value);
	if (fact->fingerprint != NULL)
		put_text(text, "fingerprint", fact->fingerprint);
	put_text(text, "source", source_name(fact->source));
	if (fact->last_ms != 0)
		put_time(text, "last_at", fact->last_ms);
}

static void
put_event(struct text *text, const struct line *line)
{
	const struct mark *mark = &line->mark;

	put_if_any(text, "service", mark->service);
	put_text(text, "kind", mark_kind_name(mark->kind));
	put_if_any(text, "subject", mark->subject);
	put_if_any(text, "summary", mark->summary);
	put_attributes(text, mark->attributes, mark->n_attributes);
}

static void
put_heartbeat(struct text *text, const struct line *line)
{
	put_if_any(text, "agent", line->agent);
	put_key(text, "clock_offset_ms");
	put_us(text, line->clock_offset_us);
}

static void
put_gap(struct text *text, const struct line *line)
{
	const struct gap *gap = &line->gap;

	put_if_any(text, "agent", line->agent);
	put_time(text, "to", gap->to_ms);
	put_number(text, "first_sequence", gap->first_sequence);
	put_number(text, "last_sequence", gap->last_sequence);
	put_number(text, "results", gap->n_results);
	put_if_any(text, "why", gap->why);
}

void
jsonl_write(struct text *text, const struct line *line)
{
	static const struct {
		const char *type;
		void (*put)(struct text *text, const struct line *line);
	} types[] = {
		[LINE_RESULT] = { "result", put_result },
		[LINE_FACT] = { "fact", put_fact },
		[LINE_EVENT] = { "event", put_event },
		[LINE_HEARTBEAT] = { "heartbeat", put_heartbeat },
		[LINE_GAP] = { "gap", put_gap },
	};

	text_addf(text, "{\"type\":\"%s\"", types[line->type].type);
	put_time(text, "at", line->at_ms);
	put_text(text, "environment", line->environment);
	types[line->type].put(text, line);
	text_add(text, "}\n");
}
