/*
 * identity.h - the certificate and key by which the server is known.
 *
 * Shared: whoever answers with one holds it, so that a renewed one can take
 * its place while connections last.
 */
#ifndef COLLECTOR_WEB_IDENTITY_H
#define COLLECTOR_WEB_IDENTITY_H

#include <gnutls/abstract.h>

#include "proto/base/err.h"

#define IDENTITY_CHAIN_MAX 8

struct identity {
	unsigned n_held;
	gnutls_pcert_st chain[IDENTITY_CHAIN_MAX];
	unsigned n_chain;
	gnutls_privkey_t key;
};

/* Reads two PEM files, which must be a pair; the key's must be private.  The
 * caller holds it. */
int identity_load(struct identity **out, const char *certificate_file,
    const char *key_file, struct err *err);

struct identity *identity_hold(struct identity *identity);

/* Frees it with the last who holds it.  NULL is allowed. */
void identity_drop(struct identity *identity);

#endif
