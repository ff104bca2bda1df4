/*
 * json_path.h - one plain value out of JSON that others wrote.
 */
#ifndef AGENT_PROBES_JSON_PATH_H
#define AGENT_PROBES_JSON_PATH_H

#include <jansson.h>
#include <stddef.h>

/* The value at "a.b.0.c", borrowed; numbers are places in a list.  NULL when it
 * is not there. */
const json_t *json_path_find(const json_t *root, const char *path);

/* The plain value at path as text, owned by the caller; NULL when it is not
 * there, or a list, an object or null. */
char *json_path_text(const json_t *root, const char *path);

#endif
