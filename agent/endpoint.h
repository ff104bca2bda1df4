/*
 * endpoint.h - where a URL or a "HOST:PORT" leads.
 *
 * For drafts of configurations: takes apart what people write, and keeps
 * neither user, password nor query, which may be secrets.
 */
#ifndef AGENT_ENDPOINT_H
#define AGENT_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

/* Starts as { 0 }. */
struct endpoint {
	char *scheme;  /* lower case; "" when there is none */
	char *host;    /* without brackets; one name or address */
	char *path;    /* begins with '/'; "" when there is none */
	uint16_t port; /* 0: neither given nor known from the scheme */
	bool has_more; /* a user, a query or a fragment was left out */
};

/* -1, and *out unchanged, when text is neither URL nor HOST:PORT. */
int endpoint_parse(struct endpoint *out, const char *text);

/* Is it a name that a name server is asked for, so neither an address nor
 * without a dot nor of this host? */
bool endpoint_has_name(const struct endpoint *endpoint);

/* The port that belongs to a scheme; 0: unknown. */
uint16_t endpoint_port_of(const char *scheme);

void endpoint_fini(struct endpoint *endpoint);

#endif
