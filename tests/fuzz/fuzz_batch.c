/* The content of a batch: what decodes must encode, and decode to the same. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "proto/publish.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct batch *batch = NULL, *again = NULL;
	unsigned char *encoded, *second = NULL;
	size_t n_encoded, n_second;
	struct err err;

	if (batch_decode(&batch, bytes, n, "staging", "stg-1", &err) < 0)
		return 0;
	batch_encode(&encoded, &n_encoded, batch);
	/* Encoding leaves out fields that nobody knows, so a batch of many empty
	 * rows may be too dense then; nothing else may stand in the way. */
	if (batch_decode(&again, encoded, n_encoded, "staging", "stg-1", &err) <
	    0) {
		assert(err.code == ERR_LIMIT);
		goto out;
	}
	batch_encode(&second, &n_second, again);
	assert(n_second == n_encoded);
	assert(memcmp(second, encoded, n_second) == 0);
out:
	free(encoded);
	free(second);
	batch_free(batch);
	batch_free(again);
	return 0;
}
