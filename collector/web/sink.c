#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/web/sink.h"
#include "proto/base/mem.h"

/* Durations to the microsecond, times to the millisecond, counts to 10^15. */
#define NUMBER     "%.15g"
#define NS_PER_MS  "000000"
#define CUMULATIVE 2 /* AggregationTemporality */
#define SCOPE      "{\"name\":\"vedette\",\"version\":\"" VEDETTE_VERSION "\"}"
#define SERVICE_NAME                           \
	"{\"key\":\"service.name\",\"value\":" \
	"{\"stringValue\":\"vedette-collector\"}}"

/* --- Prometheus and OpenMetrics ------------------------------------------ */

/* Backslash, quote and line end are escaped, and what is not UTF-8 is made
 * printable. */
static void
add_value(struct text *out, const char *value)
{
	size_t n = strlen(value);
	char *clean;

	if (strcspn(value, "\n\"\\") == n && text_is_utf8(value, n)) {
		text_add_bytes(out, value, n);
		return;
	}
	clean = mem_strdup(value);
	if (!text_is_utf8(clean, n))
		text_sanitise(clean, n);
	for (const char *at = clean; *at != '\0'; at++)
		if (*at == '\n')
			text_add(out, "\\n");
		else if (*at == '"' || *at == '\\')
			text_addf(out, "\\%c", *at);
		else
			text_add_bytes(out, at, 1);
	free(clean);
}

/* Begins with nothing, and has no end of a family. */
static void
plain_nothing(struct sink *sink)
{
	(void)sink;
}

/* In OpenMetrics the family of a counter goes without "_total", in the older
 * text format with it. */
static void
plain_family(struct sink *sink, const char *help)
{
	bool is_open = sink->format == &sink_openmetrics;
	const char *suffix = sink->is_count && !is_open ? "_total" : "";

	text_addf(&sink->text, "# TYPE %s%s %s\n# HELP %s%s %s\n", sink->name,
	    suffix, sink->is_count ? "counter" : "gauge", sink->name, suffix,
	    help);
}

static void
plain_sample(
    struct sink *sink, const struct sink_label *labels, size_t n, double value)
{
	struct text *text = &sink->text;

	text_addf(text, "%s%s", sink->name, sink->is_count ? "_total" : "");
	for (size_t i = 0; i < n; i++) {
		text_add(text, i == 0 ? "{" : ",");
		text_add(text, labels[i].name);
		text_add(text, "=\"");
		add_value(text, labels[i].value);
		text_add(text, "\"");
	}
	text_addf(text, "%s " NUMBER "\n", n > 0 ? "}" : "", value);
}

static void
open_end(struct sink *sink)
{
	text_add(&sink->text, "# EOF\n");
}

const struct sink_format sink_prometheus = { plain_nothing, plain_family,
	plain_nothing, plain_sample, plain_nothing };
const struct sink_format sink_openmetrics = { plain_nothing, plain_family,
	plain_nothing, plain_sample, open_end };

/* --- OTLP ----------------------------------------------------------------- */

static void
otlp_begin(struct sink *sink)
{
	text_add(&sink->text,
	    "{\"resourceMetrics\":[{\"resource\":{\"attributes\":[" SERVICE_NAME
	    "]},\"scopeMetrics\":[{\"scope\":" SCOPE ",\"metrics\":[");
}

static void
otlp_end_family(struct sink *sink)
{
	text_add(&sink->text, "]");
	if (sink->is_count)
		text_addf(&sink->text,
		    ",\"aggregationTemporality\":%d,\"isMonotonic\":true",
		    CUMULATIVE);
	text_add(&sink->text, "}}");
}

static void
otlp_family(struct sink *sink, const char *help)
{
	text_add(&sink->text, sink->has_family ? ",{\"name\":" : "{\"name\":");
	text_add_quoted(&sink->text, sink->name);
	text_add(&sink->text, ",\"description\":");
	text_add_quoted(&sink->text, help);
	text_addf(&sink->text, ",\"%s\":{\"dataPoints\":[",
	    sink->is_count ? "sum" : "gauge");
}

static void
otlp_label(struct text *text, const struct sink_label *label)
{
	char *clean = mem_strdup(label->value);

	if (!text_is_utf8(clean, strlen(clean)))
		text_sanitise(clean, strlen(clean));
	text_addf(
	    text, "{\"key\":\"%s\",\"value\":{\"stringValue\":", label->name);
	text_add_quoted(text, clean);
	text_add(text, "}}");
	free(clean);
}

static void
otlp_sample(
    struct sink *sink, const struct sink_label *labels, size_t n, double value)
{
	struct text *text = &sink->text;

	text_add(text, sink->has_sample ? ",{" : "{");
	if (n > 0)
		text_add(text, "\"attributes\":[");
	for (size_t i = 0; i < n; i++) {
		text_add(text, i > 0 ? "," : "");
		otlp_label(text, &labels[i]);
	}
	text_add(text, n > 0 ? "]," : "");
	if (sink->is_count)
		text_addf(text, "\"startTimeUnixNano\":\"%lld" NS_PER_MS "\",",
		    (long long)sink->since_ms);
	text_addf(text,
	    "\"timeUnixNano\":\"%lld" NS_PER_MS "\",\"asDouble\":" NUMBER "}",
	    (long long)sink->at_ms, value);
}

static void
otlp_end(struct sink *sink)
{
	text_add(&sink->text, "]}]}]}");
}

const struct sink_format sink_otlp = { otlp_begin, otlp_family, otlp_end_family,
	otlp_sample, otlp_end };

/* --- all ------------------------------------------------------------------ */

void
sink_begin(struct sink *sink, const struct sink_format *format, int64_t at_ms,
    int64_t since_ms)
{
	*sink = (struct sink){
		.format = format, .at_ms = at_ms, .since_ms = since_ms
	};
	format->begin(sink);
}

void
sink_family(
    struct sink *sink, const char *name, bool is_count, const char *help)
{
	if (sink->has_family)
		sink->format->family_end(sink);
	sink->name = name;
	sink->is_count = is_count;
	sink->has_sample = false;
	sink->format->family(sink, help);
	sink->has_family = true;
}

void
sink_sample(
    struct sink *sink, const struct sink_label *labels, size_t n, double value)
{
	sink->format->sample(sink, labels, n, value);
	sink->has_sample = true;
}

char *
sink_take(struct sink *sink, size_t *out_n)
{
	if (sink->has_family)
		sink->format->family_end(sink);
	sink->format->end(sink);
	*out_n = sink->text.n;
	return text_take(&sink->text);
}
