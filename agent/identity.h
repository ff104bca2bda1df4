/*
 * identity.h - does the agent stand where its configuration says?
 *
 * The proofs are looked at, not believed: a variable of the agent's own
 * environment, the host's name, an address of the host.  Without a proof that
 * holds, the vantage is `workstation` and nothing the agent says counts for
 * the environment.
 */
#ifndef AGENT_IDENTITY_H
#define AGENT_IDENTITY_H

#include <stddef.h>

#include "agent/config.h"
#include "proto/base/err.h"

/* Is proof exactly one of the forms, and well-formed? */
int identity_check(const struct proof_config *proof, struct err *err);

/* Returns the vantage that may be claimed now, and in why (of n bytes) a
 * sentence for people: which proofs hold, or which one does not. */
enum vantage
identity_prove(const struct agent_config *config, char *why, size_t n);

#endif
