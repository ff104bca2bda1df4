/*
 * memory.h - which facts the collector has been told, and which it must be.
 *
 * Remembers for each fact what it is now, since when, and when the value
 * before it was last seen.  Holds no secret: a value that may not be shown is
 * known by its fingerprint.
 */
#ifndef AGENT_MEMORY_H
#define AGENT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/result.h"

#define MEMORY_MAX_FACTS 20000 /* names beyond are told each time */

struct memory;

struct memory *memory_new(void);

/* An observation.  Returns whether the collector must be told; then *out is
 * what to tell, borrowed until the next call of memory_observe(). */
bool memory_observe(
    struct memory *memory, struct fact *out, const struct fact *observed);

/* What was told may have been lost: everything is told again when it is
 * observed next, with the times it had. */
void memory_distrust(struct memory *memory);

void memory_free(struct memory *memory); /* NULL is allowed */

#endif
