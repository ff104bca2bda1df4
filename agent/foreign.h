/*
 * foreign.h - configurations of other programs, read leniently.
 *
 * A file of YAML becomes a tree of JSON in which every plain value is a text;
 * keys of "<<" count as those of their mapping.  What nobody asked for is
 * named to the draft, so that nothing is dropped in silence.
 */
#ifndef AGENT_FOREIGN_H
#define AGENT_FOREIGN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/draft.h"
#include "proto/base/err.h"

/* *out is owned by the caller.  Messages name file and line, never a value. */
int foreign_load(json_t **out, const char *path, struct err *err);

/* Of an object; NULL when it has no such key, or is none. */
const json_t *foreign_get(const json_t *object, const char *key);
const char *foreign_text(const json_t *object, const char *key);
bool foreign_is(const json_t *object, const char *key, const char *word);

/* Go's "1m30s" or "300ms"; -1: not one, or more than a year. */
int64_t foreign_duration_ms(const char *text);

/* The text that a regular expression stands for when nothing in it is special,
 * owned by the caller; else NULL. */
char *foreign_literal(const char *regexp);

/* Names each key that is not among known, which ends with NULL. */
void foreign_miss(struct draft *draft, const char *place, const json_t *object,
    const char *const *known);

/* interval and timeout of the probe just begun; -1: not given.  The timeout
 * is kept below the interval. */
void foreign_times(struct draft *draft, const char *place, int64_t interval_ms,
    int64_t timeout_ms);

/* A header of the HTTP probe under way.  The value of one that proves who
 * asks is a secret: it is named, not copied. */
void foreign_header(struct draft *draft, const char *place, const char *name,
    const char *value);

#endif
