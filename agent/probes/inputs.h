/*
 * inputs.h - what a run is given from elsewhere: secrets, variables.
 *
 * What the observer cannot read says nothing of the target: the run ends as
 * unknown.
 */
#ifndef AGENT_PROBES_INPUTS_H
#define AGENT_PROBES_INPUTS_H

#include "agent/probe.h"
#include "agent/variables.h"

/* Reads what the configuration says of a secret, see secret_load(), and hides
 * it; key names it for people.  TURN_NEXT, and *out is owned by the caller;
 * or TURN_STOP. */
enum turn inputs_secret(struct probe *probe, struct secret **out,
    const char *key, const char *text);

/* Reads the variables of a service, see variables_read(); the same. */
enum turn inputs_variables(struct probe *probe, struct variables **out,
    const struct variables_config *source);

#endif
