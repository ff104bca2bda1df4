/*
 * secret.h - text that nobody may see: kept out of printf, wiped when freed.
 *
 * A password, a key, the value of an environment variable.  The struct is
 * opaque, so that no format can reach the bytes by accident; only the one
 * line that hands the secret to its purpose calls secret_reveal().
 */
#ifndef PROTO_BASE_SECRET_H
#define PROTO_BASE_SECRET_H

#include <stddef.h>

#include "proto/base/err.h"

struct secret;

/* Copies n bytes; owned by the caller. */
struct secret *secret_new(const char *bytes, size_t n);

/* Reads what a configuration says of a secret: "${NAME}" is the variable of
 * our own environment, "@/path" the file without its last line end, anything
 * else the secret itself.  Messages never quote it.  The secret is owned by
 * the caller. */
int secret_load(struct secret **out, const char *text, struct err *err);

/* The bytes, ending with NUL, borrowed until the secret is freed. */
const char *secret_reveal(const struct secret *secret);
size_t secret_size(const struct secret *secret);

/* Wipes and frees.  NULL is allowed. */
void secret_free(struct secret *secret);

#endif
