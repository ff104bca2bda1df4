/*
 * gcp_jwt.h - what a service account's key says to get a token: a claim, signed
 * (RFC 7519, RFC 7523).
 */
#ifndef AGENT_PROBES_GCP_JWT_H
#define AGENT_PROBES_GCP_JWT_H

#include <stdint.h>

#include "proto/base/err.h"

/* Of a service account's key file. */
struct gcp_key {
	char *email, *key_id; /* key_id may be NULL */
	char *pem;            /* the private key */
	char *token_uri;
};

/* Starts as { 0 }.  The file must be private to its owner. */
int gcp_key_read(struct gcp_key *out, const char *path, struct err *err);
void gcp_key_fini(struct gcp_key *key); /* wipes */

/* "HEADER.CLAIMS.SIGNATURE", owned by the caller, good for a few minutes from
 * now_s on. */
int gcp_jwt_sign(
    char **out, const struct gcp_key *key, int64_t now_s, struct err *err);

#endif
