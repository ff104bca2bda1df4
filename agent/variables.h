/*
 * variables.h - the environment variables of a process, a file, or our own.
 *
 * A snapshot at one moment.  Values are wiped when it is freed, and leave
 * this module only by variables_get() and variables_next(), for a purpose on
 * this host.
 */
#ifndef AGENT_VARIABLES_H
#define AGENT_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "agent/config.h"
#include "proto/base/err.h"

struct variables;

/* Reads what source names.  ERR_NOT_FOUND: no such process or file;
 * ERR_DENIED: not ours to read; ERR_INVALID with file and line: malformed. */
int variables_read(struct variables **out,
    const struct variables_config *source, struct err *err);

/* The value, ending with NUL, borrowed; NULL when it is not set. */
const char *variables_get(const struct variables *variables, const char *name);

/* Walks: *at starts as 0; gives the next entry, "NAME=value", borrowed, or
 * NULL at the end.  A name that is set twice comes twice. */
const char *variables_next(const struct variables *variables, size_t *at);

/* "process 812 (backend)", "file /etc/backend.env"; borrowed. */
const char *variables_origin(const struct variables *variables);
enum source variables_source(const struct variables *variables);
pid_t variables_pid(const struct variables *variables); /* 0: none */

void variables_free(struct variables *variables); /* NULL is allowed */

#endif
