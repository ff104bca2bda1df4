#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/text.h"
#include "proto/jsonl_value.h"
#include "proto/label.h"
#include "proto/mark.h"
#include "proto/result.h"
#include "proto/result_codec.h"

#define DURATION_MAX_MS 3.2e10             /* a year and a few days */
#define EXACT_MAX       9007199254740992.0 /* 2^53: whole in a double */

char *
value_show(char out[VALUE_SHOWN_BYTES], const json_t *value)
{
	char *text = json_dumps(
	    value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
	size_t n = text != NULL ? strlen(text) : 0;

	snprintf(out, VALUE_SHOWN_BYTES, "%s", text != NULL ? text : "");
	if (n >= VALUE_SHOWN_BYTES)
		memcpy(out + VALUE_SHOWN_BYTES - 4, "...", 4);
	text_sanitise(out, strlen(out));
	free(text);
	return out;
}

int
value_refuse(
    const struct place *place, const json_t *value, const char *allowed)
{
	char shown[VALUE_SHOWN_BYTES];

	return err_set(place->err, ERR_INVALID, "field \"%s\": %s is not %s",
	    place->field, value_show(shown, value), allowed);
}

int
value_text(const struct place *place, void *out, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text == NULL)
		return value_refuse(place, value, "a text");
	*(const char **)out = text;
	return 0;
}

int
value_name(const struct place *place, void *out, const json_t *value)
{
	const char *name = json_string_value(value);

	if (name == NULL || !label_is(name))
		return value_refuse(place, value, LABEL_RULE);
	*(const char **)out = name;
	return 0;
}

int
value_environment(const struct place *place, void *out, const json_t *value)
{
	const char *name = json_string_value(value);

	if (name == NULL || !label_is_environment(name))
		return value_refuse(place, value, ENVIRONMENT_RULE);
	*(const char **)out = name;
	return 0;
}

int
value_name_or_none(const struct place *place, void *out, const json_t *value)
{
	const char *name = json_string_value(value);

	if (name == NULL || name[0] != '\0')
		return value_name(place, out, value);
	*(const char **)out = name;
	return 0;
}

int
value_fact_name(const struct place *place, void *out, const json_t *value)
{
	const char *name = json_string_value(value);

	if (name == NULL || !label_is_fact(name))
		return value_refuse(place, value,
		    "1 to 200 bytes of printable UTF-8, without a space at "
		    "either end");
	*(const char **)out = name;
	return 0;
}

int
value_time(const struct place *place, void *out, const json_t *value)
{
	const char *text = json_string_value(value);
	int64_t at_ms;

	if (text == NULL || text_time_parse(&at_ms, text, NULL) < 0)
		return value_refuse(place, value,
		    "a time with a zone, such as 2026-01-05T10:00:00.120Z");
	if (at_ms < CODEC_AT_MIN_MS || at_ms > CODEC_AT_MAX_MS)
		return value_refuse(place, value, "a time from 1970 to 2200");
	*(int64_t *)out = at_ms;
	return 0;
}

int
value_bool(const struct place *place, void *out, const json_t *value)
{
	if (!json_is_boolean(value))
		return value_refuse(place, value, "true or false");
	*(bool *)out = json_is_true(value);
	return 0;
}

/* A whole number, be it written 35000 or 35000.0. */
static int
whole(int64_t *out, const json_t *value, int64_t max)
{
	double number = json_real_value(value);

	if (json_is_integer(value))
		*out = json_integer_value(value);
	else if (json_is_real(value) && number >= 0 && number <= EXACT_MAX)
		*out = (int64_t)number;
	else
		return -1;
	if (json_is_real(value) && number > (double)*out)
		return -1;
	return *out >= 0 && *out <= max ? 0 : -1;
}

int
value_u32(const struct place *place, void *out, const json_t *value)
{
	int64_t number;

	if (whole(&number, value, UINT32_MAX) < 0)
		return value_refuse(
		    place, value, "a whole number from 0 to 4294967295");
	*(uint32_t *)out = (uint32_t)number;
	return 0;
}

int
value_attempts(const struct place *place, void *out, const json_t *value)
{
	int64_t number;

	if (whole(&number, value, UINT32_MAX) < 0 || number == 0)
		return value_refuse(
		    place, value, "a whole number from 1 to 4294967295");
	*(uint32_t *)out = (uint32_t)number;
	return 0;
}

int
value_count(const struct place *place, void *out, const json_t *value)
{
	int64_t number;

	if (whole(&number, value, INT64_MAX) < 0)
		return value_refuse(place, value, "a whole number, 0 or more");
	*(uint64_t *)out = (uint64_t)number;
	return 0;
}

int
value_offset(const struct place *place, void *out, const json_t *value)
{
	double ms = json_number_value(value);

	if (!json_is_number(value) || !(ms >= -DURATION_MAX_MS) ||
	    !(ms <= DURATION_MAX_MS))
		return value_refuse(
		    place, value, "a number of milliseconds, at most a year");
	*(int64_t *)out = (int64_t)(ms * 1000 + (ms < 0 ? -0.5 : 0.5));
	return 0;
}

int
value_duration(const struct place *place, void *out, const json_t *value)
{
	if (json_is_number(value) && json_number_value(value) < 0)
		return value_refuse(
		    place, value, "a number of milliseconds, 0 or more");
	return value_offset(place, out, value);
}

/* --- words ----------------------------------------------------------------------- */

static const char *
outcome_word(size_t i)
{
	return outcome_name((enum outcome)i);
}

static const char *
vantage_word(size_t i)
{
	return vantage_name((enum vantage)i);
}

static const char *
source_word(size_t i)
{
	return source_name((enum source)i);
}

static const char *
mark_word(size_t i)
{
	return mark_kind_name((enum mark_kind)i);
}

/* Which of n words is it? */
static int
one_of(const struct place *place, size_t *out, const json_t *value, size_t n,
    const char *(*word)(size_t i))
{
	const char *text = json_string_value(value);
	struct text allowed = { 0 };

	for (*out = 0; text != NULL && *out < n; ++*out)
		if (strcmp(word(*out), text) == 0)
			return 0;
	text_add(&allowed, "one of ");
	for (size_t i = 0; i < n; i++)
		text_addf(&allowed, "%s%s", i > 0 ? ", " : "", word(i));
	value_refuse(place, value, allowed.bytes);
	text_fini(&allowed);
	return -1;
}

int
value_outcome(const struct place *place, void *out, const json_t *value)
{
	size_t i;

	if (one_of(place, &i, value, OUTCOME_UNKNOWN + 1, outcome_word) < 0)
		return -1;
	*(enum outcome *)out = (enum outcome)i;
	return 0;
}

int
value_vantage(const struct place *place, void *out, const json_t *value)
{
	size_t i;

	if (one_of(place, &i, value, VANTAGE_EXTERNAL + 1, vantage_word) < 0)
		return -1;
	*(enum vantage *)out = (enum vantage)i;
	return 0;
}

int
value_source(const struct place *place, void *out, const json_t *value)
{
	size_t i;

	if (one_of(place, &i, value, SOURCE_SERVER + 1, source_word) < 0)
		return -1;
	*(enum source *)out = (enum source)i;
	return 0;
}

int
value_mark_kind(const struct place *place, void *out, const json_t *value)
{
	size_t i;

	if (one_of(place, &i, value, MARK_COUNT, mark_word) < 0)
		return -1;
	*(enum mark_kind *)out = (enum mark_kind)i;
	return 0;
}
