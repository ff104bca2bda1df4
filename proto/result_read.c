#include "proto/result_read.h"

/* Numbers of publish.proto. */
enum result_field {
	RESULT_SERIES = 1,
	RESULT_AT_MS,
	RESULT_DURATION_US,
	RESULT_LIMIT_MS,
	RESULT_OUTCOME,
	RESULT_CENSORED,
	RESULT_REASON,
	RESULT_PHASE_US,
	RESULT_MESSAGE,
	RESULT_ATTRIBUTES,
	RESULT_RETRIES
};
enum attribute_field { ATTRIBUTE_NAME = 1, ATTRIBUTE_TEXT, ATTRIBUTE_NUMBER };

/* protobuf-c wants char *; it does not write through it. */
static char *
copy_text(struct arena *arena, struct span bytes)
{
	static char none[] = "";

	if (bytes.at == bytes.end)
		return none;
	return arena_strndup(arena, (const char *)bytes.at, span_size(bytes));
}

static bool
read_attribute(Vedette__Attribute *out, struct arena *arena, struct span bytes)
{
	struct field field = { 0 };

	vedette__attribute__init(out);
	while (bytes.at < bytes.end) {
		if (!span_field(&bytes, &field))
			return false;
		if (field.number == ATTRIBUTE_NAME ||
		    field.number == ATTRIBUTE_TEXT) {
			char *text;

			if (field.wire != FIELD_BYTES)
				return false;
			text = copy_text(arena, field.bytes);
			if (text == NULL)
				return false;
			if (field.number == ATTRIBUTE_NAME) {
				out->name = text;
				continue;
			}
			out->value_case = VEDETTE__ATTRIBUTE__VALUE_TEXT;
			out->text = text;
		} else if (field.number == ATTRIBUTE_NUMBER) {
			if (field.wire != FIELD_I64)
				return false;
			out->value_case = VEDETTE__ATTRIBUTE__VALUE_NUMBER;
			memcpy(&out->number, &field.value, sizeof(out->number));
		}
	}
	return true;
}

static void
add_phase(struct result_read *out, uint64_t us)
{
	if (out->message.n_phase_us < PHASES_MAX)
		out->phase_us[out->message.n_phase_us] = us;
	out->message.n_phase_us++;
}

/* Packed, as encoders write them, or one by one. */
static bool
read_phases(struct result_read *out, const struct field *field)
{
	struct span span = field->bytes;
	uint64_t us;

	if (field->wire == FIELD_VARINT)
		add_phase(out, field->value);
	if (field->wire != FIELD_BYTES)
		return field->wire == FIELD_VARINT;
	while (span.at < span.end) {
		if (!span_varint(&span, &us))
			return false;
		add_phase(out, us);
	}
	return true;
}

static bool
read_bytes(
    struct result_read *out, struct arena *arena, const struct field *field)
{
	Vedette__Result *message = &out->message;
	Vedette__Attribute *attribute;

	if (field->number == RESULT_PHASE_US)
		return read_phases(out, field);
	if (field->wire != FIELD_BYTES)
		return false;
	if (field->number == RESULT_MESSAGE) {
		message->message = copy_text(arena, field->bytes);
		return message->message != NULL;
	}
	if (message->n_attributes >= ATTRIBUTES_MAX) {
		message->n_attributes++;
		return true; /* too many: nobody will look at them */
	}
	attribute = &out->attributes[message->n_attributes];
	out->list[message->n_attributes++] = attribute;
	return read_attribute(attribute, arena, field->bytes);
}

/* Puts a number where it belongs; false: that is none. */
static bool
take_number(Vedette__Result *out, const struct field *field)
{
	switch (field->number) {
	case RESULT_SERIES:
		out->series = (uint32_t)field->value;
		return true;
	case RESULT_AT_MS:
		out->at_ms = field_signed(field->value);
		return true;
	case RESULT_DURATION_US:
		out->duration_us = field->value;
		return true;
	case RESULT_LIMIT_MS:
		out->limit_ms = (uint32_t)field->value;
		return true;
	case RESULT_OUTCOME:
		out->outcome = (uint32_t)field->value;
		return true;
	case RESULT_CENSORED:
		out->censored = field->value != 0;
		return true;
	case RESULT_REASON:
		out->reason = (uint32_t)field->value;
		return true;
	case RESULT_RETRIES:
		out->retries = (uint32_t)field->value;
		return true;
	default:
		return false;
	}
}

bool
result_read(struct result_read *out, struct arena *arena, struct span bytes)
{
	struct field field = { 0 };

	vedette__result__init(&out->message);
	out->message.phase_us = out->phase_us;
	out->message.attributes = out->list;
	while (bytes.at < bytes.end) {
		if (!span_field(&bytes, &field))
			return false;
		if (field.number >= RESULT_PHASE_US &&
		    field.number <= RESULT_ATTRIBUTES) {
			if (!read_bytes(out, arena, &field))
				return false;
		} else if (field.number <= RESULT_RETRIES) {
			if (field.wire != FIELD_VARINT ||
			    !take_number(&out->message, &field))
				return false;
		}
	}
	return true;
}
