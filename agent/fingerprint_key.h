/*
 * fingerprint_key.h - a key of fingerprints, in its file.
 *
 * 32 random bytes as 64 hex digits, private to their owner.  The key that was
 * replaced stays beside it as FILE.previous, whose age says how long ago.
 */
#ifndef AGENT_FINGERPRINT_KEY_H
#define AGENT_FINGERPRINT_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"

#define FINGERPRINT_KEY_BYTES    32
#define FINGERPRINT_KEY_ID_BYTES 9  /* 8 hex digits that name it */
#define FINGERPRINT_MAC_BYTES    12 /* that are kept: 96 bits */

/* To be wiped after use, with explicit_bzero(). */
struct fingerprint_key {
	unsigned char bytes[FINGERPRINT_KEY_BYTES];
	char id[FINGERPRINT_KEY_ID_BYTES];
};

/* ERR_NOT_FOUND, ERR_DENIED (others may read it), ERR_INVALID. */
int fingerprint_key_read(
    struct fingerprint_key *out, const char *path, struct err *err);

/* Makes the file with a key at random. */
int fingerprint_key_make(const char *path, struct err *err);

/* The key that the one of path replaced, and when; ERR_NOT_FOUND: there was
 * none. */
int fingerprint_key_previous(struct fingerprint_key *out, int64_t *out_at_ms,
    const char *path, struct err *err);

/* Replaces the key of path by that in the file from (NULL: one at random), so
 * that at each moment there is a key; whoever owned the file still does.
 * ERR_NOT_FOUND: there is none to be replaced; ERR_EXISTS: it is that key. */
int fingerprint_key_rotate(const char *path, const char *from, struct err *err);

/* Hex digits of the MAC of "fp1" 00 scope 00 name 00 value; returns out. */
char *fingerprint_key_mac(char out[2 * FINGERPRINT_MAC_BYTES + 1],
    const struct fingerprint_key *key, const char *scope, const char *name,
    const char *value, size_t n);

#endif
