/* A file or an answer with settings: the first byte chooses the format. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "agent/probes/settings_file.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const enum settings_format formats[] = { FORMAT_YAML,
		FORMAT_JSON, FORMAT_INI };
	json_t *root = NULL;
	struct err err;
	char *text;
	int rc;

	if (n == 0)
		return 0;
	text = malloc(n);
	memcpy(text, bytes + 1, n - 1);
	text[n - 1] = '\0';
	rc = settings_file_parse(
	    &root, formats[bytes[0] % 3], text, n - 1, &err);
	assert((rc == 0) == (root != NULL));
	free(text);
	if (rc == 0)
		free(settings_file_text(root, "a.b.0.c"));
	json_decref(root);
	return 0;
}
