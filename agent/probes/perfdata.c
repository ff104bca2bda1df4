#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/probes/perfdata.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define BLANK " \t\r\n"

static const struct unit {
	const char *written, *suffix;
	double factor;
} units[] = {
	{ "", "", 1 },
	{ "s", "_s", 1 },
	{ "ms", "_ms", 1 },
	{ "us", "_us", 1 },
	{ "%", "_percent", 1 },
	{ "B", "_bytes", 1 },
	{ "KB", "_bytes", 1024.0 },
	{ "MB", "_bytes", 1048576.0 },
	{ "GB", "_bytes", 1073741824.0 },
	{ "TB", "_bytes", 1099511627776.0 },
	{ "c", "_count", 1 },
};

/* Names of attributes are plain; "/" and "C:\ used" are labels. */
static void
write_name(char out[PERFDATA_NAME_BYTES], const char *label, size_t n,
    const char *suffix)
{
	size_t room = PERFDATA_NAME_BYTES - 1 - strlen(suffix), n_out = 0;

	for (size_t i = 0; i < n && n_out < room; i++) {
		char c = label[i];

		if (c == '\'' && i + 1 < n && label[i + 1] == '\'')
			i++; /* a quote in quotes is written twice */
		out[n_out++] =
		    isalnum((unsigned char)c) || strchr("._-/", c) != NULL
		    ? c
		    : '_';
	}
	snprintf(out + n_out, PERFDATA_NAME_BYTES - n_out, "%s", suffix);
}

/* The end of a label that begins at text: its "=", or NULL. */
static const char *
label_end(const char *text)
{
	if (*text != '\'') {
		text += strcspn(text, "=" BLANK);
		return *text == '=' ? text : NULL;
	}
	for (text++; *text != '\0'; text++) {
		if (*text != '\'')
			continue;
		if (text[1] != '\'')
			return text[1] == '=' ? text + 1 : NULL;
		text++;
	}
	return NULL;
}

/* "0.5ms;1;2": the number and its unit; -1 when it makes no sense. */
static int
read_value(double *out, const char **out_suffix, const char *text, size_t n)
{
	size_t n_number = strspn(text, "0123456789.,eE+-");
	char number[48], *end;

	/* "1e3" is a number, the E of "1EB" none */
	if (n_number == 0 || n_number >= sizeof(number) || n_number > n)
		return -1;
	memcpy(number, text, n_number);
	number[n_number] = '\0';
	for (char *comma = number; (comma = strchr(comma, ',')) != NULL;)
		*comma = '.';
	*out = strtod(number, &end);
	if (*end != '\0' || !isfinite(*out))
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const char *unit = units[i].written;

		if (n - n_number != strlen(unit) ||
		    strncasecmp(text + n_number, unit, strlen(unit)) != 0)
			continue;
		*out *= units[i].factor;
		*out_suffix = units[i].suffix;
		return isfinite(*out) ? 0 : -1;
	}
	return -1;
}

int
perfdata_next(struct perfdata *out, const char **at)
{
	const char *label, *equals, *suffix;
	size_t n_label, n_value;

	for (;;) {
		label = *at + strspn(*at, BLANK);
		*at = label;
		if (*label == '\0')
			return 0;
		equals = label_end(label);
		if (equals == NULL) {
			*at = label + strcspn(label, BLANK);
			continue;
		}
		*at = equals + strcspn(equals, BLANK);
		n_label = (size_t)(equals - label);
		if (*label == '\'') {
			label++;
			n_label -= 2;
		}
		n_value = strcspn(equals + 1, ";" BLANK);
		if (n_label == 0 ||
		    read_value(&out->value, &suffix, equals + 1, n_value) < 0)
			continue;
		write_name(out->name, label, n_label, suffix);
		return 1;
	}
}

/* Adds the bytes without blanks at their ends. */
static void
add_trimmed(struct text *text, const char *bytes, size_t n)
{
	while (n > 0 && strchr(BLANK, bytes[n - 1]) != NULL)
		n--;
	while (n > 0 && strchr(BLANK, *bytes) != NULL) {
		bytes++;
		n--;
	}
	text_add_bytes(text, bytes, n);
}

void
perfdata_split(char **out_text, char **out_data, const char *output)
{
	struct text text = { 0 }, data = { 0 };
	const char *line = output;
	bool is_first = true, is_data = false;

	while (*line != '\0') {
		size_t n = strcspn(line, "\n");
		const char *bar = is_data ? NULL : memchr(line, '|', n);
		size_t n_text = bar != NULL ? (size_t)(bar - line) : n;

		if (is_data) {
			text_add(&data, " ");
			add_trimmed(&data, line, n);
		} else if (text.n == 0) {
			add_trimmed(&text, line, n_text);
		}
		if (bar != NULL) {
			text_add(&data, " ");
			add_trimmed(&data, bar + 1, n - n_text - 1);
			/* On the first line they end with it. */
			is_data = !is_first;
		}
		is_first = false;
		line += n + (line[n] == '\n');
	}
	*out_text = text_take(&text);
	*out_data = text_take(&data);
}
