/* The configuration of an agent. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_file.h"

#include <string.h>

#include "agent/config.h"
#include "agent/schema.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[FUZZ_PATH_BYTES];
	struct agent_config *config = NULL;
	struct err err = { .text = "" };

	fuzz_file(path, "yaml", bytes, n);
	if (config_load(&config, path, &err) < 0) {
		assert(config == NULL);
		assert(strncmp(err.text, path, strlen(path)) == 0);
		return 0;
	}
	for (uint32_t i = 0; i < config->n_probes; i++) {
		assert(config->probes[i].timeout_ms <
		    config->probes[i].interval_ms);
		assert(
		    schema_same_probe(&config->probes[i], &config->probes[i]));
	}
	config_free(config);
	return 0;
}
