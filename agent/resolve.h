/*
 * resolve.h - looks names up on the loop, without a thread (c-ares).
 *
 * The files of the system count: nsswitch.conf, hosts, resolv.conf, and they
 * are read again when resolv.conf has changed.  A look-up that is cancelled
 * leaves its query behind until the name servers answer or c-ares gives up;
 * how many such queries there can be is limited.
 */
#ifndef AGENT_RESOLVE_H
#define AGENT_RESOLVE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "proto/base/err.h"
#include "proto/result.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

socklen_t address_size(const union address *address);

/* Reads "192.0.2.7" or "2001:db8::1"; -1 when host is a name. */
int address_parse(union address *out, const char *host, uint16_t port);

/* Writes "192.0.2.7:5432" or "[2001:db8::1]:5432"; returns out. */
#define ADDRESS_TEXT_BYTES 64
char *
address_text(char out[ADDRESS_TEXT_BYTES], const struct sockaddr *address);

#define RESOLVE_MAX_ADDRESSES 16

/* What a look-up found; borrowed for the call. */
struct resolved {
	enum reason reason; /* REASON_NONE: it succeeded */
	const char *why;    /* in words; "" when it succeeded */
	union address addresses[RESOLVE_MAX_ADDRESSES]; /* IPv4 first */
	size_t n_addresses;
	const unsigned char *answer; /* of resolve_query: the whole message */
	size_t n_answer;
};

struct resolver;
struct resolve;

typedef void resolve_fn(void *arg, const struct resolved *resolved);

struct resolver *resolver_new(uv_loop_t *loop);

/* Looks up the addresses of host, of both families, each with port.  done is
 * called once, never from inside. */
struct resolve *resolve_start(struct resolver *resolver, const char *host,
    uint16_t port, resolve_fn *done, void *arg);

/* Asks for the records of a type (as DNS numbers them) of name as it is,
 * without search domains.  server is "ADDRESS[:PORT]", or NULL for those of
 * the system; the first that answers is believed, whatever it says. */
struct resolve *resolve_query(struct resolver *resolver, const char *server,
    const char *name, int type, resolve_fn *done, void *arg);

/* Is it fit to be a server of resolve_query()? */
bool resolve_is_server(const char *server);

/* done will not be called.  NULL is allowed, one that is done is not. */
void resolve_cancel(struct resolve *resolve);

/* All look-ups must have ended; closed is called from the loop.  NULL is
 * allowed, and calls closed at once. */
void
resolver_close(struct resolver *resolver, void (*closed)(void *arg), void *arg);

#endif
