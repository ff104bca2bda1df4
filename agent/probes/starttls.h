/*
 * starttls.h - asks a server that begins in plain text to go on with TLS.
 */
#ifndef AGENT_PROBES_STARTTLS_H
#define AGENT_PROBES_STARTTLS_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/probe.h"

#define STARTTLS_MAX_BYTES 4096 /* of one answer */

/* Starts as { 0 }. */
struct starttls {
	size_t at;     /* the exchange that is under way */
	size_t n_sent; /* of its question */
	bool is_asked; /* the question is sent */
	size_t n;      /* of what was received of its answer */
	char bytes[STARTTLS_MAX_BYTES];
};

/* Is this one of the protocols that are known: postgres, smtp, imap, pop3? */
bool starttls_is_known(const char *protocol);

/* The judgement alone, without a socket, of the bytes received so far. */
enum starttls_answer {
	STARTTLS_MORE,     /* not complete */
	STARTTLS_AGREED,   /* goes on with the next exchange */
	STARTTLS_REFUSED,  /* *out is the line that says so, borrowed until
			      the next byte; NULL when there are no lines */
	STARTTLS_TOO_LONG, /* than STARTTLS_MAX_BYTES allows */
};
enum starttls_answer starttls_judge(
    const char **out, struct starttls *starttls, const char *protocol);

/* Is the next byte TLS's? */
bool starttls_is_over(const struct starttls *starttls, const char *protocol);

/* For a step: TURN_NEXT when the next byte is TLS's; fails when the server
 * does not go on with it. */
enum turn starttls_ask(struct probe *probe, struct starttls *starttls,
    const char *protocol, int fd);

#endif
