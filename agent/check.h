/*
 * check.h - every probe once, without a collector, and a report of it.
 */
#ifndef AGENT_CHECK_H
#define AGENT_CHECK_H

#include "agent/arguments.h"
#include "agent/config.h"
#include "proto/base/err.h"

/* Writes the report to standard output, or to the file of arguments; progress
 * goes to standard error when that is a terminal.  *out_code is the exit code
 * of the program.  config may be changed on the way. */
int check_run(int *out_code, struct agent_config *config,
    const struct arguments *arguments, struct err *err);

#endif
