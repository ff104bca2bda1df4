/* What libpq has to say, which is mostly what a server said. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "agent/probes/postgres_reason.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct postgres_complaint complaint;
	char *message = malloc(n + 1);

	memcpy(message, bytes, n);
	message[n] = '\0';
	postgres_complaint_read(&complaint, message);
	assert(complaint.text >= message);
	assert(complaint.text + complaint.n_text <= message + strlen(message));
	assert(strlen(complaint.sqlstate) == 0 ||
	    strlen(complaint.sqlstate) == SQLSTATE_BYTES - 1);
	free(message);
	return 0;
}
