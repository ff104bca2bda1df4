/*
 * secrets.h - every secret that a configuration holds or names.
 *
 * A secret is written as it is, as "${NAME}", or as "@/path".
 */
#ifndef AGENT_SECRETS_H
#define AGENT_SECRETS_H

#include "agent/config.h"

/* secret is where its text is, which may be replaced; never NULL inside. */
typedef void secrets_fn(void *arg, char **secret);

void secrets_each(struct agent_config *config, secrets_fn *fn, void *arg);

/* What is not as it should be of the files that hold secrets, each once: it is
 * not there, or others may read or change it.  It may be meant, as where a
 * platform mounts secrets for a container of its own, so it is no complaint.
 * text is borrowed for the call and quotes no secret. */
typedef void secrets_warn_fn(void *arg, const char *text);

void
secrets_warn(struct agent_config *config, secrets_warn_fn *warn, void *arg);

#endif
