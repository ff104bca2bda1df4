#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/fingerprint.h"
#include "agent/fingerprint_key.h"
#include "proto/base/mem.h"

#define FLEET_SCOPE "*" /* no environment has this name */

/* A key, and the one it replaced. */
struct pair {
	struct fingerprint_key key, previous;
	int64_t until_ms; /* wall clock: the previous one counts; 0: none */
};

struct fingerprint {
	const struct clock *clock;
	bool has_fleet;
	struct pair own, fleet;
	char environment[];
};

static int
open_pair(
    struct pair *pair, const char *path, int64_t overlap_ms, struct err *err)
{
	struct err why;
	int64_t at_ms;

	if (fingerprint_key_read(&pair->key, path, err) < 0)
		return -1;
	if (fingerprint_key_previous(&pair->previous, &at_ms, path, &why) < 0)
		return why.code == ERR_NOT_FOUND
		    ? 0
		    : err_set(err, why.code, "%s", why.text);
	if (strcmp(pair->previous.id, pair->key.id) != 0)
		pair->until_ms = at_ms + overlap_ms;
	return 0;
}

int
fingerprint_open(struct fingerprint **out,
    const struct fingerprint_setup *setup, struct err *err)
{
	size_t n = strlen(setup->environment) + 1;
	struct fingerprint *fingerprint = mem_zalloc(sizeof(*fingerprint) + n);
	int rc = 0;

	fingerprint->clock = setup->clock;
	fingerprint->has_fleet = setup->fleet_file != NULL;
	memcpy(fingerprint->environment, setup->environment, n);
	if (access(setup->key_file, F_OK) < 0)
		rc = fingerprint_key_make(setup->key_file, err);
	if (rc == 0)
		rc = open_pair(
		    &fingerprint->own, setup->key_file, setup->overlap_ms, err);
	if (rc == 0 && fingerprint->has_fleet)
		rc = open_pair(&fingerprint->fleet, setup->fleet_file,
		    setup->overlap_ms, err);
	if (rc == 0) {
		*out = fingerprint;
		return 0;
	}
	fingerprint_close(fingerprint);
	return err_wrap(err, "fingerprint key");
}

int
fingerprint_open_configured(struct fingerprint **out,
    const struct agent_config *config, const struct clock *clock,
    struct err *err)
{
	const struct fingerprint_setup setup = {
		.key_file = config->fingerprint_key,
		.fleet_file = config->fingerprint_fleet_key,
		.environment = config->environment,
		.overlap_ms = config->fingerprint_overlap_ms,
		.clock = clock,
	};

	return fingerprint_open(out, &setup, err);
}

char *
fingerprint_of(char out[FINGERPRINT_BYTES],
    const struct fingerprint *fingerprint, bool is_fleet, const char *name,
    const char *value, size_t n)
{
	bool fleet = is_fleet && fingerprint->has_fleet;
	const struct pair *pair =
	    fleet ? &fingerprint->fleet : &fingerprint->own;
	const char *scope = fleet ? FLEET_SCOPE : fingerprint->environment;
	char mac[2 * FINGERPRINT_MAC_BYTES + 1];
	int put;

	fingerprint_key_mac(mac, &pair->key, scope, name, value, n);
	put = snprintf(out, FINGERPRINT_BYTES, "k%s:%s", pair->key.id, mac);
	if (clock_wall_ms(fingerprint->clock) >= pair->until_ms)
		return out;
	fingerprint_key_mac(mac, &pair->previous, scope, name, value, n);
	snprintf(out + put, FINGERPRINT_BYTES - (size_t)put, " k%s:%s",
	    pair->previous.id, mac);
	return out;
}

void
fingerprint_close(struct fingerprint *fingerprint)
{
	if (fingerprint == NULL)
		return;
	explicit_bzero(&fingerprint->own, sizeof(fingerprint->own));
	explicit_bzero(&fingerprint->fleet, sizeof(fingerprint->fleet));
	free(fingerprint);
}
