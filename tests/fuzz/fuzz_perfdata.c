/* What a plug-in prints. */
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probes/perfdata.h"
#include "proto/redact.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *output = malloc(n + 1), *text, *data, *shown;
	const char *at;
	struct perfdata perfdata;

	memcpy(output, bytes, n);
	output[n] = '\0';
	perfdata_split(&text, &data, output);
	assert(strlen(text) <= n);
	for (at = data; perfdata_next(&perfdata, &at) == 1;) {
		assert(isfinite(perfdata.value));
		assert(perfdata.name[0] != '\0');
		assert(at <= data + strlen(data));
	}
	shown = redact(text);
	free(shown);
	free(text);
	free(data);
	free(output);
	return 0;
}
