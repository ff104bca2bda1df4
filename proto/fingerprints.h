/*
 * fingerprints.h - are two fingerprints those of one value?
 *
 * A fingerprint is written "kID:DIGITS", where ID names the key that it was
 * made with.  While a key is being replaced a value has one of each, the
 * newest first: "kNEW:DIGITS kOLD:DIGITS", so that it can be compared with
 * what was seen before, and with what others see who have only one of the
 * keys.  Between different keys nothing can be told, and that is no change.
 *
 * Where facts are shown, FINGERPRINTS_SHOWN stands before them; all functions
 * here take them with it and without.
 */
#ifndef PROTO_FINGERPRINTS_H
#define PROTO_FINGERPRINTS_H

#include <stdbool.h>

#define FINGERPRINTS_SHOWN "fingerprint "
#define FINGERPRINTS_MAX   4 /* of one value that are kept */

enum fingerprints {
	FINGERPRINTS_SAME,
	FINGERPRINTS_DIFFER,
	FINGERPRINTS_UNKNOWN, /* no key in common */
};

/* Is this how a fact is shown whose value may not be? */
bool fingerprints_are_shown(const char *shown);

enum fingerprints fingerprints_compare(const char *a, const char *b);

/* Those of newer, and behind them those of older that were made with other
 * keys; at most FINGERPRINTS_MAX.  Owned by the caller. */
char *fingerprints_join(const char *newer, const char *older);

#endif
