/*
 * defaults.h - what a configuration means where it is silent.
 */
#ifndef AGENT_DEFAULTS_H
#define AGENT_DEFAULTS_H

#include "agent/config.h"

/* Gives every text that has a default one, and makes paths (those behind the
 * "@" of a secret as well) relative to folder, which is "" or ends with a
 * slash.  The numbers beside the texts are left to config_load(). */
void defaults_fill(struct agent_config *config, const char *folder);

#endif
