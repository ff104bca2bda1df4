/*
 * postgres_show.h - the parameters of a PostgreSQL, as a new session has them.
 */
#ifndef AGENT_PROBES_POSTGRES_SHOW_H
#define AGENT_PROBES_POSTGRES_SHOW_H

#include "agent/probe.h"

struct postgres_show;

/* Borrows inputs. */
struct postgres_show *postgres_show_new(const struct postgres_inputs *inputs);

/* Asks for a parameter, as SHOW takes it; copied. */
void postgres_show_ask(struct postgres_show *show, const char *name);

/* Goes on: TURN_NEXT when all are there, TURN_STOP when the run has ended. */
enum turn postgres_show_step(struct probe *probe, struct postgres_show *show);

/* The value as SHOW gives it, borrowed; NULL when the server has no such
 * parameter. */
const char *
postgres_show_value(const struct postgres_show *show, const char *name);

const char *postgres_show_host(const struct postgres_show *show);

void postgres_show_free(struct postgres_show *show); /* NULL is allowed */

#endif
