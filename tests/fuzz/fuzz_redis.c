/* What a redis says of itself, and what a url of one may be. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "agent/probes/redis_inputs.h"
#include "agent/probes/redis_reply.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct redis_target target = { 0 };
	char *text = malloc(n + 1), value[16];
	double number;

	memcpy(text, bytes, n);
	text[n] = '\0';
	assert(redis_reason_of(text) < REASON_COUNT);
	if (redis_info_text(value, sizeof(value), text, "role") == 0)
		assert(strlen(value) < sizeof(value));
	if (redis_info_lag(&number, text) == 0)
		assert(number >= 0);
	if (redis_url_parse(&target, text) == 0)
		assert(target.host[0] != '\0');
	redis_target_fini(&target);
	free(text);
	return 0;
}
