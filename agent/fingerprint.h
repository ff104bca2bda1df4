/*
 * fingerprint.h - tells whether two values are equal without telling either.
 *
 * HMAC-SHA-256(key, "fp1" 00 scope 00 name 00 value), truncated to 96 bits
 * (docs/agent.md, "Fingerprints").  Written "kID:24 hex digits", where ID names
 * the key.  There are two keys: the environment's, whose scope is its name, for
 * its own history; and the fleet's, for what is compared between environments.
 * Both stay with the agents; the collector holds neither.
 *
 * While a key is being replaced a value has two, "kNEW:... kOLD:..."; what
 * they say of each other is proto/fingerprints.h.
 */
#ifndef AGENT_FINGERPRINT_H
#define AGENT_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/config.h"
#include "proto/base/clock.h"
#include "proto/base/err.h"

struct fingerprint;

struct fingerprint_setup {
	const char *key_file;    /* made when it does not exist */
	const char *fleet_file;  /* NULL: there is none */
	const char *environment; /* its name, copied */
	int64_t overlap_ms;      /* after a rotation, with both keys */
	const struct clock *clock;
};

/* Reads the keys, and those they replaced.  A fleet's key that does not exist
 * is a failure: all agents share it. */
int fingerprint_open(struct fingerprint **out,
    const struct fingerprint_setup *setup, struct err *err);

/* The keys of a configuration. */
int fingerprint_open_configured(struct fingerprint **out,
    const struct agent_config *config, const struct clock *clock,
    struct err *err);

/* By the fleet's key when is_fleet is true and there is one, else by the
 * environment's. */
#define FINGERPRINT_BYTES 80
char *fingerprint_of(char out[FINGERPRINT_BYTES],
    const struct fingerprint *fingerprint, bool is_fleet, const char *name,
    const char *value, size_t n);

/* Wipes the keys.  NULL is allowed. */
void fingerprint_close(struct fingerprint *fingerprint);

#endif
