/* Lines of foreign logs, and a memory of them that was damaged. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "agent/probes/log_memory.h"
#include "proto/redact.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct log_memory memory;
	char *text = malloc(n + 1), *once;

	memcpy(text, bytes, n);
	text[n] = '\0';
	log_memory_parse(&memory, text);
	assert(memory.n_known <= LOG_KNOWN_MAX);
	assert(memory.is_known || memory.n_known == 0);
	log_kind_of(text);
	once = redact(text);
	assert(strlen(once) <= 4 * strlen(text) + 1);
	free(once);
	free(text);
	return 0;
}
