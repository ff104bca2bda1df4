/*
 * arguments.h - what vedette-agent was asked to do on its command line.
 */
#ifndef AGENT_ARGUMENTS_H
#define AGENT_ARGUMENTS_H

#include <stdbool.h>

#include "proto/base/err.h"
#include "proto/result.h"

#define ARGUMENTS_CONFIG "/etc/vedette/agent.yaml"

enum arguments_command {
	COMMAND_NONE,   /* with help or version only */
	COMMAND_CONFIG, /* and these two with help only */
	COMMAND_FINGERPRINT,
	COMMAND_RUN,
	COMMAND_CHECK,
	COMMAND_CONFIG_CHECK,
	COMMAND_CONFIG_SCHEMA,
	COMMAND_INIT,
	COMMAND_FINGERPRINT_CHECK,
	COMMAND_FINGERPRINT_ROTATE,
};

/* Which probes a check runs, and how. */
enum arguments_scope {
	SCOPE_NORMAL,   /* each with its own inputs */
	SCOPE_QUICK,    /* env, dns and tcp, with short limits */
	SCOPE_FULL,     /* all, with their reference runs */
	SCOPE_ENV_ONLY, /* env */
};

/* Texts are those of argv, borrowed. */
struct arguments {
	enum arguments_command command;
	bool help, version;
	const char *config; /* ARGUMENTS_CONFIG when not given */
	enum arguments_scope scope;
	bool json, nagios;
	const char *explain;    /* a reason to explain; NULL when not given */
	const char *output;     /* file for the report, or the draft; NULL when
				   not given */
	enum outcome threshold; /* what makes the exit code: warning [default]
				   or critical */
	/* Of init; NULL when not given.  One of the first three is. */
	const char *env_file, *blackbox, *gatus;
	const char *targets; /* with blackbox */
	const char *environment, *agent, *service, *collector;
	/* Of fingerprint check; fingerprint is NULL when not given. */
	const char *name, *fingerprint;
	/* Of fingerprint rotate. */
	bool is_fleet;
	const char *key; /* file; NULL when not given */
};

/* Checks everything; a complaint names the argument.  command is set as soon
 * as it is known, on failure too. */
int
arguments_parse(struct arguments *out, int argc, char **argv, struct err *err);

/* The help of a command, or of the program; borrowed for ever. */
const char *arguments_help(enum arguments_command command);

#endif
