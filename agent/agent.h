/*
 * agent.h - the daemon: schedule, runner, outbox, spool and uplink on a loop.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "agent/config.h"
#include "proto/base/err.h"

/* Runs until SIGTERM or SIGINT; then it stops at once, with everything that
 * was found in the spool.  SIGHUP reads path again: if it is fit, it holds
 * from then on, as a whole; if not, nothing changes, and the log says why.
 * Takes config.  -1: it could not start, or could not store what it had. */
int agent_run(struct agent_config *config, const char *path, struct err *err);

#endif
