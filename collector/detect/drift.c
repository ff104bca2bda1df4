#include "collector/detect/drift.h"

void
drift_proof_add(struct drift_proof *proof, bool ok, int64_t at_ms)
{
	if (!ok) {
		proof->run = 0;
		return;
	}
	proof->at_ms[proof->next] = at_ms;
	proof->next = (proof->next + 1) % DRIFT_PROOF;
	if (proof->run < DRIFT_PROOF)
		proof->run++;
}

int64_t
drift_proof_since(const struct drift_proof *proof)
{
	if (proof->run < DRIFT_PROOF)
		return INT64_MIN;
	return proof->at_ms[proof->next]; /* the next to be overwritten */
}

enum drift_turn
drift_set(struct drift *drift, uint64_t value, int64_t since_ms)
{
	uint64_t before = drift->value;

	if (value == before)
		return DRIFT_NONE;
	drift->value = value;
	drift->since_ms = since_ms;
	if (drift->known == 0)
		return DRIFT_NONE;
	if (value == drift->known)
		return DRIFT_BACK;
	return before == drift->known ? DRIFT_LEFT : DRIFT_OTHER;
}

bool
drift_prove(struct drift *drift, int64_t proven_ms)
{
	if (drift->value == 0 || drift->known == drift->value ||
	    proven_ms < drift->since_ms)
		return false;
	drift->known = drift->value;
	return true;
}
