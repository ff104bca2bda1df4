/*
 * hints.h - what each reason means at each kind of probe, in order.
 *
 * Words only; agent/hint.c chooses and fills in.
 */
#ifndef AGENT_HINTS_H
#define AGENT_HINTS_H

#include "proto/result.h"

/* kind "" is any kind, phase "" any phase.  The first row that fits counts.
 * {word} is filled in by hint_write(). */
struct hint {
	const char *kind, *phase;
	enum reason reason;
	const char *meaning, *command;
};

/* All of them, ending with a NULL kind. */
extern const struct hint hints[];

#endif
