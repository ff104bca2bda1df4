/*
 * hint.h - what a finding means, and the command that tells more.
 *
 * Words for people at a terminal; nothing is run.  Commands read only, hold no
 * secret, and name the target of the probe as its configuration does.
 */
#ifndef AGENT_HINT_H
#define AGENT_HINT_H

#include "agent/report.h"

/* Adds to both; a finding that is ok adds nothing. */
void hint_write(struct text *meaning, struct text *command,
    const struct report *report, const struct finding *finding);

#endif
