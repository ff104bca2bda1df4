/*
 * settings_value.h - what a setting's text is worth: a number, a time, a word.
 */
#ifndef AGENT_PROBES_SETTINGS_VALUE_H
#define AGENT_PROBES_SETTINGS_VALUE_H

#include <stdbool.h>

/* As written in the configuration: "text", "integer", "number", "duration",
 * "boolean". */
enum value_type {
	VALUE_TEXT,
	VALUE_INTEGER,
	VALUE_NUMBER,
	VALUE_DURATION, /* in seconds; "35", "35s", "5min", "250ms" */
	VALUE_BOOLEAN,
};

int value_type_parse(enum value_type *out, const char *word);
const char *value_type_name(enum value_type type);

/* Reads a finite number such as "35" or "-0.5"; -1 for anything else. */
int value_number(double *out, const char *text);

/* Reads text as type says; seconds for a duration, 0 or 1 for a boolean.  -1
 * when it is not of that type, and for VALUE_TEXT always. */
int value_parse(double *out, enum value_type type, const char *text);

/* Do both say the same?  "35" and "35.0" do as numbers; numbers are compared to
 * one part in 10^9. */
bool value_equal(enum value_type type, const char *a, const char *b);

bool value_same_number(double a, double b);

#endif
