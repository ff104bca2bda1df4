/*
 * env_shape.h - is the value of a variable fit to be one?
 *
 * Says what is wrong in words that tell nothing of the value itself.
 */
#ifndef AGENT_PROBES_ENV_SHAPE_H
#define AGENT_PROBES_ENV_SHAPE_H

#include "agent/config.h"

/* "is empty", "is a placeholder" ...; NULL when nothing is wrong.  variable
 * has the further rules, NULL for none.  Borrowed for ever. */
const char *
env_shape_fault(const char *value, const struct variable_config *variable);

#endif
