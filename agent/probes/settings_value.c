#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/probes/settings_value.h"

#define SAME 1e-9 /* relative: what a text of 15 digits loses is less */

static const char *const types[] = { "text", "integer", "number", "duration",
	"boolean" };

static const struct unit {
	const char *name;
	double seconds;
} units[] = {
	{ "", 1 },
	{ "us", 1e-6 },
	{ "ms", 1e-3 },
	{ "s", 1 },
	{ "min", 60 }, /* as PostgreSQL writes it */
	{ "m", 60 },
	{ "h", 3600 },
	{ "d", 86400 },
};

static const struct word {
	const char *word;
	double value;
} booleans[] = {
	{ "true", 1 },
	{ "yes", 1 },
	{ "on", 1 },
	{ "1", 1 },
	{ "false", 0 },
	{ "no", 0 },
	{ "off", 0 },
	{ "0", 0 },
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

int
value_type_parse(enum value_type *out, const char *word)
{
	for (size_t i = 0; i < COUNT(types); i++) {
		if (strcmp(types[i], word) != 0)
			continue;
		*out = (enum value_type)i;
		return 0;
	}
	return -1;
}

const char *
value_type_name(enum value_type type)
{
	return types[type];
}

/* Reads a decimal number at the beginning of text; what follows is *rest. */
static int
take_number(double *out, const char *text, const char **rest)
{
	size_t n = strspn(text, "0123456789.+-eE");
	char *end;

	/* No white space, hexadecimal digits, "inf" or "nan". */
	if (n == 0)
		return -1;
	*out = strtod(text, &end);
	*rest = end;
	return end != text && end <= text + n && isfinite(*out) ? 0 : -1;
}

int
value_number(double *out, const char *text)
{
	const char *rest;

	return take_number(out, text, &rest) == 0 && *rest == '\0' ? 0 : -1;
}

static int
take_duration(double *out, const char *text)
{
	const char *rest;

	if (take_number(out, text, &rest) < 0 || *out < 0)
		return -1;
	while (*rest == ' ')
		rest++;
	for (size_t i = 0; i < COUNT(units); i++) {
		if (strcmp(units[i].name, rest) != 0)
			continue;
		*out *= units[i].seconds;
		return 0;
	}
	return -1;
}

static int
take_boolean(double *out, const char *text)
{
	for (size_t i = 0; i < COUNT(booleans); i++) {
		if (strcasecmp(booleans[i].word, text) != 0)
			continue;
		*out = booleans[i].value;
		return 0;
	}
	return -1;
}

int
value_parse(double *out, enum value_type type, const char *text)
{
	switch (type) {
	case VALUE_NUMBER:
		return value_number(out, text);
	case VALUE_INTEGER:
		return value_number(out, text) == 0 && trunc(*out) >= *out &&
			trunc(*out) <= *out
		    ? 0
		    : -1;
	case VALUE_DURATION:
		return take_duration(out, text);
	case VALUE_BOOLEAN:
		return take_boolean(out, text);
	default:
		return -1;
	}
}

bool
value_same_number(double a, double b)
{
	return fabs(a - b) <= SAME * fmax(1, fmax(fabs(a), fabs(b)));
}

bool
value_equal(enum value_type type, const char *a, const char *b)
{
	double left, right;

	if (value_parse(&left, type, a) < 0 || value_parse(&right, type, b) < 0)
		return strcmp(a, b) == 0;
	return value_same_number(left, right);
}
