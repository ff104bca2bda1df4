/*
 * fingerprint.h - tells whether two values are equal without telling either.
 *
 * HMAC-SHA-256(key, "fp1" 00 scope 00 name 00 value), truncated to 96 bits
 * (docs: "Privacy of values").  The key stays with the agent; the collector
 * never holds it.  Written "kID:24 hex digits", where ID names the key: other
 * ids are not comparable, not "changed".
 */
#ifndef AGENT_FINGERPRINT_H
#define AGENT_FINGERPRINT_H

#include <stddef.h>

#include "proto/base/err.h"

struct fingerprint;

/* Reads the key file (32 random bytes as 64 hex digits, private to its
 * owner), making it first when it does not exist.  scope is the environment's
 * name, copied. */
int fingerprint_open(struct fingerprint **out, const char *key_file,
    const char *scope, struct err *err);

#define FINGERPRINT_BYTES 48
char *fingerprint_of(char out[FINGERPRINT_BYTES],
    const struct fingerprint *fingerprint, const char *name, const char *value,
    size_t n);

/* Wipes the key.  NULL is allowed. */
void fingerprint_close(struct fingerprint *fingerprint);

#endif
