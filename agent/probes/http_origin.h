/*
 * http_origin.h - what a URL says of the server: scheme, host and port.
 */
#ifndef AGENT_PROBES_HTTP_ORIGIN_H
#define AGENT_PROBES_HTTP_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

/* Starts as { 0 }. */
struct origin {
	char *scheme; /* "http" or "https" */
	char *host;   /* a name (of ASCII), "192.0.2.7" or "[2001:db8::1]" */
	uint16_t port;
};

/* Reads url into *out, which must be initialised; -1, and *out unchanged, when
 * it is not one of HTTP.  target becomes "SCHEME://HOST:PORT/PATH", fit for
 * people: without user, password and query; NULL is allowed. */
#define ORIGIN_TEXT_BYTES 256
int origin_of(struct origin *out, char *target, const char *url);

bool origin_is_same(const struct origin *a, const struct origin *b);
void origin_fini(struct origin *origin);

#endif
