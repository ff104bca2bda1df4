/*
 * env_shape.h - is the value of a variable fit to be one?
 *
 * Says what is wrong in words that tell nothing of the value itself.
 */
#ifndef AGENT_PROBES_ENV_SHAPE_H
#define AGENT_PROBES_ENV_SHAPE_H

#include <stdbool.h>

#include "agent/config.h"

/* What a variable may be declared to be. */
struct env_shape_type {
	const char *name;              /* as written in the configuration */
	bool (*is)(const char *value); /* NULL: anything is */
	const char *fault;             /* "is not an integer" */
	bool may_be_shown;             /* such a value is no secret */
};

/* All of them, ending with a NULL name; the first is the default. */
extern const struct env_shape_type env_shape_types[];

/* The one of this name; NULL when there is none. */
const struct env_shape_type *env_shape_type(const char *name);

/* "is empty", "is a placeholder" ...; NULL when nothing is wrong.  variable
 * has the further rules, NULL for none.  Borrowed for ever. */
const char *
env_shape_fault(const char *value, const struct variable_config *variable);

#endif
