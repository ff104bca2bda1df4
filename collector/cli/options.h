/*
 * options.h - the table of all options, for parsing, help and completion.
 */
#ifndef COLLECTOR_CLI_OPTIONS_H
#define COLLECTOR_CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#define OPTIONS_LIMIT_MAX         10000 /* of proto/query.h */
#define OPTIONS_COLLECTOR_DEFAULT "ipc:///run/vedette/collector.sock"

enum option_kind {
	FLAG,
	TEXT,
	WORD, /* a text that is not empty */
	DURATION,
	POINT,
	NUMBER,
	NAME,
	ENVIRONMENT,
	COLUMN,
	RATE,
	STEP
};

struct option {
	const char *name, *value; /* value: how help calls it; NULL for FLAG */
	enum option_kind kind;
	size_t at;            /* of its member in struct arguments */
	unsigned of;          /* OPTION_...; 0: every command takes it */
	int64_t max;          /* of a NUMBER or DURATION; 0: no limit */
	const char *variable; /* environment variable, or NULL */
	const char *help;     /* lines, 24 columns to the right */
};

#define OPTIONS_MAX 80

/* Ends with one whose name is NULL. */
extern const struct option options[OPTIONS_MAX];

#endif
