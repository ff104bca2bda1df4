#include <string.h>

#include "proto/base/text.h"
#include "proto/label.h"
#include "proto/result_codec.h"

/* --- to messages ------------------------------------------------------------ */

Vedette__Series *
series_pack(struct arena *arena, const struct series *series)
{
	Vedette__Series *message = arena_zalloc(arena, sizeof(*message));

	vedette__series__init(message);
	message->service = codec_lend(series->service);
	message->probe = codec_lend(series->probe);
	message->kind = codec_lend(series->kind);
	message->vantage = series->vantage;
	message->interval_ms = series->interval_ms;
	message->reference_of = codec_lend(series->reference_of);
	message->n_phases = series->n_phases;
	message->phases =
	    arena_zalloc(arena, series->n_phases * sizeof(char *));
	for (size_t i = 0; i < series->n_phases; i++)
		message->phases[i] = codec_lend(series->phases[i]);
	return message;
}

static Vedette__Attribute *
attribute_message(struct arena *arena, const struct attribute *attribute)
{
	Vedette__Attribute *message = arena_zalloc(arena, sizeof(*message));

	vedette__attribute__init(message);
	message->name = codec_lend(attribute->name);
	if (attribute->text != NULL) {
		message->value_case = VEDETTE__ATTRIBUTE__VALUE_TEXT;
		message->text = codec_lend(attribute->text);
	} else {
		message->value_case = VEDETTE__ATTRIBUTE__VALUE_NUMBER;
		message->number = attribute->number;
	}
	return message;
}

Vedette__Attribute **
attributes_pack(struct arena *arena, const struct attribute *list, size_t n)
{
	Vedette__Attribute **messages =
	    arena_zalloc(arena, n * sizeof(*messages));

	for (size_t i = 0; i < n; i++)
		messages[i] = attribute_message(arena, &list[i]);
	return messages;
}

Vedette__Result *
result_pack(struct arena *arena, const struct result *result, int64_t base_ms)
{
	Vedette__Result *message = arena_zalloc(arena, sizeof(*message));

	vedette__result__init(message);
	message->series = (uint32_t)result->series;
	message->at_ms = result->at_ms - base_ms;
	message->duration_us = (uint64_t)result->duration_us;
	message->limit_ms = result->limit_ms;
	message->outcome = result->outcome;
	message->censored = result->censored;
	message->reason = result->reason;
	message->retries = result->attempts > 0 ? result->attempts - 1 : 0;
	message->message = codec_lend(result->message);
	message->n_phase_us = result->n_phases;
	message->phase_us =
	    arena_zalloc(arena, result->n_phases * sizeof(uint64_t));
	for (size_t i = 0; i < result->n_phases; i++)
		message->phase_us[i] = (uint64_t)result->phase_us[i];
	message->n_attributes = result->n_attributes;
	message->attributes =
	    attributes_pack(arena, result->attributes, result->n_attributes);
	return message;
}

/* --- and back --------------------------------------------------------------- */

bool
codec_is_text(const char *text, size_t max)
{
	size_t n = strlen(text);

	return n <= max && text_is_utf8(text, n);
}

int
codec_at(int64_t *out, int64_t base_ms, int64_t offset_ms, struct err *err)
{
	if (__builtin_add_overflow(base_ms, offset_ms, out) ||
	    *out < CODEC_AT_MIN_MS || *out > CODEC_AT_MAX_MS)
		return err_set(err, ERR_INVALID, "a time outside 1970 to 2200");
	return 0;
}

int
series_unpack(
    struct series *out, const Vedette__Series *message, struct err *err)
{
	if ((message->service[0] != '\0' && !label_is(message->service)) ||
	    (message->reference_of[0] != '\0' &&
		!label_is(message->reference_of)) ||
	    !label_is(message->probe) || !label_is(message->kind))
		return err_set(err, ERR_INVALID, "malformed name of a series");
	if (message->vantage > VANTAGE_EXTERNAL)
		return err_set(err, ERR_INVALID, "probe %s: vantage %u unknown",
		    message->probe, message->vantage);
	if (message->n_phases > PHASES_MAX)
		return err_set(err, ERR_LIMIT, "probe %s: %zu phases",
		    message->probe, message->n_phases);
	out->service = message->service;
	out->probe = message->probe;
	out->kind = message->kind;
	out->reference_of = message->reference_of;
	out->vantage = (enum vantage)message->vantage;
	out->interval_ms = message->interval_ms;
	out->n_phases = message->n_phases;
	for (size_t i = 0; i < out->n_phases; i++) {
		if (!label_is(message->phases[i]))
			return err_set(err, ERR_INVALID,
			    "probe %s: malformed phase", message->probe);
		out->phases[i] = message->phases[i];
	}
	return 0;
}

int
attributes_unpack(const struct attribute **out, struct arena *arena,
    Vedette__Attribute *const *messages, size_t n, struct err *err)
{
	struct attribute *list = arena_zalloc(arena, n * sizeof(*list));

	if (n > ATTRIBUTES_MAX || list == NULL)
		return err_set(err, ERR_LIMIT, "%zu attributes", n);
	for (size_t i = 0; i < n; i++) {
		const Vedette__Attribute *from = messages[i];
		bool text = from->value_case == VEDETTE__ATTRIBUTE__VALUE_TEXT;

		if (!codec_is_text(from->name, TEXT_MAX_BYTES) ||
		    (text && !codec_is_text(from->text, TEXT_MAX_BYTES)))
			return err_set(err, ERR_INVALID, "malformed attribute");
		list[i].name = from->name;
		list[i].text = text ? from->text : NULL;
		list[i].number = text ? 0 : from->number;
	}
	*out = list;
	return 0;
}

static int
decode_phases(
    struct result *out, const Vedette__Result *message, struct err *err)
{
	for (size_t i = 0; i < message->n_phase_us; i++) {
		if (message->phase_us[i] > INT64_MAX)
			return err_set(err, ERR_INVALID, "a phase without end");
		out->phase_us[i] = (int64_t)message->phase_us[i];
	}
	out->n_phases = message->n_phase_us;
	return 0;
}

int
result_unpack(struct result *out, struct arena *arena,
    const Vedette__Result *message, const struct result_place *place,
    struct err *err)
{
	const struct series *series;

	if (message->series >= place->n_series)
		return err_set(err, ERR_INVALID,
		    "a result of series %u, of which there are %zu",
		    message->series, place->n_series);
	series = &place->series[message->series];
	if (message->outcome > OUTCOME_UNKNOWN ||
	    message->reason >= REASON_COUNT ||
	    message->duration_us > INT64_MAX ||
	    message->retries == UINT32_MAX ||
	    message->n_phase_us > series->n_phases ||
	    !codec_is_text(message->message, MESSAGE_MAX_BYTES))
		return err_set(err, ERR_INVALID,
		    "probe %s: a result out of range", series->probe);
	if (codec_at(&out->at_ms, place->base_ms, message->at_ms, err) < 0 ||
	    decode_phases(out, message, err) < 0)
		return -1;
	out->series = message->series;
	out->duration_us = (int64_t)message->duration_us;
	out->limit_ms = message->limit_ms;
	out->outcome = (enum outcome)message->outcome;
	out->censored = message->censored;
	out->reason = (enum reason)message->reason;
	out->attempts = message->retries + 1;
	out->message = message->message;
	out->n_attributes = message->n_attributes;
	return attributes_unpack(&out->attributes, arena, message->attributes,
	    message->n_attributes, err);
}
