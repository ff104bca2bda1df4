/* Endpoints of Gatus. */
#include "tests/fuzz/fuzz_draft.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[FUZZ_PATH_BYTES];
	struct draft *draft = draft_new();
	struct err err;

	fuzz_file(path, "gatus", bytes, n);
	if (init_gatus(draft, path, NULL, &err) == 0)
		fuzz_draft(draft);
	draft_free(draft);
	return 0;
}
