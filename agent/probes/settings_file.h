/*
 * settings_file.h - reads settings out of a text that others wrote.
 *
 * Whatever the format, the result is a tree of JSON; what is not plain in it
 * is only there to be walked through.  Messages name the line, never a value.
 */
#ifndef AGENT_PROBES_SETTINGS_FILE_H
#define AGENT_PROBES_SETTINGS_FILE_H

#include <jansson.h>
#include <stddef.h>

#include "proto/base/err.h"

enum settings_format {
	FORMAT_ENV, /* read by variables_read() */
	FORMAT_YAML,
	FORMAT_JSON,
	FORMAT_INI, /* [section], key = value; keys are "section.key" */
};

/* word "" is none: then the end of the path counts.  -1 when it says nothing. */
int settings_format_parse(
    enum settings_format *out, const char *word, const char *path);

/* *out is owned by the caller.  bytes end with a NUL that n does not count. */
int settings_file_parse(json_t **out, enum settings_format format,
    const char *bytes, size_t n, struct err *err);

/* The plain value of a key as text, owned by the caller, or NULL.  A key that
 * is there as a whole counts before one whose dots go deeper. */
char *settings_file_text(const json_t *root, const char *key);

#endif
