/*
 * drift.h - has a fact left its known good value?
 *
 * Known good is a value that was in force while every probe of its service
 * had DRIFT_PROOF consecutive ok results, all of them made since the value was
 * first seen.  Leaving a known good value is drift; coming back ends it; so
 * does a new value that proves itself in the same way.
 *
 * Arithmetic only.  Values are told apart by numbers that the caller gives
 * them; 0 is none.  The structs may be copied to snapshot them.
 */
#ifndef COLLECTOR_DETECT_DRIFT_H
#define COLLECTOR_DETECT_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

#define DRIFT_PROOF 10

/* The newest ok results of one series. */
struct drift_proof {
	int64_t at_ms[DRIFT_PROOF]; /* a ring */
	uint32_t next;
	uint32_t run; /* consecutive ones, up to DRIFT_PROOF */
};

/* A result; those that could not tell are left out by the caller. */
void drift_proof_add(struct drift_proof *proof, bool ok, int64_t at_ms);

/* When the oldest of DRIFT_PROOF consecutive ok results was made;
 * INT64_MIN when there are not as many. */
int64_t drift_proof_since(const struct drift_proof *proof);

struct drift {
	uint64_t value, known; /* in force; known good */
	int64_t since_ms;      /* of value */
};

enum drift_turn { DRIFT_NONE, DRIFT_LEFT, DRIFT_OTHER, DRIFT_BACK };

/* The fact has this value since then.  Says whether it left its known good
 * value, went from one value that is not known good to another, or is back. */
enum drift_turn
drift_set(struct drift *drift, uint64_t value, int64_t since_ms);

/* Every series of the service has been well since proven_ms (the earliest
 * drift_proof_since() of them).  Returns true when the value in force is
 * known good by that and was not before. */
bool drift_prove(struct drift *drift, int64_t proven_ms);

#endif
