/*
 * secure.h - TLS over a connection that does not block, for kinds that look
 * at it closely.
 *
 * A certificate that is not acceptable does not end the handshake: everything
 * that is wrong with it is collected, so that an expired certificate for
 * somebody else is told as both.
 */
#ifndef AGENT_PROBES_SECURE_H
#define AGENT_PROBES_SECURE_H

#include "agent/probe.h"

struct secure;

struct secure_setup {
	int fd;              /* borrowed until closed */
	const char *name;    /* who it has to be: a host name, or an address */
	const char *ca_file; /* whom to trust; NULL: whom the system does */
};

int secure_open(
    struct secure **out, const struct secure_setup *setup, struct err *err);

/* For a step: TURN_NEXT when the handshake is complete. */
enum turn secure_handshake(struct probe *probe, struct secure *secure);

/* The certificate as attributes (tls, not_after, days_left, issuer).  TURN_NEXT
 * when nothing is wrong with it. */
enum turn secure_judge(struct probe *probe, struct secure *secure);

/* The days until the first certificate of the chain expires; after
 * secure_judge(). */
double secure_days_left(const struct secure *secure);

/* Reports the certificate as facts of the probe, tls/PROBE/serial ... */
void secure_tell(struct probe *probe, struct secure *secure);

/* As read(2) and write(2), errno included: EAGAIN with what to wait for in
 * *out_events. */
ssize_t
secure_read(struct secure *secure, void *bytes, size_t n, int *out_events);
ssize_t secure_write(
    struct secure *secure, const void *bytes, size_t n, int *out_events);

void secure_close(struct secure *secure); /* NULL is allowed */

#endif
