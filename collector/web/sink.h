/*
 * sink.h - where metrics go: Prometheus' text, or OTLP's JSON.
 *
 * Who has metrics names a family and then gives its samples.
 */
#ifndef COLLECTOR_WEB_SINK_H
#define COLLECTOR_WEB_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/text.h"

struct sink_label {
	const char *name, *value;
};

struct sink {
	struct text text;
	const struct sink_format *format;
	int64_t at_ms, since_ms; /* of the samples; when counting began */
	const char *name;        /* of the family */
	bool is_count;
	bool has_family, has_sample; /* written before */
};

/* A way to write them. */
struct sink_format {
	void (*begin)(struct sink *sink);
	/* name is without the "_total" of a counter. */
	void (*family)(struct sink *sink, const char *help);
	void (*family_end)(struct sink *sink);
	void (*sample)(struct sink *sink, const struct sink_label *labels,
	    size_t n, double value);
	void (*end)(struct sink *sink);
};

/* Prometheus' text, version 0.0.4; OpenMetrics 1.0.0; OTLP/HTTP's JSON
 * (ExportMetricsServiceRequest of opentelemetry-proto 1). */
extern const struct sink_format sink_prometheus, sink_openmetrics, sink_otlp;

void sink_begin(struct sink *sink, const struct sink_format *format,
    int64_t at_ms, int64_t since_ms);
void sink_family(
    struct sink *sink, const char *name, bool is_count, const char *help);
void sink_sample(
    struct sink *sink, const struct sink_label *labels, size_t n, double value);
/* Ends it; the text is owned by the caller. */
char *sink_take(struct sink *sink, size_t *out_n);

#endif
