/*
 * postgres_look.h - why was a server's certificate refused?
 *
 * libpq says no more than that it was.  So the same address is asked once more,
 * as the kind tls does it, and what is wrong with the chain is told.
 */
#ifndef AGENT_PROBES_POSTGRES_LOOK_H
#define AGENT_PROBES_POSTGRES_LOOK_H

#include "agent/probe.h"
#include "agent/probes/postgres_inputs.h"

struct postgres_look;

/* A step: ends the run with authority, wrong_name, expired, or, when nothing
 * more is found, with what it had ended with before.  *look starts as NULL. */
enum turn postgres_look_step(struct probe *probe, struct postgres_look **look,
    const struct postgres_target *target);

void postgres_look_free(struct postgres_look *look); /* NULL is allowed */

#endif
