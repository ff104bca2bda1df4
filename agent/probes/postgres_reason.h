/*
 * postgres_reason.h - what a complaint of libpq or of the server means.
 */
#ifndef AGENT_PROBES_POSTGRES_REASON_H
#define AGENT_PROBES_POSTGRES_REASON_H

#include <stddef.h>

#include "proto/result.h"

#define SQLSTATE_BYTES 6

/* What a connection that did not come about has to say. */
struct postgres_complaint {
	enum reason reason;
	char sqlstate[SQLSTATE_BYTES]; /* "" when the server did not say one */
	const char *text;              /* within the message */
	size_t n_text;
};

/* Reads PQerrorMessage() of PQERRORS_VERBOSE; text stays part of message. */
void
postgres_complaint_read(struct postgres_complaint *out, const char *message);

#endif
