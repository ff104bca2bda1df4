/*
 * fuzz_rollup - rollups from anywhere: refused, or merged so that they can be
 * asked and written again.
 */
#include <stdlib.h>

#include "storage/rollup.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct rollup rollup = { 0 }, again = { 0 };
	unsigned char *written;
	size_t n_written;

	if (rollup_merge_bytes(&rollup, bytes, n, NULL) == 0) {
		uint64_t low = rollup_quantile_us(&rollup, 100);
		uint64_t high = rollup_quantile_us(&rollup, 9900);

		assert(low <= high && high <= rollup.max_us);
		rollup_encode(&written, &n_written, &rollup);
		assert(n_written <= ROLLUP_MAX_BYTES);
		assert(
		    rollup_merge_bytes(&again, written, n_written, NULL) == 0);
		assert(again.n_timed == rollup.n_timed);
		free(written);
	}
	rollup_fini(&rollup);
	rollup_fini(&again);
	return 0;
}
