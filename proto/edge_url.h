/*
 * edge_url.h - where an edge listens or dials, as people write it.
 *
 * ipc:///path, tcp://host:port, tls+tcp://host:port; an IPv6 address stands
 * in brackets.
 */
#ifndef PROTO_EDGE_URL_H
#define PROTO_EDGE_URL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "proto/base/err.h"
#include "proto/peer.h"

struct edge_url {
	enum transport transport;
	char host[256]; /* "" for IPC; without brackets */
	uint16_t port;
	char path[108]; /* of IPC; "" else */
};

/* The message quotes url. */
int edge_url_parse(struct edge_url *out, const char *url, struct err *err);

/* An address of the network or a path. */
struct edge_address {
	socklen_t n;
	union {
		struct sockaddr any;
		struct sockaddr_storage storage;
	};
};

/* The address that url names literally ("localhost" counts, and "*" is all
 * of IPv4); ERR_NOT_FOUND when its host is a name to look up. */
int edge_url_address(
    struct edge_address *out, const struct edge_url *url, struct err *err);

/* Sets the port of an Internet address; no other has one. */
void edge_address_set_port(struct edge_address *address, uint16_t port);
uint16_t edge_address_port(const struct edge_address *address);

/* Does nothing sent there leave this machine? */
bool edge_address_is_local(const struct edge_address *address);

/* Writes "10.0.0.7:41822" or "[::1]:7000"; without port where there is none
 * or with_port is false.  Returns out. */
#define EDGE_ADDRESS_BYTES 64
char *edge_address_text(char out[EDGE_ADDRESS_BYTES],
    const struct edge_address *address, bool with_port);

#endif
