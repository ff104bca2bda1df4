/*
 * http_upgrade.h - asks to go on as a web socket (RFC 6455, section 4).
 */
#ifndef AGENT_PROBES_HTTP_UPGRADE_H
#define AGENT_PROBES_HTTP_UPGRADE_H

#include <stdbool.h>

#include "agent/probes/http_answer.h"
#include "agent/probes/http_client.h"

#define HTTP_UPGRADE_KEY_BYTES 25

struct http_upgrade {
	char key[HTTP_UPGRADE_KEY_BYTES]; /* of this one opening */
};

/* Adds the headers that ask for it. */
void
http_upgrade_begin(struct http_upgrade *upgrade, struct http_client *client);

/* Is this the answer to our key, or the repetition of another's? */
bool http_upgrade_is_done(
    const struct http_upgrade *upgrade, const struct http_answer *answer);

#endif
