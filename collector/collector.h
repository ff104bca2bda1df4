/*
 * collector.h - the daemon: puts the parts together and runs the loop.
 *
 *	edge -> rpc -> inbox -> pipeline -> store
 *	                 |         |
 *	                live     answer <- rpc <- edge
 *
 * SIGHUP reads the configuration and the certificates again, whole or not at
 * all; addresses and the store stay as they are.  SIGTERM and SIGINT commit
 * what waits and stop.
 */
#ifndef COLLECTOR_COLLECTOR_H
#define COLLECTOR_COLLECTOR_H

#include "proto/base/err.h"

/* Runs until it is told to stop.  -1 when it could not start. */
int collector_run(const char *config_path, struct err *err);

#endif
