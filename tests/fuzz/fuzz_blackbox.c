/* Modules of blackbox_exporter, and behind "\n---\n" its targets. */
#include "tests/fuzz/fuzz_draft.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char parting[] = "\n---\n";
	const uint8_t *at = memmem(bytes, n, parting, strlen(parting));
	char modules[FUZZ_PATH_BYTES], targets[FUZZ_PATH_BYTES];
	struct draft *draft;
	struct err err;

	if (at == NULL)
		return 0;
	fuzz_file(modules, "modules", bytes, (size_t)(at - bytes));
	at += strlen(parting);
	fuzz_file(targets, "targets", at, (size_t)(bytes + n - at));
	draft = draft_new();
	if (init_blackbox(draft, modules, targets, NULL, &err) == 0)
		fuzz_draft(draft);
	draft_free(draft);
	return 0;
}
