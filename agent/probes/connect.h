/*
 * connect.h - a TCP connection to the first address that takes it.
 *
 * What the kinds that speak over a connection of their own have in common:
 * after the step "resolve", a step "connect" that tries the addresses in turn
 * as a client would.
 */
#ifndef AGENT_PROBES_CONNECT_H
#define AGENT_PROBES_CONNECT_H

#include "agent/probe.h"

/* Starts as { 0 }. */
struct connect {
	int fd; /* does not block; when is_open */
	bool is_open;
	size_t at;       /* the address that is tried */
	int first_error; /* errno of the first address that did not do */
	size_t first_at;
};

/* A step: goes on when connected, with the attribute "server". */
enum turn connect_try(struct probe *probe, struct connect *connection);

/* In expire(): the limit was reached while connecting. */
void connect_expire(struct probe *probe, const struct connect *connection);

void connect_close(struct connect *connection);

#endif
