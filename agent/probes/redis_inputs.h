/*
 * redis_inputs.h - what a redis is reached with.
 *
 * From the parts or the url of the configuration, or from the variables that
 * a service is given; then none of them may leave, so they are hidden from
 * everything the run says.
 */
#ifndef AGENT_PROBES_REDIS_INPUTS_H
#define AGENT_PROBES_REDIS_INPUTS_H

#include "agent/probe.h"

/* Starts as { 0 }.  Owned texts. */
struct redis_target {
	char *host;
	uint16_t port;
	char *user, *password; /* NULL: none */
	uint32_t database;
	bool is_secure; /* by TLS */
};

/* TURN_NEXT, or TURN_STOP when the run has ended: variables that are missing
 * are critical, what the observer cannot read is unknown. */
enum turn redis_target_read(struct probe *probe, struct redis_target *out,
    const struct redis_inputs *inputs);

/* redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], rediss:// for TLS.  -1 when
 * it is none; out is to be freed all the same. */
int redis_url_parse(struct redis_target *out, const char *url);

void redis_target_fini(struct redis_target *target); /* wipes */

#endif
