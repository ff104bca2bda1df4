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
	/* Shown when the server asks for it; NULL: none. */
	const char *certificate_file, *key_file;
};

int secure_open(
    struct secure **out, const struct secure_setup *setup, struct err *err);

/* For a step: TURN_NEXT when the handshake is complete. */
enum turn secure_handshake(struct probe *probe, struct secure *secure);

/* After the handshake, where a certificate of ours was shown: waits until the
 * server has taken it, but not past until_us of the run, as some never say.  In
 * TLS 1.3 it refuses one only after the handshake. */
enum turn
secure_confirm(struct probe *probe, struct secure *secure, int64_t until_us);

/* What is wrong when a chain was refused with this X509_V_ERR_... */
enum reason secure_reason(long verify_code);

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
