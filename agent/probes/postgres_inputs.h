/*
 * postgres_inputs.h - what a PostgreSQL is reached with.
 *
 * From the parts or the url of the configuration, or from the variables that
 * a service is given; then none of them may leave, so they are hidden from
 * everything the run says.
 */
#ifndef AGENT_PROBES_POSTGRES_INPUTS_H
#define AGENT_PROBES_POSTGRES_INPUTS_H

#include "agent/probe.h"

#define POSTGRES_OPTIONS_MAX 24

/* Starts as { 0 }.  Owned texts, as libpq names them. */
struct postgres_target {
	char *host; /* a name, an address, or the folder of a socket */
	uint16_t port;
	/* user, dbname, password, sslmode and whatever else the url says. */
	struct {
		char *keyword, *value;
	} options[POSTGRES_OPTIONS_MAX];
	size_t n_options;
};

/* TURN_NEXT, or TURN_STOP when the run has ended: variables that are missing
 * are critical, what the observer cannot read is unknown. */
enum turn postgres_target_read(struct probe *probe, struct postgres_target *out,
    const struct postgres_inputs *inputs);

void postgres_target_fini(struct postgres_target *target); /* wipes */

#endif
