#include "proto/fields.h"
#include "proto/glance.h"

/* Numbers of publish.proto. */
enum content_field { CONTENT_BASE_MS = 1, CONTENT_SERIES, CONTENT_RESULTS };
enum series_field {
	SERIES_SERVICE = 1,
	SERIES_PROBE = 2,
	SERIES_INTERVAL_MS = 5
};
enum result_field {
	RESULT_SERIES = 1,
	RESULT_AT_MS,
	RESULT_DURATION_US,
	RESULT_OUTCOME = 5,
	RESULT_CENSORED,
	RESULT_REASON
};

static struct glance_name
name_of(const struct field *field)
{
	return (struct glance_name){ (const char *)field->bytes.at,
		span_size(field->bytes) };
}

static bool
read_series(struct span span, struct glance_series *out)
{
	struct field field;

	out->service = out->probe = (struct glance_name){ "", 0 };
	out->interval_ms = 0;
	while (span.at < span.end) {
		if (!span_field(&span, &field))
			return false;
		if (field.wire == FIELD_BYTES && field.number == SERIES_SERVICE)
			out->service = name_of(&field);
		else if (field.wire == FIELD_BYTES &&
		    field.number == SERIES_PROBE)
			out->probe = name_of(&field);
		else if (field.wire == FIELD_VARINT &&
		    field.number == SERIES_INTERVAL_MS)
			out->interval_ms = (uint32_t)field.value;
	}
	return true;
}

/* Puts a number where it belongs.  False: it is out of range. */
static bool
take_number(struct glance_result *out, const struct field *field)
{
	switch (field->number) {
	case RESULT_SERIES:
		out->series = field->value;
		return true;
	case RESULT_AT_MS:
		return !__builtin_add_overflow(
		    out->at_ms, field_signed(field->value), &out->at_ms);
	case RESULT_DURATION_US:
		out->duration_us = (int64_t)field->value;
		return field->value <= INT64_MAX;
	case RESULT_OUTCOME:
		out->outcome = (enum outcome)field->value;
		return field->value <= OUTCOME_UNKNOWN;
	case RESULT_CENSORED:
		out->censored = field->value != 0;
		return true;
	case RESULT_REASON:
		out->reason = (enum reason)field->value;
		return field->value < REASON_COUNT;
	default:
		return true;
	}
}

static bool
read_result(struct span span, struct glance_result *out, int64_t base_ms)
{
	struct field field;

	*out = (struct glance_result){ .at_ms = base_ms };
	while (span.at < span.end) {
		if (!span_field(&span, &field))
			return false;
		if (field.wire == FIELD_VARINT && !take_number(out, &field))
			return false;
	}
	return true;
}

int
batch_glance(const struct glance *glance, const void *bytes, size_t n)
{
	struct span span = { bytes, (const unsigned char *)bytes + n };
	struct glance_series series;
	struct glance_result result;
	size_t n_series = 0;
	int64_t base_ms = 0;
	struct field field;

	while (span.at < span.end) {
		if (!span_field(&span, &field))
			return -1;
		if (field.wire == FIELD_VARINT &&
		    field.number == CONTENT_BASE_MS) {
			base_ms = (int64_t)field.value;
		} else if (field.wire == FIELD_BYTES &&
		    field.number == CONTENT_SERIES) {
			if (!read_series(field.bytes, &series) ||
			    n_series == BATCH_MAX_SERIES)
				return -1;
			series.index = n_series++;
			glance->on_series(glance->arg, &series);
		} else if (field.wire == FIELD_BYTES &&
		    field.number == CONTENT_RESULTS) {
			/* Encoders write fields in order: series are first. */
			if (!read_result(field.bytes, &result, base_ms) ||
			    result.series >= n_series)
				return -1;
			glance->on_result(glance->arg, &result);
		}
	}
	return 0;
}
